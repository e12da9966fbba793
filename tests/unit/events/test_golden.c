/*
 * test_golden.c - walks fixtures/events/<dialect>/<case>/: notification.json decodes to
 * expected.json, or fails with the code and the part of the message that expected_error.txt names
 * in its two lines. With ONPUT_UPDATE_GOLDEN=1 in the environment the existing expected.json files
 * are written anew, to be reviewed as code.
 */
#include "support/test.h"

#include <unistd.h>

#include "event_check.h"
#include "onput/clock.h"
#include "onput/json.h"

enum { RENDERED_MAX_BYTES = 1024 * 1024 };

static const char *batch_kind_name(enum event_batch_kind kind)
{
    switch (kind) {
    case EVENT_BATCH_RECORDS:
        return "records";
    case EVENT_BATCH_PROBE:
        return "probe";
    case EVENT_BATCH_SUBSCRIPTION_CONFIRM:
        return "subscription_confirm";
    case EVENT_BATCH_UNSUBSCRIBE_CONFIRM:
        return "unsubscribe_confirm";
    }
    return "?";
}

static void render_event(struct json_writer *w, const struct event *event)
{
    char time[TIME_TEXT_BYTES] = "";

    if (event->time_ms != 0)
        time_format_rfc3339(event->time_ms, time);
    json_object_begin(w);
    json_pair_string(w, "dialect", event_dialect_name(event->dialect));
    json_pair_string(w, "kind", event_kind_name(event->kind));
    json_pair_text(w, "name", event->name);
    json_pair_text(w, "bucket", event->bucket);
    json_pair_text(w, "key", event->key);
    json_pair_text(w, "version_id", event->version_id);
    json_pair_text(w, "etag", event->etag);
    json_pair_i64(w, "size", event->size);
    json_pair_string(w, "time", time);
    json_pair_text(w, "order", event->order);
    json_pair_text(w, "sequencer", event->sequencer);
    json_pair_text(w, "user_agent", event->user_agent);
    json_pair_text(w, "principal", event->principal);
    json_pair_bool(w, "made_by_onput", event->made_by_onput);
    json_pair_text(w, "opaque_data", event->opaque_data);
    json_object_finish(w);
}

static struct json_object *render(const struct event_batch *batch)
{
    AUTO_BUFFER struct buffer out = {0};
    struct json_object *tree = NULL;
    struct error err = {0};
    struct json_writer w;

    buffer_init(&out, RENDERED_MAX_BYTES);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_pair_string(&w, "kind", batch_kind_name(batch->kind));
    json_key(&w, "events");
    json_array_begin(&w);
    for (size_t i = 0; i < batch->count; i++)
        render_event(&w, &batch->records[i].event);
    json_array_finish(&w);
    json_pair_text(&w, "sns_topic_arn", batch->sns_topic_arn);
    json_pair_text(&w, "subscribe_url", batch->subscribe_url);
    json_object_finish(&w);
    assert_ok(json_parse(buffer_text(&out), &tree, &err), &err);
    return tree;
}

static const char *pretty(struct json_object *tree)
{
    return json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                                    JSON_C_TO_STRING_NOSLASHESCAPE);
}

static void update(const char *dir, struct json_object *actual)
{
    AUTO_FREE char *path = test_path(dir, "expected.json");
    AUTO_FREE char *content = xasprintf("%s\n", pretty(actual));

    test_write_file(path, text_of(content));
}

static int differs_from_expected(const char *dir, const struct event_batch *batch)
{
    AUTO_JSON struct json_object *actual = render(batch);
    AUTO_JSON struct json_object *expected = NULL;
    AUTO_FREE char *content = NULL;
    struct error err = {0};

    if (getenv("ONPUT_UPDATE_GOLDEN") != NULL)
        update(dir, actual);
    content = test_read_below(dir, "expected.json", NULL);
    assert_ok(json_parse(text_of(content), &expected, &err), &err);
    for (size_t i = 0; i < batch->count; i++)
        check_round_trip(&batch->records[i]);
    if (json_object_equal(actual, expected))
        return 0;
    print_error("%s decodes to\n%s\n", dir, pretty(actual));
    return 1;
}

