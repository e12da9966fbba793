/*
 * test_submit.c - tests of queue_submit(): commits, groups, duplicates, bounds, closing.
 */
#include "queue_fixture.h"

#include "onput/fd.h"

static void test_submit__answers_after_the_commit_is_synced(void **state)
{
    struct queue_fixture *f = *state;
    struct batch *b = batch_new("a", 3);
    crash_vfs_hold_syncs(f->vfs);
    batch_start(b, f->q);
    crash_vfs_await_held_sync(f->vfs);
    assert_false(batch_is_answered(b));
    assert_int_equal(queue_fixture_ready(f), 0);
    crash_vfs_release_syncs(f->vfs);
    batch_wait(b);
    assert_int_equal(b->err.code, ERROR_NONE);
    assert_int_equal(queue_fixture_ready(f), 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(b->verdicts[i], QUEUE_ACCEPTED);
        assert_int_equal(b->rows[i].id, b->rows[0].id + i);
        assert_int_equal(b->rows[i].accepted_ms, START_MS);
        assert_int_equal(strlen(b->rows[i].request_id), 36);
        assert_int_equal(f->ready[i].id, b->rows[i].id);
        assert_int_equal(f->ready[i].due_ms, START_MS);
    }
    assert_counts(f, 3, 0, 0);
    batch_free(b);
}

static void test_submit__commits_everything_that_waits_together(void **state)
{
    enum { WAITING = 100 };
    struct queue_fixture *f = *state;
    struct batch *first = batch_new("first", 1), *waiting[WAITING];
    crash_vfs_hold_syncs(f->vfs);
    batch_start(first, f->q);
    crash_vfs_await_held_sync(f->vfs);
    for (int i = 0; i < WAITING; i++) {
        char name[16];
        snprintf(name, sizeof(name), "w%d", i);
        waiting[i] = batch_new(name, 2);
        batch_start(waiting[i], f->q);
    }
    uint64_t syncs = crash_vfs_syncs(f->vfs);
    crash_vfs_release_syncs(f->vfs);
    batch_wait(first);
    for (int i = 0; i < WAITING; i++) {
        batch_wait(waiting[i]);
        assert_int_equal(waiting[i]->err.code, ERROR_NONE);
        assert_int_equal(waiting[i]->answers, 1);
        batch_free(waiting[i]);
    }
    batch_free(first);
    assert_int_equal(crash_vfs_syncs(f->vfs) - syncs, 2); /* the held one, and one for all others */
    assert_counts(f, 1 + 2 * WAITING, 0, 0);
}

struct submitter {
    struct queue_fixture *f;
    int number;
    int accepted;
    pthread_t thread;
};

static void *submit_many(void *ctx)
{
    struct submitter *s = ctx;
    for (int i = 0; i < 50; i++) {
        char name[32];
        snprintf(name, sizeof(name), "t%d-%d", s->number, i);
        struct batch *b = batch_new(name, 3);
        batch_start(b, s->f->q);
        batch_wait(b);
        for (int row = 0; row < 3; row++)
            s->accepted +=
                b->err.code == ERROR_NONE && b->answers == 1 && b->verdicts[row] == QUEUE_ACCEPTED;
        batch_free(b);
    }
    return NULL;
}

