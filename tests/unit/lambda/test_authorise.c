/*
 * What policies say about a caller, and in which words a refusal comes.
 */
#include "unit/functions/catalog_fixture.h"

#include "identity.h"

#define ARN "arn:aws:lambda:us-east-1:123456789012:function:thumbs"

static const char CONFIG[] =
    "lambda: {region: us-east-1, account: 123456789012}\n"
    "stores: {s: {endpoint: 'http://127.0.0.1:9', access_key: a, secret_key: b, webhook_auth: "
    "none}}\n"
    "users:\n"
    "  nobody: {access_key: NOBODY, secret_key: secret-of-nobody}\n"
    "  root: {access_key: ROOT, secret_key: secret-of-root, root: true}\n"
    "  reader: {access_key: READER, secret_key: secret-of-reader, policy: {Version: '2012-10-17', "
    "Statement: [{Effect: Allow, Action: ['lambda:Get*', 'lambda:List*'], Resource: '*'}, "
    "{Effect: Deny, Action: 'lambda:GetPolicy', Resource: '*'}]}}\n"
    "  guest: {access_key: GUEST, secret_key: secret-of-guest, account: 999999999999}\n"
    "  invoker: {access_key: INVOKER, secret_key: secret-of-invoker, account: 999999999999, "
    "policy: {Version: '2012-10-17', Statement: {Effect: Allow, Action: 'lambda:InvokeFunction', "
    "Resource: '*'}}}\n"
    "  owner: {access_key: OWNER, secret_key: secret-of-owner, account: 999999999999, root: "
    "true}\n";

struct scene {
    struct catalog *catalog;
    struct arena arena;
    struct caller caller;
    struct policy *policy;
    struct question q;
};

static void call_as(struct scene *s, const char *access_key)
{
    const struct user *user = catalog_user(s->catalog, text_of(access_key));
    if (user == NULL) {
        s->caller = (struct caller){
            .type = POLICY_PRINCIPAL_ANONYMOUS, .arn = TEXT_INIT(""), .account = TEXT_INIT("")};
        return;
    }
    s->caller = (struct caller){POLICY_PRINCIPAL_AWS, user->arn, user->account, user};
}

static void scene_open(struct scene *s, const char *access_key)
{
    *s = (struct scene){.catalog = catalog_of_yaml(CONFIG)};
    arena_init(&s->arena);
    call_as(s, access_key);
    s->q = (struct question){.caller = &s->caller,
                             .catalog = s->catalog,
                             .action = "lambda:InvokeFunction",
                             .resource = TEXT_INIT(ARN),
                             .peer = TEXT_INIT("192.0.2.7"),
                             .user_agent = TEXT_INIT("aws-cli/2.0"),
                             .now_ms = 1795305600123}; /* 2026-11-22T00:00:00.123Z */
}

static void scene_close(struct scene *s)
{
    policy_free(s->policy);
    catalog_unref(s->catalog);
    arena_release(&s->arena);
}

