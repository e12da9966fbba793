/*
 * test_failure.c - tests of the queue on a disk that fails: the first error is the last word.
 */
#include "queue_fixture.h"

enum { STEPS = 12 };

/* What a run of the workload was told. */
struct told {
    bool submitted[STEPS], finished[STEPS];
    int64_t ids[STEPS];
    bool failed; /* something was answered with an error */
};

static bool submit_step(struct queue_fixture *f, int step, struct told *told)
{
    char name[16];
    snprintf(name, sizeof(name), "s%d", step);
    struct batch *b = batch_new(name, 3);
    batch_start(b, f->q);
    batch_wait(b);
    assert_true(b->refused ? b->answers == 0 : b->answers == 1);
    bool ok = b->err.code == ERROR_NONE;
    if (!ok) {
        assert_int_equal(b->err.code, ERROR_IO);
        assert_false(b->err.retryable);
    }
    assert_true(!ok || !told->failed); /* nothing is acknowledged after a failure */
    assert_int_equal(b->err.uncertain, !ok && !told->failed); /* only what was being written */
    told->submitted[step] = ok;
    told->ids[step] = b->rows[0].id;
    told->failed |= !ok;
    batch_free(b);
    return ok;
}

static void run_step(struct queue_fixture *f, int step, struct told *told)
{
    AUTO_ARENA struct arena arena = {0};
    struct invocation row;
    struct error err = {0};
    if (!submit_step(f, step, told))
        return;
    bool ok = queue_claim(f->q, told->ids[step], &arena, &row, &err) == 0 &&
              queue_finish(f->q, row.id, QUEUE_FINISH_DONE, 0, TEXT(""), &err) == 0;
    assert_true(ok || err.code == ERROR_IO);
    told->finished[step] = ok;
    told->failed |= !ok;
}

static void check_after(struct queue_fixture *f, const struct told *told)
{
    for (int i = 0; i < STEPS; i++) {
        if (!told->submitted[i])
            continue;
        if (told->finished[i])
            assert_false(is_there(f, told->ids[i]));
        assert_true(is_there(f, told->ids[i] + 1));
        assert_true(is_there(f, told->ids[i] + 2));
    }
}

static void test_failure__of_each_write_and_sync_is_final(void **state)
{
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct told told = {0};
        struct error err = {0};
        assert_int_equal(queue_fixture_setup_vfs(state), 0);
        struct queue_fixture *f = *state;
        crash_vfs_fail_at(f->vfs, n);
        for (int i = 0; i < STEPS; i++)
            run_step(f, i, &told);
        failed = crash_vfs_has_failed(f->vfs);
        assert_int_equal(failed, told.failed);
        assert_int_equal(failed, queue_has_failed(f->q));
        assert_int_equal(f->fatal_count, failed);
        assert_true(!failed || f->fatal.code == ERROR_IO);
        queue_close(f->q);
        assert_int_equal(f->fatal_count, failed);
        crash_vfs_fail_at(f->vfs, 0);
        assert_ok(queue_open(&f->options, &f->q, &err), &err);
        check_after(f, &told);
        submit_one(f, "works again");
        queue_fixture_teardown(state);
        assert_true(failed ||
                    n > 2 * STEPS); /* the loop met every write and sync of the workload */
    }
}

static void test_failure__of_a_read_is_final(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena = {0};
    struct error err = {0};
    struct invocation row;
    static char payload[64 * 1024]; /* not among the pages that a start reads */
    struct batch *b = batch_new("a", 1);
    b->rows[0].payload = (struct text){payload, sizeof(payload)};
    batch_start(b, f->q);
    batch_wait(b);
    int64_t id = b->rows[0].id;
    batch_free(b);
    queue_fixture_reopen(f);
    crash_vfs_fail_reads(f->vfs, true);
    assert_fails(queue_claim(f->q, id, &arena, &row, &err), &err, ERROR_IO);
    crash_vfs_fail_reads(f->vfs, false);
    assert_true(queue_has_failed(f->q));
    assert_int_equal(f->fatal_count, 1);
    assert_fails(queue_claim(f->q, id, &arena, &row, &err), &err, ERROR_IO);
    queue_fixture_reopen(f);
    claim(f, id);
}

/* Fails the next commit in a fixture and waits until the queue knows. */
static void break_queue(struct queue_fixture *f)
{
    struct batch *b = batch_new("broken", 1);
    crash_vfs_fail_at(f->vfs, 1);
    batch_start(b, f->q);
    batch_wait(b);
    assert_int_equal(b->err.code, ERROR_IO);
    batch_free(b);
}

