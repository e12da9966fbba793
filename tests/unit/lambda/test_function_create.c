#include "function_members.h"
#include "lambda_fixture.h"

#include "onput/encoding.h"

/* base64 of an archive without files, and its size and hash. */
#define EMPTY_ZIP      "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="
#define EMPTY_ZIP_HASH "hznHbmgfkAkjuQDJ3w73XPQh05yrtUZQxLmtGbanbYU="

#define CREATE(members)                                                                            \
    "{'FunctionName':'f','Runtime':'onput.builtin','Handler':'echo','Role':'" FIXTURE_ROLE         \
    "','Code':{}" members "}"
#define REFUSED(message) "{'Type':'User','message':'" message "'}"
#define IPVE             "InvalidParameterValueException"

#define RUNTIMES                                                                                   \
    "nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, "    \
    "java25, python3.10, python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, "    \
    "java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x, provided.al2, "           \
    "java8.al2"

static void refused(void **state, const char *body, const char *expected)
{
    api_expect_error(*state, "POST", FUNCTIONS, body, 400, IPVE, expected);
    api_expect_status(*state, "GET", FUNCTIONS "/f", NULL, 404);
}

static void refused_with(void **state, const char *body, const char *part)
{
    struct api_answer answer;
    AUTO_FREE char *json = xstrdup(body);
    for (char *p = json; *p != '\0'; p++)
        if (*p == '\'')
            *p = '"';
    api_call(*state, "POST", FUNCTIONS, json, &answer);
    assert_int_equal(answer.status, 400);
    assert_text(answer.error_type, IPVE);
    assert_contains(answer.body.ptr, part);
    api_answer_release(&answer);
}

static void test_create__answers_with_the_function_as_pending(void **state)
{
    AUTO_JSON struct json_object *got = api_expect(*state, "POST", FUNCTIONS, CREATE(), 201);
    assert_members(got, MEMBERS_CREATING);
    assert_member(got, "FunctionName", "f");
    assert_member(got, "FunctionArn", FIXTURE_ARN "f");
    assert_member(got, "Runtime", "onput.builtin");
    assert_member(got, "Role", FIXTURE_ROLE);
    assert_member(got, "Handler", "echo");
    assert_member(got, "CodeSize", "0");
    assert_member(got, "Description", "");
    assert_member(got, "Timeout", "3");
    assert_member(got, "MemorySize", "128");
    assert_member(got, "LastModified", "2025-11-25T02:26:54.123+0000");
    assert_member(got, "Version", "$LATEST");
    assert_member(got, "TracingConfig", "{'Mode':'PassThrough'}");
    assert_member(got, "State", "Pending");
    assert_member(got, "StateReason", "The function is being created.");
    assert_member(got, "StateReasonCode", "Creating");
    assert_member(got, "PackageType", "Zip");
    assert_member(got, "EphemeralStorage", "{'Size':512}");
    assert_member(got, "SnapStart", "{'ApplyOn':'None','OptimizationStatus':'Off'}");
    assert_member(got, "LoggingConfig", "{'LogFormat':'Text','LogGroup':'/aws/lambda/f'}");
    assert_int_equal(json_object_get_string_len(json_at(got, "RevisionId")), 36);
}

static void test_create__leaves_an_active_function_with_another_revision(void **state)
{
    AUTO_JSON struct json_object *made = api_expect(*state, "POST", FUNCTIONS, CREATE(), 201);
    AUTO_JSON struct json_object *got =
        api_expect(*state, "GET", FUNCTIONS "/f/configuration", NULL, 200);
    assert_members(got, MEMBERS_STORED);
    assert_member(got, "State", "Active");
    assert_member(got, "LastUpdateStatus", "Successful");
    assert_string_not_equal(json_object_get_string(json_at(got, "RevisionId")),
                            json_object_get_string(json_at(made, "RevisionId")));
}

