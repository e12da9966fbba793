/*
 * test_concurrency.c - reserved concurrency over HTTP, and what the account has to keep.
 */
#include "support/test.h"

#include "api_steps.h"

#define PUT_PATH(name) "/2017-10-31/functions/" name "/concurrency"
#define GET_PATH(name) "/2019-09-30/functions/" name "/concurrency"
#define RESERVED(n)    "{\"ReservedConcurrentExecutions\":" n "}"
#define UNQUALIFIED                                                                                \
    "{\"Type\":\"User\",\"message\":\"This operation is permitted on Lambda functions only. "      \
    "Aliases and versions do not support this operation. Please specify either a function name "   \
    "or an unqualified function ARN.\"}"
#define TOO_MUCH                                                                                   \
    "{\"message\":\"Specified ReservedConcurrentExecutions for function decreases account's "      \
    "UnreservedConcurrentExecution below its minimum value of [100].\"}"

static void test_concurrency__is_put_shown_and_deleted(void **state)
{
    static const struct api_step steps[] = {
        {"GET", GET_PATH("f"), NULL, 200, NULL, "{}"},
        {"PUT", PUT_PATH("f"), RESERVED("0"), 200, NULL, RESERVED("0")},
        {"GET", GET_PATH("f"), NULL, 200, NULL, RESERVED("0")},
        {"PUT", PUT_PATH("f"), RESERVED("7"), 200, NULL, RESERVED("7")},
        {"GET", GET_PATH("f"), NULL, 200, NULL, RESERVED("7")},
        {"GET", GET_PATH("g"), NULL, 200, NULL, "{}"},
        {"DELETE", PUT_PATH("f"), NULL, 204, NULL, ""},
        {"GET", GET_PATH("f"), NULL, 200, NULL, "{}"},
        {"DELETE", PUT_PATH("f"), NULL, 204, NULL, ""},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

static void test_concurrency__refuses_in_the_words_of_lambda(void **state)
{
    static const struct api_step steps[] = {
        {"PUT", PUT_PATH("no"), RESERVED("1"), 404, "ResourceNotFoundException",
         "{\"Type\":\"User\",\"Message\":\"Function not found: " FIXTURE_ARN "no:$LATEST\"}"},
        {"PUT", PUT_PATH("no"), RESERVED("0"), 404, "ResourceNotFoundException",
         "{\"Type\":\"User\",\"Message\":\"Function not found: " FIXTURE_ARN "no:$LATEST\"}"},
        {"GET", GET_PATH("no"), NULL, 404, "ResourceNotFoundException",
         "{\"Type\":\"User\",\"Message\":\"Function not found: " FIXTURE_ARN "no\"}"},
        {"DELETE", PUT_PATH("no"), NULL, 404, "ResourceNotFoundException",
         "{\"Type\":\"User\",\"Message\":\"Function not found: " FIXTURE_ARN "no\"}"},
        {"PUT",
         PUT_PATH("arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af%3A%24LATEST"),
         RESERVED("0"), 400, "InvalidParameterValueException", UNQUALIFIED},
        {"PUT", PUT_PATH("f%3Alive"), RESERVED("0"), 400, "InvalidParameterValueException",
         UNQUALIFIED},
        {"GET", GET_PATH("f%3A1"), NULL, 400, "InvalidParameterValueException", UNQUALIFIED},
        {"DELETE", PUT_PATH("f%3A1"), NULL, 400, "InvalidParameterValueException", UNQUALIFIED},
        {"PUT", PUT_PATH("f"), RESERVED("-1"), 400, "ValidationException",
         "{\"message\":\"1 validation error detected: Value '-1' at 'reservedConcurrentExecutions' "
         "failed to satisfy constraint: Member must have value greater than or equal to 0\"}"},
        {"PUT", PUT_PATH("f"), "{}", 400, "ValidationException",
         "{\"message\":\"1 validation error detected: Value null at "
         "'reservedConcurrentExecutions' failed to satisfy constraint: Member must not be "
         "null\"}"},
        {"GET", GET_PATH("f"), NULL, 200, NULL, "{}"},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

static void test_concurrency__leaves_100_for_the_other_functions(void **state)
{
    static const struct api_step steps[] = {
        {"PUT", PUT_PATH("f"), RESERVED("901"), 400, "InvalidParameterValueException", TOO_MUCH},
        {"PUT", PUT_PATH("f"), RESERVED("9223372036854775807"), 400,
         "InvalidParameterValueException", TOO_MUCH},
        {"PUT", PUT_PATH("f"), RESERVED("900"), 200, NULL, RESERVED("900")},
        {"PUT", PUT_PATH("g"), RESERVED("1"), 400, "InvalidParameterValueException", TOO_MUCH},
        {"PUT", PUT_PATH("g"), RESERVED("0"), 200, NULL, RESERVED("0")},
        {"PUT", PUT_PATH("f"), RESERVED("900"), 200, NULL, RESERVED("900")},
        {"PUT", PUT_PATH("f"), RESERVED("899"), 200, NULL, RESERVED("899")},
        {"PUT", PUT_PATH("g"), RESERVED("2"), 400, "InvalidParameterValueException", TOO_MUCH},
        {"PUT", PUT_PATH("g"), RESERVED("1"), 200, NULL, RESERVED("1")},
        {"DELETE", PUT_PATH("f"), NULL, 204, NULL, ""},
        {"PUT", PUT_PATH("g"), RESERVED("900"), 200, NULL, RESERVED("900")},
        {"GET", GET_PATH("g"), NULL, 200, NULL, RESERVED("900")},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

static void test_concurrency__survives_a_restart(void **state)
{
    struct lambda_fixture *f = *state;
    api_step(f, &(struct api_step){"PUT", PUT_PATH("f"), RESERVED("7"), 200, NULL, NULL});
    api_restart(f, STEPS_YAML);
    api_step(f, &(struct api_step){"GET", GET_PATH("f"), NULL, 200, NULL, RESERVED("7")});
}

/* The configuration may reserve more than the account has; nobody is kept from giving back. */
static void test_concurrency__of_the_configuration_counts(void **state)
{
    struct lambda_fixture *f = *state;
    static const struct api_step steps[] = {
        {"GET", GET_PATH("d"), NULL, 200, NULL, RESERVED("2000")},
        {"PUT", PUT_PATH("f"), RESERVED("1"), 400, "InvalidParameterValueException", TOO_MUCH},
        {"PUT", PUT_PATH("f"), RESERVED("0"), 200, NULL, RESERVED("0")},
        {"PUT", PUT_PATH("d"), RESERVED("2001"), 400, "InvalidParameterValueException", TOO_MUCH},
        {"PUT", PUT_PATH("d"), RESERVED("1999"), 200, NULL, RESERVED("1999")},
        {"PUT", PUT_PATH("d"), RESERVED("500"), 200, NULL, RESERVED("500")},
        {"GET", GET_PATH("d"), NULL, 200, NULL, RESERVED("500")},
        {"PUT", PUT_PATH("f"), RESERVED("400"), 200, NULL, RESERVED("400")},
    };
    api_restart(f, STEPS_YAML "functions: {d: {builtin: echo, concurrency: 2000}}\n");
    api_steps(f, steps, ARRAY_LEN(steps));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_steps_setup, api_steps_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_concurrency__is_put_shown_and_deleted),
        TEST(test_concurrency__refuses_in_the_words_of_lambda),
        TEST(test_concurrency__leaves_100_for_the_other_functions),
        TEST(test_concurrency__of_the_configuration_counts),
        TEST(test_concurrency__survives_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
