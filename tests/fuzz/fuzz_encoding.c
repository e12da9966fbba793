/*
 * fuzz_encoding.c - the decoders of onput/encoding.h and onput/clock.h on any bytes: what they
 * accept must come back the same after encoding it.
 */
#include <stdint.h>

#include "onput/clock.h"
#include "onput/encoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text input = {(const char *)data, size};
    AUTO_BUFFER struct buffer once;
    AUTO_BUFFER struct buffer twice;
    struct error err = {0};
    int64_t ms;

    buffer_init(&once, SIZE_MAX);
    buffer_init(&twice, SIZE_MAX);
    if (base64_decode(input, &once, &err) == 0)
        buffer_append_base64(&twice, once.data, once.len);
    BUG_ON(twice.len > 0 && !text_equal(buffer_text(&twice), input));
    buffer_reset(&once);
    buffer_reset(&twice);
    buffer_append_uri(&once, input, false);
    BUG_ON(uri_decode(buffer_text(&once), true, &twice, &err) != 0);
    BUG_ON(!text_equal(buffer_text(&twice), input));
    (void)(uri_decode(input, true, &once, &err) + hex_decode(input, &once, &err) +
           time_parse_rfc3339(input, &ms, &err) + time_parse_http(input, &ms, &err));
    return 0;
}
