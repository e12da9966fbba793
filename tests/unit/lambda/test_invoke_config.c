/*
 * test_invoke_config.c - event invoke configurations over HTTP: replaced by PUT, merged by POST,
 * one for each qualifier, with destinations that can be.
 */
#include "support/test.h"

#include "api_steps.h"

#define CONFIG(name)    "/2019-09-25/functions/" name "/event-invoke-config"
#define LIST(name)      CONFIG(name) "/list"
#define NO_DESTINATIONS "\"DestinationConfig\":{\"OnFailure\":{},\"OnSuccess\":{}}"
#define SHOWN(resource, more)                                                                      \
    "{\"FunctionArn\":\"" FIXTURE_ARN resource "\",\"LastModified\":\"<epoch>\"," more "}"
#define PLAIN(resource, more) SHOWN(resource, NO_DESTINATIONS more)
#define NO_CONFIG(resource)                                                                        \
    "{\"Type\":\"User\",\"Message\":\"The function " FIXTURE_ARN resource                          \
    " doesn't have an EventInvokeConfig\"}"
#define NO_FUNCTION "{\"Type\":\"User\",\"Message\":\"The function doesn't exist.\"}"
#define NOTHING_GIVEN                                                                              \
    "{\"Type\":\"User\",\"message\":\"You must specify at least one of error handling or "         \
    "destination setting.\"}"
#define ON_SUCCESS(arn) "{\"DestinationConfig\":{\"OnSuccess\":{\"Destination\":\"" arn "\"}}}"
#define ON_FAILURE(arn) "{\"DestinationConfig\":{\"OnFailure\":{\"Destination\":\"" arn "\"}}}"
#define RETRIES(n)      "{\"MaximumRetryAttempts\":" n "}"
#define AGE(n)          "{\"MaximumEventAgeInSeconds\":" n "}"
#define QUEUE           "arn:aws:sqs:us-east-1:123456789012:q"
#define TOPIC           "arn:aws:sns:us-east-1:123456789012:t"

