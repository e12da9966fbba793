/*
 * thumbnail_private.h - how the files of this folder work together.
 *
 *   start.c      libvips set up for hostile input      inspect*.c  headers against limits
 *   plan.c       sizes, and what is made from what     decode.c    named loaders, scaled decoding
 *   shrink.c     resampling                            colour.c    to 8-bit sRGB or grey
 *   render.c     thumbnail_render(): the recipe        encode.c    bytes of one rendition
 *
 * Images are VipsImage references; whoever gets one through out_x unrefs it.
 */
#ifndef ONPUT_THUMBNAIL_PRIVATE_H
#define ONPUT_THUMBNAIL_PRIVATE_H

#include <vips/vips.h>

#include "onput/buffer.h"
#include "onput/thumbnail.h"

#define AUTO_IMAGE __attribute__((cleanup(image_cleanup)))
void image_cleanup(VipsImage **image);

/* vips_error.c: "<what>: <what libvips says>", and the global error buffer is empty again. */
int vips_failed(struct error *err, enum error_code code, const char *what);

/* plan.c */
struct size {
    uint32_t width;
    uint32_t height;
};

enum { PLAN_MASTER = -1 };

struct plan_step {
    uint32_t index;     /* of the rendition */
    int base;           /* the earlier step that it is made from, or PLAN_MASTER */
    bool is_base;       /* a later step is made from it */
    struct size scaled; /* the whole picture, upright */
    struct size out;    /* after cropping; no side exceeds that of scaled */
};

struct plan {
    struct size master; /* what is decoded; not larger than the source */
    uint32_t step_count;
    struct plan_step steps[RENDITION_MAX]; /* largest first */
};

/* `formats` are those of the outputs, one per rendition. All sizes are upright. */
MUST_CHECK int plan_make(const struct render_job *job, const enum image_format formats[],
                         struct size source, struct plan *out, struct error *err);
/* How far a JPEG decoder may shrink so that at least twice `wanted` is left: 1, 2, 4 or 8. */
int plan_jpeg_shrink(struct size source, struct size wanted);

/*
 * jpeg_splice.c: the same progressive JPEG without what does not show at an eighth of its size.
 * False when it is no such JPEG or is not whole; then `out` is empty.
 */
bool jpeg_splice(struct text jpeg, struct buffer *out);

/* decode.c: opened, with only the headers read. */
struct source {
    struct text input;
    enum image_format format;
    VipsImage *image;
    struct size size; /* as stored */
    int orientation;  /* 1..8; 1 when the loader turns the picture itself */
    bool has_alpha;
    bool progressive;
    struct buffer spliced; /* what `input` is replaced by; images may read from it */
};
MUST_CHECK int source_open(struct text input, const struct image_header *header,
                           const struct image_limits *limits, struct source *out,
                           struct error *err);
void source_release(struct source *s);
struct size source_upright(const struct source *s);
/* Pixels at least twice as large as `wanted` (as stored), or all; top to bottom, only once. */
MUST_CHECK int source_pixels(struct source *s, struct size wanted, VipsImage **out,
                             struct error *err);
MUST_CHECK int image_load(struct text input, enum image_format format, VipsImage **out);

/*
 * shrink.c: the part `window` of what `in` is when it is resized to `whole`, in memory. `in` has 8
 * bits and at most 4 bands; it is read once, from top to bottom.
 */
struct window {
    uint32_t left;
    uint32_t top;
    struct size size;
};
MUST_CHECK int image_resize(VipsImage *in, struct size whole, struct window window,
                            VipsImage **out);

/* icc.c: pure. */
enum icc_space { ICC_OTHER, ICC_GREY, ICC_RGB, ICC_CMYK };
struct icc_info {
    enum icc_space space;
    bool is_srgb; /* converting to sRGB would change nothing that can be seen */
};
struct icc_info icc_inspect(struct text profile);

/* colour.c: first 8 bits and at most 4 bands, row by row; later grey or sRGB. Alpha stays. */
MUST_CHECK int image_to_eight_bits(VipsImage *in, VipsImage **out);
MUST_CHECK int image_to_srgb(VipsImage *in, VipsImage **out);
bool image_has_profile(VipsImage *image);

/* exif.c */
enum { EXIF_RIGHTS_BYTES = 2048 };
struct exif_rights {
    char artist[EXIF_RIGHTS_BYTES]; /* "" when there is none */
    char copyright[EXIF_RIGHTS_BYTES];
};
void exif_read_rights(struct text exif, struct exif_rights *out);
/* A minimal EXIF block that holds nothing but the rights. Its length; 0 when there are none. */
enum { EXIF_BLOCK_BYTES = 2 * EXIF_RIGHTS_BYTES + 64 };
size_t exif_write_rights(const struct exif_rights *rights, uint8_t out[EXIF_BLOCK_BYTES]);

/* encode.c */
struct encode_options {
    enum image_format format;
    uint32_t quality;  /* 0: the format's default */
    bool with_profile; /* embed an sRGB profile */
    const struct exif_rights *rights_or_null;
};
/* `out_bytes` are the caller's, to be freed with g_free(). */
MUST_CHECK int image_encode(VipsImage *in, const struct encode_options *options, void **out_bytes,
                            size_t *out_len, struct error *err);
bool encode_is_possible(enum image_format format);
uint32_t encode_max_edge(enum image_format format);

/* warm_up_images.c: one small picture per format and coding. */
struct warm_up_image {
    enum image_format format;
    const uint8_t *bytes;
    size_t len;
};
extern const struct warm_up_image warm_up_images[];
extern const size_t warm_up_image_count;

#endif
