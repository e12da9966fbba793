/*
 * test_unwrap.c - walks fixtures/events/unwrap and unwrap_bad as test_golden.c does its folders:
 * what a function's event asks for, or why it cannot be read. ONPUT_UPDATE_GOLDEN=1 writes the
 * expectations anew.
 */
#include "support/test.h"

#include "event_check.h"
#include "onput/json.h"

enum { RENDERED_MAX_BYTES = 1024 * 1024 };

static void render_request(struct json_writer *w, const struct event_request *request)
{
    const struct event *event = &request->event;

    json_object_begin(w);
    json_pair_bool(w, "direct", request->is_direct);
    json_pair_text(w, "store", request->store);
    json_pair_string(w, "dialect", event_dialect_name(event->dialect));
    json_pair_text(w, "name", event->name);
    json_pair_text(w, "bucket", event->bucket);
    json_pair_text(w, "key", event->key);
    json_pair_text(w, "version_id", event->version_id);
    json_pair_text(w, "etag", event->etag);
    json_pair_i64(w, "size", event->size);
    json_object_finish(w);
}

static char *render(const struct event_requests *requests)
{
    AUTO_BUFFER struct buffer out = {0};
    AUTO_JSON struct json_object *tree = NULL;
    struct error err = {0};
    struct json_writer w;

    buffer_init(&out, RENDERED_MAX_BYTES);
    json_writer_init(&w, &out);
    json_array_begin(&w);
    for (size_t i = 0; i < requests->count; i++)
        render_request(&w, &requests->items[i]);
    json_array_finish(&w);
    assert_ok(json_parse(buffer_text(&out), &tree, &err), &err);
    return xasprintf("%s\n", json_object_to_json_string_ext(
                                 tree, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                           JSON_C_TO_STRING_NOSLASHESCAPE));
}

static int check_good(const char *dir, struct text payload)
{
    AUTO_FREE char *path = test_path(dir, "expected.json");
    struct event_requests requests = {0};
    struct error err = {0};

    if (event_unwrap(payload, &requests, &err) < 0) {
        print_error("%s cannot be read: %s\n", dir, err.message);
        return 1;
    }
    AUTO_FREE char *actual = render(&requests);
    check_unwrap(payload, &requests);
    event_requests_release(&requests);
    if (getenv("ONPUT_UPDATE_GOLDEN") != NULL)
        test_write_file(path, text_of(actual));
    AUTO_FREE char *expected = test_read_below(dir, "expected.json", NULL);
    if (strcmp(actual, expected) == 0)
        return 0;
    print_error("%s asks for\n%s\n", dir, actual);
    return 1;
}

static int check_bad(const char *dir, struct text payload)
{
    AUTO_FREE char *content = test_read_below(dir, "expected_error.txt", NULL);
    struct text rest = text_of(content);
    struct text code = text_cut(&rest, '\n');
    AUTO_FREE char *part = xmemdup_text(text_cut(&rest, '\n'));
    struct event_requests requests = {0};
    struct error err = {0};

    if (event_unwrap(payload, &requests, &err) == 0) {
        print_error("%s is read\n", dir);
        event_requests_release(&requests);
        return 1;
    }
    assert_int_equal(requests.count, 0);
    if (text_is(code, error_code_name(err.code)) && strstr(err.message, part) != NULL &&
        !err.retryable)
        return 0;
    print_error("%s fails with %s: %s\n", dir, error_code_name(err.code), err.message);
    return 1;
}

static void check_folder(const char *folder, int (*check)(const char *, struct text),
                         size_t at_least)
{
    AUTO_FREE char *root = test_path(ONPUT_FIXTURES "/events", folder);
    char **cases = test_list_dir(root);
    size_t count = 0;
    int failed = 0;

    for (; cases[count] != NULL; count++) {
        AUTO_FREE char *dir = test_path(root, cases[count]);
        size_t len = 0;
        AUTO_FREE char *payload = test_read_below(dir, "notification.json", &len);
        failed += check(dir, (struct text){payload, len});
    }
    test_names_free(cases);
    assert_int_equal(failed, 0);
    assert_true(count >= at_least);
}

static void test_unwrap__finds_the_events(void **state)
{
    (void)state;
    check_folder("unwrap", check_good, 24);
}

static void test_unwrap__says_what_is_wrong(void **state)
{
    (void)state;
    check_folder("unwrap_bad", check_bad, 38);
}

/* Whatever the door lets in, the function must be able to read. */
static int check_sender(const char *dir, struct text payload)
{
    struct event_requests requests = {0};
    struct error err = {0};

    if (event_unwrap(payload, &requests, &err) < 0) {
        print_error("%s cannot be read: %s\n", dir, err.message);
        return 1;
    }
    check_unwrap(payload, &requests);
    event_requests_release(&requests);
    return 0;
}

static void test_unwrap__reads_every_sender_as_the_door_does(void **state)
{
    static const char *const senders[] = {"aws_s3", "ceph_rgw", "devstore", "eventbridge",
                                          "minio",  "rustfs",   "versitygw"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(senders); i++)
        check_folder(senders[i], check_sender, 3);
}

static void test_unwrap__refuses_an_event_that_is_too_large(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer payload = {0};
    struct event_requests requests = {0};
    struct error err = {0};

    buffer_init(&payload, EVENT_MAX_BODY_BYTES + 1024);
    buffer_append_string(&payload, "{\"bucket\":\"b\",\"key\":\"k\"}");
    while (payload.len < EVENT_MAX_BODY_BYTES)
        buffer_append_char(&payload, ' ');
    assert_ok(event_unwrap(buffer_text(&payload), &requests, &err), &err);
    assert_int_equal(requests.count, 1);
    event_requests_release(&requests);
    buffer_append_char(&payload, ' ');
    assert_fails(event_unwrap(buffer_text(&payload), &requests, &err), &err, ERROR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unwrap__finds_the_events),
        cmocka_unit_test(test_unwrap__says_what_is_wrong),
        cmocka_unit_test(test_unwrap__reads_every_sender_as_the_door_does),
        cmocka_unit_test(test_unwrap__refuses_an_event_that_is_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
