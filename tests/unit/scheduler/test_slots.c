/*
 * test_slots.c - who waits for whom: functions at their limit, objects that are worked on, direct
 * invocations, and slots that others give back.
 */
#include "onput/log.h"
#include "rig.h"

enum { WINDOW = 8, BACKLOG = 300 };

/* More rows of one kind than the scheduler reads at a time. */
static void submit_backlog(struct rig *r, const char *function, const char *what)
{
    for (int from = 0; from < BACKLOG; from += 50)
        rig_submit(r, function, what, from, 50);
}

static void test_slots__a_function_at_its_limit_delays_nobody(void **state)
{
    struct rig *r = *state;
    submit_backlog(r, "narrow", "wait");
    rig_submit(r, "steady", "other", 1000, 5); /* behind all of them */
    rig_start(r, 4, WINDOW);
    rig_await(r, &r->finished, 5);
    rig_submit(r, "steady", "later", 2000, 5);
    rig_await(r, &r->finished, 10);
    assert_int_equal(rig_read(r, &r->waiting), 2);
    rig_let_go(r);
    rig_await(r, &r->finished, 10 + BACKLOG);
    assert_int_equal(r->narrow_most, 2);
    scheduler_drain(r->scheduler, 60000);
    for (int i = 0; i < BACKLOG; i++)
        assert_int_equal(r->runs[i], 1);
}

static void test_slots__each_kind_of_function_has_threads_of_its_own(void **state)
{
    struct rig *r = *state;
    submit_backlog(r, "steady", "wait");
    rig_submit(r, "own", "wait", 1000, 20); /* behind all of them */
    rig_start_with_processes(r, 2, 3, WINDOW);
    rig_await(r, &r->waiting, 5);
    rig_submit(r, "own", "other", 2000, 5);
    assert_int_equal(rig_stats(r).running, 5);
    int steady = 0, own = 0;
    for (int i = 0; i < BACKLOG; i++)
        steady += rig_read(r, &r->runs[i]);
    for (int i = 1000; i < 1020; i++)
        own += rig_read(r, &r->runs[i]);
    assert_int_equal(steady, 2);
    assert_int_equal(own, 3);
    rig_let_go(r);
    rig_await(r, &r->finished, BACKLOG + 25);
}

static void test_slots__many_events_of_one_object_delay_nobody(void **state)
{
    struct rig *r = *state;
    for (int i = 0; i < BACKLOG; i++)
        rig_submit(r, "steady", "wait", 7, 1);
    rig_submit(r, "steady", "other", 1000, 5);
    rig_start(r, 4, WINDOW);
    rig_await(r, &r->finished, 5);
    assert_int_equal(rig_read(r, &r->waiting), 1);
    rig_let_go(r);
    rig_await(r, &r->finished, 5 + BACKLOG);
    scheduler_drain(r->scheduler, 60000);
    assert_int_equal(r->runs[7], BACKLOG);
    assert_int_equal(r->object_overlaps, 0);
}

static void test_slots__functions_at_their_limit_take_turns(void **state)
{
    struct rig *r = *state;
    submit_backlog(r, "narrow", "some");
    rig_submit(r, "single", "wait", 1000, 50);
    rig_start(r, 4, WINDOW);
    rig_await(r, &r->finished, BACKLOG); /* though "single" stands still */
    assert_int_equal(rig_read(r, &r->waiting), 1);
    rig_let_go(r);
    rig_await(r, &r->finished, BACKLOG + 50);
    assert_true(r->narrow_most <= 2);
}

static const struct function *take_slots(struct rig *r, struct catalog **out, int count)
{
    *out = catalog_holder_get(r->catalogs);
    const struct function *narrow = catalog_function(*out, TEXT("narrow"));
    for (int i = 0; i < count; i++)
        assert_true(function_slot_take(narrow));
    return narrow;
}

static void test_slots__are_shared_with_others(void **state)
{
    struct rig *r = *state;
    struct catalog *catalog;
    rig_start(r, 4, WINDOW);
    const struct function *narrow = take_slots(r, &catalog, 2);
    assert_false(function_slot_take(narrow));
    rig_submit(r, "narrow", "some", 0, 3);
    rig_submit(r, "steady", "other", 1000, 5);
    rig_await(r, &r->finished, 5);
    assert_int_equal(r->runs[0] + r->runs[1] + r->runs[2], 0);
    function_slot_give(narrow);
    scheduler_wake(r->scheduler);
    rig_await(r, &r->finished, 8);
    assert_int_equal(r->narrow_most, 1);
    function_slot_give(narrow);
    scheduler_drain(r->scheduler, 60000);
    take_slots(r, &catalog, 2); /* the scheduler gave all of its own back */
    function_slot_give(narrow);
    function_slot_give(narrow);
    catalog_unref(catalog);
    catalog_unref(catalog);
}

static void test_direct__invocations_do_not_wait_for_each_other(void **state)
{
    struct rig *r = *state;
    rig_start(r, 4, WINDOW);
    rig_submit_direct(r, "steady", "wait", 0, 4);
    rig_await(r, &r->waiting, 4);
    rig_let_go(r);
    rig_await(r, &r->finished, 4);
}

