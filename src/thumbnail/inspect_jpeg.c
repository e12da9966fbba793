/*
 * inspect_jpeg.c - walks the markers of a JPEG: frame header, number of scans.
 *
 * A decoder keeps the coefficients of the whole frame when the picture comes in several scans, so
 * these are counted; a picture in one scan is not read beyond its first one.
 */
#include "inspect_private.h"

#include "jpeg_marker.h"

enum { COMPONENTS_MAX = 4 };

/* Bytes of the coefficient arrays: two for every sample of every component. */
static uint64_t coefficient_bytes(struct text segment, uint32_t width, uint32_t height)
{
    uint32_t components = byte_at(segment, 5), h_max = 1, v_max = 1;
    uint64_t samples = 0;
    for (uint32_t i = 0; i < components; i++) {
        uint32_t sampling = byte_at(segment, 7 + 3 * i);
        h_max = sampling >> 4 > h_max ? sampling >> 4 : h_max;
        v_max = (sampling & 15) > v_max ? sampling & 15 : v_max;
    }
    for (uint32_t i = 0; i < components; i++) {
        uint32_t sampling = byte_at(segment, 7 + 3 * i);
        samples += (uint64_t)width * height * (sampling >> 4) * (sampling & 15) / (h_max * v_max);
    }
    return 2 * samples;
}

static int read_frame_header(uint32_t code, struct text segment, struct image_walk *walk,
                             struct error *err)
{
    struct image_header *h = &walk->header;
    if (h->width != 0)
        return error_set(err, ERROR_INVALID, "The JPEG has more than one frame header.");
    if (code > JPEG_SOF0 + 2 && code != 0xc9 && code != 0xca)
        return error_set(err, ERROR_UNSUPPORTED,
                         "The JPEG is lossless or hierarchical (SOF%u), which is not supported.",
                         code - JPEG_SOF0);
    if (segment.len < 6 || segment.len < 6 + 3 * (size_t)byte_at(segment, 5))
        return error_set(err, ERROR_INVALID, "The JPEG's frame header is cut off.");
    if (byte_at(segment, 0) != 8)
        return error_set(err, ERROR_UNSUPPORTED, "The JPEG has %u bits per sample; only 8 work.",
                         byte_at(segment, 0));
    if (byte_at(segment, 5) == 0 || byte_at(segment, 5) > COMPONENTS_MAX)
        return error_set(err, ERROR_UNSUPPORTED, "The JPEG has %u components; 1 to 4 work.",
                         byte_at(segment, 5));
    h->height = be16_at(segment, 1);
    h->width = be16_at(segment, 3);
    if (h->width == 0 || h->height == 0)
        return error_set(err, ERROR_INVALID, "The JPEG has no pixels: its header says %u x %u.",
                         h->width, h->height);
    h->progressive = code == 0xc2 || code == 0xca;
    walk->frame_bytes = coefficient_bytes(segment, h->width, h->height);
    return 0;
}

/* Scans from the one whose marker code is at `at` to the end of the picture. */
static uint32_t count_scans(struct text bytes, size_t at)
{
    uint32_t scans = 0;
    for (; at < bytes.len; at = jpeg_next_marker(bytes, at)) {
        uint32_t code = byte_at(bytes, at);
        if (code == JPEG_EOI)
            break;
        if (code == JPEG_SOS)
            scans++;
        at = jpeg_segment_end(bytes, at);
    }
    return scans;
}

static int read_scans(struct text bytes, size_t at, uint32_t components, struct image_walk *walk,
                      struct error *err)
{
    struct image_header *h = &walk->header;
    if (h->width == 0)
        return error_set(err, ERROR_INVALID, "The JPEG's picture data come before its header.");
    if (!h->progressive && byte_at(bytes, at + 3) >= components) {
        walk->frame_bytes = 0;
        return 0;
    }
    h->progressive = true;
    h->scans = count_scans(bytes, at);
    return 0;
}

int inspect_jpeg(struct text bytes, struct image_walk *walk, struct error *err)
{
    uint32_t components = 0;
    size_t at = jpeg_next_marker(bytes, 2);
    while (at < bytes.len) {
        uint32_t code = byte_at(bytes, at);
        if (code == JPEG_EOI)
            break;
        if (code == JPEG_SOS)
            return read_scans(bytes, at, components, walk, err);
        size_t end = jpeg_segment_end(bytes, at);
        if (jpeg_is_frame_header(code)) {
            struct text segment = text_slice(bytes, at + 3, end);
            if (read_frame_header(code, segment, walk, err) != 0)
                return -1;
            components = byte_at(segment, 5);
        }
        at = jpeg_next_marker(bytes, end);
    }
    return error_set(err, ERROR_INVALID, "The JPEG ends before its picture data.");
}
