/* inspect_webp.c - walks the RIFF chunks of a WebP: canvas, frames of an animation. */
#include "inspect_private.h"

#include "bytes.h"

enum { RIFF_BYTES = 12, CHUNK_BYTES = 8, ANMF_BYTES = 16 };

/* The header of one coded picture, lossy or lossless. */
static int read_picture(struct text bytes, size_t at, struct image_walk *walk, struct error *err)
{
    uint32_t width, height;
    if (bytes_are(bytes, at, "VP8L", 4)) {
        uint32_t packed = le32_at(bytes, at + 9);
        if (byte_at(bytes, at + 8) != 0x2f)
            return error_set(err, ERROR_INVALID, "The WebP's lossless header is broken.");
        width = (packed & 0x3fff) + 1;
        height = (packed >> 14 & 0x3fff) + 1;
    } else {
        if (!bytes_are(bytes, at + 11, "\x9d\x01\x2a", 3))
            return error_set(err, ERROR_INVALID, "The WebP does not begin with a key frame.");
        width = le16_at(bytes, at + 14) & 0x3fff;
        height = le16_at(bytes, at + 16) & 0x3fff;
    }
    image_walk_include(walk, width, height);
    if (walk->header.width == 0) {
        walk->header.width = width;
        walk->header.height = height;
    }
    return 0;
}

static void read_frame(struct text bytes, size_t at, struct image_walk *walk)
{
    uint32_t x = 2 * le24_at(bytes, at + 8), y = 2 * le24_at(bytes, at + 11);
    image_walk_include(walk, x + le24_at(bytes, at + 14) + 1, y + le24_at(bytes, at + 17) + 1);
}

int inspect_webp(struct text bytes, struct image_walk *walk, struct error *err)
{
    uint32_t frames = 0, pictures = 0;
    size_t at = RIFF_BYTES;
    while (at < bytes.len && bytes.len - at >= CHUNK_BYTES) {
        uint32_t size = le32_at(bytes, at + 4);
        if (bytes_are(bytes, at, "VP8X", 4) && walk->header.width == 0) {
            walk->header.width = le24_at(bytes, at + 12) + 1;
            walk->header.height = le24_at(bytes, at + 15) + 1;
        } else if (bytes_are(bytes, at, "VP8 ", 4) || bytes_are(bytes, at, "VP8L", 4)) {
            pictures++;
            if (read_picture(bytes, at, walk, err) != 0)
                return -1;
        } else if (bytes_are(bytes, at, "ANMF", 4)) {
            frames++;
            read_frame(bytes, at, walk);
        }
        at += CHUNK_BYTES + (size_t)size + (size & 1);
    }
    if (frames + pictures == 0)
        return error_set(err, ERROR_INVALID, "The WebP ends before its picture data.");
    walk->header.frames = frames > 0 ? frames : 1;
    walk->frame_bytes = 4 * (uint64_t)walk->header.width * walk->header.height;
    return 0;
}
