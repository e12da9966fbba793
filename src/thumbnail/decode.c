/*
 * decode.c - opens a picture with the loader of its recognised format, never one that libvips
 * picks.
 *
 * Opening reads headers only. Pixels then stream from top to bottom, scaled down by the decoder
 * where it can, always leaving twice the wanted size for good resampling. A truncated or broken
 * picture fails while streaming.
 */
#include "thumbnail_private.h"

#include <inttypes.h>

/* What a truncated file is: an error, not a grey area. */
#define STREAM_OPTIONS "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_TRUNCATED

int image_load(struct text input, enum image_format format, VipsImage **out)
{
    void *bytes = (void *)(uintptr_t)input.ptr;
    switch (format) {
    case IMAGE_FORMAT_JPEG:
        return vips_jpegload_buffer(bytes, input.len, out, STREAM_OPTIONS, NULL);
    case IMAGE_FORMAT_PNG:
        return vips_pngload_buffer(bytes, input.len, out, STREAM_OPTIONS, NULL);
    case IMAGE_FORMAT_WEBP:
        return vips_webpload_buffer(bytes, input.len, out, STREAM_OPTIONS, NULL);
    case IMAGE_FORMAT_GIF:
        return vips_gifload_buffer(bytes, input.len, out, STREAM_OPTIONS, NULL);
    case IMAGE_FORMAT_TIFF:
        return vips_tiffload_buffer(bytes, input.len, out, STREAM_OPTIONS, NULL);
    case IMAGE_FORMAT_AVIF:
    case IMAGE_FORMAT_HEIC:
        return vips_heifload_buffer(bytes, input.len, out, STREAM_OPTIONS, NULL);
    case IMAGE_FORMAT_SOURCE:
    case IMAGE_FORMAT_COUNT:
        break;
    }
    vips_error("onput", "no loader for this format");
    return -1;
}

static int decode_failed(enum image_format format, struct error *err)
{
    char what[64];
    snprintf(what, sizeof(what), "The %s picture cannot be decoded", image_format_name(format));
    return vips_failed(err, ERROR_INVALID, what);
}

/* Decoders may see a picture differently from our header walk; limits hold for both. */
static int check_opened(const struct source *s, const struct image_limits *limits,
                        struct error *err)
{
    uint64_t pixels = (uint64_t)s->size.width * s->size.height;
    if (s->size.width > limits->max_edge || s->size.height > limits->max_edge ||
        pixels > limits->max_pixels)
        return error_set(err, ERROR_LIMIT,
                         "The picture is %" PRIu32 " x %" PRIu32
                         " pixels, beyond max_edge or max_pixels.",
                         s->size.width, s->size.height);
    return 0;
}

int source_open(struct text input, const struct image_header *header,
                const struct image_limits *limits, struct source *out, struct error *err)
{
    struct source s = {
        .input = input, .format = header->format, .progressive = header->progressive};
    if (image_load(input, header->format, &s.image) != 0)
        return decode_failed(header->format, err);
    s.size = (struct size){(uint32_t)s.image->Xsize, (uint32_t)s.image->Ysize};
    s.orientation = vips_image_get_orientation(s.image);
    if (s.orientation < 1 || s.orientation > 8)
        s.orientation = 1;
    s.has_alpha = vips_image_hasalpha(s.image);
    if (check_opened(&s, limits, err) != 0) {
        source_release(&s);
        return -1;
    }
    *out = s;
    return 0;
}

void source_release(struct source *s)
{
    g_clear_object(&s->image);
    buffer_release(&s->spliced);
}

struct size source_upright(const struct source *s)
{
    if (s->orientation < 5)
        return s->size;
    return (struct size){s->size.height, s->size.width};
}

/* libwebp can scale while decoding; it saves memory rather than time. */
static double webp_scale(struct size source, struct size wanted)
{
    double horizontal = 2.0 * wanted.width / source.width;
    double vertical = 2.0 * wanted.height / source.height;
    double scale = horizontal > vertical ? horizontal : vertical;
    return scale < 0.75 ? scale : 1.0;
}

/* At an eighth, a progressive JPEG decodes several times as fast without its finer scans. */
static int load_jpeg(struct source *s, int shrink, VipsImage **out)
{
    struct text input = s->input;
    if (shrink == 8 && s->progressive && jpeg_splice(input, &s->spliced))
        input = buffer_text(&s->spliced);
    return vips_jpegload_buffer((void *)(uintptr_t)input.ptr, input.len, out, "shrink", shrink,
                                STREAM_OPTIONS, NULL);
}

int source_pixels(struct source *s, struct size wanted, VipsImage **out, struct error *err)
{
    int shrink = plan_jpeg_shrink(s->size, wanted);
    double scale = webp_scale(s->size, wanted);
    int rc = 0;
    if (s->format == IMAGE_FORMAT_JPEG && shrink > 1)
        rc = load_jpeg(s, shrink, out);
    else if (s->format == IMAGE_FORMAT_WEBP && scale < 1.0)
        rc = vips_webpload_buffer((void *)(uintptr_t)s->input.ptr, s->input.len, out, "scale",
                                  scale, STREAM_OPTIONS, NULL);
    else
        *out = g_object_ref(s->image);
    return rc == 0 ? 0 : decode_failed(s->format, err);
}
