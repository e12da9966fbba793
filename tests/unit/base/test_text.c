/*
 * test_text.c - tests of onput/text.h and of the checked arithmetic in onput/memory.h.
 */
#include "support/test.h"

static void test_text_of__makes_null_the_empty_text(void **state UNUSED)
{
    struct text t = text_of(NULL);

    assert_int_equal(t.len, 0);
    assert_non_null(t.ptr);
}

static void test_text_slice__clamps_to_the_text(void **state UNUSED)
{
    struct text t = TEXT("abcdef");

    assert_text(text_slice(t, 1, 3), "bc");
    assert_text(text_slice(t, 4, 99), "ef");
    assert_text(text_slice(t, 5, 2), "");
    assert_text(text_slice(t, 99, 100), "");
}

static void test_text_trim__takes_space_off_both_ends(void **state UNUSED)
{
    assert_text(text_trim(TEXT(" \t\r\na b\v\f ")), "a b");
    assert_text(text_trim(TEXT(" \n ")), "");
}

static void test_text_equal__looks_at_every_byte(void **state UNUSED)
{
    assert_true(text_equal(TEXT("a\0b"), TEXT("a\0b")));
    assert_false(text_equal(TEXT("a\0b"), TEXT("a\0c")));
    assert_false(text_equal(TEXT("a"), TEXT("ab")));
    assert_true(text_equal_nocase(TEXT("Content-TYPE"), TEXT("content-type")));
    assert_false(text_equal_nocase(TEXT("@"), TEXT("`")));
    assert_false(text_equal_nocase(TEXT("\xc3\x84"), TEXT("\xc3\xa4")));
    assert_false(text_is(TEXT("a\0b"), "a"));
}

static void test_text_starts_with__and_ends_with(void **state UNUSED)
{
    assert_true(text_starts_with(TEXT("photos/a.jpg"), TEXT("photos/")));
    assert_false(text_starts_with(TEXT("pho"), TEXT("photos/")));
    assert_true(text_ends_with(TEXT("photos/a.jpg"), TEXT(".jpg")));
    assert_false(text_ends_with(TEXT("jpg"), TEXT(".jpg")));
    assert_true(text_starts_with(TEXT(""), TEXT("")));
}

static void test_text_compare__orders_unsigned_bytes_then_length(void **state UNUSED)
{
    assert_true(text_compare(TEXT("a"), TEXT("b")) < 0);
    assert_true(text_compare(TEXT("\xff"), TEXT("a")) > 0);
    assert_true(text_compare(TEXT("a"), TEXT("ab")) < 0);
    assert_int_equal(text_compare(TEXT("ab"), TEXT("ab")), 0);
}

static void test_text_cut__walks_over_the_parts(void **state UNUSED)
{
    struct text rest = TEXT("a,,bc");

    assert_text(text_cut(&rest, ','), "a");
    assert_text(text_cut(&rest, ','), "");
    assert_text(text_cut(&rest, ','), "bc");
    assert_int_equal(rest.len, 0);
    assert_text(text_cut(&rest, ','), "");
}

