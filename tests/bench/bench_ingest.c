/*
 * Acknowledged events per second: the webhook door with the real queue (every answer after a synced
 * commit), against the same door with a sink that stores nothing. Same process, same routes, rounds
 * interleaved.
 */
#include "bench.h"

#include <string.h>

#include "load.h"
#include "onput/api.h"
#include "onput/fd.h"
#include "onput/memory.h"

enum { SECONDS = 3, ROUNDS = 3 };

static const char config_yaml[] =
    "stores:\n"
    "  minio:\n"
    "    endpoint: http://127.0.0.1:9000\n"
    "    access_key: bench-access\n"
    "    secret_key: bench-secret\n"
    "    webhook_token: bench-webhook-token-0123456789\n"
    "    notifications: [{bucket: photos, function: thumbs}]\n"
    "functions:\n"
    "  thumbs:\n"
    "    builtin: thumbnail\n"
    "    renditions: [{name: small, width: 256, height: 256}]\n"
    "    output: {bucket: thumbnails}\n"
    "    permissions: [{principal: s3.amazonaws.com, source_arn: \"arn:aws:s3:::photos\"}]\n";

static const char body_format[] =
    "{\"EventName\":\"s3:ObjectCreated:Put\",\"Key\":\"photos/2026/11/"
    "beach-%08llx.jpg\",\"Records\":[{"
    "\"eventVersion\":\"2.0\",\"eventSource\":\"minio:s3\",\"awsRegion\":\"\","
    "\"eventTime\":\"2026-11-21T19:14:20.468Z\",\"eventName\":\"s3:ObjectCreated:Put\","
    "\"userIdentity\":{\"principalId\":\"uploader\"},\"requestParameters\":{\"principalId\":"
    "\"uploader\","
    "\"region\":\"\",\"sourceIPAddress\":\"127.0.0.1\"},\"responseElements\":{"
    "\"x-amz-id-2\":\"dd9025bab4ad464b049177c95eb6ebf374d3b3fd1af9251148b658df7ac2e3e8\","
    "\"x-amz-request-id\":\"18EA2557C87D6C5C\","
    "\"x-minio-deployment-id\":\"c976c36f-7c0f-4a3b-9c61-6a1a3f3d8a4e\","
    "\"x-minio-origin-endpoint\":\"http://127.0.0.1:19000\"},\"s3\":{\"s3SchemaVersion\":\"1.0\","
    "\"configurationId\":\"Config\",\"bucket\":{\"name\":\"photos\",\"ownerIdentity\":{"
    "\"principalId\":\"uploader\"},\"arn\":\"arn:aws:s3:::photos\"},\"object\":{"
    "\"key\":\"2026%%2F11%%2Fbeach-%08llx.jpg\",\"size\":4718592,"
    "\"eTag\":\"5d41402abc4b2a76b9719d911017c592\",\"contentType\":\"image/"
    "jpeg\",\"userMetadata\":{"
    "\"content-type\":\"image/jpeg\"},\"sequencer\":\"18EA2557%08llX\"}},\"source\":{"
    "\"host\":\"127.0.0.1\",\"port\":\"\",\"userAgent\":\"MinIO (linux; amd64) minio-go/v7.0.90 "
    "mc\"}}]}";

/* Every event is another object. */
static size_t write_notification(void *ctx, unsigned long long serial, char out[LOAD_REQUEST_BYTES])
{
    (void)ctx;
    char body[LOAD_REQUEST_BYTES / 2];
    int len = snprintf(body, sizeof(body), body_format, serial, serial, serial);
    return (size_t)snprintf(out, LOAD_REQUEST_BYTES,
                            "POST /events/minio HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                            "User-Agent: Go-http-client/1.1\r\nContent-Length: %d\r\n"
                            "Authorization: Bearer bench-webhook-token-0123456789\r\n"
                            "Content-Type: application/json\r\n\r\n%s",
                            len, body);
}

/* A door over one sink. */
struct door {
    struct api api;
    struct http_route *routes;
    struct http_server *server;
};

