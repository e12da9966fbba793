#include "function_members.h"
#include "lambda_fixture.h"

#include "onput/encoding.h"

#define NOT_FOUND(arn) "{'Type':'User','Message':'Function not found: " FIXTURE_ARN arn "'}"
#define RNF            "ResourceNotFoundException"

static void test_get_function__shows_code_and_configuration(void **state)
{
    api_make_function(*state, "f", "echo", NULL);
    AUTO_JSON struct json_object *got = api_expect(*state, "GET", FUNCTIONS "/f", NULL, 200);
    assert_members(got, "Code,Configuration");
    assert_member(got, "Code", "{'RepositoryType':'S3'}");
    assert_members(json_at(got, "Configuration"), MEMBERS_STORED);
    assert_member(got, "Configuration.FunctionArn", FIXTURE_ARN "f");
}

static void test_get_function__shows_tags_and_concurrency_when_there_are_some(void **state)
{
    api_make_function(*state, "f", "echo", ",'Tags':{'team':'photos'}");
    api_expect_status(*state, "PUT", "/2017-10-31/functions/f/concurrency",
                      "{'ReservedConcurrentExecutions':3}", 200);
    AUTO_JSON struct json_object *got = api_expect(*state, "GET", FUNCTIONS "/f", NULL, 200);
    assert_members(got, "Code,Configuration,Tags,Concurrency");
    assert_member(got, "Tags", "{'team':'photos'}");
    assert_member(got, "Concurrency", "{'ReservedConcurrentExecutions':3}");
}

static void test_get_function__says_that_the_caller_may_not_see_tags(void **state)
{
    struct lambda_fixture f;
    AUTO_FREE char *dir = test_path(((struct lambda_fixture *)*state)->dir, "other");
    lambda_fixture_open(&f, dir,
                        FIXTURE_YAML
                        "  reader: {access_key: AKIAREADER, secret_key: secret-of-reader, policy: "
                        "{Version: '2012-10-17', Statement: {Effect: Allow, Action: "
                        "'lambda:GetFunction', Resource: '*'}}}\n");
    api_make_function(&f, "f", "echo", ",'Tags':{'team':'photos'}");
    api_call_as(&f, "AKIAREADER", "secret-of-reader");
    AUTO_JSON struct json_object *got = api_expect(&f, "GET", FUNCTIONS "/f", NULL, 200);
    assert_members(got, "Code,Configuration,TagsError");
    assert_member(got, "TagsError.ErrorCode", "AccessDeniedException");
    lambda_fixture_close(&f);
}

