/*
 * Every decision about a notification, with a sink in the queue's place.
 */
#include "../functions/catalog_fixture.h"
#include "notification.h"
#include "onput/intake.h"

#define ROWS                                                                                       \
    "notifications: [{bucket: photos, events: ['s3:ObjectCreated:*', 's3:ObjectAccessed:*'], "     \
    "function: thumbs}]"
#define PERMISSION                                                                                 \
    ", permissions: [{principal: s3.amazonaws.com, source_arn: 'arn:aws:s3:::photos'}]"

enum { SINK_MAX_ROWS = 4096 };

/* What the sink was given, and what it shall say. */
struct bench {
    struct catalog *catalog;
    struct intake *intake;
    struct metrics *metrics;
    int submits;
    struct invocation rows[SINK_MAX_ROWS];
    char keys[SINK_MAX_ROWS][32];
    size_t row_count;
    bool refuse;                      /* submit() fails */
    bool fail;                        /* done() gets an error */
    size_t duplicate;                 /* this row is one; SIZE_MAX: none */
    struct queue_submission *waiting; /* with `later`, to be answered by the test */
    bool later;
    int answers;           /* calls of done() */
    struct error answered; /* error of the last one */
    struct buffer said;    /* "decision function bucket/key id|- reason\n" per result */
    enum event_batch_kind kind;
    size_t results;
};

static int sink_submit(void *ctx, struct queue_submission *s, struct error *err)
{
    struct bench *b = ctx;
    b->submits++;
    if (b->refuse)
        return error_set(err, ERROR_CANCELED, "the queue is closing");
    for (size_t i = 0; i < s->count; i++) {
        assert_true(b->row_count < SINK_MAX_ROWS);
        snprintf(s->rows[i].request_id, sizeof(s->rows[i].request_id), "id-%zu", i);
        s->verdicts[i] = i == b->duplicate ? QUEUE_DUPLICATE : QUEUE_ACCEPTED;
        snprintf(b->keys[b->row_count], sizeof(b->keys[0]), "%.*s", TEXT_ARGS(s->rows[i].key));
        b->rows[b->row_count++] = s->rows[i];
    }
    if (b->later) {
        b->waiting = s;
        return 0;
    }
    struct error failure = {0};
    error_set_retryable(&failure, ERROR_LIMIT, "the queue is full");
    s->done(s, b->fail ? &failure : NULL);
    return 0;
}

static void on_done(void *ctx, const struct intake_reply *reply, const struct error *err)
{
    struct bench *b = ctx;
    b->answers++;
    b->kind = reply->kind;
    b->results = reply->count;
    if (err != NULL) {
        b->answered = *err;
        assert_int_equal(reply->count, 0);
        return;
    }
    for (size_t i = 0; i < reply->count; i++) {
        const struct intake_result *r = &reply->results[i];
        buffer_appendf(&b->said, "%s %.*s %.*s/%.*s %s %.*s\n", intake_decision_name(r->decision),
                       TEXT_ARGS(r->function), TEXT_ARGS(r->bucket), TEXT_ARGS(r->key),
                       r->request_id != NULL ? r->request_id : "-", TEXT_ARGS(r->reason));
    }
}

static struct bench *bench_start(const char *store, const char *function)
{
    struct bench *b = xcalloc(1, sizeof(*b));
    AUTO_FREE char *members = xasprintf(", webhook_auth: none, %s", store);
    b->catalog = catalog_of(&(struct catalog_parts){.store = members, .function = function});
    b->metrics = metrics_new();
    b->intake = intake_new(
        &(struct intake_options){.sink = {.submit = sink_submit, .ctx = b}, .metrics = b->metrics});
    b->duplicate = SIZE_MAX;
    buffer_init(&b->said, 1 << 20);
    return b;
}

static void bench_stop(struct bench *b)
{
    intake_free(b->intake);
    catalog_unref(b->catalog);
    metrics_free(b->metrics);
    buffer_release(&b->said);
    free(b);
}

static int submit(struct bench *b, const char *function, const char *body, struct error *err)
{
    const struct function *named =
        function != NULL ? catalog_function(b->catalog, text_of(function)) : NULL;
    return intake_submit(b->intake, catalog_ref(b->catalog), catalog_minio(b->catalog), named,
                         text_of(body), on_done, b, err);
}

static void tell(struct bench *b, const char *event, const char *bucket, const char *key)
{
    AUTO_FREE char *body = notification_of(event, bucket, key);
    struct error err = {0};
    assert_ok(submit(b, NULL, body, &err), &err);
}

