/*
 * test_end.c - how a function process can end, and that nobody outlives it.
 */
#include "runner_fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onput/clock.h"
#include "onput/fd.h"

static void check_report(struct runner_report report, enum runner_end end, int code)
{
    assert_int_equal(report.end, end);
    assert_int_equal(report.code, code);
    assert_string_equal(report.text, "");
}

static void test_end__reports_the_status(void **state)
{
    check_report(runner_run(*state, NULL, ODD("exit", "0")), RUNNER_EXITED, 0);
    check_report(runner_run(*state, NULL, ODD("exit", "3")), RUNNER_EXITED, 3);
    check_report(runner_run(*state, NULL, ODD("exit", "255")), RUNNER_EXITED, 255);
}

static void test_end__reports_the_signal(void **state)
{
    check_report(runner_run(*state, NULL, ODD("signal", "11")), RUNNER_SIGNALED, SIGSEGV);
    check_report(runner_run(*state, NULL, ODD("signal", "9")), RUNNER_SIGNALED, SIGKILL);
}

static struct runner start_ready(void **state, const char *const *options,
                                 const char *const *command)
{
    struct runner r = runner_start(*state, options, command);
    runner_await_line(&r, "ready");
    return r;
}

static void check_end(struct runner *r, enum runner_end end, int code)
{
    check_report(runner_report(r), end, code);
    runner_finish(r);
}

static void test_end__comes_with_sigterm(void **state)
{
    struct runner r = start_ready(state, OPTIONS("--grace-ms", "60000"), ODD("wait"));
    runner_tell_end(&r);
    check_end(&r, RUNNER_SIGNALED, SIGTERM);
}

static void test_end__comes_with_sigkill_after_a_while(void **state)
{
    struct runner r = start_ready(state, OPTIONS("--grace-ms", "50"), ODD("ignore"));
    runner_tell_end(&r);
    check_end(&r, RUNNER_SIGNALED, SIGKILL);
}

static void test_end__comes_at_once_when_told(void **state)
{
    struct runner r = start_ready(state, OPTIONS("--grace-ms", "60000"), ODD("ignore"));
    runner_tell_kill(&r);
    check_end(&r, RUNNER_SIGNALED, SIGKILL);
}

static void test_end__comes_for_who_stopped_itself(void **state)
{
    struct runner r = start_ready(state, OPTIONS("--grace-ms", "50"), ODD("stop-itself"));
    runner_tell_end(&r);
    check_end(&r, RUNNER_SIGNALED, SIGKILL);
}

/* A daemon that was killed says nothing. */
static void test_end__comes_when_the_daemon_is_gone(void **state)
{
    struct runner r = start_ready(state, OPTIONS("--grace-ms", "50"), ODD("daemonise", "stay"));
    runner_close_channel(&r);
    runner_finish(&r);
}

static void test_end__takes_daemons_along(void **state)
{
    check_report(runner_run(*state, NULL, ODD("daemonise", "leave")), RUNNER_EXITED, 7);
}

static void test_end__reaches_daemons_when_told(void **state)
{
    struct runner r = start_ready(state, NULL, ODD("daemonise", "stay"));
    runner_tell_kill(&r);
    check_end(&r, RUNNER_SIGNALED, SIGKILL);
}

static void test_end__reaches_who_cannot_be_stopped(void **state)
{
    struct runner r = start_ready(state, NULL, ODD("vfork"));
    runner_tell_kill(&r);
    check_end(&r, RUNNER_SIGNALED, SIGKILL);
}

static void test_end__reaches_who_forks_when_asked(void **state)
{
    struct runner r = start_ready(state, OPTIONS("--grace-ms", "100"), ODD("fork-on-term"));
    runner_tell_end(&r);
    check_end(&r, RUNNER_SIGNALED, SIGKILL);
}

static void test_end__reaches_who_closed_everything(void **state)
{
    struct runner r = start_ready(state, OPTIONS("--grace-ms", "60000"), ODD("close"));
    runner_tell_end(&r);
    check_end(&r, RUNNER_SIGNALED, SIGTERM);
}

/* A shell around the function ends first; the function has its time all the same. */
static void test_end__leaves_time_to_all(void **state)
{
    struct runner r = start_ready(state, OPTIONS("--grace-ms", "60000"), ODD("wrap"));
    runner_tell_end(&r);
    runner_await_line(&r, "bye");
    check_end(&r, RUNNER_SIGNALED, SIGTERM);
}

static void test_end__comes_though_nobody_reads_the_log(void **state)
{
    struct runner r = runner_start(*state, OPTIONS("--grace-ms", "60000"), ODD("chatter"));
    AUTO_FREE char *line = runner_line(&r);
    assert_contains(line, "words");
    runner_tell_end(&r);
    check_end(&r, RUNNER_SIGNALED, SIGTERM);
}

static void test_end__comes_when_the_log_is_closed(void **state)
{
    struct runner r = runner_start(*state, NULL, ODD("chatter"));
    fd_close(&r.log);
    check_end(&r, RUNNER_SIGNALED, SIGPIPE);
}

/* They are meant for the daemon, which knows what to do. */
static void test_end__does_not_come_with_signals_for_the_daemon(void **state)
{
    struct runner r = start_ready(state, OPTIONS("--grace-ms", "60000"), ODD("wait"));
    assert_int_equal(kill(r.pid, SIGTERM), 0);
    assert_int_equal(kill(r.pid, SIGINT), 0);
    assert_int_equal(kill(r.pid, SIGHUP), 0);
    runner_tell_kill(&r);
    check_end(&r, RUNNER_SIGNALED, SIGKILL);
}

/* The command becomes ours when its runner is gone. */
static void test_end__comes_for_the_command_with_its_runner(void **state)
{
    int status;
    struct runner r = start_ready(state, NULL, ODD("ignore"));
    assert_int_equal(kill(r.pid, SIGKILL), 0);
    assert_int_equal(waitpid(r.pid, &status, 0), r.pid);
    assert_true(waitpid(-1, &status, 0) > 0);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    runner_check_nobody_left();
    fd_close(&r.channel);
    fd_close(&r.log);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_dir_setup, test_dir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_end__reports_the_status),
        TEST(test_end__reports_the_signal),
        TEST(test_end__comes_with_sigterm),
        TEST(test_end__comes_with_sigkill_after_a_while),
        TEST(test_end__comes_at_once_when_told),
        TEST(test_end__comes_for_who_stopped_itself),
        TEST(test_end__comes_when_the_daemon_is_gone),
        TEST(test_end__takes_daemons_along),
        TEST(test_end__reaches_daemons_when_told),
        TEST(test_end__reaches_who_cannot_be_stopped),
        TEST(test_end__reaches_who_forks_when_asked),
        TEST(test_end__reaches_who_closed_everything),
        TEST(test_end__leaves_time_to_all),
        TEST(test_end__comes_though_nobody_reads_the_log),
        TEST(test_end__comes_when_the_log_is_closed),
        TEST(test_end__does_not_come_with_signals_for_the_daemon),
        TEST(test_end__comes_for_the_command_with_its_runner),
    };
    return cmocka_run_group_tests(tests, runner_setup, NULL);
}
