/* test_inspect.c - recognition and limits from headers alone, over all sample pictures. */
#include "pictures.h"
#include "support/test.h"

static int inspect(struct text bytes, struct image_header *header, struct error *err)
{
    struct image_limits limits = image_limits_default();
    return image_inspect(bytes, &limits, header, err);
}

/* Turned by a quarter; of AVIF and HEIC files the boxes hold the size as stored. */
static bool is_turned(const char *name, const struct image_header *h, uint32_t width)
{
    return strncmp(name, "orientation-", 12) == 0 && h->width != width;
}

static void test_image_inspect__tells_what_the_headers_of_odd_pictures_say(void **state)
{
    struct json_object *all = expectations_read("expected.json");
    (void)state;
    json_object_object_foreach(all, name, expected)
    {
        char path[256];
        struct image_header h;
        struct error err = {0};
        snprintf(path, sizeof(path), "odd/%s", name);
        struct text bytes = picture_read(path);
        uint32_t width = (uint32_t)expectation_number(expected, "width");
        uint32_t height = (uint32_t)expectation_number(expected, "height");
        print_message("%s\n", name);
        assert_ok(inspect(bytes, &h, &err), &err);
        assert_int_equal(h.format, expectation_format(expected));
        assert_int_equal(h.width, is_turned(name, &h, width) ? height : width);
        assert_int_equal(h.height, is_turned(name, &h, width) ? width : height);
        assert_int_equal(h.frames, expectation_number(expected, "pages"));
        picture_free(bytes);
    }
    json_object_put(all);
}

static void test_image_inspect__never_allows_what_decoders_must_not_see(void **state)
{
    struct json_object *all = expectations_read("hostile/expected.json");
    (void)state;
    json_object_object_foreach(all, name, expected)
    {
        char path[256];
        struct image_header h;
        struct error err = {0};
        snprintf(path, sizeof(path), "hostile/%s", name);
        struct text bytes = picture_read(path);
        bool is_refused = inspect(bytes, &h, &err) != 0;
        struct text reason = json_text(json_at(expected, "reason"));
        print_message("%s: %s\n", name, is_refused ? err.message : "accepted");
        if (text_is(reason, "unsupported") || text_is(reason, "too_large") ||
            text_is(reason, "too_many_frames"))
            assert_true(is_refused);
        if (is_refused)
            assert_true(expectation_allows(expected, err.code));
        picture_free(bytes);
    }
    json_object_put(all);
}

static void test_image_inspect__survives_every_cut(void **state)
{
    static const char *const names[] = {
        "odd/progressive.jpg", "odd/animated.gif", "odd/animated.webp", "odd/alpha.avif",
        "odd/multi-page.tif",  "odd/rgba.png",     "odd/plain.heic",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct text bytes = picture_read(names[i]);
        for (size_t len = 0; len < bytes.len; len++) {
            struct image_header h;
            struct error err = {0};
            char *cut = xmalloc(len + 1);
            memcpy(cut, bytes.ptr, len);
            if (inspect((struct text){cut, len}, &h, &err) != 0)
                assert_true(err.code == ERROR_INVALID || err.code == ERROR_UNSUPPORTED);
            free(cut);
        }
        picture_free(bytes);
    }
}

static void test_image_inspect__counts_scans_of_a_progressive_jpeg(void **state)
{
    struct image_header h;
    struct error err = {0};
    struct text progressive = picture_read("odd/progressive.jpg");
    struct text baseline = picture_read("odd/420.jpg");
    (void)state;
    assert_ok(inspect(progressive, &h, &err), &err);
    assert_true(h.progressive);
    assert_true(h.scans > 3);
    struct image_limits limits = image_limits_default();
    limits.max_scans = h.scans - 1;
    assert_fails(image_inspect(progressive, &limits, &h, &err), &err, ERROR_LIMIT);
    assert_contains(err.message, "max_scans");
    assert_ok(inspect(baseline, &h, &err), &err);
    assert_false(h.progressive);
    assert_int_equal(h.scans, 1);
    picture_free(progressive);
    picture_free(baseline);
}

static void test_image_inspect__names_the_limit(void **state)
{
    struct image_header h;
    struct error err = {0};
    struct text gif = picture_read("odd/animated.gif");
    struct image_limits limits = image_limits_default();
    (void)state;
    limits.max_pixels = 96 * 64 - 1;
    assert_fails(image_inspect(gif, &limits, &h, &err), &err, ERROR_LIMIT);
    assert_contains(err.message, "max_pixels");
    limits = image_limits_default();
    limits.max_edge = 95;
    assert_fails(image_inspect(gif, &limits, &h, &err), &err, ERROR_LIMIT);
    assert_contains(err.message, "max_edge");
    limits = image_limits_default();
    limits.max_frames = 4;
    assert_fails(image_inspect(gif, &limits, &h, &err), &err, ERROR_LIMIT);
    assert_contains(err.message, "max_frames");
    limits.max_frames = 5;
    assert_ok(image_inspect(gif, &limits, &h, &err), &err);
    picture_free(gif);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image_inspect__tells_what_the_headers_of_odd_pictures_say),
        cmocka_unit_test(test_image_inspect__never_allows_what_decoders_must_not_see),
        cmocka_unit_test(test_image_inspect__survives_every_cut),
        cmocka_unit_test(test_image_inspect__counts_scans_of_a_progressive_jpeg),
        cmocka_unit_test(test_image_inspect__names_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
