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

/* Where the directory after the one at `at` is; 0 after the last. */
static size_t next_directory(const struct tiff *t, size_t at)
{
    return u32(t, at + 2 + ENTRY_BYTES * (size_t)u16(t, at));
}

static void read_directory(const struct tiff *t, size_t at, struct image_header *h)
{
    uint32_t entries = u16(t, at);
    at += 2;
    for (uint32_t i = 0; i < entries && at < t->bytes.len; i++, at += ENTRY_BYTES) {
        uint32_t tag = u16(t, at);
        if (tag == TAG_WIDTH)
            h->width = entry_value(t, at);
        else if (tag == TAG_HEIGHT)
            h->height = entry_value(t, at);
    }
}

/*
 * Pages after the first are only counted. Directories may follow each other in a circle: it ends
 * where one comes again that is remembered, or where they no longer fit into the file.
 */
static uint32_t count_pages(const struct tiff *t, size_t first)
{
    uint32_t pages = 0, remember_at = 1;
    size_t at = first, remembered = 0, directory_bytes = 0;
    while (at >= HEADER_BYTES && at < t->bytes.len && at != remembered) {
        directory_bytes += DIRECTORY_OVERHEAD + ENTRY_BYTES * (size_t)u16(t, at);
        if (directory_bytes > t->bytes.len)
            break;
        if (++pages == remember_at) {
            remembered = at;
            remember_at *= 2;
        }
        at = next_directory(t, at);
    }
    return pages;
}

int inspect_tiff(struct text bytes, struct image_walk *walk, struct error *err)
{
    struct tiff t = {.bytes = bytes, .little = byte_at(bytes, 0) == 'I'};
    size_t first = u32(&t, 4);
    if (first < HEADER_BYTES || first >= bytes.len)
        return error_set(err, ERROR_INVALID, "The TIFF has no directory.");
    read_directory(&t, first, &walk->header);
    walk->header.frames = count_pages(&t, first);
    return 0;
}
