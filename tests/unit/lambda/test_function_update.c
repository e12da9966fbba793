#include "function_members.h"
#include "lambda_fixture.h"

/* base64 of an archive without files, and its hash. */
#define EMPTY_ZIP      "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="
#define EMPTY_ZIP_HASH "hznHbmgfkAkjuQDJ3w73XPQh05yrtUZQxLmtGbanbYU="

#define CONFIGURATION    FUNCTIONS "/f/configuration"
#define CODE             FUNCTIONS "/f/code"
#define REFUSED(message) "{'Type':'User','message':'" message "'}"
#define IPVE             "InvalidParameterValueException"
#define OTHER_REVISION                                                                             \
    REFUSED("The Revision Id provided does not match the latest Revision Id. Call the "            \
            "GetFunction/GetAlias API to retrieve the latest Revision Id")

static int setup(void **state)
{
    if (lambda_fixture_setup(state) != 0)
        return -1;
    api_make_function(*state, "f", "echo", ",'Environment':{'Variables':{'OLD':'1'}}");
    return 0;
}

static char *revision_of(struct json_object *json)
{
    return xstrdup(json_object_get_string(json_at(json, "RevisionId")));
}

static char *current_revision(void **state)
{
    AUTO_JSON struct json_object *got = api_expect(*state, "GET", CONFIGURATION, NULL, 200);
    return revision_of(got);
}

static void assert_updating(struct json_object *got)
{
    assert_member(got, "State", "Active");
    assert_member(got, "LastUpdateStatus", "InProgress");
    assert_member(got, "LastUpdateStatusReason", "The function is being created.");
    assert_member(got, "LastUpdateStatusReasonCode", "Creating");
}

static void test_configuration__replaces_given_members(void **state)
{
    AUTO_JSON struct json_object *got =
        api_expect(*state, "PUT", CONFIGURATION,
                   "{'Description':'changed','Timeout':10,'MemorySize':512,'Handler':'context',"
                   "'TracingConfig':{'Mode':'Active'},'EphemeralStorage':{'Size':600}}",
                   200);
    assert_members(got, MEMBERS_UPDATING ",Environment");
    assert_updating(got);
    AUTO_JSON struct json_object *now = api_expect(*state, "GET", CONFIGURATION, NULL, 200);
    assert_members(now, MEMBERS_STORED ",Environment");
    assert_member(now, "LastUpdateStatus", "Successful");
    assert_member(now, "Description", "changed");
    assert_member(now, "Timeout", "10");
    assert_member(now, "MemorySize", "512");
    assert_member(now, "Handler", "context");
    assert_member(now, "TracingConfig", "{'Mode':'Active'}");
    assert_member(now, "EphemeralStorage", "{'Size':600}");
    assert_member(now, "Environment", "{'Variables':{'OLD':'1'}}");
}

static void test_configuration__replaces_the_whole_environment(void **state)
{
    AUTO_JSON struct json_object *got =
        api_expect(*state, "PUT", CONFIGURATION, "{'Environment':{'Variables':{'NEW':'2'}}}", 200);
    assert_member(got, "Environment", "{'Variables':{'NEW':'2'}}");
    AUTO_JSON struct json_object *empty =
        api_expect(*state, "PUT", CONFIGURATION, "{'Environment':{}}", 200);
    assert_member(empty, "Environment", "{'Variables':{}}");
}

static void test_configuration__gives_another_revision_each_time(void **state)
{
    AUTO_FREE char *first = current_revision(state);
    AUTO_JSON struct json_object *got =
        api_expect(*state, "PUT", CONFIGURATION, "{'Description':''}", 200);
    AUTO_FREE char *second = revision_of(got);
    AUTO_FREE char *third = current_revision(state);
    assert_string_not_equal(first, second);
    assert_string_not_equal(second, third);
    assert_string_not_equal(first, third);
}

static void test_configuration__follows_the_log_format_with_levels(void **state)
{
    AUTO_JSON struct json_object *json =
        api_expect(*state, "PUT", CONFIGURATION,
                   "{'LoggingConfig':{'LogFormat':'JSON','SystemLogLevel':'DEBUG'}}", 200);
    assert_member(json, "LoggingConfig.ApplicationLogLevel", "INFO");
    assert_member(json, "LoggingConfig.SystemLogLevel", "DEBUG");
    AUTO_JSON struct json_object *group = api_expect(
        *state, "PUT", CONFIGURATION, "{'LoggingConfig':{'LogGroup':'cool_lambda'}}", 200);
    assert_member(group, "LoggingConfig.LogFormat", "JSON");
    assert_member(group, "LoggingConfig.LogGroup", "cool_lambda");
    assert_member(group, "LoggingConfig.SystemLogLevel", "DEBUG");
    AUTO_JSON struct json_object *text =
        api_expect(*state, "PUT", CONFIGURATION, "{'LoggingConfig':{'LogFormat':'Text'}}", 200);
    assert_member(text, "LoggingConfig", "{'LogFormat':'Text','LogGroup':'cool_lambda'}");
}

