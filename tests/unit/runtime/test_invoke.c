/*
 * test_invoke.c - what comes of an invocation: results, failures, timeouts, starts that go wrong.
 */
#include "runtime_fixture.h"

static void test_invoke__returns_what_the_function_posts(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    struct reply r;
    (void)state;
    fixture_invoke(f, "fake", "echo {\"a\":1}", &r);
    assert_int_equal(r.outcome.status, OUTCOME_DONE);
    assert_text(r.outcome.result, "{\"a\":1}");
    assert_text(r.outcome.content_type, "application/json");
    assert_true(r.outcome.init_us > 0);
    assert_true(r.outcome.duration_us > 0);
    assert_true(r.outcome.memory_bytes > 0);
    reply_release(&r);
    fixture_free(f);
}

static void test_invoke__uses_a_process_again(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    struct reply r;
    (void)state;
    pid_t pid = fixture_pid(f, "fake");
    for (int i = 0; i < 20; i++)
        assert_int_equal(fixture_pid(f, "fake"), pid);
    fixture_invoke(f, "fake", "count", &r);
    assert_text(r.outcome.result, "22");
    assert_int_equal(r.outcome.init_us, -1);
    reply_release(&r);
    assert_int_equal(fixture_count(f, METRIC_RUNTIME_STARTS, "fake", "ready"), 1);
    fixture_free(f);
}

static void expect_failure(struct runtime_fixture *f, const char *function, const char *event,
                           const char *type, const char *message)
{
    struct reply r;
    fixture_invoke(f, function, event, &r);
    assert_int_equal(r.outcome.status, OUTCOME_FAILED);
    assert_contains(r.outcome.result.ptr, type);
    assert_contains(r.outcome.result.ptr, message);
    reply_release(&r);
}

static void test_invoke__passes_a_function_error_on_and_keeps_the_process(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    struct reply r;
    (void)state;
    pid_t pid = fixture_pid(f, "fake");
    fixture_invoke(f, "fake", "error oh", &r);
    assert_int_equal(r.outcome.status, OUTCOME_FAILED);
    assert_text(r.outcome.result, "{\"errorType\":\"Fake\",\"errorMessage\":\"oh\"}");
    assert_true(r.outcome.error.retryable);
    reply_release(&r);
    assert_int_equal(fixture_pid(f, "fake"), pid);
    fixture_free(f);
}

static void test_invoke__takes_an_error_with_a_header_as_long_as_traces_are(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    (void)state;
    pid_t pid = fixture_pid(f, "fake");
    expect_failure(f, "fake", "trace 120000", "Fake", "traced");
    assert_int_equal(fixture_pid(f, "fake"), pid);
    fixture_free(f);
}

static void test_invoke__says_what_becomes_of_a_process_with_a_longer_header(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    (void)state;
    expect_failure(f, "fake", "trace 1048576", "Runtime.ExitError", "exit status 99");
    fixture_free(f);
}

static void test_invoke__says_how_a_process_ended(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    (void)state;
    expect_failure(f, "fake", "exit 0", "Runtime.ExitError",
                   "Runtime exited without providing a reason");
    expect_failure(f, "fake", "exit 3", "Runtime.ExitError",
                   "Runtime exited with error: exit status 3");
    expect_failure(f, "fake", "signal 9", "Runtime.ExitError", "signal: killed");
    fixture_expect(f, "fake", "echo 1", "1");
    assert_int_equal(fixture_count(f, METRIC_RUNTIME_ENDS, "fake", "exit"), 2);
    assert_int_equal(fixture_count(f, METRIC_RUNTIME_ENDS, "fake", "signal"), 1);
    fixture_free(f);
}

static void test_invoke__ends_a_process_that_does_not_answer_in_time(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    struct reply r;
    (void)state;
    pid_t pid = fixture_pid(f, "hasty");
    fixture_invoke(f, "hasty", "hang on", &r);
    assert_int_equal(r.outcome.status, OUTCOME_FAILED);
    assert_int_equal(r.outcome.error.code, ERROR_TIMEOUT);
    assert_contains(r.outcome.result.ptr, "Sandbox.Timedout");
    assert_contains(r.outcome.result.ptr, "Task timed out after 1.00 seconds");
    assert_text(r.outcome.log, "hanging on\n");
    assert_in_range(r.outcome.duration_us, 990000, 5000000);
    reply_release(&r);
    assert_false(is_alive(pid));
    assert_int_equal(fixture_count(f, METRIC_RUNTIME_ENDS, "hasty", "timeout"), 1);
    fixture_expect(f, "hasty", "count", "1");
    fixture_free(f);
}

