/* test_render.c - thumbnail_render() over every sample picture and every output format. */
#include <math.h>

#include "onput/clock.h"
#include "pictures.h"
#include "support/test.h"
#include "thumbnail_private.h"

enum { OUTPUT_BYTES = 4 << 20, HOSTILE_DEADLINE_MS = 2000 };

struct canvas {
    uint8_t *output;
    struct render_job job;
    struct render_result result;
    struct error err;
};

static void canvas_init(struct canvas *c)
{
    *c = (struct canvas){.output = xmalloc(OUTPUT_BYTES)};
    c->job.id = 7;
    c->job.limits = image_limits_default();
}

static struct rendition *canvas_add(struct canvas *c, enum image_format format, uint32_t edge)
{
    struct rendition *r = &c->job.renditions[c->job.rendition_count++];
    *r = (struct rendition){
        .name = "test", .width = edge, .height = edge, .format = format, .background = 0xffffff};
    return r;
}

static int canvas_render(struct canvas *c, const char *path)
{
    struct text bytes = picture_read(path);
    c->err = (struct error){0};
    int rc = thumbnail_render(&c->job, bytes, c->output, OUTPUT_BYTES, &c->result, &c->err);
    picture_free(bytes);
    return rc;
}

static struct text output_bytes(const struct canvas *c, uint32_t i)
{
    const struct render_output *o = &c->result.outputs[i];
    return (struct text){(const char *)c->output + o->offset, o->bytes};
}

/* What output `i` decodes to. Borrows the canvas. */
static VipsImage *output_image(const struct canvas *c, uint32_t i)
{
    VipsImage *loaded = NULL;
    assert_int_equal(image_load(output_bytes(c, i), c->result.outputs[i].format, &loaded), 0);
    VipsImage *pixels = vips_image_copy_memory(loaded);
    assert_non_null(pixels);
    g_object_unref(loaded);
    return pixels;
}

/* As RGB on white. */
static VipsImage *on_white(VipsImage *in)
{
    VipsImage *rgb = NULL, *flat = NULL;
    double white = 255;
    assert_int_equal(vips_colourspace(in, &rgb, VIPS_INTERPRETATION_sRGB, NULL), 0);
    if (!vips_image_hasalpha(rgb))
        return rgb;
    VipsArrayDouble *background = vips_array_double_new(&white, 1);
    assert_int_equal(vips_flatten(rgb, &flat, "background", background, NULL), 0);
    vips_area_unref(VIPS_AREA(background));
    g_object_unref(rgb);
    return flat;
}

static double mean_of(VipsImage *rgb, int band, int left, int top, int width, int height)
{
    VipsImage *area = NULL, *one = NULL;
    double mean = -1;
    assert_int_equal(vips_extract_area(rgb, &area, left, top, width, height, NULL), 0);
    assert_int_equal(vips_extract_band(area, &one, band, NULL), 0);
    assert_int_equal(vips_avg(one, &mean, NULL), 0);
    g_object_unref(area);
    g_object_unref(one);
    return mean;
}

static void assert_near(double actual, double expected, double tolerance)
{
    if (!(fabs(actual - expected) <= tolerance))
        fail_msg("%.1f is not within %.1f of %.1f", actual, tolerance, expected);
}

/* The centre of each quarter, so that a picture turned or mirrored wrongly is seen. */
static void assert_quadrants(VipsImage *rgb, struct json_object *quadrants, double tolerance)
{
    int width = rgb->Xsize / 2, height = rgb->Ysize / 2;
    for (int q = 0; q < 4; q++) {
        struct json_object *expected = json_object_array_get_idx(quadrants, (size_t)q);
        for (int band = 0; band < 3; band++) {
            double wanted = json_object_get_double(json_object_array_get_idx(expected, band));
            assert_near(mean_of(rgb, band, q % 2 * width, q / 2 * height, width, height), wanted,
                        tolerance);
        }
    }
}

static void assert_looks_as_expected(VipsImage *image, struct json_object *expected)
{
    VipsImage *rgb = on_white(image);
    struct json_object *mean = json_at(expected, "mean"),
                       *quadrants = json_at(expected, "quadrants");
    double tolerance = json_object_get_double(json_at(expected, "tolerance")) + 3;
    for (int band = 0; band < 3; band++)
        assert_near(mean_of(rgb, band, 0, 0, rgb->Xsize, rgb->Ysize),
                    json_object_get_double(json_object_array_get_idx(mean, band)), tolerance);
    if (quadrants)
        assert_quadrants(rgb, quadrants, tolerance + 5);
    g_object_unref(rgb);
}

