/*
 * rendition.c - the names of fits, gravities and picture formats, and the default limits.
 *
 * One table per enum; names are looked up in both directions. Used by config, storage and
 * thumbnail.
 */
#include "onput/rendition.h"

#include <stddef.h>

#include "onput/attributes.h"

struct format_row {
    const char *name;
    const char *mime;
    const char *extension;
};

static const char *const fit_names[] = {
    [RENDITION_FIT_INSIDE] = "inside",
    [RENDITION_FIT_COVER] = "cover",
    [RENDITION_FIT_FILL] = "fill",
};
_Static_assert(ARRAY_LEN(fit_names) == RENDITION_FIT_COUNT, "one name per fit");

static const char *const gravity_names[] = {
    [RENDITION_GRAVITY_CENTRE] = "centre",   [RENDITION_GRAVITY_NORTH] = "north",
    [RENDITION_GRAVITY_SOUTH] = "south",     [RENDITION_GRAVITY_EAST] = "east",
    [RENDITION_GRAVITY_WEST] = "west",       [RENDITION_GRAVITY_ATTENTION] = "attention",
    [RENDITION_GRAVITY_ENTROPY] = "entropy",
};
_Static_assert(ARRAY_LEN(gravity_names) == RENDITION_GRAVITY_COUNT, "one name per gravity");

static const struct format_row formats[] = {
    [IMAGE_FORMAT_SOURCE] = {"source", "application/octet-stream", "bin"},
    [IMAGE_FORMAT_JPEG] = {"jpeg", "image/jpeg", "jpg"},
    [IMAGE_FORMAT_PNG] = {"png", "image/png", "png"},
    [IMAGE_FORMAT_WEBP] = {"webp", "image/webp", "webp"},
    [IMAGE_FORMAT_AVIF] = {"avif", "image/avif", "avif"},
    [IMAGE_FORMAT_GIF] = {"gif", "image/gif", "gif"},
    [IMAGE_FORMAT_TIFF] = {"tiff", "image/tiff", "tif"},
    [IMAGE_FORMAT_HEIC] = {"heic", "image/heic", "heic"},
};
_Static_assert(ARRAY_LEN(formats) == IMAGE_FORMAT_COUNT, "one row per format");

struct image_limits image_limits_default(void)
{
    return (struct image_limits){
        .max_pixels = 100 * 1000 * 1000,
        .max_edge = 65535,
        .max_frames = 1000,
        .max_scans = 64,
        .max_output_bytes = 64u << 20,
    };
}

const char *rendition_fit_name(enum rendition_fit fit)
{
    return (unsigned)fit < RENDITION_FIT_COUNT ? fit_names[fit] : "unknown";
}

const char *rendition_gravity_name(enum rendition_gravity gravity)
{
    return (unsigned)gravity < RENDITION_GRAVITY_COUNT ? gravity_names[gravity] : "unknown";
}

static const struct format_row *format_row(enum image_format format)
{
    return &formats[(unsigned)format < IMAGE_FORMAT_COUNT ? format : IMAGE_FORMAT_SOURCE];
}

const char *image_format_name(enum image_format format)
{
    return (unsigned)format < IMAGE_FORMAT_COUNT ? formats[format].name : "unknown";
}

const char *image_format_mime(enum image_format format)
{
    return format_row(format)->mime;
}

const char *image_format_extension(enum image_format format)
{
    return format_row(format)->extension;
}

/* Position of `t` in `names`, or `count`. */
static size_t find_name(struct text t, const char *const names[], size_t count)
{
    size_t i = 0;
    while (i < count && !text_is(t, names[i]))
        i++;
    return i;
}

bool rendition_fit_parse(struct text t, enum rendition_fit *out)
{
    size_t i = find_name(t, fit_names, RENDITION_FIT_COUNT);
    if (i == RENDITION_FIT_COUNT)
        return false;
    *out = (enum rendition_fit)i;
    return true;
}

bool rendition_gravity_parse(struct text t, enum rendition_gravity *out)
{
    if (text_is(t, "center"))
        t = TEXT("centre");
    size_t i = find_name(t, gravity_names, RENDITION_GRAVITY_COUNT);
    if (i == RENDITION_GRAVITY_COUNT)
        return false;
    *out = (enum rendition_gravity)i;
    return true;
}

bool image_format_parse(struct text t, enum image_format *out)
{
    if (text_is(t, "jpg"))
        t = TEXT("jpeg");
    for (size_t i = 0; i < IMAGE_FORMAT_COUNT; i++) {
        if (text_is(t, formats[i].name)) {
            *out = (enum image_format)i;
            return true;
        }
    }
    return false;
}
