/*
 * fuzz_render_job.c - any bytes as a RENDER message; what is taken must be written the same again.
 */
#include <stdint.h>
#include <string.h>

#include "onput/ipc_frame.h"
#include "onput/worker_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_BUFFER struct buffer again;
    struct render_job job;
    struct error err = {0};
    buffer_init(&again, IPC_MAX_PAYLOAD_BYTES);
    if (render_job_decode((struct text){(const char *)data, size}, &job, &err) != 0)
        return 0;
    BUG_ON(job.rendition_count < 1 || job.rendition_count > RENDITION_MAX);
    render_job_encode(&job, &again);
    BUG_ON(again.len != size || memcmp(again.data, data, size) != 0);
    return 0;
}
