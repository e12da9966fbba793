/*
 * test_policy_decide.c - every decision of fixtures/policies/<case>/, and two policies together.
 *
 * A case is policy.json and decisions.json: a list of {"request", "effect", "sid"}. Cases whose
 * name starts with "identity_" are identity policies.
 */
#include "policy_fixture.h"

static unsigned decide_one(const char *name, size_t index, const struct policy *policy,
                           struct json_object *expected)
{
    AUTO_ARENA struct arena arena;
    AUTO_BUFFER struct buffer lines;
    struct text effect, sid;
    struct error err = {0};
    arena_init(&arena);
    buffer_init(&lines, 1 << 20);
    assert_ok(json_get_text(expected, "effect", &effect, &err), &err);
    assert_ok(json_get_text(expected, "sid", &sid, &err), &err);
    struct policy_request request = request_from(json_at(expected, "request"), &arena);
    struct policy_decision got = policy_evaluate(policy, &request);
    if (text_is(effect, effect_name(got.effect)) && text_equal(sid, got.sid) &&
        (got.statement < 0) == (got.effect == POLICY_IMPLICIT_DENY))
        return 0;
    policy_explain(policy, &request, &lines);
    print_error("%s, decision %zu: %s by \"%.*s\", expected %.*s by \"%.*s\"\n%s", name, index,
                effect_name(got.effect), TEXT_ARGS(got.sid), TEXT_ARGS(effect), TEXT_ARGS(sid),
                lines.data);
    return 1;
}

static unsigned decide_case(const char *folder, const char *name, unsigned *out_count)
{
    AUTO_FREE char *dir = test_path(folder, name);
    AUTO_FREE char *document = test_read_below(dir, "policy.json", NULL);
    AUTO_FREE char *decisions = test_read_below(dir, "decisions.json", NULL);
    AUTO_JSON struct json_object *list = NULL;
    struct error err = {0};
    unsigned wrong = 0;
    assert_ok(json_parse(text_of(decisions), &list, &err), &err);
    struct policy *policy =
        policy_of(document, strncmp(name, "identity_", 9) == 0 ? POLICY_IDENTITY : POLICY_RESOURCE);
    for (size_t i = 0; i < json_object_array_length(list); i++, (*out_count)++)
        wrong += decide_one(name, i, policy, json_object_array_get_idx(list, i));
    policy_free(policy);
    return wrong;
}

static void test_policy_evaluate__decides_every_fixture(UNUSED void **state)
{
    AUTO_FREE char *folder = test_fixture("policies");
    char **names = test_list_dir(folder);
    unsigned wrong = 0, count = 0;
    for (size_t i = 0; names[i]; i++) {
        if (strcmp(names[i], "bad") != 0)
            wrong += decide_case(folder, names[i], &count);
    }
    test_names_free(names);
    assert_int_equal(wrong, 0);
    assert_true(count > 500);
}

#define ALLOW          "\"Effect\":\"Allow\",\"Action\":\"lambda:*\",\"Resource\":\"*\""
#define DENY           "\"Effect\":\"Deny\",\"Action\":\"lambda:*\",\"Resource\":\"*\""
#define RESOURCE_ALLOW "{\"Statement\":{\"Sid\":\"r\",\"Principal\":\"*\"," ALLOW "}}"
#define RESOURCE_DENY  "{\"Statement\":{\"Sid\":\"r\",\"Principal\":\"*\"," DENY "}}"
#define IDENTITY_ALLOW "{\"Statement\":{\"Sid\":\"i\"," ALLOW "}}"
#define IDENTITY_DENY  "{\"Statement\":{\"Sid\":\"i\"," DENY "}}"

static struct policy *maybe(const char *json, enum policy_kind kind)
{
    return json ? policy_of(json, kind) : NULL;
}

static void check_both(const char *resource_json, const char *identity_json, bool same_account,
                       const struct policy_request *request, const char *effect, const char *sid)
{
    struct policy *resource = maybe(resource_json, POLICY_RESOURCE);
    struct policy *identity = maybe(identity_json, POLICY_IDENTITY);
    struct policy_decision got = policy_evaluate_both(resource, identity, same_account, request);
    assert_string_equal(effect_name(got.effect), effect);
    assert_text(got.sid, sid);
    policy_free(resource);
    policy_free(identity);
}

static struct policy_request request_of(enum policy_principal_type type, const char *name)
{
    return (struct policy_request){.principal_type = type,
                                   .principal_name = text_of(name),
                                   .principal_account = TEXT("123456789012"),
                                   .action = TEXT("lambda:InvokeFunction"),
                                   .resource = TEXT("arn:aws:lambda:eu-west-1:1:function:f")};
}