static int queue_sink(void *ctx, struct queue_submission *s, struct error *err)
{
    return queue_submit(ctx, s, err);
}

static int null_sink(void *ctx, struct queue_submission *s, struct error *err)
{
    (void)ctx;
    (void)err;
    for (size_t i = 0; i < s->count; i++)
        s->verdicts[i] = QUEUE_ACCEPTED;
    s->done(s, NULL);
    return 0;
}

static void open_door(struct door *d, struct catalog_holder *catalogs, struct queue *queue,
                      struct metrics *metrics)
{
    struct intake_options intake = {
        .catalogs = catalogs,
        .sink = {.submit = queue != NULL ? queue_sink : null_sink, .ctx = queue},
        .metrics = metrics,
    };
    struct error err = {0};
    size_t count;
    d->api = (struct api){.catalogs = catalogs,
                          .intake = intake_new(&intake),
                          .queue = queue,
                          .metrics = metrics,
                          .clock = clock_system()};
    d->routes = api_public_routes(1024 * 1024, &count);
    struct http_server_options options = {.address = "127.0.0.1",
                                          .threads = 2,
                                          .routes = d->routes,
                                          .route_count = count,
                                          .ctx = &d->api,
                                          .metrics = metrics};
    bench_must(http_server_start(&options, &d->server, &err), &err);
}

static void close_door(struct door *d)
{
    http_server_free(d->server);
    intake_free(d->api.intake);
    free(d->routes);
}

static double rate(const struct door *d, int connections, double *p99_ms)
{
    struct load_options options = {.port = http_server_port(d->server),
                                   .connections = connections,
                                   .seconds = SECONDS,
                                   .write_request = write_notification};
    struct load_result r = load_run(&options);
    if (r.refused > 0) {
        fprintf(stderr, "bench: %lld events were refused\n", (long long)r.refused);
        exit(1);
    }
    *p99_ms = r.p99_ms;
    return (double)r.answered / r.seconds;
}

static void compare(const struct door *durable, const struct door *decoding, int connections)
{
    double stored[ROUNDS], decoded[ROUNDS], p99[ROUNDS], ignored;
    for (int i = 0; i < ROUNDS; i++) {
        decoded[i] = rate(decoding, connections, &ignored);
        stored[i] = rate(durable, connections, &p99[i]);
    }
    double s = bench_median(stored, ROUNDS), d = bench_median(decoded, ROUNDS);
    printf("%11d %14.0f %14.0f %10.2f %14.2f\n", connections, s, d, s / d,
           bench_median(p99, ROUNDS));
}

int main(void)
{
    struct config_source source = {0};
    struct config *config;
    struct catalog *catalog;
    struct queue *queue;
    char *directory;
    struct error err = {0};
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    bench_must(config_load_text(text_of(config_yaml), "bench", &source, &config, &err), &err);
    bench_must(catalog_new(config, clock_system(), NULL, &catalog, &err), &err);
    bench_must(dir_make_temporary("onput-bench-", &directory, &err), &err);
    struct queue_options options = {
        .directory = directory, .max_rows = 5000000, .min_free_bytes = -1};
    bench_must(queue_open(&options, &queue, &err), &err);
    struct catalog_holder *catalogs = catalog_holder_new(catalog);
    struct metrics *metrics = metrics_new();
    struct door durable, decoding;
    open_door(&durable, catalogs, queue, metrics);
    open_door(&decoding, catalogs, NULL, metrics);

    printf("acknowledged events per second, 1.4 KB MinIO bodies, median of %d rounds of %d s\n",
           ROUNDS, SECONDS);
    printf("%11s %14s %14s %10s %14s\n", "connections", "stored+synced", "only decoded", "ratio",
           "stored p99 ms");
    compare(&durable, &decoding, 1);
    compare(&durable, &decoding, 64);

    close_door(&durable);
    close_door(&decoding);
    queue_close(queue);
    catalog_holder_free(catalogs);
    metrics_free(metrics);
    bench_must(dir_remove(directory, &err), &err);
    free(directory);
    return 0;
}
