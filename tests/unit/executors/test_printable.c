/*
 * test_printable.c - messages that functions have had a hand in.
 */
#include "support/test.h"

#include "printable.h"

static void expect(const char *message, const char *printable)
{
    struct error err = {.code = ERROR_INTERNAL, .retryable = true};
    snprintf(err.message, sizeof(err.message), "%s", message);
    error_make_printable(&err);
    assert_string_equal(err.message, printable);
    assert_int_equal(err.code, ERROR_INTERNAL);
    assert_true(err.retryable);
}

static void test_printable__keeps_text(void **state UNUSED)
{
    expect("", "");
    expect("KeyError: 'größe' \xe2\x82\xac \xf0\x9f\x93\xb7", "KeyError: 'größe' € 📷");
}

static void test_printable__has_no_control_characters(void **state UNUSED)
{
    expect("a\r\n\tb\x1b[31mc\x7f", "a   b [31mc ");
    expect("C1: \xc2\x9b"
           "31m \xc2\xa0",
           "C1:  31m \xc2\xa0");
}

static void test_printable__has_no_broken_character(void **state UNUSED)
{
    expect("\xff!", "?!");
    expect("cut \xe2\x82", "cut ??");
    expect("\xed\xa0\x80", "???");
    expect("\xc0\xaf", "??");
}

static void test_printable__takes_the_longest_message(void **state UNUSED)
{
    struct error err = {.code = ERROR_INTERNAL};
    memset(err.message, 0x80, sizeof(err.message) - 1);
    error_make_printable(&err);
    assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
    assert_int_equal(strspn(err.message, "?"), sizeof(err.message) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_printable__keeps_text),
        cmocka_unit_test(test_printable__has_no_control_characters),
        cmocka_unit_test(test_printable__has_no_broken_character),
        cmocka_unit_test(test_printable__takes_the_longest_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
