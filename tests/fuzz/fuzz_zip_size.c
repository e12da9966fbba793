/*
 * fuzz_zip_size.c - any bytes as a ZIP archive: a size or a refusal, and nothing beyond the bytes.
 */
#include <stdint.h>

#include "zip_size.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text archive = {(const char *)data, size};
    struct error err = {0};
    uint64_t bytes = 1;

    if (zip_unpacked_bytes(archive, &bytes, &err) != 0)
        BUG_ON(bytes != 1 || err.code != ERROR_INVALID);
    return 0;
}