static enum image_format source_output(enum image_format source, bool has_alpha)
{
    if (source <= IMAGE_FORMAT_AVIF)
        return source;
    return source == IMAGE_FORMAT_GIF || has_alpha ? IMAGE_FORMAT_PNG : IMAGE_FORMAT_JPEG;
}

static void check_odd(const char *name, struct json_object *expected)
{
    static const enum image_format formats[] = {IMAGE_FORMAT_SOURCE, IMAGE_FORMAT_JPEG,
                                                IMAGE_FORMAT_PNG, IMAGE_FORMAT_WEBP,
                                                IMAGE_FORMAT_AVIF};
    char path[256];
    struct canvas c;
    canvas_init(&c);
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        canvas_add(&c, formats[i], i % 2 ? 48 : 80);
    snprintf(path, sizeof(path), "odd/%s", name);
    assert_ok(canvas_render(&c, path), &c.err);
    enum image_format source = expectation_format(expected);
    bool has_alpha = json_object_get_boolean(json_at(expected, "has_alpha"));
    assert_int_equal(c.result.source_format, source);
    assert_int_equal(c.result.source_width, expectation_number(expected, "width"));
    assert_int_equal(c.result.source_height, expectation_number(expected, "height"));
    assert_int_equal(c.result.output_count, ARRAY_LEN(formats));
    for (uint32_t i = 0; i < c.result.output_count; i++) {
        const struct render_output *o = &c.result.outputs[i];
        VipsImage *image = output_image(&c, i);
        assert_int_equal(o->format, formats[i] ? formats[i] : source_output(source, has_alpha));
        assert_int_equal(image->Xsize, o->width);
        assert_int_equal(image->Ysize, o->height);
        assert_true(o->width <= (i % 2 ? 48 : 80) && o->height <= (i % 2 ? 48 : 80));
        if (has_alpha)
            assert_int_equal(vips_image_hasalpha(image), o->format != IMAGE_FORMAT_JPEG);
        assert_looks_as_expected(image, expected);
        g_object_unref(image);
    }
    free(c.output);
}

static void test_thumbnail_render__takes_odd_pictures_to_every_format(void **state)
{
    struct json_object *all = expectations_read("expected.json");
    (void)state;
    json_object_object_foreach(all, name, expected)
    {
        print_message("%s\n", name);
        check_odd(name, expected);
    }
    json_object_put(all);
}

static void check_hostile(const char *name, struct json_object *expected)
{
    char path[256];
    struct canvas c;
    canvas_init(&c);
    canvas_add(&c, IMAGE_FORMAT_JPEG, 64);
    snprintf(path, sizeof(path), "hostile/%s", name);
    int64_t start_ns = clock_now_ns();
    int rc = canvas_render(&c, path);
    int64_t ms = (clock_now_ns() - start_ns) / 1000000;
    print_message("%s: %d ms, %s\n", name, (int)ms, rc == 0 ? "rendered" : c.err.message);
#ifndef ONPUT_SANITIZED
    assert_true(ms < HOSTILE_DEADLINE_MS);
#endif
    assert_string_equal(vips_error_buffer(), "");
    if (text_is(json_text(json_at(expected, "outcome")), "ok")) {
        assert_int_equal(rc, 0);
        assert_int_equal(c.result.source_width, expectation_number(expected, "width"));
        assert_int_equal(c.result.source_height, expectation_number(expected, "height"));
    } else {
        assert_int_equal(rc, -1);
        assert_true(expectation_allows(expected, c.err.code));
        assert_false(c.err.retryable);
        assert_int_equal(c.result.id, 7);
        assert_int_equal(c.result.code, c.err.code);
        assert_int_equal(c.result.output_count, 0);
        assert_int_equal(strncmp(c.result.message, c.err.message, sizeof(c.result.message) - 1), 0);
    }
    free(c.output);
}

static void test_thumbnail_render__refuses_hostile_files_quickly(void **state)
{
    struct json_object *all = expectations_read("hostile/expected.json");
    (void)state;
    json_object_object_foreach(all, name, expected) check_hostile(name, expected);
    json_object_put(all);
}

