/*
 * test_url_config.c - function URLs as resources over HTTP: which members an answer has, which of
 * the two not-found texts, and what survives the deletion of what.
 */
#include "support/test.h"

#include "api_steps.h"

#define URL(name)        "/2021-10-31/functions/" name "/url"
#define URLS(name)       "/2021-10-31/functions/" name "/urls"
#define NONE             "{\"AuthType\":\"NONE\"}"
#define ARN_OF(resource) "\"FunctionArn\":\"" FIXTURE_ARN resource "\",\"FunctionUrl\":\"<url>\","
#define CREATED(resource, more)                                                                    \
    "{" ARN_OF(resource) "\"AuthType\":\"NONE\",\"CreationTime\":\"<iso>\"" more "}"
#define UPDATED(resource, more)                                                                    \
    "{" ARN_OF(resource) "\"CreationTime\":\"<iso>\",\"LastModifiedTime\":\"<iso>\"" more "}"
#define SHOWN(resource, auth, mode, more)                                                          \
    UPDATED(resource, ",\"AuthType\":\"" auth "\",\"InvokeMode\":\"" mode "\"" more)
#define NO_FUNCTION "{\"Type\":\"User\",\"Message\":\"Function does not exist\"}"
#define NO_RESOURCE "{\"Type\":\"User\",\"Message\":\"The resource you requested does not exist.\"}"
#define BAD_QUALIFIER(value)                                                                       \
    "{\"message\":\"1 validation error detected: Value '" value "' at 'qualifier' failed to "      \
    "satisfy constraint: Member must satisfy regular expression pattern: "                         \
    "((?!^\\\\d+$)^[0-9a-zA-Z-_]+$)\"}"
#define CORS                                                                                       \
    "\"Cors\":{\"AllowCredentials\":true,\"AllowHeaders\":[\"x-a\"],\"AllowMethods\":[\"GET\","    \
    "\"POST\"],\"AllowOrigins\":[\"https://example.com\"],\"ExposeHeaders\":[\"x-b\"],"            \
    "\"MaxAge\":86400}"

static const char not_found[] = "ResourceNotFoundException";

