/*
 * rendition.h - what a thumbnail shall look like, and which pictures may come in.
 *
 * Shared by the configuration, the daemon and the worker; plain values without pointers.
 */
#ifndef ONPUT_RENDITION_H
#define ONPUT_RENDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "onput/text.h"

enum { RENDITION_MAX = 16, RENDITION_NAME_BYTES = 64, RENDITION_MAX_EDGE = 16384 };

enum rendition_fit {
    RENDITION_FIT_INSIDE, /* whole picture within width x height, aspect ratio kept */
    RENDITION_FIT_COVER,  /* fills width x height, what hangs over is cropped by gravity */
    RENDITION_FIT_FILL,   /* stretched to width x height */
    RENDITION_FIT_COUNT
};

enum rendition_gravity {
    RENDITION_GRAVITY_CENTRE,
    RENDITION_GRAVITY_NORTH,
    RENDITION_GRAVITY_SOUTH,
    RENDITION_GRAVITY_EAST,
    RENDITION_GRAVITY_WEST,
    RENDITION_GRAVITY_ATTENTION, /* where a person would look first */
    RENDITION_GRAVITY_ENTROPY,   /* where most happens */
    RENDITION_GRAVITY_COUNT
};

enum image_format {
    IMAGE_FORMAT_SOURCE, /* output only: JPEG stays JPEG, PNG PNG, WebP WebP, AVIF AVIF; HEIC and
                            TIFF become JPEG or, with alpha, PNG; GIF becomes PNG */
    IMAGE_FORMAT_JPEG,
    IMAGE_FORMAT_PNG,
    IMAGE_FORMAT_WEBP,
    IMAGE_FORMAT_AVIF,
    IMAGE_FORMAT_GIF, /* input only, like the rest */
    IMAGE_FORMAT_TIFF,
    IMAGE_FORMAT_HEIC,
    IMAGE_FORMAT_COUNT
};

/* Metadata that a rendition keeps; everything else is stripped. GPS is never kept. */
enum rendition_keep { RENDITION_KEEP_ICC = 1 << 0, RENDITION_KEEP_COPYRIGHT = 1 << 1 };

struct rendition {
    char name[RENDITION_NAME_BYTES];
    uint32_t width; /* 0: free, only with INSIDE; not both 0 */
    uint32_t height;
    enum rendition_fit fit;
    enum rendition_gravity gravity; /* COVER only */
    enum image_format format;       /* SOURCE, JPEG, PNG, WEBP or AVIF */
    uint32_t quality;               /* 1..100; 0: JPEG 80, WebP 80, AVIF 60 */
    bool enlarge;                   /* false: a smaller source keeps its size */
    uint32_t keep;                  /* enum rendition_keep */
    uint32_t background;            /* 0xRRGGBB behind transparent pixels of a JPEG */
};

/* Bounds checked before anything is decoded. */
struct image_limits {
    uint64_t max_pixels; /* width x height x frames decoded */
    uint32_t max_edge;
    uint32_t max_frames;       /* of an animation; only the first one is rendered */
    uint32_t max_scans;        /* of a progressive JPEG */
    uint64_t max_output_bytes; /* all renditions together */
};
struct image_limits image_limits_default(void); /* 100 MP, 65535, 1000 frames, 64 scans, 64 MiB */

const char *rendition_fit_name(enum rendition_fit fit);             /* "inside" */
const char *rendition_gravity_name(enum rendition_gravity gravity); /* "centre" */
const char *image_format_name(enum image_format format);            /* "jpeg" */
const char *image_format_mime(enum image_format format);            /* "image/jpeg" */
const char *image_format_extension(enum image_format format);       /* "jpg" */
/* By name; false when there is none such. "center" is taken for "centre", "jpg" for "jpeg". */
bool rendition_fit_parse(struct text t, enum rendition_fit *out);
bool rendition_gravity_parse(struct text t, enum rendition_gravity *out);
bool image_format_parse(struct text t, enum image_format *out);

#endif
