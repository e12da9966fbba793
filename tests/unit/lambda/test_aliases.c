#include "lambda_fixture.h"

#include "onput/encoding.h"

#define ALIASES                    FUNCTIONS "/f/aliases"
#define LIVE                       ALIASES "/live"
#define REFUSED(message)           "{'Type':'User','message':'" message "'}"
#define MISSING(message)           "{'Type':'User','Message':'" message "'}"
#define VALIDATION                 "ValidationException"
#define IPVE                       "InvalidParameterValueException"
#define RNF                        "ResourceNotFoundException"
#define ALIAS(name, version, more) "{'Name':'" name "','FunctionVersion':'" version "'" more "}"
#define WEIGHTS(weights)           ",'RoutingConfig':{'AdditionalVersionWeights':{" weights "}}"

/* Versions 1 and 2. */
static int setup(void **state)
{
    if (lambda_fixture_setup(state) != 0)
        return -1;
    api_make_function(*state, "f", "echo", ",'Publish':true");
    api_expect_status(*state, "PUT", FUNCTIONS "/f/configuration", "{'Timeout':9}", 200);
    api_expect_status(*state, "POST", FUNCTIONS "/f/versions", "{}", 201);
    return 0;
}

static void make(void **state, const char *body)
{
    api_expect_status(*state, "POST", ALIASES, body, 201);
}

static void test_create__answers_with_the_alias(void **state)
{
    AUTO_JSON struct json_object *got =
        api_expect(*state, "POST", ALIASES, ALIAS("live", "1", ",'Description':'what runs'"), 201);
    assert_members(got, "AliasArn,Name,FunctionVersion,Description,RevisionId");
    assert_member(got, "AliasArn", FIXTURE_ARN "f:live");
    assert_member(got, "Name", "live");
    assert_member(got, "FunctionVersion", "1");
    assert_member(got, "Description", "what runs");
    AUTO_JSON struct json_object *read = api_expect(*state, "GET", LIVE, NULL, 200);
    assert_string_equal(json_object_get_string(read), json_object_get_string(got));
}

static void test_create__takes_weights(void **state)
{
    AUTO_JSON struct json_object *got =
        api_expect(*state, "POST", ALIASES, ALIAS("live", "1", WEIGHTS("'2':0.2")), 201);
    assert_members(got, "AliasArn,Name,FunctionVersion,Description,RoutingConfig,RevisionId");
    assert_member(got, "RoutingConfig", "{'AdditionalVersionWeights':{'2':0.2}}");
    assert_member(got, "Description", "");
}

static void test_create__shows_whole_weights_as_fractions(void **state)
{
    AUTO_JSON struct json_object *got =
        api_expect(*state, "POST", ALIASES, ALIAS("live", "1", WEIGHTS("'2':1")), 201);
    assert_member(got, "RoutingConfig", "{'AdditionalVersionWeights':{'2':1.0}}");
}

static void test_create__forgets_an_empty_routing(void **state)
{
    AUTO_JSON struct json_object *got =
        api_expect(*state, "POST", ALIASES, ALIAS("live", "1", ",'RoutingConfig':{}"), 201);
    assert_members(got, "AliasArn,Name,FunctionVersion,Description,RevisionId");
}

static void test_create__points_at_latest(void **state)
{
    AUTO_JSON struct json_object *got =
        api_expect(*state, "POST", ALIASES, ALIAS("live", "$LATEST", ""), 201);
    assert_member(got, "FunctionVersion", "$LATEST");
}

static void test_create__leaves_the_revision_of_the_function(void **state)
{
    AUTO_JSON struct json_object *before =
        api_expect(*state, "GET", FUNCTIONS "/f/configuration", NULL, 200);
    make(state, ALIAS("live", "1", ""));
    AUTO_JSON struct json_object *after =
        api_expect(*state, "GET", FUNCTIONS "/f/configuration", NULL, 200);
    assert_member(after, "RevisionId", json_object_get_string(json_at(before, "RevisionId")));
}