static double greatest_mean_difference(VipsImage *a, VipsImage *b)
{
    VipsImage *difference = NULL, *absolute = NULL;
    double mean = -1;
    assert_int_equal(vips_subtract(a, b, &difference, NULL), 0);
    assert_int_equal(vips_abs(difference, &absolute, NULL), 0);
    assert_int_equal(vips_avg(absolute, &mean, NULL), 0);
    g_object_unref(difference);
    g_object_unref(absolute);
    return mean;
}

static VipsImage *rendered(const char *path, uint32_t edge)
{
    struct canvas c;
    canvas_init(&c);
    canvas_add(&c, IMAGE_FORMAT_PNG, edge);
    assert_ok(canvas_render(&c, path), &c.err);
    VipsImage *image = output_image(&c, 0);
    VipsImage *own = NULL;
    assert_int_equal(vips_colourspace(image, &own, VIPS_INTERPRETATION_sRGB, NULL), 0);
    VipsImage *copy = vips_image_copy_memory(own);
    g_object_unref(own);
    g_object_unref(image);
    free(c.output);
    return copy;
}

static void test_thumbnail_render__turns_all_orientations_upright(void **state)
{
    VipsImage *upright = rendered("odd/plain.jpg", 60);
    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++) {
        char path[64];
        snprintf(path, sizeof(path), "odd/orientation-%d.jpg", orientation);
        VipsImage *turned = rendered(path, 60);
        assert_int_equal(turned->Xsize, upright->Xsize);
        assert_int_equal(turned->Ysize, upright->Ysize);
        assert_true(greatest_mean_difference(turned, upright) < 3);
        g_object_unref(turned);
    }
    g_object_unref(upright);
}

/* A square of opaque green in transparent red. */
static struct text green_in_transparent_red(void)
{
    enum { EDGE = 64 };
    uint8_t *pixels = xcalloc(EDGE * EDGE, 4);
    for (int i = 0; i < EDGE * EDGE; i++) {
        bool inside = i / EDGE > 20 && i / EDGE < 43 && i % EDGE > 20 && i % EDGE < 43;
        pixels[4 * i] = inside ? 0 : 255;
        pixels[4 * i + 1] = inside ? 255 : 0;
        pixels[4 * i + 3] = inside ? 255 : 0;
    }
    VipsImage *image = vips_image_new_from_memory_copy(pixels, (size_t)4 * EDGE * EDGE, EDGE, EDGE,
                                                       4, VIPS_FORMAT_UCHAR);
    VipsImage *srgb = NULL;
    void *bytes;
    size_t len;
    assert_int_equal(vips_copy(image, &srgb, "interpretation", VIPS_INTERPRETATION_sRGB, NULL), 0);
    assert_int_equal(vips_pngsave_buffer(srgb, &bytes, &len, NULL), 0);
    g_object_unref(image);
    g_object_unref(srgb);
    free(pixels);
    return (struct text){bytes, len};
}

static void test_thumbnail_render__does_not_let_hidden_colours_bleed(void **state)
{
    struct canvas c;
    struct text png = green_in_transparent_red();
    (void)state;
    canvas_init(&c);
    canvas_add(&c, IMAGE_FORMAT_PNG, 20);
    canvas_add(&c, IMAGE_FORMAT_JPEG, 20)->background = 0x0000ff;
    assert_ok(thumbnail_render(&c.job, png, c.output, OUTPUT_BYTES, &c.result, &c.err), &c.err);
    VipsImage *image = output_image(&c, 0), *jpeg = output_image(&c, 1);
    for (int i = 0; i < image->Xsize * image->Ysize; i++) {
        const uint8_t *pixel = VIPS_IMAGE_ADDR(image, i % image->Xsize, i / image->Xsize);
        assert_true(pixel[3] == 0 || pixel[0] == 0);
    }
    const uint8_t *corner = VIPS_IMAGE_ADDR(jpeg, 0, 0);
    assert_int_equal(jpeg->Bands, 3);
    assert_true(corner[0] < 20 && corner[1] < 20 && corner[2] > 235);
    g_object_unref(image);
    g_object_unref(jpeg);
    g_free((void *)(uintptr_t)png.ptr);
    free(c.output);
}

static bool holds(struct text bytes, const char *part)
{
    return memmem(bytes.ptr, bytes.len, part, strlen(part)) != NULL;
}

