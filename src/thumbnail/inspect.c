/*
 * inspect.c - recognises a picture by its first bytes and holds what its headers say against the
 * limits, before any decoder sees it. The walkers are in inspect_<format>.c.
 */
#include "inspect_private.h"

#include <inttypes.h>

#include "bytes.h"
#include "onput/attributes.h"

/* Memory that a decoder may take for a whole frame, per pixel of max_pixels: RGBA, 8 bits each. */
enum { FRAME_BYTES_PER_PIXEL = 4 };

typedef int (*inspect_fn)(struct text bytes, struct image_walk *walk, struct error *err);

static const inspect_fn walkers[IMAGE_FORMAT_COUNT] = {
    [IMAGE_FORMAT_JPEG] = inspect_jpeg, [IMAGE_FORMAT_PNG] = inspect_png,
    [IMAGE_FORMAT_WEBP] = inspect_webp, [IMAGE_FORMAT_AVIF] = inspect_heif,
    [IMAGE_FORMAT_GIF] = inspect_gif,   [IMAGE_FORMAT_TIFF] = inspect_tiff,
    [IMAGE_FORMAT_HEIC] = inspect_heif,
};

void image_walk_include(struct image_walk *walk, uint32_t width, uint32_t height)
{
    if (width > walk->largest_width)
        walk->largest_width = width;
    if (height > walk->largest_height)
        walk->largest_height = height;
}

static enum image_format sniff(struct text bytes)
{
    if (bytes_are(bytes, 0, "\xff\xd8\xff", 3))
        return IMAGE_FORMAT_JPEG;
    if (bytes_are(bytes, 0, "\x89PNG\r\n\x1a\n", 8))
        return IMAGE_FORMAT_PNG;
    if (bytes_are(bytes, 0, "RIFF", 4) && bytes_are(bytes, 8, "WEBP", 4))
        return IMAGE_FORMAT_WEBP;
    if (bytes_are(bytes, 0, "GIF87a", 6) || bytes_are(bytes, 0, "GIF89a", 6))
        return IMAGE_FORMAT_GIF;
    if (bytes_are(bytes, 0, "II*\0", 4) || bytes_are(bytes, 0, "MM\0*", 4))
        return IMAGE_FORMAT_TIFF;
    return heif_brand(bytes);
}

static int check_size(const struct image_walk *walk, const struct image_limits *limits,
                      struct error *err)
{
    uint32_t width = walk->largest_width, height = walk->largest_height;
    if (width > limits->max_edge || height > limits->max_edge)
        return error_set(err, ERROR_LIMIT,
                         "The picture is %" PRIu32 " x %" PRIu32 " pixels; max_edge allows %" PRIu32
                         " on a side.",
                         width, height, limits->max_edge);
    uint64_t pixels = (uint64_t)width * height;
    if (pixels > limits->max_pixels)
        return error_set(err, ERROR_LIMIT,
                         "The picture is %" PRIu32 " x %" PRIu32 " = %" PRIu64
                         " pixels; max_pixels allows %" PRIu64 ".",
                         width, height, pixels, limits->max_pixels);
    return 0;
}

static int check_rest(const struct image_walk *walk, const struct image_limits *limits,
                      struct error *err)
{
    const struct image_header *h = &walk->header;
    if (h->frames > limits->max_frames)
        return error_set(err, ERROR_LIMIT,
                         "The picture has %" PRIu32 " frames; max_frames allows %" PRIu32 ".",
                         h->frames, limits->max_frames);
    if (h->scans > limits->max_scans)
        return error_set(err, ERROR_LIMIT,
                         "The JPEG has more than %" PRIu32
                         " scans, which is what max_scans allows.",
                         limits->max_scans);
    if (walk->frame_bytes / FRAME_BYTES_PER_PIXEL > limits->max_pixels)
        return error_set(err, ERROR_LIMIT,
                         "The picture must be held whole while decoding, which takes %" PRIu64
                         " bytes; max_pixels allows %d for each of %" PRIu64 " pixels.",
                         walk->frame_bytes, FRAME_BYTES_PER_PIXEL, limits->max_pixels);
    return 0;
}

int image_inspect(struct text bytes, const struct image_limits *limits, struct image_header *out,
                  struct error *err)
{
    struct image_walk walk = {.header = {.format = sniff(bytes), .frames = 1, .scans = 1}};
    inspect_fn walker = walkers[walk.header.format];
    if (bytes.len == 0)
        return error_set(err, ERROR_UNSUPPORTED, "The object is empty, so it is not a picture.");
    if (!walker)
        return error_set(err, ERROR_UNSUPPORTED,
                         "The object is not a JPEG, PNG, WebP, GIF, TIFF, AVIF or HEIC picture.");
    if (walker(bytes, &walk, err) != 0)
        return -1;
    if (walk.header.width == 0 || walk.header.height == 0)
        return error_set(err, ERROR_INVALID,
                         "The %s picture has no pixels: its header says %" PRIu32 " x %" PRIu32 ".",
                         image_format_name(walk.header.format), walk.header.width,
                         walk.header.height);
    image_walk_include(&walk, walk.header.width, walk.header.height);
    if (check_size(&walk, limits, err) != 0 || check_rest(&walk, limits, err) != 0)
        return -1;
    *out = walk.header;
    return 0;
}
