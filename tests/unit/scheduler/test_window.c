/*
 * test_window.c - tests of the window of due tickets: heap order, horizon, refills with offers in
 * between.
 */
#include "support/test.h"

#include "scheduler_private.h"

static struct queue_ticket ticket(int64_t due, int64_t id)
{
    return (struct queue_ticket){.id = id, .due_ms = due};
}

static void offer(struct window *w, int64_t due, int64_t id)
{
    struct queue_ticket t = ticket(due, id);
    window_offer(w, &t);
}

static void test_window__gives_tickets_in_due_order(void **state UNUSED)
{
    struct window w;
    window_init(&w, 100);
    window_refill_begin(&w);
    window_refill_end(&w, NULL, 0);
    srand(1);
    for (int i = 0; i < 300; i++)
        offer(&w, rand() % 50, i);
    struct queue_ticket last = ticket(-1, -1);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(window_first(&w)->id, w.heap[0].id);
        struct queue_ticket t = window_pop(&w);
        assert_true(t.due_ms > last.due_ms || (t.due_ms == last.due_ms && t.id > last.id));
        last = t;
    }
    assert_null(window_first(&w));
    window_release(&w);
}

static void test_window__wants_a_refill_before_it_knows_anything(void **state UNUSED)
{
    struct window w;
    window_init(&w, 4);
    assert_true(window_wants_refill(&w));
    offer(&w, 1, 1); /* the refill will find it */
    assert_null(window_first(&w));
    window_refill_begin(&w);
    assert_false(window_wants_refill(&w));
    offer(&w, 2, 2); /* the refill may have missed it */
    window_refill_end(&w, (struct queue_ticket[]){ticket(1, 1)}, 1);
    assert_false(window_wants_refill(&w)); /* there was nothing more */
    assert_int_equal(window_pop(&w).id, 1);
    assert_int_equal(window_pop(&w).id, 2);
    window_release(&w);
}

static void test_window__leaves_what_is_behind_the_horizon_to_the_queue(void **state UNUSED)
{
    struct window w;
    window_init(&w, 2);
    window_refill_begin(&w);
    window_refill_end(&w, (struct queue_ticket[]){ticket(10, 1), ticket(20, 2)}, 2);
    offer(&w, 20, 3);
    offer(&w, 30, 4);
    offer(&w, 15, 5);
    assert_int_equal(window_pop(&w).id, 1);
    assert_int_equal(window_pop(&w).id, 5);
    assert_int_equal(window_pop(&w).id, 2);
    assert_null(window_first(&w));
    assert_true(window_wants_refill(&w));
    assert_int_equal(w.horizon_due_ms, 20);
    assert_int_equal(w.horizon_id, 2);
    window_release(&w);
}

static void test_window__stays_bounded_when_offers_pour_in(void **state UNUSED)
{
    struct window w;
    window_init(&w, 8);
    window_refill_begin(&w);
    window_refill_end(&w, NULL, 0);
    for (int i = 0; i < 10000; i++) {
        offer(&w, 10000 - i, i); /* each before all others: never behind the horizon */
        assert_true(w.count < 4 * 8);
    }
    assert_int_equal(window_first(&w)->id, 9999);
    window_release(&w);
}

/* ---- against a model: the set of pending rows ---- */

enum { ROWS_MAX = 30000 };

struct model {
    struct window window;
    struct queue_ticket rows[ROWS_MAX]; /* made so far */
    bool taken[ROWS_MAX];
    int count, taken_count;
    struct queue_ticket found[64]; /* what the running refill read */
    size_t found_count;
    bool refilling, read;
};

static int by_due(const void *a, const void *b)
{
    const struct queue_ticket *x = a, *y = b;
    if (x->due_ms != y->due_ms)
        return x->due_ms < y->due_ms ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static void add_row(struct model *m, int64_t now)
{
    if (m->count == ROWS_MAX)
        return;
    m->rows[m->count] = ticket(now + rand() % 200 - 50, m->count);
    m->count++;
    window_offer(&m->window, &m->rows[m->count - 1]);
}

/* The queue's answer: the next rows behind the horizon that are not taken. */
static void read_queue(struct model *m)
{
    static struct queue_ticket all[ROWS_MAX];
    struct queue_ticket horizon = ticket(m->window.horizon_due_ms, m->window.horizon_id);
    size_t n = 0;
    for (int i = 0; i < m->count; i++) {
        if (!m->taken[i] && by_due(&m->rows[i], &horizon) > 0)
            all[n++] = m->rows[i];
    }
    qsort(all, n, sizeof(all[0]), by_due);
    m->found_count = n < m->window.target ? n : m->window.target;
    memcpy(m->found, all, m->found_count * sizeof(all[0]));
    m->read = true;
}

static void take(struct model *m)
{
    if (window_first(&m->window) == NULL)
        return;
    struct queue_ticket t = window_pop(&m->window);
    m->taken_count += !m->taken[t.id];
    m->taken[t.id] = true;
}

static void step(struct model *m, int64_t now, bool add)
{
    switch (rand() % 6) {
    case 0:
    case 1:
        if (add)
            add_row(m, now);
        break;
    case 2:
        if (!m->refilling && window_wants_refill(&m->window)) {
            window_refill_begin(&m->window);
            m->refilling = true;
            m->read = false;
        }
        break;
    case 3:
        if (m->refilling && !m->read)
            read_queue(m);
        break;
    case 4:
        if (m->refilling && m->read) {
            window_refill_end(&m->window, m->found, m->found_count);
            m->refilling = false;
        }
        break;
    default:
        take(m);
        break;
    }
}

static void test_window__loses_no_ticket_whatever_happens_between_refills(void **state UNUSED)
{
    for (unsigned seed = 1; seed <= 60; seed++) {
        struct model *m = xcalloc(1, sizeof(*m));
        window_init(&m->window, 1 + seed % 16);
        srand(seed);
        int burst = 1;
        for (int64_t now = 0; now < 3000; now++) {
            if (rand() % 200 == 0)
                burst = rand() % 2; /* floods and droughts */
            step(m, now, burst);
        }
        for (int i = 0; i < 100 * ROWS_MAX && m->taken_count < m->count; i++)
            step(m, 3000, false);
        assert_int_equal(m->taken_count, m->count);
        assert_true(m->count > 100);
        window_release(&m->window);
        free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window__gives_tickets_in_due_order),
        cmocka_unit_test(test_window__wants_a_refill_before_it_knows_anything),
        cmocka_unit_test(test_window__leaves_what_is_behind_the_horizon_to_the_queue),
        cmocka_unit_test(test_window__stays_bounded_when_offers_pour_in),
        cmocka_unit_test(test_window__loses_no_ticket_whatever_happens_between_refills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