static void test_text_is_utf8__takes_the_edges_of_the_table(void **state UNUSED)
{
    static const struct text good[] = {
        TEXT_INIT(""),
        TEXT_INIT("plain and long enough for words"),
        TEXT_INIT("\xc2\x80\xdf\xbf"),
        TEXT_INIT("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"),
        TEXT_INIT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
        TEXT_INIT("a\0b"),
    };
    static const struct text bad[] = {
        TEXT_INIT("\x80"),         TEXT_INIT("\xc0\x80"),         TEXT_INIT("\xc1\xbf"),
        TEXT_INIT("\xc2"),         TEXT_INIT("\xe0\x9f\xbf"),     TEXT_INIT("\xed\xa0\x80"),
        TEXT_INIT("\xe2\x82"),     TEXT_INIT("\xf0\x8f\xbf\xbf"), TEXT_INIT("\xf4\x90\x80\x80"),
        TEXT_INIT("\xf5\x80\x80"), TEXT_INIT("12345678\xff"),     TEXT_INIT("\xf0\x9f\x98"),
    };

    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(text_is_utf8(good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(text_is_utf8(bad[i]));
}

static void test_text_to_i64__takes_the_whole_range(void **state UNUSED)
{
    struct error err = {0};
    int64_t n = 0;

    assert_ok(text_to_i64(TEXT("-9223372036854775808"), INT64_MIN, INT64_MAX, "n", &n, &err), &err);
    assert_true(n == INT64_MIN);
    assert_ok(text_to_i64(TEXT("+9223372036854775807"), INT64_MIN, INT64_MAX, "n", &n, &err), &err);
    assert_true(n == INT64_MAX);
    assert_ok(text_to_i64(TEXT("-0"), 0, 0, "n", &n, &err), &err);
    assert_int_equal(n, 0);
}

static void test_text_to_i64__refuses_what_is_no_number(void **state UNUSED)
{
    static const struct text bad[] = {TEXT_INIT(""),   TEXT_INIT("-"),   TEXT_INIT("+-1"),
                                      TEXT_INIT("1 "), TEXT_INIT(" 1"),  TEXT_INIT("0x1"),
                                      TEXT_INIT("1."), TEXT_INIT("1\0"), TEXT_INIT("1e3")};
    struct error err = {0};
    int64_t n = 42;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_fails(text_to_i64(bad[i], 0, 100, "the port", &n, &err), &err, ERROR_INVALID);
    assert_string_equal(err.message, "the port is not a whole number");
    assert_int_equal(n, 42);
}

static void test_text_to_i64__names_its_bounds(void **state UNUSED)
{
    struct error err = {0};
    int64_t n = 42;

    assert_fails(text_to_i64(TEXT("101"), 0, 100, "n", &n, &err), &err, ERROR_LIMIT);
    assert_string_equal(err.message, "n is not between 0 and 100");
    assert_fails(text_to_i64(TEXT("-1"), 0, 100, "n", &n, &err), &err, ERROR_LIMIT);
    assert_fails(text_to_i64(TEXT("9223372036854775808"), 0, INT64_MAX, "n", &n, &err), &err,
                 ERROR_LIMIT);
    assert_fails(text_to_i64(TEXT("99999999999999999999999"), 0, 9, "n", &n, &err), &err,
                 ERROR_LIMIT);
    assert_int_equal(n, 42);
}

static void test_text_to_u64__stops_at_its_maximum(void **state UNUSED)
{
    struct error err = {0};
    uint64_t n = 42;

    assert_ok(text_to_u64(TEXT("18446744073709551615"), UINT64_MAX, "n", &n, &err), &err);
    assert_true(n == UINT64_MAX);
    assert_fails(text_to_u64(TEXT("18446744073709551616"), UINT64_MAX, "n", &n, &err), &err,
                 ERROR_LIMIT);
    assert_fails(text_to_u64(TEXT("11"), 10, "n", &n, &err), &err, ERROR_LIMIT);
    assert_fails(text_to_u64(TEXT("+1"), 10, "n", &n, &err), &err, ERROR_INVALID);
    assert_true(n == UINT64_MAX);
}

static void test_add_overflows__leaves_the_result_alone(void **state UNUSED)
{
    size_t out = 7;

    assert_true(add_overflows(SIZE_MAX, 1, &out));
    assert_true(mul_overflows(SIZE_MAX / 2, 3, &out));
    assert_int_equal(out, 7);
    assert_false(add_overflows(SIZE_MAX - 1, 1, &out));
    assert_true(out == SIZE_MAX);
    assert_false(mul_overflows(6, 7, &out));
    assert_int_equal(out, 42);
}

static void test_xmemdup_text__ends_with_nul(void **state UNUSED)
{
    AUTO_FREE char *copy = xmemdup_text(TEXT("a\0b"));
    AUTO_FREE char *printed = xasprintf("%s-%d", "n", 5);

    assert_memory_equal(copy, "a\0b", 4);
    assert_string_equal(printed, "n-5");
    assert_null(xstrdup_or_null(NULL));
    free_secret(NULL);
    free_secret(xstrdup("secret"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_of__makes_null_the_empty_text),
        cmocka_unit_test(test_text_slice__clamps_to_the_text),
        cmocka_unit_test(test_text_trim__takes_space_off_both_ends),
        cmocka_unit_test(test_text_equal__looks_at_every_byte),
        cmocka_unit_test(test_text_starts_with__and_ends_with),
        cmocka_unit_test(test_text_compare__orders_unsigned_bytes_then_length),
        cmocka_unit_test(test_text_cut__walks_over_the_parts),
        cmocka_unit_test(test_text_is_utf8__takes_the_edges_of_the_table),
        cmocka_unit_test(test_text_to_i64__takes_the_whole_range),
        cmocka_unit_test(test_text_to_i64__refuses_what_is_no_number),
        cmocka_unit_test(test_text_to_i64__names_its_bounds),
        cmocka_unit_test(test_text_to_u64__stops_at_its_maximum),
        cmocka_unit_test(test_add_overflows__leaves_the_result_alone),
        cmocka_unit_test(test_xmemdup_text__ends_with_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
