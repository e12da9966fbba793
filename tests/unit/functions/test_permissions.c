/*
 * Who may call a function, and whether what is suggested after a refusal really helps.
 */
#include "catalog_fixture.h"

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

/*
 * The suggestion is one line of YAML below functions:. A person merges the list into the file; here
 * its part between the outer brackets is put where the file has its permissions.
 */
static char *suggested_permission(const char *store, const char *bucket)
{
    struct catalog *c = catalog_of(&(struct catalog_parts){.store = store});
    AUTO_BUFFER struct buffer text;
    buffer_init(&text, 4096);
    catalog_suggest_permission(catalog_minio(c), catalog_thumbs(c), text_of(bucket), &text);
    catalog_unref(c);
    assert_contains(text.data, "functions: {thumbs: {permissions: [");
    const char *list = strstr(text.data, "permissions: [") + strlen("permissions: [");
    return xmemdup_text((struct text){list, (size_t)(strrchr(text.data, ']') - list)});
}

static void suggestion_helps(const char *store, const char *bucket)
{
    AUTO_FREE char *permission = suggested_permission(store, bucket);
    assert_int_equal(asked(permission, store, bucket), POLICY_ALLOW);
    assert_int_equal(asked(permission, store, "another-bucket"), POLICY_IMPLICIT_DENY);
}

static void test_suggestion__permits_when_it_is_merged(void **state)
{
    (void)state;
    suggestion_helps(", webhook_auth: none", "photos");
    suggestion_helps(", webhook_auth: none, account: '012345678901'", "my.photos-2026_x");
    suggestion_helps(", webhook_auth: none", "tenant:photos");
    suggestion_helps(", webhook_auth: none, principal: sns.amazonaws.com", "photos");
}

static void test_suggestion__permits_for_a_principal_that_add_permission_does_not_know(void **state)
{
    (void)state;
    suggestion_helps(", webhook_auth: none, principal: minio.example", "photos");
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
        cmocka_unit_test(test_suggestion__permits_when_it_is_merged),
        cmocka_unit_test(
            test_suggestion__permits_for_a_principal_that_add_permission_does_not_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