static void test_direct__invocations_keep_to_the_limit_of_the_function(void **state)
{
    struct rig *r = *state;
    rig_start(r, 4, WINDOW);
    rig_submit_direct(r, "narrow:$LATEST", "wait", 0, 3);
    rig_submit_direct(r, "narrow", "wait", 10, 3);
    rig_submit(r, "steady", "other", 1000, 1);
    rig_await(r, &r->waiting, 2);
    rig_await(r, &r->finished, 1);
    assert_int_equal(rig_read(r, &r->waiting), 2);
    rig_let_go(r);
    rig_await(r, &r->finished, 7);
    assert_int_equal(r->narrow_most, 2);
}

static void test_direct__invocations_are_told_how_they_were_called(void **state)
{
    struct rig *r = *state;
    rig_start(r, 1, WINDOW);
    rig_submit_direct(r, "steady:$LATEST", "some", 0, 1);
    rig_await(r, &r->finished, 1);
    assert_string_equal(r->arn, "arn:aws:lambda:us-east-1:000000000000:function:steady:$LATEST");
    assert_string_equal(r->version, "$LATEST");
    assert_int_equal(strlen(r->trace_id), strlen("Root=1-00000000-;Parent=;Sampled=0") + 24 + 16);
    assert_memory_equal(r->trace_id, "Root=1-", strlen("Root=1-"));
    AUTO_FREE char *first = xstrdup(r->trace_id);
    rig_submit_direct(r, "steady", "some", 1, 1);
    rig_await(r, &r->finished, 2);
    assert_string_equal(r->arn, "arn:aws:lambda:us-east-1:000000000000:function:steady");
    assert_string_not_equal(r->trace_id, first);
}

static void test_direct__invocations_that_find_no_room_come_again(void **state)
{
    struct rig *r = *state;
    AUTO_ARENA struct arena arena = {0};
    struct invocation *pending;
    struct error err = {0};
    size_t count = 0;
    int64_t now = clock_wall_ms(clock_system());
    rig_start(r, 1, WINDOW);
    rig_submit_direct(r, "steady", "full", 0, 1);
    rig_finish_with_sentinel(r);
    assert_ok(queue_list(r->queue, INVOCATION_PENDING, 0, 10, &arena, &pending, &count, &err),
              &err);
    assert_int_equal(count, 1);
    assert_int_equal(rig_read(r, &r->runs[0]), 1);
    assert_int_equal(pending[0].attempts, 0);
    assert_text(pending[0].reason, "there is no room");
    assert_true(pending[0].due_ms >= now + 750);
}

static void test_direct__invocations_are_retried_and_redriven(void **state)
{
    struct rig *r = *state;
    AUTO_ARENA struct arena arena = {0};
    struct invocation *dead;
    struct error err = {0};
    rig_start(r, 2, WINDOW);
    rig_submit_direct(r, "steady", "stuck", 0, 1);
    rig_wait_for_dead(r);
    rig_list_dead(r, &arena, &dead, 1);
    assert_int_equal(rig_read(r, &r->runs[0]), 3);
    assert_int_equal(dead[0].attempts, 3);
    assert_text(dead[0].reason, "come back later");
    assert_int_equal(dead[0].bucket.len + dead[0].key.len + dead[0].store.len, 0);
    assert_ok(queue_redrive(r->queue, dead[0].id, &err), &err);
    rig_wait_for_dead(r);
    assert_int_equal(rig_read(r, &r->runs[0]), 6);
}

static void test_direct__invocations_of_a_missing_version_are_dead(void **state)
{
    struct rig *r = *state;
    AUTO_ARENA struct arena arena = {0};
    struct invocation *dead;
    rig_start(r, 1, WINDOW);
    rig_submit_direct(r, "steady:7", "some", 0, 1);
    rig_finish_with_sentinel(r);
    rig_list_dead(r, &arena, &dead, 1);
    assert_int_equal(r->runs[0], 0);
    assert_int_equal(dead[0].attempts, 0);
    assert_text(dead[0].reason, "there is no such function, version or alias any more");
}

#define ECHO_ROW                                                                                   \
    "{\"Runtime\":\"onput.builtin\",\"Handler\":\"echo\","                                         \
    "\"Role\":\"arn:aws:iam::000000000000:role/onput-implied\",\"Timeout\":3}"

static void test_direct__invocations_follow_an_alias(void **state)
{
    struct rig *r = *state;
    rig_edit(r, "made", ROW_FUNCTION, "$LATEST", ECHO_ROW);
    rig_edit(r, "made", ROW_FUNCTION, "1", ECHO_ROW);
    rig_edit(r, "made", ROW_FUNCTION, "2", ECHO_ROW);
    rig_edit(r, "made", ROW_ALIAS, "live", "{\"FunctionVersion\":\"1\"}");
    rig_start(r, 1, WINDOW);
    rig_submit_direct(r, "made:live", "some", 0, 1);
    rig_await(r, &r->finished, 1);
    assert_string_equal(r->version, "1");
    assert_string_equal(r->arn, "arn:aws:lambda:us-east-1:000000000000:function:made:live");
    rig_edit(r, "made", ROW_ALIAS, "live", "{\"FunctionVersion\":\"2\"}");
    rig_submit_direct(r, "made:live", "some", 1, 1);
    rig_await(r, &r->finished, 2);
    assert_string_equal(r->version, "2");
}

