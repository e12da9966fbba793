/*
 * Reads the directory of a ZIP archive from its end. Every length in it is a claim that is held
 * against the bytes that are there.
 */
#include "zip_size.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    END_BYTES = 22,
    COMMENT_MAX = 65535,
    ENTRY_BYTES = 46,
    MANY_ENTRIES = 0xffff, /* the real number stands in a ZIP64 record */
    ZIP64_SIZES = 0x0001,  /* extra field of an entry */
    EXTRA_HEADER_BYTES = 4,
};
static const uint64_t size_is_elsewhere = 0xffffffff;

static uint64_t number(struct text bytes, size_t at, size_t width)
{
    uint64_t value = 0;
    for (size_t i = width; i-- > 0;)
        value = value << 8 | (unsigned char)bytes.ptr[at + i];
    return value;
}

static bool has_mark(struct text bytes, size_t at, const char mark[4])
{
    return text_equal(text_slice(bytes, at, at + 4), (struct text){mark, 4});
}

static int no_archive(struct error *err, const char *why)
{
    return error_set(err, ERROR_INVALID, "The ZIP archive is damaged: %s.", why);
}

/* The end record is the last thing but a comment, whose length it knows. */
static int find_end(struct text archive, size_t *out, struct error *err)
{
    if (archive.len < END_BYTES)
        return no_archive(err, "it is too short");
    size_t last = archive.len - END_BYTES;
    size_t first = last > COMMENT_MAX ? last - COMMENT_MAX : 0;
    for (size_t at = last + 1; at-- > first;) {
        if (has_mark(archive, at, "PK\5\6") && number(archive, at + 20, 2) == last - at) {
            *out = at;
            return 0;
        }
    }
    return no_archive(err, "it has no end record");
}

static int find_directory(struct text archive, struct text *out, size_t *out_entries,
                          struct error *err)
{
    size_t end = 0;
    if (find_end(archive, &end, err) != 0)
        return -1;
    uint64_t entries = number(archive, end + 10, 2);
    uint64_t size = number(archive, end + 12, 4);
    uint64_t offset = number(archive, end + 16, 4);
    if (entries >= MANY_ENTRIES)
        return no_archive(err, "it has too many files");
    if (size > end || offset > end - size)
        return no_archive(err, "its directory is not where the end record says");
    *out = text_slice(archive, offset, offset + size);
    *out_entries = entries;
    return 0;
}

/* The size of an entry that does not fit into 32 bits is the first of its ZIP64 field. */
static int large_size(struct text extra, uint64_t *out, struct error *err)
{
    while (extra.len >= EXTRA_HEADER_BYTES) {
        uint64_t kind = number(extra, 0, 2);
        uint64_t length = number(extra, 2, 2);
        if (length > extra.len - EXTRA_HEADER_BYTES)
            break;
        if (kind == ZIP64_SIZES && length >= 8) {
            *out = number(extra, EXTRA_HEADER_BYTES, 8);
            return 0;
        }
        extra = text_slice(extra, EXTRA_HEADER_BYTES + length, extra.len);
    }
    return no_archive(err, "a file has no size");
}

/* Takes the first entry off the directory. */
static int take_entry(struct text *directory, uint64_t *out_size, struct error *err)
{
    if (directory->len < ENTRY_BYTES || !has_mark(*directory, 0, "PK\1\2"))
        return no_archive(err, "its directory is cut");
    uint64_t size = number(*directory, 24, 4);
    size_t name = number(*directory, 28, 2);
    size_t extra = number(*directory, 30, 2);
    size_t comment = number(*directory, 32, 2);
    size_t whole = ENTRY_BYTES + name + extra + comment;
    if (whole > directory->len)
        return no_archive(err, "its directory is cut");
    size_t extra_at = ENTRY_BYTES + name;
    if (size == size_is_elsewhere &&
        large_size(text_slice(*directory, extra_at, extra_at + extra), &size, err) != 0)
        return -1;
    *directory = text_slice(*directory, whole, directory->len);
    *out_size = size;
    return 0;
}

int zip_unpacked_bytes(struct text archive, uint64_t *out, struct error *err)
{
    struct text directory = TEXT("");
    size_t entries = 0;
    uint64_t sum = 0, size = 0;
    if (find_directory(archive, &directory, &entries, err) != 0)
        return -1;
    for (size_t i = 0; i < entries; i++) {
        if (take_entry(&directory, &size, err) != 0)
            return -1;
        sum = size > UINT64_MAX - sum ? UINT64_MAX : sum + size;
    }
    if (directory.len > 0)
        return no_archive(err, "its directory has more than the end record says");
    *out = sum;
    return 0;
}
