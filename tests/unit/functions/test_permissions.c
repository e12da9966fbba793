/*
 * Who may call a function, and whether what is suggested after a refusal really helps.
 */
#include "catalog_fixture.h"

#include <unistd.h>

#define S3 "principal: s3.amazonaws.com"

static enum policy_effect asked(const char *permissions, const char *store, const char *bucket)
{
    AUTO_FREE char *function = xasprintf(", permissions: [%s]", permissions);
    struct catalog *c = catalog_of(&(struct catalog_parts){.function = function, .store = store});
    struct policy_decision d =
        catalog_may_invoke(catalog_minio(c), catalog_thumbs(c), text_of(bucket));
    catalog_unref(c);
    return d.effect;
}

static void test_may_invoke__denies_without_a_permission(void **state)
{
    (void)state;
    assert_int_equal(asked("", NULL, "photos"), POLICY_IMPLICIT_DENY);
}

static void test_may_invoke__allows_the_bucket_of_the_permission_only(void **state)
{
    (void)state;
    const char *photos = "{" S3 ", source_arn: 'arn:aws:s3:::photos'}";
    assert_int_equal(asked(photos, NULL, "photos"), POLICY_ALLOW);
    assert_int_equal(asked(photos, NULL, "photos2"), POLICY_IMPLICIT_DENY);
    assert_int_equal(asked(photos, NULL, "PHOTOS"), POLICY_IMPLICIT_DENY);
    assert_int_equal(asked("{" S3 ", source_arn: 'arn:aws:s3:::photos-*'}", NULL, "photos-7"),
                     POLICY_ALLOW);
}

static void test_may_invoke__compares_the_account_of_the_store(void **state)
{
    (void)state;
    const char *permission = "{" S3 ", source_account: '111122223333'}";
    assert_int_equal(asked(permission, ", webhook_auth: none, account: '111122223333'", "b"),
                     POLICY_ALLOW);
    assert_int_equal(asked(permission, ", webhook_auth: none, account: '111122223334'", "b"),
                     POLICY_IMPLICIT_DENY);
    assert_int_equal(asked("{" S3 ", source_account: '000000000000'}", NULL, "b"), POLICY_ALLOW);
}

static void test_may_invoke__compares_the_principal_of_the_store(void **state)
{
    (void)state;
    assert_int_equal(asked("{principal: sns.amazonaws.com}", NULL, "b"), POLICY_IMPLICIT_DENY);
    assert_int_equal(asked("{principal: '111122223333'}", NULL, "b"), POLICY_IMPLICIT_DENY);
    assert_int_equal(asked("{principal: '*'}", NULL, "b"), POLICY_ALLOW);
    assert_int_equal(asked("{principal: sns.amazonaws.com}",
                           ", webhook_auth: none, principal: sns.amazonaws.com", "b"),
                     POLICY_ALLOW);
}

static void test_may_invoke__needs_the_action(void **state)
{
    (void)state;
    assert_int_equal(asked("{" S3 ", action: 'lambda:GetFunction'}", NULL, "b"),
                     POLICY_IMPLICIT_DENY);
    assert_int_equal(asked("{" S3 ", action: 'lambda:*'}", NULL, "b"), POLICY_ALLOW);
}

static void test_may_invoke__takes_whole_statements(void **state)
{
    (void)state;
    const char *statement = "{statement: {Effect: Allow, Principal: {Service: s3.amazonaws.com}, "
                            "Action: 'lambda:InvokeFunction', Resource: '*', Condition: "
                            "{StringEquals: {'aws:SourceAccount': '000000000000'}, ArnLike: "
                            "{'aws:SourceArn': ['arn:aws:s3:::a', 'arn:aws:s3:::b']}}}}";
    assert_int_equal(asked(statement, NULL, "b"), POLICY_ALLOW);
    assert_int_equal(asked(statement, NULL, "c"), POLICY_IMPLICIT_DENY);
    assert_int_equal(asked(statement, ", webhook_auth: none, account: '111122223333'", "b"),
                     POLICY_IMPLICIT_DENY);
}

static void test_may_invoke__lets_a_deny_win(void **state)
{
    (void)state;
    const char *both = "{" S3 "}, {statement: {Sid: NotSecret, Effect: Deny, Principal: '*', "
                       "Action: '*', Resource: '*', Condition: {ArnEquals: {'aws:SourceArn': "
                       "'arn:aws:s3:::secret'}}}}";
    assert_int_equal(asked(both, NULL, "photos"), POLICY_ALLOW);
    assert_int_equal(asked(both, NULL, "secret"), POLICY_EXPLICIT_DENY);
}

static void test_permissions__get_a_sid_each(void **state)
{
    (void)state;
    struct catalog *c = catalog_of(&(struct catalog_parts){
        .function = ", permissions: [{" S3 "}, {principal: '*', statement_id: everybody}]"});
    const struct function *f = catalog_thumbs(c);
    assert_int_equal(policy_statement_count(f->policy), 2);
    assert_contains(f->policy_json.ptr, "\"Sid\":\"permission-1\"");
    assert_contains(f->policy_json.ptr, "\"Sid\":\"everybody\"");
    assert_contains(f->policy_json.ptr,
                    "\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:thumbs\"");
    catalog_unref(c);
}

/* ---- what is suggested ---- */

/* The caller frees it. */
static char *suggested(const char *store, const char *bucket)
{
    struct catalog *c = catalog_of(&(struct catalog_parts){.store = store});
    struct buffer text;
    buffer_init(&text, 8192);
    catalog_suggest_permission(catalog_minio(c), catalog_thumbs(c), text_of(bucket), &text);
    catalog_unref(c);
    return buffer_take(&text, NULL);
}

