/*
 * test_policy_properties.c - what must hold for any policy and request: random ones of small words,
 * so that statements really meet requests. The seed is printed with a failure and can be set with
 * ONPUT_TEST_SEED.
 */
#include "policy_fixture.h"

#include "onput/encoding.h"

enum { ROUNDS = 3000, MAX_STATEMENTS = 6, REQUESTS = 8 };

struct generator {
    uint64_t state;
};

static unsigned below(struct generator *g, unsigned limit)
{
    g->state = g->state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(g->state >> 33) % limit;
}

#define PICK(g, list) (list)[below((g), ARRAY_LEN(list))]

static const char *const PRINCIPALS[] = {
    "\"Principal\":\"*\"",
    "\"Principal\":{\"Service\":\"s3.amazonaws.com\"}",
    "\"Principal\":{\"AWS\":\"123456789012\"}",
    "\"NotPrincipal\":{\"AWS\":\"arn:aws:iam::123456789012:user/bob\"}",
    "\"Principal\":{\"AWS\":[\"arn:aws:iam::123456789012:role/r\",\"999999999999\"]}",
};
static const char *const ACTIONS[] = {
    "\"Action\":\"*\"",
    "\"Action\":\"lambda:*\"",
    "\"Action\":[\"s3:Get*\",\"lambda:Invoke?\"]",
    "\"NotAction\":\"s3:*\"",
};
static const char *const RESOURCES[] = {
    "\"Resource\":\"*\"",
    "\"Resource\":\"arn:aws:s3:::a/*\"",
    "\"NotResource\":\"arn:aws:s3:::a/x\"",
    "\"Resource\":\"arn:aws:s3:::a/${aws:username}\"",
};
static const char *const CONDITIONS[] = {
    "",
    ",\"Condition\":{\"StringEquals\":{\"aws:k\":\"x\"}}",
    ",\"Condition\":{\"StringNotEqualsIfExists\":{\"aws:k\":[\"X\",\"y\"]}}",
    ",\"Condition\":{\"ForAllValues:StringLike\":{\"aws:k\":\"x*\"}}",
    ",\"Condition\":{\"ForAnyValue:NumericLessThan\":{\"aws:n\":\"5\"},\"Null\":{\"aws:k\":true}}",
    ",\"Condition\":{\"Bool\":{\"aws:b\":\"true\"}}",
};

static char *random_statement(struct generator *g, const char *effect)
{
    return xasprintf("{\"Effect\":\"%s\",%s,%s,%s%s}", effect, PICK(g, PRINCIPALS),
                     PICK(g, ACTIONS), PICK(g, RESOURCES), PICK(g, CONDITIONS));
}

static struct policy *policy_from(char *const *statements, size_t count)
{
    AUTO_BUFFER struct buffer json;
    buffer_init(&json, POLICY_MAX_BYTES);
    buffer_append_string(&json, "{\"Version\":\"2012-10-17\",\"Statement\":[");
    for (size_t i = 0; i < count; i++)
        buffer_appendf(&json, "%s%s", i ? "," : "", statements[i]);
    buffer_append_string(&json, "]}");
    return policy_of(json.data, POLICY_RESOURCE);
}

static const struct text WORDS[] = {TEXT_INIT("x"), TEXT_INIT("xy"), TEXT_INIT("y"), TEXT_INIT("3"),
                                    TEXT_INIT("true")};
static const struct text KEYS[] = {TEXT_INIT("aws:k"), TEXT_INIT("AWS:N"), TEXT_INIT("aws:b"),
                                   TEXT_INIT("aws:username")};

struct random_request {
    struct policy_context context[ARRAY_LEN(KEYS)];
    struct text values[ARRAY_LEN(KEYS)][2];
    struct policy_request request;
};

static void random_request(struct generator *g, struct random_request *out)
{
    static const struct policy_request who[] = {
        {.principal_type = POLICY_PRINCIPAL_ANONYMOUS},
        {.principal_type = POLICY_PRINCIPAL_SERVICE,
         .principal_name = TEXT_INIT("s3.amazonaws.com")},
        {.principal_type = POLICY_PRINCIPAL_AWS,
         .principal_name = TEXT_INIT("arn:aws:iam::123456789012:user/bob")},
        {.principal_type = POLICY_PRINCIPAL_AWS,
         .principal_name = TEXT_INIT("arn:aws:sts::123456789012:assumed-role/r/s")},
    };
    static const struct text actions[] = {TEXT_INIT("lambda:Invoke"), TEXT_INIT("lambda:Invokes"),
                                          TEXT_INIT("s3:GetObject")};
    static const struct text resources[] = {TEXT_INIT("arn:aws:s3:::a/x"),
                                            TEXT_INIT("arn:aws:s3:::b")};
    out->request = PICK(g, who);
    out->request.action = PICK(g, actions);
    out->request.resource = PICK(g, resources);
    out->request.context = out->context;
    out->request.context_count = ARRAY_LEN(KEYS);
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
        out->values[i][0] = PICK(g, WORDS);
        out->values[i][1] = PICK(g, WORDS);
        out->context[i] = (struct policy_context){KEYS[i], out->values[i], below(g, 3)};
    }
}