static void render_metadata(struct canvas *c, uint32_t keep)
{
    canvas_init(c);
    canvas_add(c, IMAGE_FORMAT_JPEG, 64)->keep = keep;
    canvas_add(c, IMAGE_FORMAT_PNG, 64)->keep = keep;
    canvas_add(c, IMAGE_FORMAT_WEBP, 64)->keep = keep;
    canvas_add(c, IMAGE_FORMAT_AVIF, 64)->keep = keep;
    assert_ok(canvas_render(c, "odd/metadata.jpg"), &c->err);
}

static void test_thumbnail_render__strips_metadata(void **state)
{
    static const char *const fields[] = {VIPS_META_EXIF_NAME, VIPS_META_XMP_NAME,
                                         VIPS_META_IPTC_NAME, VIPS_META_ICC_NAME};
    struct canvas c;
    (void)state;
    render_metadata(&c, 0);
    for (uint32_t i = 0; i < c.result.output_count; i++) {
        VipsImage *image = output_image(&c, i);
        for (size_t k = 0; k < ARRAY_LEN(fields); k++)
            assert_int_equal(vips_image_get_typeof(image, fields[k]), 0);
        assert_false(holds(output_bytes(&c, i), "Photographer"));
        assert_false(holds(output_bytes(&c, i), "secret-comment"));
        g_object_unref(image);
    }
    free(c.output);
}

static void test_thumbnail_render__keeps_the_rights_but_never_the_place(void **state)
{
    struct canvas c;
    (void)state;
    render_metadata(&c, RENDITION_KEEP_COPYRIGHT);
    for (uint32_t i = 0; i < c.result.output_count; i++) {
        const char *copyright = "", *artist = "";
        VipsImage *image = output_image(&c, i);
        assert_int_equal(vips_image_get_string(image, "exif-ifd0-Copyright", &copyright), 0);
        assert_int_equal(vips_image_get_string(image, "exif-ifd0-Artist", &artist), 0);
        assert_contains(copyright, "(c) 2020 A. Photographer");
        assert_contains(artist, "A. Photographer");
        assert_int_equal(vips_image_get_typeof(image, "exif-ifd3-GPSLatitude"), 0);
        assert_int_equal(vips_image_get_typeof(image, "exif-ifd2-BodySerialNumber"), 0);
        assert_int_equal(vips_image_get_typeof(image, VIPS_META_XMP_NAME), 0);
        assert_int_equal(vips_image_get_typeof(image, VIPS_META_IPTC_NAME), 0);
        assert_false(holds(output_bytes(&c, i), "12345678"));
        assert_false(holds(output_bytes(&c, i), "secret-comment"));
        g_object_unref(image);
    }
    free(c.output);
}

static void test_thumbnail_render__embeds_a_profile_when_asked(void **state)
{
    static const enum image_format formats[] = {IMAGE_FORMAT_JPEG, IMAGE_FORMAT_PNG,
                                                IMAGE_FORMAT_WEBP, IMAGE_FORMAT_AVIF};
    struct canvas c;
    (void)state;
    canvas_init(&c);
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        canvas_add(&c, formats[i], 64)->keep = RENDITION_KEEP_ICC;
    assert_ok(canvas_render(&c, "odd/icc-p3.jpg"), &c.err);
    for (uint32_t i = 0; i < c.result.output_count; i++) {
        const void *data;
        size_t len;
        VipsImage *image = NULL;
        /* Not copied: the AVIF loader's profile lives no longer than its own image. */
        assert_int_equal(image_load(output_bytes(&c, i), formats[i], &image), 0);
        assert_int_equal(vips_image_get_blob(image, VIPS_META_ICC_NAME, &data, &len), 0);
        assert_true(icc_inspect((struct text){data, len}).is_srgb);
        g_object_unref(image);
    }
    free(c.output);
}

