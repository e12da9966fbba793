/*
 * test_gate.c - how many are let in, in which order, and who gives up.
 */
#include "support/test.h"

#include <pthread.h>
#include <sched.h>

#include "executors_private.h"

enum { PEOPLE = 4, ROUNDS = 500 };

struct rig {
    struct thumbnail_gate *gate;
    struct fake_clock clock;
    atomic_bool canceled;
    atomic_int inside, most, lined_up;
};

struct person {
    struct rig *rig;
    pthread_t thread;
    int64_t deadline_ms;
    int rc;
    struct error err;
};

static int setup(void **state)
{
    struct rig *r = xcalloc(1, sizeof(*r));
    fake_clock_init(&r->clock, 0, 5000);
    r->gate = thumbnail_gate_new(2);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;
    thumbnail_gate_free(r->gate);
    free(r);
    return 0;
}

static int64_t mono(void *ctx)
{
    struct rig *r = ctx;
    atomic_fetch_add(&r->lined_up, 1); /* who waits looks at the clock */
    return r->clock.mono;
}

static int come_in(struct person *p, const struct clock *clock)
{
    struct gate_wait wait = {clock, p->deadline_ms, &p->rig->canceled};
    return gate_enter(p->rig->gate, &wait, &p->err);
}

static void *wait_for_a_place(void *ctx)
{
    struct person *p = ctx;
    const struct clock clock = {.mono_ms = mono, .ctx = p->rig};
    p->rc = come_in(p, &clock);
    return NULL;
}

static void start(struct rig *r, struct person *p, int64_t deadline_ms)
{
    *p = (struct person){.rig = r, .deadline_ms = deadline_ms};
    assert_int_equal(pthread_create(&p->thread, NULL, wait_for_a_place, p), 0);
}

static void fill(struct rig *r)
{
    struct person p = {.rig = r, .deadline_ms = 5000};
    for (int i = 0; i < 2; i++)
        assert_ok(come_in(&p, &r->clock.clock), &p.err);
}

static void wait_until_in_line(struct rig *r)
{
    while (atomic_load(&r->lined_up) == 0)
        sched_yield();
}

static void test_gate__lets_the_next_one_in_when_one_leaves(void **state)
{
    struct rig *r = *state;
    struct person p;
    fill(r);
    start(r, &p, INT64_MAX);
    wait_until_in_line(r);
    gate_leave(r->gate);
    pthread_join(p.thread, NULL);
    assert_ok(p.rc, &p.err);
    gate_leave(r->gate);
    gate_leave(r->gate);
    fill(r); /* both places are free again */
}

static void test_gate__is_given_up_at_the_deadline(void **state)
{
    struct rig *r = *state;
    struct person p = {.rig = r, .deadline_ms = 5000};
    fill(r);
    assert_fails(come_in(&p, &r->clock.clock), &p.err, ERROR_THROTTLED);
    assert_true(p.err.retryable);
    gate_leave(r->gate);
    assert_ok(come_in(&p, &r->clock.clock), &p.err); /* nobody is in line any more */
}

static void test_gate__is_given_up_at_the_end_of_the_daemon(void **state)
{
    struct rig *r = *state;
    struct person p;
    fill(r);
    start(r, &p, INT64_MAX);
    wait_until_in_line(r);
    atomic_store(&r->canceled, true);
    pthread_join(p.thread, NULL);
    assert_fails(p.rc, &p.err, ERROR_CANCELED);
    gate_leave(r->gate);
    gate_leave(r->gate);
    fill(r);
}

static void test_gate__that_is_not_there_is_open(void **state)
{
    struct rig *r = *state;
    struct gate_wait wait = {&r->clock.clock, 0, &r->canceled};
    struct error err = {0};
    assert_ok(gate_enter(NULL, &wait, &err), &err);
    gate_leave(NULL);
}

static void *come_and_go(void *ctx)
{
    struct person *p = ctx;
    struct rig *r = p->rig;
    for (int i = 0; i < ROUNDS; i++) {
        if (come_in(p, &r->clock.clock) < 0) {
            p->rc = -1;
            return NULL;
        }
        int inside = atomic_fetch_add(&r->inside, 1) + 1, most = atomic_load(&r->most);
        while (inside > most && !atomic_compare_exchange_weak(&r->most, &most, inside))
            continue;
        sched_yield();
        atomic_fetch_sub(&r->inside, 1);
        gate_leave(r->gate);
    }
    return NULL;
}

static void test_gate__never_lets_more_in_than_there_are_places(void **state)
{
    struct rig *r = *state;
    struct person people[PEOPLE];
    for (int i = 0; i < PEOPLE; i++) {
        people[i] = (struct person){.rig = r, .deadline_ms = INT64_MAX};
        assert_int_equal(pthread_create(&people[i].thread, NULL, come_and_go, &people[i]), 0);
    }
    for (int i = 0; i < PEOPLE; i++) {
        pthread_join(people[i].thread, NULL);
        assert_int_equal(people[i].rc, 0);
    }
    assert_in_range(r->most, 1, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_gate__lets_the_next_one_in_when_one_leaves),
        TEST(test_gate__is_given_up_at_the_deadline),
        TEST(test_gate__is_given_up_at_the_end_of_the_daemon),
        TEST(test_gate__that_is_not_there_is_open),
        TEST(test_gate__never_lets_more_in_than_there_are_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
