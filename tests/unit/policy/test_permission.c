/*
 * test_permission.c - AddPermission's parameters as the statement that Lambda writes.
 */
#include "support/test.h"

#include "onput/policy.h"

#define FUNCTION "arn:aws:lambda:eu-west-1:123456789012:function:f"

static struct policy_permission permission_of(const char *principal)
{
    return (struct policy_permission){
        .statement_id = TEXT("sid"), .principal = text_of(principal), .resource = TEXT(FUNCTION)};
}

static void check_written(const struct policy_permission *permission, const char *expected)
{
    AUTO_BUFFER struct buffer out;
    struct error err = {0};
    buffer_init(&out, 4096);
    assert_ok(policy_write_permission(permission, &out, &err), &err);
    assert_text(buffer_text(&out), expected);

    AUTO_FREE char *document =
        xasprintf("{\"Version\":\"2012-10-17\",\"Statement\":[%s]}", out.data);
    struct policy *policy;
    assert_ok(policy_parse(text_of(document), POLICY_RESOURCE, &policy, &err), &err);
    assert_text(policy_statement_json(policy, 0), expected);
    policy_free(policy);
}

static void check_refused(const struct policy_permission *permission, const char *message)
{
    AUTO_BUFFER struct buffer out;
    struct error err = {0};
    buffer_init(&out, 4096);
    buffer_append_string(&out, "before");
    assert_fails(policy_write_permission(permission, &out, &err), &err, ERROR_INVALID);
    assert_contains(err.message, message);
    assert_text(buffer_text(&out), "before");
}