static void test_thumbnail_render__crops_where_it_is_told(void **state)
{
    static const enum rendition_gravity gravities[] = {
        RENDITION_GRAVITY_WEST,   RENDITION_GRAVITY_EAST,      RENDITION_GRAVITY_NORTH,
        RENDITION_GRAVITY_CENTRE, RENDITION_GRAVITY_ATTENTION, RENDITION_GRAVITY_ENTROPY};
    /* Mean blue of the whole height at the left, right and in the middle: see expected.json. */
    double blue[ARRAY_LEN(gravities)];
    struct canvas c;
    (void)state;
    canvas_init(&c);
    for (size_t i = 0; i < ARRAY_LEN(gravities); i++) {
        struct rendition *r = canvas_add(&c, IMAGE_FORMAT_PNG, 30);
        r->fit = RENDITION_FIT_COVER;
        r->gravity = gravities[i];
        r->width = 20;
    }
    assert_ok(canvas_render(&c, "odd/plain.jpg"), &c.err);
    for (uint32_t i = 0; i < c.result.output_count; i++) {
        VipsImage *image = output_image(&c, i);
        assert_int_equal(image->Xsize, 20);
        assert_int_equal(image->Ysize, 30);
        blue[i] = mean_of(image, 2, 0, 0, 20, 30);
        g_object_unref(image);
    }
    /* Blue: 77 and 184 at the left, 86 and 96 at the right. */
    assert_near(blue[0], (76.8 + 183.8) / 2, 10);
    assert_near(blue[1], (85.9 + 95.9) / 2, 10);
    assert_near(blue[2], blue[3], 0.01);
    assert_true(blue[3] < blue[0] && blue[3] > blue[1]);
    free(c.output);
}

/* Black, or transparent, but for a square of loud stripes near the right end. */
static struct text stripes_in_the_dark(int bands)
{
    enum { WIDTH = 200, HEIGHT = 50 };
    uint8_t *pixels = xcalloc(WIDTH * HEIGHT, 4);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        int x = i % WIDTH, y = i / WIDTH;
        if (x < 140 || x >= 180 || y < 5 || y >= 45)
            continue;
        pixels[i * bands] = (uint8_t)(x * 37 % 256);
        pixels[i * bands + 1] = (uint8_t)(y * 53 % 256);
        pixels[i * bands + 2] = 200;
        if (bands == 4)
            pixels[i * bands + 3] = 255;
    }
    VipsImage *image = vips_image_new_from_memory_copy(pixels, (size_t)WIDTH * HEIGHT * bands,
                                                       WIDTH, HEIGHT, bands, VIPS_FORMAT_UCHAR);
    VipsImage *srgb = NULL;
    void *bytes;
    size_t len;
    assert_int_equal(vips_copy(image, &srgb, "interpretation", VIPS_INTERPRETATION_sRGB, NULL), 0);
    assert_int_equal(vips_pngsave_buffer(srgb, &bytes, &len, NULL), 0);
    g_object_unref(image);
    g_object_unref(srgb);
    free(pixels);
    return (struct text){bytes, len};
}

static void test_thumbnail_render__finds_what_is_interesting(void **state)
{
    (void)state;
    for (int bands = 3; bands <= 4; bands++) {
        struct text png = stripes_in_the_dark(bands);
        struct canvas c;
        canvas_init(&c);
        canvas_add(&c, IMAGE_FORMAT_PNG, 50)->gravity = RENDITION_GRAVITY_ATTENTION;
        canvas_add(&c, IMAGE_FORMAT_PNG, 50)->gravity = RENDITION_GRAVITY_ENTROPY;
        for (int i = 0; i < 2; i++)
            c.job.renditions[i].fit = RENDITION_FIT_COVER;
        assert_ok(thumbnail_render(&c.job, png, c.output, OUTPUT_BYTES, &c.result, &c.err), &c.err);
        for (uint32_t i = 0; i < 2; i++) {
            VipsImage *image = output_image(&c, i);
            /* The whole square makes 128; the middle of the picture has nothing of it. */
            assert_int_equal(image->Bands, bands);
            assert_true(mean_of(image, 2, 0, 0, 50, 50) > 80);
            g_object_unref(image);
        }
        g_free((void *)(uintptr_t)png.ptr);
        free(c.output);
    }
}

static void test_thumbnail_render__enlarges_only_when_asked(void **state)
{
    struct canvas c;
    (void)state;
    canvas_init(&c);
    canvas_add(&c, IMAGE_FORMAT_PNG, 300);
    canvas_add(&c, IMAGE_FORMAT_PNG, 300)->enlarge = true;
    assert_ok(canvas_render(&c, "odd/plain.jpg"), &c.err);
    assert_int_equal(c.result.outputs[0].width, 96);
    assert_int_equal(c.result.outputs[0].height, 64);
    assert_int_equal(c.result.outputs[1].width, 300);
    assert_int_equal(c.result.outputs[1].height, 200);
    free(c.output);
}

