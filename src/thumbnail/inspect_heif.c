/*
 * inspect_heif.c - walks the boxes of an AVIF or HEIC file: brands, primary item, sizes.
 *
 * meta > pitm names the primary item, meta > iprp > ipma which properties it has, and
 * meta > iprp > ipco holds these; `ispe` is the one with a size. Sizes of all items count against
 * the limits, because a decoder may also decode alpha planes and tiles.
 */
#include "inspect_private.h"

#include "bytes.h"

enum { BOX_BYTES = 8, BOX_LARGE_BYTES = 16, FULL_BOX_BYTES = 4, BRANDS_MAX = 64 };

/* Cuts the next box from *rest. False at the end, or when the rest is no box. */
static bool next_box(struct text *rest, struct text *out_type, struct text *out_body)
{
    uint64_t size = be32_at(*rest, 0), head = BOX_BYTES;
    if (rest->len < BOX_BYTES)
        return false;
    if (size == 1) {
        size = (uint64_t)be32_at(*rest, 8) << 32 | be32_at(*rest, 12);
        head = BOX_LARGE_BYTES;
    } else if (size == 0) {
        size = rest->len;
    }
    if (size < head || size > rest->len)
        return false;
    *out_type = text_slice(*rest, 4, 8);
    *out_body = text_slice(*rest, head, size);
    *rest = text_slice(*rest, size, rest->len);
    return true;
}

/* The body of the first box of this type; false when there is none. */
static bool find_box(struct text boxes, const char *type, struct text *out_body)
{
    struct text name;
    while (next_box(&boxes, &name, out_body)) {
        if (text_is(name, type))
            return true;
    }
    return false;
}

enum image_format heif_brand(struct text bytes)
{
    struct text type, body;
    bool hevc = false;
    if (!next_box(&bytes, &type, &body) || !text_is(type, "ftyp"))
        return IMAGE_FORMAT_SOURCE;
    for (size_t at = 0; at + 4 <= body.len && at < 4 * BRANDS_MAX; at += at == 0 ? 8 : 4) {
        struct text brand = text_slice(body, at, at + 4);
        if (text_is(brand, "avif") || text_is(brand, "avis"))
            return IMAGE_FORMAT_AVIF;
        hevc |= text_is(brand, "heic") || text_is(brand, "heix") || text_is(brand, "mif1") ||
                text_is(brand, "heim") || text_is(brand, "heis") || text_is(brand, "hevc");
    }
    return hevc ? IMAGE_FORMAT_HEIC : IMAGE_FORMAT_SOURCE;
}

static uint32_t primary_item(struct text meta)
{
    struct text body;
    if (!find_box(meta, "pitm", &body))
        return 0;
    return byte_at(body, 0) == 0 ? be16_at(body, 4) : be32_at(body, 4);
}

/* Takes the size of property number `index` (from 1) if it has one. */
static void use_property(struct text properties, uint32_t index, struct image_header *h)
{
    struct text type, body;
    for (uint32_t i = 1; i <= index && next_box(&properties, &type, &body); i++) {
        if (i == index && text_is(type, "ispe")) {
            h->width = be32_at(body, 4);
            h->height = be32_at(body, 8);
        }
    }
}

/* Goes through the associations of items with properties, looking for those of `item`. */
static void use_associations(struct text ipma, struct text properties, uint32_t item,
                             struct image_header *h)
{
    uint32_t entries = be32_at(ipma, 4);
    bool wide_ids = byte_at(ipma, 0) >= 1, wide_indices = byte_at(ipma, 3) & 1;
    size_t at = 8;
    for (uint32_t i = 0; i < entries && at < ipma.len; i++) {
        uint32_t id = wide_ids ? be32_at(ipma, at) : be16_at(ipma, at);
        at += wide_ids ? 4 : 2;
        uint32_t count = byte_at(ipma, at++);
        for (uint32_t k = 0; k < count && at < ipma.len; k++, at += wide_indices ? 2 : 1) {
            if (id == item)
                use_property(properties,
                             wide_indices ? be16_at(ipma, at) & 0x7fff : byte_at(ipma, at) & 0x7f,
                             h);
        }
        if (id == item)
            return;
    }
}

int inspect_heif(struct text bytes, struct image_walk *walk, struct error *err)
{
    const char *name = image_format_name(walk->header.format);
    struct text meta, iprp, properties, ipma, type, body;
    if (!find_box(bytes, "meta", &meta))
        return error_set(err, ERROR_INVALID, "The %s file has no still picture.", name);
    meta = text_slice(meta, FULL_BOX_BYTES, meta.len);
    if (!find_box(meta, "iprp", &iprp) || !find_box(iprp, "ipco", &properties) ||
        !find_box(iprp, "ipma", &ipma))
        return error_set(err, ERROR_INVALID, "The %s file does not say how large it is.", name);
    use_associations(ipma, properties, primary_item(meta), &walk->header);
    while (next_box(&properties, &type, &body)) {
        if (text_is(type, "ispe"))
            image_walk_include(walk, be32_at(body, 4), be32_at(body, 8));
    }
    walk->frame_bytes = 4 * (uint64_t)walk->header.width * walk->header.height;
    return 0;
}
