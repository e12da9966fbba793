/*
 * The thumbnail function handed anything but one notification of its store: many objects, wrapped
 * ones, and the short form.
 */
#include "onput/json.h"
#include "onput/log.h"
#include "workbench.h"

#define RECORD(event, bucket, key)                                                                 \
    "{\"eventSource\":\"aws:s3\",\"eventName\":\"" event                                           \
    "\",\"s3\":{\"bucket\":{\"name\":\"" bucket "\"},\"object\":{\"key\":\"" key "\"}}}"
#define CREATED(key) RECORD("ObjectCreated:Put", "photos", key)

static void start(struct workbench *w, void **state)
{
    workbench_start(w, *state, &(struct catalog_parts){0});
}

/* The value at a path in what the function returned. */
static void returned(const struct workbench *w, const char *path, const char *expected)
{
    AUTO_JSON struct json_object *tree = NULL;
    struct error err = {0};
    assert_ok(json_parse(w->outcome.result, &tree, &err), &err);
    struct json_object *value = json_at(tree, path);
    assert_non_null(value);
    assert_string_equal(json_object_get_string(value), expected);
}

static void failed(const struct workbench *w, enum error_code code, bool retryable,
                   const char *words)
{
    assert_int_equal(w->outcome.status, OUTCOME_FAILED);
    assert_int_equal(w->outcome.error.code, code);
    assert_int_equal(w->outcome.error.retryable, retryable);
    assert_contains(w->outcome.error.message, words);
    returned(w, "errorMessage", w->outcome.error.message);
}

static void test_thumbnail__does_every_object_in_order(void **state)
{
    struct workbench w;
    start(&w, state);
    workbench_put(&w, "photos", "b c.jpg", "two");
    workbench_put(&w, "photos", "a.jpg", "one");
    workbench_run_payload(
        &w, "{\"Records\":[" CREATED("b+c.jpg") "," CREATED("gone.jpg") "," CREATED(
                "a.jpg") "," RECORD("ObjectRemoved:Delete", "photos", "old.jpg") "]}");
    assert_int_equal(w.outcome.status, OUTCOME_DONE);
    assert_string_equal(w.outcome.detail, "4 objects: 3 done, 1 skipped");
    assert_int_equal(w.pool.calls, 2);
    assert_int_equal(w.outcome.run_ms, 10); /* of both */
    assert_true(w.outcome.fetch_ms >= 0 && w.outcome.store_ms >= 0);
    returned(&w, "results[0].key", "b c.jpg");
    returned(&w, "results[0].renditions[0].key", "photos/b c.jpg/small.jpg");
    returned(&w, "results[1].status", "skipped");
    returned(&w, "results[1].detail", "the object is gone");
    returned(&w, "results[1].renditions", "[ ]");
    returned(&w, "results[2].key", "a.jpg");
    returned(&w, "results[2].status", "done");
    returned(&w, "results[3].detail", "deleted 1 renditions");
    assert_true(workbench_has(&w, "thumbnails", "photos/b c.jpg/small.jpg"));
    assert_true(workbench_has(&w, "thumbnails", "photos/a.jpg/small.jpg"));
    workbench_stop(&w);
}

static void test_thumbnail__skips_when_there_is_nothing_to_do_for_any(void **state)
{
    struct workbench w;
    start(&w, state);
    workbench_run_payload(&w, "{\"Records\":[" CREATED("a.jpg") "," CREATED("b.jpg") "]}");
    assert_int_equal(w.outcome.status, OUTCOME_SKIPPED);
    assert_string_equal(w.outcome.detail, "2 objects: 0 done, 2 skipped");
    returned(&w, "results[1].status", "skipped");
    workbench_stop(&w);
}

static void test_thumbnail__fails_when_one_of_the_objects_does(void **state)
{
    struct workbench w;
    start(&w, state);
    workbench_put(&w, "photos", "a.jpg", "one");
    workbench_put(&w, "photos", "b.jpg", "two");
    w.pool.failure = (struct error){.code = ERROR_INVALID, .message = "not a picture"};
    workbench_run_payload(
        &w, "{\"Records\":[" CREATED("gone.jpg") "," CREATED("a.jpg") "," CREATED("b.jpg") "]}");
    failed(&w, ERROR_INVALID, false, "2 of 3 objects failed: photos/a.jpg: not a picture");
    returned(&w, "errorType", "InvalidInput");
    returned(&w, "results[0].status", "skipped");
    returned(&w, "results[1].status", "failed");
    returned(&w, "results[2].detail", "not a picture");
    workbench_stop(&w);
}

static void test_thumbnail__is_tried_again_when_one_object_may_succeed_later(void **state)
{
    struct workbench w;
    start(&w, state);
    workbench_put(&w, "photos", "a.jpg", "one");
    w.pool.failure = (struct error){
        .code = ERROR_UNAVAILABLE, .retryable = true, .message = "no worker could be started"};
    /* The role may read the bucket that triggers it, and no other. */
    workbench_run_payload(&w, "{\"Records\":[" RECORD("ObjectCreated:Put", "secret",
                                                      "x.jpg") "," CREATED("a.jpg") "]}");
    failed(&w, ERROR_UNAVAILABLE, true, "2 of 2 objects failed: photos/a.jpg: no worker");
    returned(&w, "errorType", "Unavailable");
    returned(&w, "results[0].status", "failed");
    workbench_stop(&w);
}