static void test_intake__queues_what_is_permitted(void **state)
{
    (void)state;
    struct bench *b = bench_start(ROWS, PERMISSION);
    tell(b, "ObjectCreated:Put", "photos", "a+b%2Fc.jpg");
    assert_string_equal(b->said.data, "queued thumbs photos/a b/c.jpg id-0 \n");
    assert_int_equal(b->answers, 1);
    assert_int_equal(b->row_count, 1);
    assert_int_equal(b->rows[0].state, INVOCATION_PENDING);
    assert_string_equal(b->keys[0], "a b/c.jpg");
    assert_true(metrics_read(b->metrics, METRIC_EVENTS_DECIDED, "minio", "queued", NULL) == 1);
    assert_true(metrics_read(b->metrics, METRIC_EVENTS_RECEIVED, "minio", "minio", NULL) == 1);
    bench_stop(b);
}

static void test_intake__holds_what_is_not_permitted(void **state)
{
    (void)state;
    struct bench *b = bench_start(ROWS, "");
    tell(b, "ObjectCreated:Put", "photos", "a");
    assert_contains(b->said.data, "held thumbs photos/a id-0 no permission of function thumbs lets "
                                  "s3.amazonaws.com invoke it for bucket photos of account "
                                  "000000000000\n");
    assert_int_equal(b->rows[0].state, INVOCATION_HELD);
    bench_stop(b);
}

static void test_intake__rejects_where_the_store_says_so(void **state)
{
    (void)state;
    struct bench *b = bench_start(ROWS ", on_denied: reject", "");
    tell(b, "ObjectCreated:Put", "photos", "a");
    assert_contains(b->said.data, "denied thumbs photos/a - no permission");
    assert_int_equal(b->submits, 0);
    assert_int_equal(b->answers, 1);
    bench_stop(b);
}

static void test_intake__names_the_statement_that_denies(void **state)
{
    (void)state;
    struct bench *b = bench_start(
        ROWS, ", permissions: [{principal: s3.amazonaws.com}, {statement: {Sid: NoPhotos, Effect: "
              "Deny, Principal: '*', Action: '*', Resource: '*'}}]");
    tell(b, "ObjectCreated:Put", "photos", "a");
    assert_contains(b->said.data, "held thumbs photos/a id-0 statement \"NoPhotos\" of function "
                                  "thumbs denies it");
    bench_stop(b);
}

static void test_intake__names_a_denying_statement_without_a_sid(void **state)
{
    (void)state;
    struct bench *b = bench_start(
        ROWS, ", permissions: [{principal: s3.amazonaws.com}, {statement: {Effect: Deny, "
              "Principal: '*', Action: '*', Resource: '*'}}]");
    tell(b, "ObjectCreated:Put", "photos", "a");
    assert_contains(b->said.data, "statement \"permission-2\" of function thumbs denies it");
    bench_stop(b);
}

static void test_intake__ends_loops(void **state)
{
    (void)state;
    struct bench *b = bench_start(ROWS, PERMISSION);
    AUTO_BUFFER struct buffer body;
    buffer_init(&body, 4096);
    buffer_append_string(&body, "{\"Records\":[");
    notification_record(&body, "ObjectCreated:Put", "photos", "a",
                        ",\"userMetadata\":{\"X-Amz-Meta-Onput-Function\":\"other\"}");
    buffer_append_string(&body, "]}");
    struct error err = {0};
    assert_ok(submit(b, NULL, body.data, &err), &err);
    assert_string_equal(b->said.data, "loop  photos/a - the object was written by onput itself\n");
    assert_int_equal(b->submits, 0);
    bench_stop(b);
}

static void test_intake__ignores_what_no_notification_wants(void **state)
{
    (void)state;
    struct bench *b = bench_start(ROWS, PERMISSION);
    tell(b, "ObjectCreated:Put", "other", "a");
    tell(b, "ObjectAccessed:Get", "photos", "a");
    assert_string_equal(b->said.data,
                        "ignored  other/a - no notification matches\n"
                        "ignored  photos/a - nothing is done for events of this kind\n");
    assert_int_equal(b->submits, 0);
    assert_int_equal(b->answers, 2);
    bench_stop(b);
}

static void test_intake__takes_the_named_function_without_a_notification(void **state)
{
    (void)state;
    struct bench *b = bench_start("region: us-east-1", PERMISSION);
    AUTO_FREE char *body = notification_of("ObjectRemoved:Delete", "photos", "a");
    struct error err = {0};
    assert_ok(submit(b, "thumbs", body, &err), &err);
    assert_string_equal(b->said.data, "queued thumbs photos/a id-0 \n");
    bench_stop(b);
}

