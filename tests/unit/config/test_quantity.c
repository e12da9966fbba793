/*
 * test_quantity.c - sizes and times as people write them.
 */
#include "support/test.h"

#include "onput/config.h"

static void check_bytes(const char *written, int64_t expected)
{
    struct error err = {0};
    int64_t value = -1;

    assert_ok(parse_bytes(text_of(written), 0, INT64_MAX, &value, &err), &err);
    assert_int_equal(value, expected);
}

static void check_duration(const char *written, int64_t expected)
{
    struct error err = {0};
    int64_t value = -1;

    assert_ok(parse_duration_ms(text_of(written), 0, INT64_MAX, &value, &err), &err);
    assert_int_equal(value, expected);
}

static void test_parse_bytes__knows_binary_and_decimal_units(void **state)
{
    (void)state;
    check_bytes("0", 0);
    check_bytes("1024", 1024);
    check_bytes("1B", 1);
    check_bytes("1KiB", 1024);
    check_bytes("64MiB", 64 * 1024 * 1024);
    check_bytes("64 MiB", 64 * 1024 * 1024);
    check_bytes("10MB", 10000000);
    check_bytes("1kB", 1000);
    check_bytes("1KB", 1000);
    check_bytes("2GB", 2000000000);
    check_bytes("2GiB", INT64_C(2) << 30);
    check_bytes("1TiB", INT64_C(1) << 40);
    check_bytes("1TB", INT64_C(1000000000000));
    check_bytes("9223372036854775807", INT64_MAX);
}

static void test_parse_bytes__refuses_what_is_no_size(void **state)
{
    static const char *const bad[] = {"",
                                      "-1",
                                      "+1",
                                      "1.5MiB",
                                      "MiB",
                                      "1 M",
                                      "1mib",
                                      "1MiBs",
                                      "0x10",
                                      "1e3",
                                      "1,000",
                                      " 1",
                                      "9223372036854775808",
                                      "8388608TiB",
                                      "99999999999999999999TiB"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct error err = {0};
        int64_t value = 42;

        assert_fails(parse_bytes(text_of(bad[i]), 0, INT64_MAX, &value, &err), &err, ERROR_INVALID);
        assert_int_equal(value, 42);
    }
}

static void test_parse_bytes__names_the_bounds(void **state)
{
    struct error err = {0};
    int64_t value;

    (void)state;
    assert_ok(parse_bytes(TEXT("1KiB"), 1024, 2048, &value, &err), &err);
    assert_ok(parse_bytes(TEXT("2KiB"), 1024, 2048, &value, &err), &err);
    assert_fails(parse_bytes(TEXT("1023"), 1024, 2048, &value, &err), &err, ERROR_INVALID);
    assert_contains(err.message, "expected a size from 1KiB to 2KiB, found \"1023\"");
    assert_fails(parse_bytes(TEXT("2049"), 1024, 2048, &value, &err), &err, ERROR_INVALID);
}

static void test_parse_duration__knows_each_unit(void **state)
{
    (void)state;
    check_duration("0", 0);
    check_duration("0s", 0);
    check_duration("500ms", 500);
    check_duration("30s", 30000);
    check_duration("5m", 300000);
    check_duration("2h", 7200000);
    check_duration("7d", 604800000);
}

static void test_parse_duration__wants_a_unit(void **state)
{
    static const char *const bad[] = {
        "", "30", "-1s", "1.5s", "s", "1h30m", "1S", "5 minutes", "9223372036854775807d"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct error err = {0};
        int64_t value = 42;

        assert_fails(parse_duration_ms(text_of(bad[i]), 0, INT64_MAX, &value, &err), &err,
                     ERROR_INVALID);
        assert_int_equal(value, 42);
        assert_contains(err.message, "hint: write 500ms, 30s");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_bytes__knows_binary_and_decimal_units),
        cmocka_unit_test(test_parse_bytes__refuses_what_is_no_size),
        cmocka_unit_test(test_parse_bytes__names_the_bounds),
        cmocka_unit_test(test_parse_duration__knows_each_unit),
        cmocka_unit_test(test_parse_duration__wants_a_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
