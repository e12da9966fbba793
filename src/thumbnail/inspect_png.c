/* inspect_png.c - walks the chunks of a PNG up to its picture data. */
#include "inspect_private.h"

#include "bytes.h"

enum { SIGNATURE_BYTES = 8, CHUNK_OVERHEAD = 12, IHDR_BYTES = 13, EDGE_MAX = 0x7fffffff };

static uint32_t channels_of(uint32_t colour_type)
{
    static const uint8_t channels[] = {1, 0, 3, 1, 2, 0, 4};
    return colour_type < sizeof(channels) ? channels[colour_type] : 0;
}

static int read_header(struct text bytes, struct image_walk *walk, struct error *err)
{
    size_t at = SIGNATURE_BYTES + 8;
    if (be32_at(bytes, SIGNATURE_BYTES) != IHDR_BYTES ||
        !bytes_are(bytes, SIGNATURE_BYTES + 4, "IHDR", 4) || bytes.len < at + IHDR_BYTES)
        return error_set(err, ERROR_INVALID, "The PNG does not begin with its header.");
    struct image_header *h = &walk->header;
    h->width = be32_at(bytes, at);
    h->height = be32_at(bytes, at + 4);
    uint32_t bits = byte_at(bytes, at + 8), channels = channels_of(byte_at(bytes, at + 9));
    if (channels == 0 || bits == 0 || bits > 16 || h->width > EDGE_MAX || h->height > EDGE_MAX)
        return error_set(err, ERROR_INVALID, "The PNG's header holds impossible values.");
    h->progressive = byte_at(bytes, at + 12) != 0;
    if (h->progressive)
        walk->frame_bytes = (uint64_t)h->width * h->height / 8 * (bits < 8 ? 8 : bits) * channels;
    return 0;
}

int inspect_png(struct text bytes, struct image_walk *walk, struct error *err)
{
    if (read_header(bytes, walk, err) != 0)
        return -1;
    size_t at = SIGNATURE_BYTES;
    while (at < bytes.len && bytes.len - at >= CHUNK_OVERHEAD) {
        if (bytes_are(bytes, at + 4, "IDAT", 4))
            return 0;
        at += CHUNK_OVERHEAD + (size_t)be32_at(bytes, at);
    }
    return error_set(err, ERROR_INVALID, "The PNG ends before its picture data.");
}
