/*
 * desk.h - both sides of the Runtime API in one test: the exchange as an invocation uses it, and
 * sockets as its process has them, with the real server and routes between them.
 */
#ifndef ONPUT_TESTS_RUNTIME_DESK_H
#define ONPUT_TESTS_RUNTIME_DESK_H

#include "support/test.h"

#include "runtime_private.h"
#include "unit/httpserver/raw_client.h"

#define DESK_ID "8f5b1c1e-0d6a-4c57-9d2e-0123456789ab"

struct desk {
    struct exchange *exchange;
    struct runtime runtime; /* lending alone */
    struct instance instance;
    struct http_route *routes;
    struct http_server *server;
    int listener;
    uint16_t port;
    atomic_int released; /* connections that are over */
    struct arena arena;
    struct exchange_result result; /* of the last wait */
};

void desk_open(struct desk *d, const struct clock *clock);
void desk_close(struct desk *d);

/* A connection of the process. The caller closes it. */
int desk_connect(struct desk *d);
/* Another process' connections go to the same server. */
int desk_connect_as(struct desk *d, struct instance *instance);

/* Sends; `fmt` as printf's. */
void desk_say(int fd, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Reads one answer into the arena. */
struct text desk_hear(struct desk *d, int fd);
/* Says and hears; the answer's status must be that one. Its body. */
struct text desk_ask(struct desk *d, int fd, int status, const char *fmt, ...) PRINTF_LIKE(4, 5);

void desk_say_next(int fd);
/* POST of a whole body to ".../<id>/<what>"; `headers` are lines with their ends. */
void desk_say_post(int fd, const char *id, const char *what, const char *headers, struct text body);
/* The same in chunks of `piece` bytes; `trailers` are lines with their ends. Sends no end when
 * `trailers` is NULL. */
void desk_say_chunked(int fd, const char *id, const char *what, const char *headers,
                      struct text body, size_t piece, const char *trailers);

/* The process asks, the invocation begins, the process hears of it: `answer` is its `next`'s. */
struct text desk_begin(struct desk *d, int fd, struct result_stream *stream);
void desk_start(struct desk *d, struct result_stream *stream); /* the invocation alone */
/* Waits for the answer with much patience. */
const struct exchange_result *desk_wait(struct desk *d);
const struct exchange_result *desk_wait_until(struct desk *d, int64_t deadline_ms);

/* A listener that keeps what it hears. */
struct ear {
    struct result_stream stream;
    struct buffer heard;
    struct buffer content_type;
    size_t writes;
    size_t largest;
    size_t most;                            /* beyond it write() says no; SIZE_MAX: never */
    void (*on_write)(struct ear *, void *); /* NULL: nothing */
    void *ctx;
};
void ear_init(struct ear *e);
void ear_release(struct ear *e);

#endif
