/*
 * test_user.c - as root: a user for the function alone, and what it cannot do to its runner then.
 */
#include "runner_fixture.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AS_USER "--uid", "60706"

/* The folder of a place belongs to its user. */
static void give_away(const char *dir)
{
    assert_int_equal(chown(dir, 60706, 60706), 0);
}

static char *log_of(const char *dir, const char *const *options, const char *const *command)
{
    struct runner r = runner_start(dir, options, command);
    struct runner_report report = runner_report(&r);
    char *log = runner_log(&r);
    assert_int_equal(report.end, RUNNER_EXITED);
    runner_finish(&r);
    return log;
}

static void test_user__changes_all_ids(void **state)
{
    if (!test_is_open_to(60706, ODD_FUNCTION))
        skip();
    give_away(*state);
    AUTO_FREE char *log = log_of(*state, OPTIONS(AS_USER, "--pids", "100"), ODD("show", "HOME"));
    assert_contains(log, "\nuser=60706/60706 group=60706/60706 groups=0\n");
    assert_contains(log, "\nnproc=100/100\n");
    assert_contains(log, "death=9\n");
}

static void test_user__cannot_touch_its_runner(void **state)
{
    if (!test_is_open_to(60706, ODD_FUNCTION))
        skip();
    AUTO_FREE char *outside = xasprintf("/etc/onput-test-%d", (int)getpid());
    give_away(*state);
    AUTO_FREE char *log = log_of(*state, OPTIONS(AS_USER), ODD("attack", outside));
    assert_string_equal(log, "signal: EPERM\ntrace: EPERM\nenvironment: EACCES\n"
                             "channel: EACCES\nwrite: EACCES\nroot: EPERM\n");
    assert_int_not_equal(access(outside, F_OK), 0);
}

/* Landlock's version 6 can keep signals in; the number of the call is that of asking for it. */
static bool has_scopes(void)
{
    return syscall(444, NULL, 0, 1) >= 6;
}

static void test_same_user__cannot_touch_the_runner_either(void **state)
{
    if (!has_scopes())
        skip();
    AUTO_FREE char *inside = test_path(*state, "file");
    AUTO_FREE char *log = log_of(*state, NULL, ODD("attack", inside));
    assert_contains(log, "signal: EPERM\ntrace: EPERM\n");
    assert_contains(log, "\nchannel: EACCES\n");
}

static void test_same_user__may_signal_what_it_started(void **state)
{
    AUTO_FREE char *log =
        log_of(*state, NULL, COMMAND("sh", "-c", "sleep 60 & kill $! && wait $!; echo $?"));
    assert_contains(log, "143\n");
}

static void test_user__is_ended_all_the_same(void **state)
{
    if (!test_is_open_to(60706, ODD_FUNCTION))
        skip();
    give_away(*state);
    struct runner r =
        runner_start(*state, OPTIONS(AS_USER, "--grace-ms", "50"), ODD("daemonise", "stay"));
    runner_await_line(&r, "ready");
    runner_tell_end(&r);
    struct runner_report report = runner_report(&r);
    assert_int_equal(report.end, RUNNER_SIGNALED);
    assert_int_equal(report.code, SIGKILL);
    runner_finish(&r);
}

/* The kernel refuses what is too much: nothing needs to be ended. */
static void test_user__has_no_more_tasks_than_it_may(void **state)
{
    if (!test_is_open_to(60706, ODD_FUNCTION))
        skip();
    give_away(*state);
    struct runner r = runner_start(*state, OPTIONS(AS_USER, "--pids", "10"), ODD("threads", "20"));
    runner_await_line(&r, "no more threads");
    runner_await_line(&r, "ready");
    runner_tell_kill(&r);
    assert_int_equal(runner_report(&r).end, RUNNER_SIGNALED);
    runner_finish(&r);
}

/* Where the user has more than this function, the kernel's limit is for bombs only. */
static void test_same_user__has_a_limit_of_tasks_all_the_same(void **state)
{
    long long most;
    struct stat st;
    /* In a container, nobody knows how many there are. */
    if (stat("/proc/self/ns/pid", &st) != 0 || st.st_ino != 0xEFFFFFFC)
        skip();
    AUTO_FREE char *log = log_of(*state, OPTIONS("--pids", "100"), ODD("show", "HOME"));
    const char *line = strstr(log, "\nnproc=");
    assert_non_null(line);
    assert_int_equal(sscanf(line, "\nnproc=%lld/", &most), 1);
    /* This test and the runner are there already. */
    assert_in_range(most, 402, 100000);
}

static void test_user__must_own_its_temporary_directory(void **state)
{
    if (!test_is_open_to(60706, ODD_FUNCTION))
        skip();
    struct runner_report report = runner_run(*state, OPTIONS(AS_USER), ODD("exit", "0"));
    assert_int_equal(report.end, RUNNER_NO_START);
    assert_string_equal(report.text, "cannot write to its temporary directory");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_dir_setup, test_dir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_user__changes_all_ids),
        TEST(test_user__cannot_touch_its_runner),
        TEST(test_same_user__cannot_touch_the_runner_either),
        TEST(test_same_user__may_signal_what_it_started),
        TEST(test_user__is_ended_all_the_same),
        TEST(test_user__has_no_more_tasks_than_it_may),
        TEST(test_same_user__has_a_limit_of_tasks_all_the_same),
        TEST(test_user__must_own_its_temporary_directory),
    };
    return cmocka_run_group_tests(tests, runner_setup, NULL);
}
