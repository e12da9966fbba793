/*
 * The current catalog, read by many threads while it is replaced.
 */
#include "catalog_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

enum { READERS = 4, SWAPS = 30 };

struct shared {
    struct catalog_holder *holder;
    atomic_bool stop;
    atomic_int reads;
};

static void *read_catalogs(void *ctx)
{
    struct shared *s = ctx;
    bool intact = true;
    while (!atomic_load(&s->stop)) {
        struct catalog *c = catalog_holder_get(s->holder);
        intact &= catalog_thumbs(c) != NULL && catalog_minio(c) != NULL;
        intact &= text_is(catalog_thumbs(c)->name, "thumbs");
        catalog_unref(c);
        atomic_fetch_add(&s->reads, 1);
    }
    return intact ? s : NULL;
}

static void test_holder__is_read_while_it_is_replaced(void **state)
{
    (void)state;
    struct shared s = {.holder = catalog_holder_new(catalog_of(&(struct catalog_parts){0}))};
    pthread_t readers[READERS];
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_catalogs, &s), 0);
    for (int i = 0; i < SWAPS; i++) {
        int before = atomic_load(&s.reads);
        catalog_holder_set(s.holder, catalog_of(&(struct catalog_parts){0}));
        while (atomic_load(&s.reads) < before + READERS)
            sched_yield();
    }
    atomic_store(&s.stop, true);
    for (size_t i = 0; i < READERS; i++) {
        void *intact = NULL;
        pthread_join(readers[i], &intact);
        assert_non_null(intact);
    }
    catalog_holder_free(s.holder);
}

static void test_holder__leaves_a_catalog_to_whoever_works_with_it(void **state)
{
    (void)state;
    struct catalog_holder *holder = catalog_holder_new(catalog_of(&(struct catalog_parts){0}));
    struct catalog *before = catalog_holder_get(holder);
    catalog_holder_set(holder, catalog_of(&(struct catalog_parts){0}));
    struct catalog *after = catalog_holder_get(holder);
    assert_ptr_not_equal(before, after);
    assert_text(catalog_thumbs(before)->name, "thumbs");
    catalog_unref(after);
    catalog_holder_free(holder);
    catalog_unref(before);
    catalog_holder_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holder__is_read_while_it_is_replaced),
        cmocka_unit_test(test_holder__leaves_a_catalog_to_whoever_works_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