static void test_thumbnail_render__stays_within_the_output(void **state)
{
    struct canvas c;
    struct text bytes = picture_read("odd/plain.jpg");
    (void)state;
    canvas_init(&c);
    canvas_add(&c, IMAGE_FORMAT_PNG, 96);
    assert_ok(thumbnail_render(&c.job, bytes, c.output, OUTPUT_BYTES, &c.result, &c.err), &c.err);
    size_t needed = c.result.outputs[0].bytes;
    uint8_t *tight = xmalloc(needed);
    assert_ok(thumbnail_render(&c.job, bytes, tight, needed, &c.result, &c.err), &c.err);
    assert_fails(thumbnail_render(&c.job, bytes, tight, needed - 1, &c.result, &c.err), &c.err,
                 ERROR_LIMIT);
    c.job.limits.max_output_bytes = needed - 1;
    assert_fails(thumbnail_render(&c.job, bytes, tight, needed, &c.result, &c.err), &c.err,
                 ERROR_LIMIT);
    assert_contains(c.err.message, "max_output_bytes");
    free(tight);
    free(c.output);
    picture_free(bytes);
}

static void test_thumbnail_render__takes_photographs(void **state)
{
    static const char *const names[] = {"photos/nuthatch.jpg", "photos/dragonfly.jpg",
                                        "photos/dogs at the window.jpg", "photos/aitzgorri.webp",
                                        "photos/fig.avif"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct canvas c;
        canvas_init(&c);
        canvas_add(&c, IMAGE_FORMAT_JPEG, 800);
        canvas_add(&c, IMAGE_FORMAT_JPEG, 200);
        assert_ok(canvas_render(&c, names[i]), &c.err);
        VipsImage *large = output_image(&c, 0), *small = output_image(&c, 1);
        for (int band = 0; band < 3; band++)
            assert_near(mean_of(large, band, 0, 0, large->Xsize, large->Ysize),
                        mean_of(small, band, 0, 0, small->Xsize, small->Ysize), 1);
        g_object_unref(large);
        g_object_unref(small);
        free(c.output);
    }
}

static void test_thumbnail_formats__are_those_that_decode(void **state)
{
    (void)state;
    for (int format = IMAGE_FORMAT_JPEG; format < IMAGE_FORMAT_COUNT; format++)
        assert_true(thumbnail_formats() & 1u << format);
    assert_false(thumbnail_formats() & 1u << IMAGE_FORMAT_SOURCE);
}

static void test_thumbnail_start__blocks_what_is_not_needed(void **state)
{
    VipsImage *image = NULL;
    struct text svg = picture_read("hostile/vector.svg");
    (void)state;
    assert_null(vips_image_new_from_buffer(svg.ptr, svg.len, "", NULL));
    assert_int_equal(vips_jpegload(ONPUT_FIXTURES "/images/odd/plain.jpg", &image, NULL), -1);
    assert_int_equal(vips_csvload(ONPUT_FIXTURES "/images/hostile/numbers.csv", &image, NULL), -1);
    vips_error_clear();
    picture_free(svg);
}

static int start(void **state)
{
    struct error err = {0};
    (void)state;
    if (thumbnail_start(&err) == 0 && thumbnail_warm_up(&err) == 0)
        return 0;
    print_error("%s\n", err.message);
    return -1;
}

/* libvips counts its objects: what is left is a leak. */
static int stop(void **state)
{
    (void)state;
    vips_error_clear();
    int left = vips_tracked_get_allocs() > 0;
    thumbnail_stop();
    return left;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thumbnail_start__blocks_what_is_not_needed),
        cmocka_unit_test(test_thumbnail_formats__are_those_that_decode),
        cmocka_unit_test(test_thumbnail_render__takes_odd_pictures_to_every_format),
        cmocka_unit_test(test_thumbnail_render__refuses_hostile_files_quickly),
        cmocka_unit_test(test_thumbnail_render__turns_all_orientations_upright),
        cmocka_unit_test(test_thumbnail_render__does_not_let_hidden_colours_bleed),
        cmocka_unit_test(test_thumbnail_render__strips_metadata),
        cmocka_unit_test(test_thumbnail_render__keeps_the_rights_but_never_the_place),
        cmocka_unit_test(test_thumbnail_render__embeds_a_profile_when_asked),
        cmocka_unit_test(test_thumbnail_render__crops_where_it_is_told),
        cmocka_unit_test(test_thumbnail_render__finds_what_is_interesting),
        cmocka_unit_test(test_thumbnail_render__enlarges_only_when_asked),
        cmocka_unit_test(test_thumbnail_render__stays_within_the_output),
        cmocka_unit_test(test_thumbnail_render__takes_photographs),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