static void test_create__takes_every_setting(void **state)
{
    AUTO_JSON struct json_object *got = api_expect(
        *state, "POST", FUNCTIONS,
        CREATE(",'Description':'what it does','Timeout':30,'MemorySize':256,"
               "'TracingConfig':{'Mode':'Active'},'Architectures':['arm64'],"
               "'EphemeralStorage':{'Size':1024},'SnapStart':{'ApplyOn':'PublishedVersions'},"
               "'LoggingConfig':{'LogFormat':'JSON','ApplicationLogLevel':'DEBUG'},"
               "'Environment':{'Variables':{'ENV_A':'a'}},"
               "'DeadLetterConfig':{'TargetArn':'arn:aws:sqs:us-east-1:123456789012:q'},"
               "'VpcConfig':{'SubnetIds':['subnet-1'],'SecurityGroupIds':['sg-1']},"
               "'KMSKeyArn':'arn:aws:kms:us-east-1:123456789012:key/1'"),
        201);
    assert_members(got, MEMBERS_CREATING ",Environment,DeadLetterConfig,VpcConfig,KMSKeyArn");
    assert_member(got, "Description", "what it does");
    assert_member(got, "Timeout", "30");
    assert_member(got, "MemorySize", "256");
    assert_member(got, "TracingConfig", "{'Mode':'Active'}");
    assert_member(got, "Architectures", "['arm64']");
    assert_member(got, "EphemeralStorage", "{'Size':1024}");
    assert_member(got, "SnapStart.ApplyOn", "PublishedVersions");
    assert_member(got, "LoggingConfig",
                  "{'LogFormat':'JSON','LogGroup':'/aws/lambda/f','ApplicationLogLevel':'DEBUG',"
                  "'SystemLogLevel':'INFO'}");
    assert_member(got, "Environment", "{'Variables':{'ENV_A':'a'}}");
    assert_member(got, "DeadLetterConfig", "{'TargetArn':'arn:aws:sqs:us-east-1:123456789012:q'}");
    assert_member(got, "VpcConfig",
                  "{'SubnetIds':['subnet-1'],'SecurityGroupIds':['sg-1'],'VpcId':'',"
                  "'Ipv6AllowedForDualStack':false}");
}

static void test_create__forgets_empty_members(void **state)
{
    AUTO_JSON struct json_object *got =
        api_expect(*state, "POST", FUNCTIONS,
                   CREATE(",'Environment':{},'DeadLetterConfig':{'TargetArn':''},'Layers':[],"
                          "'FileSystemConfigs':[],'KMSKeyArn':''"),
                   201);
    assert_members(got, MEMBERS_CREATING ",Environment");
    assert_member(got, "Environment", "{'Variables':{}}");
}

static void test_create__finds_the_name_in_every_spelling(void **state)
{
    AUTO_JSON struct json_object *got =
        api_expect(*state, "POST", FUNCTIONS,
                   "{'FunctionName':'" FIXTURE_ARN "f','Runtime':'onput.builtin','Handler':'echo',"
                   "'Role':'" FIXTURE_ROLE "','Code':{}}",
                   201);
    assert_member(got, "FunctionName", "f");
    assert_member(got, "FunctionArn", FIXTURE_ARN "f");
}

static void test_create__publishes_version_1(void **state)
{
    AUTO_JSON struct json_object *got =
        api_expect(*state, "POST", FUNCTIONS, CREATE(",'Publish':true"), 201);
    assert_members(got, MEMBERS_CREATING);
    assert_member(got, "Version", "1");
    assert_member(got, "FunctionArn", FIXTURE_ARN "f");
    AUTO_JSON struct json_object *latest =
        api_expect(*state, "GET", FUNCTIONS "/f/configuration", NULL, 200);
    AUTO_JSON struct json_object *version =
        api_expect(*state, "GET", FUNCTIONS "/f/configuration?Qualifier=1", NULL, 200);
    assert_member(latest, "Version", "$LATEST");
    assert_member(version, "Version", "1");
    assert_member(version, "FunctionArn", FIXTURE_ARN "f:1");
    assert_string_not_equal(json_object_get_string(json_at(latest, "RevisionId")),
                            json_object_get_string(json_at(version, "RevisionId")));
}

static void test_create__measures_a_package(void **state)
{
    AUTO_JSON struct json_object *got = api_expect(
        *state, "POST", FUNCTIONS,
        "{'FunctionName':'f','Runtime':'onput.builtin','Handler':'echo','Role':'" FIXTURE_ROLE
        "','Code':{'ZipFile':'" EMPTY_ZIP "'}}",
        201);
    assert_member(got, "CodeSize", "22");
    assert_member(got, "CodeSha256", EMPTY_ZIP_HASH);
}

static void test_create__refuses_a_second_one(void **state)
{
    api_expect_status(*state, "POST", FUNCTIONS, CREATE(), 201);
    api_expect_error(*state, "POST", FUNCTIONS, CREATE(), 409, "ResourceConflictException",
                     REFUSED("Function already exist: f"));
}

static void test_create__refuses_what_is_no_archive(void **state)
{
    refused(state,
            "{'FunctionName':'f','Runtime':'onput.builtin','Handler':'echo','Role':'" FIXTURE_ROLE
            "','Code':{'ZipFile':'bm90IGEgemlw'}}",
            REFUSED("Could not unzip uploaded file. Please check your file, then try to upload "
                    "again."));
}

