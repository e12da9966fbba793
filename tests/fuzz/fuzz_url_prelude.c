/*
 * fuzz_url_prelude.c - any bytes as a streamed result, cut after as many as the first one says;
 * what is a response can be sent.
 */
#include <stdint.h>
#include <string.h>

#include "onput/attributes.h"
#include "url_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text rest = {(const char *)data, size};
    AUTO_ARENA struct arena arena;
    struct url_response r;
    struct url_prelude p;
    struct error err = {0};
    int rc = 0;
    arena_init(&arena);
    url_prelude_init(&p);
    for (size_t step = size > 0 ? data[0] + 1u : 1; rc == 0 && rest.len > 0;) {
        struct text piece = text_slice(rest, 0, step);
        rest = text_slice(rest, piece.len, rest.len);
        rc = url_prelude_take(&p, &piece, &err);
    }
    BUG_ON(p.json.len > URL_PRELUDE_MAX_BYTES);
    if (rc == 1 && url_prelude_read(buffer_text(&p.json), &arena, &r, &err) == 0) {
        BUG_ON(r.status < 200 || r.status > 599 || r.header_count > URL_HEADERS_MAX);
        for (size_t i = 0; i < r.header_count; i++)
            BUG_ON(memchr(r.headers[i].value.ptr, '\n', r.headers[i].value.len) != NULL);
    }
    url_prelude_release(&p);
    return 0;
}
