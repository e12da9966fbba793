/*
 * test_permissions.c - AddPermission, RemovePermission and GetPolicy over HTTP: statements byte for
 * byte, every refusal in AWS's words, one policy with its own revision for each qualifier.
 */
#include "support/test.h"

#include "api_steps.h"

#define POLICY(name) FUNCTIONS "/" name "/policy"
#define ARN(name)    FIXTURE_ARN name
#define ACCOUNT      "123456789012"
#define NO_RESOURCE                                                                                \
    "{\"Type\":\"User\","                                                                          \
    "\"Message\":\"The resource you requested does not exist.\"}"
#define BAD_PRINCIPAL                                                                              \
    "{\"Type\":\"User\",\"message\":\"The provided principal was invalid. Please check the "       \
    "principal and try again.\"}"
#define BAD_REVISION                                                                               \
    "{\"Type\":\"User\",\"message\":\"The Revision Id provided does not match the latest Revision" \
    " Id. Call the GetPolicy API to retrieve the latest Revision Id\"}"
#define PERMISSION(sid)                                                                            \
    "{\"StatementId\":\"" sid "\",\"Action\":\"lambda:InvokeFunction\","                           \
    "\"Principal\":\"s3.amazonaws.com\"}"
#define STATEMENT(sid, resource)                                                                   \
    "{\"Sid\":\"" sid "\",\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},"  \
    "\"Action\":\"lambda:InvokeFunction\",\"Resource\":\"" resource "\"}"
#define DOCUMENT(statements)                                                                       \
    "{\"Version\":\"2012-10-17\",\"Id\":\"default\",\"Statement\":[" statements "]}"

/* The body of AddPermission answers with this statement, byte for byte. */
static void check_added(struct lambda_fixture *f, const char *target, const char *body,
                        const char *statement)
{
    AUTO_JSON struct json_object *expected = json_object_new_object();
    json_object_object_add(expected, "Statement", json_object_new_string(statement));
    api_step(f, &(struct api_step){"POST", target, body, 201, NULL,
                                   json_object_to_json_string(expected)});
}

/* GetPolicy answers with this document, byte for byte; its revision is the result. */
static char *check_policy(struct lambda_fixture *f, const char *target, const char *document)
{
    AUTO_JSON struct json_object *expected = json_object_new_object();
    json_object_object_add(expected, "Policy", json_object_new_string(document));
    json_object_object_add(expected, "RevisionId", json_object_new_string("<uuid>"));
    api_step(f, &(struct api_step){"GET", target, NULL, 200, NULL,
                                   json_object_to_json_string(expected)});
    return api_member(f, target, "RevisionId");
}

static void check_refused(struct lambda_fixture *f, const char *body, int status, const char *error,
                          const char *answer)
{
    api_step(f, &(struct api_step){"POST", POLICY("f"), body, status, error, answer});
}

struct gold_row {
    const char *parameters;
    const char *principal;
    const char *rest;
};

#define INVOKE(more) "\"Action\":\"lambda:InvokeFunction\"," more
#define ON_F         "\"Resource\":\"" ARN("f") "\""

