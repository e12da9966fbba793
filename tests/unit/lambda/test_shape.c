/*
 * Requests against the tables of members. The cases are in fixtures/lambda_input: the operation's
 * name and the members as JSON; what comes out, an error's name and its message or "ok" and the
 * input that is left. A message "Begin..." is compared up to the dots.
 */
#include "support/test.h"

#include "shape.h"

static const struct operation *operation_of(struct text name)
{
    const struct operation *ops = NULL;
    size_t count = lambda_operations(&ops);
    for (size_t i = 0; i < count; i++) {
        if (text_is(name, ops[i].name))
            return &ops[i];
    }
    fail_msg("no operation %.*s", TEXT_ARGS(name));
    return NULL;
}

/* Members of the path, the query and headers stand in the same object. */
static void add_others(const struct operation *op, struct text json, struct json_object *input)
{
    AUTO_JSON struct json_object *root = NULL;
    struct error err = {0};
    assert_ok(json_parse(json, &root, &err), &err);
    for (size_t i = 0; i < op->members->count; i++) {
        const struct member *m = &op->members->rows[i];
        struct json_object *value = json_at(root, m->name);
        if (m->place != IN_BODY && value)
            json_object_object_add(input, m->name, json_object_get(value));
    }
}

static const char *error_name(enum lambda_error error)
{
    if (error == ERR_VALIDATION)
        return "ValidationException";
    return error == ERR_SERIALIZATION ? "SerializationException" : "InvalidRequestContentException";
}

static void expect(const char *name, struct text expected, const char *outcome, struct text message)
{
    struct text first = text_cut(&expected, '\n'), want = text_cut(&expected, '\n');
    if (!text_is(first, outcome))
        fail_msg("%s: %s, %.*s", name, outcome, TEXT_ARGS(message));
    if (text_ends_with(want, TEXT("..."))) {
        want.len -= 3;
        message = text_slice(message, 0, want.len);
    }
    if (!text_equal(want, message))
        fail_msg("%s:\n  is   %.*s\n  want %.*s", name, TEXT_ARGS(message), TEXT_ARGS(want));
}

static void check_case(const char *dir, const char *name)
{
    AUTO_FREE char *folder = test_path(dir, name);
    size_t request_len = 0, expected_len = 0;
    AUTO_FREE char *request = test_read_below(folder, "request", &request_len);
    AUTO_FREE char *expected = test_read_below(folder, "expected", &expected_len);
    AUTO_ARENA struct arena arena;
    AUTO_JSON struct json_object *input = json_object_new_object();
    struct text json = {request, request_len}, want = {expected, expected_len};
    const struct operation *op = operation_of(text_cut(&json, '\n'));
    struct shape_fault fault = {0};
    arena_init(&arena);
    bool is_read = shape_read_body(op, json, input, &arena, &fault);
    if (is_read)
        add_others(op, json, input);
    if (is_read && shape_check(op, input, &arena, &fault))
        expect(name, want, "ok",
               text_of(json_object_to_json_string_ext(input, JSON_C_TO_STRING_PLAIN |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE)));
    else
        expect(name, want, error_name(fault.error), text_of(fault.message));
}

static void test_shape__answers_in_the_words_of_aws(void **state)
{
    (void)state;
    AUTO_FREE char *dir = test_fixture("lambda_input");
    char **names = test_list_dir(dir);
    size_t count = 0;
    for (; names[count]; count++)
        check_case(dir, names[count]);
    assert_true(count > 40);
    test_names_free(names);
}

/* {"FunctionName":"f","Description":"xxx..."} */
static void test_shape__bounds_its_messages(void **state)
{
    (void)state;
    AUTO_ARENA struct arena arena;
    AUTO_JSON struct json_object *input = json_object_new_object();
    AUTO_FREE char *big = malloc(900 * 1024);
    struct shape_fault fault = {0};
    arena_init(&arena);
    memset(big, 'x', 900 * 1024);
    json_object_object_add(input, "FunctionName", json_object_new_string("f"));
    json_object_object_add(input, "Description", json_object_new_string_len(big, 900 * 1024));
    json_object_object_add(input, "Handler", json_object_new_string_len(big, 900 * 1024));
    assert_false(
        shape_check(operation_of(TEXT("UpdateFunctionConfiguration")), input, &arena, &fault));
    assert_int_equal(fault.error, ERR_VALIDATION);
    assert_contains(fault.message, "2 validation errors detected: Value 'xxx");
    assert_in_range(strlen(fault.message), 4096, 5000);
}

/* A character is never cut in two. */
static void test_shape__cuts_values_between_characters(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer text;
    AUTO_BUFFER struct buffer out;
    buffer_init(&text, 64 * 1024);
    buffer_init(&out, 64 * 1024);
    for (int i = 0; i < 3000; i++)
        buffer_append_string(&text, "\u00e9");
    buffer_append_string(&text, "x");
    AUTO_JSON struct json_object *value =
        json_object_new_string_len(text.data + 1, (int)text.len - 1);
    AUTO_JSON struct json_object *whole = json_object_new_string_len(text.data, (int)text.len);
    shape_write_value(whole, &out);
    assert_true(text_is_utf8(buffer_text(&out)));
    assert_int_equal(out.len, 2048 + 2);
    buffer_reset(&out);
    shape_write_value(value, &out);
    assert_int_equal(out.len, 2047 + 2);
}

static void test_shape_from_text__reads_numbers_and_words(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *number = NULL;
    AUTO_JSON struct json_object *word = NULL;
    AUTO_JSON struct json_object *yes = NULL;
    struct json_object *none = NULL;
    assert_true(shape_from_text(TYPE_INTEGER, TEXT("50"), &number));
    assert_int_equal(json_object_get_int64(number), 50);
    assert_true(shape_from_text(TYPE_STRING, TEXT("50"), &word));
    assert_string_equal(json_object_get_string(word), "50");
    assert_true(shape_from_text(TYPE_BOOLEAN, TEXT("true"), &yes));
    assert_true(json_object_get_boolean(yes));
    assert_false(shape_from_text(TYPE_INTEGER, TEXT("5x"), &none));
    assert_false(shape_from_text(TYPE_INTEGER, TEXT(""), &none));
    assert_false(shape_from_text(TYPE_BOOLEAN, TEXT("1"), &none));
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape__answers_in_the_words_of_aws),
        cmocka_unit_test(test_shape__bounds_its_messages),
        cmocka_unit_test(test_shape__cuts_values_between_characters),
        cmocka_unit_test(test_shape_from_text__reads_numbers_and_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
