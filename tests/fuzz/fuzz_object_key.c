/*
 * fuzz_object_key.c - any key in both encodings: what is accepted has the promised form, and a key
 * that is encoded again decodes to itself.
 */
#include <stdint.h>

#include "onput/encoding.h"
#include "onput/event_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text input = {(const char *)data, size}, key = TEXT_INIT(""), again = TEXT_INIT("");
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer encoded = {0};
    struct error err = {0};

    buffer_init(&encoded, 3 * EVENT_MAX_KEY_BYTES);
    if (event_decode_key(input, EVENT_KEY_RAW, &arena, &key, &err) == 0)
        BUG_ON(!text_equal(key, input));
    if (event_decode_key(input, EVENT_KEY_FORM, &arena, &key, &err) < 0)
        return 0;
    BUG_ON(key.len == 0 || key.len > EVENT_MAX_KEY_BYTES || text_find(key, '\0') != key.len);
    buffer_append_uri(&encoded, key, true);
    BUG_ON(event_decode_key(buffer_text(&encoded), EVENT_KEY_FORM, &arena, &again, &err) < 0);
    BUG_ON(!text_equal(key, again));
    return 0;
}
