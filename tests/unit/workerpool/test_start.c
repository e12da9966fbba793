/*
 * test_start.c - workers that start, that do not, and what they are given on their way.
 */
#include "pool_fixture.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "onput/clock.h"
#include "onput/fd.h"

static void test_worker_pool_new__reports_which_layers_are_on(void **state)
{
    struct pool_fixture f = pool_fixture_make((struct worker_pool_options){0});
    struct worker_ready ready;
    uint32_t layers = WORKER_LAYER_RLIMITS | WORKER_LAYER_NO_NEW_PRIVS;
    (void)state;
#ifndef ONPUT_SANITIZED
    layers |= WORKER_LAYER_SECCOMP;
#endif
    worker_pool_describe(f.pool, &ready);
    /* Not every kernel has Landlock. */
    assert_int_equal(ready.layers & ~(uint32_t)WORKER_LAYER_LANDLOCK, layers);
    assert_int_equal(ready.formats, 1 << IMAGE_FORMAT_JPEG);
    assert_true(worker_pool_is_ready(f.pool));
    pool_fixture_release(&f);
}

static void test_worker_pool_new__gives_workers_four_descriptors_and_no_environment(void **state)
{
    struct pool_fixture f;
    struct worker_ready ready;
    int inherited[20];
    (void)state;
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    for (size_t i = 0; i < ARRAY_LEN(inherited); i++)
        inherited[i] = fcntl(STDIN_FILENO, F_DUPFD, 0);
    assert_int_equal(fcntl(inherited[0], F_GETFD) & FD_CLOEXEC, 0);
    f = pool_fixture_make((struct worker_pool_options){0});
    worker_pool_describe(f.pool, &ready);
#ifndef ONPUT_SANITIZED
    assert_string_equal(ready.vips_version, "fds=4 variables=1");
#else
    assert_contains(ready.vips_version, "fds=4");
#endif
    pool_fixture_release(&f);
    for (size_t i = 0; i < ARRAY_LEN(inherited); i++)
        fd_close(&inherited[i]);
    unsetenv("AWS_SECRET_ACCESS_KEY");
}

static void check_start_fails(const char *program, int ready_timeout_ms, const char *message)
{
    size_t before = open_fds();
    struct worker_pool_options options = {
        .program = program, .count = 2, .ready_timeout_ms = ready_timeout_ms};
    struct worker_pool *pool = NULL;
    struct error err = {0};
    assert_fails(worker_pool_new(&options, &pool, &err), &err, ERROR_UNAVAILABLE);
    assert_contains(err.message, message);
    assert_contains(err.message, program);
    assert_null(pool);
    assert_int_equal(open_fds(), before);
}

static void test_worker_pool_new__says_why_no_worker_starts(void **state)
{
    (void)state;
    check_start_fails("/nonexistent/onput-worker", 0, "cannot be executed: error 002");
    check_start_fails("/dev/null", 0, "cannot be executed: error 013");
    check_start_fails("/bin/false", 0, "exit status 1");
    check_start_fails(ODD_WORKER, 0, "could not close its sandbox (exit status 4): last words");
}

/* The name of a link to odd-worker is how it behaves. */
static void check_odd_worker_fails(const char *dir, const char *name, int ready_timeout_ms,
                                   const char *message)
{
    AUTO_FREE char *program = test_path(dir, name);
    assert_int_equal(symlink(ODD_WORKER, program), 0);
    check_start_fails(program, ready_timeout_ms, message);
}

static void test_worker_pool_new__gives_up_on_programs_that_are_no_workers(void **state)
{
    check_odd_worker_fails(*state, "says-nothing", 200, "was not ready in time");
    check_odd_worker_fails(*state, "lies", 0, "READY message");
    check_odd_worker_fails(*state, "closes", 0, "closed the connection");
}

static void test_worker_pool_new__refuses_a_count_without_sense(void **state)
{
    struct worker_pool_options options = {.program = FAKE_WORKER, .count = 0};
    struct worker_pool *pool;
    struct error err = {0};
    (void)state;
    assert_fails(worker_pool_new(&options, &pool, &err), &err, ERROR_INVALID);
    options.count = 100000;
    assert_fails(worker_pool_new(&options, &pool, &err), &err, ERROR_INVALID);
}

static void link_to(const char *target, const char *path)
{
    AUTO_FREE char *fresh = xasprintf("%s.new", path);
    assert_int_equal(symlink(target, fresh), 0);
    assert_int_equal(rename(fresh, path), 0);
}

static void test_worker_pool__waits_longer_while_starts_fail_and_recovers(void **state)
{
    AUTO_FREE char *program = test_path(*state, "worker");
    const struct clock *clock = clock_system();
    struct render_result result;
    struct error err = {0};
    link_to(FAKE_WORKER, program);
    struct pool_fixture f = pool_fixture_make((struct worker_pool_options){.program = program});
    link_to(ODD_WORKER, program);
    render_badly(f.pool, "abort", ERROR_INTERNAL, "the worker");
    /* The abort, a start at once, then after 100, 200 and 400 ms. */
    int64_t since = clock_mono_ms(clock);
    await_exits(f.metrics, "crash", 5);
    assert_in_range(clock_mono_ms(clock) - since, 690, LONG_MS);
    assert_false(worker_pool_is_ready(f.pool));
    assert_fails(render(f.pool, "well", 1, &result, &err), &err, ERROR_UNAVAILABLE);
    assert_contains(err.message, "last words");
    assert_true(err.retryable);
    link_to(FAKE_WORKER, program);
    render_well(f.pool, 7);
    assert_true(worker_pool_is_ready(f.pool));
    pool_fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worker_pool_new__reports_which_layers_are_on),
        cmocka_unit_test(test_worker_pool_new__gives_workers_four_descriptors_and_no_environment),
        cmocka_unit_test(test_worker_pool_new__says_why_no_worker_starts),
        cmocka_unit_test_setup_teardown(
            test_worker_pool_new__gives_up_on_programs_that_are_no_workers, test_dir_setup,
            test_dir_teardown),
        cmocka_unit_test(test_worker_pool_new__refuses_a_count_without_sense),
        cmocka_unit_test_setup_teardown(
            test_worker_pool__waits_longer_while_starts_fail_and_recovers, test_dir_setup,
            test_dir_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
