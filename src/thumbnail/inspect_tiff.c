/* inspect_tiff.c - walks the directories of a TIFF: size of every page, number of pages. */
#include "inspect_private.h"

#include "bytes.h"

enum {
    HEADER_BYTES = 8,
    ENTRY_BYTES = 12,
    DIRECTORY_OVERHEAD = 6,
    TAG_WIDTH = 256,
    TAG_HEIGHT = 257,
    TYPE_SHORT = 3,
    TYPE_LONG = 4,
};

struct tiff {
    struct text bytes;
    bool little;
};

static uint32_t u16(const struct tiff *t, size_t at)
{
    return t->little ? le16_at(t->bytes, at) : be16_at(t->bytes, at);
}

static uint32_t u32(const struct tiff *t, size_t at)
{
    return t->little ? le32_at(t->bytes, at) : be32_at(t->bytes, at);
}

/* A single number of type SHORT or LONG; 0 for anything else. */
static uint32_t entry_value(const struct tiff *t, size_t at)
{
    switch (u16(t, at + 2)) {
    case TYPE_SHORT:
        return u16(t, at + 8);
    case TYPE_LONG:
        return u32(t, at + 8);
    default:
        return 0;
    }
}

/* Reads the directory at `at`. Returns the position of the next one, 0 after the last. */
static size_t read_directory(const struct tiff *t, size_t at, uint32_t *out_width,
                             uint32_t *out_height)
{
    uint32_t entries = u16(t, at);
    at += 2;
    for (uint32_t i = 0; i < entries && at < t->bytes.len; i++, at += ENTRY_BYTES) {
        uint32_t tag = u16(t, at);
        if (tag == TAG_WIDTH)
            *out_width = entry_value(t, at);
        else if (tag == TAG_HEIGHT)
            *out_height = entry_value(t, at);
    }
    return u32(t, at);
}

int inspect_tiff(struct text bytes, struct image_walk *walk, struct error *err)
{
    struct tiff t = {.bytes = bytes, .little = byte_at(bytes, 0) == 'I'};
    uint32_t pages = 0;
    size_t at = u32(&t, 4), directory_bytes = 0;
    while (at >= HEADER_BYTES && at < bytes.len) {
        uint32_t width = 0, height = 0;
        /* Directories do not overlap, so more of them than fit are a circle. */
        directory_bytes += DIRECTORY_OVERHEAD + ENTRY_BYTES * (size_t)u16(&t, at);
        if (directory_bytes > bytes.len)
            return error_set(err, ERROR_INVALID, "The TIFF's directories go round in a circle.");
        at = read_directory(&t, at, &width, &height);
        if (++pages == 1) {
            walk->header.width = width;
            walk->header.height = height;
        }
    }
    if (pages == 0)
        return error_set(err, ERROR_INVALID, "The TIFF has no directory.");
    walk->header.frames = pages;
    return 0;
}