enum { ARGUMENTS = 14 };

/* What a shell makes of the command, with "aws" as a function that prints its arguments. */
static void run_command(const char *command, char *out[ARGUMENTS])
{
    AUTO_FREE char *script =
        xasprintf("aws() { for a; do printf '%%s\\001' \"$a\"; done; }\n%s\n", command);
    AUTO_FREE char *path = xstrdup("/tmp/onput-suggestion-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    test_write_file(path, text_of(script));
    AUTO_FREE char *line = xasprintf("sh %s", path);
    FILE *pipe = popen(line, "r");
    char said[8192];
    size_t len = fread(said, 1, sizeof(said), pipe);
    assert_int_equal(pclose(pipe), 0);
    unlink(path);
    struct text rest = {said, len};
    for (size_t i = 0; i < ARGUMENTS; i++)
        out[i] = xmemdup_text(text_cut(&rest, '\001'));
    assert_int_equal(rest.len, 0);
}

static void assert_command(const char *store, const char *bucket, const char *account)
{
    char *arguments[ARGUMENTS];
    AUTO_FREE char *command = suggested(store, bucket);
    AUTO_FREE char *arn = xasprintf("arn:aws:s3:::%s", bucket);
    run_command(command, arguments);
    const char *const expected[ARGUMENTS] = {
        "lambda",           "add-permission",
        "--function-name",  "thumbs",
        "--statement-id",   NULL,
        "--action",         "lambda:InvokeFunction",
        "--principal",      NULL,
        "--source-arn",     arn,
        "--source-account", account,
    };
    for (size_t i = 0; i < ARGUMENTS; i++) {
        if (expected[i] != NULL)
            assert_string_equal(arguments[i], expected[i]);
        free(arguments[i]);
    }
}

static void suggestion_helps(const char *store, const char *bucket)
{
    char *a[ARGUMENTS];
    AUTO_FREE char *command = suggested(store, bucket);
    run_command(command, a);
    AUTO_FREE char *permission = xasprintf("{statement_id: '%s', action: '%s', principal: '%s', "
                                           "source_arn: '%s', source_account: '%s'}",
                                           a[5], a[7], a[9], a[11], a[13]);
    for (size_t i = 0; i < ARGUMENTS; i++)
        free(a[i]);
    assert_int_equal(asked(permission, store, bucket), POLICY_ALLOW);
    assert_int_equal(asked(permission, store, "another-bucket"), POLICY_IMPLICIT_DENY);
}

static void test_suggestion__permits_when_it_is_run(void **state)
{
    (void)state;
    suggestion_helps(", webhook_auth: none", "photos");
    suggestion_helps(", webhook_auth: none, account: '012345678901'", "my.photos-2026_x");
    suggestion_helps(", webhook_auth: none", "tenant:photos");
    suggestion_helps(", webhook_auth: none, principal: sns.amazonaws.com", "photos");
}

static void test_suggestion__is_a_command_that_can_be_read(void **state)
{
    (void)state;
    AUTO_FREE char *command = suggested(", webhook_auth: none", "photos");
    assert_string_equal(command,
                        "aws lambda add-permission --function-name thumbs --statement-id "
                        "bucket-329f5bb73037 --action lambda:InvokeFunction --principal "
                        "s3.amazonaws.com --source-arn arn:aws:s3:::photos --source-account "
                        "000000000000");
}

static void test_suggestion__runs_nothing_that_a_bucket_is_called(void **state)
{
    (void)state;
    static const char *const names[] = {
        "$(touch /tmp/x)",
        "`id`",
        "a b",
        "'; id; '",
        "a'b\"c",
        "\\",
        "a\nb",
        "$HOME",
        "~",
        "*",
        "a;b|c&d>e<f",
        "!!",
        "",
        "-x",
        "#",
        "\xc3\xa4\xff",
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_command(", webhook_auth: none", names[i], "000000000000");
}

static void
test_suggestion__is_configuration_for_a_principal_that_add_permission_does_not_know(void **state)
{
    (void)state;
    const char *store = ", webhook_auth: none, principal: minio.example";
    AUTO_FREE char *yaml = suggested(store, "photos");
    assert_contains(yaml, "functions: {thumbs: {permissions: [");
    const char *list = strstr(yaml, "permissions: [") + strlen("permissions: [");
    AUTO_FREE char *permission =
        xmemdup_text((struct text){list, (size_t)(strrchr(yaml, ']') - list)});
    assert_int_equal(asked(permission, store, "photos"), POLICY_ALLOW);
    assert_int_equal(asked(permission, store, "another-bucket"), POLICY_IMPLICIT_DENY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_may_invoke__denies_without_a_permission),
        cmocka_unit_test(test_may_invoke__allows_the_bucket_of_the_permission_only),
        cmocka_unit_test(test_may_invoke__compares_the_account_of_the_store),
        cmocka_unit_test(test_may_invoke__compares_the_principal_of_the_store),
        cmocka_unit_test(test_may_invoke__needs_the_action),
        cmocka_unit_test(test_may_invoke__takes_whole_statements),
        cmocka_unit_test(test_may_invoke__lets_a_deny_win),
        cmocka_unit_test(test_permissions__get_a_sid_each),
        cmocka_unit_test(test_suggestion__permits_when_it_is_run),
        cmocka_unit_test(test_suggestion__is_a_command_that_can_be_read),
        cmocka_unit_test(test_suggestion__runs_nothing_that_a_bucket_is_called),
        cmocka_unit_test(
            test_suggestion__is_configuration_for_a_principal_that_add_permission_does_not_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