/* A request with that package; the caller frees it. */
static char *with_package(const char *bytes, size_t len)
{
    struct buffer body;
    buffer_init(&body, 80 * 1024 * 1024);
    buffer_append_string(&body, "{\"FunctionName\":\"f\",\"Runtime\":\"onput.builtin\","
                                "\"Handler\":\"echo\",\"Role\":\"" FIXTURE_ROLE
                                "\",\"Code\":{\"ZipFile\":\"");
    buffer_append_base64(&body, bytes, len);
    buffer_append_string(&body, "\"}}");
    assert_false(buffer_failed(&body));
    return buffer_take(&body, NULL);
}

static void test_create__refuses_an_archive_that_is_too_large_when_unpacked(void **state)
{
    size_t len;
    AUTO_FREE char *archive = test_read_fixture("packages/bad/bomb/archive.zip", &len);
    AUTO_FREE char *body = with_package(archive, len);
    refused(state, body, REFUSED("Unzipped size must be smaller than 262144000 bytes"));
}

static void test_create__refuses_a_cut_archive(void **state)
{
    size_t len;
    AUTO_FREE char *archive = test_read_fixture("packages/bad/cut/archive.zip", &len);
    AUTO_FREE char *body = with_package(archive, len);
    refused(state, body,
            REFUSED("Could not unzip uploaded file. Please check your file, then try to upload "
                    "again."));
}

static void test_create__refuses_an_archive_that_is_too_large(void **state)
{
    size_t len = 52428801;
    AUTO_FREE char *archive = xcalloc(len, 1);
    AUTO_FREE char *body = with_package(archive, len);
    struct api_answer answer;
    api_call(*state, "POST", FUNCTIONS, body, &answer);
    assert_int_equal(answer.status, 413);
    assert_text(answer.error_type, "RequestEntityTooLargeException");
    assert_text(answer.body, "{\"message\":\"Zipped size must be smaller than 52428800 bytes\"}");
    api_answer_release(&answer);
}

static void test_create__refuses_code_in_a_bucket(void **state)
{
    refused(state,
            "{'FunctionName':'f','Runtime':'onput.builtin','Handler':'echo','Role':'" FIXTURE_ROLE
            "','Code':{'S3Bucket':'code','S3Key':'f.zip'}}",
            REFUSED("A built-in function takes no code from a bucket: send a ZipFile or no code "
                    "at all."));
    refused(state,
            "{'FunctionName':'f','Runtime':'onput.builtin','Handler':'echo','Role':'" FIXTURE_ROLE
            "','Code':{'ZipFile':'" EMPTY_ZIP "','S3Bucket':'code','S3Key':'f.zip'}}",
            REFUSED("Please do not provide other FunctionCode parameters when providing a "
                    "ZipFile."));
}

static void test_create__refuses_container_images(void **state)
{
    refused(state,
            "{'FunctionName':'f','Role':'" FIXTURE_ROLE "','PackageType':'Image',"
            "'Code':{'ImageUri':'image:1'}}",
            REFUSED("Container images are not supported: this server runs functions from ZIP "
                    "archives."));
}

static void refuses_runtime(void **state, const char *runtime, const char *expected)
{
    AUTO_FREE char *body = xasprintf(
        "{'FunctionName':'f','Runtime':'%s','Handler':'h.h','Role':'" FIXTURE_ROLE "','Code':{}}",
        runtime);
    refused(state, body, expected);
}

static void test_create__names_the_runtimes_that_lambda_has(void **state)
{
    refuses_runtime(state, "non-existent-runtime",
                    REFUSED("Value non-existent-runtime at `runtime` failed to satisfy "
                            "constraint: Member must satisfy enum value set: [" RUNTIMES
                            "] or be a valid ARN"));
    refuses_runtime(state, "PYTHON3.9",
                    REFUSED("Value PYTHON3.9 at `runtime` failed to satisfy constraint: Member "
                            "must satisfy enum value set: [" RUNTIMES "] or be a valid ARN"));
}

static void test_create__refuses_runtimes_of_the_past(void **state)
{
    refuses_runtime(state, "python3.7",
                    REFUSED("The runtime parameter of python3.7 is no longer supported for "
                            "creating or updating AWS Lambda functions. We recommend you use a "
                            "supported runtime while creating or updating functions."));
    refuses_runtime(state, "provided",
                    REFUSED("The runtime parameter of provided is no longer supported for "
                            "creating or updating AWS Lambda functions. We recommend you use a "
                            "supported runtime while creating or updating functions."));
}