/* Gives the function a resource policy of one statement; a ' stands for a ". */
static void allow(struct scene *s, const char *effect, const char *principal, const char *more)
{
    struct error err = {0};
    AUTO_FREE char *json =
        xasprintf("{'Version':'2012-10-17','Statement':{'Effect':'%s','Principal':%s,'Action':"
                  "'lambda:*','Resource':'" ARN "'%s}}",
                  effect, principal, more);
    for (char *c = json; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    policy_free(s->policy);
    s->policy = NULL;
    assert_ok(policy_parse(text_of(json), POLICY_RESOURCE, &s->policy, &err), &err);
    s->q.policy = s->policy;
}

static bool may(struct scene *s)
{
    return question_decide(&s->q).effect == POLICY_ALLOW;
}

static void expect_refusal(struct scene *s, const char *message)
{
    struct policy_decision decision = question_decide(&s->q);
    assert_int_not_equal(decision.effect, POLICY_ALLOW);
    assert_string_equal(question_refusal(&s->q, decision, &s->arena), message);
}

static void test_question__allows_what_the_identity_policy_allows(void **state)
{
    struct scene s;
    (void)state;
    scene_open(&s, "READER");
    s.q.action = "lambda:GetFunction";
    assert_true(may(&s));
    s.q.action = "lambda:ListFunctions";
    s.q.resource = TEXT("*");
    assert_true(may(&s));
    s.q.action = "lambda:DeleteFunction";
    expect_refusal(&s, "User: arn:aws:iam::123456789012:user/reader is not authorized to perform: "
                       "lambda:DeleteFunction on resource: * because no identity-based policy "
                       "allows the lambda:DeleteFunction action");
    scene_close(&s);
}

static void test_question__obeys_a_deny_of_either_policy(void **state)
{
    struct scene s;
    (void)state;
    scene_open(&s, "READER");
    s.q.action = "lambda:GetPolicy";
    allow(&s, "Allow", "'*'", "");
    expect_refusal(&s, "User: arn:aws:iam::123456789012:user/reader is not authorized to perform: "
                       "lambda:GetPolicy on resource: " ARN
                       " with an explicit deny in an identity-based policy");
    s.q.action = "lambda:GetFunction";
    allow(&s, "Deny", "'*'", "");
    expect_refusal(&s, "User: arn:aws:iam::123456789012:user/reader is not authorized to perform: "
                       "lambda:GetFunction on resource: " ARN
                       " with an explicit deny in a resource-based policy");
    scene_close(&s);
}

static void test_question__lets_root_do_what_is_not_denied(void **state)
{
    struct scene s;
    (void)state;
    scene_open(&s, "ROOT");
    assert_true(may(&s));
    s.q.action = "lambda:DeleteFunction";
    assert_true(may(&s));
    allow(&s, "Deny", "'*'", "");
    expect_refusal(&s, "User: arn:aws:iam::123456789012:root is not authorized to perform: "
                       "lambda:DeleteFunction on resource: " ARN
                       " with an explicit deny in a resource-based policy");
    scene_close(&s);
}

static void test_question__takes_a_resource_policy_of_the_same_account_alone(void **state)
{
    struct scene s;
    (void)state;
    scene_open(&s, "NOBODY");
    expect_refusal(&s, "User: arn:aws:iam::123456789012:user/nobody is not authorized to perform: "
                       "lambda:InvokeFunction on resource: " ARN
                       " because no identity-based policy allows the lambda:InvokeFunction action");
    allow(&s, "Allow", "{'AWS':'arn:aws:iam::123456789012:user/nobody'}", "");
    assert_true(may(&s));
    allow(&s, "Allow", "{'AWS':'123456789012'}", "");
    assert_true(may(&s));
    allow(&s, "Allow", "{'AWS':'arn:aws:iam::123456789012:user/somebody'}", "");
    assert_false(may(&s));
    scene_close(&s);
}

static void test_question__needs_both_policies_across_accounts(void **state)
{
    struct scene s;
    (void)state;
    scene_open(&s, "INVOKER");
    expect_refusal(&s, "User: arn:aws:iam::999999999999:user/invoker is not authorized to perform: "
                       "lambda:InvokeFunction on resource: " ARN
                       " because no resource-based policy allows the lambda:InvokeFunction action");
    allow(&s, "Allow", "{'AWS':'999999999999'}", "");
    assert_true(may(&s));
    call_as(&s, "GUEST");
    expect_refusal(&s, "User: arn:aws:iam::999999999999:user/guest is not authorized to perform: "
                       "lambda:InvokeFunction on resource: " ARN
                       " because no identity-based policy allows the lambda:InvokeFunction action");
    scene_close(&s);
}

static void test_question__needs_the_resource_policy_for_the_root_of_another_account(void **state)
{
    struct scene s;
    (void)state;
    scene_open(&s, "OWNER");
    assert_false(may(&s));
    allow(&s, "Allow", "{'AWS':'arn:aws:iam::999999999999:root'}", "");
    assert_true(may(&s));
    allow(&s, "Deny", "'*'", "");
    assert_false(may(&s));
    scene_close(&s);
}

static void test_question__asks_the_resource_policy_about_anonymous_callers(void **state)
{
    struct scene s;
    const struct text none = TEXT_INIT("NONE");
    const struct policy_context extra = {TEXT_INIT("lambda:FunctionUrlAuthType"), &none, 1};
    (void)state;
    scene_open(&s, "(nobody has this key)");
    expect_refusal(&s, "User: anonymous is not authorized to perform: lambda:InvokeFunction on "
                       "resource: " ARN
                       " because no resource-based policy allows the lambda:InvokeFunction action");
    allow(&s, "Allow", "'*'",
          ",'Condition':{'StringEquals':{'lambda:FunctionUrlAuthType':'NONE'}}");
    assert_false(may(&s));
    s.q.extra = &extra;
    s.q.extra_count = 1;
    assert_true(may(&s));
    scene_close(&s);
}

static void test_question__takes_latest_for_no_qualifier(void **state)
{
    struct scene s;
    (void)state;
    scene_open(&s, "NOBODY");
    allow(&s, "Allow", "'*'", "");
    s.q.resource = TEXT(ARN ":$LATEST");
    assert_true(may(&s));
    s.q.resource = TEXT(ARN ":prod");
    assert_false(may(&s));
    s.q.policy = NULL;
    s.q.resource = TEXT(ARN ":$LATEST");
    expect_refusal(&s, "User: arn:aws:iam::123456789012:user/nobody is not authorized to perform: "
                       "lambda:InvokeFunction on resource: " ARN
                       " because no identity-based policy allows the lambda:InvokeFunction action");
    scene_close(&s);
}

/* One condition each, that holds for this user's request. */
static const struct {
    const char *access_key;
    const char *condition;
} facts[] = {
    {"NOBODY", "'ArnEquals':{'aws:PrincipalArn':'arn:aws:iam::123456789012:user/nobody'}"},
    {"NOBODY", "'StringEquals':{'aws:PrincipalAccount':'123456789012'}"},
    {"NOBODY", "'StringEquals':{'aws:PrincipalType':'User'}"},
    {"NOBODY", "'StringEquals':{'aws:userid':'nobody'}"},
    {"NOBODY", "'StringEquals':{'aws:username':'nobody'}"},
    {"OWNER", "'StringEquals':{'aws:PrincipalType':'Account'}"},
    {"OWNER", "'StringEquals':{'aws:userid':'999999999999'}"},
    {"OWNER", "'Null':{'aws:username':'true'}"},
    {"(none)", "'StringEquals':{'aws:PrincipalType':'Anonymous'}"},
    {"(none)", "'Null':{'aws:PrincipalArn':'true','aws:PrincipalAccount':'true'}"},
    {"NOBODY", "'IpAddress':{'aws:SourceIp':'192.0.2.0/24'}"},
    {"NOBODY", "'StringLike':{'aws:UserAgent':'aws-cli/*'}"},
    {"NOBODY", "'Bool':{'aws:SecureTransport':'false'}"},
    {"NOBODY", "'Bool':{'aws:PrincipalIsAWSService':'false','aws:ViaAWSService':'false'}"},
    {"NOBODY", "'DateEquals':{'aws:CurrentTime':'2026-11-22T00:00:00.123Z'}"},
    {"NOBODY", "'NumericEquals':{'aws:EpochTime':'1795305600'}"},
    {"NOBODY", "'StringEquals':{'aws:RequestedRegion':'us-east-1'}"},
    {"NOBODY", "'StringEquals':{'aws:ResourceAccount':'123456789012'}"},
    {"NOBODY", "'Null':{'aws:SourceArn':'true','aws:SourceAccount':'true'}"},
};

static void test_question__knows_the_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
        struct scene s;
        AUTO_FREE char *condition = xasprintf(",'Condition':{%s}", facts[i].condition);
        scene_open(&s, facts[i].access_key);
        allow(&s, "Allow", "'*'", condition);
        if (!may(&s))
            fail_msg("%s: %s", facts[i].access_key, facts[i].condition);
        scene_close(&s);
    }
}

