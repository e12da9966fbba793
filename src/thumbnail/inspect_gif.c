/* inspect_gif.c - walks the blocks of a GIF: screen size, frames. */
#include "inspect_private.h"

#include "bytes.h"

enum {
    SCREEN_BYTES = 13,
    BLOCK_EXTENSION = 0x21,
    BLOCK_IMAGE = 0x2c,
    BLOCK_TRAILER = 0x3b,
    IMAGE_BYTES = 10,
};

static size_t palette_bytes(uint32_t flags)
{
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Behind the chain of sub-blocks that starts at `at`. */
static size_t skip_sub_blocks(struct text bytes, size_t at)
{
    while (at < bytes.len && byte_at(bytes, at) != 0)
        at += 1 + byte_at(bytes, at);
    return at + 1;
}

static size_t read_image(struct text bytes, size_t at, struct image_walk *walk)
{
    image_walk_include(walk, le16_at(bytes, at + 1) + le16_at(bytes, at + 5),
                       le16_at(bytes, at + 3) + le16_at(bytes, at + 7));
    at += IMAGE_BYTES + palette_bytes(byte_at(bytes, at + 9));
    return skip_sub_blocks(bytes, at + 1);
}

int inspect_gif(struct text bytes, struct image_walk *walk, struct error *err)
{
    uint32_t frames = 0;
    walk->header.width = le16_at(bytes, 6);
    walk->header.height = le16_at(bytes, 8);
    size_t at = SCREEN_BYTES + palette_bytes(byte_at(bytes, 10));
    while (at < bytes.len && byte_at(bytes, at) != BLOCK_TRAILER) {
        uint32_t block = byte_at(bytes, at);
        if (block == BLOCK_IMAGE) {
            frames++;
            at = read_image(bytes, at, walk);
        } else if (block == BLOCK_EXTENSION) {
            at = skip_sub_blocks(bytes, at + 2);
        } else {
            at++;
        }
    }
    if (frames == 0)
        return error_set(err, ERROR_INVALID, "The GIF ends before its first frame.");
    if (walk->header.width == 0 || walk->header.height == 0) {
        walk->header.width = walk->largest_width;
        walk->header.height = walk->largest_height;
    }
    walk->header.frames = frames;
    walk->frame_bytes = 4 * (uint64_t)walk->largest_width * walk->largest_height;
    return 0;
}
