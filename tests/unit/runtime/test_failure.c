/*
 * What an invocation returns when its process fails: Lambda's own words.
 */
#include "support/test.h"

#include <errno.h>
#include <signal.h>

#include "runtime_private.h"

#define ID "8f5b1c1e-0d6a-4c57-9d2e-0123456789ab"

static struct failure exit_of(enum runner_end end, int32_t code, const char *text,
                              struct arena *arena)
{
    struct runner_report report = {.end = end, .code = code};
    struct failure out = {0};
    snprintf(report.text, sizeof(report.text), "%s", text);
    failure_of_exit(&report, ID, arena, &out);
    return out;
}

static void test_failure_of_exit__says_how_the_process_ended(void **state)
{
    (void)state;
    static const struct {
        enum runner_end end;
        int32_t code;
        const char *text;
        const char *payload;
    } cases[] = {
        {RUNNER_EXITED, 0, "",
         "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: " ID
         " Error: Runtime exited without providing a reason\"}"},
        {RUNNER_EXITED, 127, "",
         "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: " ID
         " Error: Runtime exited with error: exit status 127\"}"},
        {RUNNER_SIGNALED, SIGKILL, "",
         "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: " ID
         " Error: Runtime exited with error: signal: killed\"}"},
        {RUNNER_SIGNALED, SIGSEGV, "",
         "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: " ID
         " Error: Runtime exited with error: signal: segmentation fault\"}"},
        {RUNNER_SIGNALED, 63, "",
         "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: " ID
         " Error: Runtime exited with error: signal: signal 63\"}"},
        {RUNNER_NO_EXEC, ENOENT, "",
         "{\"errorType\":\"Runtime.InvalidEntrypoint\",\"errorMessage\":\"RequestId: " ID
         " Error: fork/exec: no such file or directory\"}"},
        {RUNNER_NO_EXEC, EACCES, "/task/bootstrap",
         "{\"errorType\":\"Runtime.InvalidEntrypoint\",\"errorMessage\":\"RequestId: " ID
         " Error: fork/exec /task/bootstrap: permission denied\"}"},
        {RUNNER_NO_START, EPERM, "cannot set its limits",
         "{\"errorType\":\"Sandbox.Failure\",\"errorMessage\":\"RequestId: " ID
         " Error: cannot set its limits: operation not permitted\"}"},
        {RUNNER_MEMORY, SIGKILL, "",
         "{\"errorType\":\"Runtime.OutOfMemory\",\"errorMessage\":\"RequestId: " ID
         " Error: Runtime exited with error: signal: killed\"}"},
        {RUNNER_PIDS, SIGKILL, "",
         "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: " ID
         " Error: Runtime exited with error: signal: killed\"}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_ARENA struct arena arena = {0};
        struct failure f = exit_of(cases[i].end, cases[i].code, cases[i].text, &arena);
        assert_text(f.payload, cases[i].payload);
        assert_int_equal(f.error.retryable, cases[i].end != RUNNER_NO_EXEC);
        assert_int_not_equal(f.error.code, ERROR_NONE);
    }
}

static void test_failure_of_timeout__has_hundredths_of_seconds(void **state)
{
    (void)state;
    AUTO_ARENA struct arena arena = {0};
    struct failure f = {0};
    failure_of_timeout(1000, ID, &arena, &f);
    assert_text(f.payload, "{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: " ID
                           " Error: Task timed out after 1.00 seconds\"}");
    assert_int_equal(f.error.code, ERROR_TIMEOUT);
    assert_true(f.error.retryable);
    failure_of_timeout(900050, ID, &arena, &f);
    assert_text(f.payload, "{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: " ID
                           " Error: Task timed out after 900.05 seconds\"}");
}

static void test_failure_of_exchange__hands_a_posted_error_on(void **state)
{
    (void)state;
    AUTO_ARENA struct arena arena = {0};
    struct failure f = {0};
    struct exchange_result result = {
        .end = EXCHANGE_ERROR,
        .body = TEXT("{\"errorMessage\":\"no\\nway\", \"errorType\":\"KeyError\"}"),
        .error_type = TEXT("Runtime.Unknown"),
    };
    failure_of_exchange(&result, ID, &arena, &f);
    assert_text(f.payload, "{\"errorMessage\":\"no\\nway\", \"errorType\":\"KeyError\"}");
    assert_string_equal(f.error.message, "KeyError: no\nway");
    assert_int_equal(f.error.code, ERROR_INTERNAL);
    assert_true(f.error.retryable);
    result.end = EXCHANGE_INIT_ERROR;
    result.body = TEXT("[1]");
    failure_of_exchange(&result, ID, &arena, &f);
    assert_text(f.payload, "[1]");
    assert_string_equal(f.error.message, "at its start: Runtime.Unknown");
}

static void test_failure_of_exchange__says_that_a_result_is_too_large(void **state)
{
    (void)state;
    AUTO_ARENA struct arena arena = {0};
    struct failure f = {0};
    struct exchange_result result = {.end = EXCHANGE_TOO_LARGE};
    failure_of_exchange(&result, ID, &arena, &f);
    assert_text(f.payload,
                "{\"errorMessage\":\"Response payload size exceeded maximum allowed payload size "
                "(6291556 bytes).\",\"errorType\":\"Function.ResponseSizeTooLarge\"}");
    assert_int_equal(f.error.code, ERROR_LIMIT);
}

static void test_failure_of_exchange__names_every_other_end(void **state)
{
    (void)state;
    static const struct {
        enum exchange_end end;
        enum error_code code;
        const char *type;
    } cases[] = {
        {EXCHANGE_BROKEN, ERROR_INTERNAL, "{\"errorType\":\"Runtime.TruncatedResponse\","},
        {EXCHANGE_CANCELED, ERROR_CANCELED, "{\"errorType\":\"Sandbox.Failure\","},
        {EXCHANGE_TIMEOUT, ERROR_TIMEOUT, "{\"errorType\":\"Sandbox.Timedout\","},
        {EXCHANGE_GONE, ERROR_INTERNAL, "{\"errorType\":\"Runtime.ExitError\","},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_ARENA struct arena arena = {0};
        struct failure f = {0};
        failure_of_exchange(&(struct exchange_result){.end = cases[i].end}, ID, &arena, &f);
        assert_true(text_starts_with(f.payload, text_of(cases[i].type)));
        assert_int_equal(f.error.code, cases[i].code);
        assert_true(f.error.retryable);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failure_of_exit__says_how_the_process_ended),
        cmocka_unit_test(test_failure_of_timeout__has_hundredths_of_seconds),
        cmocka_unit_test(test_failure_of_exchange__hands_a_posted_error_on),
        cmocka_unit_test(test_failure_of_exchange__says_that_a_result_is_too_large),
        cmocka_unit_test(test_failure_of_exchange__names_every_other_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
