/*
 * test_recover.c - tests of what a start finds: ids, counts, runs that ended with the process.
 */
#include "queue_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue_private.h"

/* The claims as a killed process leaves them. */
static void leave_running(struct queue_fixture *f, const int64_t *ids, size_t count)
{
    AUTO_FREE char *path = test_path(f->dir, "running");
    queue_close(f->q);
    f->q = NULL;
    int64_t slots[QUEUE_MAX_RUNNING] = {0};
    memcpy(slots, ids, count * sizeof(*ids));
    test_write_file(path, (struct text){(const char *)slots, sizeof(slots)});
    queue_fixture_reopen(f);
}

static void test_ids__are_not_used_again_after_a_restart(void **state)
{
    struct queue_fixture *f = *state;
    int64_t last = 0;
    for (int restart = 0; restart < 4; restart++) {
        for (int i = 0; i < 3; i++) {
            char name[16];
            snprintf(name, sizeof(name), "%d-%d", restart, i);
            int64_t id = submit_one(f, name);
            assert_true(id > last);
            last = id;
            claim(f, id);
            finish(f, id, QUEUE_FINISH_DONE);
        }
        assert_counts(f, 0, 0, 0);
        queue_fixture_reopen(f);
    }
}

static void test_ids__go_on_beyond_one_reserved_block(void **state)
{
    struct queue_fixture *f = *state;
    int64_t last = 0;
    for (int i = 0; i < QUEUE_ID_BLOCK / BATCH_MAX + 2; i++) {
        char name[16];
        snprintf(name, sizeof(name), "b%d", i);
        struct batch *b = batch_new(name, BATCH_MAX);
        batch_start(b, f->q);
        batch_wait(b);
        assert_int_equal(b->rows[0].id, last + 1);
        last = b->rows[BATCH_MAX - 1].id;
        batch_free(b);
    }
    queue_fixture_reopen(f);
    assert_true(submit_one(f, "next") > last);
}

static void test_recover__counts_rows_by_state(void **state)
{
    struct queue_fixture *f = *state;
    submit_one(f, "a");
    submit_one(f, "b");
    submit_held(f, "c");
    int64_t dead = submit_one(f, "d");
    claim(f, dead);
    finish(f, dead, QUEUE_FINISH_DEAD);
    queue_fixture_reopen(f);
    assert_counts(f, 2, 1, 1);
}

static void test_recover__counts_runs_that_ended_with_the_process(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena = {0};
    int64_t id = submit_one(f, "a"), other = submit_one(f, "b");
    for (int i = 1; i < QUEUE_MAX_CRASHES; i++) {
        leave_running(f, (const int64_t[]){id, id}, 2); /* twice in the file is once */
        struct invocation row = show(f, id, &arena);
        assert_int_equal(row.state, INVOCATION_PENDING);
        assert_int_equal(row.attempts, 0);
        assert_text(row.reason, "the daemon ended while it ran");
    }
    queue_fixture_reopen(f); /* a start without a crash counts nothing */
    assert_int_equal(show(f, id, &arena).state, INVOCATION_PENDING);
    leave_running(f, &id, 1);
    assert_int_equal(show(f, id, &arena).state, INVOCATION_DEAD);
    assert_int_equal(show(f, other, &arena).state, INVOCATION_PENDING);
    assert_counts(f, 1, 0, 1);
}

static void test_recover__does_not_take_an_orderly_stop_for_a_crash(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena = {0};
    int64_t id = submit_one(f, "a");
    for (int i = 0; i <= QUEUE_MAX_CRASHES; i++) {
        claim(f, id);
        queue_fixture_reopen(f);
    }
    assert_int_equal(show(f, id, &arena).state, INVOCATION_PENDING);
    assert_text(show(f, id, &arena).reason, "");
}

