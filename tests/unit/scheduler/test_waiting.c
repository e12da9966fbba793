/*
 * test_waiting.c - lines of tickets, against a model that is a list of all of them.
 */
#include "support/test.h"

#include "scheduler_private.h"

static struct queue_ticket ticket(int64_t id)
{
    return (struct queue_ticket){.id = id};
}

static void push(struct waiting *w, uint64_t key, int64_t id)
{
    struct queue_ticket t = ticket(id);
    waiting_push(w, key, &t);
}

static void test_waiting__keeps_the_order_within_a_line(void **state UNUSED)
{
    struct waiting w = {0};
    push(&w, 7, 1);
    push(&w, 8, 2);
    push(&w, 7, 3);
    assert_int_equal(w.tickets, 3);
    assert_int_equal(w.line_count, 2);
    assert_int_equal(waiting_first(&w, 7)->id, 1);
    assert_int_equal(waiting_pop(&w, 7).id, 1);
    assert_int_equal(waiting_pop(&w, 7).id, 3);
    assert_null(waiting_first(&w, 7));
    assert_int_equal(w.line_count, 1);
    assert_int_equal(waiting_key(&w, 0), 8);
    assert_int_equal(waiting_pop(&w, 8).id, 2);
    assert_int_equal(w.tickets, 0);
    waiting_release(&w);
}

static void test_waiting__knows_nothing_when_it_is_empty(void **state UNUSED)
{
    struct waiting w = {0};
    assert_null(waiting_first(&w, 0));
    waiting_release(&w);
}

enum { LINES = 1000, EACH = 7 };

/* Keys that meet in one bucket and keys that do not; lines end in the middle of the others. */
static void test_waiting__keeps_many_lines_apart(void **state UNUSED)
{
    struct waiting w = {0};
    for (int64_t i = 0; i < EACH; i++)
        for (uint64_t line = 0; line < LINES; line++)
            push(&w, line << (line % 2 == 0 ? 0 : 32), (int64_t)line * EACH + i);
    assert_int_equal(w.line_count, LINES);
    for (uint64_t line = 0; line < LINES; line += 3)
        for (int64_t i = 0; i < EACH; i++)
            assert_int_equal(waiting_pop(&w, line << (line % 2 == 0 ? 0 : 32)).id,
                             (int64_t)line * EACH + i);
    for (uint64_t line = 0; line < LINES; line++) {
        const struct queue_ticket *first = waiting_first(&w, line << (line % 2 == 0 ? 0 : 32));
        assert_int_equal(first != NULL, line % 3 != 0);
        if (first != NULL)
            assert_int_equal(first->id, (int64_t)line * EACH);
    }
    assert_int_equal(w.tickets, (LINES - (LINES + 2) / 3) * EACH);
    for (size_t i = 0; i < w.line_count; i++)
        assert_non_null(waiting_first(&w, waiting_key(&w, i)));
    waiting_release(&w);
    assert_int_equal(w.tickets, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waiting__keeps_the_order_within_a_line),
        cmocka_unit_test(test_waiting__knows_nothing_when_it_is_empty),
        cmocka_unit_test(test_waiting__keeps_many_lines_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
