/*
 * test_decode.c - what fixtures cannot show: limits to the byte, documents, ownership, and that
 * `order` sorts as the sender orders. The dialects themselves are in test_golden.c.
 */
#include "support/test.h"

#include "event_check.h"

#define OBJECT     "\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"k\"}}"
#define AWS_RECORD "{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\"," OBJECT "}"
#define SEQUENCED                                                                                  \
    "{\"Records\":[{\"eventSource\":\"%s\",\"eventName\":\"ObjectCreated:Put\","                   \
    "\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"k\",\"sequencer\":\"%s\"}}}]}"

static struct event_batch decoded(struct text body)
{
    struct event_batch batch = {0};
    struct error err = {0};

    assert_ok(event_decode(body, &batch, &err), &err);
    return batch;
}

/* {"Records":[record, record, ...]} followed by spaces up to `len` bytes, when len is not 0. */
static char *body_with(const char *record, size_t count, size_t len)
{
    struct buffer b;

    buffer_init(&b, 4 * EVENT_MAX_BODY_BYTES);
    buffer_append_string(&b, "{\"Records\":[");
    for (size_t i = 0; i < count; i++) {
        buffer_append_string(&b, i > 0 ? "," : "");
        buffer_append_string(&b, record);
    }
    buffer_append_string(&b, "]}");
    while (b.len < len)
        buffer_append_char(&b, ' ');
    assert_false(buffer_failed(&b));
    return buffer_take(&b, NULL);
}

static void test_body__of_1_mib_is_the_longest(void **state)
{
    AUTO_FREE char *most = body_with(AWS_RECORD, 1, EVENT_MAX_BODY_BYTES);
    AUTO_FREE char *more = body_with(AWS_RECORD, 1, EVENT_MAX_BODY_BYTES + 1);
    struct event_batch batch = decoded(text_of(most));
    struct error err = {0};

    (void)state;
    assert_int_equal(batch.count, 1);
    event_batch_release(&batch);
    assert_fails(event_decode(text_of(more), &batch, &err), &err, ERROR_LIMIT);
    assert_contains(err.message, "the limit is 1048576");
}

static void test_records__a_thousand_is_the_most(void **state)
{
    AUTO_FREE char *most = body_with(AWS_RECORD, EVENT_MAX_RECORDS, 0);
    AUTO_FREE char *more = body_with(AWS_RECORD, EVENT_MAX_RECORDS + 1, 0);
    struct event_batch batch = decoded(text_of(most));
    struct error err = {0};

    (void)state;
    assert_int_equal(batch.count, EVENT_MAX_RECORDS);
    assert_text(batch.records[EVENT_MAX_RECORDS - 1].document, "{\"Records\":[" AWS_RECORD "]}");
    event_batch_release(&batch);
    assert_fails(event_decode(text_of(more), &batch, &err), &err, ERROR_LIMIT);
    assert_contains(err.message, "the limit is 1000");
}

static void test_failure__leaves_the_batch_alone(void **state)
{
    struct event_batch batch = {.count = 77};
    struct error err = {0};

    (void)state;
    assert_fails(event_decode(TEXT("{\"Records\":[" AWS_RECORD ",{}]}"), &batch, &err), &err,
                 ERROR_INVALID);
    assert_int_equal(batch.count, 77);
    assert_null(batch.tree);
}

static void test_release__is_safe_on_zero_and_twice(void **state)
{
    struct event_batch batch = {0};

    (void)state;
    event_batch_release(&batch);
    batch = decoded(TEXT("{\"Records\":[" AWS_RECORD "]}"));
    event_batch_release(&batch);
    event_batch_release(&batch);
    assert_int_equal(batch.count, 0);
}

static void test_document__of_the_only_record_is_the_body(void **state)
{
    char body[] = "{\"Key\": \"b/k\",\n \"Records\": [" AWS_RECORD "]} ";
    AUTO_FREE char *before = xstrdup(body);
    struct event_batch batch = decoded(text_of(body));

    (void)state;
    memset(body, 'X', sizeof(body) - 1); /* the batch has a copy */
    assert_text(batch.records[0].document, before);
    assert_text(batch.records[0].event.key, "k");
    event_batch_release(&batch);
}

static void test_document__of_one_of_many_holds_that_record_alone(void **state)
{
    struct event_batch batch = decoded(TEXT(
        "{\"Records\":[" AWS_RECORD ", {\"eventSource\":\"ceph:s3\",\"big\":1e400,\"eventName\":"
        "\"s3:ObjectRemoved:Delete\",\"s3\":{\"bucket\":{\"name\":\"c\"},\"object\":{\"key\":"
        "\"\\u00fc/\\\"\\u0001+%zz\"}}} ]}"));

    (void)state;
    assert_int_equal(batch.count, 2);
    assert_text(batch.records[0].document, "{\"Records\":[" AWS_RECORD "]}");
    assert_int_equal(batch.records[0].event.dialect, EVENT_DIALECT_AWS_S3);
    assert_int_equal(batch.records[1].event.dialect, EVENT_DIALECT_CEPH_RGW);
    assert_text(batch.records[1].event.key, "\303\274/\"\001+%zz");
    check_round_trip(&batch.records[0]);
    check_round_trip(&batch.records[1]);
    event_batch_release(&batch);
}

