/*
 * test_url_response.c - fixtures/function_url/responses: result.json is what a function returned,
 * response.json what is sent of it, or the error.
 */
#include "support/test.h"

#include "url_expect.h"

static char *read_file(const char *folder, const char *file, size_t *out_len)
{
    AUTO_FREE char *name = xasprintf("function_url/responses/%s/%s", folder, file);
    return test_read_fixture(name, out_len);
}

static void check_case(const char *folder)
{
    size_t result_len, expected_len;
    AUTO_FREE char *result = read_file(folder, "result.json", &result_len);
    AUTO_FREE char *text = read_file(folder, "response.json", &expected_len);
    AUTO_JSON struct json_object *expected = NULL;
    AUTO_ARENA struct arena arena;
    struct url_response response;
    struct error err = {0}, refused = {0};
    arena_init(&arena);
    print_message("%s\n", folder);
    assert_ok(json_parse((struct text){text, expected_len}, &expected, &err), &err);
    int rc = url_response_read((struct text){result, result_len}, &arena, &response, &refused);
    if (json_at(expected, "error") != NULL) {
        assert_int_equal(rc, -1);
        assert_text_equal(text_of(refused.message), json_text(json_at(expected, "error")));
        return;
    }
    assert_ok(rc, &refused);
    assert_int_equal(response.status, json_object_get_int(json_at(expected, "status")));
    assert_headers(&response, json_at(expected, "headers"));
    assert_text_equal(response.body, json_text(json_at(expected, "body")));
}

static void test_url_response__is_as_each_fixture_says(void **state UNUSED)
{
    AUTO_FREE char *dir = test_fixture("function_url/responses");
    char **names = test_list_dir(dir);
    size_t count = 0;
    for (; names[count] != NULL; count++)
        check_case(names[count]);
    test_names_free(names);
    assert_true(count >= 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url_response__is_as_each_fixture_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
