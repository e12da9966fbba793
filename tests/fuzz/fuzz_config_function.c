/*
 * fuzz_config_function.c - any bytes as the settings of one function. Renditions that are accepted
 * are written as text that is accepted again and means the same.
 */
#include <string.h>

#include "onput/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer first = {0};
    AUTO_BUFFER struct buffer second = {0};
    AUTO_BUFFER struct buffer text = {0};
    struct config_function f = {0};
    struct error err = {0};

    if (config_read_function((struct text){(const char *)data, size}, "f", &arena, &f, &err) != 0)
        return 0;
    buffer_init(&first, SIZE_MAX);
    buffer_init(&second, SIZE_MAX);
    buffer_init(&text, SIZE_MAX);
    config_write_renditions(&f, &first);
    if (f.rendition_count == 0)
        return 0;
    buffer_appendf(&text, "{builtin: thumbnail, output: {bucket: b}, renditions: %s}", first.data);
    BUG_ON(config_read_function(buffer_text(&text), "f", &arena, &f, &err) != 0);
    config_write_renditions(&f, &second);
    BUG_ON(strcmp(first.data, second.data) != 0);
    return 0;
}