static void test_policy_write_permission__writes_each_form_of_principal(UNUSED void **state)
{
    static const char *const rows[][2] = {
        {"s3.amazonaws.com", "{\"Service\":\"s3.amazonaws.com\"}"},
        {"events.amazonaws.com.cn", "{\"Service\":\"events.amazonaws.com.cn\"}"},
        {"alexa-appkit.amazon.com", "{\"Service\":\"alexa-appkit.amazon.com\"}"},
        {"states.us-east-1.amazonaws.com", "{\"Service\":\"states.us-east-1.amazonaws.com\"}"},
        {"123456789012", "{\"AWS\":\"arn:aws:iam::123456789012:root\"}"},
        {"arn:aws:iam::123456789012:user/bob", "{\"AWS\":\"arn:aws:iam::123456789012:user/bob\"}"},
        {"arn:aws:sts::123456789012:assumed-role/r/s",
         "{\"AWS\":\"arn:aws:sts::123456789012:assumed-role/r/s\"}"},
        {"*", "\"*\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct policy_permission permission = permission_of(rows[i][0]);
        AUTO_FREE char *expected =
            xasprintf("{\"Sid\":\"sid\",\"Effect\":\"Allow\",\"Principal\":%s,\"Action\":"
                      "\"lambda:InvokeFunction\",\"Resource\":\"" FUNCTION "\"}",
                      rows[i][1]);
        check_written(&permission, expected);
    }
}

static void
test_policy_write_permission__writes_conditions_in_the_order_of_lambda(UNUSED void **state)
{
    struct policy_permission permission = permission_of("*");
    permission.action = TEXT("lambda:InvokeFunctionUrl");
    permission.source_account = TEXT("111111111111");
    permission.function_url_auth_type = TEXT("NONE");
    permission.principal_org_id = TEXT("o-1234567890");
    permission.source_arn = TEXT("arn:aws:s3:::bucket");
    check_written(&permission,
                  "{\"Sid\":\"sid\",\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":"
                  "\"lambda:InvokeFunctionUrl\",\"Resource\":\"" FUNCTION "\",\"Condition\":"
                  "{\"StringEquals\":{\"AWS:SourceAccount\":\"111111111111\","
                  "\"lambda:FunctionUrlAuthType\":\"NONE\",\"aws:PrincipalOrgID\":"
                  "\"o-1234567890\"},\"ArnLike\":{\"AWS:SourceArn\":\"arn:aws:s3:::bucket\"}}}");
}

static void test_policy_write_permission__writes_a_condition_alone(UNUSED void **state)
{
    struct policy_permission permission = permission_of("s3.amazonaws.com");
    permission.source_arn = TEXT("arn:aws:s3:::photos");
    check_written(
        &permission,
        "{\"Sid\":\"sid\",\"Effect\":\"Allow\",\"Principal\":{\"Service\":"
        "\"s3.amazonaws.com\"},\"Action\":\"lambda:InvokeFunction\",\"Resource\":\"" FUNCTION
        "\",\"Condition\":{\"ArnLike\":{\"AWS:SourceArn\":"
        "\"arn:aws:s3:::photos\"}}}");
    permission = permission_of("*");
    permission.invoked_via_function_url = true;
    permission.event_source_token = TEXT("a.b_c-D");
    check_written(&permission,
                  "{\"Sid\":\"sid\",\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":"
                  "\"lambda:InvokeFunction\",\"Resource\":\"" FUNCTION "\",\"Condition\":"
                  "{\"StringEquals\":{\"lambda:EventSourceToken\":\"a.b_c-D\"},\"Bool\":"
                  "{\"lambda:InvokedViaFunctionUrl\":\"true\"}}}");
}

static void test_policy_write_permission__refuses_other_principals(UNUSED void **state)
{
    static const char *const rows[] = {
        "",
        "invalid.nonaws.com",
        "12345678901",
        "1234567890123",
        "s3",
        "amazonaws.com",
        "s3.amazonaws.com.evil.com",
        "*.amazonaws.com",
        "arn:aws:iam::123456789012:user/*",
        "arn:aws:s3:::photos",
        "arn:aws:iam::12:root",
        "S3.amazonaws.com",
        "AIDAEXAMPLEEXAMPLEID",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct policy_permission permission = permission_of(rows[i]);
        check_refused(&permission, "The provided principal was invalid.");
    }
}

static void test_policy_write_permission__refuses_bad_parameters(UNUSED void **state)
{
    char long_id[102];
    memset(long_id, 'x', sizeof(long_id));
#define CHECK(field, value, message)                                                               \
    do {                                                                                           \
        struct policy_permission permission = permission_of("s3.amazonaws.com");                   \
        permission.field = value;                                                                  \
        check_refused(&permission, message);                                                       \
    } while (0)
    CHECK(statement_id, TEXT(""), "a statement id has 1 to 100");
    CHECK(statement_id, TEXT("a b"), "a statement id has 1 to 100");
    CHECK(statement_id, TEXT("a\0b"), "a statement id has 1 to 100");
    CHECK(statement_id, TEXT("\xc3\xa4"), "a statement id has 1 to 100");
    CHECK(statement_id, ((struct text){long_id, 101}), "a statement id has 1 to 100");
    CHECK(action, TEXT("InvokeFunction"), "an action is lambda:Name");
    CHECK(action, TEXT("lambda:"), "an action is lambda:Name");
    CHECK(action, TEXT("lambda:Invoke*"), "an action is lambda:Name");
    CHECK(action, TEXT("s3:GetObject"), "an action is lambda:Name");
    CHECK(source_arn, TEXT("photos"), "the source ARN is no ARN");
    CHECK(source_arn, TEXT("arn:aws:s3:::\xff"), "the source ARN is no ARN");
    CHECK(source_account, TEXT("12345678901"), "a source account has 12 digits");
    CHECK(source_account, TEXT("12345678901x"), "a source account has 12 digits");
    CHECK(event_source_token, TEXT("a b"), "an event source token");
    CHECK(principal_org_id, TEXT("o-123"), "an organisation id");
    CHECK(principal_org_id, TEXT("o-ABCDEFGHIJK"), "an organisation id");
    CHECK(function_url_auth_type, TEXT("SOME"), "must be NONE or AWS_IAM");
    CHECK(function_url_auth_type, TEXT("NONE"), "FunctionUrlAuthType is only supported");
    CHECK(resource, TEXT(""), "a permission needs the function's ARN");
}

static void
test_policy_write_permission__takes_a_zeroed_struct_for_absent_fields(UNUSED void **state)
{
    struct policy_permission permission = {0};
    check_refused(&permission, "a statement id has 1 to 100");
    permission.statement_id = TEXT("s");
    permission.resource = TEXT(FUNCTION);
    check_refused(&permission, "The provided principal was invalid.");
}

static void test_policy_write_permission__reports_a_full_buffer(UNUSED void **state)
{
    struct policy_permission permission = permission_of("*");
    AUTO_BUFFER struct buffer out;
    struct error err = {0};
    buffer_init(&out, 50);
    assert_fails(policy_write_permission(&permission, &out, &err), &err, ERROR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy_write_permission__writes_each_form_of_principal),
        cmocka_unit_test(test_policy_write_permission__writes_conditions_in_the_order_of_lambda),
        cmocka_unit_test(test_policy_write_permission__writes_a_condition_alone),
        cmocka_unit_test(test_policy_write_permission__refuses_other_principals),
        cmocka_unit_test(test_policy_write_permission__refuses_bad_parameters),
        cmocka_unit_test(test_policy_write_permission__takes_a_zeroed_struct_for_absent_fields),
        cmocka_unit_test(test_policy_write_permission__reports_a_full_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
