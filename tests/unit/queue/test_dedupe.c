/*
 * test_dedupe.c - tests of the identity ring against a plain list.
 */
#include "support/test.h"

#include "queue_private.h"

enum { CAPACITY = 37, WINDOW_MS = 50, IDENTITIES = 80 };

struct model_entry {
    int name; /* -1: empty */
    int64_t finished_ms;
};

static void make_identity(int name, unsigned char out[16])
{
    memset(out, 0, 16);
    out[0] = (unsigned char)(name % 5); /* many share a bucket */
    out[15] = (unsigned char)name;
}

static struct model_entry *model_find(struct model_entry *model, int name)
{
    for (int i = 0; i < CAPACITY; i++) {
        if (model[i].name == name)
            return &model[i];
    }
    return NULL;
}

static void test_dedupe__behaves_like_a_list_of_the_newest(void **state UNUSED)
{
    struct model_entry model[CAPACITY];
    struct dedupe d;
    int head = 0;
    dedupe_init(&d, CAPACITY, WINDOW_MS);
    for (int i = 0; i < CAPACITY; i++)
        model[i].name = -1;
    srand(7);
    for (int64_t now = 1; now < 20000; now++) {
        int name = rand() % IDENTITIES;
        unsigned char identity[16];
        make_identity(name, identity);
        struct model_entry *e = model_find(model, name);
        bool expected = e != NULL && (e->finished_ms == 0 || now - e->finished_ms < WINDOW_MS);
        assert_int_equal(dedupe_seen(&d, identity, now), expected);
        if (rand() % 2 == 0) {
            dedupe_finish(&d, identity, now);
            if (e != NULL)
                e->finished_ms = now;
        } else {
            dedupe_add(&d, identity);
            if (e == NULL) {
                e = &model[head];
                head = (head + 1) % CAPACITY;
            }
            *e = (struct model_entry){name, 0};
        }
    }
    dedupe_release(&d);
}

static void test_dedupe__works_with_one_place(void **state UNUSED)
{
    struct dedupe d;
    unsigned char a[16], b[16];
    make_identity(1, a);
    make_identity(2, b);
    dedupe_init(&d, 1, WINDOW_MS);
    dedupe_add(&d, a);
    assert_true(dedupe_seen(&d, a, 1));
    dedupe_add(&d, b);
    assert_false(dedupe_seen(&d, a, 1));
    assert_true(dedupe_seen(&d, b, 1));
    dedupe_release(&d);
}

static void test_invocation__knows_the_legal_ways_between_states(void **state UNUSED)
{
    static const enum invocation_state legal[][2] = {
        {INVOCATION_PENDING, INVOCATION_RUNNING}, {INVOCATION_PENDING, INVOCATION_DEAD},
        {INVOCATION_HELD, INVOCATION_PENDING},    {INVOCATION_DEAD, INVOCATION_PENDING},
        {INVOCATION_RUNNING, INVOCATION_PENDING}, {INVOCATION_RUNNING, INVOCATION_DEAD},
        {INVOCATION_RUNNING, INVOCATION_DONE},
    };
    size_t found = 0;
    for (int from = 0; from < INVOCATION_STATE_COUNT; from++) {
        assert_true(strlen(invocation_state_name(from)) > 3);
        for (int to = 0; to < INVOCATION_STATE_COUNT; to++)
            found += invocation_may_become(from, to);
    }
    assert_int_equal(found, ARRAY_LEN(legal));
    for (size_t i = 0; i < ARRAY_LEN(legal); i++)
        assert_true(invocation_may_become(legal[i][0], legal[i][1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dedupe__behaves_like_a_list_of_the_newest),
        cmocka_unit_test(test_dedupe__works_with_one_place),
        cmocka_unit_test(test_invocation__knows_the_legal_ways_between_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