static void test_create__says_how_to_have_another_runtime(void **state)
{
    refuses_runtime(state, "java21",
                    REFUSED("The runtime java21 is not available here: add "
                            "runtimes.java21.command to the configuration."));
}

static void test_create__needs_runtime_and_handler(void **state)
{
    refused(state,
            "{'FunctionName':'f','Runtime':'onput.builtin','Role':'" FIXTURE_ROLE "','Code':{}}",
            REFUSED("Runtime and Handler are mandatory parameters for functions created with "
                    "deployment packages."));
}

static void test_create__refuses_an_unknown_handler(void **state)
{
    refused_with(
        state,
        "{'FunctionName':'f','Runtime':'onput.builtin','Handler':'nothing','Role':'" FIXTURE_ROLE
        "','Code':{}}",
        "The handler nothing does not exist");
}

static void test_create__refuses_a_thumbnail_without_renditions(void **state)
{
    refused_with(
        state,
        "{'FunctionName':'f','Runtime':'onput.builtin','Handler':'thumbnail','Role':'" FIXTURE_ROLE
        "','Code':{}}",
        "RENDITIONS");
}

static void test_create__refuses_an_unknown_role(void **state)
{
    static const char expected[] =
        REFUSED("The role defined for the function cannot be assumed by Lambda.");
    refused(state,
            "{'FunctionName':'f','Runtime':'onput.builtin','Handler':'echo',"
            "'Role':'arn:aws:iam::123456789012:role/nobody','Code':{}}",
            expected);
    refused(state,
            "{'FunctionName':'f','Runtime':'onput.builtin','Handler':'echo',"
            "'Role':'arn:aws:iam::210987654321:role/onput-implied','Code':{}}",
            expected);
}

static void test_create__refuses_reserved_variables(void **state)
{
    refused(state, CREATE(",'Environment':{'Variables':{'AWS_REGION':'r','A_B':'c'}}"),
            REFUSED("Lambda was unable to configure your environment variables because the "
                    "environment variables you have provided contains reserved keys that are "
                    "currently not supported for modification. Reserved keys used in this "
                    "request: AWS_REGION"));
}

static char *environment_of(size_t value_bytes)
{
    AUTO_FREE char *value = xmalloc(value_bytes + 1);
    memset(value, 'x', value_bytes);
    value[value_bytes] = '\0';
    return xasprintf(CREATE(",'Environment':{'Variables':{'LARGE':'%s'}}"), value);
}

/* {"LARGE":"xxx"} is measured. */
static void test_create__refuses_variables_beyond_4_KiB(void **state)
{
    size_t around = strlen("{\"LARGE\":\"\"}");
    AUTO_FREE char *fits = environment_of(4096 - around);
    AUTO_FREE char *large = environment_of(4097 - around);
    refused_with(state, large,
                 "Lambda was unable to configure your environment variables because the "
                 "environment variables you have provided exceeded the 4KB limit. String "
                 "measured: {\\\"LARGE\\\":\\\"xxx");
    api_expect_status(*state, "POST", FUNCTIONS, fits, 201);
}

static void test_create__refuses_layers_and_file_systems(void **state)
{
    refused(state, CREATE(",'Layers':['arn:aws:lambda:us-east-1:123456789012:layer:l:1']"),
            REFUSED("Layers is not supported by this server: what a function needs comes with its "
                    "deployment package."));
    refused(state,
            CREATE(",'FileSystemConfigs':[{'Arn':'arn:aws:elasticfilesystem:us-east-1:"
                   "123456789012:access-point/fsap-00000000000000001',"
                   "'LocalMountPath':'/mnt/x'}]"),
            REFUSED("FileSystemConfigs is not supported by this server: what a function needs "
                    "comes with its deployment package."));
}

static void test_create__refuses_subnets_of_another_form(void **state)
{
    api_expect_error(*state, "POST", FUNCTIONS, CREATE(",'VpcConfig':{'SubnetIds':['bad_id']}"),
                     400, "ValidationException",
                     "{'message':'1 validation error detected: Value `[bad_id]` at "
                     "`vpcConfig.subnetIds` failed to satisfy constraint: Member must satisfy "
                     "constraint: [Member must have length less than or equal to 1024, Member must "
                     "have length greater than or equal to 0, Member must satisfy regular "
                     "expression pattern: subnet-[0-9a-z]*]'}");
}

static void test_create__refuses_levels_of_text_logs(void **state)
{
    refused(state, CREATE(",'LoggingConfig':{'LogFormat':'Text','SystemLogLevel':'INFO'}"),
            REFUSED("To set ApplicationLogLevel or SystemLogLevel, LogFormat must be JSON."));
}