static void test_invoke_config__is_replaced_by_put(void **state)
{
    static const struct api_step steps[] = {
        {"PUT", CONFIG("f"), RETRIES("0"), 200, NULL,
         PLAIN("f:$LATEST", ",\"MaximumRetryAttempts\":0")},
        {"GET", CONFIG("f"), NULL, 200, NULL, PLAIN("f:$LATEST", ",\"MaximumRetryAttempts\":0")},
        {"PUT", CONFIG("f"), AGE("60"), 200, NULL,
         PLAIN("f:$LATEST", ",\"MaximumEventAgeInSeconds\":60")},
        {"PUT", CONFIG("f"), "{\"MaximumRetryAttempts\":2,\"MaximumEventAgeInSeconds\":21600}", 200,
         NULL,
         PLAIN("f:$LATEST", ",\"MaximumEventAgeInSeconds\":21600,\"MaximumRetryAttempts\":2")},
        {"PUT", CONFIG("f"), ON_SUCCESS(QUEUE), 200, NULL,
         SHOWN("f:$LATEST", "\"DestinationConfig\":{\"OnFailure\":{},\"OnSuccess\":"
                            "{\"Destination\":\"" QUEUE "\"}}")},
        {"PUT", CONFIG("f"), "{\"DestinationConfig\":{\"OnSuccess\":{}}}", 200, NULL,
         PLAIN("f:$LATEST", "")},
        {"PUT", CONFIG("f"), "{\"DestinationConfig\":{\"OnFailure\":{}}}", 200, NULL,
         PLAIN("f:$LATEST", "")},
        {"PUT", CONFIG("f"), "{\"DestinationConfig\":{}}", 200, NULL, PLAIN("f:$LATEST", "")},
        {"PUT", CONFIG("f"), ON_FAILURE(""), 200, NULL, PLAIN("f:$LATEST", "")},
        {"GET", CONFIG("f"), NULL, 200, NULL, PLAIN("f:$LATEST", "")},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

static void test_invoke_config__is_merged_by_update(void **state)
{
    static const struct api_step steps[] = {
        {"PUT", CONFIG("f"), AGE("60"), 200, NULL, NULL},
        {"POST", CONFIG("f"), RETRIES("1"), 200, NULL,
         PLAIN("f:$LATEST", ",\"MaximumEventAgeInSeconds\":60,\"MaximumRetryAttempts\":1")},
        {"POST", CONFIG("f"), ON_FAILURE(QUEUE), 200, NULL,
         SHOWN("f:$LATEST", "\"DestinationConfig\":{\"OnFailure\":{\"Destination\":\"" QUEUE
                            "\"},\"OnSuccess\":{}},\"MaximumEventAgeInSeconds\":60,"
                            "\"MaximumRetryAttempts\":1")},
        {"POST", CONFIG("f"), RETRIES("0"), 200, NULL,
         SHOWN("f:$LATEST", "\"DestinationConfig\":{\"OnFailure\":{\"Destination\":\"" QUEUE
                            "\"},\"OnSuccess\":{}},\"MaximumEventAgeInSeconds\":60,"
                            "\"MaximumRetryAttempts\":0")},
        {"POST", CONFIG("f"), ON_SUCCESS(TOPIC), 200, NULL,
         SHOWN("f:$LATEST", "\"DestinationConfig\":{\"OnFailure\":{},\"OnSuccess\":"
                            "{\"Destination\":\"" TOPIC "\"}},\"MaximumEventAgeInSeconds\":60,"
                            "\"MaximumRetryAttempts\":0")},
        {"GET", CONFIG("f"), NULL, 200, NULL,
         SHOWN("f:$LATEST", "\"DestinationConfig\":{\"OnFailure\":{},\"OnSuccess\":"
                            "{\"Destination\":\"" TOPIC "\"}},\"MaximumEventAgeInSeconds\":60,"
                            "\"MaximumRetryAttempts\":0")},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

static void test_invoke_config__belongs_to_one_qualifier(void **state)
{
    static const struct api_step steps[] = {
        {"PUT", CONFIG("f"), RETRIES("0"), 200, NULL, NULL},
        {"GET", CONFIG("f") "?Qualifier=%24LATEST", NULL, 200, NULL,
         PLAIN("f:$LATEST", ",\"MaximumRetryAttempts\":0")},
        {"GET", CONFIG("f%3A%24LATEST") "?Qualifier=%24LATEST", NULL, 200, NULL,
         PLAIN("f:$LATEST", ",\"MaximumRetryAttempts\":0")},
        {"GET", CONFIG("f") "?Qualifier=1", NULL, 404, "ResourceNotFoundException",
         NO_CONFIG("f:1")},
        {"PUT", CONFIG("f") "?Qualifier=1", RETRIES("1"), 200, NULL,
         PLAIN("f:1", ",\"MaximumRetryAttempts\":1")},
        {"PUT", CONFIG("f%3Alive"), RETRIES("2"), 200, NULL,
         PLAIN("f:live", ",\"MaximumRetryAttempts\":2")},
        {"GET", CONFIG("f%3A1"), NULL, 200, NULL, PLAIN("f:1", ",\"MaximumRetryAttempts\":1")},
        {"DELETE", CONFIG("f") "?Qualifier=1", NULL, 204, NULL, ""},
        {"GET", CONFIG("f%3A1"), NULL, 404, "ResourceNotFoundException", NO_CONFIG("f:1")},
        {"GET", CONFIG("f"), NULL, 200, NULL, PLAIN("f:$LATEST", ",\"MaximumRetryAttempts\":0")},
        {"DELETE", CONFIG("f"), NULL, 204, NULL, ""},
        {"GET", CONFIG("f%3Alive"), NULL, 200, NULL,
         PLAIN("f:live", ",\"MaximumRetryAttempts\":2")},
        {"DELETE", FUNCTIONS "/f/aliases/live", NULL, 204, NULL, ""},
        {"GET", CONFIG("f%3Alive"), NULL, 404, "ResourceNotFoundException", NO_CONFIG("f:live")},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

static void test_invoke_config__refuses_in_the_words_of_lambda(void **state)
{
    static const struct api_step steps[] = {
        {"PUT", CONFIG("no"), RETRIES("0"), 404, "ResourceNotFoundException", NO_FUNCTION},
        {"PUT", CONFIG("no"), "{}", 400, "InvalidParameterValueException", NOTHING_GIVEN},
        {"PUT", CONFIG("f"), "{}", 400, "InvalidParameterValueException", NOTHING_GIVEN},
        {"PUT", CONFIG("f") "?Qualifier=no", RETRIES("0"), 404, "ResourceNotFoundException",
         NO_FUNCTION},
        {"PUT", CONFIG("f") "?Qualifier=42", RETRIES("0"), 404, "ResourceNotFoundException",
         NO_FUNCTION},
        {"PUT", CONFIG("f%3Alive") "?Qualifier=1", RETRIES("0"), 400,
         "InvalidParameterValueException",
         "{\"Type\":\"User\",\"message\":\"The derived qualifier from the function name does not "
         "match the specified qualifier.\"}"},
        {"POST", CONFIG("no"), RETRIES("0"), 404, "ResourceNotFoundException", NO_FUNCTION},
        {"POST", CONFIG("f"), "{}", 400, "InvalidParameterValueException", NOTHING_GIVEN},
        {"POST", CONFIG("f"), RETRIES("0"), 404, "ResourceNotFoundException",
         NO_CONFIG("f:$LATEST")},
        {"POST", CONFIG("f%3Alive"), RETRIES("0"), 404, "ResourceNotFoundException",
         NO_CONFIG("f:live")},
        {"GET", CONFIG("no"), NULL, 404, "ResourceNotFoundException", NO_CONFIG("no:$LATEST")},
        {"GET", CONFIG("f"), NULL, 404, "ResourceNotFoundException", NO_CONFIG("f:$LATEST")},
        {"GET", CONFIG("f") "?Qualifier=no", NULL, 404, "ResourceNotFoundException",
         NO_CONFIG("f:no")},
        {"DELETE", CONFIG("no"), NULL, 404, "ResourceNotFoundException", NO_CONFIG("no:$LATEST")},
        {"DELETE", CONFIG("f"), NULL, 404, "ResourceNotFoundException", NO_CONFIG("f:$LATEST")},
        {"GET", LIST("no"), NULL, 404, "ResourceNotFoundException", NO_FUNCTION},
        {"PUT", CONFIG("f"), "{\"MaximumRetryAttempts\":3,\"MaximumEventAgeInSeconds\":59}", 400,
         "ValidationException",
         "{\"message\":\"2 validation errors detected: Value '3' at 'maximumRetryAttempts' failed "
         "to satisfy constraint: Member must have value less than or equal to 2; Value '59' at "
         "'maximumEventAgeInSeconds' failed to satisfy constraint: Member must have value greater "
         "than or equal to 60\"}"},
        {"GET", CONFIG("f"), NULL, 404, "ResourceNotFoundException", NO_CONFIG("f:$LATEST")},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

#define INVALID_ARN(arn)                                                                           \
    "{\"Type\":\"User\",\"message\":\"The destination ARN " arn " is invalid.\"}"
#define ITSELF                                                                                     \
    "{\"Type\":\"User\",\"message\":\"You can't specify the function as a destination for "        \
    "itself.\"}"
#define INVALID_CONFIG(success, failure)                                                           \
    "{\"Type\":\"User\",\"message\":\"The provided destination config DestinationConfig("          \
    "onSuccess=" success ", onFailure=" failure ") is invalid.\"}"
#define OTHER_REGION "arn:aws:lambda:eu-west-1:123456789012:function:g"
#define OTHER_HOME   "arn:aws:lambda:us-east-1:999999999999:function:g"
#define IAM_ARN      "arn:aws:iam:us-east-1:123456789012:function:g"

static void test_invoke_config__refuses_destinations_that_cannot_be(void **state)
{
    static const char ipve[] = "InvalidParameterValueException";
    static const struct api_step steps[] = {
        {"PUT", CONFIG("f"), ON_SUCCESS(FIXTURE_ARN "no"), 400, ipve,
         INVALID_ARN(FIXTURE_ARN "no")},
        {"PUT", CONFIG("f"), ON_FAILURE(FIXTURE_ARN "g:no"), 400, ipve,
         INVALID_ARN(FIXTURE_ARN "g:no")},
        {"PUT", CONFIG("f"), ON_FAILURE(OTHER_REGION), 400, ipve, INVALID_ARN(OTHER_REGION)},
        {"PUT", CONFIG("f"), ON_FAILURE(OTHER_HOME), 400, ipve, INVALID_ARN(OTHER_HOME)},
        {"PUT", CONFIG("f"), ON_SUCCESS(FIXTURE_ARN "f"), 400, ipve, ITSELF},
        {"PUT", CONFIG("f"), ON_FAILURE(FIXTURE_ARN "f:live"), 400, ipve, ITSELF},
        {"PUT", CONFIG("f"), ON_SUCCESS(IAM_ARN), 400, ipve,
         INVALID_CONFIG("OnSuccess(destination=" IAM_ARN ")", "null")},
        {"PUT", CONFIG("f"), ON_FAILURE("kafka://topic"), 400, ipve,
         INVALID_CONFIG("null", "OnFailure(destination=kafka://topic)")},
        {"PUT", CONFIG("f"), ON_SUCCESS("arn:aws:s3:::b"), 400, ipve,
         INVALID_CONFIG("OnSuccess(destination=arn:aws:s3:::b)", "null")},
        {"PUT", CONFIG("f"), ON_FAILURE("arn:aws:_-/!lambda:us-east-1:123456789012:function:f"),
         400, "ValidationException",
         "{\"message\":\"1 validation error detected: Value "
         "'arn:aws:_-/!lambda:us-east-1:123456789012:function:f' at "
         "'destinationConfig.onFailure.destination' failed to satisfy constraint: Member must "
         "satisfy regular expression pattern: "
         "$|kafka://([^.]([a-zA-Z0-9\\\\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\\\-])+:"
         "((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\\\d{1})?:(\\\\d{12})?:(.*)\"}"},
        {"GET", CONFIG("f"), NULL, 404, "ResourceNotFoundException", NO_CONFIG("f:$LATEST")},
        {"PUT", CONFIG("f"), RETRIES("0"), 200, NULL, NULL},
        {"POST", CONFIG("f"), ON_SUCCESS(FIXTURE_ARN "f"), 400, ipve, ITSELF},
        {"GET", CONFIG("f"), NULL, 200, NULL, PLAIN("f:$LATEST", ",\"MaximumRetryAttempts\":0")},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

static void check_destinations(struct lambda_fixture *f, const char *success, const char *failure)
{
    AUTO_FREE char *both = xasprintf("\"DestinationConfig\":{\"OnFailure\":{\"Destination\":"
                                     "\"%s\"},\"OnSuccess\":{\"Destination\":\"%s\"}}",
                                     failure, success);
    AUTO_FREE char *body = xasprintf("{%s}", both);
    AUTO_FREE char *shown = xasprintf(SHOWN("f:$LATEST", "%s"), both);
    api_step(f, &(struct api_step){"PUT", CONFIG("f"), body, 200, NULL, shown});
    api_step(f, &(struct api_step){"GET", CONFIG("f"), NULL, 200, NULL, shown});
}

static void test_invoke_config__takes_each_kind_of_destination(void **state)
{
    check_destinations(*state, QUEUE, TOPIC);
    check_destinations(*state, FIXTURE_ARN "g", FIXTURE_ARN "g:$LATEST");
    check_destinations(*state, "arn:aws:events:us-east-1:123456789012:event-bus/b",
                       "arn:aws:s3:::b");
}

static void test_invoke_config__are_listed_in_pages(void **state)
{
    struct lambda_fixture *f = *state;
    static const struct api_step steps[] = {
        {"GET", LIST("f"), NULL, 200, NULL, "{\"FunctionEventInvokeConfigs\":[]}"},
        {"PUT", CONFIG("f%3Alive"), RETRIES("2"), 200, NULL, NULL},
        {"PUT", CONFIG("f%3A1"), RETRIES("1"), 200, NULL, NULL},
        {"PUT", CONFIG("f"), RETRIES("0"), 200, NULL, NULL},
        {"GET", LIST("f"), NULL, 200, NULL,
         "{\"FunctionEventInvokeConfigs\":[" PLAIN(
             "f:$LATEST",
             ",\"MaximumRetryAttempts\":"
             "0") "," PLAIN("f:1", ",\"MaximumRetryAttempts\":1") "," PLAIN("f:live",
                                                                            ",\"MaximumRetryAttempt"
                                                                            "s\":2") "]}"},
        {"GET", LIST("f") "?MaxItems=51", NULL, 400, "ValidationException", NULL},
        {"GET", LIST("f") "?MaxItems=0", NULL, 400, "ValidationException", NULL},
    };
    api_steps(f, steps, ARRAY_LEN(steps));
    AUTO_FREE char *marker = api_member(f, LIST("f") "?MaxItems=2", "NextMarker");
    AUTO_FREE char *next = xasprintf(LIST("f") "?MaxItems=2&Marker=%s", marker);
    api_step(f, &(struct api_step){"GET", next, NULL, 200, NULL,
                                   "{\"FunctionEventInvokeConfigs\":[" PLAIN(
                                       "f:live", ",\"MaximumRetryAttempts\":2") "]}"});
}

static void test_invoke_config__survives_a_restart(void **state)
{
    struct lambda_fixture *f = *state;
    api_step(f, &(struct api_step){"PUT", CONFIG("f%3Alive"), RETRIES("1"), 200, NULL, NULL});
    api_restart(f, STEPS_YAML);
    api_step(f, &(struct api_step){"GET", CONFIG("f%3Alive"), NULL, 200, NULL,
                                   PLAIN("f:live", ",\"MaximumRetryAttempts\":1")});
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_steps_setup, api_steps_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_invoke_config__is_replaced_by_put),
        TEST(test_invoke_config__is_merged_by_update),
        TEST(test_invoke_config__belongs_to_one_qualifier),
        TEST(test_invoke_config__refuses_in_the_words_of_lambda),
        TEST(test_invoke_config__refuses_destinations_that_cannot_be),
        TEST(test_invoke_config__takes_each_kind_of_destination),
        TEST(test_invoke_config__are_listed_in_pages),
        TEST(test_invoke_config__survives_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
