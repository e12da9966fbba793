/* test_exif.c - rights in, rights out, and nothing else. */
#include "support/test.h"
#include "thumbnail_private.h"

static void round_trip(const char *artist, const char *copyright, struct exif_rights *out)
{
    struct exif_rights rights = {0};
    uint8_t block[EXIF_BLOCK_BYTES];
    snprintf(rights.artist, sizeof(rights.artist), "%s", artist);
    snprintf(rights.copyright, sizeof(rights.copyright), "%s", copyright);
    size_t len = exif_write_rights(&rights, block);
    char *exact = xmalloc(len + 1);
    memcpy(exact, block, len);
    exif_read_rights((struct text){exact, len}, out);
    free(exact);
}

static void test_exif_rights__come_back_as_they_went(void **state)
{
    static const char *const pairs[][2] = {
        {"A. Photographer", "(c) 2026"},
        {"", "only this"},
        {"only this", ""},
        {"ab", "abc"},
        {"abcd", "x"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct exif_rights back;
        round_trip(pairs[i][0], pairs[i][1], &back);
        assert_string_equal(back.artist, pairs[i][0]);
        assert_string_equal(back.copyright, pairs[i][1]);
    }
}

static void test_exif_write_rights__writes_nothing_when_there_are_none(void **state)
{
    struct exif_rights none = {0};
    uint8_t block[EXIF_BLOCK_BYTES];
    (void)state;
    assert_int_equal(exif_write_rights(&none, block), 0);
}

static void test_exif_read_rights__ignores_values_outside_of_the_block(void **state)
{
    /* One entry: Copyright, text of 100 bytes at 0x7fffffff. */
    static const char block[] = "MM\0*\0\0\0\x08\0\x01\x82\x98\0\x02\0\0\0\x64\x7f\xff\xff\xff";
    struct exif_rights rights;
    (void)state;
    exif_read_rights((struct text){block, sizeof(block) - 1}, &rights);
    assert_string_equal(rights.copyright, "");
}

static void test_exif_read_rights__survives_every_cut(void **state)
{
    struct exif_rights rights = {.artist = "somebody", .copyright = "somebody else"};
    uint8_t block[EXIF_BLOCK_BYTES];
    size_t full = exif_write_rights(&rights, block);
    (void)state;
    for (size_t len = 0; len < full; len++) {
        char *cut = xmalloc(len + 1);
        memcpy(cut, block, len);
        exif_read_rights((struct text){cut, len}, &rights);
        assert_true(strlen(rights.copyright) <= strlen("somebody else"));
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exif_rights__come_back_as_they_went),
        cmocka_unit_test(test_exif_write_rights__writes_nothing_when_there_are_none),
        cmocka_unit_test(test_exif_read_rights__ignores_values_outside_of_the_block),
        cmocka_unit_test(test_exif_read_rights__survives_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
