/*
 * http_server.h - libmicrohttpd behind a table of routes.
 *
 * The server runs its own epoll threads. A route's handler is called on one of them when the
 * request is whole (body in memory, within the route's limit). It answers with http_respond()
 * exactly once: at once, or later from any thread (the connection is suspended meanwhile). A
 * handler never blocks.
 *
 * Guards in front of every route, because libmicrohttpd lacks them: conflicting Content-Length and
 * Transfer-Encoding, unknown transfer codings and control bytes in headers are refused with 400 and
 * the connection closed; a request that is not whole within request_timeout_ms (a trickling client)
 * is cut; bodies over the limit get 413 before they are read; unknown paths 404, wrong methods 405
 * with Allow. Answers never redirect. Connections without a byte are quiet. Also refused: folded
 * headers, repeated Host or Content-Length, more than 128 headers, a malformed escape in a capture.
 * A refused body of at most 64 KiB is read and dropped, so that the connection stays usable.
 *
 * Long bodies need not be in memory: a route with take() gets its request's body piece by piece,
 * and http_respond_stream() sends an answer piece by piece; both sides hold the other one back when
 * they are slower.
 *
 * While a request waits for its answer (or in take() for http_request_continue()) no timeout
 * counts, and nobody notices when its client goes: that shows when it is answered or continued.
 *
 * Calling sequence: http_server_start(); ... http_server_drain() (stop accepting; wait for answers
 * that are owed, then 503 for the rest); http_server_free(). Who answers after that 503 still calls
 * http_respond(), once, even when the server is gone: the request lives until then.
 */
#ifndef ONPUT_HTTP_SERVER_H
#define ONPUT_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "onput/arena.h"
#include "onput/error.h"
#include "onput/http_header.h"
#include "onput/metrics.h"
#include "onput/text.h"

enum http_method {
    HTTP_GET = 1 << 0,
    HTTP_HEAD = 1 << 1,
    HTTP_POST = 1 << 2,
    HTTP_PUT = 1 << 3,
    HTTP_DELETE = 1 << 4,
    HTTP_PATCH = 1 << 5,
    HTTP_OPTIONS = 1 << 6,
};

struct http_server;
struct http_request;

struct http_route {
    unsigned methods; /* enum http_method, or-ed */
    /*
     * Segments of the raw path: literal, "{name}" (one segment, percent-decoded for captures) or a
     * last "{name...}" that takes the rest, slashes and all, raw and perhaps empty. Matching is
     * done before percent-decoding. First match wins.
     */
    const char *path;
    void (*handler)(void *ctx, struct http_request *request);
    /*
     * Called when the headers are in and the body is not; may answer with http_respond(), but only
     * before it returns; then the handler is not called. NULL when there is nothing to check early.
     */
    void (*admit)(void *ctx, struct http_request *request);
    size_t max_body_bytes;
    const char *metric_route; /* label for metrics; NULL: path */
    void *ctx;                /* for this route's functions; NULL: the server's */
    const void *row;          /* the handler's own; http_request_row() */
    /* Only requests to a Host (its port left away) that this pattern matches: '*' any run, '?' one
     * byte, letters without case. NULL: every host. */
    const char *host;
    bool trailing_slash; /* one slash more at the end of the path is the same path */
    /* Answers for a body beyond max_body_bytes, before it returns. NULL: the server's own 413. */
    void (*refuse_large)(void *ctx, struct http_request *request);
    /*
     * Takes the next piece of the body as it comes, instead of keeping all of it; the handler is
     * called behind the last one and sees an empty body. Returns how many bytes it took: after less
     * than all of them no more is read until http_request_continue(), then the rest is offered
     * again. max_body_bytes bounds these bodies, too, when their length is announced; take() bounds
     * the others. request_timeout_ms starts anew with every piece and does not count while
     * the route holds the body back; a pause of the client is also bounded by idle_timeout_ms.
     * take() does not answer. NULL: the body is kept.
     */
    size_t (*take)(void *ctx, struct http_request *request, struct text piece);
    /*
     * The connection ended before the body did, or what followed the body was refused, or the
     * server ends (which cuts a body that is being taken): neither the handler nor anything else is
     * called for this request any more, and it is gone when this returns. Called for every request
     * that admit() let pass and the handler does not get. Only with take(); may be NULL.
     */
    void (*broken)(void *ctx, struct http_request *request);
};

struct http_server_options {
    const char *address;    /* "127.0.0.1", "0.0.0.0", "::1", "::"; NULL: only what is adopted */
    uint16_t port;          /* 0: the kernel chooses */
    int threads;            /* 0: 2 */
    int connection_limit;   /* 0: 1000 */
    int idle_timeout_ms;    /* 0: 60000; MinIO keeps idle connections 15 s, stay above */
    int request_timeout_ms; /* 0: 30000, headers and body together */
    size_t header_bytes;    /* room for a request line, headers, trailers; 0: 32 KiB. Cleared for
                               every request: more is slower */
    const struct http_route *routes;
    size_t route_count;
    void *ctx;               /* for the handlers */
    struct metrics *metrics; /* may be NULL */
};

