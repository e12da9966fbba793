/*
 * Invoke RequestResponse of the built-in `echo`, signature and policy checked, against a handler
 * that answers a constant on the same route table. Same process, rounds interleaved.
 */
#include "bench.h"

#include <string.h>

#include "load.h"
#include "onput/builtin.h"
#include "onput/fd.h"
#include "onput/lambda.h"
#include "onput/log.h"
#include "onput/memory.h"
#include "signed.h"

#define INVOKE_PATH "/2015-03-31/functions/noop/invocations"
#define PAYLOAD     "{\"bucket\":\"photos\",\"key\":\"2026/11/beach.jpg\"}"

enum { SECONDS = 3, ROUNDS = 3 };

static const char config_yaml[] =
    "state: {dir: \"%s\"}\n"
    "stores: {minio: {endpoint: \"http://127.0.0.1:9000\", access_key: bench-access,\n"
    "    secret_key: bench-secret, webhook_token: bench-webhook-token-0123456789}}\n"
    "users: {bench: {access_key: " SIGNED_ACCESS_KEY ", secret_key: " SIGNED_SECRET_KEY
    ", root: true}}\n"
    "functions: {noop: {builtin: echo}}\n";

/* The server side of a round. */
struct door {
    struct http_route *routes;
    struct http_server *server;
};

static void answer_constant(void *ctx, struct http_request *request)
{
    (void)ctx;
    http_respond_json(request, 200, TEXT(PAYLOAD));
}

static void open_door(struct door *d, struct lambda_api *api, bool constant,
                      struct metrics *metrics)
{
    struct error err = {0};
    size_t count;
    d->routes = lambda_routes(api, &count);
    for (size_t i = 0; constant && i < count; i++) {
        d->routes[i].handler = answer_constant;
        d->routes[i].admit = NULL;
    }
    struct http_server_options options = {.address = "127.0.0.1",
                                          .threads = 2,
                                          .routes = d->routes,
                                          .route_count = count,
                                          .metrics = metrics};
    bench_must(http_server_start(&options, &d->server, &err), &err);
}

static void close_door(struct door *d)
{
    http_server_free(d->server);
    free(d->routes);
}

static struct load_result load(const struct door *d, int connections, struct signed_request *r)
{
    struct load_options options = {.port = http_server_port(d->server),
                                   .connections = connections,
                                   .seconds = SECONDS,
                                   .write_request = signed_request_write,
                                   .ctx = r};
    struct load_result result = load_run(&options);
    if (result.refused > 0) {
        fprintf(stderr, "bench: %lld calls were refused\n", (long long)result.refused);
        exit(1);
    }
    return result;
}

static void compare(const struct door *invoking, const struct door *constant, int connections,
                    struct signed_request *request)
{
    double invoked[ROUNDS], answered[ROUNDS], p50[ROUNDS], p99[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        struct load_result c = load(constant, connections, request);
        struct load_result f = load(invoking, connections, request);
        answered[i] = (double)c.answered / c.seconds;
        invoked[i] = (double)f.answered / f.seconds;
        p50[i] = f.p50_ms;
        p99[i] = f.p99_ms;
    }
    double f = bench_median(invoked, ROUNDS), c = bench_median(answered, ROUNDS);
    printf("%11d %12.0f %12.0f %8.2f %10.2f %10.2f\n", connections, f, c, f / c,
           bench_median(p50, ROUNDS), bench_median(p99, ROUNDS));
}

int main(void)
{
    struct config_source source = {0};
    struct config *config;
    struct registry *registry;
    struct invoker *invoker;
    char *directory;
    struct error err = {0};
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    bench_must(dir_make_temporary("onput-bench-", &directory, &err), &err);
    AUTO_FREE char *yaml = xasprintf(config_yaml, directory);
    bench_must(config_load_text(text_of(yaml), "bench", &source, &config, &err), &err);
    struct metrics *metrics = metrics_new();
    struct registry_options registry_options = {
        .directory = directory, .clock = clock_system(), .metrics = metrics};
    bench_must(registry_open(config, &registry_options, &registry, &err), &err);
    struct thumbnail_jobs jobs = {.clock = clock_system()};
    struct executor executor = builtin_executor(&jobs);
    struct invoker_options invoker_options = {
        .executor = &executor, .clock = clock_system(), .metrics = metrics};
    bench_must(invoker_new(&invoker_options, &invoker, &err), &err);
    struct lambda_api api = {
        .registry = registry, .invoker = invoker, .metrics = metrics, .clock = clock_system()};
    struct door invoking, constant;
    struct signed_request request;
    open_door(&invoking, &api, false, metrics);
    open_door(&constant, &api, true, metrics);
    signed_request_make(INVOKE_PATH, PAYLOAD, &request);

    printf("Invoke of a no-op function per second, signed, median of %d rounds of %d s\n", ROUNDS,
           SECONDS);
    printf("%11s %12s %12s %8s %10s %10s\n", "connections", "invoked", "constant", "ratio",
           "p50 ms", "p99 ms");
    compare(&invoking, &constant, 1, &request);
    compare(&invoking, &constant, 64, &request);

    close_door(&invoking);
    close_door(&constant);
    invoker_free(invoker);
    registry_close(registry);
    metrics_free(metrics);
    bench_must(dir_remove(directory, &err), &err);
    free(directory);
    return 0;
}