static void test_create__refuses_a_second_one(void **state)
{
    make(state, ALIAS("live", "1", ""));
    api_expect_error(*state, "POST", ALIASES, ALIAS("live", "2", ""), 409,
                     "ResourceConflictException",
                     REFUSED("Alias already exists: " FIXTURE_ARN "f:live"));
}

static void test_create__does_not_find_missing_targets(void **state)
{
    api_expect_error(*state, "POST", ALIASES, ALIAS("live", "10", WEIGHTS("'2':0.5")), 404, RNF,
                     MISSING("Function not found: " FIXTURE_ARN "f:10"));
    api_expect_error(*state, "POST", ALIASES, ALIAS("live", "1", WEIGHTS("'10':0.5")), 404, RNF,
                     MISSING("Function not found: " FIXTURE_ARN "f:10"));
    api_expect_error(*state, "POST", FUNCTIONS "/none/aliases", ALIAS("live", "1", ""), 404, RNF,
                     MISSING("Function not found: " FIXTURE_ARN "none:1"));
}

static void test_create__refuses_impossible_weights(void **state)
{
    api_expect_error(*state, "POST", ALIASES, ALIAS("live", "1", WEIGHTS("'1':0.8,'2':0.2")), 400,
                     IPVE,
                     REFUSED("Number of items in AdditionalVersionWeights cannot be greater than "
                             "1"));
    api_expect_error(*state, "POST", ALIASES, ALIAS("live", "1", WEIGHTS("'1':0.5")), 400, IPVE,
                     REFUSED("Invalid function version 1. Function version 1 is already included "
                             "in routing configuration."));
    api_expect_error(*state, "POST", ALIASES, ALIAS("live", "$LATEST", WEIGHTS("'1':0.5")), 400,
                     IPVE,
                     "{'message':'$LATEST is not supported for an alias pointing to more than 1 "
                     "version'}");
}

static void test_create__refuses_weights_of_a_wrong_shape(void **state)
{
    api_expect_error(*state, "POST", ALIASES, ALIAS("live", "1", WEIGHTS("'2':2")), 400, VALIDATION,
                     "{'message':'1 validation error detected: Value `{2=2.0}` at "
                     "`routingConfig.additionalVersionWeights` failed to satisfy constraint: Map "
                     "value must satisfy constraint: [Member must have value less than or equal "
                     "to 1.0, Member must have value greater than or equal to 0.0, Member must "
                     "not be null]'}");
    api_expect_error(*state, "POST", ALIASES, ALIAS("live", "1", WEIGHTS("'2':-1")), 400,
                     VALIDATION,
                     "{'message':'1 validation error detected: Value `{2=-1.0}` at "
                     "`routingConfig.additionalVersionWeights` failed to satisfy constraint: Map "
                     "value must satisfy constraint: [Member must have value less than or equal "
                     "to 1.0, Member must have value greater than or equal to 0.0, Member must "
                     "not be null]'}");
    api_expect_error(*state, "POST", ALIASES, ALIAS("live", "1", WEIGHTS("'$LATEST':0.5")), 400,
                     VALIDATION,
                     "{'message':'1 validation error detected: Value `{$LATEST=0.5}` at "
                     "`routingConfig.additionalVersionWeights` failed to satisfy constraint: Map "
                     "keys must satisfy constraint: [Member must have length less than or equal "
                     "to 1024, Member must have length greater than or equal to 1, Member must "
                     "satisfy regular expression pattern: [0-9]+]'}");
}

static void test_create__takes_dates_but_no_numbers_for_names(void **state)
{
    make(state, ALIAS("2024-01-02", "1", ""));
    api_expect_status(*state, "GET", ALIASES "/2024-01-02", NULL, 200);
    api_expect_error(*state, "POST", ALIASES, ALIAS("2024", "1", ""), 400, VALIDATION,
                     "{'message':'1 validation error detected: Value `2024` at `name` failed to "
                     "satisfy constraint: Member must satisfy regular expression pattern: "
                     "(?!^[0-9]+$)([a-zA-Z0-9-_]+)'}");
}

