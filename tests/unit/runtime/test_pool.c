/*
 * test_pool.c - who gets which process: reuse, the limit, the line, versions that change, files.
 */
#include "runtime_fixture.h"

#include <signal.h>
#include <unistd.h>

#include "onput/fd.h"

enum { CALLERS = 8, ROUNDS = 25 };

static void test_pool__starts_a_process_for_each_invocation_at_the_same_time(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){.max_processes = 3});
    struct caller callers[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        callers[i] = (struct caller){.f = f, .function = "fake", .event = "sleep 300"};
        caller_start(&callers[i]);
    }
    fixture_await_processes(f, 3);
    for (int i = 0; i < 3; i++) {
        caller_join(&callers[i]);
        assert_int_equal(callers[i].reply.outcome.status, OUTCOME_DONE);
        reply_release(&callers[i].reply);
    }
    assert_int_equal(fixture_count(f, METRIC_RUNTIME_STARTS, "fake", "ready"), 3);
    fixture_free(f);
}

static void test_pool__makes_invocations_wait_beyond_the_limit(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){.max_processes = 2});
    struct caller callers[CALLERS];
    (void)state;
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){.f = f, .function = "fake", .event = "sleep 20"};
        caller_start(&callers[i]);
    }
    for (int i = 0; i < CALLERS; i++) {
        caller_join(&callers[i]);
        assert_int_equal(callers[i].reply.outcome.status, OUTCOME_DONE);
        reply_release(&callers[i].reply);
    }
    assert_int_equal(fixture_count(f, METRIC_RUNTIME_STARTS, "fake", "ready"), 2);
    fixture_free(f);
}

static void test_pool__refuses_when_none_becomes_free_in_time(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){.max_processes = 1});
    struct caller hanging = {.f = f, .function = "hasty", .event = "hang"};
    struct reply r;
    (void)state;
    caller_start(&hanging);
    fixture_await_processes(f, 1);
    fixture_invoke_until(f, "fake", "echo 1", 100, &r);
    assert_int_equal(r.outcome.status, OUTCOME_FAILED);
    assert_int_equal(r.outcome.error.code, ERROR_THROTTLED);
    assert_true(r.outcome.error.retryable);
    assert_contains(r.outcome.result.ptr, "Runtime.Throttled");
    assert_contains(r.outcome.result.ptr, "no process became free in time");
    assert_in_range(r.outcome.wait_ms, 90, 5000);
    assert_int_equal(r.outcome.duration_us, -1);
    reply_release(&r);
    caller_join(&hanging);
    reply_release(&hanging.reply);
    fixture_expect(f, "fake", "echo 1", "1");
    fixture_free(f);
}

static void test_pool__ends_the_longest_idle_process_for_another_function(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){.max_processes = 2});
    (void)state;
    pid_t fake = fixture_pid(f, "fake");
    pid_t other = fixture_pid(f, "other");
    assert_int_equal(fixture_pid(f, "fake"), fake);
    fixture_pid(f, "hasty");
    assert_false(is_alive(other));
    assert_int_equal(fixture_pid(f, "fake"), fake);
    assert_int_equal(fixture_count(f, METRIC_RUNTIME_ENDS, "other", "evicted"), 1);
    assert_int_equal(fixture_count(f, METRIC_RUNTIME_ENDS, "fake", "evicted"), 0);
    fixture_free(f);
}

static void test_pool__serves_functions_that_take_turns_in_one_place(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){.max_processes = 1});
    struct caller callers[CALLERS];
    (void)state;
    for (int i = 0; i < CALLERS; i++) {
        callers[i] =
            (struct caller){.f = f, .function = i % 2 == 0 ? "fake" : "other", .event = "echo 1"};
        caller_start(&callers[i]);
    }
    for (int i = 0; i < CALLERS; i++) {
        caller_join(&callers[i]);
        assert_int_equal(callers[i].reply.outcome.status, OUTCOME_DONE);
        reply_release(&callers[i].reply);
    }
    fixture_free(f);
}

/* A process that does not let itself be ended politely does not keep its place for long. */
static void test_pool__ends_an_idle_process_that_ignores_sigterm(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){.max_processes = 1});
    (void)state;
    pid_t stubborn = fixture_pid(f, "stubborn");
    fixture_expect(f, "fake", "echo 1", "1");
    assert_false(is_alive(stubborn));
    fixture_free(f);
}

