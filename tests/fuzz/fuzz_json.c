/*
 * fuzz_json.c - json_parse() and what follows it: what is accepted must be written again as JSON
 * that is accepted, too, and any bytes must be writable as a string.
 */
#include <stdint.h>

#include "onput/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text input = {(const char *)data, size};
    AUTO_JSON struct json_object *value = NULL;
    AUTO_JSON struct json_object *again = NULL;
    AUTO_JSON struct json_object *string = NULL;
    AUTO_BUFFER struct buffer out;
    struct json_writer writer;
    struct error err = {0};

    if (json_parse(input, &value, &err) == 0)
        BUG_ON(json_parse(text_of(json_object_to_json_string(value)), &again, &err) != 0);
    buffer_init(&out, SIZE_MAX);
    json_writer_init(&writer, &out);
    json_put_text(&writer, input);
    BUG_ON(json_parse(buffer_text(&out), &string, &err) != 0);
    BUG_ON(text_is_utf8(input) && !text_equal(json_text(string), input));
    return 0;
}
