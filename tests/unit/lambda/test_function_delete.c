#include "lambda_fixture.h"

#define REFUSED(message) "{'Type':'User','message':'" message "'}"
#define NOT_FOUND(arn)   "{'Type':'User','Message':'Function not found: " FIXTURE_ARN arn "'}"
#define IPVE             "InvalidParameterValueException"
#define RNF              "ResourceNotFoundException"

static void test_delete__removes_everything_of_the_function(void **state)
{
    struct lambda_fixture *f = *state;
    api_make_function(f, "f", "echo", ",'Publish':true,'Tags':{'a':'b'}");
    api_expect_status(f, "POST", FUNCTIONS "/f/aliases", "{'Name':'live','FunctionVersion':'1'}",
                      201);
    api_expect_status(f, "DELETE", FUNCTIONS "/f", NULL, 204);
    api_expect_error(f, "GET", FUNCTIONS "/f", NULL, 404, RNF, NOT_FOUND("f"));
    api_expect_error(f, "GET", FUNCTIONS "/f?Qualifier=1", NULL, 404, RNF, NOT_FOUND("f:1"));
    api_make_function(f, "f", "echo", NULL);
    AUTO_JSON struct json_object *got = api_expect(f, "GET", FUNCTIONS "/f", NULL, 200);
    assert_members(got, "Code,Configuration");
    AUTO_JSON struct json_object *aliases = api_expect(f, "GET", FUNCTIONS "/f/aliases", NULL, 200);
    assert_member(aliases, "Aliases", "[]");
    AUTO_JSON struct json_object *version =
        api_expect(f, "POST", FUNCTIONS "/f/versions", "{}", 201);
    assert_member(version, "Version", "1");
}

static void test_delete__does_not_find_a_missing_function(void **state)
{
    api_expect_error(*state, "DELETE", FUNCTIONS "/f", NULL, 404, RNF, NOT_FOUND("f"));
    api_expect_error(*state, "DELETE", FUNCTIONS "/f?Qualifier=7", NULL, 404, RNF, NOT_FOUND("f"));
}

static void test_delete__keeps_latest_whether_the_function_exists_or_not(void **state)
{
    static const char expected[] =
        REFUSED("$LATEST version cannot be deleted without deleting the function.");
    api_expect_error(*state, "DELETE", FUNCTIONS "/f?Qualifier=%24LATEST", NULL, 400, IPVE,
                     expected);
    api_make_function(*state, "f", "echo", NULL);
    api_expect_error(*state, "DELETE", FUNCTIONS "/f%3A%24LATEST", NULL, 400, IPVE, expected);
}

static void test_delete__keeps_aliases(void **state)
{
    api_make_function(*state, "f", "echo", NULL);
    api_expect_error(*state, "DELETE", FUNCTIONS "/f?Qualifier=live", NULL, 400, IPVE,
                     REFUSED("Deletion of aliases is not currently supported."));
}

static void test_delete__removes_one_version(void **state)
{
    api_make_function(*state, "f", "echo", ",'Publish':true");
    api_expect_status(*state, "DELETE", FUNCTIONS "/f?Qualifier=1", NULL, 204);
    api_expect_status(*state, "GET", FUNCTIONS "/f?Qualifier=1", NULL, 404);
    api_expect_status(*state, "GET", FUNCTIONS "/f", NULL, 200);
}

static void test_delete__takes_an_absent_version_for_deleted(void **state)
{
    api_make_function(*state, "f", "echo", NULL);
    api_expect_status(*state, "DELETE", FUNCTIONS "/f?Qualifier=99", NULL, 204);
}

static void test_delete__keeps_a_version_that_aliases_need(void **state)
{
    struct lambda_fixture *f = *state;
    api_make_function(f, "f", "echo", ",'Publish':true");
    api_expect_status(f, "PUT", FUNCTIONS "/f/configuration", "{'Description':'other'}", 200);
    api_expect_status(f, "POST", FUNCTIONS "/f/versions", "{}", 201);
    api_expect_status(f, "POST", FUNCTIONS "/f/aliases", "{'Name':'live','FunctionVersion':'1'}",
                      201);
    api_expect_status(f, "POST", FUNCTIONS "/f/aliases",
                      "{'Name':'both','FunctionVersion':'2',"
                      "'RoutingConfig':{'AdditionalVersionWeights':{'1':0.5}}}",
                      201);
    api_expect_error(f, "DELETE", FUNCTIONS "/f?Qualifier=1", NULL, 409,
                     "ResourceConflictException",
                     REFUSED("Unable to delete version because the following aliases reference "
                             "it: [both, live]"));
    api_expect_status(f, "DELETE", FUNCTIONS "/f/aliases/both", NULL, 204);
    api_expect_status(f, "DELETE", FUNCTIONS "/f/aliases/live", NULL, 204);
    api_expect_status(f, "DELETE", FUNCTIONS "/f?Qualifier=1", NULL, 204);
}

static void test_delete__refuses_two_different_qualifiers(void **state)
{
    api_expect_error(*state, "DELETE", FUNCTIONS "/f%3A1?Qualifier=2", NULL, 400, IPVE,
                     REFUSED("The derived qualifier from the function name does not match the "
                             "specified qualifier."));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, lambda_fixture_setup, lambda_fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_delete__removes_everything_of_the_function),
        TEST(test_delete__does_not_find_a_missing_function),
        TEST(test_delete__keeps_latest_whether_the_function_exists_or_not),
        TEST(test_delete__keeps_aliases),
        TEST(test_delete__removes_one_version),
        TEST(test_delete__takes_an_absent_version_for_deleted),
        TEST(test_delete__keeps_a_version_that_aliases_need),
        TEST(test_delete__refuses_two_different_qualifiers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