MUST_CHECK int http_server_start(const struct http_server_options *options,
                                 struct http_server **out, struct error *err);
uint16_t http_server_port(const struct http_server *server);
/*
 * Serves a connected socket that somebody else accepted; takes fd, also on failure: ERROR_LIMIT at
 * the connection limit, ERROR_CANCELED since http_server_drain(), ERROR_UNAVAILABLE. Its requests
 * have `owner` as http_request_owner(); release(owner) is called once, when the connection is over
 * (also on failure, before this returns), on any thread, and does not block.
 */
MUST_CHECK int http_server_adopt(struct http_server *server, int fd, void *owner,
                                 void (*release)(void *owner), struct error *err);
void http_server_drain(struct http_server *server, int timeout_ms);
void http_server_free(struct http_server *server); /* NULL-safe; drains with 0 when not drained */

/* ---- reading a request; texts live until http_respond() ---- */

enum http_method http_request_method(const struct http_request *r);
struct text http_request_method_text(const struct http_request *r);
struct text http_request_path(const struct http_request *r);  /* raw, as sent */
struct text http_request_query(const struct http_request *r); /* raw, without "?" */
struct text http_request_header(const struct http_request *r,
                                const char *name); /* first; empty when absent */
size_t http_request_headers(const struct http_request *r,
                            const struct http_header **out); /* all, in order */
struct text http_request_body(const struct http_request *r); /* empty in admit() */
struct text http_request_capture(const struct http_request *r, const char *name);
/* Decoded value of a query parameter; false when it is not there. */
bool http_request_query_value(const struct http_request *r, const char *name, struct text *out);
/* IP address as text; IPv4 looks the same through a socket for both families. */
struct text http_request_peer(const struct http_request *r);
struct arena *http_request_arena(struct http_request *r);
const void *http_request_row(const struct http_request *r);
/* Of an adopted connection; NULL for others. Released when the connection is over, which may be
 * before the answer to a request that the server had to answer itself. */
void *http_request_owner(const struct http_request *r);
/* A field behind a chunked body (RFC 9112 section 7.1.2); empty when absent, and before the
 * handler. */
struct text http_request_trailer(const struct http_request *r, const char *name);
/* take() wants more; not lost when it comes before take() returns. From any thread, until the
 * handler or broken() is called (the caller's lock sees to that; it may be held here). */
void http_request_continue(struct http_request *r);
/* A word of the handler's own per request: set in admit(), read in take() and the handler. */
void http_request_set_user(struct http_request *r, void *user);
void *http_request_user(const struct http_request *r);

/* ---- answering ---- */

struct http_response {
    int status;
    const char *content_type; /* NULL: none */
    const struct http_header *headers;
    size_t header_count;
    struct text body; /* copied */
    int body_fd; /* used instead of body when body_from_fd: handed over, closed by the server */
    bool body_from_fd;
    int64_t fd_offset;
    int64_t fd_len;
    int64_t head_content_length; /* for HEAD: the length to announce when >= 0 */
    bool close_connection;
};

/* Everything of the response is copied or taken over; the request is gone afterwards. */
void http_respond(struct http_request *request, const struct http_response *response);
/* {"message":"..."} or any JSON text with Content-Type application/json. */
void http_respond_json(struct http_request *request, int status, struct text json);
void http_respond_error(struct http_request *request, int status, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* ---- answering piece by piece ---- */

struct http_stream;

/*
 * Begins an answer whose body (that of `head` does not count) follows in pieces: chunked, for
 * HTTP/1.0 up to the end of the connection, for HEAD and statuses without a body dropped. The
 * request is gone afterwards; the stream belongs to the caller until http_stream_end(), also when
 * the server is gone. Not on a server thread, like all that follows.
 */
struct http_stream *http_respond_stream(struct http_request *request,
                                        const struct http_response *head);
/*
 * A piece is sent at once. Blocks while 256 KiB are waiting to be sent, at most until `deadline_ms`
 * (monotonic): ERROR_TIMEOUT then (a part of the piece may be sent), ERROR_CANCELED when the client
 * is gone or the server ends. That a client is gone shows in the writes after the one that failed
 * to reach it. One thread at a time.
 */
MUST_CHECK int http_stream_write(struct http_stream *s, struct text piece, int64_t deadline_ms,
                                 struct error *err);
/* What was written is still sent. When the answer is not complete the connection is cut then, so
 * that the client sees it. */
void http_stream_end(struct http_stream *s, bool is_complete);

#endif
