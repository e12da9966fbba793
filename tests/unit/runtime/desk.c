/*
 * desk.c - see desk.h.
 */
#include "desk.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "onput/clock.h"
#include "onput/executor.h"
#include "onput/fd.h"

enum { PATIENCE_MS = 20000, SAY_MAX = 16384, HEAR_MAX = 16 * 1024 * 1024 };

static void listen_here(struct desk *d)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    d->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(d->listener >= 0);
    assert_int_equal(bind(d->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(d->listener, 64), 0);
    assert_int_equal(getsockname(d->listener, (struct sockaddr *)&address, &len), 0);
    d->port = ntohs(address.sin_port);
}

void desk_open(struct desk *d, const struct clock *clock)
{
    struct error err = {0};
    size_t count;
    *d = (struct desk){.exchange = exchange_new(clock)};
    d->routes = api_routes(&count);
    d->runtime.lending = lending_new(clock);
    d->instance = (struct instance){.exchange = d->exchange, .runtime = &d->runtime};
    struct http_server_options options = {.routes = d->routes,
                                          .route_count = count,
                                          .idle_timeout_ms = 60000,
                                          .request_timeout_ms = 60000};
    if (http_server_start(&options, &d->server, &err) != 0)
        fail_msg("%s", err.message);
    listen_here(d);
}

void desk_close(struct desk *d)
{
    exchange_close(d->exchange);
    http_server_free(d->server);
    lending_free(d->runtime.lending);
    exchange_unref(d->exchange);
    free(d->routes);
    fd_close(&d->listener);
    arena_release(&d->arena);
}

static void on_release(void *owner)
{
    atomic_int *connections = &((struct instance *)owner)->connections;
    atomic_fetch_sub(connections, 1);
}

int desk_connect_as(struct desk *d, struct instance *instance)
{
    struct error err = {0};
    int fd = raw_connect(d->port);
    int accepted = accept4(d->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    assert_true(fd >= 0 && accepted >= 0);
    atomic_fetch_add(&instance->connections, 1);
    if (http_server_adopt(d->server, accepted, instance, on_release, &err) != 0)
        fail_msg("%s", err.message);
    return fd;
}

int desk_connect(struct desk *d)
{
    return desk_connect_as(d, &d->instance);
}

static void say_list(int fd, const char *fmt, va_list ap)
{
    char bytes[SAY_MAX];
    int len = vsnprintf(bytes, sizeof(bytes), fmt, ap);
    assert_in_range(len, 1, (int)sizeof(bytes) - 1);
    raw_send(fd, bytes, (size_t)len);
}

void desk_say(int fd, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say_list(fd, fmt, ap);
    va_end(ap);
}

struct text desk_hear(struct desk *d, int fd)
{
    AUTO_BUFFER struct buffer in;
    buffer_init(&in, HEAR_MAX);
    return arena_text(&d->arena, raw_read_answer(fd, &in));
}

struct text desk_ask(struct desk *d, int fd, int status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say_list(fd, fmt, ap);
    va_end(ap);
    struct text answer = desk_hear(d, fd);
    assert_int_equal(raw_status(answer), status);
    return raw_body(answer);
}

void desk_say_next(int fd)
{
    desk_say(fd, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n");
}

void desk_say_post(int fd, const char *id, const char *what, const char *headers, struct text body)
{
    desk_say(fd,
             "POST /2018-06-01/runtime/invocation/%s/%s HTTP/1.1\r\nHost: x\r\n%s"
             "Content-Length: %zu\r\n\r\n",
             id, what, headers, body.len);
    raw_send(fd, body.ptr, body.len);
}

void desk_say_chunked(int fd, const char *id, const char *what, const char *headers,
                      struct text body, size_t piece, const char *trailers)
{
    desk_say(fd,
             "POST /2018-06-01/runtime/invocation/%s/%s HTTP/1.1\r\nHost: x\r\n%s"
             "Transfer-Encoding: chunked\r\n\r\n",
             id, what, headers);
    for (size_t at = 0; at < body.len; at += piece) {
        struct text chunk = text_slice(body, at, at + piece);
        desk_say(fd, "%zx\r\n", chunk.len);
        raw_send(fd, chunk.ptr, chunk.len);
        desk_say(fd, "\r\n");
    }
    if (trailers != NULL)
        desk_say(fd, "0\r\n%s\r\n", trailers);
}

void desk_start(struct desk *d, struct result_stream *stream)
{
    struct exchange_event event = {
        .request_id = DESK_ID,
        .payload = TEXT("{\"key\":1}"),
        .deadline_wall_ms = 1700000000123,
        .invoked_arn = TEXT("arn:aws:lambda:us-east-1:000000000000:function:f"),
        .trace_id = TEXT(""),
        .client_context = TEXT(""),
    };
    exchange_start(d->exchange, &event, stream);
}

struct text desk_begin(struct desk *d, int fd, struct result_stream *stream)
{
    desk_say_next(fd);
    desk_start(d, stream);
    struct text answer = desk_hear(d, fd);
    assert_int_equal(raw_status(answer), 200);
    return answer;
}

const struct exchange_result *desk_wait_until(struct desk *d, int64_t deadline_ms)
{
    exchange_wait(d->exchange, deadline_ms, NULL, &d->arena, &d->result);
    return &d->result;
}

const struct exchange_result *desk_wait(struct desk *d)
{
    return desk_wait_until(d, clock_mono_ms(clock_system()) + PATIENCE_MS);
}

/* ---- a listener ---- */

static int ear_write(struct result_stream *s, struct text content_type, struct text piece,
                     int64_t deadline_ms)
{
    struct ear *e = (struct ear *)s;
    (void)deadline_ms;
    e->writes++;
    e->largest = piece.len > e->largest ? piece.len : e->largest;
    buffer_reset(&e->content_type);
    buffer_append_text(&e->content_type, content_type);
    buffer_append_text(&e->heard, piece);
    if (e->on_write != NULL)
        e->on_write(e, e->ctx);
    return e->heard.len > e->most ? -1 : 0;
}

void ear_init(struct ear *e)
{
    *e = (struct ear){.stream.write = ear_write, .most = SIZE_MAX};
    buffer_init(&e->heard, (size_t)512 * 1024 * 1024);
    buffer_init(&e->content_type, 4096);
}

void ear_release(struct ear *e)
{
    buffer_release(&e->heard);
    buffer_release(&e->content_type);
}
