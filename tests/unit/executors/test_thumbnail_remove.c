/*
 * Renditions go when their source has gone.
 */
#include "workbench.h"

static void removed(struct workbench *w, const char *key)
{
    workbench_run(w, &(struct told){.event = "ObjectRemoved:Delete", .key = key, .etag = TEXT("")});
}

static void test_remove__deletes_the_renditions_of_a_source_that_is_gone(void **state)
{
    struct workbench w;
    workbench_start(&w, *state,
                    &(struct catalog_parts){
                        .renditions = "[{name: small, width: 100}, {name: any, width: 9, format: "
                                      "source}]"});
    workbench_put(&w, "thumbnails", "photos/a.jpg/small.jpg", "x");
    workbench_put(&w, "thumbnails", "photos/a.jpg/any.png", "x");
    workbench_put(&w, "thumbnails", "photos/a.jpg/small.png", "of somebody else");
    workbench_put(&w, "thumbnails", "photos/b.jpg/small.jpg", "x");
    removed(&w, "a.jpg");
    assert_int_equal(w.outcome.status, OUTCOME_DONE);
    assert_string_equal(w.outcome.detail, "deleted 2 renditions");
    assert_int_equal(w.outcome.run_ms, -1);
    assert_false(workbench_has(&w, "thumbnails", "photos/a.jpg/small.jpg"));
    assert_false(workbench_has(&w, "thumbnails", "photos/a.jpg/any.png"));
    assert_true(workbench_has(&w, "thumbnails", "photos/a.jpg/small.png"));
    assert_true(workbench_has(&w, "thumbnails", "photos/b.jpg/small.jpg"));
    workbench_stop(&w);
}

static void test_remove__leaves_them_when_the_source_is_there_again(void **state)
{
    struct workbench w;
    workbench_start(&w, *state, &(struct catalog_parts){0});
    workbench_put(&w, "photos", "a.jpg", "pixels");
    workbench_put(&w, "thumbnails", "photos/a.jpg/small.jpg", "x");
    removed(&w, "a.jpg");
    assert_int_equal(w.outcome.status, OUTCOME_SKIPPED);
    assert_contains(w.outcome.detail, "there again");
    assert_true(workbench_has(&w, "thumbnails", "photos/a.jpg/small.jpg"));
    workbench_stop(&w);
}

static void test_remove__is_done_when_there_is_nothing(void **state)
{
    struct workbench w;
    workbench_start(&w, *state, &(struct catalog_parts){0});
    removed(&w, "never.jpg");
    assert_int_equal(w.outcome.status, OUTCOME_DONE);
    workbench_stop(&w);
}

static void test_remove__asks_the_role(void **state)
{
    struct workbench w;
    workbench_start(&w, *state,
                    &(struct catalog_parts){
                        .function = ", role: r",
                        .more = "roles: {r: {policy: {Version: '2012-10-17', Statement: [{Effect: "
                                "Allow, Action: 's3:GetObject', Resource: '*'}]}}}\n"});
    workbench_put(&w, "thumbnails", "photos/a.jpg/small.jpg", "x");
    removed(&w, "a.jpg");
    assert_int_equal(w.outcome.status, OUTCOME_FAILED);
    assert_int_equal(w.outcome.error.code, ERROR_DENIED);
    assert_false(w.outcome.error.retryable);
    assert_true(workbench_has(&w, "thumbnails", "photos/a.jpg/small.jpg"));
    workbench_stop(&w);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_remove__deletes_the_renditions_of_a_source_that_is_gone),
        WITH_DIR(test_remove__leaves_them_when_the_source_is_there_again),
        WITH_DIR(test_remove__is_done_when_there_is_nothing),
        WITH_DIR(test_remove__asks_the_role),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