static void test_intake__asks_the_policy_of_the_named_function(void **state)
{
    (void)state;
    struct bench *b = bench_start("region: us-east-1", PERMISSION);
    AUTO_FREE char *body = notification_of("ObjectCreated:Put", "secret", "a");
    struct error err = {0};
    assert_ok(submit(b, "thumbs", body, &err), &err);
    assert_contains(b->said.data, "held thumbs secret/a id-0 no permission");
    bench_stop(b);
}

static void test_intake__tells_duplicates(void **state)
{
    (void)state;
    struct bench *b = bench_start(ROWS, PERMISSION);
    AUTO_BUFFER struct buffer body;
    buffer_init(&body, 4096);
    buffer_append_string(&body, "{\"Records\":[");
    notification_record(&body, "ObjectCreated:Put", "other", "x", "");
    buffer_append_string(&body, ",");
    notification_record(&body, "ObjectCreated:Put", "photos", "a", "");
    buffer_append_string(&body, ",");
    notification_record(&body, "ObjectCreated:Put", "photos", "b", "");
    buffer_append_string(&body, "]}");
    b->duplicate = 1; /* of the rows, which have no "x" */
    struct error err = {0};
    assert_ok(submit(b, NULL, body.data, &err), &err);
    assert_string_equal(b->said.data, "ignored  other/x - no notification matches\n"
                                      "queued thumbs photos/a id-0 \n"
                                      "duplicate thumbs photos/b - \n");
    assert_true(metrics_read(b->metrics, METRIC_EVENTS_DECIDED, "minio", "duplicate", NULL) == 1);
    bench_stop(b);
}

static void test_intake__gives_each_row_its_record_alone(void **state)
{
    (void)state;
    struct bench *b = bench_start(ROWS, PERMISSION);
    AUTO_BUFFER struct buffer body;
    buffer_init(&body, 4096);
    buffer_append_string(&body, "{\"Records\":[");
    notification_record(&body, "ObjectCreated:Put", "photos", "a", "");
    buffer_append_string(&body, ",");
    notification_record(&body, "ObjectCreated:Put", "photos", "b", "");
    buffer_append_string(&body, "]}");
    struct error err = {0};
    assert_ok(submit(b, NULL, body.data, &err), &err);
    assert_int_equal(b->submits, 1);
    assert_int_equal(b->row_count, 2);
    assert_memory_not_equal(b->rows[0].identity, b->rows[1].identity, 16);
    bench_stop(b);
}

/* A batch of many records for two functions is one notification like another. */
static void test_intake__takes_many_records_for_several_functions(void **state)
{
    (void)state;
    enum { RECORDS = 400 };
    struct catalog *c = catalog_of(&(struct catalog_parts){
        .store = ", webhook_auth: none, notifications: [{bucket: photos, function: thumbs}, "
                 "{bucket: photos, function: other}]",
        .functions = "  other: {builtin: thumbnail, renditions: [{name: s, width: 9}], output: "
                     "{bucket: elsewhere}}\n"});
    struct bench *b = bench_start(ROWS, PERMISSION);
    AUTO_BUFFER struct buffer body;
    buffer_init(&body, 1 << 20);
    buffer_append_string(&body, "{\"Records\":[");
    for (int i = 0; i < RECORDS; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        buffer_append_string(&body, i > 0 ? "," : "");
        notification_record(&body, "ObjectCreated:Put", "photos", key, "");
    }
    buffer_append_string(&body, "]}");
    struct error err = {0};
    assert_ok(
        intake_submit(b->intake, c, catalog_minio(c), NULL, buffer_text(&body), on_done, b, &err),
        &err);
    assert_int_equal(b->row_count, 2 * RECORDS);
    assert_int_equal(b->results, 2 * RECORDS);
    bench_stop(b);
}

static void test_intake__answers_a_failed_commit_once(void **state)
{
    (void)state;
    struct bench *b = bench_start(ROWS, PERMISSION);
    b->fail = true;
    tell(b, "ObjectCreated:Put", "photos", "a");
    assert_int_equal(b->answers, 1);
    assert_int_equal(b->answered.code, ERROR_LIMIT);
    assert_true(b->answered.retryable);
    assert_true(metrics_read(b->metrics, METRIC_EVENTS_DECIDED, "minio", "queued", NULL) == 0);
    bench_stop(b);
}

