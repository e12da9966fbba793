/*
 * body.c - collects a request's body within its route's limit.
 *
 * Room is made as bytes arrive: a client that only announces a large body costs nothing.
 */
#include "httpserver_private.h"

enum { FIRST_RESERVE_BYTES = 256 * 1024 };

void body_expect(struct http_body *body, size_t limit)
{
    body->limit = limit;
    buffer_init(&body->bytes, limit);
    if (body->length > 0 && body->length <= limit && !body->dropped) {
        size_t first = body->length < FIRST_RESERVE_BYTES ? body->length : FIRST_RESERVE_BYTES;
        (void)buffer_reserve(&body->bytes, first);
    }
}

void body_add(struct http_body *body, const char *bytes, size_t len)
{
    if (body->dropped || body->too_large)
        return;
    buffer_append(&body->bytes, bytes, len);
    if (buffer_failed(&body->bytes)) {
        body->too_large = true;
        buffer_release(&body->bytes);
    }
}

void body_release(struct http_body *body)
{
    buffer_release(&body->bytes);
}
