/*
 * test_outcome.c - tests of the pure parts: backoff delays and the verdict on an outcome.
 */
#include "support/test.h"

#include "scheduler_private.h"

static void test_backoff__doubles_up_to_the_cap_within_a_quarter(void **state UNUSED)
{
    static const int64_t middle[] = {1000, 2000, 4000, 8000, 10000, 10000};
    for (int attempt = 1; attempt <= 6; attempt++) {
        int64_t m = middle[attempt - 1], low = m, high = m;
        for (uint64_t random = 0; random <= 6000; random++) {
            int64_t d = backoff_delay_ms(1000, 10000, attempt, random);
            low = d < low ? d : low;
            high = d > high ? d : high;
        }
        assert_int_equal(low, m - m / 4);
        assert_int_equal(high, m - m / 4 + m / 2);
    }
}

static void test_backoff__survives_the_largest_numbers(void **state UNUSED)
{
    static const int64_t caps[] = {0, 1, 1000, INT64_MAX / 4};
    for (size_t i = 0; i < ARRAY_LEN(caps); i++) {
        for (int attempt = 1; attempt < 200; attempt++) {
            int64_t d = backoff_delay_ms(7, caps[i], attempt, UINT64_MAX);
            assert_true(d >= 0 && d <= caps[i] + caps[i] / 4 + 1);
        }
    }
    assert_int_equal(backoff_delay_ms(0, 0, INT32_MAX, 0), 0);
    assert_int_equal(backoff_delay_ms(5000, 1000, 1, 0), 750); /* the base is capped, too */
}

struct expectation {
    enum outcome_status status;
    enum error_code code;
    bool retryable;
    int attempt;
    enum queue_finish how;
    const char *name;
};

static void test_verdict__follows_the_table(void **state UNUSED)
{
    static const struct expectation rows[] = {
        {OUTCOME_DONE, ERROR_NONE, false, 1, QUEUE_FINISH_DONE, "done"},
        {OUTCOME_DONE, ERROR_NONE, false, 9, QUEUE_FINISH_DONE, "done"},
        {OUTCOME_SKIPPED, ERROR_NONE, false, 1, QUEUE_FINISH_DONE, "skipped"},
        {OUTCOME_FAILED, ERROR_UNAVAILABLE, true, 1, QUEUE_FINISH_RETRY, "retry"},
        {OUTCOME_FAILED, ERROR_UNAVAILABLE, true, 2, QUEUE_FINISH_RETRY, "retry"},
        {OUTCOME_FAILED, ERROR_UNAVAILABLE, true, 3, QUEUE_FINISH_DEAD, "dead"},
        {OUTCOME_FAILED, ERROR_UNAVAILABLE, true, 4, QUEUE_FINISH_DEAD, "dead"},
        {OUTCOME_FAILED, ERROR_INVALID, false, 1, QUEUE_FINISH_DEAD, "dead"},
        {OUTCOME_FAILED, ERROR_CANCELED, true, 1, QUEUE_FINISH_RELEASE, "released"},
        {OUTCOME_FAILED, ERROR_CANCELED, true, 3, QUEUE_FINISH_RELEASE, "released"},
        {OUTCOME_FAILED, ERROR_CANCELED, false, 1, QUEUE_FINISH_RELEASE, "released"},
        {OUTCOME_FAILED, ERROR_THROTTLED, true, 1, QUEUE_FINISH_LATER, "throttled"},
        {OUTCOME_FAILED, ERROR_THROTTLED, true, 99, QUEUE_FINISH_LATER, "throttled"},
    };
    const struct config_function config = {
        .max_attempts = 3, .backoff_ms = 1000, .backoff_cap_ms = 60000};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct outcome o = {.status = rows[i].status,
                            .error = {.code = rows[i].code, .retryable = rows[i].retryable}};
        const struct invocation inv = {.attempts = rows[i].attempt - 1, .accepted_ms = 4900};
        struct verdict v = outcome_verdict(&o, &inv, &config, 5000, 0);
        assert_int_equal(v.how, rows[i].how);
        assert_string_equal(v.status, rows[i].name);
        bool again = v.how == QUEUE_FINISH_RETRY || v.how == QUEUE_FINISH_LATER;
        int64_t delay = rows[i].attempt == 2 ? 1500 : 750;
        assert_int_equal(v.due_ms, again ? 5000 + delay : 0);
    }
    assert_string_equal(outcome_status_name(OUTCOME_FAILED), "failed");
}

static void test_verdict__lets_what_finds_no_room_ask_less_and_less(void **state UNUSED)
{
    static const int64_t waits[][2] = {{0, 1000},      {-50, 1000},      {1000, 1000},
                                       {40000, 40000}, {300000, 300000}, {9000000, 300000}};
    const struct config_function config = {.max_attempts = 1};
    struct outcome o = {.status = OUTCOME_FAILED, .error = {.code = ERROR_THROTTLED}};
    for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
        const struct invocation inv = {.accepted_ms = 10000000 - waits[i][0]};
        int64_t middle = waits[i][1];
        struct verdict low = outcome_verdict(&o, &inv, &config, 10000000, 0);
        struct verdict high = outcome_verdict(&o, &inv, &config, 10000000, (uint64_t)(middle / 2));
        assert_int_equal(low.due_ms, 10000000 + middle - middle / 4);
        assert_int_equal(high.due_ms, 10000000 + middle + middle / 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backoff__doubles_up_to_the_cap_within_a_quarter),
        cmocka_unit_test(test_backoff__survives_the_largest_numbers),
        cmocka_unit_test(test_verdict__follows_the_table),
        cmocka_unit_test(test_verdict__lets_what_finds_no_room_ask_less_and_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
