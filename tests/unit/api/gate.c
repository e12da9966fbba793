/*
 * The listeners as the daemon opens them, with workers that are ready when the test says so.
 */
#include "gate.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "onput/fd.h"

/* In the place of the pool of processes. */
bool worker_pool_is_ready(struct worker_pool *pool)
{
    return ((struct gate *)(void *)pool)->workers_ready;
}

static int submit(void *ctx, struct queue_submission *s, struct error *err)
{
    struct gate *d = ctx;
    if (d->sink_refuses)
        return error_set_retryable(err, ERROR_UNAVAILABLE, "the queue is closing");
    return queue_submit(d->api.queue, s, err);
}

static struct http_server *serve(struct gate *d, struct http_route *routes, size_t count)
{
    struct http_server *server = NULL;
    struct http_server_options options = {.address = "127.0.0.1",
                                          .routes = routes,
                                          .route_count = count,
                                          .ctx = &d->api,
                                          .metrics = d->api.metrics};
    struct error err = {0};
    assert_ok(http_server_start(&options, &server, &err), &err);
    return server;
}

static void open_with(struct gate *d, const char *dir, struct catalog *catalog)
{
    struct error err = {0};
    struct queue_options queue = {.directory = dir, .min_free_bytes = -1, .clock = clock_system()};
    struct http_client_options client = {.user_agent = "test"};
    size_t count;
    *d = (struct gate){.workers_ready = true};
    d->api.catalogs = catalog_holder_new(catalog);
    d->api.metrics = metrics_new();
    d->api.clock = clock_system();
    d->api.pool = (struct worker_pool *)(void *)d;
    queue.metrics = d->api.metrics;
    assert_ok(queue_open(&queue, &d->api.queue, &err), &err);
    d->api.intake = intake_new(&(struct intake_options){.catalogs = d->api.catalogs,
                                                        .sink = {.submit = submit, .ctx = d},
                                                        .metrics = d->api.metrics});
    d->public_routes = api_public_routes(64 * 1024, &count);
    d->public_server = serve(d, d->public_routes, count);
    d->admin_routes = api_admin_routes(&count);
    d->admin_server = serve(d, d->admin_routes, count);
    assert_ok(http_client_new(&client, &d->client, &err), &err);
}

void gate_open(struct gate *d, const char *dir, const char *yaml)
{
    open_with(d, dir, catalog_of_yaml(yaml));
}

void gate_open_parts(struct gate *d, const char *dir, const struct catalog_parts *parts)
{
    open_with(d, dir, catalog_of(parts));
}

void gate_close(struct gate *d)
{
    http_client_free(d->client);
    http_server_free(d->public_server);
    http_server_free(d->admin_server);
    intake_free(d->api.intake);
    queue_close(d->api.queue);
    catalog_holder_free(d->api.catalogs);
    metrics_free(d->api.metrics);
    free(d->public_routes);
    free(d->admin_routes);
}

static void copy(struct text from, char *to, size_t size)
{
    assert_true(from.len < size);
    memcpy(to, from.ptr, from.len);
    to[from.len] = '\0';
}

void gate_call(struct gate *d, bool admin, const char *method, const char *path,
               const char *authorization, const char *body, struct answer *out)
{
    AUTO_FREE char *url =
        xasprintf("http://127.0.0.1:%u%s",
                  http_server_port(admin ? d->admin_server : d->public_server), path);
    const struct http_header header = {TEXT("Authorization"), text_of(authorization)};
    struct http_call call = {.method = method,
                             .url = url,
                             .headers = &header,
                             .header_count = authorization != NULL ? 1 : 0,
                             .body = text_of(body),
                             .max_body_bytes = sizeof(out->body)};
    struct http_reply reply = {0};
    struct error err = {0};
    assert_ok(http_client_perform(d->client, &call, &reply, &err), &err);
    out->status = reply.status;
    out->content_length = reply.content_length;
    copy(buffer_text(&reply.body), out->body, sizeof(out->body));
    copy(http_reply_header(&reply, "Retry-After"), out->retry_after, sizeof(out->retry_after));
    copy(http_reply_header(&reply, "Content-Type"), out->content_type, sizeof(out->content_type));
    http_reply_release(&reply);
}

int gate_post(struct gate *d, const char *path, const char *authorization)
{
    AUTO_FREE char *body = notification_of("ObjectCreated:Put", "photos", "a.jpg");
    struct answer answer;
    gate_call(d, false, "POST", path, authorization, body, &answer);
    return answer.status;
}

void gate_get(struct gate *d, const char *path, struct answer *out)
{
    gate_call(d, true, "GET", path, NULL, NULL, out);
}

int gate_say(struct gate *d, const char *bytes)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(http_server_port(d->public_server)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct error err = {0};
    char first[16] = "";
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_ok(fd_write_all(fd, bytes, strlen(bytes), &err), &err);
    for (size_t have = 0; have < strlen("HTTP/1.1 200");) {
        ssize_t n = read(fd, first + have, strlen("HTTP/1.1 200") - have);
        assert_true(n > 0);
        have += (size_t)n;
    }
    fd_close(&fd);
    int64_t status = 0;
    assert_ok(text_to_i64(text_of(first + strlen("HTTP/1.1 ")), 100, 599, "status", &status, &err),
              &err);
    return (int)status;
}