static void test_thumbnail__asks_the_role_for_each_object(void **state)
{
    struct workbench w;
    start(&w, state);
    workbench_run_direct(&w, "{\"bucket\":\"secret\",\"key\":\"a.jpg\"}");
    failed(&w, ERROR_DENIED, false, "secret");
    returned(&w, "errorType", "AccessDenied");
    assert_int_equal(w.pool.calls, 0);
    /* A version that is named is another permission than the object. */
    workbench_run_direct(&w, "{\"bucket\":\"photos\",\"key\":\"a.jpg\",\"version_id\":\"v1\"}");
    failed(&w, ERROR_DENIED, false, "s3:GetObjectVersion");
    workbench_stop(&w);
}

static void test_thumbnail__stops_between_objects_when_it_is_canceled(void **state)
{
    struct workbench w;
    start(&w, state);
    workbench_put(&w, "photos", "a.jpg", "one");
    workbench_put(&w, "photos", "b.jpg", "two");
    w.pool.failure =
        (struct error){.code = ERROR_CANCELED, .retryable = true, .message = "shutting down"};
    workbench_run_payload(&w, "{\"Records\":[" CREATED("a.jpg") "," CREATED("b.jpg") "]}");
    failed(&w, ERROR_CANCELED, true, "shutting down");
    assert_int_equal(w.pool.calls, 1);
    workbench_stop(&w);
}

static void test_thumbnail__takes_a_bucket_and_a_key(void **state)
{
    struct workbench w;
    start(&w, state);
    workbench_put(&w, "photos", "a+b%20c.jpg", "one"); /* the key is not decoded */
    workbench_run_direct(&w, "{\"bucket\":\"photos\",\"key\":\"a+b%20c.jpg\"}");
    assert_int_equal(w.outcome.status, OUTCOME_DONE);
    returned(&w, "results[0].renditions[0].key", "photos/a+b%20c.jpg/small.jpg");
    workbench_run_direct(&w, "{\"bucket\":\"photos\",\"key\":\"a+b%20c.jpg\",\"store\":\"minio\"}");
    assert_int_equal(w.outcome.status, OUTCOME_DONE);
    workbench_run_direct(&w, "{\"bucket\":\"photos\",\"key\":\"typo.jpg\"}");
    assert_int_equal(w.outcome.status, OUTCOME_SKIPPED);
    returned(&w, "results[0].detail", "there is no such object");
    workbench_stop(&w);
}

static void test_thumbnail__reads_the_object_that_the_caller_means(void **state)
{
    struct workbench w;
    start(&w, state);
    struct text etag = workbench_put(&w, "photos", "a.jpg", "one");
    AUTO_FREE char *same =
        xasprintf("{\"bucket\":\"photos\",\"key\":\"a.jpg\",\"etag\":\"%.*s\"}", TEXT_ARGS(etag));
    workbench_run_direct(&w, same);
    assert_int_equal(w.outcome.status, OUTCOME_DONE);
    workbench_run_direct(&w, "{\"bucket\":\"photos\",\"key\":\"a.jpg\",\"etag\":\"another\"}");
    assert_int_equal(w.outcome.status, OUTCOME_SKIPPED);
    assert_contains(w.outcome.detail, "replaced");
    workbench_stop(&w);
}

static void test_thumbnail__says_which_store_it_does_not_know(void **state)
{
    struct workbench w;
    start(&w, state);
    workbench_run_direct(&w, "{\"bucket\":\"photos\",\"key\":\"a.jpg\",\"store\":\"elsewhere\"}");
    failed(&w, ERROR_INVALID, false, "store elsewhere is not in the configuration");
    workbench_stop(&w);
}

static void test_thumbnail__says_what_it_takes(void **state)
{
    static const char *const odd[] = {"{}", "null", "7", "\"photo.jpg\"", "{\"hello\":\"world\"}",
                                      ""};
    struct workbench w;
    start(&w, state);
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        workbench_run_direct(&w, odd[i]);
        failed(&w, ERROR_INVALID, false, "{\"bucket\":\"b\",\"key\":\"k\"}");
        assert_contains(w.outcome.error.message, "aws:s3");
        returned(&w, "errorType", "InvalidInput");
    }
    workbench_stop(&w);
}

static void test_thumbnail__unwraps_messages(void **state)
{
    struct workbench w;
    start(&w, state);
    workbench_put(&w, "photos", "a.jpg", "one");
    workbench_run_direct(&w,
                         "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"body\":\"{\\\"Records\\\":[{"
                         "\\\"eventSource\\\":\\\"aws:s3\\\",\\\"eventName\\\":\\\"ObjectCreated:"
                         "Put\\\",\\\"s3\\\":{\\\"bucket\\\":{\\\"name\\\":\\\"photos\\\"},"
                         "\\\"object\\\":{\\\"key\\\":\\\"a.jpg\\\"}}}]}\"}]}");
    assert_int_equal(w.outcome.status, OUTCOME_DONE);
    returned(&w, "results[0].status", "done");
    workbench_run_direct(&w, "{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\"}");
    assert_int_equal(w.outcome.status, OUTCOME_SKIPPED);
    assert_text(w.outcome.result, "{\"results\":[]}");
    workbench_stop(&w);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_thumbnail__does_every_object_in_order),
        WITH_DIR(test_thumbnail__skips_when_there_is_nothing_to_do_for_any),
        WITH_DIR(test_thumbnail__fails_when_one_of_the_objects_does),
        WITH_DIR(test_thumbnail__is_tried_again_when_one_object_may_succeed_later),
        WITH_DIR(test_thumbnail__asks_the_role_for_each_object),
        WITH_DIR(test_thumbnail__stops_between_objects_when_it_is_canceled),
        WITH_DIR(test_thumbnail__takes_a_bucket_and_a_key),
        WITH_DIR(test_thumbnail__reads_the_object_that_the_caller_means),
        WITH_DIR(test_thumbnail__says_which_store_it_does_not_know),
        WITH_DIR(test_thumbnail__says_what_it_takes),
        WITH_DIR(test_thumbnail__unwraps_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