struct crowd_member {
    struct runtime_fixture *f;
    pthread_t thread;
    unsigned number;
    int wrong;
};

/* cmocka's assertions belong to the test's own thread, so this only counts. */
static bool is_right(const struct outcome *o, const char *event)
{
    if (strcmp(event, "exit 3") == 0)
        return o->status == OUTCOME_FAILED && strstr(o->result.ptr, "exit status 3") != NULL;
    if (strcmp(event, "error oh") == 0)
        return o->status == OUTCOME_FAILED && strstr(o->result.ptr, "oh") != NULL;
    return o->status == OUTCOME_DONE && text_is(o->result, "7");
}

static void *invoke_many(void *argument)
{
    static const char *const functions[] = {"fake", "other", "stubborn"};
    static const char *const events[] = {"echo 7", "echo 7",   "leave 7", "echo 7",
                                         "exit 3", "error oh", "echo 7"};
    struct crowd_member *m = argument;
    for (unsigned i = 0; i < ROUNDS; i++) {
        const char *event = events[(m->number + i) % ARRAY_LEN(events)];
        struct reply r;
        fixture_invoke(m->f, functions[(m->number + i / 5) % ARRAY_LEN(functions)], event, &r);
        m->wrong += !is_right(&r.outcome, event);
        reply_release(&r);
    }
    return NULL;
}

static void test_pool__serves_a_crowd_with_few_processes(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){.max_processes = 3});
    struct crowd_member crowd[CALLERS];
    (void)state;
    for (unsigned i = 0; i < CALLERS; i++) {
        crowd[i] = (struct crowd_member){.f = f, .number = i};
        assert_int_equal(pthread_create(&crowd[i].thread, NULL, invoke_many, &crowd[i]), 0);
    }
    for (unsigned i = 0; i < CALLERS; i++) {
        pthread_join(crowd[i].thread, NULL);
        assert_int_equal(crowd[i].wrong, 0);
    }
    fixture_free(f);
}

/* ---- idle ---- */

static size_t files_in(const struct runtime_fixture *f, int place)
{
    char **names = test_list_dir(f->rt->places[place].temporary);
    size_t count = 0;
    while (names[count] != NULL)
        count++;
    test_names_free(names);
    return count;
}

static void await_no_files(struct runtime_fixture *f, int place)
{
    while (files_in(f, place) > 0)
        usleep(1000);
}

static void test_pool__ends_what_was_idle_for_long_and_empties_its_directory(void **state)
{
    struct fake_clock clock;
    fake_clock_init(&clock, 1000, 1000);
    struct runtime_fixture *f =
        fixture_new(&(struct runtime_options){.clock = &clock.clock, .idle_timeout_ms = 60000});
    (void)state;
    fixture_expect(f, "fake", "write a", "\"written\"");
    fake_clock_advance(&clock, 30000);
    fixture_expect(f, "other", "echo 1", "1");
    fake_clock_advance(&clock, 30000);
    keeper_wake(f->rt->keeper);
    fixture_await_processes(f, 1);
    assert_int_equal(fixture_count(f, METRIC_RUNTIME_ENDS, "other", "idle"), 0);
    await_no_files(f, 0);
    fake_clock_advance(&clock, 30000);
    keeper_wake(f->rt->keeper);
    fixture_await_processes(f, 0);
    fixture_expect(f, "fake", "has a", "false");
    fixture_free(f);
}

static void test_pool__notices_when_an_idle_process_ends(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    (void)state;
    kill(fixture_pid(f, "fake"), SIGKILL);
    fixture_await_processes(f, 0);
    fixture_await(f, METRIC_RUNTIME_ENDS, "fake", "signal", 1);
    fixture_expect(f, "fake", "count", "1");
    fixture_free(f);
}

/* ---- versions ---- */

static void test_runtime_refresh__ends_idle_processes_of_what_changed(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    struct catalog *changed = fixture_changed_catalog();
    struct reply r;
    (void)state;
    pid_t before = fixture_pid(f, "fake");
    runtime_refresh(f->rt, changed);
    fixture_await_processes(f, 0);
    assert_false(is_alive(before));
    fixture_await(f, METRIC_RUNTIME_ENDS, "fake", "changed", 1);
    fixture_invoke_in(f, changed, "fake", "echo 1", LONG_MS, &r);
    assert_text(r.outcome.result, "1");
    reply_release(&r);
    fixture_await_processes(f, 1);
    catalog_unref(changed);
    fixture_free(f);
}