static void test_create__refuses_more_than_50_tags(void **state)
{
    AUTO_BUFFER struct buffer tags;
    buffer_init(&tags, 8192);
    for (int i = 0; i < 51; i++)
        buffer_appendf(&tags, "%s'%d_key':'v'", i > 0 ? "," : "", i);
    AUTO_FREE char *body = xasprintf(CREATE(",'Tags':{%s}"), tags.data);
    refused(state, body, REFUSED("Number of tags exceeds resource tag limit."));
}

static void test_create__refuses_a_name_beyond_64_bytes(void **state)
{
    api_expect_error(
        *state, "POST", FUNCTIONS,
        "{'FunctionName':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',"
        "'Runtime':'onput.builtin','Handler':'echo','Role':'" FIXTURE_ROLE "','Code':{}}",
        400, IPVE,
        REFUSED("1 validation error detected: Value "
                "`aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` at "
                "`functionName` failed to satisfy constraint: Member must have length less than "
                "or equal to 64"));
}

static void test_create__needs_the_permission_to_pass_the_role(void **state)
{
    struct lambda_fixture f;
    struct api_answer answer;
    AUTO_FREE char *dir = test_path(((struct lambda_fixture *)*state)->dir, "other");
    lambda_fixture_open(
        &f, dir,
        FIXTURE_YAML
        "  maker: {access_key: AKIAMAKER, secret_key: secret-of-maker, policy: "
        "{Version: '2012-10-17', Statement: {Effect: Allow, Action: 'lambda:*', "
        "Resource: '*'}}}\n"
        "  passer: {access_key: AKIAPASSER, secret_key: secret-of-passer, policy: "
        "{Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'lambda:*', "
        "Resource: '*'}, {Effect: Allow, Action: 'iam:PassRole', Resource: '" FIXTURE_ROLE
        "', Condition: {StringEquals: {'iam:PassedToService': "
        "'lambda.amazonaws.com'}}}]}}\n");
    api_call_as(&f, "AKIAMAKER", "secret-of-maker");
    api_call(&f, "POST", FUNCTIONS,
             "{\"FunctionName\":\"f\",\"Runtime\":\"onput.builtin\",\"Handler\":\"echo\","
             "\"Role\":\"" FIXTURE_ROLE "\",\"Code\":{}}",
             &answer);
    assert_int_equal(answer.status, 403);
    assert_text(answer.error_type, "AccessDeniedException");
    assert_contains(answer.body.ptr, "iam:PassRole");
    api_answer_release(&answer);
    api_call_as(&f, "AKIAPASSER", "secret-of-passer");
    api_make_function(&f, "f", "echo", NULL);
    lambda_fixture_close(&f);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, lambda_fixture_setup, lambda_fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_create__answers_with_the_function_as_pending),
        TEST(test_create__leaves_an_active_function_with_another_revision),
        TEST(test_create__takes_every_setting),
        TEST(test_create__forgets_empty_members),
        TEST(test_create__finds_the_name_in_every_spelling),
        TEST(test_create__publishes_version_1),
        TEST(test_create__measures_a_package),
        TEST(test_create__refuses_a_second_one),
        TEST(test_create__refuses_what_is_no_archive),
        TEST(test_create__refuses_an_archive_that_is_too_large_when_unpacked),
        TEST(test_create__refuses_a_cut_archive),
        TEST(test_create__refuses_an_archive_that_is_too_large),
        TEST(test_create__refuses_code_in_a_bucket),
        TEST(test_create__refuses_container_images),
        TEST(test_create__names_the_runtimes_that_lambda_has),
        TEST(test_create__refuses_runtimes_of_the_past),
        TEST(test_create__says_how_to_have_another_runtime),
        TEST(test_create__needs_runtime_and_handler),
        TEST(test_create__refuses_an_unknown_handler),
        TEST(test_create__refuses_a_thumbnail_without_renditions),
        TEST(test_create__refuses_an_unknown_role),
        TEST(test_create__refuses_reserved_variables),
        TEST(test_create__refuses_variables_beyond_4_KiB),
        TEST(test_create__refuses_layers_and_file_systems),
        TEST(test_create__refuses_subnets_of_another_form),
        TEST(test_create__refuses_levels_of_text_logs),
        TEST(test_create__refuses_more_than_50_tags),
        TEST(test_create__refuses_a_name_beyond_64_bytes),
        TEST(test_create__needs_the_permission_to_pass_the_role),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