static void test_document__of_an_sns_notification_is_the_message(void **state)
{
    struct event_batch batch = decoded(
        TEXT("{\"Type\":\"Notification\",\"TopicArn\":\"arn:t\",\"Message\":"
             "\"{\\\"Records\\\":[{\\\"eventSource\\\":\\\"aws:s3\\\",\\\"eventName\\\":"
             "\\\"ObjectCreated:Put\\\",\\\"s3\\\":{\\\"bucket\\\":{\\\"name\\\":\\\"b\\\"},"
             "\\\"object\\\":{\\\"key\\\":\\\"k\\\"}}}]}\"}"));

    (void)state;
    assert_int_equal(batch.count, 1);
    assert_text(batch.sns_topic_arn, "arn:t");
    assert_text(batch.records[0].document, "{\"Records\":[" AWS_RECORD "]}");
    event_batch_release(&batch);
}

/* What is not UTF-8 reaches `Key` as U+FFFD, while object.key has every byte. */
static void test_minio__object_key_decides_when_key_has_lost_bytes(void **state)
{
    struct event_batch batch = decoded(TEXT(
        "{\"EventName\":\"s3:ObjectCreated:Put\",\"Key\":\"b/caf\\ufffd/a b.jpg\",\"Records\":[{"
        "\"eventSource\":\"minio:s3\",\"eventName\":\"s3:ObjectCreated:Put\",\"s3\":{\"bucket\":{"
        "\"name\":\"b\"},\"object\":{\"key\":\"caf%E9%2Fa+b.jpg\"}}}]}"));

    (void)state;
    assert_text(batch.records[0].event.key, "caf\351/a b.jpg");
    event_batch_release(&batch);
}

static int compare_orders(const char *source, const char *a, const char *b)
{
    AUTO_FREE char *body_a = xasprintf(SEQUENCED, source, a);
    AUTO_FREE char *body_b = xasprintf(SEQUENCED, source, b);
    struct event_batch first = decoded(text_of(body_a)), second = decoded(text_of(body_b));
    int result = text_compare(first.records[0].event.order, second.records[0].event.order);

    assert_int_equal(first.records[0].event.order.len, 32);
    event_batch_release(&first);
    event_batch_release(&second);
    return result;
}

static void test_order__of_aws_pads_on_the_right(void **state)
{
    (void)state;
    assert_true(compare_orders("aws:s3", "0055AED6DCD90281E5", "0055AED6DCD90281E6") < 0);
    assert_true(compare_orders("aws:s3", "0055AED6DCD90281E5", "0055AED6DCD90281E501") < 0);
    assert_true(compare_orders("aws:s3", "0055AED6DCD90281E6", "0055AED6DCD90281E501") > 0);
    assert_true(compare_orders("aws:s3", "00AB", "00ab00") == 0);
}

static void test_order__of_minio_pads_on_the_left(void **state)
{
    (void)state;
    assert_true(compare_orders("minio:s3", "FFFFFFFFFFFFFFFF", "10000000000000000") < 0);
    assert_true(compare_orders("minio:s3", "18EA2B6635E1F37B", "18EA2B6635E1F37A") > 0);
    assert_true(compare_orders("rustfs:s3", "9", "10") < 0);
}

static void assert_no_order(const char *source, const char *sequencer)
{
    AUTO_FREE char *body = xasprintf(SEQUENCED, source, sequencer);
    struct event_batch batch = decoded(text_of(body));

    assert_text(batch.records[0].event.order, "");
    assert_text(batch.records[0].event.sequencer, sequencer);
    event_batch_release(&batch);
}

static void test_order__is_empty_where_none_can_be_trusted(void **state)
{
    (void)state;
    assert_no_order("aws:s3", "");
    assert_no_order("aws:s3", "00xyz");
    assert_no_order("aws:s3", "000000000000000000000000000000000"); /* 33 digits */
    assert_no_order("minio:s3", "000000000000000000000000000000000");
    assert_no_order("minio:s3", " 18EA2B6635E1F37A");
    assert_no_order("ceph:s3", "A407026B6D58ED1F");
}

/* Three puts of Ceph in a row, with the eventIds that it gave them and a second that rolls over. */
static void test_order__of_ceph_follows_the_event_id(void **state)
{
    static const char *const ids[] = {"999999999.999999.x", "1795295140.000007.a",
                                      "1795295140.423373.dcc9", "1795295141.5.b"};
    struct event_batch batches[ARRAY_LEN(ids)];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        AUTO_FREE char *body = xasprintf("{\"Records\":[{\"eventSource\":\"ceph:s3\",\"eventName\":"
                                         "\"ObjectCreated:Put\",\"eventId\":\"%s\"," OBJECT "}]}",
                                         ids[i]);
        batches[i] = decoded(text_of(body));
    }
    for (size_t i = 0; i + 1 < ARRAY_LEN(ids); i++)
        assert_true(text_compare(batches[i].records[0].event.order,
                                 batches[i + 1].records[0].event.order) < 0);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        event_batch_release(&batches[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body__of_1_mib_is_the_longest),
        cmocka_unit_test(test_records__a_thousand_is_the_most),
        cmocka_unit_test(test_failure__leaves_the_batch_alone),
        cmocka_unit_test(test_release__is_safe_on_zero_and_twice),
        cmocka_unit_test(test_document__of_the_only_record_is_the_body),
        cmocka_unit_test(test_document__of_one_of_many_holds_that_record_alone),
        cmocka_unit_test(test_document__of_an_sns_notification_is_the_message),
        cmocka_unit_test(test_minio__object_key_decides_when_key_has_lost_bytes),
        cmocka_unit_test(test_order__of_aws_pads_on_the_right),
        cmocka_unit_test(test_order__of_minio_pads_on_the_left),
        cmocka_unit_test(test_order__is_empty_where_none_can_be_trusted),
        cmocka_unit_test(test_order__of_ceph_follows_the_event_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
