/*
 * Renders words.
 */
#include "fake_worker_pool.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum image_format format_of(const struct worker_pool *pool, const struct rendition *r)
{
    return r->format == IMAGE_FORMAT_SOURCE ? pool->source : r->format;
}

int worker_pool_render(struct worker_pool *pool, const struct render_job *job,
                       const struct memfd *input, const struct memfd *output, int timeout_ms,
                       struct render_result *out, struct error *err)
{
    (void)timeout_ms;
    pool->calls++;
    pool->last = *job;
    memset(pool->input, 0, sizeof(pool->input));
    if (pread(input->fd, pool->input, sizeof(pool->input) - 1, 0) < 0)
        return error_set_errno(err, ERROR_IO, "cannot read the input");
    if (pool->failure.code != ERROR_NONE) {
        *err = pool->failure;
        return -1;
    }
    if (pool->source == IMAGE_FORMAT_SOURCE)
        pool->source = IMAGE_FORMAT_JPEG;
    *out = (struct render_result){.id = job->id,
                                  .source_format = pool->source,
                                  .source_width = 40,
                                  .source_height = 30,
                                  .decode_us = 2000,
                                  .encode_us = 3000,
                                  .output_count = job->rendition_count};
    size_t at = 0;
    for (uint32_t i = 0; i < job->rendition_count; i++) {
        int n = snprintf((char *)output->map + at, output->capacity - at, "%s of %s",
                         job->renditions[i].name, pool->input);
        out->outputs[i] = (struct render_output){.offset = at,
                                                 .bytes = (uint64_t)n,
                                                 .width = 4,
                                                 .height = 3,
                                                 .format = format_of(pool, &job->renditions[i])};
        at += (size_t)n;
    }
    return 0;
}