static const struct gold_row gold[] = {
    {INVOKE("\"Principal\":\"s3.amazonaws.com\""), "{\"Service\":\"s3.amazonaws.com\"}",
     INVOKE(ON_F)},
    {INVOKE("\"Principal\":\"events.amazonaws.com.cn\""),
     "{\"Service\":\"events.amazonaws.com.cn\"}", INVOKE(ON_F)},
    {INVOKE("\"Principal\":\"alexa-appkit.amazon.com\""),
     "{\"Service\":\"alexa-appkit.amazon.com\"}", INVOKE(ON_F)},
    {INVOKE("\"Principal\":\"123456789012\""), "{\"AWS\":\"arn:aws:iam::123456789012:root\"}",
     INVOKE(ON_F)},
    {INVOKE("\"Principal\":\"arn:aws:iam::999999999999:user/x\""),
     "{\"AWS\":\"arn:aws:iam::999999999999:user/x\"}", INVOKE(ON_F)},
    {INVOKE("\"Principal\":\"arn:aws:iam::999999999999:role/x\""),
     "{\"AWS\":\"arn:aws:iam::999999999999:role/x\"}", INVOKE(ON_F)},
    {INVOKE("\"Principal\":\"arn:aws:sts::999999999999:assumed-role/x/s\""),
     "{\"AWS\":\"arn:aws:sts::999999999999:assumed-role/x/s\"}", INVOKE(ON_F)},
    {INVOKE("\"Principal\":\"*\""), "\"*\"", INVOKE(ON_F)},
    {"\"Action\":\"lambda:*\",\"Principal\":\"*\"", "\"*\"", "\"Action\":\"lambda:*\"," ON_F},
    {"\"Action\":\"*\",\"Principal\":\"*\"", "\"*\"", "\"Action\":\"*\"," ON_F},
    {"\"Action\":\"lambda:GetFunction\",\"Principal\":\"*\"", "\"*\"",
     "\"Action\":\"lambda:GetFunction\"," ON_F},
    {INVOKE("\"Principal\":\"s3.amazonaws.com\",\"SourceArn\":\"arn:aws:s3:::b\""),
     "{\"Service\":\"s3.amazonaws.com\"}",
     INVOKE(ON_F ",\"Condition\":{\"ArnLike\":{\"AWS:SourceArn\":\"arn:aws:s3:::b\"}}")},
    {INVOKE("\"Principal\":\"s3.amazonaws.com\",\"SourceAccount\":\"111111111111\""),
     "{\"Service\":\"s3.amazonaws.com\"}",
     INVOKE(ON_F ",\"Condition\":{\"StringEquals\":{\"AWS:SourceAccount\":\"111111111111\"}}")},
    {INVOKE("\"Principal\":\"*\",\"EventSourceToken\":\"amzn1.ask.skill.x-1_2\""), "\"*\"",
     INVOKE(ON_F ",\"Condition\":{\"StringEquals\":{\"lambda:EventSourceToken\":"
                 "\"amzn1.ask.skill.x-1_2\"}}")},
    {INVOKE("\"Principal\":\"*\",\"PrincipalOrgID\":\"o-1234567890\""), "\"*\"",
     INVOKE(ON_F ",\"Condition\":{\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-1234567890\"}}")},
    {"\"Action\":\"lambda:InvokeFunctionUrl\",\"Principal\":\"*\",\"FunctionUrlAuthType\":\"NONE\"",
     "\"*\"",
     "\"Action\":\"lambda:InvokeFunctionUrl\"," ON_F
     ",\"Condition\":{\"StringEquals\":{\"lambda:FunctionUrlAuthType\":\"NONE\"}}"},
    {INVOKE("\"Principal\":\"*\",\"InvokedViaFunctionUrl\":true"), "\"*\"",
     INVOKE(ON_F ",\"Condition\":{\"Bool\":{\"lambda:InvokedViaFunctionUrl\":\"true\"}}")},
    {INVOKE("\"Principal\":\"*\",\"InvokedViaFunctionUrl\":false"), "\"*\"", INVOKE(ON_F)},
    {"\"Action\":\"lambda:InvokeFunctionUrl\",\"Principal\":\"*\",\"FunctionUrlAuthType\":\"NONE\","
     "\"SourceAccount\":\"111111111111\",\"PrincipalOrgID\":\"o-1234567890\","
     "\"SourceArn\":\"arn:aws:s3:::bucket\"",
     "\"*\"",
     "\"Action\":\"lambda:InvokeFunctionUrl\"," ON_F
     ",\"Condition\":{\"StringEquals\":{\"AWS:SourceAccount\":\"111111111111\","
     "\"lambda:FunctionUrlAuthType\":\"NONE\",\"aws:PrincipalOrgID\":\"o-1234567890\"},"
     "\"ArnLike\":{\"AWS:SourceArn\":\"arn:aws:s3:::bucket\"}}"},
};

