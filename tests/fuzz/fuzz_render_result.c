/*
 * fuzz_render_result.c - any bytes as what a worker answers; what is taken stays within the output.
 */
#include <stdint.h>

#include "onput/worker_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint64_t capacity = 1 << 20;
    struct render_job job = {.id = 42, .limits = image_limits_default(), .rendition_count = 2};
    struct render_result result;
    struct error err = {0};
    job.renditions[0] =
        (struct rendition){.width = 320, .height = 200, .format = IMAGE_FORMAT_JPEG};
    job.renditions[1] = (struct rendition){.width = 64, .height = 64};
    if (render_result_decode((struct text){(const char *)data, size}, &job, capacity, &result,
                             &err))
        return 0;
    BUG_ON(result.id != job.id || result.source_format >= IMAGE_FORMAT_COUNT);
    BUG_ON(result.output_count != (result.code == ERROR_NONE ? job.rendition_count : 0));
    for (uint32_t i = 0; i < result.output_count; i++) {
        const struct render_output *o = &result.outputs[i];
        BUG_ON(o->bytes == 0 || o->offset > capacity || o->bytes > capacity - o->offset);
    }
    return 0;
}
