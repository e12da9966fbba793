/*
 * Which function a call means: spellings of FunctionName, qualifiers, regions, accounts, and the
 * order in which they are looked at.
 */
#include "api_steps.h"

#define F            FUNCTIONS "/"
#define NO_SUCH(arn) "{\"Type\":\"User\",\"Message\":\"Function not found: " arn "\"}"
#define MISMATCH                                                                                   \
    "{\"Type\":\"User\",\"message\":\"The derived qualifier from the function name does not "      \
    "match the specified qualifier.\"}"
#define RNF  "ResourceNotFoundException"
#define IPVE "InvalidParameterValueException"
#define X64  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static void test_function_id__takes_every_spelling(void **state)
{
    static const char *const same[] = {
        "f",
        "f:$LATEST",
        "f%3A%24LATEST",
        "function:f",
        "123456789012:f",
        "123456789012:function:f",
        "us-east-1:123456789012:function:f",
        "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af",
        "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST",
    };
    struct lambda_fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        AUTO_FREE char *target = xasprintf(F "%s/configuration", same[i]);
        AUTO_FREE char *name = api_member(f, target, "FunctionName");
        AUTO_FREE char *version = api_member(f, target, "Version");
        assert_string_equal(name, "f");
        assert_string_equal(version, "$LATEST");
    }
}

static void test_function_id__takes_a_qualifier_from_both_places(void **state)
{
    static const char *const same[] = {
        "f:live/configuration",
        "f/configuration?Qualifier=live",
        "f:live/configuration?Qualifier=live",
        FIXTURE_ARN "f:live/configuration/",
    };
    struct lambda_fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        AUTO_FREE char *target = xasprintf(F "%s", same[i]);
        AUTO_FREE char *version = api_member(f, target, "Version");
        assert_string_equal(version, "1");
    }
}

