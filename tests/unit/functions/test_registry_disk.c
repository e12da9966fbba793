/*
 * The registry on a disk that loses power or fails: what was committed is there afterwards, an edit
 * is there as a whole or not at all, and the first error is the last word.
 *
 * One test takes the syncs of the write-ahead log away and demands that the same checks fail.
 */
#include "registry_fixture.h"

#include "onput/log.h"

enum { SEEDS = 120, CUTS = 4, FUNCTIONS = 5, EDITS_MAX = 400 };

/* What the world knows of one function: the generation in both of its rows, 0 when it is gone. */
struct known {
    int committed; /* acknowledged */
    int tried;     /* the edit that was answered with an error: may be there instead */
    bool is_uncertain;
};

struct world {
    struct registry_fixture *f;
    struct known functions[FUNCTIONS];
    int generation;
    int edits;
    int lost, torn; /* violations */
};

static const char *name_of(int i)
{
    static const char *const names[FUNCTIONS] = {"a", "b", "c", "d", "e"};
    return names[i];
}

static int edit(struct world *w, int i, int generation, struct error *err)
{
    AUTO_FREE char *tags = xasprintf("{\"generation\":\"%d\"}", generation);
    AUTO_FREE char *row =
        xasprintf("{\"Runtime\":\"onput.builtin\",\"Handler\":\"echo\",\"Role\":\"" ROLE
                  "\",\"Timeout\":3,\"Description\":\"%0*d\"}",
                  1 + (int)crash_vfs_random(w->f->vfs, 20000), generation);
    const struct step put[STEPS_MAX] = {{ROW_FUNCTION, "$LATEST", row}, {ROW_TAGS, "", tags}};
    const struct step drop[STEPS_MAX] = {{ROW_KIND_COUNT, "", NULL}};
    return registry_fixture_edit(w->f, name_of(i), generation > 0 ? put : drop, err);
}

/* False when the registry answers with an error. */
static bool edit_one(struct world *w)
{
    struct error err = {0};
    int i = (int)crash_vfs_random(w->f->vfs, FUNCTIONS);
    int generation = crash_vfs_random(w->f->vfs, 5) == 0 ? 0 : ++w->generation;
    struct known *k = &w->functions[i];
    if (edit(w, i, generation, &err) == 0) {
        *k = (struct known){.committed = generation};
        w->edits++;
        return true;
    }
    assert_int_equal(err.code, ERROR_IO);
    assert_false(err.retryable);
    if (err.uncertain) {
        k->tried = generation;
        k->is_uncertain = true;
    }
    return false;
}

/* The generation of both rows; -1 when they do not agree. */
static int look(struct world *w, int i)
{
    AUTO_FREE char *row = registry_fixture_row(w->f, name_of(i), ROW_FUNCTION, "$LATEST");
    AUTO_FREE char *tags = registry_fixture_row(w->f, name_of(i), ROW_TAGS, "");
    if (row == NULL && tags == NULL)
        return 0;
    if (row == NULL || tags == NULL)
        return -1;
    int of_row = (int)strtol(strstr(row, "Description\":\"") + 14, NULL, 10);
    int of_tags = (int)strtol(strstr(tags, "generation\":\"") + 13, NULL, 10);
    return of_row == of_tags ? of_row : -1;
}

static void check(struct world *w)
{
    assert_true(registry_fixture_has(w->f, "thumbs"));
    for (int i = 0; i < FUNCTIONS; i++) {
        struct known *k = &w->functions[i];
        int there = look(w, i);
        bool expected = there == k->committed || (k->is_uncertain && there == k->tried);
        w->torn += there == -1;
        w->lost += !expected;
        *k = (struct known){.committed = there};
    }
}

static bool run_seed(uint64_t seed, const char *lying, struct world *w)
{
    static const struct catalog_parts parts;
    struct registry_fixture f;
    bool opened = true;
    registry_fixture_init(&f, seed);
    *w = (struct world){.f = &f};
    for (int cut = 0; cut < CUTS && opened; cut++) {
        struct error err = {0};
        crash_vfs_ignore_syncs(f.vfs, lying);
        crash_vfs_cut_at(f.vfs, 1 + crash_vfs_random(f.vfs, cut == 0 ? 40 : 300));
        if (registry_fixture_try_open(&f, &parts, &err) == 0) {
            for (int i = 0; i < EDITS_MAX && edit_one(w); i++)
                ;
        }
        crash_vfs_cut(f.vfs);
        registry_fixture_close(&f);
        crash_vfs_power_on(f.vfs);
        opened = registry_fixture_try_open(&f, &parts, &err) == 0;
        if (opened)
            check(w);
        else
            print_message("seed %d, cut %d: %s\n", (int)seed, cut, err.message);
        registry_fixture_close(&f);
    }
    registry_fixture_release(&f);
    return opened;
}

