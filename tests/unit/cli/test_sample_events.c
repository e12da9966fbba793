/*
 * test_sample_events.c - sample events are JSON, hold the values that were asked for, and mean to
 * our own decoder what they say.
 */
#include "support/test.h"

#include "onput/event_decode.h"
#include "onput/event_unwrap.h"
#include "onput/json.h"
#include "sample_events.h"

enum { ROOM = 256 * 1024 };

#define ODD "a b+c/\"\\\n{key}{form:key}\x01ü%41"

static const char *const stores[] = {"aws", "minio", "rustfs", "ceph"};
static const char *const s3_events[][2] = {
    {"put", "ObjectCreated:Put"},       {"post", "ObjectCreated:Post"},
    {"copy", "ObjectCreated:Copy"},     {"multipart", "ObjectCreated:CompleteMultipartUpload"},
    {"delete", "ObjectRemoved:Delete"},
};

static int write_event(const char *service, const char *event, const char *store,
                       const struct sample_value *values, size_t count, struct buffer *out,
                       struct error *err)
{
    struct sample_request r = {.service = text_of(service),
                               .event = text_of(event),
                               .store = text_of(store),
                               .values = values,
                               .value_count = count};
    buffer_init(out, ROOM);
    return sample_event_write(&r, out, err);
}

static struct json_object *parsed(const char *service, const char *event,
                                  const struct sample_value *values, size_t count)
{
    AUTO_BUFFER struct buffer out;
    struct json_object *json = NULL;
    struct error err = {0};
    assert_ok(write_event(service, event, "aws", values, count, &out, &err), &err);
    assert_ok(json_parse(buffer_text(&out), &json, &err), &err);
    return json;
}

static void assert_at(struct json_object *json, const char *path, const char *expected)
{
    assert_text(json_text(json_at(json, path)), expected);
}

/* ---- S3 ---- */

static void check_s3(const char *store, const char *event, const char *name, const char *key)
{
    const struct sample_value values[] = {{"bucket", TEXT("my-photos")}, {"key", text_of(key)}};
    AUTO_BUFFER struct buffer out;
    struct event_batch batch = {0};
    struct error err = {0};
    assert_ok(write_event("s3", event, store, values, 2, &out, &err), &err);
    assert_ok(event_decode(buffer_text(&out), &batch, &err), &err);
    assert_int_equal(batch.kind, EVENT_BATCH_RECORDS);
    assert_int_equal(batch.count, 1);
    const struct event *e = &batch.records[0].event;
    assert_text(e->name, name);
    assert_text(e->bucket, "my-photos");
    assert_text(e->key, key);
    assert_int_equal(e->kind,
                     strcmp(event, "delete") == 0 ? EVENT_KIND_REMOVED : EVENT_KIND_CREATED);
    assert_int_equal(e->etag.len, strcmp(event, "delete") == 0 ? 0 : 32);
    event_batch_release(&batch);
}

static void test_s3__decodes_to_what_was_asked_for(void **state UNUSED)
{
    for (size_t s = 0; s < ARRAY_LEN(stores); s++) {
        for (size_t e = 0; e < ARRAY_LEN(s3_events); e++) {
            check_s3(stores[s], s3_events[e][0], s3_events[e][1], "2026/beach.jpg");
            check_s3(stores[s], s3_events[e][0], s3_events[e][1], ODD);
        }
    }
}

static void test_s3__batch_operations_have_an_event_of_their_own(void **state UNUSED)
{
    const struct sample_value values[] = {{"bucket", TEXT("b")}, {"key", TEXT("a b")}};
    AUTO_JSON struct json_object *json = parsed("s3", "batch-invocation", values, 2);
    assert_at(json, "tasks[0].s3Key", "a+b");
    assert_at(json, "tasks[0].s3BucketArn", "arn:aws:s3:::b");
}

/* ---- what is around them ---- */

static void test_messages__carry_an_event_within(void **state UNUSED)
{
    static const char *const carriers[][3] = {{"sqs", "receive-message", "body"},
                                              {"sns", "notification", "message"}};
    const struct sample_value key = {"key", TEXT(ODD)};
    for (size_t i = 0; i < ARRAY_LEN(carriers); i++) {
        AUTO_BUFFER struct buffer inner, outer;
        struct event_requests requests = {0};
        struct error err = {0};
        assert_ok(write_event("s3", "put", "minio", &key, 1, &inner, &err), &err);
        const struct sample_value body = {carriers[i][2], buffer_text(&inner)};
        assert_ok(write_event(carriers[i][0], carriers[i][1], "aws", &body, 1, &outer, &err), &err);
        assert_ok(event_unwrap(buffer_text(&outer), &requests, &err), &err);
        assert_int_equal(requests.count, 1);
        assert_text(requests.items[0].event.key, ODD);
        event_requests_release(&requests);
    }
}

