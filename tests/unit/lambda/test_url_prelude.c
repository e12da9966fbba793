/*
 * test_url_prelude.c - fixtures/function_url/preludes: result.bin is what a function streamed,
 * response.json what is sent of it, or the error.
 */
#include "support/test.h"

#include "url_expect.h"

struct expectation {
    struct json_object *json; /* of response.json */
    struct text result;
};

static char *read_file(const char *folder, const char *file, size_t *out_len)
{
    AUTO_FREE char *name = xasprintf("function_url/preludes/%s/%s", folder, file);
    return test_read_fixture(name, out_len);
}

static void check_whole(const struct expectation *e)
{
    AUTO_ARENA struct arena arena;
    struct url_response response;
    struct error err = {0};
    arena_init(&arena);
    int rc = url_prelude_response(e->result, &arena, &response, &err);
    if (json_at(e->json, "error") != NULL) {
        assert_int_equal(rc, -1);
        assert_text_equal(text_of(err.message), json_text(json_at(e->json, "error")));
        return;
    }
    assert_ok(rc, &err);
    assert_int_equal(response.status, json_object_get_int(json_at(e->json, "status")));
    assert_headers(&response, json_at(e->json, "headers"));
    assert_text_equal(response.body, json_text(json_at(e->json, "body")));
}

/* However it is cut, the same is taken, or refused for the same reason. */
static void check_in_pieces(const struct expectation *e, size_t size)
{
    struct url_prelude whole, cut;
    struct text rest = e->result, at_once = e->result, piece = TEXT("");
    struct error err = {0}, at_once_err = {0};
    int rc = 0;
    url_prelude_init(&whole);
    url_prelude_init(&cut);
    while (rc == 0 && rest.len > 0) {
        piece = text_slice(rest, 0, size);
        rest = text_slice(rest, piece.len, rest.len);
        rc = url_prelude_take(&cut, &piece, &err);
    }
    assert_int_equal(url_prelude_take(&whole, &at_once, &at_once_err), rc);
    assert_string_equal(at_once_err.message, err.message);
    if (rc == 1) {
        assert_text_equal(buffer_text(&cut.json), buffer_text(&whole.json));
        assert_int_equal(piece.len + rest.len, at_once.len);
    }
    url_prelude_release(&whole);
    url_prelude_release(&cut);
}

static void check_case(const char *folder)
{
    size_t result_len, expected_len;
    AUTO_FREE char *result = read_file(folder, "result.bin", &result_len);
    AUTO_FREE char *text = read_file(folder, "response.json", &expected_len);
    AUTO_JSON struct json_object *json = NULL;
    struct error err = {0};
    print_message("%s\n", folder);
    assert_ok(json_parse((struct text){text, expected_len}, &json, &err), &err);
    const struct expectation e = {json, {result, result_len}};
    check_whole(&e);
    for (size_t size = 1; size < 12; size++)
        check_in_pieces(&e, size);
}

static void test_url_prelude__is_as_each_fixture_says(void **state UNUSED)
{
    AUTO_FREE char *dir = test_fixture("function_url/preludes");
    char **names = test_list_dir(dir);
    size_t count = 0;
    for (; names[count] != NULL; count++)
        check_case(names[count]);
    test_names_free(names);
    assert_true(count >= 26);
}

static void test_url_prelude__is_announced_by_its_type_alone(void **state UNUSED)
{
    assert_true(url_prelude_announced(TEXT("application/vnd.awslambda.http-integration-response")));
    assert_true(url_prelude_announced(
        TEXT("Application/VND.awslambda.http-integration-response ; charset=utf-8")));
    assert_false(url_prelude_announced(TEXT("application/json")));
    assert_false(url_prelude_announced(TEXT("")));
    assert_false(
        url_prelude_announced(TEXT("application/vnd.awslambda.http-integration-responses")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url_prelude__is_as_each_fixture_says),
        cmocka_unit_test(test_url_prelude__is_announced_by_its_type_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
