/*
 * exif.c - copyright and artist, out of one EXIF block and into a fresh one.
 *
 * Only these two texts cross; a block is never edited, so nothing else (position, serial numbers,
 * the embedded preview) can slip through.
 */
#include "bytes.h"
#include "thumbnail_private.h"

enum {
    TAG_ARTIST = 0x013b,
    TAG_COPYRIGHT = 0x8298,
    TYPE_ASCII = 2,
    TIFF_HEADER_BYTES = 8,
    ENTRY_BYTES = 12,
    ENTRIES_MAX = 1000,
};

static uint32_t u16(struct text t, bool little, size_t at)
{
    return little ? le16_at(t, at) : be16_at(t, at);
}

static uint32_t u32(struct text t, bool little, size_t at)
{
    return little ? le32_at(t, at) : be32_at(t, at);
}

/* Copies a text value; short ones lie in the entry itself. Cut at the first NUL. */
static void copy_value(struct text tiff, bool little, size_t entry, char out[EXIF_RIGHTS_BYTES])
{
    uint32_t count = u32(tiff, little, entry + 4);
    size_t at = count <= 4 ? entry + 8 : u32(tiff, little, entry + 8);
    struct text value = text_slice(tiff, at, at + count);
    size_t len = strnlen(value.ptr, value.len);
    if (len >= EXIF_RIGHTS_BYTES)
        len = EXIF_RIGHTS_BYTES - 1;
    memcpy(out, value.ptr, len);
    out[len] = '\0';
}

void exif_read_rights(struct text exif, struct exif_rights *out)
{
    *out = (struct exif_rights){0};
    if (bytes_are(exif, 0, "Exif\0\0", 6))
        exif = text_slice(exif, 6, exif.len);
    bool little = byte_at(exif, 0) == 'I';
    if (!bytes_are(exif, 0, little ? "II*\0" : "MM\0*", 4))
        return;
    size_t at = u32(exif, little, 4);
    uint32_t entries = u16(exif, little, at);
    for (uint32_t i = 0; i < entries && i < ENTRIES_MAX; i++) {
        size_t entry = at + 2 + ENTRY_BYTES * (size_t)i;
        if (u16(exif, little, entry + 2) != TYPE_ASCII)
            continue;
        if (u16(exif, little, entry) == TAG_ARTIST)
            copy_value(exif, little, entry, out->artist);
        else if (u16(exif, little, entry) == TAG_COPYRIGHT)
            copy_value(exif, little, entry, out->copyright);
    }
}

static void put_u16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put_u32(uint8_t *at, uint32_t value)
{
    put_u16(at, value >> 16);
    put_u16(at + 2, value & 0xffff);
}

/* Writes one text entry at *entry and its value at *value. Both move on. */
static void put_text(uint8_t *tiff, size_t *entry, size_t *value, uint32_t tag, const char *text)
{
    size_t count = strlen(text) + 1;
    if (count == 1)
        return;
    put_u16(tiff + *entry, tag);
    put_u16(tiff + *entry + 2, TYPE_ASCII);
    put_u32(tiff + *entry + 4, (uint32_t)count);
    if (count <= 4) {
        memcpy(tiff + *entry + 8, text, count);
    } else {
        put_u32(tiff + *entry + 8, (uint32_t)*value);
        memcpy(tiff + *value, text, count);
        *value += count + (count & 1);
    }
    *entry += ENTRY_BYTES;
}

size_t exif_write_rights(const struct exif_rights *rights, uint8_t out[EXIF_BLOCK_BYTES])
{
    uint32_t count = (rights->artist[0] != '\0') + (rights->copyright[0] != '\0');
    uint8_t *tiff = out + 6;
    size_t entry = TIFF_HEADER_BYTES + 2, value = entry + ENTRY_BYTES * count + 4;
    if (count == 0)
        return 0;
    memset(out, 0, EXIF_BLOCK_BYTES);
    memcpy(out, "Exif\0\0MM\0*\0\0\0\x08", 14);
    put_u16(tiff + TIFF_HEADER_BYTES, count);
    put_text(tiff, &entry, &value, TAG_ARTIST, rights->artist);
    put_text(tiff, &entry, &value, TAG_COPYRIGHT, rights->copyright);
    return 6 + value;
}
