/*
 * test_failure_text.c - the line that an operator reads of what a function posted.
 */
#include "support/test.h"

#include "failure_text.h"

static void expect(const char *payload, const char *message)
{
    struct error err = {.code = ERROR_UNAVAILABLE, .retryable = true, .message = "general"};
    failure_explain(text_of(payload), &err);
    assert_string_equal(err.message, message);
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    assert_true(err.retryable);
}

static void test_failure_explain__names_type_and_message(void **state UNUSED)
{
    expect("{\"errorMessage\":\"no such key\",\"errorType\":\"KeyError\",\"stackTrace\":[\"x\"]}",
           "KeyError: no such key");
    expect("{\"errorMessage\":\"alone\"}", "alone");
    expect("{\"errorType\":\"Alone\"}", "Alone");
    expect("{\"errorType\":\"T\",\"errorMessage\":\"a\\r\\n\\tb\\u0000c\\u007f\"}", "T: a   b c ");
}

static void test_failure_explain__leaves_the_message_of_what_says_nothing(void **state UNUSED)
{
    static const char *const payloads[] = {"",     "null", "[1]", "{}", "{\"errorMessage\":7}",
                                           "{bad", "\"x\""};
    for (size_t i = 0; i < ARRAY_LEN(payloads); i++)
        expect(payloads[i], "general");
}

static void test_failure_explain__cuts_between_characters(void **state UNUSED)
{
    struct error err = {.message = "general"};
    char payload[4096] = "{\"errorMessage\":\"";
    for (size_t i = 0; i < 1000; i++)
        memcpy(payload + 17 + 2 * i, "ä", 2);
    memcpy(payload + 17 + 2000, "\"}", 3);
    failure_explain(text_of(payload), &err);
    assert_int_equal(strlen(err.message), ERROR_MESSAGE_BYTES - 2);
    assert_true(text_is_utf8(text_of(err.message)));
}

static void test_failure_explain__reads_no_large_payload(void **state UNUSED)
{
    enum { BYTES = 300 * 1024 };
    struct error err = {.message = "general"};
    AUTO_FREE char *payload = xmalloc(BYTES);
    memset(payload, ' ', BYTES);
    memcpy(payload, "{\"errorMessage\":\"m\"}", 20);
    failure_explain((struct text){payload, BYTES}, &err);
    assert_string_equal(err.message, "general");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failure_explain__names_type_and_message),
        cmocka_unit_test(test_failure_explain__leaves_the_message_of_what_says_nothing),
        cmocka_unit_test(test_failure_explain__cuts_between_characters),
        cmocka_unit_test(test_failure_explain__reads_no_large_payload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
