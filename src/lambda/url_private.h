/*
 * url_private.h - a function behind its own URL, in pure steps: request → event, result →
 * response, and CORS. url_front.c and url_stream.c put them together.
 *
 * Source: AWS Lambda Developer Guide, "Invoking Lambda function URLs" (payload format 2.0) and
 * "Cross-origin resource sharing"; what it leaves open is as recorded from the service.
 */
#ifndef ONPUT_LAMBDA_URL_PRIVATE_H
#define ONPUT_LAMBDA_URL_PRIVATE_H

#include "onput/arena.h"
#include "onput/buffer.h"
#include "onput/http_header.h"
#include "onput/json.h"

/* ---- url_event.c ---- */

/* Who signed the request to a URL of AuthType AWS_IAM. */
struct url_identity {
    struct text access_key;
    struct text account;
    struct text arn;
    struct text user_id;
};

struct url_request {
    struct text url_id;
    struct text method;
    struct text path;  /* as sent, without what only led to the function; begins with "/" */
    struct text query; /* as sent */
    const struct http_header *headers;
    size_t header_count;
    struct text body;
    struct text peer; /* IP address */
    int port;         /* that the server listens on */
    struct text request_id;
    struct text trace_id;
    int64_t now_ms;
    const struct url_identity *identity; /* NULL: anonymous */
};

/* First header of that name; empty when there is none. */
struct text url_header(const struct url_request *r, const char *name);
/* The event in payload format 2.0. */
void url_event_write(const struct url_request *r, struct buffer *out);

/* ---- url_response.c ---- */

enum {
    URL_HEADERS_MAX = 128,             /* cookies among them */
    URL_HEADERS_MAX_BYTES = 16 * 1024, /* what a connection's memory has room for */
};

struct url_response {
    int status;
    struct http_header headers[URL_HEADERS_MAX]; /* Content-Type among them */
    size_t header_count;
    struct text body;
};

/*
 * What a function's result means as a response. Its texts are borrowed from the result and the
 * arena. ERROR_INVALID or ERROR_LIMIT: it cannot be sent, and the message says why.
 */
MUST_CHECK int url_response_read(struct text result, struct arena *arena, struct url_response *out,
                                 struct error *err);

/* ---- url_prelude.c: a result that is streamed begins with what the response is to be ---- */

/* Headers of URL_HEADERS_MAX_BYTES fit four times: JSON may escape them. */
enum { URL_PRELUDE_MAX_BYTES = 64 * 1024 };

/* Between its pieces. Zeroed, and initialised with url_prelude_init(). */
struct url_prelude {
    struct buffer json;
    unsigned zeros; /* of the eight behind the JSON */
};

/* Does a result of that type begin with one? */
bool url_prelude_announced(struct text content_type);
void url_prelude_init(struct url_prelude *p);
void url_prelude_release(struct url_prelude *p);
/*
 * Takes what belongs to it off the front of *piece. 1: it is whole, in p->json; 0: more is to come;
 * negative: it is none (ERROR_INVALID, ERROR_LIMIT).
 */
MUST_CHECK int url_prelude_take(struct url_prelude *p, struct text *piece, struct error *err);
/* {"statusCode","headers","cookies"}, each of which may be missing, as a response without a body.
 */
MUST_CHECK int url_prelude_read(struct text json, struct arena *arena, struct url_response *out,
                                struct error *err);
/* All of a result that begins with one; the body is borrowed. */
MUST_CHECK int url_prelude_response(struct text result, struct arena *arena,
                                    struct url_response *out, struct error *err);

/* ---- url_cors.c: `cors` is the URL's Cors object, NULL when it has none ---- */

enum { URL_CORS_HEADERS_MAX = 8 };

/* A preflight request is answered without invoking. */
bool url_cors_is_preflight(struct json_object *cors, const struct url_request *r);
/* The headers of the answer to it; returns how many. Texts are borrowed or in the arena. */
size_t url_cors_preflight(struct json_object *cors, const struct url_request *r,
                          struct arena *arena, struct http_header out[URL_CORS_HEADERS_MAX]);
/* The headers of every other answer. */
size_t url_cors_headers(struct json_object *cors, const struct url_request *r, struct arena *arena,
                        struct http_header out[URL_CORS_HEADERS_MAX]);
/* A header that CORS sets is not taken from the function. */
bool url_cors_owns(struct text header);

#endif