static void test_policy_evaluate_both__needs_one_allow_in_the_same_account(UNUSED void **state)
{
    struct policy_request bob =
        request_of(POLICY_PRINCIPAL_AWS, "arn:aws:iam::123456789012:user/bob");
    check_both(RESOURCE_ALLOW, NULL, true, &bob, "allow", "r");
    check_both(NULL, IDENTITY_ALLOW, true, &bob, "allow", "i");
    check_both(RESOURCE_ALLOW, IDENTITY_ALLOW, true, &bob, "allow", "r");
    check_both(NULL, NULL, true, &bob, "implicit_deny", "");
}

static void test_policy_evaluate_both__needs_both_allows_across_accounts(UNUSED void **state)
{
    struct policy_request bob =
        request_of(POLICY_PRINCIPAL_AWS, "arn:aws:iam::123456789012:user/bob");
    check_both(RESOURCE_ALLOW, NULL, false, &bob, "implicit_deny", "");
    check_both(NULL, IDENTITY_ALLOW, false, &bob, "implicit_deny", "");
    check_both(RESOURCE_ALLOW, IDENTITY_ALLOW, false, &bob, "allow", "r");
}

static void test_policy_evaluate_both__lets_a_deny_of_either_win(UNUSED void **state)
{
    struct policy_request bob =
        request_of(POLICY_PRINCIPAL_AWS, "arn:aws:iam::123456789012:user/bob");
    for (int same = 0; same < 2; same++) {
        check_both(RESOURCE_DENY, IDENTITY_ALLOW, same, &bob, "explicit_deny", "r");
        check_both(RESOURCE_ALLOW, IDENTITY_DENY, same, &bob, "explicit_deny", "i");
        check_both(NULL, IDENTITY_DENY, same, &bob, "explicit_deny", "i");
    }
}

static void test_policy_evaluate_both__asks_only_the_resource_for_services(UNUSED void **state)
{
    struct policy_request s3 = request_of(POLICY_PRINCIPAL_SERVICE, "s3.amazonaws.com");
    struct policy_request nobody = request_of(POLICY_PRINCIPAL_ANONYMOUS, "");
    check_both(RESOURCE_ALLOW, NULL, false, &s3, "allow", "r");
    check_both(RESOURCE_ALLOW, IDENTITY_DENY, false, &s3, "allow", "r");
    check_both(NULL, IDENTITY_ALLOW, true, &s3, "implicit_deny", "");
    check_both(RESOURCE_ALLOW, NULL, false, &nobody, "allow", "r");
    check_both(NULL, IDENTITY_ALLOW, true, &nobody, "implicit_deny", "");
}

static void test_policy_evaluate_both__lets_the_root_into_its_own_account(UNUSED void **state)
{
    struct policy_request root = request_of(POLICY_PRINCIPAL_AWS, "arn:aws:iam::123456789012:root");
    check_both(NULL, NULL, true, &root, "allow", "");
    check_both(NULL, NULL, false, &root, "implicit_deny", "");
    check_both(RESOURCE_DENY, NULL, true, &root, "explicit_deny", "r");
    check_both(NULL, IDENTITY_DENY, true, &root, "explicit_deny", "i");
}

static void test_policy_evaluate__denies_without_a_policy(UNUSED void **state)
{
    struct policy_request s3 = request_of(POLICY_PRINCIPAL_SERVICE, "s3.amazonaws.com");
    struct policy_decision got = policy_evaluate(NULL, &s3);
    assert_int_equal(got.effect, POLICY_IMPLICIT_DENY);
    assert_int_equal(got.statement, -1);
}

static void
test_policy_evaluate__takes_the_account_from_the_arn_when_none_is_given(UNUSED void **state)
{
    struct policy *policy = policy_of(
        "{\"Statement\":{\"Sid\":\"a\",\"Principal\":{\"AWS\":\"123456789012\"}," ALLOW "}}",
        POLICY_RESOURCE);
    struct policy_request bob =
        request_of(POLICY_PRINCIPAL_AWS, "arn:aws:iam::123456789012:user/bob");
    bob.principal_account = (struct text){0};
    assert_int_equal(policy_evaluate(policy, &bob).effect, POLICY_ALLOW);
    bob.principal_name = TEXT("arn:aws:iam::999999999999:user/bob");
    assert_int_equal(policy_evaluate(policy, &bob).effect, POLICY_IMPLICIT_DENY);
    policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy_evaluate__decides_every_fixture),
        cmocka_unit_test(test_policy_evaluate_both__needs_one_allow_in_the_same_account),
        cmocka_unit_test(test_policy_evaluate_both__needs_both_allows_across_accounts),
        cmocka_unit_test(test_policy_evaluate_both__lets_a_deny_of_either_win),
        cmocka_unit_test(test_policy_evaluate_both__asks_only_the_resource_for_services),
        cmocka_unit_test(test_policy_evaluate_both__lets_the_root_into_its_own_account),
        cmocka_unit_test(test_policy_evaluate__denies_without_a_policy),
        cmocka_unit_test(test_policy_evaluate__takes_the_account_from_the_arn_when_none_is_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
