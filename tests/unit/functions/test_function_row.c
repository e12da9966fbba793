/*
 * A function in the API's form: what is shown of one that says little, and what a change replaces.
 */
#include "support/test.h"

#include "onput/function_row.h"

static const struct function_place place = {TEXT_INIT("f"), TEXT_INIT("eu-west-1"),
                                            TEXT_INIT("111122223333"), INT64_C(1764037614123)};

static struct json_object *parsed(const char *json)
{
    struct json_object *o = NULL;
    struct error err = {0};
    assert_ok(json_parse(text_of(json), &o, &err), &err);
    return o;
}

static const char *shown(struct json_object *o)
{
    return json_object_to_json_string_ext(o,
                                          JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

static void assert_member(struct json_object *row, const char *path, const char *json)
{
    assert_non_null(json_at(row, path));
    assert_string_equal(shown(json_at(row, path)), json);
}

static void test_function_row__has_lambdas_defaults_in_lambdas_order(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *given =
        parsed("{\"FunctionName\":\"x\",\"Publish\":true,\"Code\":{},\"Tags\":{\"a\":\"b\"},"
               "\"Handler\":\"echo\",\"Runtime\":\"onput.builtin\",\"Role\":\"arn\"}");
    AUTO_JSON struct json_object *row = function_row_new(given, &place);
    AUTO_FREE char *revision = xmemdup_text(json_text(json_at(row, "RevisionId")));
    assert_int_equal(strlen(revision), 36);
    json_object_object_add(row, "RevisionId", json_object_new_string("R"));
    json_object_object_add(row, "Architectures", json_object_new_string("A"));
    assert_string_equal(
        shown(row),
        "{\"FunctionName\":\"f\",\"FunctionArn\":\"arn:aws:lambda:eu-west-1:111122223333:function:"
        "f\",\"Runtime\":\"onput.builtin\",\"Role\":\"arn\",\"Handler\":\"echo\",\"CodeSize\":0,"
        "\"Description\":\"\",\"Timeout\":3,\"MemorySize\":128,\"LastModified\":"
        "\"2025-11-25T02:26:54.123+0000\",\"CodeSha256\":"
        "\"m8ULgN4fIZO2Fjome/LIcl8KzfXecTVYylea4Cfqcis=\",\"Version\":\"$LATEST\","
        "\"TracingConfig\":{\"Mode\":\"PassThrough\"},\"RevisionId\":\"R\",\"State\":\"Active\","
        "\"LastUpdateStatus\":\"Successful\",\"PackageType\":\"Zip\",\"Architectures\":\"A\","
        "\"EphemeralStorage\":{\"Size\":512},\"SnapStart\":{\"ApplyOn\":\"None\","
        "\"OptimizationStatus\":\"Off\"},\"RuntimeVersionConfig\":{\"RuntimeVersionArn\":"
        "\"arn:aws:lambda:eu-west-1::runtime:"
        "0a106b6fd10d244e31ad396f4d3a186839476d1b77f91037d0383c5389775ee9\"},\"LoggingConfig\":"
        "{\"LogFormat\":\"Text\",\"LogGroup\":\"/aws/lambda/f\"}}");
}

static void test_function_row__takes_what_is_given(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *given = parsed(
        "{\"Timeout\":9,\"MemorySize\":256,\"Description\":\"d\",\"Environment\":{\"Variables\":"
        "{\"A\":\"b\"}},\"LoggingConfig\":{\"LogFormat\":\"JSON\"},\"SnapStart\":{\"ApplyOn\":"
        "\"PublishedVersions\"},\"Architectures\":[\"arm64\"],\"EphemeralStorage\":{\"Size\":1024},"
        "\"TracingConfig\":{\"Mode\":\"Active\"},\"DeadLetterConfig\":{\"TargetArn\":\"t\"}}");
    AUTO_JSON struct json_object *row = function_row_new(given, &place);
    assert_member(row, "Timeout", "9");
    assert_member(row, "MemorySize", "256");
    assert_member(row, "Description", "\"d\"");
    assert_member(row, "Environment", "{\"Variables\":{\"A\":\"b\"}}");
    assert_member(row, "LoggingConfig", "{\"LogFormat\":\"JSON\",\"LogGroup\":\"/aws/lambda/f\"}");
    assert_member(row, "SnapStart",
                  "{\"ApplyOn\":\"PublishedVersions\",\"OptimizationStatus\":\"Off\"}");
    assert_member(row, "Architectures", "[\"arm64\"]");
    assert_member(row, "EphemeralStorage", "{\"Size\":1024}");
    assert_member(row, "TracingConfig", "{\"Mode\":\"Active\"}");
    assert_member(row, "DeadLetterConfig", "{\"TargetArn\":\"t\"}");
    assert_null(json_at(row, "VpcConfig"));
}

static void test_function_row__can_be_made_of_nothing(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *row = function_row_new(NULL, &place);
    assert_member(row, "Timeout", "3");
    assert_null(json_at(row, "Environment"));
}

static void test_update__replaces_what_is_given_and_nothing_else(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *first =
        parsed("{\"Handler\":\"echo\",\"Description\":\"d\",\"LoggingConfig\":{\"LogGroup\":\"g\"},"
               "\"Environment\":{\"Variables\":{\"A\":\"b\"}}}");
    AUTO_JSON struct json_object *row = function_row_new(first, &place);
    json_object_object_add(row, "_LastVersion", json_object_new_int(4));
    AUTO_FREE char *revision = xstrdup(shown(json_at(row, "RevisionId")));
    AUTO_FREE char *hash = xstrdup(shown(json_at(row, "CodeSha256")));
    AUTO_JSON struct json_object *given = parsed(
        "{\"Handler\":\"context\",\"LoggingConfig\":{\"LogFormat\":\"JSON\"},\"State\":\"x\","
        "\"Environment\":{}}");
    function_row_update(row, given, place.now_ms + 1000);
    assert_member(row, "Handler", "\"context\"");
    assert_member(row, "Description", "\"d\"");
    assert_member(row, "LoggingConfig", "{\"LogFormat\":\"JSON\",\"LogGroup\":\"g\"}");
    assert_member(row, "Environment", "{}");
    assert_member(row, "State", "\"Active\"");
    assert_member(row, "_LastVersion", "4");
    assert_member(row, "LastModified", "\"2025-11-25T02:26:55.123+0000\"");
    assert_string_not_equal(shown(json_at(row, "RevisionId")), revision);
    assert_string_not_equal(shown(json_at(row, "CodeSha256")), hash);
}

static void test_update__always_makes_a_revision(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *row = function_row_new(NULL, &place);
    AUTO_FREE char *revision = xstrdup(shown(json_at(row, "RevisionId")));
    function_row_update(row, NULL, place.now_ms);
    assert_string_not_equal(shown(json_at(row, "RevisionId")), revision);
}

static void test_update__leaves_the_hash_of_a_package_alone(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *row = parsed(
        "{\"Runtime\":\"python3.12\",\"Handler\":\"a.b\",\"CodeSha256\":\"H\",\"_Package\":true}");
    AUTO_JSON struct json_object *given = parsed("{\"Handler\":\"c.d\"}");
    function_row_update(row, given, place.now_ms);
    assert_member(row, "Handler", "\"c.d\"");
    assert_member(row, "CodeSha256", "\"H\"");
    assert_member(row, "_Package", "true");
}

static void test_update__makes_the_version_of_another_runtime(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *first = parsed("{\"Runtime\":\"python3.11\"}");
    AUTO_JSON struct json_object *given = parsed("{\"Runtime\":\"python3.12\"}");
    AUTO_JSON struct json_object *fresh = function_row_new(given, &place);
    AUTO_JSON struct json_object *row = function_row_new(first, &place);
    AUTO_FREE char *before = xstrdup(shown(json_at(row, "RuntimeVersionConfig")));
    function_row_update(row, NULL, place.now_ms);
    assert_member(row, "RuntimeVersionConfig", before);
    function_row_update(row, given, place.now_ms);
    assert_string_not_equal(shown(json_at(row, "RuntimeVersionConfig")), before);
    assert_member(row, "RuntimeVersionConfig", shown(json_at(fresh, "RuntimeVersionConfig")));
}

static void test_update__ignores_private_members(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *given =
        parsed("{\"_Command\":[\"/bin/sh\"],\"_Directory\":\"/\",\"_Package\":true}");
    AUTO_JSON struct json_object *row = function_row_new(given, &place);
    function_row_update(row, given, place.now_ms);
    assert_null(json_at(row, "_Command"));
    assert_null(json_at(row, "_Directory"));
    assert_null(json_at(row, "_Package"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_function_row__has_lambdas_defaults_in_lambdas_order),
        cmocka_unit_test(test_function_row__takes_what_is_given),
        cmocka_unit_test(test_function_row__can_be_made_of_nothing),
        cmocka_unit_test(test_update__replaces_what_is_given_and_nothing_else),
        cmocka_unit_test(test_update__always_makes_a_revision),
        cmocka_unit_test(test_update__leaves_the_hash_of_a_package_alone),
        cmocka_unit_test(test_update__makes_the_version_of_another_runtime),
        cmocka_unit_test(test_update__ignores_private_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