static void test_get_configuration__repeats_the_qualifier_in_the_arn(void **state)
{
    api_make_function(*state, "f", "echo", ",'Publish':true");
    api_expect_status(*state, "POST", FUNCTIONS "/f/aliases",
                      "{'Name':'live','FunctionVersion':'1'}", 201);
    static const char *const cases[][3] = {
        {"/f/configuration", "f", "$LATEST"},
        {"/f/configuration?Qualifier=%24LATEST", "f:$LATEST", "$LATEST"},
        {"/f/configuration?Qualifier=1", "f:1", "1"},
        {"/f/configuration?Qualifier=live", "f:live", "1"},
        {"/f%3Alive/configuration", "f:live", "1"},
        {"/123456789012%3Afunction%3Af%3A1/configuration", "f:1", "1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_FREE char *target = xasprintf(FUNCTIONS "%s", cases[i][0]);
        AUTO_FREE char *arn = xasprintf(FIXTURE_ARN "%s", cases[i][1]);
        AUTO_JSON struct json_object *got = api_expect(*state, "GET", target, NULL, 200);
        assert_members(got, MEMBERS_STORED);
        assert_member(got, "FunctionArn", arn);
        assert_member(got, "Version", cases[i][2]);
    }
}

static void test_get__does_not_find_a_missing_function_version_or_alias(void **state)
{
    struct lambda_fixture *f = *state;
    api_expect_error(f, "GET", FUNCTIONS "/f", NULL, 404, RNF, NOT_FOUND("f"));
    api_expect_error(f, "GET", FUNCTIONS "/f/configuration", NULL, 404, RNF, NOT_FOUND("f"));
    api_expect_error(f, "GET", FUNCTIONS "/f?Qualifier=%24LATEST", NULL, 404, RNF,
                     NOT_FOUND("f:$LATEST"));
    api_make_function(f, "f", "echo", NULL);
    api_expect_error(f, "GET", FUNCTIONS "/f?Qualifier=1221", NULL, 404, RNF, NOT_FOUND("f:1221"));
    api_expect_error(f, "GET", FUNCTIONS "/f/configuration?Qualifier=none", NULL, 404, RNF,
                     NOT_FOUND("f:none"));
}

static void test_list__shows_functions_by_name_without_states(void **state)
{
    api_make_function(*state, "b", "echo", NULL);
    api_make_function(*state, "a", "context", ",'Publish':true");
    AUTO_JSON struct json_object *got = api_expect(*state, "GET", FUNCTIONS, NULL, 200);
    assert_members(got, "Functions");
    assert_int_equal(json_object_array_length(json_at(got, "Functions")), 2);
    assert_members(json_at(got, "Functions[0]"), MEMBERS_LISTED);
    assert_member(got, "Functions[0].FunctionArn", FIXTURE_ARN "a");
    assert_member(got, "Functions[0].Version", "$LATEST");
    assert_member(got, "Functions[1].FunctionArn", FIXTURE_ARN "b");
}

static void test_list__shows_all_versions_with_qualified_arns(void **state)
{
    api_make_function(*state, "b", "echo", NULL);
    api_make_function(*state, "a", "context", ",'Publish':true");
    AUTO_JSON struct json_object *got =
        api_expect(*state, "GET", FUNCTIONS "?FunctionVersion=ALL", NULL, 200);
    assert_int_equal(json_object_array_length(json_at(got, "Functions")), 3);
    assert_members(json_at(got, "Functions[1]"), MEMBERS_LISTED);
    assert_member(got, "Functions[0].FunctionArn", FIXTURE_ARN "a:$LATEST");
    assert_member(got, "Functions[1].FunctionArn", FIXTURE_ARN "a:1");
    assert_member(got, "Functions[1].Version", "1");
    assert_member(got, "Functions[2].FunctionArn", FIXTURE_ARN "b:$LATEST");
}

static void test_list__is_empty_without_functions(void **state)
{
    AUTO_JSON struct json_object *got = api_expect(*state, "GET", FUNCTIONS "/", NULL, 200);
    assert_members(got, "Functions");
    assert_member(got, "Functions", "[]");
}

static void test_list__refuses_another_function_version(void **state)
{
    api_expect_error(*state, "GET", FUNCTIONS "?FunctionVersion=invalid", NULL, 400,
                     "ValidationException",
                     "{'message':'1 validation error detected: Value `invalid` at "
                     "`functionVersion` failed to satisfy constraint: Member must satisfy enum "
                     "value set: [ALL]'}");
}

static void test_list__goes_by_pages_of_at_most_50(void **state)
{
    char name[16];
    for (int i = 0; i < 53; i++) {
        snprintf(name, sizeof(name), "f%02d", i);
        api_make_function(*state, name, "echo", NULL);
    }
    AUTO_JSON struct json_object *first =
        api_expect(*state, "GET", FUNCTIONS "?MaxItems=1000", NULL, 200);
    assert_members(first, "Functions,NextMarker");
    assert_int_equal(json_object_array_length(json_at(first, "Functions")), 50);
    AUTO_BUFFER struct buffer target;
    buffer_init(&target, 1024);
    buffer_append_string(&target, FUNCTIONS "?MaxItems=2&Marker=");
    buffer_append_uri(&target, json_text(json_at(first, "NextMarker")), false);
    AUTO_JSON struct json_object *second = api_expect(*state, "GET", target.data, NULL, 200);
    assert_int_equal(json_object_array_length(json_at(second, "Functions")), 2);
    assert_member(second, "Functions[0].FunctionName", "f50");
    assert_members(second, "Functions,NextMarker");
    buffer_reset(&target);
    buffer_append_string(&target, FUNCTIONS "?Marker=");
    buffer_append_uri(&target, json_text(json_at(second, "NextMarker")), false);
    AUTO_JSON struct json_object *last = api_expect(*state, "GET", target.data, NULL, 200);
    assert_members(last, "Functions");
    assert_int_equal(json_object_array_length(json_at(last, "Functions")), 1);
    assert_member(last, "Functions[0].FunctionName", "f52");
}

static void test_declared_functions__are_listed_like_others(void **state)
{
    struct lambda_fixture f;
    AUTO_FREE char *dir = test_path(((struct lambda_fixture *)*state)->dir, "other");
    lambda_fixture_open(&f, dir, FIXTURE_YAML "functions: {declared: {builtin: echo}}\n");
    AUTO_JSON struct json_object *got = api_expect(&f, "GET", FUNCTIONS "/declared", NULL, 200);
    assert_members(json_at(got, "Configuration"), MEMBERS_STORED ",Environment");
    assert_member(got, "Configuration.Handler", "echo");
    api_expect_status(&f, "PUT", FUNCTIONS "/declared/configuration", "{'MemorySize':256}", 200);
    lambda_fixture_close(&f);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, lambda_fixture_setup, lambda_fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_get_function__shows_code_and_configuration),
        TEST(test_get_function__shows_tags_and_concurrency_when_there_are_some),
        TEST(test_get_function__says_that_the_caller_may_not_see_tags),
        TEST(test_get_configuration__repeats_the_qualifier_in_the_arn),
        TEST(test_get__does_not_find_a_missing_function_version_or_alias),
        TEST(test_list__shows_functions_by_name_without_states),
        TEST(test_list__shows_all_versions_with_qualified_arns),
        TEST(test_list__is_empty_without_functions),
        TEST(test_list__refuses_another_function_version),
        TEST(test_list__goes_by_pages_of_at_most_50),
        TEST(test_declared_functions__are_listed_like_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
