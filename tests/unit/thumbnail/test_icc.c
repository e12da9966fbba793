/* test_icc.c - which profiles change what is seen. Profiles come out of the sample pictures. */
#include "pictures.h"
#include "support/test.h"
#include "thumbnail_private.h"

static struct icc_info inspect_profile_of(const char *path, enum image_format format)
{
    const void *data;
    size_t len;
    struct text bytes = picture_read(path);
    VipsImage *image;
    assert_int_equal(image_load(bytes, format, &image), 0);
    assert_int_equal(vips_image_get_blob(image, VIPS_META_ICC_NAME, &data, &len), 0);
    char *exact = xmalloc(len);
    memcpy(exact, data, len);
    struct icc_info info = icc_inspect((struct text){exact, len});
    for (size_t cut = 0; cut < len; cut++)
        icc_inspect((struct text){exact + len - cut, cut});
    free(exact);
    g_object_unref(image);
    picture_free(bytes);
    return info;
}

static void test_icc_inspect__knows_srgb_by_what_it_does(void **state)
{
    VipsBlob *blob = NULL;
    (void)state;
    assert_int_equal(vips_profile_load("srgb", &blob, NULL), 0);
    struct icc_info info =
        icc_inspect((struct text){VIPS_AREA(blob)->data, VIPS_AREA(blob)->length});
    assert_int_equal(info.space, ICC_RGB);
    assert_true(info.is_srgb);
    vips_area_unref(VIPS_AREA(blob));
    assert_true(inspect_profile_of("photos/tulips.png", IMAGE_FORMAT_PNG).is_srgb);
}

static void test_icc_inspect__tells_other_spaces(void **state)
{
    struct icc_info adobe = inspect_profile_of("odd/icc-adobergb.jpg", IMAGE_FORMAT_JPEG);
    struct icc_info p3 = inspect_profile_of("odd/icc-p3.png", IMAGE_FORMAT_PNG);
    struct icc_info swapped = inspect_profile_of("odd/icc-swapped.jpg", IMAGE_FORMAT_JPEG);
    (void)state;
    assert_int_equal(adobe.space, ICC_RGB);
    assert_false(adobe.is_srgb);
    assert_int_equal(p3.space, ICC_RGB);
    assert_false(p3.is_srgb);
    assert_int_equal(swapped.space, ICC_RGB);
    assert_false(swapped.is_srgb);
    assert_int_equal(inspect_profile_of("odd/icc-grey.jpg", IMAGE_FORMAT_JPEG).space, ICC_GREY);
    assert_int_equal(inspect_profile_of("odd/cmyk-icc.jpg", IMAGE_FORMAT_JPEG).space, ICC_CMYK);
    assert_int_equal(inspect_profile_of("odd/icc-garbage.jpg", IMAGE_FORMAT_JPEG).space, ICC_OTHER);
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
        cmocka_unit_test(test_icc_inspect__knows_srgb_by_what_it_does),
        cmocka_unit_test(test_icc_inspect__tells_other_spaces),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