static void test_invoke__refuses_a_result_that_is_too_large_and_keeps_the_process(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    (void)state;
    pid_t pid = fixture_pid(f, "fake");
    expect_failure(f, "fake", "large", "Function.ResponseSizeTooLarge", "6291556");
    assert_int_equal(fixture_pid(f, "fake"), pid);
    fixture_free(f);
}

static void test_invoke__ends_a_process_that_breaks_its_result_off(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    struct reply r;
    (void)state;
    pid_t pid = fixture_pid(f, "fake");
    fixture_invoke(f, "fake", "break", &r);
    assert_int_equal(r.outcome.status, OUTCOME_FAILED);
    reply_release(&r);
    assert_false(is_alive(pid));
    fixture_expect(f, "fake", "echo 1", "1");
    fixture_free(f);
}

static void test_invoke__has_another_process_when_an_idle_one_has_left(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    (void)state;
    for (int i = 0; i < 10; i++)
        fixture_expect(f, "fake", "leave 1", "1");
    fixture_free(f);
}

static void test_invoke__stops_when_it_is_canceled(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    struct caller c = {.f = f, .function = "fake", .event = "hang"};
    (void)state;
    pid_t pid = fixture_pid(f, "fake");
    caller_start(&c);
    fixture_await_busy(f);
    atomic_store(&f->canceled, true);
    caller_join(&c);
    assert_int_equal(c.reply.outcome.status, OUTCOME_FAILED);
    assert_int_equal(c.reply.outcome.error.code, ERROR_CANCELED);
    assert_true(c.reply.outcome.error.retryable);
    reply_release(&c.reply);
    assert_false(is_alive(pid));
    fixture_free(f);
}

/* ---- starts ---- */

static void test_invoke__returns_what_a_function_says_of_its_failed_start(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    struct reply r;
    (void)state;
    fixture_invoke(f, "fails", "echo 1", &r);
    assert_int_equal(r.outcome.status, OUTCOME_FAILED);
    assert_text(r.outcome.result, "{\"errorType\":\"Fake.Init\",\"errorMessage\":\"no\"}");
    reply_release(&r);
    fixture_await_processes(f, 0);
    fixture_free(f);
}

static void test_invoke__says_how_a_process_ended_in_its_start(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    (void)state;
    expect_failure(f, "exits", "echo 1", "Runtime.ExitError",
                   "Runtime exited with error: exit status 7");
    assert_int_equal(fixture_count(f, METRIC_RUNTIME_STARTS, "exits", "exit"), 1);
    fixture_free(f);
}

static void test_invoke__waits_longer_while_starts_fail(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    (void)state;
    int64_t since = clock_mono_ms(clock_system());
    for (int i = 0; i < 4; i++)
        expect_failure(f, "exits", "echo 1", "Runtime.ExitError", "exit status 7");
    /* 100, 200 and 400 ms before the second, third and fourth. */
    assert_in_range(clock_mono_ms(clock_system()) - since, 680, LONG_MS);
    struct reply r;
    fixture_invoke_until(f, "exits", "echo 1", 50, &r);
    assert_int_equal(r.outcome.error.code, ERROR_THROTTLED);
    assert_contains(r.outcome.error.message, "last 4 starts failed");
    reply_release(&r);
    fixture_expect(f, "fake", "echo 1", "1");
    fixture_free(f);
}

static void test_invoke__forgets_failed_starts_after_a_good_one(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    (void)state;
    expect_failure(f, "exits-first", "echo 1", "Runtime.ExitError", "exit status 7");
    fixture_expect(f, "exits-first", "echo 1", "1");
    assert_int_equal(f->rt->pools->failed_starts, 0);
    fixture_free(f);
}

