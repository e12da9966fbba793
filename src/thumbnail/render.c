/*
 * render.c - one job: check, decode once, make every rendition, put the bytes into the output.
 */
#include <sys/resource.h>

#include "onput/attributes.h"
#include "onput/clock.h"
#include "thumbnail_private.h"

struct render {
    const struct render_job *job;
    struct source source;
    enum image_format formats[RENDITION_MAX];
    struct plan plan;
    VipsImage *master; /* upright, 8 bits, no metadata */
    bool had_profile;
    struct exif_rights rights;
    VipsImage *pictures[RENDITION_MAX]; /* by step: whole pictures that later steps need */
    uint8_t *output;
    size_t capacity;
    size_t used;
};

static void render_release(struct render *r)
{
    source_release(&r->source);
    g_clear_object(&r->master);
    for (size_t i = 0; i < ARRAY_LEN(r->pictures); i++)
        g_clear_object(&r->pictures[i]);
}

/* What "same as the source" means for this source. */
static enum image_format output_format(enum image_format wanted, const struct source *s)
{
    if (wanted != IMAGE_FORMAT_SOURCE)
        return wanted;
    switch (s->format) {
    case IMAGE_FORMAT_JPEG:
    case IMAGE_FORMAT_PNG:
    case IMAGE_FORMAT_WEBP:
    case IMAGE_FORMAT_AVIF:
        return s->format;
    case IMAGE_FORMAT_GIF:
        return IMAGE_FORMAT_PNG;
    case IMAGE_FORMAT_TIFF:
    case IMAGE_FORMAT_HEIC:
    case IMAGE_FORMAT_SOURCE:
    case IMAGE_FORMAT_COUNT:
        break;
    }
    return s->has_alpha ? IMAGE_FORMAT_PNG : IMAGE_FORMAT_JPEG;
}

static int choose_formats(struct render *r, struct error *err)
{
    for (uint32_t i = 0; i < r->job->rendition_count; i++) {
        r->formats[i] = output_format(r->job->renditions[i].format, &r->source);
        if (!encode_is_possible(r->formats[i]))
            return error_set(err, ERROR_UNSUPPORTED,
                             "Rendition \"%s\" cannot be written as %s by this libvips.",
                             r->job->renditions[i].name, image_format_name(r->formats[i]));
    }
    return 0;
}

static void *remember_name(VipsImage *image, const char *name, GValue *value, void *names)
{
    (void)image;
    (void)value;
    g_ptr_array_add(names, g_strdup(name));
    return NULL;
}

/* Takes what may be kept out of the metadata and drops all of it. */
static void strip_metadata(struct render *r, VipsImage *image)
{
    const void *data;
    size_t len;
    r->had_profile = image_has_profile(image);
    if (vips_image_get_typeof(image, VIPS_META_EXIF_NAME) &&
        vips_image_get_blob(image, VIPS_META_EXIF_NAME, &data, &len) == 0)
        exif_read_rights((struct text){data, len}, &r->rights);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    vips_image_map(image, remember_name, names);
    for (guint i = 0; i < names->len; i++)
        vips_image_remove(image, g_ptr_array_index(names, i));
    g_ptr_array_unref(names);
}

/* Orientation and colours cost least on the small picture. */
static int finish_master(VipsImage *small, int orientation, VipsImage **out)
{
    AUTO_IMAGE VipsImage *screen = NULL, *upright = NULL;
    if (image_to_srgb(small, &screen) != 0)
        return -1;
    vips_image_set_int(screen, VIPS_META_ORIENTATION, orientation);
    if (vips_autorot(screen, &upright, NULL) != 0)
        return -1;
    *out = vips_image_copy_memory(upright);
    return *out ? 0 : -1;
}

static int shrink_source(VipsImage *pixels, struct size wanted, VipsImage **out)
{
    AUTO_IMAGE VipsImage *eight = NULL;
    if (image_to_eight_bits(pixels, &eight) != 0)
        return -1;
    return image_resize(eight, wanted, (struct window){.size = wanted}, out);
}

static int decode_master(struct render *r, struct error *err)
{
    AUTO_IMAGE VipsImage *pixels = NULL, *small = NULL, *finished = NULL;
    struct size wanted = r->plan.master;
    if (r->source.orientation >= 5)
        wanted = (struct size){r->plan.master.height, r->plan.master.width};
    if (source_pixels(&r->source, wanted, &pixels, err) != 0)
        return -1;
    if (shrink_source(pixels, wanted, &small) != 0)
        return vips_failed(err, ERROR_INVALID, "The picture is broken or truncated");
    if (finish_master(small, r->source.orientation, &finished) != 0 ||
        vips_copy(finished, &r->master, NULL) != 0)
        return vips_failed(err, ERROR_INTERNAL, "The picture's colours cannot be converted");
    strip_metadata(r, r->master);
    return 0;
}

