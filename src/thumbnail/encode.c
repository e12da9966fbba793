/*
 * encode.c - one rendition's pixels to bytes, by format. Metadata go in only when asked for.
 *
 * Settings are the knee of size against time: Huffman tables made to measure for JPEG, WebP effort
 * 2, AVIF speed 8.
 */
#include "thumbnail_private.h"

#include "onput/attributes.h"

enum {
    JPEG_QUALITY = 80,
    WEBP_QUALITY = 80,
    AVIF_QUALITY = 60,
    WEBP_EFFORT = 2,
    AVIF_EFFORT = 1,
    PNG_COMPRESSION = 6,
    /* Below this many pixels a progressive JPEG is larger than a plain one. */
    PROGRESSIVE_MIN_PIXELS = 128 * 128,
};

struct encoding {
    VipsImage *image;
    int quality;
    gboolean strip;
    void *bytes;
    size_t len;
};

static int encode_jpeg(struct encoding *e)
{
    gboolean progressive = (int64_t)e->image->Xsize * e->image->Ysize >= PROGRESSIVE_MIN_PIXELS;
    return vips_jpegsave_buffer(e->image, &e->bytes, &e->len, "Q", e->quality, "optimize_coding",
                                TRUE, "interlace", progressive, "strip", e->strip, NULL);
}

static int encode_png(struct encoding *e)
{
    return vips_pngsave_buffer(e->image, &e->bytes, &e->len, "compression", PNG_COMPRESSION,
                               "strip", e->strip, NULL);
}

static int encode_webp(struct encoding *e)
{
    return vips_webpsave_buffer(e->image, &e->bytes, &e->len, "Q", e->quality, "effort",
                                WEBP_EFFORT, "strip", e->strip, NULL);
}

static int encode_avif(struct encoding *e)
{
    return vips_heifsave_buffer(e->image, &e->bytes, &e->len, "Q", e->quality, "effort",
                                AVIF_EFFORT, "compression", VIPS_FOREIGN_HEIF_COMPRESSION_AV1,
                                "bitdepth", 8, "strip", e->strip, NULL);
}

struct encoder {
    int (*encode)(struct encoding *e);
    const char *operation; /* of libvips */
    int quality;
    uint32_t max_edge;
};

static const struct encoder encoders[IMAGE_FORMAT_COUNT] = {
    [IMAGE_FORMAT_JPEG] = {encode_jpeg, "jpegsave_buffer", JPEG_QUALITY, RENDITION_MAX_EDGE},
    [IMAGE_FORMAT_PNG] = {encode_png, "pngsave_buffer", 0, RENDITION_MAX_EDGE},
    [IMAGE_FORMAT_WEBP] = {encode_webp, "webpsave_buffer", WEBP_QUALITY, 16383},
    [IMAGE_FORMAT_AVIF] = {encode_avif, "heifsave_buffer", AVIF_QUALITY, RENDITION_MAX_EDGE},
};

bool encode_is_possible(enum image_format format)
{
    const struct encoder *encoder = &encoders[format];
    return encoder->encode && vips_type_find("VipsForeignSave", encoder->operation) != 0;
}

uint32_t encode_max_edge(enum image_format format)
{
    return encoders[format].max_edge;
}

static uint32_t chunk_bytes(const uint8_t *webp, size_t at)
{
    const uint8_t *size = webp + at + 4;
    return size[0] | (uint32_t)size[1] << 8 | (uint32_t)size[2] << 16 | (uint32_t)size[3] << 24;
}

static void set_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/*
 * libvips 8.14 puts a block of its own into a WebP even when told not to. Takes it out of what our
 * own encoder has just made; returns the new length.
 */
static size_t webp_drop_exif(uint8_t *webp, size_t len)
{
    enum { RIFF_BYTES = 12, CHUNK_HEAD = 8, FLAGS_AT = 20, FLAG_EXIF = 8 };
    size_t at = RIFF_BYTES;
    while (at + CHUNK_HEAD <= len) {
        size_t size = CHUNK_HEAD + (size_t)chunk_bytes(webp, at) + (chunk_bytes(webp, at) & 1);
        if (size > len - at)
            break;
        if (memcmp(webp + at, "EXIF", 4) == 0) {
            memmove(webp + at, webp + at + size, len - at - size);
            len -= size;
        } else {
            at += size;
        }
    }
    if (memcmp(webp + RIFF_BYTES, "VP8X", 4) == 0)
        webp[FLAGS_AT] &= (uint8_t)~FLAG_EXIF;
    set_u32(webp + 4, (uint32_t)len - CHUNK_HEAD);
    return len;
}

/* The savers take all metadata of the image or none. With any, some add their own resolution. */
static int attach_metadata(const struct encode_options *options, VipsImage *image)
{
    uint8_t exif[EXIF_BLOCK_BYTES];
    size_t len = options->rights_or_null ? exif_write_rights(options->rights_or_null, exif) : 0;
    if (len > 0)
        vips_image_set_blob_copy(image, VIPS_META_EXIF_NAME, exif, len);
    if (options->with_profile) {
        VipsBlob *profile = NULL;
        if (vips_profile_load("srgb", &profile, NULL) != 0)
            return -1;
        vips_image_set_blob_copy(image, VIPS_META_ICC_NAME, VIPS_AREA(profile)->data,
                                 VIPS_AREA(profile)->length);
        vips_area_unref(VIPS_AREA(profile));
    }
    return 0;
}

int image_encode(VipsImage *in, const struct encode_options *options, void **out_bytes,
                 size_t *out_len, struct error *err)
{
    const struct encoder *encoder = &encoders[options->format];
    AUTO_IMAGE VipsImage *image = NULL;
    struct encoding e = {
        .quality = options->quality ? (int)options->quality : encoder->quality,
    };
    BUG_ON(!encoder->encode);
    if (vips_copy(in, &image, NULL) != 0 || attach_metadata(options, image) != 0)
        return vips_failed(err, ERROR_INTERNAL, "The rendition cannot be prepared");
    e.image = image;
    e.strip = vips_image_get_typeof(image, VIPS_META_EXIF_NAME) == 0 && !options->with_profile;
    if (encoder->encode(&e) != 0)
        return vips_failed(err, ERROR_INTERNAL, "The rendition cannot be encoded");
    if (options->format == IMAGE_FORMAT_WEBP && !options->rights_or_null)
        e.len = webp_drop_exif(e.bytes, e.len);
    *out_bytes = e.bytes;
    *out_len = e.len;
    return 0;
}
