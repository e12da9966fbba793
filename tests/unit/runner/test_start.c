/*
 * test_start.c - what a command finds when it starts, and what is said of one that does not.
 */
#include "runner_fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onput/fd.h"

static char *show(const char *dir, const char *const *options, const char *variable)
{
    struct runner r = runner_start(dir, options, ODD("show", variable));
    struct runner_report report = runner_report(&r);
    char *log = runner_log(&r);
    assert_int_equal(report.end, RUNNER_EXITED);
    assert_int_equal(report.code, 0);
    runner_finish(&r);
    return log;
}

static void test_start__gives_a_clean_process(void **state)
{
    AUTO_FREE char *log = show(*state, NULL, "HOME");
    AUTO_FREE char *directory = xasprintf("directory=%s\n", (char *)*state);
    assert_contains(log, directory);
    /* Nothing but 0, 1 and 2: not the channel. */
    assert_contains(log, "\ndescriptors=3\n");
    assert_contains(log, "\nsession=1 group=1\n");
    /* Of 64, two belong to the C library. */
    assert_contains(log, "\nsignals=62 blocked=0 death=9\n");
    assert_contains(log, "\numask=022 privileges=1\n");
}

static void test_start__passes_its_environment_on(void **state)
{
    assert_int_equal(setenv("ONPUT_TEST_WORD", "some words", 1), 0);
    AUTO_FREE char *log = show(*state, NULL, "ONPUT_TEST_WORD");
    assert_contains(log, "ONPUT_TEST_WORD=some words\n");
    unsetenv("ONPUT_TEST_WORD");
}

/* LD_SHOW_AUXV makes the loader of whoever has it talk: the command's alone. */
static void test_start__has_no_use_for_the_commands_variables(void **state)
{
    assert_int_equal(setenv("+LD_SHOW_AUXV", "1", 1), 0);
    AUTO_FREE char *log = show(*state, NULL, "LD_SHOW_AUXV");
    unsetenv("+LD_SHOW_AUXV");
    assert_contains(log, "LD_SHOW_AUXV=1\n");
    const char *talk = strstr(log, "AT_PAGESZ");
    assert_true(talk == NULL || strstr(talk + 1, "AT_PAGESZ") == NULL);
}

static void test_start__limits_files_and_cores(void **state)
{
    AUTO_FREE char *log = show(*state, NULL, "HOME");
    assert_contains(log, "\ncore=0/0\n");
    assert_contains(log, "\nnofile=1024/1024\n");
    assert_contains(log, "\ndata=-1/-1\n");
}

static void test_start__limits_what_can_be_allocated_between_looks(void **state)
{
    AUTO_FREE char *small = show(*state, OPTIONS("--memory-bytes", "134217728"), "HOME");
    AUTO_FREE char *large = show(*state, OPTIONS("--memory-bytes", "10737418240"), "HOME");
    assert_contains(small, "\ndata=2147483648/2147483648\n");
    assert_contains(large, "\ndata=42949672960/42949672960\n");
}

static void check_no_exec(const char *dir, const char *command, int error)
{
    struct runner_report report = runner_run(dir, NULL, COMMAND(command));
    assert_int_equal(report.end, RUNNER_NO_EXEC);
    assert_int_equal(report.code, error);
    assert_string_equal(report.text, command);
}

static void test_start__says_why_exec_failed(void **state)
{
    AUTO_FREE char *words = test_path(*state, "words");
    AUTO_FREE char *script = test_path(*state, "script");
    test_write_file(words, TEXT("just words\n"));
    test_write_file(script, TEXT("#!/nowhere/interpreter\n"));
    assert_int_equal(chmod(script, 0755), 0);
    assert_int_equal(chmod(words, 0644), 0);
    check_no_exec(*state, "/nowhere/bootstrap", ENOENT);
    check_no_exec(*state, "", ENOENT);
    check_no_exec(*state, words, EACCES);
    check_no_exec(*state, *state, EACCES);
    check_no_exec(*state, script, ENOENT);
    /* No shell is tried. */
    assert_int_equal(chmod(words, 0755), 0);
    check_no_exec(*state, words, ENOEXEC);
}