static bool is_smart(enum rendition_gravity gravity)
{
    return gravity == RENDITION_GRAVITY_ATTENTION || gravity == RENDITION_GRAVITY_ENTROPY;
}

/* What is cut out of `scaled` when nobody needs to look at the pixels. */
static struct window window_of(const struct plan_step *step, enum rendition_gravity gravity)
{
    uint32_t spare_x = step->scaled.width - step->out.width;
    uint32_t spare_y = step->scaled.height - step->out.height;
    struct window w = {.left = spare_x / 2, .top = spare_y / 2, .size = step->out};
    if (gravity == RENDITION_GRAVITY_NORTH)
        w.top = 0;
    else if (gravity == RENDITION_GRAVITY_SOUTH)
        w.top = spare_y;
    else if (gravity == RENDITION_GRAVITY_WEST)
        w.left = 0;
    else if (gravity == RENDITION_GRAVITY_EAST)
        w.left = spare_x;
    return w;
}

static int flatten(VipsImage *in, uint32_t colour, VipsImage **out)
{
    double rgb[3] = {colour >> 16 & 255, colour >> 8 & 255, colour & 255};
    AUTO_IMAGE VipsImage *coloured = NULL;
    if (vips_colourspace(in, &coloured, VIPS_INTERPRETATION_sRGB, NULL) != 0)
        return -1;
    VipsArrayDouble *background = vips_array_double_new(rgb, 3);
    int rc = vips_flatten(coloured, out, "background", background, NULL);
    vips_area_unref(VIPS_AREA(background));
    return rc;
}

/*
 * Where libvips would cut. It looks at an opaque copy: with alpha its histograms take 64 MiB. The
 * offset of what it cut out says where that was.
 */
static int find_window(VipsImage *in, enum rendition_gravity gravity, struct window *w)
{
    AUTO_IMAGE VipsImage *opaque = NULL, *found = NULL;
    if (!vips_image_hasalpha(in))
        opaque = g_object_ref(in);
    else if (flatten(in, 0, &opaque) != 0)
        return -1;
    if (vips_smartcrop(opaque, &found, (int)w->size.width, (int)w->size.height, "interesting",
                       gravity == RENDITION_GRAVITY_ENTROPY ? VIPS_INTERESTING_ENTROPY
                                                            : VIPS_INTERESTING_ATTENTION,
                       NULL) != 0)
        return -1;
    w->left = (uint32_t)VIPS_CLIP(0, -found->Xoffset, in->Xsize - (int)w->size.width);
    w->top = (uint32_t)VIPS_CLIP(0, -found->Yoffset, in->Ysize - (int)w->size.height);
    return 0;
}

static int crop(VipsImage *in, const struct plan_step *step, enum rendition_gravity gravity,
                VipsImage **out)
{
    struct window w = window_of(step, gravity);
    bool is_whole = (uint32_t)in->Xsize == w.size.width && (uint32_t)in->Ysize == w.size.height;
    if (is_smart(gravity) && !is_whole && find_window(in, gravity, &w) != 0)
        return -1;
    return vips_extract_area(in, out, (int)w.left, (int)w.top, (int)w.size.width,
                             (int)w.size.height, NULL);
}

/* `base` resized to `part` of `whole`; shared when that is what it is. */
static int resize(VipsImage *base, struct size whole, struct window part, VipsImage **out)
{
    bool is_same = (uint32_t)base->Xsize == whole.width && (uint32_t)base->Ysize == whole.height;
    if (!is_same)
        return image_resize(base, whole, part, out);
    return vips_extract_area(base, out, (int)part.left, (int)part.top, (int)part.size.width,
                             (int)part.size.height, NULL);
}

static int store(struct render *r, const struct rendition *wanted, void *bytes, size_t len,
                 struct error *err)
{
    if (len > r->job->limits.max_output_bytes - r->used)
        return error_set(err, ERROR_LIMIT,
                         "Rendition \"%s\" makes the output larger than max_output_bytes allows.",
                         wanted->name);
    if (len > r->capacity - r->used)
        return error_set(err, ERROR_LIMIT,
                         "Rendition \"%s\" does not fit into the rest of the output of %zu bytes.",
                         wanted->name, r->capacity);
    memcpy(r->output + r->used, bytes, len);
    r->used += len;
    return 0;
}