static void test_power_cut__loses_nothing_that_was_committed(void **state)
{
    (void)state;
    static struct world w;
    int edits = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        bool opened = run_seed(seed, NULL, &w);
        if (!opened || w.lost + w.torn > 0)
            fail_msg("seed %d: opened %d, lost %d, torn %d", (int)seed, opened, w.lost, w.torn);
        edits += w.edits;
    }
    print_message("%d power cuts, %d edits\n", SEEDS * CUTS, edits);
    assert_true(edits > SEEDS * 10);
}

static void test_power_cut__is_noticed_when_the_log_is_not_synced(void **state)
{
    (void)state;
    static struct world w;
    int lost = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        run_seed(seed, "-wal", &w);
        lost += w.lost;
    }
    print_message("without syncs of the log: %d functions lost\n", lost);
    assert_true(lost > 20);
}

static void test_failure__of_each_write_and_sync_is_final(void **state)
{
    (void)state;
    static const struct catalog_parts parts;
    bool failed = true;
    uint64_t n;
    for (n = 1; failed; n++) {
        struct registry_fixture f;
        struct error err = {0};
        registry_fixture_init(&f, n);
        registry_fixture_open(&f, &parts);
        struct world w = {.f = &f};
        crash_vfs_fail_at(f.vfs, n);
        bool told = false;
        for (int i = 0; i < 12; i++) {
            bool ok = edit_one(&w);
            assert_true(!told || !ok); /* nothing is stored after a failure */
            told |= !ok;
        }
        failed = crash_vfs_has_failed(f.vfs);
        assert_int_equal(failed, told);
        assert_int_equal(failed, registry_has_failed(f.registry));
        assert_int_equal(f.fatals, failed);
        for (int i = 0; i < FUNCTIONS; i++) /* what is published is what was committed */
            assert_int_equal(look(&w, i), w.functions[i].committed);
        assert_int_equal(registry_fixture_reload(&f, &parts, &err), failed ? -1 : 0);
        registry_fixture_close(&f);
        crash_vfs_fail_at(f.vfs, 0);
        registry_fixture_open(&f, &parts);
        check(&w);
        assert_int_equal(w.lost + w.torn, 0);
        assert_true(edit_one(&w));
        registry_fixture_release(&f);
    }
    assert_true(n > 24); /* the loop met every write and sync of the edits */
}

static void test_failure__while_opening_leaves_a_registry_that_can_be_opened(void **state)
{
    (void)state;
    static const struct catalog_parts parts;
    bool failed = true;
    uint64_t n;
    for (n = 1; failed; n++) {
        struct registry_fixture f;
        struct error err = {0};
        registry_fixture_init(&f, n);
        crash_vfs_fail_at(f.vfs, n);
        bool opened = registry_fixture_try_open(&f, &parts, &err) == 0;
        registry_fixture_close(&f); /* which may fail, too */
        failed = crash_vfs_has_failed(f.vfs);
        assert_true(opened || failed);
        crash_vfs_fail_at(f.vfs, 0);
        registry_fixture_open(&f, &parts);
        assert_true(registry_fixture_has(&f, "thumbs"));
        registry_fixture_release(&f);
    }
    assert_true(n > 8);
}

static void test_failure__of_a_reload_keeps_the_old_configuration(void **state)
{
    (void)state;
    struct registry_fixture f;
    struct error err = {0};
    registry_fixture_init(&f, 1);
    registry_fixture_open(&f, &(struct catalog_parts){0});
    crash_vfs_fail_at(f.vfs, 1);
    assert_fails(
        registry_fixture_reload(&f, &(struct catalog_parts){.function = ", timeout: 9s"}, &err),
        &err, ERROR_IO);
    struct catalog *c = catalog_holder_get(registry_catalogs(f.registry));
    assert_int_equal(catalog_thumbs(c)->config->timeout_ms, 60000);
    catalog_unref(c);
    assert_true(registry_has_failed(f.registry));
    registry_fixture_release(&f);
}

static void test_reading__that_fails_is_an_error(void **state)
{
    (void)state;
    struct registry_fixture f;
    struct error err = {0};
    registry_fixture_init(&f, 1);
    registry_fixture_open(&f, &(struct catalog_parts){0});
    registry_fixture_close(&f);
    crash_vfs_fail_reads(f.vfs, true);
    assert_fails(registry_fixture_try_open(&f, &(struct catalog_parts){0}, &err), &err, ERROR_IO);
    crash_vfs_fail_reads(f.vfs, false);
    registry_fixture_open(&f, &(struct catalog_parts){0});
    registry_fixture_release(&f);
}

int main(void)
{
    log_open(2, LOG_LEVEL_COUNT, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_cut__loses_nothing_that_was_committed),
        cmocka_unit_test(test_power_cut__is_noticed_when_the_log_is_not_synced),
        cmocka_unit_test(test_failure__of_each_write_and_sync_is_final),
        cmocka_unit_test(test_failure__while_opening_leaves_a_registry_that_can_be_opened),
        cmocka_unit_test(test_failure__of_a_reload_keeps_the_old_configuration),
        cmocka_unit_test(test_reading__that_fails_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