static void test_values__stand_where_their_sender_has_them(void **state UNUSED)
{
    const struct sample_value sqs[] = {{"body", TEXT("hi")},
                                       {"queue-name", TEXT("jobs")},
                                       {"account-id", TEXT("000000000000")},
                                       {"region", TEXT("eu-west-1")},
                                       {"partition", TEXT("aws-cn")}};
    AUTO_JSON struct json_object *json = parsed("sqs", "", sqs, ARRAY_LEN(sqs));
    assert_at(json, "Records[0].body", "hi");
    assert_at(json, "Records[0].md5OfBody", "49f68a5c8493ec2c0bf489821c21fc3b");
    assert_at(json, "Records[0].eventSourceARN", "arn:aws-cn:sqs:eu-west-1:000000000000:jobs");
    assert_at(json, "Records[0].awsRegion", "eu-west-1");

    const struct sample_value kinesis[] = {
        {"data", TEXT("hi")}, {"partition-key", TEXT("\"k\"")}, {"stream", TEXT("s")}};
    AUTO_JSON struct json_object *records = parsed("kinesis", "get-records", kinesis, 3);
    assert_at(records, "Records[0].kinesis.data", "aGk=");
    assert_at(records, "Records[0].kinesis.partitionKey", "\"k\"");
    assert_at(records, "Records[0].eventSourceARN",
              "arn:aws:kinesis:us-east-1:123456789012:stream/s");
}

static void test_apis__tell_the_request(void **state UNUSED)
{
    const struct sample_value values[] = {{"method", TEXT("PUT")},
                                          {"path", TEXT("a/b")},
                                          {"body", TEXT("{\"n\":1}")},
                                          {"stage", TEXT("test")}};
    AUTO_JSON struct json_object *http = parsed("apigateway", "http-api-proxy", values, 4);
    AUTO_JSON struct json_object *rest = parsed("apigateway", "aws-proxy", values, 4);
    AUTO_JSON struct json_object *plain = parsed("apigw", "", NULL, 0);
    assert_at(http, "rawPath", "/a/b");
    assert_at(http, "requestContext.http.method", "PUT");
    assert_at(http, "requestContext.stage", "test");
    assert_at(http, "body", "{\"n\":1}");
    assert_at(rest, "httpMethod", "PUT");
    assert_at(rest, "resource", "/{proxy+}");
    assert_at(rest, "pathParameters.proxy", "a/b");
    assert_at(rest, "requestContext.path", "/test/a/b");
    assert_at(plain, "requestContext.stage", "$default");
    assert_at(plain, "body", "{\"test\":\"body\"}");
}

static void test_values__that_have_no_place_are_refused(void **state UNUSED)
{
    const struct sample_value body = {"body", TEXT("x")}, region = {"region", TEXT("x")};
    AUTO_BUFFER struct buffer first, second;
    struct error err = {0};
    assert_fails(write_event("s3", "put", "aws", &body, 1, &first, &err), &err, ERROR_INVALID);
    assert_string_equal(err.message, "the event s3 put has no body");
    assert_ok(write_event("s3", "put", "minio", &region, 1, &second, &err), &err);
}

static void test_events__that_are_not_there_are_named(void **state UNUSED)
{
    static const char *const cases[][3] = {{"s3", "burn", "aws"}, {"s3", "", "aws"},
                                           {"smtp", "", "aws"},   {"sqs", "put", "aws"},
                                           {"s3", "put", "tape"}, {"", "", ""},
                                           {"apigw", "x", "aws"}, {"sqs", "http-api", "aws"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_BUFFER struct buffer out;
        struct error err = {0};
        assert_fails(write_event(cases[i][0], cases[i][1], cases[i][2], NULL, 0, &out, &err), &err,
                     ERROR_NOT_FOUND);
    }
}

static void test_values__have_a_limit(void **state UNUSED)
{
    char large[ROOM];
    AUTO_BUFFER struct buffer out;
    struct error err = {0};
    memset(large, '"', sizeof(large));
    const struct sample_value body = {"body", {large, sizeof(large)}};
    assert_fails(write_event("sqs", "", "aws", &body, 1, &out, &err), &err, ERROR_LIMIT);
}

static void test_list__names_every_event_and_its_values(void **state UNUSED)
{
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, ROOM);
    sample_event_list(&out);
    assert_contains(out.data, "  s3 delete --store --bucket --key\n");
    assert_contains(out.data, "  kinesis get-records --stream --partition-key --sequence --data\n");
    assert_contains(out.data, "  cloudwatch scheduled-event --rule\n");
    struct text rest = buffer_text(&out);
    while (rest.len > 0) { /* and each of them can be written */
        struct text line = text_trim(text_cut(&rest, '\n'));
        AUTO_FREE char *service = xmemdup_text(text_cut(&line, ' '));
        AUTO_FREE char *event = xmemdup_text(text_cut(&line, ' '));
        AUTO_JSON struct json_object *json = parsed(service, event, NULL, 0);
        assert_true(json_object_is_type(json, json_type_object));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_s3__decodes_to_what_was_asked_for),
        cmocka_unit_test(test_s3__batch_operations_have_an_event_of_their_own),
        cmocka_unit_test(test_messages__carry_an_event_within),
        cmocka_unit_test(test_values__stand_where_their_sender_has_them),
        cmocka_unit_test(test_apis__tell_the_request),
        cmocka_unit_test(test_values__that_have_no_place_are_refused),
        cmocka_unit_test(test_events__that_are_not_there_are_named),
        cmocka_unit_test(test_values__have_a_limit),
        cmocka_unit_test(test_list__names_every_event_and_its_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