static void test_recover__forgets_crashes_when_the_row_is_redriven(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena = {0};
    struct error err = {0};
    int64_t id = submit_one(f, "a");
    for (int i = 0; i < QUEUE_MAX_CRASHES; i++)
        leave_running(f, &id, 1);
    assert_ok(queue_redrive(f->q, id, &err), &err);
    leave_running(f, &id, 1);
    assert_int_equal(show(f, id, &arena).state, INVOCATION_PENDING);
}

static void test_recover__ignores_ids_that_mean_nothing(void **state)
{
    struct queue_fixture *f = *state;
    int64_t held = submit_held(f, "held");
    leave_running(f, (const int64_t[]){held, 4711, -1, INT64_MIN, INT64_MAX}, 5);
    assert_counts(f, 0, 1, 0);
}

static void test_recover__takes_a_claims_file_of_any_size(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_FREE char *path = test_path(f->dir, "running");
    struct stat st;
    submit_one(f, "a");
    queue_close(f->q);
    f->q = NULL;
    test_write_file(path, TEXT("short"));
    queue_fixture_reopen(f);
    assert_counts(f, 1, 0, 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, QUEUE_MAX_RUNNING * sizeof(int64_t));
    assert_true(st.st_blocks * 512 >= st.st_size); /* no holes: a full disk cannot kill by SIGBUS */
}

static void test_running__mirrors_claims_into_the_file(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_FREE char *path = test_path(f->dir, "running");
    int64_t a = submit_one(f, "a"), b = submit_one(f, "b"), c = submit_one(f, "c");
    claim(f, a);
    claim(f, b);
    claim(f, c);
    finish(f, a, QUEUE_FINISH_DONE);
    AUTO_FREE char *bytes = test_read_file(path, NULL);
    int64_t slots[QUEUE_MAX_RUNNING], sum = 0;
    memcpy(slots, bytes, sizeof(slots));
    for (size_t i = 0; i < QUEUE_MAX_RUNNING; i++)
        sum += slots[i];
    assert_int_equal(sum, b + c);
}

static void test_running__refuses_a_link_in_its_place(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_FREE char *path = test_path(f->dir, "running");
    AUTO_FREE char *target = test_path(f->dir, "target");
    struct error err = {0};
    queue_close(f->q);
    f->q = NULL;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(target, path), 0);
    assert_fails(queue_open(&f->options, &f->q, &err), &err, ERROR_IO);
    assert_null(f->q);
}

static void test_running__has_a_bound(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena = {0};
    struct error err = {0};
    struct invocation row;
    int64_t id = 0;
    for (int i = 0; i <= QUEUE_MAX_RUNNING / BATCH_MAX; i++) {
        char name[16];
        snprintf(name, sizeof(name), "b%d", i);
        struct batch *b = batch_new(name, BATCH_MAX);
        batch_start(b, f->q);
        batch_wait(b);
        batch_free(b);
    }
    while (++id <= QUEUE_MAX_RUNNING)
        claim(f, id);
    assert_fails(queue_claim(f->q, id, &arena, &row, &err), &err, ERROR_LIMIT);
    assert_true(err.retryable);
    finish(f, 1, QUEUE_FINISH_DONE);
    claim(f, id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_DISK(test_ids__are_not_used_again_after_a_restart),
        IN_MEMORY(test_ids__go_on_beyond_one_reserved_block),
        IN_MEMORY(test_recover__counts_rows_by_state),
        IN_MEMORY(test_recover__counts_runs_that_ended_with_the_process),
        IN_MEMORY(test_recover__does_not_take_an_orderly_stop_for_a_crash),
        IN_MEMORY(test_recover__forgets_crashes_when_the_row_is_redriven),
        IN_MEMORY(test_recover__ignores_ids_that_mean_nothing),
        ON_DISK(test_recover__takes_a_claims_file_of_any_size),
        IN_MEMORY(test_running__mirrors_claims_into_the_file),
        IN_MEMORY(test_running__refuses_a_link_in_its_place),
        IN_MEMORY(test_running__has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
