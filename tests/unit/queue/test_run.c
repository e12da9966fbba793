/*
 * test_run.c - tests of claiming, finishing, redriving and looking.
 */
#include "queue_fixture.h"

static size_t window(struct queue_fixture *f, int64_t after_due_ms, int64_t after_id, size_t max,
                     struct queue_ticket *out)
{
    size_t count = 99;
    struct error err = {0};
    assert_ok(queue_window(f->q, after_due_ms, after_id, max, out, &count, &err), &err);
    return count;
}

static void test_window__gives_pending_rows_in_due_order(void **state)
{
    struct queue_fixture *f = *state;
    struct batch *b = batch_new("a", 5);
    static const int64_t due[] = {300, 100, 200, 100, 100};
    for (int i = 0; i < 5; i++)
        b->rows[i].due_ms = due[i];
    batch_start(b, f->q);
    batch_wait(b);
    submit_held(f, "held");
    static const int order[] = {1, 3, 4, 2, 0};
    struct queue_ticket t[8];
    assert_int_equal(window(f, INT64_MIN, INT64_MIN, 8, t), 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(t[i].id, b->rows[order[i]].id);
        assert_int_equal(t[i].due_ms, due[order[i]]);
        assert_int_equal(t[i].function_hash, queue_function_hash(TEXT("thumbs")));
        assert_true(i == 0 || t[i].object_hash != t[i - 1].object_hash);
    }
    assert_int_equal(window(f, INT64_MIN, INT64_MIN, 2, t), 2);
    assert_int_equal(window(f, t[1].due_ms, t[1].id, 8, t), 3); /* in the middle of equal times */
    assert_int_equal(t[0].id, b->rows[4].id);
    assert_int_equal(window(f, 300, INT64_MAX, 8, t), 0);
    assert_int_equal(window(f, INT64_MIN, INT64_MIN, 0, t), 0);
    batch_free(b);
}

static void test_window__leaves_claimed_rows_out(void **state)
{
    struct queue_fixture *f = *state;
    int64_t a = submit_one(f, "a"), b = submit_one(f, "b"), c = submit_one(f, "c");
    struct queue_ticket t[8];
    claim(f, a);
    claim(f, b);
    assert_int_equal(window(f, INT64_MIN, INT64_MIN, 1, t), 1);
    assert_int_equal(t[0].id, c);
    finish(f, a, QUEUE_FINISH_RELEASE);
    assert_int_equal(window(f, INT64_MIN, INT64_MIN, 8, t), 2);
    assert_int_equal(t[0].id, a);
}

static void test_claim__loads_the_whole_row_once(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena = {0};
    struct error err = {0};
    struct invocation row = {0}, again = {0};
    struct batch *b = batch_new("a", 1);
    batch_start(b, f->q);
    batch_wait(b);
    assert_ok(queue_claim(f->q, b->rows[0].id, &arena, &row, &err), &err);
    assert_int_equal(row.state, INVOCATION_RUNNING);
    assert_string_equal(row.request_id, b->rows[0].request_id);
    assert_int_equal(row.attempts, 0);
    assert_int_equal(row.accepted_ms, START_MS);
    assert_int_equal(row.due_ms, START_MS);
    assert_text(row.function, "thumbs");
    assert_text(row.store, "minio");
    assert_text(row.bucket, "photos");
    assert_text(row.key, "a-0");
    assert_text(row.payload, "a-0");
    assert_memory_equal(row.identity, b->rows[0].identity, 16);
    assert_fails(queue_claim(f->q, row.id, &arena, &again, &err), &err, ERROR_NOT_FOUND);
    assert_int_equal(again.id, 0);
    batch_free(b);
}

static void test_claim__takes_only_pending_rows(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena = {0};
    struct error err = {0};
    struct invocation row;
    int64_t held = submit_held(f, "held"), dead = submit_one(f, "dead");
    claim(f, dead);
    finish(f, dead, QUEUE_FINISH_DEAD);
    assert_fails(queue_claim(f->q, held, &arena, &row, &err), &err, ERROR_NOT_FOUND);
    assert_fails(queue_claim(f->q, dead, &arena, &row, &err), &err, ERROR_NOT_FOUND);
    assert_fails(queue_claim(f->q, 4711, &arena, &row, &err), &err, ERROR_NOT_FOUND);
    assert_false(queue_has_failed(f->q));
}

static void test_finish__done_deletes_the_row(void **state)
{
    struct queue_fixture *f = *state;
    int64_t id = submit_one(f, "a");
    claim(f, id);
    finish(f, id, QUEUE_FINISH_DONE);
    assert_false(is_there(f, id));
    assert_counts(f, 0, 0, 0);
    queue_fixture_reopen(f);
    assert_false(is_there(f, id));
}