static void test_get__does_not_find_missing_ones(void **state)
{
    api_expect_error(*state, "GET", LIVE, NULL, 404, RNF,
                     MISSING("Cannot find alias arn: " FIXTURE_ARN "f:live"));
    api_expect_error(*state, "GET", FUNCTIONS "/none/aliases/live", NULL, 404, RNF,
                     MISSING("Function not found: " FIXTURE_ARN "none"));
}

static void test_update__replaces_given_members(void **state)
{
    make(state, ALIAS("live", "1", ",'Description':'old'" WEIGHTS("'2':0.2")));
    AUTO_JSON struct json_object *before = api_expect(*state, "GET", LIVE, NULL, 200);
    AUTO_JSON struct json_object *got =
        api_expect(*state, "PUT", LIVE, "{'Description':'new'}", 200);
    assert_members(got, "AliasArn,Name,FunctionVersion,Description,RoutingConfig,RevisionId");
    assert_member(got, "Description", "new");
    assert_member(got, "FunctionVersion", "1");
    assert_string_not_equal(json_object_get_string(json_at(got, "RevisionId")),
                            json_object_get_string(json_at(before, "RevisionId")));
    AUTO_JSON struct json_object *moved =
        api_expect(*state, "PUT", LIVE, "{'FunctionVersion':'2','RoutingConfig':{}}", 200);
    assert_members(moved, "AliasArn,Name,FunctionVersion,Description,RevisionId");
    assert_member(moved, "FunctionVersion", "2");
}

static void test_update__checks_the_target_that_comes_out(void **state)
{
    make(state, ALIAS("live", "1", WEIGHTS("'2':0.2")));
    api_expect_error(*state, "PUT", LIVE, "{'FunctionVersion':'2'}", 400, IPVE,
                     REFUSED("Invalid function version 2. Function version 2 is already included "
                             "in routing configuration."));
    api_expect_error(*state, "PUT", LIVE, "{'FunctionVersion':'3'}", 404, RNF,
                     MISSING("Function not found: " FIXTURE_ARN "f:3"));
}

static void test_update__takes_the_current_revision_only(void **state)
{
    make(state, ALIAS("live", "1", ""));
    AUTO_JSON struct json_object *now = api_expect(*state, "GET", LIVE, NULL, 200);
    AUTO_FREE char *body = xasprintf("{'Description':'x','RevisionId':'%s'}",
                                     json_object_get_string(json_at(now, "RevisionId")));
    api_expect_status(*state, "PUT", LIVE, body, 200);
    api_expect_error(*state, "PUT", LIVE, body, 412, "PreconditionFailedException",
                     REFUSED("The Revision Id provided does not match the latest Revision Id. "
                             "Call the GetFunction/GetAlias API to retrieve the latest Revision "
                             "Id"));
}

static void test_update__does_not_find_missing_ones(void **state)
{
    api_expect_error(*state, "PUT", LIVE, "{'Description':'x'}", 404, RNF,
                     MISSING("Alias not found: " FIXTURE_ARN "f:live"));
    api_expect_error(*state, "PUT", FUNCTIONS "/none/aliases/live", "{'Description':'x'}", 404, RNF,
                     MISSING("Function not found: " FIXTURE_ARN "none"));
}

static void test_delete__removes_the_alias_and_what_it_had(void **state)
{
    make(state, ALIAS("live", "1", ""));
    api_expect_status(*state, "POST", FUNCTIONS "/f/policy?Qualifier=live",
                      "{'StatementId':'s','Action':'lambda:InvokeFunction',"
                      "'Principal':'s3.amazonaws.com'}",
                      201);
    api_expect_status(*state, "PUT", "/2019-09-25/functions/f/event-invoke-config?Qualifier=live",
                      "{'MaximumRetryAttempts':1}", 200);
    api_expect_status(*state, "POST", "/2021-10-31/functions/f/url?Qualifier=live",
                      "{'AuthType':'NONE'}", 201);
    api_expect_status(*state, "DELETE", LIVE, NULL, 204);
    api_expect_status(*state, "GET", LIVE, NULL, 404);
    make(state, ALIAS("live", "1", ""));
    api_expect_status(*state, "GET", FUNCTIONS "/f/policy?Qualifier=live", NULL, 404);
    api_expect_status(*state, "GET", "/2019-09-25/functions/f/event-invoke-config?Qualifier=live",
                      NULL, 404);
    api_expect_status(*state, "GET", "/2021-10-31/functions/f/url?Qualifier=live", NULL, 404);
}

