/*
 * test_direct.c - rows without an object, and rows that never run.
 */
#include "queue_fixture.h"

/* Batches name their objects; a direct invocation has none. */
static struct batch *direct_batch(const char *name, size_t count, const char *function)
{
    struct batch *b = batch_new(name, count);
    for (size_t i = 0; i < count; i++) {
        b->rows[i].store = TEXT("");
        b->rows[i].bucket = TEXT("");
        b->rows[i].key = TEXT("");
        b->rows[i].function = text_of(function);
        b->rows[i].payload = TEXT("{\"any\":\"JSON\"}");
    }
    return b;
}

static void submit_and_wait(struct queue_fixture *f, struct batch *b)
{
    batch_start(b, f->q);
    batch_wait(b);
    assert_false(b->refused);
    assert_int_equal(b->err.code, ERROR_NONE);
}

static void read_window(struct queue_fixture *f, struct queue_ticket *out, size_t wanted)
{
    size_t count = 0;
    struct error err = {0};
    assert_ok(queue_window(f->q, INT64_MIN, INT64_MIN, wanted + 1, out, &count, &err), &err);
    assert_int_equal(count, wanted);
}

static void test_direct__rows_have_no_object_in_common(void **state)
{
    struct queue_fixture *f = *state;
    struct queue_ticket tickets[4];
    struct batch *b = direct_batch("direct", 3, "f");
    submit_and_wait(f, b);
    read_window(f, tickets, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(f->ready[i].object_hash, tickets[i].object_hash); /* told either way */
        for (size_t k = 0; k < i; k++)
            assert_true(tickets[i].object_hash != tickets[k].object_hash);
    }
    batch_free(b);
}

static void test_direct__rows_keep_their_hash_over_a_retry(void **state)
{
    struct queue_fixture *f = *state;
    struct batch *b = direct_batch("direct", 1, "f");
    submit_and_wait(f, b);
    uint64_t before = f->ready[0].object_hash;
    queue_fixture_clear_ready(f);
    claim(f, b->rows[0].id);
    finish(f, b->rows[0].id, QUEUE_FINISH_RETRY);
    assert_int_equal(queue_fixture_ready(f), 1);
    assert_int_equal(f->ready[0].object_hash, before);
    batch_free(b);
}

static void test_direct__a_qualifier_makes_no_other_function(void **state)
{
    struct queue_fixture *f = *state;
    struct batch *plain = direct_batch("plain", 1, "resize"),
                 *alias = direct_batch("alias", 1, "resize:live"),
                 *other = direct_batch("other", 1, "resizes");
    submit_and_wait(f, plain);
    submit_and_wait(f, alias);
    submit_and_wait(f, other);
    assert_int_equal(f->ready[0].function_hash, queue_function_hash(TEXT("resize")));
    assert_int_equal(f->ready[1].function_hash, f->ready[0].function_hash);
    assert_true(f->ready[2].function_hash != f->ready[0].function_hash);
    batch_free(plain);
    batch_free(alias);
    batch_free(other);
}

static void test_direct__rows_survive_a_restart_and_are_listed(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena;
    arena_init(&arena);
    struct invocation *rows;
    size_t count;
    struct error err = {0};
    struct batch *b = direct_batch("direct", 2, "f:1");
    submit_and_wait(f, b);
    claim(f, b->rows[0].id);
    queue_fixture_reopen(f);
    assert_ok(queue_list(f->q, INVOCATION_PENDING, 0, 10, &arena, &rows, &count, &err), &err);
    assert_int_equal(count, 2);
    assert_text(rows[0].function, "f:1");
    assert_int_equal(rows[0].store.len + rows[0].bucket.len + rows[0].key.len, 0);
    assert_text(show(f, b->rows[1].id, &arena).payload, "{\"any\":\"JSON\"}");
    batch_free(b);
}

static void test_direct__rows_are_never_duplicates(void **state)
{
    struct queue_fixture *f = *state;
    struct batch *first = direct_batch("same", 1, "f"), *second = direct_batch("same", 1, "f");
    submit_and_wait(f, first);
    submit_and_wait(f, second);
    assert_memory_equal(first->rows[0].identity, second->rows[0].identity, 16);
    assert_int_equal(second->verdicts[0], QUEUE_ACCEPTED);
    assert_counts(f, 2, 0, 0);
    batch_free(first);
    batch_free(second);
}

static void test_direct__rows_push_no_event_out_of_memory(void **state)
{
    struct queue_fixture *f = *state;
    f->options.dedupe_max = 4;
    queue_fixture_reopen(f);
    submit_one(f, "event");
    struct batch *many = direct_batch("many", 8, "f");
    submit_and_wait(f, many);
    assert_int_equal(submit_verdict(f, "event"), QUEUE_DUPLICATE);
    batch_free(many);
}

static void test_finish__unrun_is_dead_and_counts_no_attempt(void **state)
{
    struct queue_fixture *f = *state;
    AUTO_ARENA struct arena arena;
    arena_init(&arena);
    struct error err = {0};
    int64_t id = submit_one(f, "a");
    claim(f, id);
    assert_ok(queue_finish(f->q, id, QUEUE_FINISH_UNRUN, 0, TEXT("it may not"), &err), &err);
    assert_counts(f, 0, 0, 1);
    struct invocation row = show(f, id, &arena);
    assert_int_equal(row.state, INVOCATION_DEAD);
    assert_int_equal(row.attempts, 0);
    assert_text(row.reason, "it may not");
    assert_ok(queue_redrive(f->q, id, &err), &err);
    assert_counts(f, 1, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_DISK(test_direct__rows_have_no_object_in_common),
        ON_DISK(test_direct__rows_keep_their_hash_over_a_retry),
        ON_DISK(test_direct__a_qualifier_makes_no_other_function),
        ON_DISK(test_direct__rows_survive_a_restart_and_are_listed),
        ON_DISK(test_direct__rows_are_never_duplicates),
        ON_DISK(test_direct__rows_push_no_event_out_of_memory),
        ON_DISK(test_finish__unrun_is_dead_and_counts_no_attempt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
