/*
 * test_invoker.c - the invoker with an executor that does what the payload says: "wait" runs until
 * it is let go or canceled, "fail" fails, anything else is returned.
 */
#include "unit/functions/catalog_fixture.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "onput/invoker.h"
#include "onput/log.h"

enum { CALLS_MAX = 1000 };

/* "quick" is instant, "narrow" has one slot. */
static const char functions_yaml[] = "  quick: {builtin: context}\n"
                                     "  free: {builtin: echo, timeout: 7s}\n"
                                     "  narrow: {builtin: echo, concurrency: 1}\n";

struct executor_lane {
    struct rig *rig;
    const atomic_bool *canceled;
    atomic_bool is_busy;
};

struct rig {
    struct catalog *catalog;
    struct executor executor;
    struct fake_clock clock;
    struct metrics *metrics;
    struct invoker *invoker;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int lanes, running, finished, failed, slots_told;
    bool let_go;
    int64_t deadline_ms;     /* of the last call */
    const char *refuse_lane; /* why the second lane does not open */
};

struct test_call {
    struct invoker_call call; /* first */
    struct rig *rig;
    char result[128];
    struct outcome outcome;
    pthread_t thread; /* that called done() */
};

static int lane_open(void *self, const atomic_bool *canceled, struct executor_lane **out,
                     struct error *err)
{
    struct rig *r = self;
    if (r->refuse_lane != NULL && r->lanes == 1)
        return error_set(err, ERROR_IO, "%s", r->refuse_lane);
    *out = xcalloc(1, sizeof(**out));
    **out = (struct executor_lane){.rig = r, .canceled = canceled};
    r->lanes++;
    return 0;
}

static void lane_close(struct executor_lane *lane)
{
    lane->rig->lanes--;
    free(lane);
}

static void wait_until_let_go(struct executor_lane *lane)
{
    struct rig *r = lane->rig;
    pthread_mutex_lock(&r->lock);
    r->running++;
    pthread_cond_broadcast(&r->changed);
    while (!r->let_go && !atomic_load(lane->canceled)) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&r->changed, &r->lock, &until);
    }
    r->running--;
    pthread_mutex_unlock(&r->lock);
}

static void note_deadline(struct rig *r, int64_t deadline_ms)
{
    pthread_mutex_lock(&r->lock);
    r->deadline_ms = deadline_ms;
    pthread_mutex_unlock(&r->lock);
}

static bool is_instant(void *self UNUSED, const struct function *function)
{
    return text_is(function->name, "quick");
}

static void invoke(struct executor_lane *lane, const struct catalog *catalog UNUSED,
                   const struct function *function UNUSED, const struct invocation *invocation,
                   int64_t deadline_ms, struct arena *arena, struct outcome *out)
{
    *out = outcome_none();
    BUG_ON(atomic_exchange(&lane->is_busy, true)); /* one thread at a time */
    note_deadline(lane->rig, deadline_ms);
    if (text_is(invocation->payload, "wait"))
        wait_until_let_go(lane);
    atomic_store(&lane->is_busy, false);
    if (text_is(invocation->payload, "nothing"))
        return;
    out->result = arena_text(arena, invocation->payload);
    if (text_is(invocation->payload, "fail")) {
        out->status = OUTCOME_FAILED;
        error_set(&out->error, ERROR_INVALID, "as told");
        out->result = TEXT("{\"errorMessage\":\"as told\",\"errorType\":\"Told\"}");
    }
}

static void on_slot(void *ctx)
{
    struct rig *r = ctx;
    pthread_mutex_lock(&r->lock);
    r->slots_told++;
    pthread_mutex_unlock(&r->lock);
}

static struct invoker_options rig_options(struct rig *r)
{
    return (struct invoker_options){.executor = &r->executor,
                                    .threads = 2,
                                    .max_queued = 2,
                                    .clock = &r->clock.clock,
                                    .metrics = r->metrics,
                                    .on_slot = on_slot,
                                    .on_slot_ctx = r};
}

static int setup(void **state)
{
    struct rig *r = xcalloc(1, sizeof(*r));
    struct catalog_parts parts = {.functions = functions_yaml};
    struct error err = {0};
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, NULL);
    fake_clock_init(&r->clock, 1764025796123, 5000);
    r->metrics = metrics_new();
    r->catalog = catalog_of(&parts);
    r->executor = (struct executor){r, lane_open, lane_close, invoke, is_instant};
    struct invoker_options options = rig_options(r);
    assert_ok(invoker_new(&options, &r->invoker, &err), &err);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;
    invoker_free(r->invoker);
    assert_int_equal(r->lanes, 0);
    catalog_unref(r->catalog);
    metrics_free(r->metrics);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    free(r);
    return 0;
}

static void on_done(struct invoker_call *call, const struct outcome *outcome)
{
    struct test_call *t = (struct test_call *)call;
    pthread_mutex_lock(&t->rig->lock);
    snprintf(t->result, sizeof(t->result), "%.*s", TEXT_ARGS(outcome->result));
    t->outcome = *outcome;
    t->thread = pthread_self();
    t->rig->finished++;
    t->rig->failed += outcome->status == OUTCOME_FAILED;
    pthread_cond_broadcast(&t->rig->changed);
    pthread_mutex_unlock(&t->rig->lock);
}