static void test_submit__takes_rows_from_eight_threads_at_once(void **state)
{
    struct queue_fixture *f = *state;
    struct submitter submitters[8];
    for (int i = 0; i < 8; i++) {
        submitters[i] = (struct submitter){.f = f, .number = i};
        assert_int_equal(pthread_create(&submitters[i].thread, NULL, submit_many, &submitters[i]),
                         0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(submitters[i].thread, NULL);
        assert_int_equal(submitters[i].accepted, 150);
    }
    assert_counts(f, 1200, 0, 0);
}

static void test_submit__refuses_duplicates_in_any_state(void **state)
{
    struct queue_fixture *f = *state;
    submit_one(f, "pending");
    submit_held(f, "held");
    int64_t dead = submit_one(f, "dead"), running = submit_one(f, "running");
    claim(f, dead);
    claim(f, running);
    finish(f, dead, QUEUE_FINISH_DEAD);
    assert_int_equal(submit_verdict(f, "pending"), QUEUE_DUPLICATE);
    assert_int_equal(submit_verdict(f, "held"), QUEUE_DUPLICATE);
    assert_int_equal(submit_verdict(f, "dead"), QUEUE_DUPLICATE);
    assert_int_equal(submit_verdict(f, "running"), QUEUE_DUPLICATE);
    assert_counts(f, 2, 1, 1);
    queue_fixture_reopen(f);
    assert_int_equal(submit_verdict(f, "pending"), QUEUE_DUPLICATE);
    assert_int_equal(submit_verdict(f, "held"), QUEUE_DUPLICATE);
    assert_int_equal(submit_verdict(f, "dead"), QUEUE_DUPLICATE);
}

static void test_submit__remembers_a_finished_event_for_the_window(void **state)
{
    struct queue_fixture *f = *state;
    int64_t id = submit_one(f, "a");
    claim(f, id);
    finish(f, id, QUEUE_FINISH_DONE);
    fake_clock_advance(&f->clock, 15 * 60 * 1000 - 1);
    assert_int_equal(submit_verdict(f, "a"), QUEUE_DUPLICATE);
    assert_counts(f, 0, 0, 0);
    fake_clock_advance(&f->clock, 1);
    assert_int_equal(submit_verdict(f, "a"), QUEUE_ACCEPTED);
    assert_int_equal(submit_verdict(f, "a"), QUEUE_DUPLICATE);
    assert_counts(f, 1, 0, 0);
}

static void test_submit__finds_a_duplicate_within_one_submission(void **state)
{
    struct queue_fixture *f = *state;
    struct batch *b = batch_new("a", 3);
    memcpy(b->rows[2].identity, b->rows[0].identity, sizeof(b->rows[0].identity));
    batch_start(b, f->q);
    batch_wait(b);
    assert_int_equal(b->verdicts[0], QUEUE_ACCEPTED);
    assert_int_equal(b->verdicts[1], QUEUE_ACCEPTED);
    assert_int_equal(b->verdicts[2], QUEUE_DUPLICATE);
    assert_counts(f, 2, 0, 0);
    batch_free(b);
}

static void test_submit__forgets_the_oldest_identity_when_the_ring_is_full(void **state)
{
    struct queue_fixture *f = *state;
    f->options.dedupe_max = 4;
    queue_fixture_reopen(f);
    static const char *const names[] = {"0", "1", "2", "3", "4"};
    for (int i = 0; i < 5; i++)
        submit_one(f, names[i]);
    for (int i = 4; i >= 1; i--)
        assert_int_equal(submit_verdict(f, names[i]), QUEUE_DUPLICATE);
    assert_int_equal(submit_verdict(f, "0"), QUEUE_ACCEPTED);
    queue_fixture_reopen(f); /* the newest four rows are known: 2, 3, 4 and the second 0 */
    assert_int_equal(submit_verdict(f, "0"), QUEUE_DUPLICATE);
    assert_int_equal(submit_verdict(f, "2"), QUEUE_DUPLICATE);
    assert_int_equal(submit_verdict(f, "1"), QUEUE_ACCEPTED);
}

static void test_submit__answers_an_empty_group(void **state)
{
    struct queue_fixture *f = *state;
    struct batch *b = batch_new("none", 0);
    batch_start(b, f->q);
    batch_wait(b);
    assert_int_equal(b->err.code, ERROR_NONE);
    batch_free(b);
}

static void test_submit__says_that_a_held_row_is_not_ready(void **state)
{
    struct queue_fixture *f = *state;
    submit_held(f, "held");
    assert_int_equal(queue_fixture_ready(f), 0);
    assert_counts(f, 0, 1, 0);
}

static void test_submit__keeps_any_bytes(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena = {0};
    struct batch *b = batch_new("a", 2);
    const struct text odd = TEXT("k\0e\xff\xfey '\"; DROP TABLE invocation");
    b->rows[0].key = b->rows[0].bucket = b->rows[0].payload = b->rows[0].reason = odd;
    b->rows[1] = (struct invocation){.identity = {9}}; /* every text is a null pointer */
    batch_start(b, f->q);
    batch_wait(b);
    assert_int_equal(b->err.code, ERROR_NONE);
    struct invocation row = show(f, b->rows[0].id, &arena);
    assert_text_equal(row.key, odd);
    assert_text_equal(row.bucket, odd);
    assert_text_equal(row.payload, odd);
    assert_text_equal(row.reason, odd);
    assert_text(show(f, b->rows[1].id, &arena).payload, "");
    batch_free(b);
}

/* The writer has looked at everything that was submitted before. */
static void settle(struct queue_fixture *f)
{
    struct queue_stats stats;
    struct error err = {0};
    for (int i = 0; i < 2; i++)
        assert_ok(queue_stats(f->q, &stats, &err), &err);
}

static void test_submit__waits_for_room_and_gives_up_after_five_seconds(void **state)
{
    struct queue_fixture *f = *state;
    f->options.max_rows = 2;
    queue_fixture_reopen(f);
    submit_one(f, "a");
    submit_held(f, "b");
    struct batch *b = batch_new("c", 1);
    batch_start(b, f->q);
    settle(f);
    fake_clock_advance(&f->clock, 4999);
    settle(f);
    assert_false(batch_is_answered(b));
    fake_clock_advance(&f->clock, 1);
    batch_wait(b);
    assert_int_equal(b->err.code, ERROR_LIMIT);
    assert_true(b->err.retryable);
    assert_false(b->err.uncertain);
    assert_contains(b->err.message, "2 of 2 rows (queue.max_rows)");
    assert_counts(f, 1, 1, 0);
    batch_free(b);
}

static void test_submit__is_admitted_when_room_appears(void **state)
{
    struct queue_fixture *f = *state;
    f->options.max_rows = 2;
    queue_fixture_reopen(f);
    int64_t id = submit_one(f, "a");
    submit_one(f, "b");
    struct batch *large = batch_new("large", 2), *small = batch_new("small", 1);
    batch_start(large, f->q);
    batch_start(small, f->q);
    settle(f);
    claim(f, id);
    finish(f, id, QUEUE_FINISH_DONE);
    batch_wait(small);
    assert_int_equal(small->err.code, ERROR_NONE);
    assert_int_equal(small->verdicts[0], QUEUE_ACCEPTED);
    assert_false(batch_is_answered(large));
    fake_clock_advance(&f->clock, 5000);
    batch_wait(large);
    assert_int_equal(large->err.code, ERROR_LIMIT);
    assert_counts(f, 2, 0, 0);
    batch_free(large);
    batch_free(small);
}

static void test_submit__lets_others_work_while_it_is_full(void **state)
{
    struct queue_fixture *f = *state;
    f->options.max_rows = 1;
    queue_fixture_reopen(f);
    int64_t id = submit_one(f, "a");
    struct batch *b = batch_new("b", 1);
    batch_start(b, f->q);
    for (int i = 0; i < 20; i++) {
        claim(f, id);
        finish(f, id, QUEUE_FINISH_RETRY);
    }
    assert_false(batch_is_answered(b));
    claim(f, id);
    finish(f, id, QUEUE_FINISH_DONE);
    batch_wait(b);
    assert_int_equal(b->err.code, ERROR_NONE);
    batch_free(b);
}

static void test_submit__refuses_rows_when_the_disk_is_nearly_full(void **state)
{
    struct queue_fixture *f = *state;
    int64_t id = submit_one(f, "a");
    f->options.min_free_bytes = INT64_MAX;
    queue_fixture_reopen(f);
    struct batch *b = batch_new("b", 1);
    batch_start(b, f->q);
    settle(f);
    assert_false(batch_is_answered(b));
    fake_clock_advance(&f->clock, 5000);
    batch_wait(b);
    assert_int_equal(b->err.code, ERROR_LIMIT);
    assert_true(b->err.retryable);
    assert_contains(b->err.message, "queue.min_free");
    claim(f, id); /* finishing goes on */
    finish(f, id, QUEUE_FINISH_DONE);
    assert_counts(f, 0, 0, 0);
    batch_free(b);
}

static void test_close__answers_every_submission_once(void **state)
{
    enum { WAITING = 40 };
    struct queue_fixture *f = *state;
    f->options.max_rows = 21;
    queue_fixture_reopen(f);
    struct batch *first = batch_new("first", 1), *waiting[WAITING];
    crash_vfs_hold_syncs(f->vfs);
    batch_start(first, f->q);
    crash_vfs_await_held_sync(f->vfs);
    for (int i = 0; i < WAITING; i++) {
        char name[16];
        snprintf(name, sizeof(name), "w%d", i);
        waiting[i] = batch_new(name, 1);
        batch_start(waiting[i], f->q);
    }
    crash_vfs_release_syncs(f->vfs);
    queue_close(f->q);
    f->q = NULL;
    int accepted = 0, refused = 0;
    for (int i = 0; i < WAITING; i++) {
        assert_int_equal(waiting[i]->answers, 1);
        accepted += waiting[i]->err.code == ERROR_NONE;
        refused += waiting[i]->err.code == ERROR_LIMIT;
        batch_free(waiting[i]);
    }
    assert_int_equal(first->answers, 1);
    assert_int_equal(accepted, 20);
    assert_int_equal(refused, 20);
    batch_free(first);
    struct error err = {0};
    assert_ok(queue_open(&f->options, &f->q, &err), &err);
    assert_counts(f, 21, 0, 0);
}

static void test_queue_open__refuses_a_second_one(void **state)
{
    struct queue_fixture *f = *state;
    struct queue *second = NULL;
    struct error err = {0};
    int64_t id = submit_one(f, "a");
    claim(f, id);
    assert_fails(queue_open(&f->options, &second, &err), &err, ERROR_UNAVAILABLE);
    assert_contains(err.message, "another onput");
    assert_null(second);
    finish(f, id, QUEUE_FINISH_DONE); /* its claims were not disturbed */
    queue_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(test_submit__answers_after_the_commit_is_synced),
        IN_MEMORY(test_submit__commits_everything_that_waits_together),
        ON_DISK(test_submit__takes_rows_from_eight_threads_at_once),
        IN_MEMORY(test_submit__refuses_duplicates_in_any_state),
        IN_MEMORY(test_submit__remembers_a_finished_event_for_the_window),
        IN_MEMORY(test_submit__finds_a_duplicate_within_one_submission),
        IN_MEMORY(test_submit__forgets_the_oldest_identity_when_the_ring_is_full),
        IN_MEMORY(test_submit__answers_an_empty_group),
        IN_MEMORY(test_submit__says_that_a_held_row_is_not_ready),
        IN_MEMORY(test_submit__keeps_any_bytes),
        IN_MEMORY(test_submit__waits_for_room_and_gives_up_after_five_seconds),
        IN_MEMORY(test_submit__is_admitted_when_room_appears),
        IN_MEMORY(test_submit__lets_others_work_while_it_is_full),
        IN_MEMORY(test_submit__refuses_rows_when_the_disk_is_nearly_full),
        IN_MEMORY(test_close__answers_every_submission_once),
        ON_DISK(test_queue_open__refuses_a_second_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