static void test_add_permission__writes_the_statement_of_lambda(void **state)
{
    struct lambda_fixture *f = *state;
    AUTO_BUFFER struct buffer all;
    buffer_init(&all, POLICY_MAX_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(gold); i++) {
        AUTO_FREE char *body = xasprintf("{\"StatementId\":\"s%zu\",%s}", i, gold[i].parameters);
        AUTO_FREE char *statement =
            xasprintf("{\"Sid\":\"s%zu\",\"Effect\":\"Allow\",\"Principal\":%s,%s}", i,
                      gold[i].principal, gold[i].rest);
        check_added(f, POLICY("f"), body, statement);
        buffer_appendf(&all, "%s%s", i > 0 ? "," : "", statement);
    }
    AUTO_FREE char *document = xasprintf(DOCUMENT("%s"), all.data);
    free(check_policy(f, POLICY("f"), document));
}

static void test_add_permission__knows_the_principals_of_its_own_account(void **state)
{
    struct lambda_fixture *f = *state;
    static const struct {
        const char *arn;
        bool is_known;
    } rows[] = {
        {"arn:aws:iam::" ACCOUNT ":root", true},
        {"arn:aws:iam::" ACCOUNT ":user/bob", true},
        {"arn:aws:iam::" ACCOUNT ":user/nobody", false},
        {"arn:aws:iam::" ACCOUNT ":role/reader", true},
        {"arn:aws:iam::" ACCOUNT ":role/path/reader", true},
        {FIXTURE_ROLE, true}, /* of functions that have no other */
        {"arn:aws:iam::" ACCOUNT ":role/nobody", false},
        {"arn:aws:sts::" ACCOUNT ":assumed-role/reader/session", true},
        {"arn:aws:sts::" ACCOUNT ":assumed-role/nobody/session", false},
        {"arn:aws:sts::" ACCOUNT ":federated-user/bob", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_FREE char *body = xasprintf("{\"StatementId\":\"k%zu\",\"Action\":"
                                         "\"lambda:InvokeFunction\",\"Principal\":\"%s\"}",
                                         i, rows[i].arn);
        AUTO_FREE char *statement =
            xasprintf("{\"Sid\":\"k%zu\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"%s\"},"
                      "\"Action\":\"lambda:InvokeFunction\"," ON_F "}",
                      i, rows[i].arn);
        if (rows[i].is_known)
            check_added(f, POLICY("f"), body, statement);
        else
            check_refused(f, body, 400, "InvalidParameterValueException", BAD_PRINCIPAL);
    }
}

static void test_add_permission__refuses_other_principals(void **state)
{
    struct lambda_fixture *f = *state;
    static const char *const principals[] = {
        "invalid.nonaws.com", "s3",
        "12345678901",        "arn:aws:s3:::b",
        "AIDAEXAMPLEEXAMPLE", "arn:aws:iam::999999999999:user/*",
    };
    for (size_t i = 0; i < ARRAY_LEN(principals); i++) {
        AUTO_FREE char *body = xasprintf("{\"StatementId\":\"p\",\"Action\":"
                                         "\"lambda:InvokeFunction\",\"Principal\":\"%s\"}",
                                         principals[i]);
        check_refused(f, body, 400, "InvalidParameterValueException", BAD_PRINCIPAL);
    }
    api_step(f, &(struct api_step){"GET", POLICY("f"), NULL, 404, "ResourceNotFoundException",
                                   NO_RESOURCE});
}

static void test_add_permission__refuses_in_the_words_of_lambda(void **state)
{
    struct lambda_fixture *f = *state;
    static const struct api_step steps[] = {
        {"POST", POLICY("f"), PERMISSION("example.com"), 400, "ValidationException",
         "{\"message\":\"1 validation error detected: Value 'example.com' at 'statementId' failed "
         "to satisfy constraint: Member must satisfy regular expression pattern: "
         "([a-zA-Z0-9-_]+)\"}"},
        {"POST", POLICY("f") "?Qualifier=invalid-qualifier-with-%3F-char", PERMISSION("s"), 400,
         "ValidationException",
         "{\"message\":\"1 validation error detected: Value 'invalid-qualifier-with-?-char' at "
         "'qualifier' failed to satisfy constraint: Member must satisfy regular expression "
         "pattern: \\\\$(LATEST(\\\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+\"}"},
        {"POST", POLICY("f") "?Qualifier=%24LATEST", PERMISSION("s"), 400,
         "InvalidParameterValueException",
         "{\"Type\":\"User\",\"message\":\"We currently do not support adding policies for "
         "$LATEST.\"}"},
        {"POST", POLICY("f%3A1") "?Qualifier=42", PERMISSION("s"), 400,
         "InvalidParameterValueException",
         "{\"Type\":\"User\",\"message\":\"The derived qualifier from the function name does not "
         "match the specified qualifier.\"}"},
        {"POST", POLICY("doesnotexist"), PERMISSION("s"), 404, "ResourceNotFoundException",
         "{\"Type\":\"User\",\"Message\":\"Function not found: " ARN("doesnotexist") "\"}"},
        {"POST", POLICY("f") "?Qualifier=alias-doesnotexist", PERMISSION("s"), 404,
         "ResourceNotFoundException",
         "{\"Type\":\"User\",\"Message\":\"Cannot find alias arn: " ARN(
             "f:alias-doesnotexist") "\"}"},
        {"POST", POLICY("f") "?Qualifier=42", PERMISSION("s"), 404, "ResourceNotFoundException",
         "{\"Type\":\"User\",\"Message\":\"Function not found: " ARN("f:42") "\"}"},
        {"POST", POLICY("f") "?Qualifier=valid-with-%24-but-doesnotexist", PERMISSION("s"), 404,
         "ResourceNotFoundException",
         "{\"Type\":\"User\",\"Message\":\"Function not found: " ARN(
             "f:valid-with-$-but-doesnotexist") "\"}"},
        {"POST", POLICY("f"), PERMISSION("s3"), 201, NULL, NULL},
        {"POST", POLICY("f"), PERMISSION("s3"), 409, "ResourceConflictException",
         "{\"Type\":\"User\",\"message\":\"The statement id (s3) provided already exists. Please "
         "provide a new statement id, or remove the existing statement.\"}"},
        {"POST", POLICY("f"),
         "{\"StatementId\":\"u\",\"Action\":\"lambda:InvokeFunction\",\"Principal\":\"*\","
         "\"FunctionUrlAuthType\":\"NONE\"}",
         400, "InvalidParameterValueException",
         "{\"Type\":\"User\",\"message\":\"FunctionUrlAuthType is only supported for "
         "lambda:InvokeFunctionUrl action\"}"},
    };
    api_steps(f, steps, ARRAY_LEN(steps));
    free(check_policy(f, POLICY("f"), DOCUMENT(STATEMENT("s3", ARN("f")))));
}

static void test_get_policy__refuses_in_the_words_of_lambda(void **state)
{
    struct lambda_fixture *f = *state;
    static const struct api_step steps[] = {
        {"GET", POLICY("doesnotexist"), NULL, 404, "ResourceNotFoundException", NO_RESOURCE},
        {"GET", POLICY("f"), NULL, 404, "ResourceNotFoundException", NO_RESOURCE},
        {"GET", POLICY("f") "?Qualifier=42", NULL, 404, "ResourceNotFoundException", NO_RESOURCE},
        {"GET", POLICY("f") "?Qualifier=live", NULL, 404, "ResourceNotFoundException", NO_RESOURCE},
        {"GET", POLICY("f") "?Qualifier=nobody", NULL, 404, "ResourceNotFoundException",
         NO_RESOURCE},
    };
    api_steps(f, steps, ARRAY_LEN(steps));
}

static void test_remove_permission__refuses_in_the_words_of_lambda(void **state)
{
    struct lambda_fixture *f = *state;
    static const struct api_step steps[] = {
        {"DELETE", POLICY("doesnotexist") "/s", NULL, 404, "ResourceNotFoundException",
         "{\"Type\":\"User\",\"Message\":\"No policy found for: " ARN("doesnotexist") "\"}"},
        {"DELETE", POLICY("f") "/s", NULL, 404, "ResourceNotFoundException",
         "{\"Type\":\"User\",\"Message\":\"No policy is associated with the given resource.\"}"},
        {"DELETE", POLICY("f") "/s?Qualifier=nobody", NULL, 404, "ResourceNotFoundException",
         "{\"Type\":\"User\",\"Message\":\"Cannot find alias arn: " ARN("f:nobody") "\"}"},
        {"DELETE", POLICY("f") "/s?Qualifier=live", NULL, 404, "ResourceNotFoundException",
         "{\"Type\":\"User\",\"Message\":\"No policy is associated with the given resource.\"}"},
        {"POST", POLICY("f"), PERMISSION("s"), 201, NULL, NULL},
        {"DELETE", POLICY("f") "/non.existent", NULL, 404, "ResourceNotFoundException",
         "{\"Type\":\"User\",\"Message\":\"Statement non.existent is not found in resource "
         "policy.\"}"},
        {"DELETE", POLICY("f") "/s?RevisionId=wrong", NULL, 412, "PreconditionFailedException",
         BAD_REVISION},
        {"DELETE", POLICY("f") "/a%3Fb", NULL, 400, "ValidationException",
         "{\"message\":\"1 validation error detected: Value 'a?b' at 'statementId' failed to "
         "satisfy constraint: Member must satisfy regular expression pattern: "
         "([a-zA-Z0-9-_.]+)\"}"},
    };
    api_steps(f, steps, ARRAY_LEN(steps));
    free(check_policy(f, POLICY("f"), DOCUMENT(STATEMENT("s", ARN("f")))));
}

static void test_remove_permission__takes_the_policy_with_the_last_statement(void **state)
{
    struct lambda_fixture *f = *state;
    static const struct api_step add[] = {
        {"POST", POLICY("f"), PERMISSION("a"), 201, NULL, NULL},
        {"POST", POLICY("f"), PERMISSION("b"), 201, NULL, NULL},
        {"POST", POLICY("f"), PERMISSION("c"), 201, NULL, NULL},
        {"DELETE", POLICY("f") "/b", NULL, 204, NULL, ""},
    };
    static const struct api_step remove[] = {
        {"DELETE", POLICY("f") "/a?Qualifier=%24LATEST", NULL, 204, NULL, ""},
        {"DELETE", POLICY("f") "/c", NULL, 204, NULL, ""},
        {"GET", POLICY("f"), NULL, 404, "ResourceNotFoundException", NO_RESOURCE},
        {"DELETE", POLICY("f") "/c", NULL, 404, "ResourceNotFoundException",
         "{\"Type\":\"User\",\"Message\":\"No policy is associated with the given resource.\"}"},
    };
    api_steps(f, add, ARRAY_LEN(add));
    free(check_policy(f, POLICY("f"),
                      DOCUMENT(STATEMENT("a", ARN("f")) "," STATEMENT("c", ARN("f")))));
    api_steps(f, remove, ARRAY_LEN(remove));
}

static void test_permissions__belong_to_one_qualifier(void **state)
{
    struct lambda_fixture *f = *state;
    check_added(f, POLICY("f"), PERMISSION("s"), STATEMENT("s", ARN("f")));
    check_added(f, POLICY("f") "?Qualifier=live", PERMISSION("s"), STATEMENT("s", ARN("f:live")));
    check_added(f, POLICY("f%3A1"), PERMISSION("s"), STATEMENT("s", ARN("f:1")));
    check_added(f, POLICY("f%3A1") "?Qualifier=1", PERMISSION("t"), STATEMENT("t", ARN("f:1")));

    AUTO_FREE char *plain = check_policy(f, POLICY("f"), DOCUMENT(STATEMENT("s", ARN("f"))));
    AUTO_FREE char *latest =
        check_policy(f, POLICY("f") "?Qualifier=%24LATEST", DOCUMENT(STATEMENT("s", ARN("f"))));
    AUTO_FREE char *alias =
        check_policy(f, POLICY("f%3Alive"), DOCUMENT(STATEMENT("s", ARN("f:live"))));
    AUTO_FREE char *version =
        check_policy(f, POLICY("f") "?Qualifier=1",
                     DOCUMENT(STATEMENT("s", ARN("f:1")) "," STATEMENT("t", ARN("f:1"))));
    assert_string_equal(plain, latest);
    assert_string_not_equal(plain, alias);
    assert_string_not_equal(plain, version);
    assert_string_not_equal(alias, version);

    api_step(f, &(struct api_step){"DELETE", POLICY("f") "/s?Qualifier=live", NULL, 204, NULL, ""});
    api_step(f, &(struct api_step){"GET", POLICY("f%3Alive"), NULL, 404,
                                   "ResourceNotFoundException", NO_RESOURCE});
    AUTO_FREE char *after = check_policy(f, POLICY("f"), DOCUMENT(STATEMENT("s", ARN("f"))));
    assert_string_equal(plain, after);
}

static void add_with_revision(struct lambda_fixture *f, const char *target, const char *sid,
                              const char *revision, int status)
{
    AUTO_FREE char *body = xasprintf("{\"StatementId\":\"%s\",\"Action\":\"lambda:InvokeFunction\","
                                     "\"Principal\":\"s3.amazonaws.com\",\"RevisionId\":\"%s\"}",
                                     sid, revision);
    api_step(f, &(struct api_step){"POST", target, body, status,
                                   status == 201 ? NULL : "PreconditionFailedException",
                                   status == 201 ? NULL : BAD_REVISION});
}

static void test_permissions__have_a_revision_of_their_own(void **state)
{
    struct lambda_fixture *f = *state;
    AUTO_FREE char *function = api_member(f, FUNCTIONS "/f/configuration", "RevisionId");
    AUTO_FREE char *alias = api_member(f, FUNCTIONS "/f/aliases/live", "RevisionId");
    AUTO_FREE char *version = api_member(f, FUNCTIONS "/f/configuration?Qualifier=1", "RevisionId");

    add_with_revision(f, POLICY("f"), "a", "wrong", 412);
    add_with_revision(f, POLICY("f"), "a", alias, 412);
    add_with_revision(f, POLICY("f"), "a", function, 201);
    add_with_revision(f, POLICY("f") "?Qualifier=live", "a", function, 412);
    add_with_revision(f, POLICY("f") "?Qualifier=live", "a", alias, 201);
    add_with_revision(f, POLICY("f") "?Qualifier=1", "a", alias, 412);
    add_with_revision(f, POLICY("f") "?Qualifier=1", "a", version, 201);

    AUTO_FREE char *first = api_member(f, POLICY("f"), "RevisionId");
    add_with_revision(f, POLICY("f"), "b", function, 412);
    add_with_revision(f, POLICY("f"), "b", first, 201);
    AUTO_FREE char *second = api_member(f, POLICY("f"), "RevisionId");
    assert_string_not_equal(first, second);
    add_with_revision(f, POLICY("f"), "c", first, 412);

    AUTO_FREE char *stale = xasprintf(POLICY("f") "/a?RevisionId=%s", first);
    AUTO_FREE char *fresh = xasprintf(POLICY("f") "/a?RevisionId=%s", second);
    api_step(f, &(struct api_step){"DELETE", stale, NULL, 412, "PreconditionFailedException",
                                   BAD_REVISION});
    api_step(f, &(struct api_step){"DELETE", fresh, NULL, 204, NULL, ""});
    AUTO_FREE char *third = check_policy(f, POLICY("f"), DOCUMENT(STATEMENT("b", ARN("f"))));
    assert_string_not_equal(second, third);

    AUTO_FREE char *unchanged = api_member(f, FUNCTIONS "/f/configuration", "RevisionId");
    assert_string_equal(function, unchanged);
}

static void add_filler(struct lambda_fixture *f, size_t n, size_t arn_bytes, int status,
                       const char *error, const char *answer)
{
    AUTO_BUFFER struct buffer body;
    buffer_init(&body, 4096);
    buffer_appendf(&body,
                   "{\"StatementId\":\"f%02zu\",\"Action\":\"lambda:InvokeFunction\","
                   "\"Principal\":\"s3.amazonaws.com\",\"SourceArn\":\"arn:aws:s3:::",
                   n);
    for (size_t i = sizeof("arn:aws:s3:::") - 1; i < arn_bytes; i++)
        buffer_append_char(&body, 'b');
    buffer_append_string(&body, "\"}");
    api_step(f, &(struct api_step){"POST", POLICY("f"), body.data, status, error, answer});
}

static size_t policy_bytes(struct lambda_fixture *f)
{
    AUTO_FREE char *policy = api_member(f, POLICY("f"), "Policy");
    return strlen(policy);
}

static void test_add_permission__stops_at_20480_bytes(void **state)
{
    struct lambda_fixture *f = *state;
    const size_t fixed = strlen(STATEMENT("f00", ARN("f"))) +
                         strlen(",\"Condition\":{\"ArnLike\":{\"AWS:SourceArn\":\"\"}}");
    const size_t step = 1 + fixed + 512;
    size_t n = 0, bytes = strlen(DOCUMENT("")) - 1;
    while (bytes + step + 1 + fixed + 64 <= 20480) {
        add_filler(f, n++, 512, 201, NULL, NULL);
        bytes += step;
    }
    assert_int_equal(policy_bytes(f), bytes);
    size_t left = 20480 - bytes - 1 - fixed;
    AUTO_FREE char *too_big = xasprintf("{\"Type\":\"User\",\"message\":\"The final policy size "
                                        "(20481) is bigger than the limit (20480).\"}");
    add_filler(f, n, left + 1, 400, "PolicyLengthExceededException", too_big);
    add_filler(f, n, left, 201, NULL, NULL);
    assert_int_equal(policy_bytes(f), 20480);
}

#define DECLARED_YAML                                                                              \
    STEPS_YAML                                                                                     \
    "functions:\n"                                                                                 \
    "  d:\n"                                                                                       \
    "    builtin: echo\n"                                                                          \
    "    permissions:\n"                                                                           \
    "      - {statement_id: photos, principal: s3.amazonaws.com, source_arn: 'arn:aws:s3:::b'}\n"  \
    "      - statement: {Sid: never, Effect: Deny, Principal: '*', Action: ['lambda:Invoke*'],"    \
    " Resource: '*', Condition: {Bool: {'aws:SecureTransport': 'false'}}}\n"
#define DECLARED                                                                                   \
    "{\"Sid\":\"photos\",\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},"   \
    "\"Action\":\"lambda:InvokeFunction\",\"Resource\":\"" ARN(                                    \
        "d") "\",\"Condition\":{\"ArnLike\":{\"AWS:SourceArn\":\"arn:aws:s3:::b\"}}}"
#define DENIED                                                                                     \
    "{\"Sid\":\"never\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":[\"lambda:Invoke*\"],"  \
    "\"Resource\":\"*\",\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"false\"}}}"

static void test_permissions__of_the_configuration_meet_those_of_the_api(void **state)
{
    struct lambda_fixture *f = *state;
    api_restart(f, DECLARED_YAML);
    free(check_policy(f, POLICY("d"), DOCUMENT(DECLARED "," DENIED)));
    check_added(f, POLICY("d"), PERMISSION("own"), STATEMENT("own", ARN("d")));
    api_step(f, &(struct api_step){"POST", POLICY("d"), PERMISSION("photos"), 409,
                                   "ResourceConflictException", NULL});
    free(
        check_policy(f, POLICY("d"), DOCUMENT(DECLARED "," DENIED "," STATEMENT("own", ARN("d")))));

    api_step(f, &(struct api_step){"DELETE", POLICY("d") "/photos", NULL, 204, NULL, ""});
    free(check_policy(f, POLICY("d"), DOCUMENT(DENIED "," STATEMENT("own", ARN("d")))));
    api_restart(f, DECLARED_YAML);
    free(
        check_policy(f, POLICY("d"), DOCUMENT(DECLARED "," DENIED "," STATEMENT("own", ARN("d")))));
}

static void test_permissions__that_replace_declared_ones_stay_when_those_go(void **state)
{
    struct lambda_fixture *f = *state;
    static const char without[] = STEPS_YAML "functions: {d: {builtin: echo}}\n";
    api_restart(f, DECLARED_YAML);
    api_step(f, &(struct api_step){"DELETE", POLICY("d") "/photos", NULL, 204, NULL, ""});
    check_added(f, POLICY("d"), PERMISSION("photos"), STATEMENT("photos", ARN("d")));
    api_restart(f, without);
    free(check_policy(f, POLICY("d"), DOCUMENT(STATEMENT("photos", ARN("d")))));
}

static void check_bob(struct lambda_fixture *f, int plain, int latest, int live, int version)
{
    api_call_as(f, "AKIABOB", "secret-of-bob");
    api_expect_status(f, "GET", FUNCTIONS "/f", NULL, plain);
    api_expect_status(f, "GET", FUNCTIONS "/f?Qualifier=%24LATEST", NULL, latest);
    api_expect_status(f, "GET", FUNCTIONS "/f?Qualifier=live", NULL, live);
    api_expect_status(f, "GET", FUNCTIONS "/f?Qualifier=1", NULL, version);
    api_expect_status(f, "GET", FUNCTIONS "/g", NULL, 403);
    api_call_as(f, "AKIAROOT", "secret-of-root");
}

static void test_permissions__open_what_they_are_on_and_nothing_else(void **state)
{
    struct lambda_fixture *f = *state;
    static const char bob[] = "{\"StatementId\":\"bob\",\"Action\":\"lambda:GetFunction\","
                              "\"Principal\":\"arn:aws:iam::" ACCOUNT ":user/bob\"}";
    check_bob(f, 403, 403, 403, 403);
    api_step(f, &(struct api_step){"POST", POLICY("f"), bob, 201, NULL, NULL});
    check_bob(f, 200, 200, 403, 403);
    api_step(f, &(struct api_step){"POST", POLICY("f%3Alive"), bob, 201, NULL, NULL});
    check_bob(f, 200, 200, 200, 403);
    api_step(f, &(struct api_step){"POST", POLICY("f%3A1"), bob, 201, NULL, NULL});
    api_step(f, &(struct api_step){"DELETE", POLICY("f") "/bob", NULL, 204, NULL, ""});
    check_bob(f, 403, 403, 200, 200);
    api_step(f, &(struct api_step){"DELETE", POLICY("f%3Alive") "/bob", NULL, 204, NULL, ""});
    api_step(f, &(struct api_step){"DELETE", POLICY("f%3A1") "/bob", NULL, 204, NULL, ""});
    check_bob(f, 403, 403, 403, 403);
}

static void test_permissions__survive_a_restart(void **state)
{
    struct lambda_fixture *f = *state;
    check_added(f, POLICY("f"), PERMISSION("s"), STATEMENT("s", ARN("f")));
    check_added(f, POLICY("f%3Alive"), PERMISSION("s"), STATEMENT("s", ARN("f:live")));
    AUTO_FREE char *before = api_member(f, POLICY("f"), "RevisionId");
    api_restart(f, STEPS_YAML);
    AUTO_FREE char *after = check_policy(f, POLICY("f"), DOCUMENT(STATEMENT("s", ARN("f"))));
    free(check_policy(f, POLICY("f%3Alive"), DOCUMENT(STATEMENT("s", ARN("f:live")))));
    assert_string_equal(before, after);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_steps_setup, api_steps_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_add_permission__writes_the_statement_of_lambda),
        TEST(test_add_permission__knows_the_principals_of_its_own_account),
        TEST(test_add_permission__refuses_other_principals),
        TEST(test_add_permission__refuses_in_the_words_of_lambda),
        TEST(test_get_policy__refuses_in_the_words_of_lambda),
        TEST(test_remove_permission__refuses_in_the_words_of_lambda),
        TEST(test_remove_permission__takes_the_policy_with_the_last_statement),
        TEST(test_permissions__belong_to_one_qualifier),
        TEST(test_permissions__have_a_revision_of_their_own),
        TEST(test_add_permission__stops_at_20480_bytes),
        TEST(test_permissions__of_the_configuration_meet_those_of_the_api),
        TEST(test_permissions__that_replace_declared_ones_stay_when_those_go),
        TEST(test_permissions__open_what_they_are_on_and_nothing_else),
        TEST(test_permissions__survive_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
