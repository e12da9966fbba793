/*
 * What a sender is answered.
 */
#include "gate.h"

#define ROWS ", webhook_token: webhook-token, notifications: [{bucket: photos, function: thumbs}]"
#define AUTH "Bearer webhook-token"

static const struct catalog_parts permitted = {
    .store = ROWS,
    .function =
        ", permissions: [{principal: s3.amazonaws.com, source_arn: 'arn:aws:s3:::photos'}]"};

static void post(struct gate *d, const char *path, const char *body, struct answer *out)
{
    gate_call(d, false, "POST", path, AUTH, body, out);
    assert_string_equal(out->content_type, "application/json");
}

static void test_webhook__answers_with_one_decision_per_record(void **state)
{
    struct gate d;
    struct answer a;
    gate_open_parts(&d, *state, &permitted);
    AUTO_BUFFER struct buffer body;
    buffer_init(&body, 4096);
    buffer_append_string(&body, "{\"Records\":[");
    notification_record(&body, "ObjectCreated:Put", "photos", "a%2F%C3%A4+b.jpg", "");
    buffer_append_string(&body, ",");
    notification_record(&body, "ObjectCreated:Put", "other", "c", "");
    buffer_append_string(&body, "]}");
    post(&d, "/events", body.data, &a);
    assert_int_equal(a.status, 200);
    char *id = strstr(a.body, "\"request_id\":\"");
    assert_non_null(id);
    memset(id + strlen("\"request_id\":\""), 'x', 36);
    assert_string_equal(
        a.body, "{\"results\":[{\"decision\":\"queued\",\"bucket\":\"photos\",\"key\":\"a/\xc3\xa4 "
                "b.jpg\",\"event\":\"ObjectCreated:Put\",\"function\":\"thumbs\",\"request_id\":"
                "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"},{\"decision\":\"ignored\",\"bucket\":"
                "\"other\",\"key\":\"c\",\"event\":\"ObjectCreated:Put\",\"reason\":\"no "
                "notification matches\"}]}");
    gate_close(&d);
}

static void test_webhook__answers_after_the_row_is_stored(void **state)
{
    struct gate d;
    struct answer a;
    struct queue_stats stats;
    struct error err = {0};
    gate_open_parts(&d, *state, &permitted);
    AUTO_FREE char *body = notification_of("ObjectCreated:Put", "photos", "a");
    post(&d, "/events", body, &a);
    assert_ok(queue_stats(d.api.queue, &stats, &err), &err);
    assert_int_equal(stats.pending, 1);
    post(&d, "/events", body, &a);
    assert_int_equal(a.status, 200);
    assert_contains(a.body, "\"decision\":\"duplicate\"");
    assert_null(strstr(a.body, "request_id"));
    gate_close(&d);
}

static void test_webhook__holds_or_rejects_what_is_not_permitted(void **state)
{
    struct gate d;
    struct answer a;
    AUTO_FREE char *body = notification_of("ObjectCreated:Put", "photos", "a");
    gate_open_parts(&d, *state, &(struct catalog_parts){.store = ROWS});
    post(&d, "/events", body, &a);
    assert_int_equal(a.status, 200);
    assert_contains(a.body, "\"decision\":\"held\"");
    assert_contains(a.body, "\"reason\":\"no permission of function thumbs");
    gate_close(&d);

    AUTO_FREE char *dir = test_path(*state, "second");
    gate_open_parts(&d, dir, &(struct catalog_parts){.store = ROWS ", on_denied: reject"});
    post(&d, "/events", body, &a);
    assert_int_equal(a.status, 403);
    assert_contains(a.body, "\"decision\":\"denied\"");
    gate_close(&d);
}

static void test_webhook__says_what_is_wrong_with_a_body(void **state)
{
    struct gate d;
    struct answer a;
    gate_open_parts(&d, *state, &permitted);
    post(&d, "/events", "{\"Records\":[", &a);
    assert_int_equal(a.status, 400);
    assert_contains(a.body, "{\"message\":\"");
    post(&d, "/events", "{\"Records\":[{\"eventSource\":\"who:s3\"}]}", &a);
    assert_int_equal(a.status, 400);
    post(&d, "/events",
         "{\"Records\":[{\"eventSource\":\"minio:s3\",\"eventName\":\"s3:ObjectCreated:Put\","
         "\"s3\":{\"bucket\":{\"name\":7}}}]}",
         &a);
    assert_int_equal(a.status, 400);
    assert_contains(a.body, "Records[0].s3.object");
    assert_true(metrics_read(d.api.metrics, METRIC_REQUESTS_REJECTED, "malformed", NULL, NULL) ==
                3);
    gate_close(&d);
}