static void test_runtime_refresh__lets_busy_processes_finish(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    struct catalog *without = fixture_catalog_without_fake();
    struct caller c = {.f = f, .function = "fake", .event = "sleep 200"};
    (void)state;
    fixture_pid(f, "fake");
    caller_start(&c);
    fixture_await_busy(f);
    runtime_refresh(f->rt, without);
    caller_join(&c);
    assert_int_equal(c.reply.outcome.status, OUTCOME_DONE);
    assert_text(c.reply.outcome.result, "\"slept\"");
    reply_release(&c.reply);
    fixture_await_processes(f, 0);
    catalog_unref(without);
    fixture_free(f);
}

static void test_runtime_refresh__keeps_processes_of_what_stayed(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    (void)state;
    runtime_refresh(f->rt, f->catalog);
    pid_t pid = fixture_pid(f, "fake");
    runtime_refresh(f->rt, f->catalog);
    assert_int_equal(fixture_pid(f, "fake"), pid);
    fixture_free(f);
}

static void test_pool__keeps_no_process_of_a_version_that_is_no_more(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    struct catalog *without = fixture_catalog_without_fake();
    (void)state;
    runtime_refresh(f->rt, without);
    fixture_expect(f, "fake", "echo 1", "1");
    fixture_await_processes(f, 0);
    catalog_unref(without);
    fixture_free(f);
}

static void test_pool__ends_the_version_before_when_another_one_is_invoked(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    struct catalog *changed = fixture_changed_catalog();
    struct reply r;
    (void)state;
    pid_t before = fixture_pid(f, "fake");
    fixture_invoke_in(f, changed, "fake", "has a", LONG_MS, &r);
    assert_text(r.outcome.result, "false");
    reply_release(&r);
    fixture_await_processes(f, 1);
    assert_false(is_alive(before));
    catalog_unref(changed);
    fixture_free(f);
}

/* ---- files ---- */

static void test_pool__leaves_files_to_the_next_process_after_a_crash(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    struct reply r;
    (void)state;
    fixture_expect(f, "hasty", "write a", "\"written\"");
    fixture_invoke(f, "hasty", "exit 1", &r);
    reply_release(&r);
    fixture_expect(f, "hasty", "has a", "true");
    fixture_invoke(f, "hasty", "hang", &r);
    reply_release(&r);
    fixture_expect(f, "hasty", "has a", "true");
    fixture_expect(f, "hasty", "count", "2");
    fixture_free(f);
}

static void test_pool__leaves_no_files_to_another_function(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){.max_processes = 1});
    (void)state;
    fixture_expect(f, "fake", "write a", "\"written\"");
    fixture_expect(f, "other", "has a", "false");
    fixture_expect(f, "other", "write b", "\"written\"");
    fixture_expect(f, "fake", "has b", "false");
    fixture_expect(f, "fake", "has a", "false");
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool__starts_a_process_for_each_invocation_at_the_same_time),
        cmocka_unit_test(test_pool__makes_invocations_wait_beyond_the_limit),
        cmocka_unit_test(test_pool__refuses_when_none_becomes_free_in_time),
        cmocka_unit_test(test_pool__ends_the_longest_idle_process_for_another_function),
        cmocka_unit_test(test_pool__serves_functions_that_take_turns_in_one_place),
        cmocka_unit_test(test_pool__ends_an_idle_process_that_ignores_sigterm),
        cmocka_unit_test(test_pool__serves_a_crowd_with_few_processes),
        cmocka_unit_test(test_pool__ends_what_was_idle_for_long_and_empties_its_directory),
        cmocka_unit_test(test_pool__notices_when_an_idle_process_ends),
        cmocka_unit_test(test_runtime_refresh__ends_idle_processes_of_what_changed),
        cmocka_unit_test(test_runtime_refresh__lets_busy_processes_finish),
        cmocka_unit_test(test_runtime_refresh__keeps_processes_of_what_stayed),
        cmocka_unit_test(test_pool__keeps_no_process_of_a_version_that_is_no_more),
        cmocka_unit_test(test_pool__ends_the_version_before_when_another_one_is_invoked),
        cmocka_unit_test(test_pool__leaves_files_to_the_next_process_after_a_crash),
        cmocka_unit_test(test_pool__leaves_no_files_to_another_function),
    };
    log_set_level(LOG_LEVEL_WARN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