static void test_configuration__empties_the_network(void **state)
{
    api_expect_status(*state, "PUT", CONFIGURATION,
                      "{'VpcConfig':{'SubnetIds':['subnet-1'],'SecurityGroupIds':['sg-1']}}", 200);
    AUTO_JSON struct json_object *got = api_expect(
        *state, "PUT", CONFIGURATION, "{'VpcConfig':{'SubnetIds':[],'SecurityGroupIds':[]}}", 200);
    assert_member(got, "VpcConfig",
                  "{'SubnetIds':[],'SecurityGroupIds':[],'VpcId':'',"
                  "'Ipv6AllowedForDualStack':false}");
}

static void test_configuration__forgets_an_empty_target_for_dead_letters(void **state)
{
    static const char given[] =
        "{'DeadLetterConfig':{'TargetArn':'arn:aws:sqs:us-east-1:123456789012:q'}}";
    AUTO_JSON struct json_object *set = api_expect(*state, "PUT", CONFIGURATION, given, 200);
    assert_members(set, MEMBERS_UPDATING ",Environment,DeadLetterConfig");
    AUTO_JSON struct json_object *unset =
        api_expect(*state, "PUT", CONFIGURATION, "{'DeadLetterConfig':{'TargetArn':''}}", 200);
    assert_members(unset, MEMBERS_UPDATING ",Environment");
}

static void test_configuration__takes_the_current_revision_only(void **state)
{
    AUTO_FREE char *current = current_revision(state);
    AUTO_FREE char *body = xasprintf("{'Description':'x','RevisionId':'%s'}", current);
    api_expect_status(*state, "PUT", CONFIGURATION, body, 200);
    api_expect_error(*state, "PUT", CONFIGURATION, body, 412, "PreconditionFailedException",
                     OTHER_REVISION);
}

