/*
 * test_json_read.c - tests of reading with onput/json.h. The cases of what is JSON and what is not
 * are the files in fixtures/json.
 */
#include "support/test.h"

#include "onput/json.h"

static struct json_object *parsed(const char *json)
{
    struct json_object *value = NULL;
    struct error err = {0};

    assert_ok(json_parse(text_of(json), &value, &err), &err);
    return value;
}

/* Calls json_parse() on a copy that ends where the text ends, so that sanitizers see over-reads. */
static int parse_file(const char *folder, const char *name, struct json_object **out,
                      struct error *err)
{
    AUTO_FREE char *path = test_path(folder, name);
    size_t len;
    AUTO_FREE char *content = test_read_file(path, &len);
    AUTO_FREE char *exact = xmalloc(len);

    memcpy(exact, content, len);
    return json_parse((struct text){exact, len}, out, err);
}

static void test_json_parse__takes_the_accept_fixtures(void **state UNUSED)
{
    AUTO_FREE char *folder = test_fixture("json/accept");
    char **names = test_list_dir(folder);
    size_t count = 0;

    for (; names[count] != NULL; count++) {
        struct json_object *value = NULL;
        struct error err = {0};

        if (parse_file(folder, names[count], &value, &err) != 0)
            fail_msg("%s: %s", names[count], err.message);
        json_object_put(value);
    }
    assert_true(count >= 20);
    test_names_free(names);
}

static void test_json_parse__refuses_the_refuse_fixtures(void **state UNUSED)
{
    AUTO_FREE char *folder = test_fixture("json/refuse");
    char **names = test_list_dir(folder);
    size_t count = 0;

    for (; names[count] != NULL; count++) {
        struct json_object *value = NULL;
        struct error err = {0};
        bool is_deep = strncmp(names[count], "depth_", 6) == 0;

        if (parse_file(folder, names[count], &value, &err) == 0)
            fail_msg("%s was taken", names[count]);
        if (err.code != (is_deep ? ERROR_LIMIT : ERROR_INVALID))
            fail_msg("%s: %s", names[count], error_code_name(err.code));
        assert_null(value);
    }
    assert_true(count >= 60);
    test_names_free(names);
}

static void test_json_parse__says_where_and_what(void **state UNUSED)
{
    struct json_object *value = NULL;
    struct error err = {0};

    assert_fails(json_parse(TEXT("{\"a\":1,}"), &value, &err), &err, ERROR_INVALID);
    assert_string_equal(err.message,
                        "malformed JSON at byte 7: a name in double quotes is expected");
    assert_fails(json_parse(TEXT("{} x"), &value, &err), &err, ERROR_INVALID);
    assert_string_equal(err.message, "malformed JSON at byte 3: something stands behind the value");
}

static void test_json_parse__keeps_the_last_of_equal_names(void **state UNUSED)
{
    AUTO_JSON struct json_object *root = parsed("{\"a\":1,\"b\":2,\"a\":3}");
    struct error err = {0};
    int64_t n;

    assert_ok(json_get_i64(root, "a", &n, &err), &err);
    assert_int_equal(n, 3);
}

static void test_json_parse__keeps_nul_and_astral_characters(void **state UNUSED)
{
    AUTO_JSON struct json_object *root = parsed("\"a\\u0000b\\ud83d\\ude00\"");

    assert_text_equal(json_text(root), TEXT("a\0b\xf0\x9f\x98\x80"));
}

static const char *const event =
    "{\"Records\":[{\"s3\":{\"bucket\":{\"name\":\"photos\"},\"object\":{\"size\":123}},\"gone\":"
    "null},"
    "{\"s3\":{\"bucket\":{\"name\":\"second\"}}}],\"grid\":[[1,2],[3,4]],\"half\":0.5,\"on\":true}";

static void test_json_at__follows_names_and_indexes(void **state UNUSED)
{
    AUTO_JSON struct json_object *root = parsed(event);
    struct error err = {0};
    struct text name;
    int64_t n;

    assert_ok(json_get_text(root, "Records[0].s3.bucket.name", &name, &err), &err);
    assert_text(name, "photos");
    assert_ok(json_get_text(root, "Records[1].s3.bucket.name", &name, &err), &err);
    assert_text(name, "second");
    assert_ok(json_get_i64(root, "grid[1][0]", &n, &err), &err);
    assert_int_equal(n, 3);
    assert_ptr_equal(json_at(root, ""), root);
    assert_null(json_at(root, "Records[2]"));
    assert_null(json_at(root, "Records[0].gone"));
    assert_null(json_at(root, "Records[0].gone.further"));
    assert_null(json_at(root, "half.x"));
    assert_null(json_at(root, "half[0]"));
    assert_null(json_at(NULL, "x"));
}

