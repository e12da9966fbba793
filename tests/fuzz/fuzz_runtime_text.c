/*
 * fuzz_runtime_text.c - what a function's process says: the first line is its error type, the rest
 * its error. Whatever it is, callers get JSON and headers stay headers.
 */
#include <stdint.h>

#include "api_text.h"
#include "onput/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(void (*append)(struct buffer *, struct text, struct text), struct text body,
                  struct text type)
{
    struct error err = {0};
    AUTO_BUFFER struct buffer json;
    buffer_init(&json, body.len + 64 * 1024);
    append(&json, body, type);
    BUG_ON(buffer_failed(&json) || json_scan(buffer_text(&json), &err) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA struct arena arena = {0};
    struct text body = {(const char *)data, size};
    struct text type = api_error_type(text_cut(&body, '\n'));
    check(api_append_posted_error, body, type);
    check(api_append_trailer_error, body, type);
    struct text header = api_header_json(body, &arena);
    for (size_t i = 0; i < header.len; i++)
        BUG_ON(header.ptr[i] < ' ' || header.ptr[i] > '~');
    return 0;
}