static void test_function_id__refuses_in_the_words_of_lambda(void **state)
{
    static const struct api_step steps[] = {
        {"GET", F "nope", NULL, 404, RNF, NO_SUCH(FIXTURE_ARN "nope")},
        {"GET", F "nope:7", NULL, 404, RNF, NO_SUCH(FIXTURE_ARN "nope:7")},
        {"GET", F "arn:aws:lambda:eu-west-1:123456789012:function:f", NULL, 404, RNF,
         "{\"Type\":\"User\",\"Message\":\"Functions from 'eu-west-1' are not reachable in this "
         "region ('us-east-1')\"}"},
        {"GET", F "arn:aws:lambda:us-east-1:999999999999:function:f", NULL, 403,
         "AccessDeniedException", "{\"Message\":null}"},
        {"GET", F "999999999999:function:f", NULL, 403, "AccessDeniedException",
         "{\"Message\":null}"},
        {"GET", F "f:1?Qualifier=2", NULL, 400, IPVE, MISMATCH},
        {"GET", F "f:live?Qualifier=1", NULL, 400, IPVE, MISMATCH},
        {"GET", F "f:1?Qualifier=1", NULL, 200, NULL, NULL},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

static void test_function_id__is_looked_at_in_order(void **state)
{
    static const struct api_step steps[] = {
        /* the shape, the region, the account, the qualifier, and then the function */
        {"GET", F "arn:aws:lambda:eu-west-1:999999999999:function:nope:1?Qualifier=%2B", NULL, 400,
         "ValidationException", NULL},
        {"GET", F "arn:aws:lambda:eu-west-1:999999999999:function:nope:1?Qualifier=2", NULL, 404,
         RNF,
         "{\"Type\":\"User\",\"Message\":\"Functions from 'eu-west-1' are not reachable in this "
         "region ('us-east-1')\"}"},
        {"GET", F "arn:aws:lambda:us-east-1:999999999999:function:nope:1?Qualifier=2", NULL, 403,
         "AccessDeniedException", "{\"Message\":null}"},
        {"GET", F "arn:aws:lambda:us-east-1:123456789012:function:nope:1?Qualifier=2", NULL, 400,
         IPVE, MISMATCH},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

static void test_function_id__bounds_the_name_of_a_new_function(void **state)
{
    static const struct api_step steps[] = {
        {"POST", FUNCTIONS,
         "{\"FunctionName\":\"" X64 "x\",\"Role\":\"" FIXTURE_ROLE "\",\"Code\":{}}", 400, IPVE,
         "{\"Type\":\"User\",\"message\":\"1 validation error detected: Value '" X64 "x' at "
         "'functionName' failed to satisfy constraint: Member must have length less than or equal "
         "to 64\"}"},
        {"POST", FUNCTIONS,
         "{\"FunctionName\":\"" FIXTURE_ARN X64 "\",\"Runtime\":\"onput.builtin\",\"Handler\":"
         "\"echo\",\"Role\":\"" FIXTURE_ROLE "\",\"Code\":{}}",
         201, NULL, NULL},
        {"GET", F X64 "x", NULL, 404, RNF, NO_SUCH(FIXTURE_ARN X64 "x")},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

static void test_function_id__of_tags_is_an_arn(void **state)
{
    static const struct api_step steps[] = {
        {"GET", "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af",
         NULL, 200, NULL, "{\"Tags\":{}}"},
        {"GET", "/2017-03-31/tags/arn:aws:lambda:eu-west-1:123456789012:function:f", NULL, 404, RNF,
         NULL},
        {"GET", "/2017-03-31/tags/arn:aws:lambda:us-east-1:999999999999:function:f", NULL, 403,
         "AccessDeniedException", "{\"Message\":null}"},
        {"GET",
         "/2017-03-31/tags/arn:aws:lambda:us-east-1:123456789012:event-source-mapping:"
         "01234567-89ab-cdef-0123-456789abcdef",
         NULL, 404, RNF,
         "{\"Type\":\"User\",\"Message\":\"Event source mapping not found: "
         "arn:aws:lambda:us-east-1:123456789012:event-source-mapping:"
         "01234567-89ab-cdef-0123-456789abcdef\"}"},
        {"GET", "/2017-03-31/tags/f", NULL, 400, "ValidationException", NULL},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

/* A user of another account, with every right that its own account can give. */
#define STRANGER_YAML                                                                              \
    FIXTURE_YAML                                                                                   \
    "  other: {access_key: AKIAOTHER, secret_key: secret-of-other, account: '999999999999',"       \
    " policy: {Version: '2012-10-17', Statement: {Effect: Allow, Action: '*', Resource: '*'}}}\n"

static void test_function_id__of_a_stranger_means_his_own_account(void **state)
{
    static const struct api_step steps[] = {
        /* names without an account are his own, where there is nothing */
        {"GET", F "f", NULL, 404, RNF, NO_SUCH("arn:aws:lambda:us-east-1:999999999999:function:f")},
        {"DELETE", F "f", NULL, 404, RNF, NULL},
        {"GET", F "999999999999:function:f", NULL, 404, RNF, NULL},
        {"GET", FUNCTIONS, NULL, 403, "AccessDeniedException", NULL},
        {"GET", "/2016-08-19/account-settings", NULL, 403, "AccessDeniedException", NULL},
        {"POST", FUNCTIONS,
         "{\"FunctionName\":\"h\",\"Runtime\":\"onput.builtin\",\"Handler\":\"echo\",\"Role\":"
         "\"" FIXTURE_ROLE "\",\"Code\":{}}",
         403, "AccessDeniedException", NULL},
        /* a whole ARN reaches ours, when the function's policy lets it */
        {"GET", F FIXTURE_ARN "f", NULL, 200, NULL, NULL},
        {"GET", F FIXTURE_ARN "g", NULL, 403, "AccessDeniedException", NULL},
        {"DELETE", F FIXTURE_ARN "f", NULL, 403, "AccessDeniedException", NULL},
    };
    struct lambda_fixture *f = *state;
    api_restart(f, STRANGER_YAML);
    api_expect_status(f, "POST", F "f/policy",
                      "{'StatementId':'other','Action':'lambda:GetFunction',"
                      "'Principal':'999999999999'}",
                      201);
    api_call_as(f, "AKIAOTHER", "secret-of-other");
    api_steps(f, steps, ARRAY_LEN(steps));
    api_call_as(f, "AKIAROOT", "secret-of-root");
    api_expect_status(f, "GET", F "f", NULL, 200);
}

#define WITH_STEPS(test) cmocka_unit_test_setup_teardown(test, api_steps_setup, api_steps_teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        WITH_STEPS(test_function_id__takes_every_spelling),
        WITH_STEPS(test_function_id__takes_a_qualifier_from_both_places),
        WITH_STEPS(test_function_id__refuses_in_the_words_of_lambda),
        WITH_STEPS(test_function_id__is_looked_at_in_order),
        WITH_STEPS(test_function_id__bounds_the_name_of_a_new_function),
        WITH_STEPS(test_function_id__of_tags_is_an_arn),
        WITH_STEPS(test_function_id__of_a_stranger_means_his_own_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