static void check_exit(const char *dir, const char *command, int code)
{
    struct runner_report report = runner_run(dir, NULL, COMMAND(command));
    assert_int_equal(report.end, RUNNER_EXITED);
    assert_int_equal(report.code, code);
}

static void write_script(const char *dir, const char *name, struct text content)
{
    AUTO_FREE char *path = test_path(dir, name);
    test_write_file(path, content);
    assert_int_equal(chmod(path, 0755), 0);
}

static void test_start__looks_along_the_path(void **state)
{
    AUTO_FREE char *before = xstrdup(getenv("PATH"));
    AUTO_FREE char *path = xasprintf("/nowhere::/etc/passwd:%s:/bin", (char *)*state);
    write_script(*state, "true", TEXT("#!/bin/sh\nexit 5\n"));
    check_exit(*state, "true", 0);
    setenv("PATH", path, 1);
    check_exit(*state, "true", 5);
    check_no_exec(*state, "nothing-of-that-name", ENOENT);
    unsetenv("PATH");
    check_exit(*state, "true", 0);
    setenv("PATH", before, 1);
}

/* "./bootstrap" and its like are of the function's directory. */
static void test_start__takes_a_relative_path_from_the_directory(void **state)
{
    write_script(*state, "bootstrap", TEXT("#!/bin/sh\nexit 6\n"));
    check_exit(*state, "./bootstrap", 6);
}

static void check_no_start(const char *dir, const char *const *options, int error, const char *text)
{
    struct runner_report report = runner_run(dir, options, COMMAND("true"));
    assert_int_equal(report.end, RUNNER_NO_START);
    assert_int_equal(report.code, error);
    assert_string_equal(report.text, text);
}

static void test_start__says_what_could_not_be_confined(void **state)
{
    check_no_start("/nowhere", NULL, ENOENT, "cannot write to its temporary directory");
    check_no_start(*state, OPTIONS("--cgroup", "/nowhere"), ENOENT,
                   "cannot join its control group");
    if (geteuid() != 0)
        check_no_start(*state, OPTIONS("--uid", "60706"), EPERM,
                       "cannot end processes of another user without the capability CAP_KILL");
}

static void test_start__joins_a_control_group(void **state)
{
    AUTO_FREE char *procs = test_path(*state, "cgroup.procs");
    test_write_file(procs, TEXT(""));
    struct runner_report report = runner_run(*state, OPTIONS("--cgroup", *state), COMMAND("true"));
    AUTO_FREE char *written = test_read_file(procs, NULL);
    assert_int_equal(report.end, RUNNER_EXITED);
    assert_string_equal(written, "0");
}

static void check_refused(const char *const *options, const char *message)
{
    int status = -1;
    struct runner r = runner_start("/", options, COMMAND("true"));
    AUTO_FREE char *log = runner_log(&r);
    assert_string_equal(log, message);
    assert_int_equal(waitpid(r.pid, &status, 0), r.pid);
    assert_int_equal(status, 2 << 8);
    runner_check_nobody_left();
    fd_close(&r.channel);
    fd_close(&r.log);
}

static void test_start__refuses_what_no_daemon_says(void **state)
{
    (void)state;
    check_refused(OPTIONS("--color", "red"), "onput-runner: there is no option --color\n");
    check_refused(OPTIONS("--"), "onput-runner: --directory, --temporary and a command behind --"
                                 " are needed\n");
    check_refused(OPTIONS("--pids", "-1"), "onput-runner: --pids is not a whole number\n");
}

/* Where paths of root lead to is nobody else's to know: not the PATH of who runs the tests. */
static int setup(void **state)
{
    return setenv("PATH", "/usr/bin:/bin", 1) != 0 ? -1 : runner_setup(state);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_dir_setup, test_dir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_start__gives_a_clean_process),
        TEST(test_start__passes_its_environment_on),
        TEST(test_start__has_no_use_for_the_commands_variables),
        TEST(test_start__limits_files_and_cores),
        TEST(test_start__limits_what_can_be_allocated_between_looks),
        TEST(test_start__says_why_exec_failed),
        TEST(test_start__looks_along_the_path),
        TEST(test_start__takes_a_relative_path_from_the_directory),
        TEST(test_start__says_what_could_not_be_confined),
        TEST(test_start__joins_a_control_group),
        TEST(test_start__refuses_what_no_daemon_says),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