static enum invoker_verdict submit(struct rig *r, struct test_call *t, const char *function,
                                   const char *payload)
{
    *t = (struct test_call){.rig = r};
    t->call = (struct invoker_call){.catalog = r->catalog,
                                    .function = catalog_function(r->catalog, text_of(function)),
                                    .invocation = {.payload = text_of(payload)},
                                    .done = on_done};
    assert_non_null(t->call.function);
    return invoker_submit(r->invoker, &t->call);
}

static void wait_finished(struct rig *r, int count)
{
    pthread_mutex_lock(&r->lock);
    while (r->finished < count)
        pthread_cond_wait(&r->changed, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

static void wait_running(struct rig *r, int count)
{
    pthread_mutex_lock(&r->lock);
    while (r->running < count)
        pthread_cond_wait(&r->changed, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

static void let_go(struct rig *r)
{
    pthread_mutex_lock(&r->lock);
    r->let_go = true;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

static void test_submit__hands_over_what_the_function_returned(void **state)
{
    struct rig *r = *state;
    struct test_call t;
    assert_int_equal(submit(r, &t, "free", "{\"a\":1}"), INVOKER_ACCEPTED);
    wait_finished(r, 1);
    assert_int_equal(t.outcome.status, OUTCOME_DONE);
    assert_string_equal(t.result, "{\"a\":1}");
    assert_int_equal(t.call.ended_ms, 1764025796123);
    assert_true(t.call.duration_us >= 0);
    assert_int_equal(r->deadline_ms, 5000 + 7000);
    assert_true(metrics_read(r->metrics, METRIC_INVOCATIONS, "free", "done", NULL) == 1);
    assert_true(metrics_read(r->metrics, METRIC_INVOCATIONS_IN_FLIGHT, "free", NULL, NULL) == 0);
    assert_true(metrics_read(r->metrics, METRIC_INVOCATION_SECONDS, "free", "run", NULL) == 1);
}

static void test_submit__returns_null_for_nothing(void **state)
{
    struct rig *r = *state;
    struct test_call t;
    submit(r, &t, "free", "nothing");
    wait_finished(r, 1);
    assert_string_equal(t.result, "null");
}

static void test_submit__counts_failures(void **state)
{
    struct rig *r = *state;
    struct test_call t;
    submit(r, &t, "free", "fail");
    wait_finished(r, 1);
    assert_int_equal(t.outcome.status, OUTCOME_FAILED);
    assert_true(metrics_read(r->metrics, METRIC_INVOCATIONS, "free", "failed", NULL) == 1);
}

static void test_submit__refuses_beyond_the_functions_slots(void **state)
{
    struct rig *r = *state;
    struct test_call first, second, other;
    assert_int_equal(submit(r, &first, "narrow", "wait"), INVOKER_ACCEPTED);
    wait_running(r, 1);
    assert_int_equal(submit(r, &second, "narrow", "1"), INVOKER_NO_SLOT);
    assert_int_equal(submit(r, &other, "free", "1"), INVOKER_ACCEPTED);
    wait_finished(r, 1);
    let_go(r);
    wait_finished(r, 2);
    /* The slot is free before the caller knows. */
    assert_int_equal(submit(r, &second, "narrow", "1"), INVOKER_ACCEPTED);
    wait_finished(r, 3);
    invoker_drain(r->invoker, 10000);
    assert_int_equal(r->slots_told, 3);
}

static void test_submit__refuses_when_too_many_wait(void **state)
{
    struct rig *r = *state;
    struct test_call t[5];
    for (int i = 0; i < 2; i++)
        assert_int_equal(submit(r, &t[i], "free", "wait"), INVOKER_ACCEPTED);
    wait_running(r, 2);
    assert_int_equal(submit(r, &t[2], "free", "2"), INVOKER_ACCEPTED);
    assert_int_equal(submit(r, &t[3], "free", "3"), INVOKER_ACCEPTED);
    assert_int_equal(submit(r, &t[4], "free", "4"), INVOKER_BUSY);
    let_go(r);
    wait_finished(r, 4);
    /* What was refused gave its slot back: nothing of the function runs any more. */
    assert_int_equal(r->failed, 0);
    assert_string_equal(t[3].result, "3");
}

static void test_busy__gives_the_slot_back(void **state)
{
    struct rig *r = *state;
    struct test_call t[5];
    for (int i = 0; i < 2; i++)
        submit(r, &t[i], "free", "wait");
    wait_running(r, 2);
    submit(r, &t[2], "free", "2");
    submit(r, &t[3], "free", "3");
    assert_int_equal(submit(r, &t[4], "narrow", "4"), INVOKER_BUSY);
    let_go(r);
    wait_finished(r, 4);
    assert_int_equal(submit(r, &t[4], "narrow", "4"), INVOKER_ACCEPTED);
    wait_finished(r, 5);
}

static void test_drain__waits_for_calls_and_refuses_new_ones(void **state)
{
    struct rig *r = *state;
    struct test_call t[3];
    submit(r, &t[0], "free", "0");
    submit(r, &t[1], "free", "1");
    invoker_drain(r->invoker, 10000);
    assert_int_equal(r->finished, 2);
    assert_int_equal(r->failed, 0);
    assert_int_equal(submit(r, &t[2], "narrow", "2"), INVOKER_CLOSED);
}

static void test_drain__cancels_what_runs_and_what_waits(void **state)
{
    struct rig *r = *state;
    struct test_call t[4];
    for (int i = 0; i < 2; i++)
        submit(r, &t[i], "free", "wait");
    wait_running(r, 2);
    submit(r, &t[2], "free", "2");
    submit(r, &t[3], "free", "3");
    invoker_drain(r->invoker, 0);
    assert_int_equal(r->finished, 4);
    assert_int_equal(t[2].outcome.status, OUTCOME_FAILED);
    assert_int_equal(t[2].outcome.error.code, ERROR_CANCELED);
    assert_string_equal(t[3].result, "{\"errorMessage\":\"The server is shutting down.\","
                                     "\"errorType\":\"Runtime.Canceled\"}");
}

static void test_new__reports_a_lane_that_does_not_open(void **state)
{
    struct rig *r = *state;
    struct rig other = {.refuse_lane = "no lane"};
    struct invoker_options options = rig_options(r);
    struct executor executor = {&other, lane_open, lane_close, invoke};
    struct invoker *inv = NULL;
    struct error err = {0};
    options.executor = &executor;
    assert_fails(invoker_new(&options, &inv, &err), &err, ERROR_IO);
    assert_null(inv);
    assert_int_equal(other.lanes, 0);
    options.threads = 100000;
    assert_fails(invoker_new(&options, &inv, &err), &err, ERROR_INVALID);
}

static void test_submit__runs_an_instant_function_on_the_spot(void **state)
{
    struct rig *r = *state;
    struct test_call t, other;
    assert_int_equal(submit(r, &t, "quick", "1"), INVOKER_ACCEPTED);
    assert_int_equal(r->finished, 1); /* before submit returned */
    assert_string_equal(t.result, "1");
    assert_true(pthread_equal(t.thread, pthread_self()));
    assert_int_equal(r->slots_told, 1);
    assert_int_equal(submit(r, &other, "free", "1"), INVOKER_ACCEPTED);
    wait_finished(r, 2);
    assert_false(pthread_equal(other.thread, pthread_self()));
    invoker_drain(r->invoker, 10000);
    assert_int_equal(submit(r, &t, "quick", "1"), INVOKER_CLOSED);
}

static void *submit_waiting(void *ctx)
{
    struct test_call *t = ctx;
    assert_int_equal(submit(t->rig, t, "quick", "wait"), INVOKER_ACCEPTED);
    return NULL;
}

static void test_submit__waits_for_nobody_elses_instant_function(void **state)
{
    struct rig *r = *state;
    struct test_call slow = {.rig = r}, t;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, submit_waiting, &slow), 0);
    wait_running(r, 1);
    assert_int_equal(submit(r, &t, "quick", "2"), INVOKER_ACCEPTED);
    wait_finished(r, 1);
    assert_string_equal(t.result, "2");
    assert_false(pthread_equal(t.thread, pthread_self()));
    let_go(r);
    pthread_join(thread, NULL);
    assert_string_equal(slow.result, "wait");
}

struct sender {
    struct rig *rig;
    const char *function;
    struct test_call calls[CALLS_MAX];
};

static void *send_all(void *ctx)
{
    struct sender *s = ctx;
    for (int i = 0; i < CALLS_MAX; i++) {
        while (submit(s->rig, &s->calls[i], s->function, "x") == INVOKER_BUSY)
            sched_yield();
    }
    return NULL;
}

static void submit_from_many_threads(struct rig *r, const char *function)
{
    struct sender *senders = xcalloc(4, sizeof(*senders));
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        senders[i].rig = r;
        senders[i].function = function;
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    wait_finished(r, 4 * CALLS_MAX);
    assert_true(metrics_read(r->metrics, METRIC_INVOCATIONS, function, "done", NULL) ==
                4 * CALLS_MAX);
    free(senders);
}

static void test_submit__takes_calls_of_many_threads(void **state)
{
    submit_from_many_threads(*state, "free");
}

static void test_submit__takes_instant_calls_of_many_threads(void **state)
{
    submit_from_many_threads(*state, "quick");
}

int main(void)
{
    log_open(STDERR_FILENO, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_submit__hands_over_what_the_function_returned, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_submit__returns_null_for_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_submit__counts_failures, setup, teardown),
        cmocka_unit_test_setup_teardown(test_submit__refuses_beyond_the_functions_slots, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_submit__refuses_when_too_many_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(test_busy__gives_the_slot_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_drain__waits_for_calls_and_refuses_new_ones, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_drain__cancels_what_runs_and_what_waits, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_new__reports_a_lane_that_does_not_open, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_submit__runs_an_instant_function_on_the_spot, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_submit__waits_for_nobody_elses_instant_function, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_submit__takes_calls_of_many_threads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_submit__takes_instant_calls_of_many_threads, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