static void test_configuration__refuses_what_create_refuses(void **state)
{
    static const char *const cases[][2] = {
        {"{'Runtime':'ruby2.7'}",
         REFUSED("The runtime parameter of ruby2.7 is no longer supported for creating or updating "
                 "AWS Lambda functions. We recommend you use a supported runtime while creating "
                 "or updating functions.")},
        {"{'Environment':{'Variables':{'LAMBDA_TASK_ROOT':'x','AWS_REGION':'y'}}}",
         REFUSED("Lambda was unable to configure your environment variables because the "
                 "environment variables you have provided contains reserved keys that are "
                 "currently not supported for modification. Reserved keys used in this request: "
                 "LAMBDA_TASK_ROOT, AWS_REGION")},
        {"{'Layers':['arn:aws:lambda:us-east-1:123456789012:layer:l:1']}",
         REFUSED("Layers is not supported by this server: what a function needs comes with its "
                 "deployment package.")},
        {"{'Role':'arn:aws:iam::123456789012:role/nobody'}",
         REFUSED("The role defined for the function cannot be assumed by Lambda.")},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        api_expect_error(*state, "PUT", CONFIGURATION, cases[i][0], 400, IPVE, cases[i][1]);
}

static void test_updates__do_not_find_a_missing_function(void **state)
{
    static const char expected[] =
        "{'Type':'User','Message':'Function not found: " FIXTURE_ARN "none'}";
    api_expect_error(*state, "PUT", FUNCTIONS "/none/configuration", "{}", 404,
                     "ResourceNotFoundException", expected);
    api_expect_error(*state, "PUT", FUNCTIONS "/none/code", "{'ZipFile':'" EMPTY_ZIP "'}", 404,
                     "ResourceNotFoundException", expected);
}

static void test_updates__change_no_version_or_alias(void **state)
{
    static const char expected[] =
        REFUSED("This operation is permitted on Lambda functions only. Aliases and versions do "
                "not support this operation. Please specify either a function name or an "
                "unqualified function ARN.");
    api_expect_error(*state, "PUT", FUNCTIONS "/f%3A1/configuration", "{}", 400, IPVE, expected);
    api_expect_error(*state, "PUT", FUNCTIONS "/f%3A1/code", "{'ZipFile':'" EMPTY_ZIP "'}", 400,
                     IPVE, expected);
}

static void test_code__measures_the_package(void **state)
{
    AUTO_JSON struct json_object *got = api_expect(
        *state, "PUT", CODE, "{'ZipFile':'" EMPTY_ZIP "','Architectures':['arm64']}", 200);
    assert_members(got, MEMBERS_UPDATING ",Environment");
    assert_updating(got);
    assert_member(got, "CodeSize", "22");
    assert_member(got, "CodeSha256", EMPTY_ZIP_HASH);
    assert_member(got, "Architectures", "['arm64']");
}

static void test_code__outlives_a_change_of_the_configuration(void **state)
{
    api_expect_status(*state, "PUT", CODE, "{'ZipFile':'" EMPTY_ZIP "'}", 200);
    AUTO_JSON struct json_object *got =
        api_expect(*state, "PUT", CONFIGURATION, "{'Handler':'context'}", 200);
    assert_member(got, "CodeSize", "22");
    assert_member(got, "CodeSha256", EMPTY_ZIP_HASH);
}

static void test_code__publishes(void **state)
{
    AUTO_JSON struct json_object *got =
        api_expect(*state, "PUT", CODE, "{'ZipFile':'" EMPTY_ZIP "','Publish':true}", 200);
    assert_members(got, MEMBERS_CREATING ",Environment");
    assert_member(got, "FunctionArn", FIXTURE_ARN "f:1");
    assert_member(got, "Version", "1");
    assert_member(got, "State", "Pending");
    assert_member(got, "CodeSha256", EMPTY_ZIP_HASH);
    AUTO_JSON struct json_object *latest = api_expect(*state, "GET", CONFIGURATION, NULL, 200);
    assert_member(latest, "Version", "$LATEST");
    assert_member(latest, "CodeSha256", EMPTY_ZIP_HASH);
}

static void test_code__changes_nothing_in_a_dry_run(void **state)
{
    AUTO_FREE char *before = current_revision(state);
    AUTO_JSON struct json_object *got =
        api_expect(*state, "PUT", CODE, "{'ZipFile':'" EMPTY_ZIP "','DryRun':true}", 200);
    assert_members(got, MEMBERS_STORED ",Environment");
    assert_member(got, "CodeSha256", EMPTY_ZIP_HASH);
    assert_member(got, "RevisionId", before);
    AUTO_JSON struct json_object *now = api_expect(*state, "GET", CONFIGURATION, NULL, 200);
    assert_member(now, "CodeSize", "0");
    assert_member(now, "RevisionId", before);
}

static void test_code__takes_the_current_revision_only(void **state)
{
    AUTO_FREE char *current = current_revision(state);
    AUTO_FREE char *body = xasprintf("{'ZipFile':'" EMPTY_ZIP "','RevisionId':'%s'}", current);
    api_expect_status(*state, "PUT", CODE, body, 200);
    api_expect_error(*state, "PUT", CODE, body, 412, "PreconditionFailedException", OTHER_REVISION);
}

static void test_code__needs_a_package(void **state)
{
    static const char *const cases[][2] = {
        {"{}", REFUSED("Please provide a source for function code.")},
        {"{'ZipFile':'bm90IGEgemlw'}",
         REFUSED("Could not unzip uploaded file. Please check your file, then try to upload "
                 "again.")},
        {"{'S3Bucket':'code','S3Key':'f.zip'}",
         REFUSED("A built-in function takes no code from a bucket: send a ZipFile or no code at "
                 "all.")},
        {"{'ImageUri':'image:1'}",
         REFUSED("Container images are not supported: this server runs functions from ZIP "
                 "archives.")},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        api_expect_error(*state, "PUT", CODE, cases[i][0], 400, IPVE, cases[i][1]);
}

static void test_updates__survive_a_restart(void **state)
{
    struct lambda_fixture *f = *state;
    void *dir = f->dir;
    json_object_put(api_expect(f, "PUT", CONFIGURATION, "{'Description':'kept'}", 200));
    lambda_fixture_close(f);
    lambda_fixture_open(f, dir, NULL);
    f->dir = dir;
    AUTO_JSON struct json_object *got = api_expect(f, "GET", CONFIGURATION, NULL, 200);
    assert_member(got, "Description", "kept");
    assert_members(got, MEMBERS_STORED ",Environment");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, lambda_fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_configuration__replaces_given_members),
        TEST(test_configuration__replaces_the_whole_environment),
        TEST(test_configuration__gives_another_revision_each_time),
        TEST(test_configuration__follows_the_log_format_with_levels),
        TEST(test_configuration__empties_the_network),
        TEST(test_configuration__forgets_an_empty_target_for_dead_letters),
        TEST(test_configuration__takes_the_current_revision_only),
        TEST(test_configuration__refuses_what_create_refuses),
        TEST(test_updates__do_not_find_a_missing_function),
        TEST(test_updates__change_no_version_or_alias),
        TEST(test_code__measures_the_package),
        TEST(test_code__outlives_a_change_of_the_configuration),
        TEST(test_code__publishes),
        TEST(test_code__changes_nothing_in_a_dry_run),
        TEST(test_code__takes_the_current_revision_only),
        TEST(test_code__needs_a_package),
        TEST(test_updates__survive_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
