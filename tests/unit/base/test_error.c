/*
 * test_error.c - tests of onput/error.h.
 */
#include "support/test.h"

#include <errno.h>

static void test_error_set__fills_a_fresh_error(void **state UNUSED)
{
    struct error err = {.os_errno = 5, .http_status = 500, .retryable = true, .uncertain = true};

    assert_int_equal(error_set(&err, ERROR_DENIED, "no %s for %d", "entry", 7), -1);
    assert_int_equal(err.code, ERROR_DENIED);
    assert_string_equal(err.message, "no entry for 7");
    assert_int_equal(err.os_errno, 0);
    assert_int_equal(err.http_status, 0);
    assert_false(err.retryable);
    assert_false(err.uncertain);
}

static void test_error_set__may_quote_its_own_old_message(void **state UNUSED)
{
    struct error err = {0};

    error_set(&err, ERROR_IO, "inner");
    error_set(&err, ERROR_TIMEOUT, "outer (%s)", err.message);
    assert_string_equal(err.message, "outer (inner)");
}

static void test_error_set_errno__appends_the_reason(void **state UNUSED)
{
    struct error err = {0};

    errno = ENOENT;
    assert_int_equal(error_set_errno(&err, ERROR_NOT_FOUND, "cannot open x"), -1);
    assert_int_equal(err.os_errno, ENOENT);
    assert_string_equal(err.message, "cannot open x: No such file or directory");
}

static void test_error_set_retryable__says_so(void **state UNUSED)
{
    struct error err = {0};

    assert_int_equal(error_set_retryable(&err, ERROR_THROTTLED, "slow down"), -1);
    assert_true(err.retryable);
}

static void test_error_prefix__keeps_everything_else(void **state UNUSED)
{
    struct error err = {0};

    error_set_retryable(&err, ERROR_TIMEOUT, "no answer");
    assert_int_equal(error_prefix(&err, "store %s", "minio"), -1);
    assert_string_equal(err.message, "store minio: no answer");
    assert_int_equal(err.code, ERROR_TIMEOUT);
    assert_true(err.retryable);
}

static void test_error_prefix__cuts_what_does_not_fit(void **state UNUSED)
{
    char context[ERROR_MESSAGE_BYTES + 50];
    struct error err = {0};

    memset(context, 'x', sizeof(context) - 1);
    context[sizeof(context) - 1] = '\0';
    error_set(&err, ERROR_IO, "short");
    context[ERROR_MESSAGE_BYTES - 5] = '\0';
    error_prefix(&err, "%s", context);
    assert_int_equal(strlen(err.message), ERROR_MESSAGE_BYTES - 1);
    assert_string_equal(err.message + ERROR_MESSAGE_BYTES - 6, "x: sh");
    context[ERROR_MESSAGE_BYTES - 5] = 'x';
    error_prefix(&err, "%s", context);
    assert_int_equal(strlen(err.message), ERROR_MESSAGE_BYTES - 1);
}

static void test_error_code_name__has_one_for_every_code(void **state UNUSED)
{
    for (int code = 0; code < ERROR_CODE_COUNT; code++)
        assert_true(strlen(error_code_name((enum error_code)code)) > 1);
    assert_string_equal(error_code_name(ERROR_NOT_FOUND), "not_found");
    assert_string_equal(error_code_name((enum error_code)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_set__fills_a_fresh_error),
        cmocka_unit_test(test_error_set__may_quote_its_own_old_message),
        cmocka_unit_test(test_error_set_errno__appends_the_reason),
        cmocka_unit_test(test_error_set_retryable__says_so),
        cmocka_unit_test(test_error_prefix__keeps_everything_else),
        cmocka_unit_test(test_error_prefix__cuts_what_does_not_fit),
        cmocka_unit_test(test_error_code_name__has_one_for_every_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
