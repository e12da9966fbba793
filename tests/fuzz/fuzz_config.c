/*
 * fuzz_config.c - any bytes as a configuration. What is accepted must be printable, and what is
 * printed must be YAML that is refused for nothing but its hidden secrets.
 */
#include <stdint.h>
#include <string.h>

#include "onput/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is printed holds the defaults, too, and could be beyond a limit when the input is large. */
enum { SMALL_BYTES = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const environment[] = {"SET=value", "TOKEN=a-token-of-some-length", NULL};
    struct config_source source = {.environment = environment};
    struct config *config = NULL;
    struct config *again = NULL;
    struct error err = {0};
    AUTO_BUFFER struct buffer printed = {0};

    if (config_load_text((struct text){(const char *)data, size}, "onput.yaml", &source, &config,
                         &err) != 0)
        return 0;
    buffer_init(&printed, SIZE_MAX);
    config_print(config, &printed);
    if (strstr(printed.data, "\"***\"") == NULL && size <= SMALL_BYTES) {
        BUG_ON(config_load_text(buffer_text(&printed), "printed", &source, &again, &err) != 0);
        config_free(again);
    }
    config_free(config);
    return 0;
}