static int encode_step(struct render *r, const struct plan_step *step, VipsImage *picture,
                       struct render_output *out, struct error *err)
{
    const struct rendition *wanted = &r->job->renditions[step->index];
    struct encode_options options = {
        .format = r->formats[step->index],
        .quality = wanted->quality,
        /* It is a profile for colours: a grey picture has no use for it. */
        .with_profile = wanted->keep & RENDITION_KEEP_ICC && r->had_profile && picture->Bands >= 3,
        .rights_or_null = wanted->keep & RENDITION_KEEP_COPYRIGHT ? &r->rights : NULL,
    };
    void *bytes;
    size_t len, offset = r->used;
    if (image_encode(picture, &options, &bytes, &len, err) != 0)
        return -1;
    int rc = store(r, wanted, bytes, len, err);
    g_free(bytes);
    if (rc == 0)
        *out = (struct render_output){
            .offset = offset,
            .bytes = len,
            .width = (uint32_t)picture->Xsize,
            .height = (uint32_t)picture->Ysize,
            .format = options.format,
        };
    return rc;
}

/* The rendition's pixels. A whole picture is only made where somebody needs what is cut off. */
static int make_picture(struct render *r, uint32_t i, VipsImage **out)
{
    const struct plan_step *step = &r->plan.steps[i];
    const struct rendition *wanted = &r->job->renditions[step->index];
    VipsImage *base = step->base == PLAN_MASTER ? r->master : r->pictures[step->base];
    if (!step->is_base && !is_smart(wanted->gravity))
        return resize(base, step->scaled, window_of(step, wanted->gravity), out);
    AUTO_IMAGE VipsImage *whole = NULL;
    if (resize(base, step->scaled, (struct window){.size = step->scaled}, &whole) != 0)
        return -1;
    if (step->is_base)
        r->pictures[i] = g_object_ref(whole);
    return crop(whole, step, wanted->gravity, out);
}

static int run_step(struct render *r, uint32_t i, struct render_output *out, struct error *err)
{
    const struct plan_step *step = &r->plan.steps[i];
    AUTO_IMAGE VipsImage *picture = NULL, *opaque = NULL;
    if (make_picture(r, i, &picture) != 0)
        return vips_failed(err, ERROR_INTERNAL, "The rendition cannot be resized");
    if (r->formats[step->index] != IMAGE_FORMAT_JPEG || !vips_image_hasalpha(picture))
        return encode_step(r, step, picture, out, err);
    if (flatten(picture, r->job->renditions[step->index].background, &opaque) != 0)
        return vips_failed(err, ERROR_INTERNAL, "The rendition cannot be made opaque");
    return encode_step(r, step, opaque, out, err);
}

static void describe_source(const struct render *r, const struct image_header *header,
                            struct render_result *out)
{
    struct size upright = source_upright(&r->source);
    out->source_format = header->format;
    out->source_width = upright.width;
    out->source_height = upright.height;
    out->source_frames = header->frames;
    out->source_orientation = (uint32_t)r->source.orientation;
}

static int run(struct render *r, struct text input, struct render_result *out, struct error *err)
{
    struct image_header header;
    int64_t start_ns = clock_now_ns();
    if (image_inspect(input, &r->job->limits, &header, err) != 0 ||
        source_open(input, &header, &r->job->limits, &r->source, err) != 0)
        return -1;
    describe_source(r, &header, out);
    if (choose_formats(r, err) != 0 ||
        plan_make(r->job, r->formats, source_upright(&r->source), &r->plan, err) != 0 ||
        decode_master(r, err) != 0)
        return -1;
    source_release(&r->source);
    int64_t decoded_ns = clock_now_ns();
    for (uint32_t i = 0; i < r->plan.step_count; i++) {
        if (run_step(r, i, &out->outputs[r->plan.steps[i].index], err) != 0)
            return -1;
    }
    out->output_count = r->job->rendition_count;
    out->decode_us = (uint64_t)(decoded_ns - start_ns) / 1000;
    out->encode_us = (uint64_t)(clock_now_ns() - decoded_ns) / 1000;
    return 0;
}

static uint64_t peak_rss_bytes(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? 1024 * (uint64_t)usage.ru_maxrss : 0;
}

int thumbnail_render(const struct render_job *job, struct text input, uint8_t *output,
                     size_t capacity, struct render_result *out, struct error *err)
{
    struct render r = {.job = job, .output = output, .capacity = capacity};
    struct render_result result = {.id = job->id};
    BUG_ON(job->rendition_count > RENDITION_MAX);
    int rc = run(&r, input, &result, err);
    render_release(&r);
    vips_error_clear();
    if (rc != 0) {
        *out = (struct render_result){.id = job->id, .code = err->code};
        snprintf(out->message, sizeof(out->message), "%.*s", (int)sizeof(out->message) - 1,
                 err->message);
        return -1;
    }
    result.peak_rss_bytes = peak_rss_bytes();
    *out = result;
    return 0;
}