static void test_intake__does_not_answer_when_the_sink_refuses(void **state)
{
    (void)state;
    struct bench *b = bench_start(ROWS, PERMISSION);
    b->refuse = true;
    AUTO_FREE char *body = notification_of("ObjectCreated:Put", "photos", "a");
    struct error err = {0};
    assert_fails(submit(b, NULL, body, &err), &err, ERROR_CANCELED);
    assert_int_equal(b->answers, 0);
    bench_stop(b);
}

static void test_intake__needs_the_body_no_more_once_it_is_submitted(void **state)
{
    (void)state;
    struct bench *b = bench_start(ROWS, PERMISSION);
    b->later = true;
    char *body = notification_of("ObjectCreated:Put", "photos", "plain-key");
    struct error err = {0};
    assert_ok(submit(b, NULL, body, &err), &err);
    memset(body, '#', strlen(body));
    free(body);
    struct event_batch batch = {0};
    assert_ok(event_decode(b->rows[0].payload, &batch, &err), &err);
    assert_int_equal(batch.count, 1);
    assert_text(batch.records[0].event.key, "plain-key");
    assert_text(batch.records[0].event.etag, "e1");
    event_batch_release(&batch);
    b->waiting->done(b->waiting, NULL);
    assert_string_equal(b->said.data, "queued thumbs photos/plain-key id-0 \n");
    bench_stop(b);
}

static void refuses(const char *body, enum error_code code)
{
    struct bench *b = bench_start(ROWS, PERMISSION);
    struct error err = {0};
    assert_fails(submit(b, NULL, body, &err), &err, code);
    assert_int_equal(b->answers, 0);
    assert_int_equal(b->submits, 0);
    bench_stop(b);
}

static void test_intake__refuses_what_it_cannot_read(void **state)
{
    (void)state;
    refuses("{\"Records\":[", ERROR_INVALID);
    refuses("[1]", ERROR_INVALID);
    refuses("{\"Records\":[{\"eventSource\":\"somebody:s3\"}]}", ERROR_UNSUPPORTED);
    refuses("{\"Records\":[{\"eventSource\":\"minio:s3\",\"eventName\":\"s3:ObjectCreated:Put\","
            "\"s3\":{\"bucket\":{\"name\":\"photos\"},\"object\":{\"key\":\"%zz\"}}}]}",
            ERROR_INVALID);
}

static void test_intake__answers_probes_at_once(void **state)
{
    (void)state;
    static const char test_event[] = "{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\","
                                     "\"Bucket\":\"photos\"}";
    static const char *const probes[] = {"", "  \n", "{\"Records\":[]}", test_event};
    for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
        struct bench *b = bench_start(ROWS, PERMISSION);
        struct error err = {0};
        assert_ok(submit(b, NULL, probes[i], &err), &err);
        assert_int_equal(b->answers, 1);
        assert_int_equal(b->kind, EVENT_BATCH_PROBE);
        assert_int_equal(b->results, 0);
        assert_int_equal(b->submits, 0);
        bench_stop(b);
    }
}

static void test_intake__names_every_decision(void **state)
{
    (void)state;
    for (int i = 0; i < INTAKE_DECISION_COUNT; i++)
        assert_true(strlen(intake_decision_name(i)) > 3);
}

int main(void)
{
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intake__queues_what_is_permitted),
        cmocka_unit_test(test_intake__holds_what_is_not_permitted),
        cmocka_unit_test(test_intake__rejects_where_the_store_says_so),
        cmocka_unit_test(test_intake__names_the_statement_that_denies),
        cmocka_unit_test(test_intake__names_a_denying_statement_without_a_sid),
        cmocka_unit_test(test_intake__ends_loops),
        cmocka_unit_test(test_intake__ignores_what_no_notification_wants),
        cmocka_unit_test(test_intake__takes_the_named_function_without_a_notification),
        cmocka_unit_test(test_intake__asks_the_policy_of_the_named_function),
        cmocka_unit_test(test_intake__tells_duplicates),
        cmocka_unit_test(test_intake__gives_each_row_its_record_alone),
        cmocka_unit_test(test_intake__takes_many_records_for_several_functions),
        cmocka_unit_test(test_intake__answers_a_failed_commit_once),
        cmocka_unit_test(test_intake__does_not_answer_when_the_sink_refuses),
        cmocka_unit_test(test_intake__needs_the_body_no_more_once_it_is_submitted),
        cmocka_unit_test(test_intake__refuses_what_it_cannot_read),
        cmocka_unit_test(test_intake__answers_probes_at_once),
        cmocka_unit_test(test_intake__names_every_decision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