static void test_webhook__names_the_limit_that_a_body_passes(void **state)
{
    struct gate d;
    struct answer a;
    gate_open_parts(&d, *state, &permitted);
    char large[65 * 1024 + 1];
    memset(large, ' ', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    gate_call(&d, false, "POST", "/events", AUTH, large, &a);
    assert_int_equal(a.status, 413);
    assert_contains(a.body, "65536");

    AUTO_BUFFER struct buffer nested;
    buffer_init(&nested, 4096);
    for (int i = 0; i < 100; i++)
        buffer_append_string(&nested, "{\"a\":");
    post(&d, "/events", nested.data, &a);
    assert_true(a.status == 413 || a.status == 400);
    assert_contains(a.body, "32");
    gate_close(&d);
}

static void test_webhook__asks_to_come_back_when_nothing_can_be_stored(void **state)
{
    struct gate d;
    struct answer a;
    gate_open_parts(&d, *state, &permitted);
    d.sink_refuses = true;
    AUTO_FREE char *body = notification_of("ObjectCreated:Put", "photos", "a");
    post(&d, "/events", body, &a);
    assert_int_equal(a.status, 503);
    assert_string_equal(a.retry_after, "5");
    assert_contains(a.body, "the queue is closing");
    gate_close(&d);
}

static void test_webhook__answers_probes_without_a_credential(void **state)
{
    static const char *const paths[] = {"/", "/events", "/events/minio", "/events/nobody/x"};
    struct gate d;
    struct answer a;
    gate_open_parts(&d, *state, &permitted);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        gate_call(&d, false, "GET", paths[i], NULL, NULL, &a);
        assert_int_equal(a.status, 200);
        assert_string_equal(a.body, "{\"probe\":true}");
        gate_call(&d, false, "HEAD", paths[i], NULL, NULL, &a);
        assert_int_equal(a.status, 200);
        assert_string_equal(a.body, "");
    }
    gate_call(&d, false, "POST", "/events", NULL, NULL, &a);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "{\"probe\":true}");
    assert_int_equal(gate_say(&d, "POST /events HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    assert_true(metrics_read(d.api.metrics, METRIC_REQUESTS_REJECTED, "auth_missing", NULL, NULL) ==
                0);
    gate_close(&d);
}

static void test_webhook__wants_a_credential_for_a_chunked_body(void **state)
{
    struct gate d;
    gate_open_parts(&d, *state, &permitted);
    assert_int_equal(gate_say(&d, "POST /events HTTP/1.1\r\nHost: x\r\n"
                                  "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                     401);
    gate_close(&d);
}

static void test_webhook__marks_test_events_as_probes(void **state)
{
    struct gate d;
    struct answer a;
    gate_open_parts(&d, *state, &permitted);
    post(&d, "/events", "{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\",\"Bucket\":\"b\"}",
         &a);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "{\"probe\":true,\"results\":[]}");
    gate_close(&d);
}

static void test_webhook__refuses_other_methods_and_paths(void **state)
{
    struct gate d;
    struct answer a;
    gate_open_parts(&d, *state, &permitted);
    gate_call(&d, false, "DELETE", "/events", AUTH, NULL, &a);
    assert_int_equal(a.status, 405);
    gate_call(&d, false, "GET", "/event", AUTH, NULL, &a);
    assert_int_equal(a.status, 404);
    gate_call(&d, false, "GET", "/metrics", AUTH, NULL, &a);
    assert_int_equal(a.status, 404);
    gate_call(&d, false, "GET", "/admin/queue", AUTH, NULL, &a);
    assert_int_equal(a.status, 404);
    gate_close(&d);
}

static void test_webhook__counts_what_it_refuses(void **state)
{
    struct gate d;
    gate_open_parts(&d, *state, &permitted);
    assert_int_equal(gate_post(&d, "/events", NULL), 401);
    assert_int_equal(gate_post(&d, "/events", "Bearer wrong-wrong"), 403);
    assert_int_equal(gate_post(&d, "/events/nobody", AUTH), 404);
    struct metrics *m = d.api.metrics;
    assert_true(metrics_read(m, METRIC_REQUESTS_REJECTED, "auth_missing", NULL, NULL) == 1);
    assert_true(metrics_read(m, METRIC_REQUESTS_REJECTED, "auth_wrong", NULL, NULL) == 1);
    assert_true(metrics_read(m, METRIC_REQUESTS_REJECTED, "no_store", NULL, NULL) == 1);
    gate_close(&d);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_webhook__answers_with_one_decision_per_record),
        WITH_DIR(test_webhook__answers_after_the_row_is_stored),
        WITH_DIR(test_webhook__holds_or_rejects_what_is_not_permitted),
        WITH_DIR(test_webhook__says_what_is_wrong_with_a_body),
        WITH_DIR(test_webhook__names_the_limit_that_a_body_passes),
        WITH_DIR(test_webhook__asks_to_come_back_when_nothing_can_be_stored),
        WITH_DIR(test_webhook__answers_probes_without_a_credential),
        WITH_DIR(test_webhook__wants_a_credential_for_a_chunked_body),
        WITH_DIR(test_webhook__marks_test_events_as_probes),
        WITH_DIR(test_webhook__refuses_other_methods_and_paths),
        WITH_DIR(test_webhook__counts_what_it_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
