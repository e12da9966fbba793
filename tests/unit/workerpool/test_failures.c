/*
 * test_failures.c - workers that crash, hang, lie or break out: each costs its own attempt, is
 * counted for what it was, and the next job runs.
 */
#include "pool_fixture.h"

#include <fcntl.h>
#include <unistd.h>

#include "onput/clock.h"
#include "onput/fd.h"
#include "onput/log.h"

#ifdef ONPUT_SANITIZED
enum { IS_SANITIZED = true };
#else
enum { IS_SANITIZED = false };
#endif

static void check_recovers(const char *how, enum error_code code, const char *message,
                           const char *reason)
{
    struct pool_fixture f = pool_fixture_make((struct worker_pool_options){0});
    render_badly(f.pool, how, code, message);
    await_exits(f.metrics, reason, 1);
    render_well(f.pool, 2);
    assert_true(exits(f.metrics, reason) == 1);
    pool_fixture_release(&f);
}

static void test_worker_pool_render__survives_a_crash(void **state)
{
    (void)state;
    check_recovers("abort", ERROR_INTERNAL, "the worker was killed by SIGABRT", "crash");
    /* Sanitizers turn it into an exit status. */
    check_recovers("crash", ERROR_INTERNAL, IS_SANITIZED ? "the worker" : "killed by SIGSEGV",
                   "crash");
    check_recovers("leave", ERROR_INTERNAL, "exit status 0", "crash");
}

static void test_worker_pool_render__survives_a_worker_without_memory(void **state)
{
    (void)state;
    if (IS_SANITIZED)
        skip();
    check_recovers("memory", ERROR_INTERNAL, "memory ran out", "memory");
}

static void test_worker_pool_render__kills_at_the_deadline(void **state)
{
    struct pool_fixture f = pool_fixture_make((struct worker_pool_options){0});
    struct render_result result;
    struct error err = {0};
    int64_t since = clock_mono_ms(clock_system());
    (void)state;
    assert_fails(render(f.pool, "hang", 300, &result, &err), &err, ERROR_TIMEOUT);
    assert_in_range(clock_mono_ms(clock_system()) - since, 300, LONG_MS);
    assert_true(err.retryable);
    await_exits(f.metrics, "timeout", 1);
    render_well(f.pool, 2);
    pool_fixture_release(&f);
}

static void test_worker_pool_render__kills_a_worker_that_makes_a_forbidden_call(void **state)
{
    static const char *const calls[] = {"open", "socket", "execve", "ptrace"};
    (void)state;
    if (IS_SANITIZED)
        skip();
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        check_recovers(calls[i], ERROR_INTERNAL, "a system call that its sandbox refuses",
                       "syscall");
}

static void test_worker_pool_render__takes_no_lie(void **state)
{
    (void)state;
    check_recovers("other id", ERROR_PROTOCOL, "field id", "protocol");
    check_recovers("beyond", ERROR_PROTOCOL, "field bytes", "protocol");
    check_recovers("trailing", ERROR_PROTOCOL, "1 bytes behind", "protocol");
    check_recovers("garbage", ERROR_PROTOCOL, "field magic", "protocol");
    check_recovers("descriptor", ERROR_PROTOCOL, "with 1 descriptors", "protocol");
    check_recovers("close", ERROR_PROTOCOL, "closed its channel", "protocol");
}

/* The second answer lies there before the next job is sent, or comes after: then that fails. */
static void test_worker_pool_render__never_takes_an_answer_twice(void **state)
{
    struct pool_fixture f = pool_fixture_make((struct worker_pool_options){0});
    struct render_result result = {0};
    struct error err = {0};
    struct job job;
    (void)state;
    assert_ok(render(f.pool, "twice", LONG_MS, &result, &err), &err);
    job_init(&job, 2, "well");
    if (worker_pool_render(f.pool, &job.render, &job.input, &job.output, LONG_MS, &result, &err))
        assert_int_equal(err.code, ERROR_PROTOCOL);
    else
        assert_int_equal(result.id, 2);
    job_release(&job);
    await_exits(f.metrics, "protocol", 1);
    render_well(f.pool, 3);
    pool_fixture_release(&f);
}