static void test_direct__weighted_aliases_use_both_versions(void **state)
{
    struct rig *r = *state;
    int first = 0, second = 0;
    rig_edit(r, "made", ROW_FUNCTION, "$LATEST", ECHO_ROW);
    rig_edit(r, "made", ROW_FUNCTION, "1", ECHO_ROW);
    rig_edit(r, "made", ROW_FUNCTION, "2", ECHO_ROW);
    rig_edit(
        r, "made", ROW_ALIAS, "live",
        "{\"FunctionVersion\":\"1\",\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"2\":0.5}}}");
    rig_start(r, 1, WINDOW);
    for (int i = 0; i < 100; i++) { /* one side only: 1 in 2^99 */
        rig_submit_direct(r, "made:live", "some", i, 1);
        rig_await(r, &r->finished, i + 1);
        first += strcmp(r->version, "1") == 0;
        second += strcmp(r->version, "2") == 0;
    }
    assert_int_equal(first + second, 100);
    assert_true(first > 0 && second > 0);
}

static void test_slots__a_reserved_concurrency_of_0_ends_rows_without_an_attempt(void **state)
{
    struct rig *r = *state;
    AUTO_ARENA struct arena arena = {0};
    struct invocation *dead;
    rig_edit(r, "steady", ROW_CONCURRENCY, "", "{\"ReservedConcurrentExecutions\":0}");
    rig_edit(r, "made", ROW_FUNCTION, "$LATEST", ECHO_ROW);
    rig_start(r, 1, WINDOW);
    rig_submit(r, "steady", "some", 0, 1);
    rig_wait_for_dead(r);
    rig_list_dead(r, &arena, &dead, 1);
    assert_text(dead[0].reason, "reserved concurrency is 0");
    assert_int_equal(dead[0].attempts, 0);
    assert_int_equal(rig_read(r, &r->runs[0]), 0);
    rig_submit(r, "made", "other", 1, 1); /* nobody else is concerned */
    rig_await(r, &r->finished, 1);
}

static void test_slots__a_raised_limit_lets_more_run(void **state)
{
    struct rig *r = *state;
    rig_start(r, 4, WINDOW);
    rig_submit(r, "single", "wait", 0, 4);
    rig_await(r, &r->waiting, 1);
    rig_edit(r, "single", ROW_CONCURRENCY, "", "{\"ReservedConcurrentExecutions\":3}");
    rig_await(r, &r->waiting, 3);
    rig_edit(r, "single", ROW_CONCURRENCY, "", NULL); /* none at all */
    rig_await(r, &r->waiting, 4);
    rig_let_go(r);
    rig_await(r, &r->finished, 4);
}

static void test_slots__a_function_that_goes_takes_its_line_with_it(void **state)
{
    struct rig *r = *state;
    rig_edit(r, "made", ROW_FUNCTION, "$LATEST", ECHO_ROW);
    rig_edit(r, "made", ROW_CONCURRENCY, "", "{\"ReservedConcurrentExecutions\":1}");
    rig_start(r, 2, WINDOW);
    rig_submit(r, "made", "wait", 0, 3);
    rig_await(r, &r->waiting, 1);
    rig_edit(r, "made", ROW_CONCURRENCY, "", NULL);
    rig_await(r, &r->waiting, 2);
    rig_edit(r, "made", ROW_FUNCTION, "$LATEST", NULL);
    rig_let_go(r);
    rig_await(r, &r->finished, 2); /* what ran, ends */
    rig_wait_for_dead(r);
    assert_int_equal(rig_stats(r).dead, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_slots__a_function_at_its_limit_delays_nobody),
        TEST(test_slots__each_kind_of_function_has_threads_of_its_own),
        TEST(test_slots__many_events_of_one_object_delay_nobody),
        TEST(test_slots__functions_at_their_limit_take_turns),
        TEST(test_slots__are_shared_with_others),
        TEST(test_direct__invocations_do_not_wait_for_each_other),
        TEST(test_direct__invocations_keep_to_the_limit_of_the_function),
        TEST(test_direct__invocations_are_told_how_they_were_called),
        TEST(test_direct__invocations_that_find_no_room_come_again),
        TEST(test_direct__invocations_are_retried_and_redriven),
        TEST(test_direct__invocations_of_a_missing_version_are_dead),
        TEST(test_direct__invocations_follow_an_alias),
        TEST(test_direct__weighted_aliases_use_both_versions),
        TEST(test_slots__a_reserved_concurrency_of_0_ends_rows_without_an_attempt),
        TEST(test_slots__a_raised_limit_lets_more_run),
        TEST(test_slots__a_function_that_goes_takes_its_line_with_it),
    };
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
