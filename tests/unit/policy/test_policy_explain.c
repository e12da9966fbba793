/*
 * test_policy_explain.c - the lines that tell why a statement did or did not apply.
 */
#include "policy_fixture.h"

#define STATEMENT(sid, more)                                                                       \
    "{\"Sid\":\"" sid "\",\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},"  \
    "\"Action\":\"lambda:InvokeFunction\","                                                        \
    "\"Resource\":\"arn:aws:lambda:eu-west-1:123456789012:function:f\"" more "}"
#define WHEN(condition) ",\"Condition\":" condition

static void check_lines(const char *statements, const char *request_json, const char *expected)
{
    AUTO_ARENA struct arena arena;
    AUTO_BUFFER struct buffer lines;
    AUTO_JSON struct json_object *json = NULL;
    AUTO_FREE char *document =
        xasprintf("{\"Version\":\"2012-10-17\",\"Statement\":%s}", statements);
    struct error err = {0};
    arena_init(&arena);
    buffer_init(&lines, 1 << 16);
    assert_ok(json_parse(text_of(request_json), &json, &err), &err);
    struct policy *policy = policy_of(document, POLICY_RESOURCE);
    struct policy_request request = request_from(json, &arena);
    policy_explain(policy, &request, &lines);
    assert_text(buffer_text(&lines), expected);
    policy_free(policy);
}

static void test_policy_explain__says_one_line_per_statement(UNUSED void **state)
{
    check_lines("[" STATEMENT("Photos", "") ",{\"Effect\":\"Deny\",\"Principal\":\"*\","
                                            "\"Action\":\"*\",\"Resource\":\"*\"}]",
                "{}", "Photos: applies: Allow\nstatement 1: applies: Deny\n");
}

static void test_policy_explain__names_the_condition_that_failed(UNUSED void **state)
{
    check_lines(
        STATEMENT("AllowPhotos", WHEN("{\"StringEquals\":{\"aws:SourceAccount\":\"1\"},\"ArnLike\":"
                                      "{\"aws:SourceArn\":\"arn:aws:s3:::photos\"}}")),
        "{\"context\":{\"aws:SourceAccount\":[\"1\"],"
        "\"aws:SourceArn\":[\"arn:aws:s3:::other\"]}}",
        "AllowPhotos: does not apply: condition ArnLike aws:SourceArn: "
        "arn:aws:s3:::other does not match arn:aws:s3:::photos\n");
}

static void test_policy_explain__tells_a_missing_key_from_a_wrong_value(UNUSED void **state)
{
    check_lines(STATEMENT("s", WHEN("{\"StringEquals\":{\"aws:SourceAccount\":[\"1\",\"2\"]}}")),
                "{}",
                "s: does not apply: condition StringEquals aws:SourceAccount: the request does not "
                "have this key, it would have to match 1, 2\n");
    check_lines(STATEMENT("s", WHEN("{\"Null\":{\"aws:SourceAccount\":\"false\"}}")), "{}",
                "s: does not apply: condition Null aws:SourceAccount: the request does not have "
                "this key\n");
    check_lines(STATEMENT("s", WHEN("{\"Null\":{\"aws:SourceAccount\":\"true\"}}")),
                "{\"context\":{\"aws:SourceAccount\":[\"1\"]}}",
                "s: does not apply: condition Null aws:SourceAccount: the request has this key\n");
}

static void test_policy_explain__words_negated_and_set_conditions(UNUSED void **state)
{
    check_lines(STATEMENT("s", WHEN("{\"StringNotLike\":{\"aws:a\":\"x*\"}}")),
                "{\"context\":{\"aws:a\":[\"xy\"]}}",
                "s: does not apply: condition StringNotLike aws:a: xy must not match x*\n");
    check_lines(STATEMENT("s", WHEN("{\"ForAllValues:StringLike\":{\"aws:a\":\"x*\"}}")),
                "{\"context\":{\"aws:a\":[\"xy\",\"z\"]}}",
                "s: does not apply: condition ForAllValues:StringLike aws:a: xy, z: not every "
                "value matches x*\n");
}

static void test_policy_explain__names_principal_action_and_resource(UNUSED void **state)
{
    const char *one = STATEMENT("s", "");
    check_lines(one, "{\"principal\":{\"name\":\"sns.amazonaws.com\"}}",
                "s: does not apply: principal service sns.amazonaws.com is not "
                "s3.amazonaws.com\n");
    check_lines(one, "{\"principal\":{\"type\":\"anonymous\"}}",
                "s: does not apply: principal anonymous is not s3.amazonaws.com\n");
    check_lines(one, "{\"action\":\"lambda:GetFunction\"}",
                "s: does not apply: action lambda:GetFunction does not match "
                "lambda:InvokeFunction\n");
    check_lines(one, "{\"resource\":\"arn:x\"}",
                "s: does not apply: resource arn:x does not match "
                "arn:aws:lambda:eu-west-1:123456789012:function:f\n");
    check_lines("{\"Sid\":\"n\",\"Effect\":\"Deny\",\"NotPrincipal\":{\"Service\":"
                "[\"sns.amazonaws.com\",\"s3.amazonaws.com\"]},\"Action\":\"*\","
                "\"Resource\":\"*\"}",
                "{}",
                "n: does not apply: principal service s3.amazonaws.com is excluded by "
                "sns.amazonaws.com, s3.amazonaws.com\n");
    check_lines("{\"Sid\":\"n\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"NotAction\":\"lambda:*\","
                "\"Resource\":\"*\"}",
                "{}", "n: does not apply: action lambda:InvokeFunction is excluded by lambda:*\n");
}

static void test_policy_explain__keeps_a_statement_on_one_line(UNUSED void **state)
{
    check_lines(STATEMENT("s", ""), "{\"action\":\"a\\nb: applies: Allow\\u007f\"}",
                "s: does not apply: action a\\x0ab: applies: Allow\\x7f does not match "
                "lambda:InvokeFunction\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy_explain__says_one_line_per_statement),
        cmocka_unit_test(test_policy_explain__names_the_condition_that_failed),
        cmocka_unit_test(test_policy_explain__tells_a_missing_key_from_a_wrong_value),
        cmocka_unit_test(test_policy_explain__words_negated_and_set_conditions),
        cmocka_unit_test(test_policy_explain__names_principal_action_and_resource),
        cmocka_unit_test(test_policy_explain__keeps_a_statement_on_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