static void shuffle(struct generator *g, char **statements, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = below(g, (unsigned)i);
        char *kept = statements[i - 1];
        statements[i - 1] = statements[j];
        statements[j] = kept;
    }
}

struct round {
    char *statements[MAX_STATEMENTS + 1];
    size_t count;
};

static void round_init(struct generator *g, struct round *r)
{
    r->count = 1 + below(g, MAX_STATEMENTS);
    for (size_t i = 0; i < r->count; i++)
        r->statements[i] = random_statement(g, below(g, 3) ? "Allow" : "Deny");
}

static void round_release(struct round *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->statements[i]);
}

static struct generator generator_new(void)
{
    const char *seed = getenv("ONPUT_TEST_SEED");
    struct generator g = {seed ? strtoull(seed, NULL, 10) : random_u64()};
    print_message("seed %llu\n", (unsigned long long)g.state);
    return g;
}

/* What each statement alone says, which must explain what the whole policy says. */
static enum policy_effect combine(const struct round *r, const struct policy_request *request)
{
    bool is_allowed = false, is_denied = false;
    for (size_t i = 0; i < r->count; i++) {
        struct policy *one = policy_from(&r->statements[i], 1);
        enum policy_effect effect = policy_evaluate(one, request).effect;
        is_allowed = is_allowed || effect == POLICY_ALLOW;
        is_denied = is_denied || effect == POLICY_EXPLICIT_DENY;
        policy_free(one);
    }
    return is_denied ? POLICY_EXPLICIT_DENY : is_allowed ? POLICY_ALLOW : POLICY_IMPLICIT_DENY;
}

static void test_policy_evaluate__is_the_sum_of_its_statements_in_any_order(UNUSED void **state)
{
    struct generator g = generator_new();
    unsigned seen[3] = {0};
    for (unsigned n = 0; n < ROUNDS; n++) {
        struct round r;
        struct random_request random;
        round_init(&g, &r);
        struct policy *policy = policy_from(r.statements, r.count);
        shuffle(&g, r.statements, r.count);
        struct policy *shuffled = policy_from(r.statements, r.count);
        for (unsigned i = 0; i < REQUESTS; i++) {
            random_request(&g, &random);
            struct policy_decision got = policy_evaluate(policy, &random.request);
            assert_int_equal(got.effect, combine(&r, &random.request));
            assert_int_equal(got.effect, policy_evaluate(shuffled, &random.request).effect);
            seen[got.effect]++;
        }
        policy_free(policy);
        policy_free(shuffled);
        round_release(&r);
    }
    assert_true(seen[0] > 100 && seen[1] > 100 && seen[2] > 100);
}

static void test_policy_evaluate__never_denies_more_for_one_allow_more(UNUSED void **state)
{
    struct generator g = generator_new();
    for (unsigned n = 0; n < ROUNDS; n++) {
        struct round r;
        struct random_request random;
        round_init(&g, &r);
        struct policy *before = policy_from(r.statements, r.count);
        r.statements[r.count++] = random_statement(&g, "Allow");
        struct policy *after = policy_from(r.statements, r.count);
        for (unsigned i = 0; i < REQUESTS; i++) {
            random_request(&g, &random);
            enum policy_effect old = policy_evaluate(before, &random.request).effect;
            enum policy_effect new = policy_evaluate(after, &random.request).effect;
            assert_true(new == old || (old == POLICY_IMPLICIT_DENY && new == POLICY_ALLOW));
        }
        policy_free(before);
        policy_free(after);
        round_release(&r);
    }
}

static void test_policy_explain__says_applies_for_the_statement_that_decided(UNUSED void **state)
{
    struct generator g = generator_new();
    AUTO_BUFFER struct buffer lines;
    buffer_init(&lines, 1 << 20);
    for (unsigned n = 0; n < ROUNDS; n++) {
        struct round r;
        struct random_request random;
        char line[64];
        round_init(&g, &r);
        struct policy *policy = policy_from(r.statements, r.count);
        random_request(&g, &random);
        struct policy_decision got = policy_evaluate(policy, &random.request);
        buffer_reset(&lines);
        policy_explain(policy, &random.request, &lines);
        snprintf(line, sizeof(line), "statement %d: applies: %s\n", got.statement,
                 got.effect == POLICY_ALLOW ? "Allow" : "Deny");
        if (got.effect == POLICY_IMPLICIT_DENY)
            assert_null(strstr(lines.data, ": applies:"));
        else
            assert_contains(lines.data, line);
        policy_free(policy);
        round_release(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy_evaluate__is_the_sum_of_its_statements_in_any_order),
        cmocka_unit_test(test_policy_evaluate__never_denies_more_for_one_allow_more),
        cmocka_unit_test(test_policy_explain__says_applies_for_the_statement_that_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
