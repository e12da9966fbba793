/*
 * thumbnail.h - pixels: recognise, guard, decode once, render many. The only user of libvips.
 *
 * Linked into onput-worker only. thumbnail_start() once per process (concurrency 1, operation cache
 * off, untrusted loaders blocked, one malloc arena, ORC off), thumbnail_warm_up() so that no lazy
 * file access or symbol lookup is left when the sandbox closes, then thumbnail_render() per job.
 *
 * The kind of picture is recognised from its bytes, never from a name or type. Dimensions, frames,
 * scans and memory are checked from the headers before decoding. The picture is decoded once, at
 * the scale of the largest rendition; smaller renditions are made from larger ones. Orientation is
 * applied, colours become sRGB, metadata is stripped except what `keep` asks for.
 *
 * Errors are permanent unless retryable: ERROR_UNSUPPORTED (not a picture that we take),
 * ERROR_LIMIT (names the limit), ERROR_INVALID (broken or truncated).
 */
#ifndef ONPUT_THUMBNAIL_H
#define ONPUT_THUMBNAIL_H

#include <stddef.h>
#include <stdint.h>

#include "onput/error.h"
#include "onput/rendition.h"
#include "onput/text.h"
#include "onput/worker_protocol.h"

MUST_CHECK int thumbnail_start(struct error *err);
MUST_CHECK int thumbnail_warm_up(struct error *err);
void thumbnail_stop(void);
uint32_t thumbnail_formats(void); /* bit per enum image_format that can be read */
const char *thumbnail_vips_version(void);

/* What the headers say, after the checks of `limits`. */
struct image_header {
    enum image_format format;
    uint32_t width; /* as stored, before orientation */
    uint32_t height;
    uint32_t frames;
    uint32_t scans;   /* of a progressive JPEG, else 1 */
    bool progressive; /* or interlaced: the whole frame must be held while decoding */
};
/* Pure byte walking, no libvips: safe on anything. */
MUST_CHECK int image_inspect(struct text bytes, const struct image_limits *limits,
                             struct image_header *out, struct error *err);

/*
 * Renders job->renditions from `input` into `output` (`capacity` bytes) and fills *out completely;
 * on failure *out is zeroed but for id, code and message, and -1 is returned with the same in *err.
 */
MUST_CHECK int thumbnail_render(const struct render_job *job, struct text input, uint8_t *output,
                                size_t capacity, struct render_result *out, struct error *err);

#endif
