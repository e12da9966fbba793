/*
 * test_limits.c - functions that take more memory or processes than they may.
 */
#include "runner_fixture.h"

#include <signal.h>

#include "onput/clock.h"

enum { MIB = 1 << 20, SOON_MS = 5000 };

#define LIMIT_64_MIB OPTIONS("--memory-bytes", "67108864")

/* Ended within the time, with a peak that has something to do with what was taken. */
static void check_memory(const char *dir, const char *const *command)
{
    int64_t start = clock_now_ns();
    struct runner_report report = runner_run(dir, LIMIT_64_MIB, command);
    assert_int_equal(report.end, RUNNER_MEMORY);
    assert_int_equal(report.code, 0);
    assert_in_range(report.peak_bytes, 64 * MIB, (uint64_t)2048 * MIB);
    assert_in_range((clock_now_ns() - start) / 1000000, 0, SOON_MS);
}

static void test_memory__ends_one_that_takes_too_much(void **state)
{
    check_memory(*state, ODD("hog", "1000"));
    check_memory(*state, ODD("hog", "80"));
}

static void test_memory__counts_shared_memory(void **state)
{
    check_memory(*state, ODD("hog-shared", "80"));
}

static void test_memory__counts_all_processes_together(void **state)
{
    check_memory(*state, ODD("hog-together", "120"));
}

static void test_memory__counts_when_the_first_thread_is_gone(void **state)
{
    check_memory(*state, ODD("hog-without-first-thread", "80"));
}

static void test_memory__leaves_those_who_take_less(void **state)
{
    struct runner r = runner_start(*state, LIMIT_64_MIB, ODD("hog", "40"));
    runner_await_line(&r, "ready");
    runner_tell_end(&r);
    struct runner_report report = runner_report(&r);
    assert_int_equal(report.end, RUNNER_SIGNALED);
    assert_int_equal(report.code, SIGTERM);
    runner_finish(&r);
}

static void test_memory__counts_once_what_processes_share(void **state)
{
    struct runner r = runner_start(*state, LIMIT_64_MIB, ODD("hog-shared-by-fork", "40"));
    runner_await_line(&r, "ready");
    runner_tell_kill(&r);
    struct runner_report report = runner_report(&r);
    assert_int_equal(report.end, RUNNER_SIGNALED);
    assert_in_range(report.peak_bytes, 40 * MIB, 64 * MIB);
    runner_finish(&r);
    check_memory(*state, ODD("hog-shared-by-fork", "70"));
}

static void check_bomb(const char *dir, const char *most)
{
    int64_t start = clock_now_ns();
    struct runner_report report = runner_run(dir, OPTIONS("--pids", "64"), ODD("bomb", most));
    assert_int_equal(report.end, RUNNER_PIDS);
    assert_int_equal(report.code, 0);
    assert_in_range((clock_now_ns() - start) / 1000000, 0, SOON_MS);
}

static void test_pids__ends_a_fork_bomb(void **state)
{
    check_bomb(*state, "100");
    check_bomb(*state, "3000");
}

static void test_pids__counts_threads(void **state)
{
    struct runner_report report = runner_run(*state, OPTIONS("--pids", "20"), ODD("threads", "30"));
    assert_int_equal(report.end, RUNNER_PIDS);
}

static void test_pids__leaves_those_who_have_fewer(void **state)
{
    struct runner r = runner_start(*state, OPTIONS("--pids", "20"), ODD("threads", "10"));
    runner_await_line(&r, "ready");
    runner_tell_kill(&r);
    assert_int_equal(runner_report(&r).end, RUNNER_SIGNALED);
    runner_finish(&r);
}

static void write_file(const char *dir, const char *name, const char *content)
{
    AUTO_FREE char *path = test_path(dir, name);
    test_write_file(path, text_of(content));
}

/* What the kernel writes into a group's folder. */
static void make_group(const char *dir, const char *events, const char *peak)
{
    write_file(dir, "cgroup.procs", "");
    write_file(dir, "memory.events", events);
    write_file(dir, "memory.peak", peak);
}

static void test_group__says_how_much_memory_was_used(void **state)
{
    make_group(*state, "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n", "12345678\n");
    struct runner_report report =
        runner_run(*state, OPTIONS("--cgroup", *state), ODD("signal", "9"));
    assert_int_equal(report.end, RUNNER_SIGNALED);
    assert_int_equal(report.peak_bytes, 12345678);
}

static void test_group__says_that_memory_ran_out(void **state)
{
    static const char before[] = "low 0\nhigh 0\nmax 9\noom 2\noom_kill 2\n";
    static const char after[] = "low 0\nhigh 0\nmax 9\noom 3\noom_kill 3\n";
    make_group(*state, before, "67108864\n");
    struct runner r = runner_start(*state, OPTIONS("--cgroup", *state), ODD("wait"));
    runner_await_line(&r, "ready");
    write_file(*state, "memory.events", after);
    runner_tell_kill(&r);
    struct runner_report report = runner_report(&r);
    assert_int_equal(report.end, RUNNER_MEMORY);
    assert_int_equal(report.peak_bytes, 67108864);
    runner_finish(&r);
}

static void test_group__is_killed_as_a_whole(void **state)
{
    AUTO_FREE char *path = test_path(*state, "cgroup.kill");
    make_group(*state, "oom_kill 0\n", "1\n");
    test_write_file(path, TEXT(""));
    runner_run(*state, OPTIONS("--cgroup", *state), ODD("exit", "0"));
    AUTO_FREE char *written = test_read_file(path, NULL);
    assert_string_equal(written, "1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_dir_setup, test_dir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_memory__ends_one_that_takes_too_much),
        TEST(test_memory__counts_shared_memory),
        TEST(test_memory__counts_all_processes_together),
        TEST(test_memory__counts_when_the_first_thread_is_gone),
        TEST(test_memory__leaves_those_who_take_less),
        TEST(test_memory__counts_once_what_processes_share),
        TEST(test_pids__ends_a_fork_bomb),
        TEST(test_pids__counts_threads),
        TEST(test_pids__leaves_those_who_have_fewer),
        TEST(test_group__says_how_much_memory_was_used),
        TEST(test_group__says_that_memory_ran_out),
        TEST(test_group__is_killed_as_a_whole),
    };
    return cmocka_run_group_tests(tests, runner_setup, NULL);
}