static void test_invoke__starts_a_slow_process_once_more(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){.init_timeout_ms = 300});
    struct reply r;
    (void)state;
    fixture_invoke(f, "hangs-first", "echo 1", &r);
    assert_int_equal(r.outcome.status, OUTCOME_DONE);
    assert_in_range(r.outcome.init_us, 290000, 3000000);
    assert_text(r.outcome.result, "1");
    reply_release(&r);
    assert_int_equal(fixture_count(f, METRIC_RUNTIME_STARTS, "hangs-first", "timeout"), 1);
    assert_int_equal(fixture_count(f, METRIC_RUNTIME_STARTS, "hangs-first", "ready"), 1);
    fixture_free(f);
}

static void test_invoke__gives_a_slow_start_the_functions_timeout_in_the_end(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){.init_timeout_ms = 200});
    (void)state;
    int64_t since = clock_mono_ms(clock_system());
    expect_failure(f, "hangs", "echo 1", "Sandbox.Timedout", "Task timed out after 1.00 seconds");
    assert_in_range(clock_mono_ms(clock_system()) - since, 1180, 10000);
    fixture_await_processes(f, 0);
    fixture_free(f);
}

/* ---- logs ---- */

static void expect_log(struct runtime_fixture *f, const char *function, const char *event,
                       const char *log)
{
    struct reply r;
    fixture_invoke(f, function, event, &r);
    assert_text(r.outcome.log, log);
    reply_release(&r);
}

static void test_invoke__returns_the_log_of_its_own_invocation(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    (void)state;
    expect_log(f, "prints", "print one", "starting\none\n");
    expect_log(f, "prints", "print two", "two\n");
    expect_log(f, "prints", "echo 1", "");
    expect_log(f, "prints", "print three", "three\n");
    fixture_free(f);
}

static void test_invoke__returns_the_last_bytes_of_a_long_log(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    struct reply r;
    (void)state;
    fixture_invoke(f, "fake", "flood 3000000", &r);
    assert_int_equal(r.outcome.status, OUTCOME_DONE);
    assert_int_equal(r.outcome.log.len, LOG_TAIL_BYTES);
    reply_release(&r);
    fixture_free(f);
}

static void test_invoke__is_not_held_up_by_the_log_of_another_function(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    struct caller flood = {.f = f, .function = "hasty", .event = "flood"};
    (void)state;
    caller_start(&flood);
    fixture_await(f, METRIC_RUNTIME_STARTS, "hasty", "ready", 1);
    for (int i = 0; i < 5; i++) {
        fixture_pid(f, "fake");
        fixture_expect(f, "fake", "print x", "\"printed\"");
    }
    caller_join(&flood);
    assert_int_equal(flood.reply.outcome.error.code, ERROR_TIMEOUT);
    reply_release(&flood.reply);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_invoke__returns_what_the_function_posts),
        cmocka_unit_test(test_invoke__uses_a_process_again),
        cmocka_unit_test(test_invoke__passes_a_function_error_on_and_keeps_the_process),
        cmocka_unit_test(test_invoke__takes_an_error_with_a_header_as_long_as_traces_are),
        cmocka_unit_test(test_invoke__says_what_becomes_of_a_process_with_a_longer_header),
        cmocka_unit_test(test_invoke__says_how_a_process_ended),
        cmocka_unit_test(test_invoke__ends_a_process_that_does_not_answer_in_time),
        cmocka_unit_test(test_invoke__refuses_a_result_that_is_too_large_and_keeps_the_process),
        cmocka_unit_test(test_invoke__ends_a_process_that_breaks_its_result_off),
        cmocka_unit_test(test_invoke__has_another_process_when_an_idle_one_has_left),
        cmocka_unit_test(test_invoke__stops_when_it_is_canceled),
        cmocka_unit_test(test_invoke__returns_what_a_function_says_of_its_failed_start),
        cmocka_unit_test(test_invoke__says_how_a_process_ended_in_its_start),
        cmocka_unit_test(test_invoke__waits_longer_while_starts_fail),
        cmocka_unit_test(test_invoke__forgets_failed_starts_after_a_good_one),
        cmocka_unit_test(test_invoke__starts_a_slow_process_once_more),
        cmocka_unit_test(test_invoke__gives_a_slow_start_the_functions_timeout_in_the_end),
        cmocka_unit_test(test_invoke__returns_the_log_of_its_own_invocation),
        cmocka_unit_test(test_invoke__returns_the_last_bytes_of_a_long_log),
        cmocka_unit_test(test_invoke__is_not_held_up_by_the_log_of_another_function),
    };
    log_set_level(LOG_LEVEL_WARN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