static void test_finish__retry_counts_an_attempt_and_waits(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena = {0};
    int64_t id = submit_one(f, "a");
    for (int i = 1; i <= 3; i++) {
        queue_fixture_clear_ready(f);
        claim(f, id);
        finish(f, id, QUEUE_FINISH_RETRY);
        struct invocation row = show(f, id, &arena);
        assert_int_equal(row.state, INVOCATION_PENDING);
        assert_int_equal(row.attempts, i);
        assert_int_equal(row.due_ms, START_MS + 500);
        assert_text(row.reason, "it failed");
        assert_int_equal(queue_fixture_ready(f), 1);
        assert_int_equal(f->ready[0].id, id);
        assert_int_equal(f->ready[0].due_ms, START_MS + 500);
    }
    assert_counts(f, 1, 0, 0);
}

static void test_finish__later_counts_no_attempt(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena = {0};
    int64_t id = submit_one(f, "a");
    queue_fixture_clear_ready(f);
    claim(f, id);
    finish(f, id, QUEUE_FINISH_LATER);
    struct invocation row = show(f, id, &arena);
    assert_int_equal(row.state, INVOCATION_PENDING);
    assert_int_equal(row.attempts, 0);
    assert_int_equal(row.due_ms, START_MS + 500);
    assert_text(row.reason, "it failed");
    assert_int_equal(queue_fixture_ready(f), 1);
    assert_int_equal(f->ready[0].due_ms, START_MS + 500);
    claim(f, id);
}

static void test_finish__dead_keeps_the_row_and_its_reason(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena = {0};
    int64_t id = submit_one(f, "a");
    claim(f, id);
    finish(f, id, QUEUE_FINISH_DEAD);
    struct invocation row = show(f, id, &arena);
    assert_int_equal(row.state, INVOCATION_DEAD);
    assert_int_equal(row.attempts, 1);
    assert_text(row.reason, "it failed");
    assert_text(row.payload, "a-0");
    assert_counts(f, 0, 0, 1);
}

static void test_finish__release_changes_nothing(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena = {0};
    int64_t id = submit_one(f, "a");
    queue_fixture_clear_ready(f);
    claim(f, id);
    finish(f, id, QUEUE_FINISH_RELEASE);
    struct invocation row = show(f, id, &arena);
    assert_int_equal(row.state, INVOCATION_PENDING);
    assert_int_equal(row.attempts, 0);
    assert_int_equal(row.due_ms, START_MS);
    assert_text(row.reason, "");
    assert_int_equal(queue_fixture_ready(f), 1);
    assert_int_equal(f->ready[0].due_ms, START_MS);
    claim(f, id);
}

static void test_finish__cuts_a_long_reason(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena = {0};
    struct error err = {0};
    static char reason[100000];
    memset(reason, 'r', sizeof(reason));
    int64_t id = submit_one(f, "a");
    claim(f, id);
    assert_ok(
        queue_finish(f->q, id, QUEUE_FINISH_DEAD, 0, (struct text){reason, sizeof(reason)}, &err),
        &err);
    assert_int_equal(show(f, id, &arena).reason.len, 1024);
}

static void test_finish__is_only_for_claimed_rows(void **state)
{
    struct queue_fixture *f = *state;
    struct error err = {0};
    int64_t id = submit_one(f, "a");
    assert_fails(queue_finish(f->q, id, QUEUE_FINISH_DONE, 0, TEXT(""), &err), &err,
                 ERROR_NOT_FOUND);
    assert_true(is_there(f, id));
    claim(f, id);
    finish(f, id, QUEUE_FINISH_DONE);
    assert_fails(queue_finish(f->q, id, QUEUE_FINISH_DONE, 0, TEXT(""), &err), &err,
                 ERROR_NOT_FOUND);
    assert_counts(f, 0, 0, 0);
}

static void test_redrive__gives_dead_and_held_rows_another_chance(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena = {0};
    struct error err = {0};
    int64_t held = submit_held(f, "held"), dead = submit_one(f, "dead");
    claim(f, dead);
    finish(f, dead, QUEUE_FINISH_DEAD);
    queue_fixture_clear_ready(f);
    fake_clock_advance(&f->clock, 5000);
    assert_ok(queue_redrive(f->q, dead, &err), &err);
    assert_ok(queue_redrive(f->q, held, &err), &err);
    assert_counts(f, 2, 0, 0);
    assert_int_equal(queue_fixture_ready(f), 2);
    assert_int_equal(f->ready[0].id, dead);
    assert_int_equal(f->ready[1].id, held);
    struct invocation row = show(f, dead, &arena);
    assert_int_equal(row.state, INVOCATION_PENDING);
    assert_int_equal(row.attempts, 0);
    assert_int_equal(row.due_ms, START_MS + 5000);
    assert_int_equal(row.accepted_ms, START_MS);
    claim(f, dead);
    claim(f, held);
}

