/*
 * fuzz_image_inspect.c - what reads bytes of pictures without a library: headers, EXIF texts, ICC
 * profiles. What is accepted must be within the limits, and rights must survive being written.
 */
#include <stdint.h>

#include "../../src/thumbnail/thumbnail_private.h"
#include "onput/attributes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text input = {(const char *)data, size};
    struct image_limits limits = image_limits_default();
    struct image_header h;
    struct exif_rights rights, again;
    struct error err = {0};
    uint8_t block[EXIF_BLOCK_BYTES];

    if (image_inspect(input, &limits, &h, &err) == 0)
        BUG_ON(h.width == 0 || (uint64_t)h.width * h.height > limits.max_pixels ||
               h.scans > limits.max_scans || h.frames > limits.max_frames);
    icc_inspect(input);
    exif_read_rights(input, &rights);
    exif_read_rights((struct text){(const char *)block, exif_write_rights(&rights, block)}, &again);
    BUG_ON(memcmp(rights.copyright, again.copyright, sizeof(rights.copyright)) != 0);
    return 0;
}