static void test_question__compares_the_address_of_the_caller(void **state)
{
    struct scene s;
    (void)state;
    scene_open(&s, "NOBODY");
    allow(&s, "Allow", "'*'", ",'Condition':{'IpAddress':{'aws:SourceIp':'192.0.2.7/32'}}");
    s.q.peer = TEXT("192.0.2.7");
    assert_true(may(&s));
    s.q.peer = TEXT("192.0.2.8");
    assert_false(may(&s));
    allow(&s, "Allow", "'*'", ",'Condition':{'IpAddress':{'aws:SourceIp':'2001:db8::/32'}}");
    s.q.peer = TEXT("2001:db8::1");
    assert_true(may(&s));
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_question__allows_what_the_identity_policy_allows),
        cmocka_unit_test(test_question__obeys_a_deny_of_either_policy),
        cmocka_unit_test(test_question__lets_root_do_what_is_not_denied),
        cmocka_unit_test(test_question__takes_a_resource_policy_of_the_same_account_alone),
        cmocka_unit_test(test_question__needs_both_policies_across_accounts),
        cmocka_unit_test(test_question__needs_the_resource_policy_for_the_root_of_another_account),
        cmocka_unit_test(test_question__asks_the_resource_policy_about_anonymous_callers),
        cmocka_unit_test(test_question__takes_latest_for_no_qualifier),
        cmocka_unit_test(test_question__knows_the_request),
        cmocka_unit_test(test_question__compares_the_address_of_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
