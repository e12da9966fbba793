/*
 * fuzz_url_response.c - any bytes as a function's result; what is a response can be sent.
 */
#include <stdint.h>
#include <string.h>

#include "onput/attributes.h"
#include "url_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA struct arena arena;
    struct url_response r;
    struct error err = {0};
    arena_init(&arena);
    if (url_response_read((struct text){(const char *)data, size}, &arena, &r, &err) < 0)
        return 0;
    BUG_ON(r.status < 200 || r.status > 599 || r.header_count > URL_HEADERS_MAX);
    for (size_t i = 0; i < r.header_count; i++) {
        struct text name = r.headers[i].name, value = r.headers[i].value;
        BUG_ON(name.len == 0 || memchr(name.ptr, ':', name.len) != NULL);
        BUG_ON(memchr(value.ptr, '\n', value.len) != NULL || memchr(value.ptr, 0, value.len));
    }
    return 0;
}