static void test_failure__refuses_every_call_afterwards(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena = {0};
    struct error err = {0};
    struct invocation row, *rows;
    struct queue_ticket t;
    struct queue_stats stats;
    size_t count;
    int64_t id = submit_one(f, "a");
    claim(f, id);
    break_queue(f);
    assert_fails(queue_finish(f->q, id, QUEUE_FINISH_DONE, 0, TEXT(""), &err), &err, ERROR_IO);
    assert_fails(queue_claim(f->q, id, &arena, &row, &err), &err, ERROR_IO);
    assert_fails(queue_show(f->q, id, &arena, &row, &err), &err, ERROR_IO);
    assert_fails(queue_window(f->q, 0, 0, 1, &t, &count, &err), &err, ERROR_IO);
    assert_fails(queue_stats(f->q, &stats, &err), &err, ERROR_IO);
    assert_fails(queue_redrive(f->q, id, &err), &err, ERROR_IO);
    assert_fails(queue_list(f->q, INVOCATION_DEAD, 0, 1, &arena, &rows, &count, &err), &err,
                 ERROR_IO);
    assert_int_equal(f->fatal_count, 1);
}

static void test_failure__answers_those_that_wait_for_room_at_once(void **state)
{
    struct queue_fixture *f = *state;
    struct error err = {0};
    f->options.max_rows = 1;
    queue_fixture_reopen(f);
    int64_t id = submit_one(f, "a");
    struct batch *b = batch_new("b", 1);
    claim(f, id);
    batch_start(b, f->q);
    crash_vfs_fail_at(f->vfs, 1);
    assert_fails(queue_finish(f->q, id, QUEUE_FINISH_RETRY, 9, TEXT(""), &err), &err, ERROR_IO);
    assert_true(err.uncertain);
    batch_wait(b); /* the clock stands still: its five seconds never end */
    assert_int_equal(b->err.code, ERROR_IO);
    assert_false(b->err.uncertain);
    batch_free(b);
}

static void test_failure__answers_those_in_the_same_and_the_next_group(void **state)
{
    enum { WAITING = 10 };
    struct queue_fixture *f = *state;
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
    crash_vfs_fail_at(f->vfs, 1);
    crash_vfs_release_syncs(f->vfs);
    batch_wait(first);
    assert_int_equal(first->err.code, ERROR_IO);
    assert_true(first->err.uncertain);
    for (int i = 0; i < WAITING; i++) {
        batch_wait(waiting[i]);
        assert_int_equal(waiting[i]->answers, 1);
        assert_int_equal(waiting[i]->err.code, ERROR_IO);
        assert_false(waiting[i]->err.uncertain);
        batch_free(waiting[i]);
    }
    batch_free(first);
    assert_int_equal(f->fatal_count, 1);
    assert_int_equal(queue_fixture_ready(f), 0);
}

static struct batch *large_batch(const char *name)
{
    static char payload[64 * 1024];
    struct batch *b = batch_new(name, BATCH_MAX);
    for (int i = 0; i < BATCH_MAX; i++)
        b->rows[i].payload = (struct text){payload, sizeof(payload)};
    return b;
}

/* More than a thousand frames in one commit: the checkpoint follows, and nothing else changes the
 * disk. */
static void test_failure__of_a_checkpoint_is_final_but_unsays_nothing(void **state)
{
    bool failed = true;
    for (uint64_t back = 1; back <= 40; back += 13) {
        assert_int_equal(queue_fixture_setup_vfs(state), 0);
        struct queue_fixture *f = *state;
        struct batch *b = large_batch("measure");
        uint64_t before = crash_vfs_changes(f->vfs);
        batch_start(b, f->q);
        batch_wait(b);
        submit_one(f, "after the checkpoint");
        uint64_t changes = crash_vfs_changes(f->vfs) - before;
        batch_free(b);
        queue_fixture_teardown(state);

        assert_int_equal(queue_fixture_setup_vfs(state), 0);
        f = *state;
        b = large_batch("measure");
        crash_vfs_fail_at(f->vfs, changes - 20 - back);
        batch_start(b, f->q);
        batch_wait(b);
        assert_int_equal(b->err.code, ERROR_NONE);
        struct queue_stats stats;
        struct error err = {0};
        assert_fails(queue_stats(f->q, &stats, &err), &err, ERROR_IO);
        failed = crash_vfs_has_failed(f->vfs);
        assert_true(failed);
        assert_int_equal(f->fatal_count, 1);
        queue_fixture_reopen(f);
        assert_counts(f, BATCH_MAX, 0, 0);
        batch_free(b);
        queue_fixture_teardown(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failure__of_each_write_and_sync_is_final),
        IN_MEMORY(test_failure__of_a_read_is_final),
        IN_MEMORY(test_failure__refuses_every_call_afterwards),
        IN_MEMORY(test_failure__answers_those_that_wait_for_room_at_once),
        IN_MEMORY(test_failure__answers_those_in_the_same_and_the_next_group),
        cmocka_unit_test(test_failure__of_a_checkpoint_is_final_but_unsays_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
