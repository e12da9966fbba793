/*
 * Users of the Lambda API, found by access key.
 */
#include "catalog_fixture.h"

static const char USERS[] =
    "users:\n"
    "  alice: {access_key: AKIDALICE, secret_key: secret-of-alice, policy: {Version: '2012-10-17', "
    "Statement: {Effect: Allow, Action: 'lambda:Get*', Resource: '*'}}}\n"
    "  boss: {access_key: AKIDBOSS, secret_key: secret-of-boss, root: true}\n"
    "  guest: {access_key: AKID/GUEST, secret_key: secret-of-guest, account: 999999999999}\n"
    "  owner: {access_key: AKIDOWNER, secret_key: secret-of-owner, account: 999999999999, root: "
    "true}\n";

static struct catalog *catalog_with(const char *lambda, const char *users)
{
    AUTO_FREE char *more = xasprintf("%s%s", lambda, users);
    return catalog_of(&(struct catalog_parts){.more = more});
}

static const struct user *find(const struct catalog *c, const char *key)
{
    return catalog_user(c, text_of(key));
}

static void test_catalog_user__has_name_account_and_arn(void **state)
{
    (void)state;
    struct catalog *c = catalog_with("lambda: {account: 123456789012}\n", USERS);
    const struct user *alice = find(c, "AKIDALICE");
    assert_non_null(alice);
    assert_text(alice->name, "alice");
    assert_text(alice->account, "123456789012");
    assert_text(alice->arn, "arn:aws:iam::123456789012:user/alice");
    assert_string_equal(alice->config->secret_key, "secret-of-alice");
    assert_text(find(c, "AKIDBOSS")->arn, "arn:aws:iam::123456789012:root");
    assert_text(find(c, "AKID/GUEST")->arn, "arn:aws:iam::999999999999:user/guest");
    assert_text(find(c, "AKIDOWNER")->arn, "arn:aws:iam::999999999999:root");
    catalog_unref(c);
}

static void test_catalog_user__belongs_to_the_first_store_without_a_lambda_section(void **state)
{
    (void)state;
    AUTO_FREE char *more = xasprintf("%s", USERS);
    struct catalog *c = catalog_of(&(struct catalog_parts){
        .store = ", webhook_auth: none, account: 000000000042", .more = more});
    assert_text(find(c, "AKIDALICE")->account, "000000000042");
    catalog_unref(c);
}

static void test_catalog_user__has_its_policy(void **state)
{
    (void)state;
    struct catalog *c = catalog_with("", USERS);
    const struct policy_request get = {.principal_type = POLICY_PRINCIPAL_AWS,
                                       .principal_name = TEXT_INIT("arn:aws:iam::1:user/alice"),
                                       .action = TEXT_INIT("lambda:GetFunction"),
                                       .resource = TEXT_INIT("*")};
    assert_int_equal(policy_evaluate(find(c, "AKIDALICE")->policy, &get).effect, POLICY_ALLOW);
    assert_null(find(c, "AKIDBOSS")->policy);
    assert_null(find(c, "AKID/GUEST")->policy);
    catalog_unref(c);
}

static void test_catalog_user__knows_whole_keys_only(void **state)
{
    (void)state;
    struct catalog *c = catalog_with("", USERS);
    assert_null(find(c, ""));
    assert_null(find(c, "AKIDALIC"));
    assert_null(find(c, "AKIDALICEE"));
    assert_null(find(c, "akidalice"));
    catalog_unref(c);
    c = catalog_with("", "");
    assert_null(find(c, "AKIDALICE"));
    catalog_unref(c);
}

static void test_catalog_user__is_found_among_many(void **state)
{
    enum { MANY = 500 };
    AUTO_BUFFER struct buffer users = {0};
    (void)state;
    buffer_init(&users, 65536);
    buffer_append_string(&users, "users:\n");
    for (int i = 0; i < MANY; i++)
        buffer_appendf(&users, "  u%d: {access_key: KEY%d, secret_key: secret-of-%d}\n", i, i, i);
    struct catalog *c = catalog_with("", users.data);
    for (int i = 0; i < MANY; i++) {
        AUTO_FREE char *key = xasprintf("KEY%d", i);
        AUTO_FREE char *name = xasprintf("u%d", i);
        assert_text(find(c, key)->name, name);
    }
    catalog_unref(c);
}

static void test_catalog__refuses_a_user_whose_policy_is_none(void **state)
{
    (void)state;
    struct error err = catalog_refused(&(struct catalog_parts){
        .more = "users: {eve: {access_key: AKIDEVE, secret_key: secret-of-eve, policy: {Version: "
                "'2012-10-17', Statement: {Effect: Perhaps, Action: '*', Resource: '*'}}}}\n"});
    assert_contains(err.message, "users.eve.policy: ");
    assert_contains(err.message, "Perhaps");
}

static void test_catalog__refuses_a_user_whose_policy_names_principals(void **state)
{
    (void)state;
    struct error err = catalog_refused(&(struct catalog_parts){
        .more = "users: {eve: {access_key: AKIDEVE, secret_key: secret-of-eve, policy: {Version: "
                "'2012-10-17', Statement: {Effect: Allow, Principal: '*', Action: '*', Resource: "
                "'*'}}}}\n"});
    assert_contains(err.message, "users.eve.policy: ");
    assert_contains(err.message, "names no principal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_catalog_user__has_name_account_and_arn),
        cmocka_unit_test(test_catalog_user__belongs_to_the_first_store_without_a_lambda_section),
        cmocka_unit_test(test_catalog_user__has_its_policy),
        cmocka_unit_test(test_catalog_user__knows_whole_keys_only),
        cmocka_unit_test(test_catalog_user__is_found_among_many),
        cmocka_unit_test(test_catalog__refuses_a_user_whose_policy_is_none),
        cmocka_unit_test(test_catalog__refuses_a_user_whose_policy_names_principals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