static int check_good(const char *dir, struct text body)
{
    struct event_batch batch = {0};
    struct error err = {0};
    int failed = 1;

    if (event_decode(body, &batch, &err) < 0)
        print_error("%s does not decode: %s\n", dir, err.message);
    else
        failed = differs_from_expected(dir, &batch);
    event_batch_release(&batch);
    return failed;
}

static int check_bad(const char *dir, struct text body)
{
    AUTO_FREE char *content = test_read_below(dir, "expected_error.txt", NULL);
    struct text rest = text_of(content);
    struct text code = text_cut(&rest, '\n');
    struct text part = text_cut(&rest, '\n');
    AUTO_FREE char *part_string = xmemdup_text(part);
    struct event_batch batch = {0};
    struct error err = {0};

    if (event_decode(body, &batch, &err) == 0) {
        print_error("%s decodes\n", dir);
        event_batch_release(&batch);
        return 1;
    }
    if (text_is(code, error_code_name(err.code)) && strstr(err.message, part_string) != NULL)
        return 0;
    print_error("%s fails with %s: %s\n", dir, error_code_name(err.code), err.message);
    return 1;
}

static int check_case(const char *dir)
{
    size_t len = 0;
    AUTO_FREE char *body = test_read_below(dir, "notification.json", &len);
    AUTO_FREE char *error_file = test_path(dir, "expected_error.txt");
    struct text text = {body, len};

    return access(error_file, F_OK) == 0 ? check_bad(dir, text) : check_good(dir, text);
}

/* All cases of one folder are checked before the test fails, so that one run shows every
 * difference. */
static void check_folder(const char *folder, size_t at_least)
{
    AUTO_FREE char *root = test_path(ONPUT_FIXTURES "/events", folder);
    char **cases = test_list_dir(root);
    size_t count = 0;
    int failed = 0;

    for (; cases[count] != NULL; count++) {
        AUTO_FREE char *dir = test_path(root, cases[count]);
        failed += check_case(dir);
    }
    test_names_free(cases);
    assert_int_equal(failed, 0);
    assert_true(count >= at_least);
}

static void test_minio__recorded_bodies_decode(void **state)
{
    (void)state;
    check_folder("minio", 26);
}

static void test_ceph_rgw__recorded_bodies_decode(void **state)
{
    (void)state;
    check_folder("ceph_rgw", 21);
}

static void test_aws_s3__bodies_decode(void **state)
{
    (void)state;
    check_folder("aws_s3", 20);
}

static void test_sns__envelopes_decode(void **state)
{
    (void)state;
    check_folder("sns", 5);
}

static void test_eventbridge__bodies_decode(void **state)
{
    (void)state;
    check_folder("eventbridge", 9);
}

static void test_rustfs__bodies_decode(void **state)
{
    (void)state;
    check_folder("rustfs", 8);
}

static void test_versitygw__bodies_decode(void **state)
{
    (void)state;
    check_folder("versitygw", 3);
}

static void test_devstore__bodies_decode(void **state)
{
    (void)state;
    check_folder("devstore", 4);
}

static void test_probes__are_quiet(void **state)
{
    (void)state;
    check_folder("probes", 5);
}

static void test_bad_bodies__fail_with_the_reason(void **state)
{
    (void)state;
    check_folder("bad", 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_minio__recorded_bodies_decode),
        cmocka_unit_test(test_ceph_rgw__recorded_bodies_decode),
        cmocka_unit_test(test_aws_s3__bodies_decode),
        cmocka_unit_test(test_sns__envelopes_decode),
        cmocka_unit_test(test_eventbridge__bodies_decode),
        cmocka_unit_test(test_rustfs__bodies_decode),
        cmocka_unit_test(test_versitygw__bodies_decode),
        cmocka_unit_test(test_devstore__bodies_decode),
        cmocka_unit_test(test_probes__are_quiet),
        cmocka_unit_test(test_bad_bodies__fail_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
