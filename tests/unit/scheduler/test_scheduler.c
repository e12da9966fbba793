/*
 * test_scheduler.c - what runs, how often, and what becomes of it.
 */
#include "onput/log.h"
#include "rig.h"

enum { GROUP = 50 };

static void test_scheduler__runs_everything_once(void **state)
{
    struct rig *r = *state;
    rig_submit(r, "steady", "before", 0, GROUP);
    rig_start(r, 4, 0);
    for (int from = GROUP; from < 500; from += GROUP)
        rig_submit(r, "steady", "after", from, GROUP);
    rig_await(r, &r->finished, 500);
    scheduler_drain(r->scheduler, 60000);
    for (int i = 0; i < 500; i++)
        assert_int_equal(r->runs[i], 1);
    assert_int_equal(rig_stats(r).pending, 0);
    assert_int_equal(rig_stats(r).dead, 0);
}

static void test_scheduler__runs_one_event_of_an_object_at_a_time(void **state)
{
    struct rig *r = *state;
    rig_start(r, 8, 64);
    for (int i = 0; i < 200; i++)
        rig_submit(r, "steady", "same", i % 3, 2); /* objects 0 to 3, many events each */
    rig_await(r, &r->finished, 400);
    assert_int_equal(r->object_overlaps, 0);
}

static void test_scheduler__keeps_to_the_concurrency_of_a_function(void **state)
{
    struct rig *r = *state;
    rig_start(r, 8, 64);
    rig_submit(r, "narrow", "wait", 0, 10);
    rig_await(r, &r->waiting, 2);
    rig_submit(r, "steady", "other", 100, 20); /* others are not in its way */
    rig_await(r, &r->finished, 20);
    assert_int_equal(rig_read(r, &r->waiting), 2);
    rig_let_go(r);
    rig_await(r, &r->finished, 30);
    assert_int_equal(r->narrow_most, 2);
}

static void test_scheduler__retries_and_then_succeeds(void **state)
{
    struct rig *r = *state;
    rig_start(r, 2, 0);
    rig_submit(r, "steady", "retry", 0, 5);
    rig_await(r, &r->finished, 5);
    scheduler_drain(r->scheduler, 60000);
    for (int i = 0; i < 5; i++)
        assert_int_equal(r->runs[i], 2);
    assert_int_equal(rig_stats(r).pending + rig_stats(r).dead, 0);
}

static void test_scheduler__buries_a_permanent_failure_at_once(void **state)
{
    struct rig *r = *state;
    AUTO_ARENA struct arena arena = {0};
    struct invocation *dead;
    rig_start(r, 1, 0);
    rig_submit(r, "steady", "bad", 0, 1);
    rig_finish_with_sentinel(r);
    assert_int_equal(r->runs[0], 1);
    rig_list_dead(r, &arena, &dead, 1);
    assert_int_equal(dead[0].attempts, 1);
    assert_text(dead[0].reason, "not a picture");
}

static void test_scheduler__buries_what_fails_too_often(void **state)
{
    struct rig *r = *state;
    AUTO_ARENA struct arena arena = {0};
    struct invocation *dead;
    rig_start(r, 2, 0);
    rig_submit(r, "steady", "stuck", 0, 1);
    rig_wait_for_dead(r);
    rig_finish_with_sentinel(r);
    assert_int_equal(r->runs[0], 3);
    rig_list_dead(r, &arena, &dead, 1);
    assert_int_equal(dead[0].attempts, 3);
    assert_text(dead[0].reason, "come back later");
}

static void test_scheduler__buries_events_of_unknown_functions(void **state)
{
    struct rig *r = *state;
    AUTO_ARENA struct arena arena = {0};
    struct invocation *dead;
    rig_start(r, 1, 0);
    rig_submit(r, "gone", "x", 0, 1);
    rig_finish_with_sentinel(r);
    assert_int_equal(r->runs[0], 0);
    rig_list_dead(r, &arena, &dead, 1);
    assert_int_equal(dead[0].attempts, 0); /* it never ran */
    assert_text(dead[0].reason, "there is no such function, version or alias any more");
}

