/*
 * test_pool.c - lending: right answers, arrival order, replacement, many threads, nothing left
 * over.
 */
#include "pool_fixture.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "onput/fd.h"
#include "workerpool_private.h"

enum { THREADS = 8, JOBS_PER_THREAD = 200, WAITERS = 5 };

static void test_worker_pool_render__returns_what_the_worker_made(void **state)
{
    struct pool_fixture f = pool_fixture_make((struct worker_pool_options){0});
    (void)state;
    struct render_result first = render_well(f.pool, 300);
    struct render_result second = render_well(f.pool, 301);
    assert_int_equal(first.decode_us, 1);
    assert_int_equal(second.decode_us, 2);
    assert_int_equal(first.source_format, IMAGE_FORMAT_JPEG);
    assert_true(workers(f.metrics, "idle") == 1);
    pool_fixture_release(&f);
}

static void test_worker_pool_render__replaces_a_worker_after_its_last_job(void **state)
{
    struct pool_fixture f = pool_fixture_make((struct worker_pool_options){.max_jobs = 3});
    (void)state;
    for (uint64_t i = 0; i < 9; i++)
        assert_int_equal(render_well(f.pool, i).decode_us, i % 3 + 1);
    await_exits(f.metrics, "recycled", 3);
    assert_true(exits(f.metrics, "crash") == 0);
    pool_fixture_release(&f);
}