static void test_delete__takes_an_absent_alias_for_deleted(void **state)
{
    api_expect_status(*state, "DELETE", LIVE, NULL, 204);
    api_expect_error(*state, "DELETE", FUNCTIONS "/none/aliases/live", NULL, 404, RNF,
                     MISSING("Function not found: " FIXTURE_ARN "none"));
}

static void test_list__shows_them_by_name_and_by_version(void **state)
{
    make(state, ALIAS("b", "1", ""));
    make(state, ALIAS("c", "2", ""));
    make(state, ALIAS("a", "1", WEIGHTS("'2':0.5")));
    AUTO_JSON struct json_object *all = api_expect(*state, "GET", ALIASES, NULL, 200);
    assert_members(all, "Aliases");
    assert_int_equal(json_object_array_length(json_at(all, "Aliases")), 3);
    assert_member(all, "Aliases[0].Name", "a");
    assert_members(json_at(all, "Aliases[0]"),
                   "AliasArn,Name,FunctionVersion,Description,RoutingConfig,RevisionId");
    assert_member(all, "Aliases[2].AliasArn", FIXTURE_ARN "f:c");
    AUTO_JSON struct json_object *of_1 =
        api_expect(*state, "GET", ALIASES "?FunctionVersion=1", NULL, 200);
    assert_int_equal(json_object_array_length(json_at(of_1, "Aliases")), 2);
    assert_member(of_1, "Aliases[1].Name", "b");
    api_expect_error(*state, "GET", FUNCTIONS "/none/aliases", NULL, 404, RNF,
                     MISSING("Function not found: " FIXTURE_ARN "none"));
}

static void test_list__goes_by_pages(void **state)
{
    make(state, ALIAS("a", "1", ""));
    make(state, ALIAS("b", "2", ""));
    make(state, ALIAS("c", "1", ""));
    AUTO_JSON struct json_object *first =
        api_expect(*state, "GET", ALIASES "?MaxItems=1&FunctionVersion=1", NULL, 200);
    assert_members(first, "Aliases,NextMarker");
    assert_member(first, "Aliases[0].Name", "a");
    AUTO_BUFFER struct buffer target;
    buffer_init(&target, 1024);
    buffer_append_string(&target, ALIASES "?MaxItems=1&FunctionVersion=1&Marker=");
    buffer_append_uri(&target, json_text(json_at(first, "NextMarker")), false);
    AUTO_JSON struct json_object *last = api_expect(*state, "GET", target.data, NULL, 200);
    assert_members(last, "Aliases");
    assert_member(last, "Aliases[0].Name", "c");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, lambda_fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_create__answers_with_the_alias),
        TEST(test_create__takes_weights),
        TEST(test_create__shows_whole_weights_as_fractions),
        TEST(test_create__forgets_an_empty_routing),
        TEST(test_create__points_at_latest),
        TEST(test_create__leaves_the_revision_of_the_function),
        TEST(test_create__refuses_a_second_one),
        TEST(test_create__does_not_find_missing_targets),
        TEST(test_create__refuses_impossible_weights),
        TEST(test_create__refuses_weights_of_a_wrong_shape),
        TEST(test_create__takes_dates_but_no_numbers_for_names),
        TEST(test_get__does_not_find_missing_ones),
        TEST(test_update__replaces_given_members),
        TEST(test_update__checks_the_target_that_comes_out),
        TEST(test_update__takes_the_current_revision_only),
        TEST(test_update__does_not_find_missing_ones),
        TEST(test_delete__removes_the_alias_and_what_it_had),
        TEST(test_delete__takes_an_absent_alias_for_deleted),
        TEST(test_list__shows_them_by_name_and_by_version),
        TEST(test_list__goes_by_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