static void test_url_config__lives_its_life(void **state)
{
    static const struct api_step steps[] = {
        {"POST", URL("f"), NONE, 201, NULL, CREATED("f", "")},
        {"POST", URL("f"), NONE, 409, "ResourceConflictException",
         "{\"Type\":\"User\",\"message\":\"Failed to create function url config for [functionArn "
         "= " FIXTURE_ARN "f]. Error message:  FunctionUrlConfig exists for this Lambda "
         "function\"}"},
        {"GET", URL("f"), NULL, 200, NULL, SHOWN("f", "NONE", "BUFFERED", "")},
        {"PUT", URL("f"), "{\"AuthType\":\"AWS_IAM\"}", 200, NULL,
         UPDATED("f", ",\"AuthType\":\"AWS_IAM\"")},
        {"GET", URL("f"), NULL, 200, NULL, SHOWN("f", "AWS_IAM", "BUFFERED", "")},
        {"PUT", URL("f"), "{\"InvokeMode\":\"RESPONSE_STREAM\"}", 200, NULL,
         SHOWN("f", "AWS_IAM", "RESPONSE_STREAM", "")},
        {"PUT", URL("f"), "{" CORS "}", 200, NULL, UPDATED("f", ",\"AuthType\":\"AWS_IAM\"," CORS)},
        {"GET", URL("f"), NULL, 200, NULL, SHOWN("f", "AWS_IAM", "RESPONSE_STREAM", "," CORS)},
        {"PUT", URL("f"), "{\"Cors\":{\"MaxAge\":0}}", 200, NULL,
         UPDATED("f", ",\"AuthType\":\"AWS_IAM\",\"Cors\":{\"MaxAge\":0}")},
        {"PUT", URL("f"), "{\"Cors\":{}}", 200, NULL, UPDATED("f", ",\"AuthType\":\"AWS_IAM\"")},
        {"GET", URL("f"), NULL, 200, NULL, SHOWN("f", "AWS_IAM", "RESPONSE_STREAM", "")},
        {"DELETE", URL("f"), NULL, 204, NULL, ""},
        {"GET", URL("f"), NULL, 404, "ResourceNotFoundException", NO_RESOURCE},
        {"POST", URL("f"), "{\"AuthType\":\"NONE\",\"InvokeMode\":\"RESPONSE_STREAM\"," CORS "}",
         201, NULL, CREATED("f", ",\"InvokeMode\":\"RESPONSE_STREAM\"," CORS)},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

static void test_url_config__keeps_its_address_and_time_of_creation(void **state)
{
    struct lambda_fixture *f = *state;
    api_step(f, &(struct api_step){"POST", URL("f"), NONE, 201, NULL, NULL});
    AUTO_FREE char *address = api_member(f, URL("f"), "FunctionUrl");
    fake_clock_advance(&f->clock, 90 * 1000);
    api_step(f, &(struct api_step){"PUT", URL("f"), NONE, 200, NULL, NULL});
    AUTO_JSON struct json_object *got = api_expect(f, "GET", URL("f"), NULL, 200);
    assert_member(got, "FunctionUrl", address);
    assert_member(got, "CreationTime", "2025-11-25T02:26:54.123+0000");
    assert_member(got, "LastModifiedTime", "2025-11-25T02:28:24.123+0000");

    AUTO_FREE char *end =
        xasprintf(".lambda-url.us-east-1.localhost:%u/", http_server_port(f->server));
    assert_int_equal(strcspn(address + strlen("http://"), "."), 32);
    assert_string_equal(strchr(address, '.'), end);

    api_step(f, &(struct api_step){"DELETE", URL("f"), NULL, 204, NULL, ""});
    api_step(f, &(struct api_step){"POST", URL("f"), NONE, 201, NULL, NULL});
    AUTO_FREE char *other = api_member(f, URL("f"), "FunctionUrl");
    assert_string_not_equal(address, other);
}

static void test_url_config__has_two_ways_to_say_not_found(void **state)
{
    static const struct api_step steps[] = {
        {"POST", URL("no"), NONE, 404, not_found, NO_FUNCTION},
        {"POST", URL("arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Ano"), NONE, 404,
         not_found, NO_FUNCTION},
        {"POST", URL("f") "?Qualifier=no", NONE, 404, not_found, NO_FUNCTION},
        {"PUT", URL("no"), NONE, 404, not_found, NO_FUNCTION},
        {"PUT", URL("f") "?Qualifier=no", NONE, 404, not_found, NO_FUNCTION},
        {"PUT", URL("f"), NONE, 404, not_found, NO_RESOURCE},
        {"PUT", URL("f%3Alive"), NONE, 404, not_found, NO_RESOURCE},
        {"GET", URL("no"), NULL, 404, not_found, NO_RESOURCE},
        {"GET", URL("f"), NULL, 404, not_found, NO_RESOURCE},
        {"GET", URL("f") "?Qualifier=no", NULL, 404, not_found, NO_RESOURCE},
        {"DELETE", URL("no"), NULL, 404, not_found, NO_RESOURCE},
        {"DELETE", URL("f"), NULL, 404, not_found, NO_RESOURCE},
        {"DELETE", URL("f") "?Qualifier=no", NULL, 404, not_found, NO_RESOURCE},
        {"GET", URLS("no"), NULL, 404, not_found, NO_FUNCTION},
        {"GET", URLS("f%3Ano"), NULL, 404, not_found, NO_FUNCTION},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

static void test_url_config__is_of_a_function_or_an_alias(void **state)
{
    static const char shape[] = "ValidationException";
    static const struct api_step steps[] = {
        {"POST", URL("f") "?Qualifier=1", NONE, 400, shape, BAD_QUALIFIER("1")},
        {"POST", URL("f") "?Qualifier=%24LATEST", NONE, 400, shape, BAD_QUALIFIER("$LATEST")},
        {"POST", URL("no") "?Qualifier=2", NONE, 400, shape, BAD_QUALIFIER("2")},
        {"PUT", URL("f") "?Qualifier=1", NONE, 400, shape, BAD_QUALIFIER("1")},
        {"PUT", URL("f") "?Qualifier=%24LATEST", NONE, 400, shape, BAD_QUALIFIER("$LATEST")},
        {"GET", URL("f") "?Qualifier=1", NULL, 400, shape, BAD_QUALIFIER("1")},
        {"GET", URL("f") "?Qualifier=%24LATEST", NULL, 400, shape, BAD_QUALIFIER("$LATEST")},
        {"DELETE", URL("f") "?Qualifier=1", NULL, 400, shape, BAD_QUALIFIER("1")},
        {"DELETE", URL("f") "?Qualifier=%24LATEST", NULL, 400, shape, BAD_QUALIFIER("$LATEST")},
        {"POST", URL("f%3Alive") "?Qualifier=other", NONE, 400, "InvalidParameterValueException",
         "{\"Type\":\"User\",\"message\":\"The derived qualifier from the function name does not "
         "match the specified qualifier.\"}"},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

static void test_url_config__checks_its_members(void **state)
{
    static const char shape[] = "ValidationException";
#define ONE(value, path, constraint)                                                               \
    "{\"message\":\"1 validation error detected: Value '" value "' at '" path                      \
    "' failed to satisfy constraint: Member must " constraint "\"}"
    static const struct api_step steps[] = {
        {"POST", URL("f"), "{}", 400, shape,
         "{\"message\":\"1 validation error detected: Value null at 'authType' failed to satisfy "
         "constraint: Member must not be null\"}"},
        {"POST", URL("f"), "{\"AuthType\":\"SOME\"}", 400, shape,
         ONE("SOME", "authType", "satisfy enum value set: [NONE, AWS_IAM]")},
        {"POST", URL("f"), "{\"AuthType\":\"NONE\",\"InvokeMode\":\"SLOW\"}", 400, shape,
         ONE("SLOW", "invokeMode", "satisfy enum value set: [BUFFERED, RESPONSE_STREAM]")},
        {"POST", URL("f"), "{\"AuthType\":\"NONE\",\"Cors\":{\"MaxAge\":86401}}", 400, shape,
         ONE("86401", "cors.maxAge", "have value less than or equal to 86400")},
        {"POST", URL("f"), "{\"AuthType\":\"NONE\",\"Cors\":{\"MaxAge\":-1}}", 400, shape,
         ONE("-1", "cors.maxAge", "have value greater than or equal to 0")},
        {"POST", URL("f"),
         "{\"AuthType\":\"NONE\",\"Cors\":{\"AllowMethods\":[\"A\",\"B\",\"C\",\"D\",\"E\",\"F\","
         "\"G\"]}}",
         400, shape,
         ONE("[A, B, C, D, E, F, G]", "cors.allowMethods", "have length less than or equal to 6")},
        {"GET", URL("f"), NULL, 404, not_found, NO_RESOURCE},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

static void test_url_config__of_an_alias_survives_the_other_one(void **state)
{
    static const struct api_step steps[] = {
        {"POST", URL("f"), NONE, 201, NULL, CREATED("f", "")},
        {"POST", URL("f") "?Qualifier=live", NONE, 201, NULL, CREATED("f:live", "")},
        {"POST", URL("f%3Alive"), NONE, 409, "ResourceConflictException",
         "{\"Type\":\"User\",\"message\":\"Failed to create function url config for [functionArn "
         "= " FIXTURE_ARN "f:live]. Error message:  FunctionUrlConfig exists for this Lambda "
         "function\"}"},
        {"DELETE", URL("f"), NULL, 204, NULL, ""},
        {"GET", URL("f"), NULL, 404, not_found, NO_RESOURCE},
        {"GET", URL("f%3Alive"), NULL, 200, NULL, SHOWN("f:live", "NONE", "BUFFERED", "")},
        {"DELETE", FUNCTIONS "/f/aliases/live", NULL, 204, NULL, ""},
        {"GET", URL("f%3Alive"), NULL, 404, not_found, NO_RESOURCE},
        {"GET", URLS("f"), NULL, 200, NULL, "{\"FunctionUrlConfigs\":[]}"},
        {"POST", URL("f"), NONE, 201, NULL, CREATED("f", "")},
        {"DELETE", FUNCTIONS "/f", NULL, 204, NULL, ""},
        {"GET", URL("f"), NULL, 404, not_found, NO_RESOURCE},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

static void test_url_config__are_listed_in_pages(void **state)
{
    struct lambda_fixture *f = *state;
    static const struct api_step steps[] = {
        {"GET", URLS("f"), NULL, 200, NULL, "{\"FunctionUrlConfigs\":[]}"},
        {"POST", URL("f%3Alive"), NONE, 201, NULL, NULL},
        {"POST", URL("f"), NONE, 201, NULL, NULL},
        {"POST", URL("g"), NONE, 201, NULL, NULL},
        {"GET", URLS("f"), NULL, 200, NULL,
         "{\"FunctionUrlConfigs\":[" SHOWN("f", "NONE", "BUFFERED",
                                           "") "," SHOWN("f:live", "NONE", "BUFFERED", "") "]}"},
    };
    api_steps(f, steps, ARRAY_LEN(steps));
    AUTO_FREE char *marker = api_member(f, URLS("f") "?MaxItems=1", "NextMarker");
    AUTO_FREE char *next = xasprintf(URLS("f") "?MaxItems=1&Marker=%s", marker);
    api_step(f, &(struct api_step){
                    "GET", next, NULL, 200, NULL,
                    "{\"FunctionUrlConfigs\":[" SHOWN("f:live", "NONE", "BUFFERED", "") "]}"});
}

static void test_url_config__survives_a_restart(void **state)
{
    struct lambda_fixture *f = *state;
    api_step(f, &(struct api_step){"POST", URL("f%3Alive"), NONE, 201, NULL, NULL});
    AUTO_FREE char *before = api_member(f, URL("f%3Alive"), "FunctionUrl");
    api_restart(f, STEPS_YAML);
    AUTO_FREE char *after = api_member(f, URL("f%3Alive"), "FunctionUrl");
    assert_memory_equal(before, after, strlen("http://") + 32);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_steps_setup, api_steps_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_url_config__lives_its_life),
        TEST(test_url_config__keeps_its_address_and_time_of_creation),
        TEST(test_url_config__has_two_ways_to_say_not_found),
        TEST(test_url_config__is_of_a_function_or_an_alias),
        TEST(test_url_config__checks_its_members),
        TEST(test_url_config__of_an_alias_survives_the_other_one),
        TEST(test_url_config__are_listed_in_pages),
        TEST(test_url_config__survives_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
