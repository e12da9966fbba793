/*
 * test_url_event.c - fixtures/function_url/events: request.json is a request, event.json what the
 * function sees of it.
 */
#include "support/test.h"

#include "onput/encoding.h"
#include "url_private.h"

enum { EVENT_MAX_BYTES = 1024 * 1024, MAX_HEADERS = 16 };

static struct text member(struct json_object *json, const char *path)
{
    struct json_object *value = json_at(json, path);
    return value == NULL ? TEXT("") : json_text(value);
}

static size_t read_headers(struct json_object *json, struct http_header out[MAX_HEADERS])
{
    struct json_object *list = json_at(json, "headers");
    size_t count = json_object_array_length(list);
    assert_true(count <= MAX_HEADERS);
    for (size_t i = 0; i < count; i++) {
        struct json_object *pair = json_object_array_get_idx(list, i);
        out[i] = (struct http_header){json_text(json_object_array_get_idx(pair, 0)),
                                      json_text(json_object_array_get_idx(pair, 1))};
    }
    return count;
}

static struct text read_body(struct json_object *json, struct buffer *decoded)
{
    struct error err = {0};
    if (json_at(json, "body_base64") == NULL)
        return member(json, "body");
    assert_ok(base64_decode(member(json, "body_base64"), decoded, &err), &err);
    return buffer_text(decoded);
}

static void write_event(struct json_object *json, struct buffer *out)
{
    struct http_header headers[MAX_HEADERS];
    AUTO_BUFFER struct buffer body;
    buffer_init(&body, EVENT_MAX_BYTES);
    struct url_identity identity = {member(json, "identity.access_key"),
                                    member(json, "identity.account"), member(json, "identity.arn"),
                                    member(json, "identity.user_id")};
    struct url_request r = {
        .url_id = TEXT("abcdefghijklmnopqrstuvwxyz012345"),
        .method = member(json, "method"),
        .path = member(json, "path"),
        .query = member(json, "query"),
        .headers = headers,
        .header_count = read_headers(json, headers),
        .body = read_body(json, &body),
        .peer = TEXT("192.0.2.7"),
        .port = 8080,
        .request_id = TEXT("6f9a3c1e-5b3f-4c55-9d57-1f2f3a4b5c6d"),
        .trace_id = TEXT("Root=1-6924f3a4-0123456789abcdef01234567;Parent=89abcdef01234567;"
                         "Sampled=0"),
        .now_ms = 1764025796123,
        .identity = json_at(json, "identity") == NULL ? NULL : &identity,
    };
    url_event_write(&r, out);
}

static struct json_object *read_json(const char *folder, const char *file)
{
    AUTO_FREE char *name = xasprintf("function_url/events/%s/%s", folder, file);
    size_t len;
    AUTO_FREE char *bytes = test_read_fixture(name, &len);
    struct json_object *json = NULL;
    struct error err = {0};
    assert_ok(json_parse((struct text){bytes, len}, &json, &err), &err);
    return json;
}

static void check_case(const char *folder)
{
    AUTO_JSON struct json_object *request = read_json(folder, "request.json");
    AUTO_JSON struct json_object *expected = read_json(folder, "event.json");
    AUTO_BUFFER struct buffer event;
    buffer_init(&event, EVENT_MAX_BYTES);
    write_event(request, &event);
    print_message("%s\n", folder);
    /* The same members in the same order. */
    assert_text(buffer_text(&event),
                json_object_to_json_string_ext(expected, JSON_C_TO_STRING_PLAIN |
                                                             JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void test_url_event__is_as_each_fixture_says(void **state UNUSED)
{
    AUTO_FREE char *dir = test_fixture("function_url/events");
    char **names = test_list_dir(dir);
    size_t count = 0;
    for (; names[count] != NULL; count++)
        check_case(names[count]);
    test_names_free(names);
    assert_true(count >= 14);
}

static void test_url_event__groups_thousands_of_names_quickly(void **state UNUSED)
{
    AUTO_BUFFER struct buffer query, event;
    buffer_init(&query, EVENT_MAX_BYTES);
    buffer_init(&event, EVENT_MAX_BYTES);
    for (int i = 0; i < 20000; i++)
        buffer_appendf(&query, "%d&", 20000 - i);
    struct url_request r = {.url_id = TEXT("u"),
                            .method = TEXT("GET"),
                            .path = TEXT("/"),
                            .query = buffer_text(&query),
                            .body = TEXT(""),
                            .peer = TEXT("::1"),
                            .request_id = TEXT("r"),
                            .trace_id = TEXT("t")};
    url_event_write(&r, &event);
    assert_false(buffer_failed(&event));
    assert_contains(event.data, "\"queryStringParameters\":{\"1\":\"\",\"10\":\"\",\"100\":\"\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url_event__is_as_each_fixture_says),
        cmocka_unit_test(test_url_event__groups_thousands_of_names_quickly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
