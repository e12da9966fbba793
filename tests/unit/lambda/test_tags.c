#include "lambda_fixture.h"

#define TAGS_OF(arn)     "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3A" arn
#define TAGS             TAGS_OF("function%3Af")
#define REFUSED(message) "{'Type':'User','message':'" message "'}"
#define MISSING(message) "{'Type':'User','Message':'" message "'}"
#define IPVE             "InvalidParameterValueException"
#define RNF              "ResourceNotFoundException"

static int setup(void **state)
{
    if (lambda_fixture_setup(state) != 0)
        return -1;
    api_make_function(*state, "f", "echo", NULL);
    return 0;
}

static void assert_tags(void **state, const char *expected)
{
    AUTO_JSON struct json_object *got = api_expect(*state, "GET", TAGS, NULL, 200);
    assert_members(got, "Tags");
    assert_member(got, "Tags", expected);
}

static void test_tags__come_and_go(void **state)
{
    assert_tags(state, "{}");
    api_expect_status(*state, "POST", TAGS, "{'Tags':{'A':'tag-a','B':'tag-b'}}", 204);
    assert_tags(state, "{'A':'tag-a','B':'tag-b'}");
    api_expect_status(*state, "POST", TAGS, "{'Tags':{'B':'other','C':'tag-c'}}", 204);
    assert_tags(state, "{'A':'tag-a','B':'other','C':'tag-c'}");
    api_expect_status(*state, "DELETE", TAGS "?tagKeys=A&tagKeys=none", NULL, 204);
    assert_tags(state, "{'B':'other','C':'tag-c'}");
    api_expect_status(*state, "DELETE", TAGS "?tagKeys=B&tagKeys=C", NULL, 204);
    assert_tags(state, "{}");
    AUTO_JSON struct json_object *got = api_expect(*state, "GET", FUNCTIONS "/f", NULL, 200);
    assert_members(got, "Code,Configuration");
}

static void test_tags__of_create_are_listed(void **state)
{
    api_make_function(*state, "g", "echo", ",'Tags':{'team':'photos'}");
    AUTO_JSON struct json_object *got =
        api_expect(*state, "GET", TAGS_OF("function%3Ag"), NULL, 200);
    assert_member(got, "Tags", "{'team':'photos'}");
}

static void test_tags__give_the_function_another_revision(void **state)
{
    AUTO_JSON struct json_object *before =
        api_expect(*state, "GET", FUNCTIONS "/f/configuration", NULL, 200);
    api_expect_status(*state, "POST", TAGS, "{'Tags':{'A':'tag-a'}}", 204);
    AUTO_JSON struct json_object *after =
        api_expect(*state, "GET", FUNCTIONS "/f/configuration", NULL, 200);
    assert_string_not_equal(json_object_get_string(json_at(before, "RevisionId")),
                            json_object_get_string(json_at(after, "RevisionId")));
}

static void each_operation(void **state, const char *target, int status, const char *type,
                           const char *expected)
{
    AUTO_FREE char *untag = xasprintf("%s?tagKeys=A", target);
    api_expect_error(*state, "POST", target, "{'Tags':{'A':'a'}}", status, type, expected);
    api_expect_error(*state, "DELETE", untag, NULL, status, type, expected);
    api_expect_error(*state, "GET", target, NULL, status, type, expected);
}

static void test_tags__do_not_find_a_missing_function(void **state)
{
    each_operation(state, TAGS_OF("function%3Anone"), 404, RNF,
                   MISSING("Function not found: " FIXTURE_ARN "none"));
}

static void test_tags__do_not_find_mappings(void **state)
{
    each_operation(state, TAGS_OF("event-source-mapping%3A01234567-89ab-cdef-0123-456789abcdef"),
                   404, RNF,
                   MISSING("Event source mapping not found: arn:aws:lambda:us-east-1:"
                           "123456789012:event-source-mapping:"
                           "01234567-89ab-cdef-0123-456789abcdef"));
}

static void test_tags__are_those_of_functions_only(void **state)
{
    static const char expected[] =
        REFUSED("Tags on function aliases and versions are not supported. Please specify a "
                "function ARN.");
    each_operation(state, TAGS_OF("function%3Af%3A%24LATEST"), 400, IPVE, expected);
    each_operation(state, TAGS_OF("function%3Anone%3Aalias"), 400, IPVE, expected);
}

static void test_tag__refuses_no_tags(void **state)
{
    api_expect_error(*state, "POST", TAGS, "{'Tags':{}}", 400, IPVE,
                     REFUSED("An error occurred and the request cannot be processed."));
}

static void test_untag__needs_keys(void **state)
{
    api_expect_error(*state, "DELETE", TAGS, NULL, 400, "ValidationException",
                     "{'message':'1 validation error detected: Value null at `tagKeys` failed to "
                     "satisfy constraint: Member must not be null'}");
}

static char *many(int from, int count)
{
    struct buffer tags;
    buffer_init(&tags, 8192);
    buffer_append_string(&tags, "{'Tags':{");
    for (int i = from; i < from + count; i++)
        buffer_appendf(&tags, "%s'%d_key':'%d_value'", i > from ? "," : "", i, i);
    buffer_append_string(&tags, "}}");
    return buffer_take(&tags, NULL);
}

static void test_tag__refuses_more_than_50(void **state)
{
    static const char expected[] = REFUSED("Number of tags exceeds resource tag limit.");
    AUTO_FREE char *too_many = many(0, 51);
    AUTO_FREE char *as_many = many(0, 50);
    AUTO_FREE char *one_more = many(50, 1);
    api_expect_error(*state, "POST", TAGS, too_many, 400, IPVE, expected);
    api_expect_status(*state, "POST", TAGS, as_many, 204);
    api_expect_error(*state, "POST", TAGS, one_more, 400, IPVE, expected);
    api_expect_status(*state, "POST", TAGS, as_many, 204);
}

static void test_tags__refuse_other_arns(void **state)
{
    struct api_answer answer;
    api_call(*state, "GET", TAGS_OF("foobar%3Af"), NULL, &answer);
    assert_int_equal(answer.status, 400);
    assert_text(answer.error_type, "ValidationException");
    assert_contains(answer.body.ptr,
                    "1 validation error detected: Value "
                    "'arn:aws:lambda:us-east-1:123456789012:foobar:f' at 'resource' failed to "
                    "satisfy constraint: Member must satisfy regular expression pattern: ");
    api_answer_release(&answer);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, lambda_fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_tags__come_and_go),
        TEST(test_tags__of_create_are_listed),
        TEST(test_tags__give_the_function_another_revision),
        TEST(test_tags__do_not_find_a_missing_function),
        TEST(test_tags__do_not_find_mappings),
        TEST(test_tags__are_those_of_functions_only),
        TEST(test_tag__refuses_no_tags),
        TEST(test_untag__needs_keys),
        TEST(test_tag__refuses_more_than_50),
        TEST(test_tags__refuse_other_arns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