static void test_scheduler__does_not_run_a_retry_early_when_its_ticket_came_twice(void **state)
{
    struct rig *r = *state;
    struct queue_ticket tickets[2];
    size_t count;
    struct error err = {0};
    rig_submit(r, "patient", "retry", 0, 1);
    assert_ok(queue_window(r->queue, INT64_MIN, INT64_MIN, 1, tickets, &count, &err), &err);
    tickets[1] = tickets[0];
    rig_start(r, 1, 0);
    rig_submit(r, "steady", "first", 1, 1); /* the window is read */
    rig_await(r, &r->finished, 1);
    scheduler_offer(r->scheduler, tickets, 2);
    rig_finish_with_sentinel(r);
    assert_int_equal(r->runs[0], 1); /* its retry is due in an hour */
    assert_int_equal(rig_stats(r).pending, 1);
}

static void *drain(void *ctx)
{
    scheduler_drain(((struct rig *)ctx)->scheduler, 60000);
    return NULL;
}

static void test_drain__lets_running_attempts_finish(void **state)
{
    struct rig *r = *state;
    pthread_t thread;
    rig_start(r, 2, 0);
    rig_submit(r, "steady", "wait", 0, 5);
    rig_await(r, &r->waiting, 2);
    assert_int_equal(pthread_create(&thread, NULL, drain, r), 0);
    rig_let_go(r);
    pthread_join(thread, NULL);
    int64_t left = rig_stats(r).pending;
    assert_int_equal(left, 5 - r->finished);
    assert_true(r->finished >= 2);
    assert_int_equal(rig_stats(r).running, 0);
}

static void test_drain__hands_what_does_not_finish_back(void **state)
{
    struct rig *r = *state;
    AUTO_ARENA struct arena arena = {0};
    struct invocation *rows;
    size_t count;
    struct error err = {0};
    rig_start(r, 3, 0);
    rig_submit(r, "steady", "wait", 0, 5);
    rig_await(r, &r->waiting, 3);
    scheduler_drain(r->scheduler, 0);
    assert_int_equal(rig_stats(r).pending, 5);
    assert_int_equal(rig_stats(r).running, 0);
    assert_ok(queue_list(r->queue, INVOCATION_PENDING, 0, 10, &arena, &rows, &count, &err), &err);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(rows[i].attempts, 0);
}

static void test_scheduler__runs_ten_thousand_rows_once_over_restarts(void **state)
{
    struct rig *r = *state;
    rig_start(r, 8, 64);
    for (int from = 0; from < ROWS_MAX; from += GROUP) {
        rig_submit(r, from % 3 == 0 ? "narrow" : "steady", "many", from, GROUP);
        if (from == ROWS_MAX / 4 || from == ROWS_MAX / 2) {
            rig_stop(r, 60000);
            rig_open_queue(r);
            rig_start(r, 8, 64);
        }
    }
    rig_await(r, &r->finished, ROWS_MAX);
    scheduler_drain(r->scheduler, 60000);
    for (int i = 0; i < ROWS_MAX; i++)
        assert_int_equal(r->runs[i], 1);
    assert_true(r->narrow_most <= 2);
    assert_int_equal(rig_stats(r).pending + rig_stats(r).dead, 0);
}

static void test_scheduler_new__refuses_an_odd_number_of_threads(void **state)
{
    struct rig *r = *state;
    struct scheduler_options options = {.queue = r->queue, .job_threads = 0};
    struct scheduler *s = NULL;
    struct error err = {0};
    assert_fails(scheduler_new(&options, &s, &err), &err, ERROR_INVALID);
    options.job_threads = 100000;
    assert_fails(scheduler_new(&options, &s, &err), &err, ERROR_INVALID);
    assert_null(s);
    scheduler_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_scheduler__runs_everything_once),
        TEST(test_scheduler__runs_one_event_of_an_object_at_a_time),
        TEST(test_scheduler__keeps_to_the_concurrency_of_a_function),
        TEST(test_scheduler__retries_and_then_succeeds),
        TEST(test_scheduler__buries_a_permanent_failure_at_once),
        TEST(test_scheduler__buries_what_fails_too_often),
        TEST(test_scheduler__buries_events_of_unknown_functions),
        TEST(test_scheduler__does_not_run_a_retry_early_when_its_ticket_came_twice),
        TEST(test_drain__lets_running_attempts_finish),
        TEST(test_drain__hands_what_does_not_finish_back),
        TEST(test_scheduler__runs_ten_thousand_rows_once_over_restarts),
        TEST(test_scheduler_new__refuses_an_odd_number_of_threads),
    };
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