static void test_json_get__names_the_path_and_the_types(void **state UNUSED)
{
    AUTO_JSON struct json_object *root = parsed(event);
    struct json_object *value = NULL;
    struct error err = {0};
    struct text t = TEXT("untouched");
    int64_t n = 42;

    assert_fails(json_get_text(root, "Records[0].eventName", &t, &err), &err, ERROR_INVALID);
    assert_string_equal(err.message, "Records[0].eventName is missing");
    assert_fails(json_get_text(root, "half", &t, &err), &err, ERROR_INVALID);
    assert_string_equal(err.message, "half is a number with a fraction, not a string");
    assert_fails(json_get_i64(root, "half", &n, &err), &err, ERROR_INVALID);
    assert_fails(json_get_i64(root, "on", &n, &err), &err, ERROR_INVALID);
    assert_fails(json_get_array(root, "Records[0]", &value, &err), &err, ERROR_INVALID);
    assert_string_equal(err.message, "Records[0] is an object, not an array");
    assert_fails(json_get_object(root, "Records", &value, &err), &err, ERROR_INVALID);
    assert_text(t, "untouched");
    assert_int_equal(n, 42);
    assert_null(value);
    assert_ok(json_get_array(root, "Records", &value, &err), &err);
    assert_int_equal(json_object_array_length(value), 2);
    assert_ok(json_get_object(root, "Records[0].s3", &value, &err), &err);
}

static void test_json_get_i64__refuses_what_does_not_fit(void **state UNUSED)
{
    AUTO_JSON struct json_object *root =
        parsed("[9223372036854775806,-9223372036854775807,9223372036854775808,"
               "99999999999999999999999,-99999999999999999999999]");
    struct error err = {0};
    int64_t n;

    assert_ok(json_get_i64(root, "[0]", &n, &err), &err);
    assert_true(n == INT64_MAX - 1);
    assert_ok(json_get_i64(root, "[1]", &n, &err), &err);
    assert_true(n == INT64_MIN + 1);
    assert_fails(json_get_i64(root, "[2]", &n, &err), &err, ERROR_LIMIT);
    assert_fails(json_get_i64(root, "[3]", &n, &err), &err, ERROR_LIMIT);
    assert_fails(json_get_i64(root, "[4]", &n, &err), &err, ERROR_LIMIT);
}

static void test_json_find__falls_back_only_when_absent(void **state UNUSED)
{
    AUTO_JSON struct json_object *root = parsed(event);
    struct error err = {0};
    struct text t;
    int64_t n;

    assert_ok(json_find_text(root, "nothing", TEXT("default"), &t, &err), &err);
    assert_text(t, "default");
    assert_ok(json_find_text(root, "Records[0].gone", TEXT("default"), &t, &err), &err);
    assert_text(t, "default");
    assert_ok(json_find_i64(root, "Records[0].s3.object.size", 5, &n, &err), &err);
    assert_int_equal(n, 123);
    assert_ok(json_find_i64(root, "nothing", 5, &n, &err), &err);
    assert_int_equal(n, 5);
    assert_fails(json_find_text(root, "on", TEXT("default"), &t, &err), &err, ERROR_INVALID);
    assert_string_equal(err.message, "on is a boolean, not a string");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_parse__takes_the_accept_fixtures),
        cmocka_unit_test(test_json_parse__refuses_the_refuse_fixtures),
        cmocka_unit_test(test_json_parse__says_where_and_what),
        cmocka_unit_test(test_json_parse__keeps_the_last_of_equal_names),
        cmocka_unit_test(test_json_parse__keeps_nul_and_astral_characters),
        cmocka_unit_test(test_json_at__follows_names_and_indexes),
        cmocka_unit_test(test_json_get__names_the_path_and_the_types),
        cmocka_unit_test(test_json_get_i64__refuses_what_does_not_fit),
        cmocka_unit_test(test_json_find__falls_back_only_when_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
