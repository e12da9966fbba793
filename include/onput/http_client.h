/*
 * http_client.h - one HTTP request at a time over a keep-alive connection, as a straight line.
 *
 * A client belongs to one thread and keeps its connections between calls (idle ones are dropped
 * before servers' usual 30 s). Redirects are never followed, proxies from the environment are not
 * used, only http and https are spoken, certificates are always verified.
 *
 * Calling sequence: http_client_new(); http_client_perform() with a filled struct http_call and a
 * zeroed struct http_reply; read it; http_reply_release(); ... http_client_free().
 *
 * An HTTP status of any value is success of the call: the caller judges it. The body of an answer
 * that is not 2xx is kept up to HTTP_ERROR_BODY_BYTES; what follows is dropped unread. Failure
 * means that no complete answer arrived: ERROR_UNAVAILABLE (could not connect, reset),
 * ERROR_TIMEOUT, ERROR_LIMIT (answer larger than allowed), ERROR_CANCELED, ERROR_PROTOCOL.
 * retryable is set for what may pass; uncertain when the request had been sent and the answer did
 * not arrive whole.
 */
#ifndef ONPUT_HTTP_CLIENT_H
#define ONPUT_HTTP_CLIENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "onput/arena.h"
#include "onput/buffer.h"
#include "onput/error.h"
#include "onput/http_header.h"
#include "onput/text.h"

enum { HTTP_ERROR_BODY_BYTES = 64 * 1024 };

struct http_client;

struct http_client_options {
    const char *ca_file;         /* NULL: the system's */
    const char *user_agent;      /* "onput/0.1.0" */
    int connect_timeout_ms;      /* 0: 5000 */
    const atomic_bool *canceled; /* may be NULL; a running call ends soon after it becomes true */
};

MUST_CHECK int http_client_new(const struct http_client_options *options, struct http_client **out,
                               struct error *err);
void http_client_free(struct http_client *client); /* NULL-safe */

/*
 * Takes body bytes as they arrive; only for answers with status 200 or 206. Returns 0, or -1 to
 * abort the call with *err set.
 */
typedef int (*http_body_sink)(void *ctx, const void *bytes, size_t len, struct error *err);

struct http_call {
    const char *method;     /* "GET", "PUT", ... */
    const char *url;        /* sent exactly as it is: no dot-segment collapsing */
    const char *connect_to; /* "host:port" to connect to instead of the URL's, or NULL */
    const struct http_header *headers;
    size_t header_count;
    /* Borrowed; sent with Content-Length when the method is PUT or POST, or it is not empty. */
    struct text body;
    http_body_sink sink; /* NULL: the body is collected in reply->body */
    void *sink_ctx;
    size_t max_body_bytes; /* of the answer, sink or not */
    int timeout_ms;        /* whole call; 0: 60000 */
    int stall_timeout_ms;  /* no byte for so long is ERROR_TIMEOUT; 0: 15000 */
};

struct http_reply {
    int status;
    struct http_header *headers; /* in order received, names as received */
    size_t header_count;
    struct buffer body;
    int64_t content_length; /* as announced, -1 when it was not */
    struct arena arena;     /* owns the headers */
};

MUST_CHECK int http_client_perform(struct http_client *client, const struct http_call *call,
                                   struct http_reply *out, struct error *err);
void http_reply_release(struct http_reply *reply); /* safe on a zeroed struct */
/* Value of the first header of that name (case-insensitive), or an empty text. */
struct text http_reply_header(const struct http_reply *reply, const char *name);

#endif