static void kill_and_await(pid_t pid)
{
    struct pollfd ended = {.fd = pidfd_open(pid, 0), .events = POLLIN};
    assert_true(ended.fd >= 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(poll(&ended, 1, -1), 1);
    fd_close(&ended.fd);
}

static void test_worker_pool_render__takes_another_worker_when_an_idle_one_was_killed(void **state)
{
    struct pool_fixture f = pool_fixture_make((struct worker_pool_options){0});
    (void)state;
    for (uint64_t i = 0; i < 20; i++) {
        struct render_result result = render_well(f.pool, i);
        assert_int_equal(result.decode_us, 1);
        kill_and_await((pid_t)result.encode_us);
    }
    await_exits(f.metrics, "memory", 20);
    pool_fixture_release(&f);
}

struct caller {
    struct worker_pool *pool;
    pthread_t thread;
    const char *how;
    int timeout_ms;
    int rc;
    struct render_result result;
    struct error err;
};

static void *call(void *argument)
{
    struct caller *c = argument;
    c->rc = render(c->pool, c->how, c->timeout_ms, &c->result, &c->err);
    return NULL;
}

static void start_call(struct caller *c)
{
    assert_int_equal(pthread_create(&c->thread, NULL, call, c), 0);
}

static int waiters(struct worker_pool *pool)
{
    int count = 0;
    pthread_mutex_lock(&pool->lock);
    for (struct waiter *w = pool->first_waiter; w != NULL; w = w->next)
        count++;
    pthread_mutex_unlock(&pool->lock);
    return count;
}

static void await_waiters(struct worker_pool *pool, int count)
{
    while (waiters(pool) != count)
        sched_yield();
}

static void test_worker_pool_render__serves_who_waits_in_arrival_order(void **state)
{
    struct pool_fixture f = pool_fixture_make((struct worker_pool_options){0});
    struct caller hanging = {.pool = f.pool, .how = "hang", .timeout_ms = 500};
    struct caller waiting[WAITERS];
    (void)state;
    start_call(&hanging);
    await_workers(f.metrics, "busy", 1);
    for (int i = 0; i < WAITERS; i++) {
        waiting[i] = (struct caller){.pool = f.pool, .how = "well", .timeout_ms = LONG_MS};
        start_call(&waiting[i]);
        await_waiters(f.pool, i + 1);
    }
    pthread_join(hanging.thread, NULL);
    assert_int_equal(hanging.err.code, ERROR_TIMEOUT);
    for (int i = 0; i < WAITERS; i++) {
        pthread_join(waiting[i].thread, NULL);
        assert_ok(waiting[i].rc, &waiting[i].err);
        /* The new worker counts its jobs. */
        assert_int_equal(waiting[i].result.decode_us, i + 1);
    }
    pool_fixture_release(&f);
}

static void test_worker_pool_render__waits_for_a_worker_no_longer_than_its_deadline(void **state)
{
    struct pool_fixture f = pool_fixture_make((struct worker_pool_options){0});
    struct caller hanging = {.pool = f.pool, .how = "hang", .timeout_ms = 1000};
    struct render_result result;
    struct error err = {0};
    (void)state;
    start_call(&hanging);
    await_workers(f.metrics, "busy", 1);
    assert_fails(render(f.pool, "well", 50, &result, &err), &err, ERROR_TIMEOUT);
    assert_contains(err.message, "no worker became free");
    assert_true(err.retryable);
    assert_int_equal(waiters(f.pool), 0);
    pthread_join(hanging.thread, NULL);
    render_well(f.pool, 2);
    pool_fixture_release(&f);
}

struct crowd_member {
    struct worker_pool *pool;
    pthread_t thread;
    uint64_t first_id;
    int wrong;
    int crashed;
};

/* cmocka's assertions belong to the test's own thread, so this only counts. */
static void render_one_of_crowd(struct crowd_member *m, uint64_t id, const char *how)
{
    struct render_result result = {0};
    struct error err = {0};
    struct job job;
    job_init(&job, id, how);
    int rc =
        worker_pool_render(m->pool, &job.render, &job.input, &job.output, LONG_MS, &result, &err);
    if (rc != 0)
        m->crashed += err.code == ERROR_INTERNAL;
    else if (result.id != id || job.output.map[0] != (uint8_t)(id + (id >> 8)))
        m->wrong++;
    job_release(&job);
}

static void *render_many(void *argument)
{
    struct crowd_member *m = argument;
    for (uint64_t i = 0; i < JOBS_PER_THREAD; i++)
        render_one_of_crowd(m, m->first_id + i, i % 50 == 49 ? "leave" : "well");
    return NULL;
}

static void test_worker_pool__serves_eight_threads_and_leaves_nothing_behind(void **state)
{
    size_t fds_before = open_fds();
    struct pool_fixture f =
        pool_fixture_make((struct worker_pool_options){.count = 3, .max_jobs = 100});
    struct crowd_member crowd[THREADS];
    (void)state;
    for (int i = 0; i < THREADS; i++) {
        crowd[i] = (struct crowd_member){.pool = f.pool, .first_id = (uint64_t)i * 1000};
        assert_int_equal(pthread_create(&crowd[i].thread, NULL, render_many, &crowd[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(crowd[i].thread, NULL);
        assert_int_equal(crowd[i].wrong, 0);
        assert_int_equal(crowd[i].crashed, JOBS_PER_THREAD / 50);
    }
    await_exits(f.metrics, "crash", THREADS * JOBS_PER_THREAD / 50);
    assert_true(exits(f.metrics, "recycled") >= 1);
    assert_true(exits(f.metrics, "protocol") + exits(f.metrics, "timeout") == 0);
    pool_fixture_release(&f);
    assert_int_equal(open_fds(), fds_before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void test_worker_pool_free__takes_nothing(void **state)
{
    (void)state;
    worker_pool_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worker_pool_render__returns_what_the_worker_made),
        cmocka_unit_test(test_worker_pool_render__replaces_a_worker_after_its_last_job),
        cmocka_unit_test(test_worker_pool_render__takes_another_worker_when_an_idle_one_was_killed),
        cmocka_unit_test(test_worker_pool_render__serves_who_waits_in_arrival_order),
        cmocka_unit_test(test_worker_pool_render__waits_for_a_worker_no_longer_than_its_deadline),
        cmocka_unit_test(test_worker_pool__serves_eight_threads_and_leaves_nothing_behind),
        cmocka_unit_test(test_worker_pool_free__takes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
