/* test_jpeg_splice.c - fewer bytes, the same pixels at an eighth. */
#include "pictures.h"
#include "support/test.h"
#include "thumbnail_private.h"

static VipsImage *eighth_of(struct text jpeg)
{
    VipsImage *image = NULL;
    assert_int_equal(vips_jpegload_buffer((void *)(uintptr_t)jpeg.ptr, jpeg.len, &image, "shrink",
                                          8, "fail_on", VIPS_FAIL_ON_WARNING, NULL),
                     0);
    return image;
}

static void test_jpeg_splice__changes_no_pixel(void **state)
{
    static const char *const names[] = {
        "odd/progressive.jpg",
        "odd/progressive-grey.jpg",
        "odd/progressive-odd-size.jpg",
        "photos/dragonfly.jpg",
        "photos/dandelions + evening sun.jpg",
        "photos/Picos de Europa, España.jpg",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct text jpeg = picture_read(names[i]);
        struct buffer spliced;
        double greatest = -1;
        print_message("%s\n", names[i]);
        assert_true(jpeg_splice(jpeg, &spliced));
        VipsImage *before = eighth_of(jpeg), *after = eighth_of(buffer_text(&spliced));
        VipsImage *difference = NULL, *absolute = NULL;
        assert_int_equal(vips_subtract(before, after, &difference, NULL), 0);
        assert_int_equal(vips_abs(difference, &absolute, NULL), 0);
        assert_int_equal(vips_max(absolute, &greatest, NULL), 0);
        assert_true(greatest == 0);
        if (jpeg.len > 100000)
            assert_true(spliced.len < jpeg.len / 2);
        g_object_unref(before);
        g_object_unref(after);
        g_object_unref(difference);
        g_object_unref(absolute);
        buffer_release(&spliced);
        picture_free(jpeg);
    }
}

static void test_jpeg_splice__leaves_other_files_alone(void **state)
{
    static const char *const names[] = {"odd/420.jpg",
                                        "odd/arithmetic.jpg",
                                        "odd/rgba.png",
                                        "hostile/truncated-progressive.jpg",
                                        "hostile/signature-only.jpg",
                                        "hostile/empty.jpg"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct text bytes = picture_read(names[i]);
        struct buffer spliced;
        assert_false(jpeg_splice(bytes, &spliced));
        picture_free(bytes);
    }
}

static void test_jpeg_splice__survives_every_cut(void **state)
{
    struct text jpeg = picture_read("odd/progressive.jpg");
    (void)state;
    for (size_t len = 0; len < jpeg.len; len++) {
        struct buffer spliced;
        char *cut = xmalloc(len + 1);
        memcpy(cut, jpeg.ptr, len);
        assert_false(jpeg_splice((struct text){cut, len}, &spliced));
        free(cut);
    }
    picture_free(jpeg);
}

static int start(void **state)
{
    struct error err = {0};
    (void)state;
    return thumbnail_start(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jpeg_splice__changes_no_pixel),
        cmocka_unit_test(test_jpeg_splice__leaves_other_files_alone),
        cmocka_unit_test(test_jpeg_splice__survives_every_cut),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