static void test_redrive__refuses_rows_in_other_states(void **state)
{
    struct queue_fixture *f = *state;
    struct error err = {0};
    int64_t id = submit_one(f, "a");
    assert_fails(queue_redrive(f->q, id, &err), &err, ERROR_NOT_FOUND);
    claim(f, id);
    assert_fails(queue_redrive(f->q, id, &err), &err, ERROR_NOT_FOUND);
    finish(f, id, QUEUE_FINISH_DONE);
    assert_fails(queue_redrive(f->q, id, &err), &err, ERROR_NOT_FOUND);
    assert_counts(f, 0, 0, 0);
}

static size_t list(struct queue_fixture *f, enum invocation_state wanted, int64_t after, size_t max,
                   struct arena *arena, struct invocation **out)
{
    size_t count = 99;
    struct error err = {0};
    assert_ok(queue_list(f->q, wanted, after, max, arena, out, &count, &err), &err);
    return count;
}

static void test_list__pages_through_each_state(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena = {0};
    struct invocation *rows;
    int64_t ids[2][7];
    for (int i = 0; i < 7; i++) {
        char name[2][16];
        snprintf(name[0], sizeof(name[0]), "p%d", i);
        snprintf(name[1], sizeof(name[1]), "h%d", i);
        ids[0][i] = submit_one(f, name[0]);
        ids[1][i] = submit_held(f, name[1]);
    }
    for (int s = 0; s < 2; s++) {
        int64_t after = 0;
        for (int seen = 0; seen < 7;) {
            size_t count =
                list(f, s == 0 ? INVOCATION_PENDING : INVOCATION_HELD, after, 3, &arena, &rows);
            assert_int_equal(count, seen < 6 ? 3 : 1);
            for (size_t i = 0; i < count; i++)
                assert_int_equal(rows[i].id, ids[s][seen++]);
            after = rows[count - 1].id;
        }
    }
    assert_text(rows[0].reason, "no permission");
    assert_text(rows[0].key, "h6-0");
    assert_text(rows[0].payload, "");
    assert_int_equal(list(f, INVOCATION_DEAD, 0, 3, &arena, &rows), 0);
}

static void test_list__tells_running_rows_from_waiting_ones(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena = {0};
    struct invocation *rows;
    int64_t a = submit_one(f, "a"), b = submit_one(f, "b");
    claim(f, b);
    assert_int_equal(list(f, INVOCATION_PENDING, 0, 9, &arena, &rows), 2);
    assert_int_equal(rows[0].id, a);
    assert_int_equal(rows[0].state, INVOCATION_PENDING);
    assert_int_equal(rows[1].state, INVOCATION_RUNNING);
    assert_int_equal(show(f, b, &arena).state, INVOCATION_RUNNING);
}

static void test_stats__counts_every_state(void **state)
{
    struct queue_fixture *f = *state;
    struct queue_stats stats;
    struct error err = {0};
    assert_ok(queue_stats(f->q, &stats, &err), &err);
    assert_int_equal(stats.oldest_pending_ms, 0);
    int64_t a = submit_one(f, "a");
    fake_clock_advance(&f->clock, 1000);
    submit_one(f, "b");
    submit_held(f, "c");
    claim(f, a);
    assert_ok(queue_stats(f->q, &stats, &err), &err);
    assert_int_equal(stats.pending, 2);
    assert_int_equal(stats.running, 1);
    assert_int_equal(stats.held, 1);
    assert_int_equal(stats.oldest_pending_ms, START_MS);
    finish(f, a, QUEUE_FINISH_DONE);
    assert_ok(queue_stats(f->q, &stats, &err), &err);
    assert_int_equal(stats.running, 0);
    assert_int_equal(stats.oldest_pending_ms, START_MS + 1000);
    assert_true(metrics_read(f->metrics, METRIC_QUEUE_DEPTH, "pending", NULL, NULL) == 1);
    assert_true(metrics_read(f->metrics, METRIC_QUEUE_DEPTH, "held", NULL, NULL) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(test_window__gives_pending_rows_in_due_order),
        IN_MEMORY(test_window__leaves_claimed_rows_out),
        IN_MEMORY(test_claim__loads_the_whole_row_once),
        IN_MEMORY(test_claim__takes_only_pending_rows),
        IN_MEMORY(test_finish__done_deletes_the_row),
        IN_MEMORY(test_finish__retry_counts_an_attempt_and_waits),
        IN_MEMORY(test_finish__later_counts_no_attempt),
        IN_MEMORY(test_finish__dead_keeps_the_row_and_its_reason),
        IN_MEMORY(test_finish__release_changes_nothing),
        IN_MEMORY(test_finish__cuts_a_long_reason),
        IN_MEMORY(test_finish__is_only_for_claimed_rows),
        IN_MEMORY(test_redrive__gives_dead_and_held_rows_another_chance),
        IN_MEMORY(test_redrive__refuses_rows_in_other_states),
        IN_MEMORY(test_list__pages_through_each_state),
        IN_MEMORY(test_list__tells_running_rows_from_waiting_ones),
        IN_MEMORY(test_stats__counts_every_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