static void test_worker_pool_render__passes_on_what_is_wrong_with_the_picture(void **state)
{
    struct pool_fixture f = pool_fixture_make((struct worker_pool_options){0});
    struct render_result result = {.id = 4711};
    struct error err = {0};
    (void)state;
    assert_fails(render(f.pool, "invalid", LONG_MS, &result, &err), &err, ERROR_INVALID);
    assert_string_equal(err.message, "The fake fails on request.");
    assert_false(err.retryable);
    assert_int_equal(result.id, 4711);
    /* The worker is as good as before. */
    assert_int_equal(render_well(f.pool, 2).decode_us, 2);
    pool_fixture_release(&f);
}

static void test_worker_pool_render__replaces_a_worker_that_failed_inside(void **state)
{
    struct pool_fixture f = pool_fixture_make((struct worker_pool_options){0});
    (void)state;
    render_badly(f.pool, "internal", ERROR_INTERNAL, "The fake fails on request.");
    assert_int_equal(render_well(f.pool, 2).decode_us, 1);
    assert_true(exits(f.metrics, "recycled") == 1);
    pool_fixture_release(&f);
}

/* What the pool logs while `how` is rendered. */
static char *log_of(const char *dir, const char *how, size_t *out_len)
{
    AUTO_FREE char *path = test_path(dir, "log");
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    struct pool_fixture f;
    struct render_result result;
    struct error err = {0};
    assert_true(fd >= 0);
    log_open(fd, LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
    f = pool_fixture_make((struct worker_pool_options){0});
    if (render(f.pool, how, LONG_MS, &result, &err) != 0)
        await_exits(f.metrics, "syscall", 1);
    pool_fixture_release(&f);
    log_open(STDERR_FILENO, LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
    fd_close(&fd);
    return test_read_file(path, out_len);
}

static void test_worker_pool__names_the_refused_call_on_request(void **state)
{
    size_t len;
    if (IS_SANITIZED)
        skip();
    setenv("ONPUT_WORKER_SECCOMP", "trap", 1);
    AUTO_FREE char *log = log_of(*state, "socket", &len);
    unsetenv("ONPUT_WORKER_SECCOMP");
    assert_contains(log, "ERROR a worker ended reason=syscall");
    assert_contains(log, "printed=\"refused system call: socket\"");
}

static void test_worker_pool__logs_little_of_a_worker_that_prints_much(void **state)
{
    size_t len;
    AUTO_FREE char *log = log_of(*state, "shout", &len);
    assert_contains(log, "line 0 of a worker that has much to say");
    assert_null(strstr(log, "line 19999"));
    assert_in_range(len, 16 * 1024, 128 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worker_pool_render__survives_a_crash),
        cmocka_unit_test(test_worker_pool_render__survives_a_worker_without_memory),
        cmocka_unit_test(test_worker_pool_render__kills_at_the_deadline),
        cmocka_unit_test(test_worker_pool_render__kills_a_worker_that_makes_a_forbidden_call),
        cmocka_unit_test(test_worker_pool_render__takes_no_lie),
        cmocka_unit_test(test_worker_pool_render__never_takes_an_answer_twice),
        cmocka_unit_test(test_worker_pool_render__passes_on_what_is_wrong_with_the_picture),
        cmocka_unit_test(test_worker_pool_render__replaces_a_worker_that_failed_inside),
        cmocka_unit_test_setup_teardown(test_worker_pool__names_the_refused_call_on_request,
                                        test_dir_setup, test_dir_teardown),
        cmocka_unit_test_setup_teardown(test_worker_pool__logs_little_of_a_worker_that_prints_much,
                                        test_dir_setup, test_dir_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
