/*
 * One call from the wire to its answer: routes, bodies, the form of answers and errors, pages.
 */
#include "api_steps.h"

#include "onput/fd.h"

#include "../../../src/lambda/lambda_private.h"

#define F FUNCTIONS "/"

/* ---- routes ---- */

/* The path with "x" for every "{Label}". */
static char *filled(const char *path)
{
    char *out = xmalloc(strlen(path) + 1), *end = out;
    for (const char *p = path; *p; p++) {
        if (*p != '{') {
            *end++ = *p;
            continue;
        }
        *end++ = 'x';
        p = strchr(p, '}');
    }
    *end = '\0';
    return out;
}

static const char *method_name(enum http_method method)
{
    return method == HTTP_GET      ? "GET"
           : method == HTTP_POST   ? "POST"
           : method == HTTP_PUT    ? "PUT"
           : method == HTTP_DELETE ? "DELETE"
                                   : "?";
}

static void knock(struct lambda_fixture *f, const struct operation *op, const char *slash)
{
    AUTO_FREE char *path = filled(op->path);
    AUTO_FREE char *target = xasprintf("%s%s", path, slash);
    struct api_answer answer;
    api_call(f, method_name(op->method), target, NULL, &answer);
    assert_int_equal(answer.status, 403);
    assert_text(answer.error_type, "MissingAuthenticationTokenException");
    api_answer_release(&answer);
}

static void test_routes__lead_to_every_operation(void **state)
{
    struct lambda_fixture *f = *state;
    const struct operation *ops = NULL;
    size_t count = lambda_operations(&ops);
    api_call_as(f, NULL, NULL);
    assert_int_equal(count, 40);
    for (size_t i = 0; i < count; i++) {
        knock(f, &ops[i], "");
        knock(f, &ops[i], "/");
        assert_int_equal(
            (int)metrics_read(f->api.metrics, METRIC_API_CALLS, ops[i].name, "403", NULL), 2);
    }
}

static void test_routes__know_what_is_no_operation(void **state)
{
    static const struct api_step steps[] = {
        {"GET", F "f/nothing", NULL, 404, "UnknownOperationException", "{\"Message\":null}"},
        {"PATCH", F "f", NULL, 404, "UnknownOperationException", "{\"Message\":null}"},
        {"GET", "/2015-03-31/event-source-mappings", NULL, 404, "UnknownOperationException", NULL},
        {"GET", "/2015-03-31/functions//", NULL, 404, "UnknownOperationException", NULL},
    };
    struct lambda_fixture *f = *state;
    api_steps(f, steps, ARRAY_LEN(steps));
    assert_int_equal((int)metrics_read(f->api.metrics, METRIC_API_CALLS, "unknown", "404", NULL),
                     4);
    struct api_answer answer;
    api_call(f, "GET", "/2014-01-01/functions", NULL, &answer);
    assert_int_equal(answer.status, 404);
    assert_int_equal(answer.error_type.len, 0);
    api_answer_release(&answer);
}

/* ---- one life ---- */

static void assert_header(const struct api_answer *answer, const char *name, const char *value)
{
    assert_text(http_reply_header(&answer->reply, name), value);
}

static void test_call__goes_from_the_wire_to_the_disk_and_back(void **state)
{
    struct lambda_fixture *f = *state;
    struct api_answer answer;
    AUTO_FREE char *before = api_member(f, F "f", "Configuration.RevisionId");
    api_call(f, "PUT", F "f/configuration", "{\"Timeout\":60,\"Description\":\"a \\\"b\\\"\"}",
             &answer);
    assert_int_equal(answer.status, 200);
    assert_header(&answer, "Content-Type", "application/json");
    assert_int_equal(http_reply_header(&answer.reply, "x-amzn-RequestId").len, 36);
    assert_int_equal(answer.error_type.len, 0);
    api_answer_release(&answer);
    assert_int_equal((int)metrics_read(f->api.metrics, METRIC_API_CALLS,
                                       "UpdateFunctionConfiguration", "200", NULL),
                     1);
    api_restart(f, STEPS_YAML);
    AUTO_JSON struct json_object *got = api_expect(f, "GET", F "f/configuration", NULL, 200);
    assert_member(got, "Timeout", "60");
    assert_member(got, "Description", "a 'b'");
    assert_string_not_equal(before, json_object_get_string(json_at(got, "RevisionId")));
    api_call(f, "DELETE", F "f", NULL, &answer);
    assert_int_equal(answer.status, 204);
    assert_int_equal(answer.body.len, 0);
    assert_int_equal(http_reply_header(&answer.reply, "Content-Type").len, 0);
    api_answer_release(&answer);
    api_expect_error(f, "GET", F "f", NULL, 404, "ResourceNotFoundException",
                     "{'Type':'User','Message':'Function not found: " FIXTURE_ARN "f'}");
}

static void test_call__gives_every_call_an_id_of_its_own(void **state)
{
    struct lambda_fixture *f = *state;
    struct api_answer one, two;
    api_call(f, "GET", F "f", NULL, &one);
    api_call(f, "GET", F "f", NULL, &two);
    assert_false(text_equal(http_reply_header(&one.reply, "x-amzn-RequestId"),
                            http_reply_header(&two.reply, "x-amzn-RequestId")));
    api_answer_release(&one);
    api_answer_release(&two);
}

/* ---- bodies ---- */

static void test_call__refuses_bodies_that_are_no_members(void **state)
{
    static const struct api_step steps[] = {
        {"PUT", F "f/configuration", "{\"Timeout\":", 400, "InvalidRequestContentException", NULL},
        {"PUT", F "f/configuration", "[1]", 400, "InvalidRequestContentException",
         "{\"Type\":\"User\",\"message\":\"Could not parse request body into json: expected an "
         "object, not an array\"}"},
        {"PUT", F "f/configuration", "{\"Timeout\":\"60\"}", 400, "SerializationException",
         "{\"message\":\"STRING_VALUE can not be converted to an Integer\"}"},
        {"PUT", F "f/configuration", "{\"Timeout\":901}", 400, "ValidationException",
         "{\"message\":\"1 validation error detected: Value '901' at 'timeout' failed to satisfy "
         "constraint: Member must have value less than or equal to 900\"}"},
        {"GET", FUNCTIONS "?MaxItems=many", NULL, 400, "SerializationException",
         "{\"message\":\"STRING_VALUE can not be converted to an Integer\"}"},
        {"GET", FUNCTIONS "?MaxItems=0", NULL, 400, "ValidationException",
         "{\"message\":\"1 validation error detected: Value '0' at 'maxItems' failed to satisfy "
         "constraint: Member must have value greater than or equal to 1\"}"},
        {"GET", F "f?Qualifier=a%00b", NULL, 400, "ValidationException",
         "{\"message\":\"1 validation error detected: Value 'a?b' at 'qualifier' failed to satisfy "
         "constraint: Member must satisfy regular expression pattern: "
         "\\\\$(LATEST(\\\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+\"}"},
        {"POST", F "f/versions", NULL, 201, NULL, NULL},
        {"PUT", F "f/configuration", " {\"Colour\":\"red\"} ", 200, NULL, NULL},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

static void test_call__refuses_bodies_that_are_too_large(void **state)
{
    struct lambda_fixture *f = *state;
    struct api_answer answer;
    enum { LIMIT = 6291456 };
    AUTO_FREE char *body = xmalloc(LIMIT + 1);
    memset(body, '1', LIMIT + 1);
    api_call_with(f, "POST", F "f/invocations", (struct text){body, LIMIT + 1}, NULL, 0, &answer);
    assert_int_equal(answer.status, 413);
    assert_text(answer.error_type, "RequestEntityTooLargeException");
    assert_text(answer.body, "{\"message\":\"Request must be smaller than 6291456 bytes for the "
                             "InvokeFunction operation\"}");
    assert_int_equal(http_reply_header(&answer.reply, "x-amzn-RequestId").len, 36);
    api_answer_release(&answer);
    api_call_with(f, "PUT", F "f/configuration", (struct text){body, 1024 * 1024 + 1}, NULL, 0,
                  &answer);
    assert_text(answer.body, "{\"message\":\"Request must be smaller than 1048576 bytes for the "
                             "UpdateFunctionConfiguration operation\"}");
    api_answer_release(&answer);
}

static void test_call__refuses_strangers_before_their_bodies(void **state)
{
    struct lambda_fixture *f = *state;
    struct api_answer answer;
    enum { BYTES = 60 * 1024 * 1024 };
    AUTO_FREE char *body = xcalloc(1, BYTES);
    api_call_as(f, "AKIANOBODY", "secret-of-nobody");
    api_call_with(f, "POST", FUNCTIONS, (struct text){body, BYTES}, NULL, 0, &answer);
    assert_int_equal(answer.status, 403);
    assert_text(answer.error_type, "UnrecognizedClientException");
    api_answer_release(&answer);
}

/* ---- pages ---- */

static void test_pages__show_everything_once(void **state)
{
    struct lambda_fixture *f = *state;
    AUTO_FREE char *marker = NULL;
    size_t seen = 0, pages = 0;
    for (char name[] = "p0"; name[1] < '5'; name[1]++)
        api_make_function(f, name, "echo", NULL);
    do {
        AUTO_FREE char *target =
            xasprintf(FUNCTIONS "?MaxItems=3%s%s", marker ? "&Marker=" : "", marker ? marker : "");
        AUTO_JSON struct json_object *got = api_expect(f, "GET", target, NULL, 200);
        struct json_object *list = json_at(got, "Functions");
        struct json_object *next = json_at(got, "NextMarker");
        seen += json_object_array_length(list);
        pages++;
        free(marker);
        marker = next ? xstrdup(json_object_get_string(next)) : NULL;
    } while (marker && pages < 9);
    assert_int_equal(seen, 7); /* f, g, p0 to p4 */
    assert_int_equal(pages, 3);
}

static void test_pages__refuse_foreign_markers(void **state)
{
    static const struct api_step steps[] = {
        {"GET", FUNCTIONS "?Marker=page2", NULL, 400, "InvalidParameterValueException",
         "{\"Type\":\"User\",\"message\":\"The Marker is not one that this API has given.\"}"},
        {"GET", FUNCTIONS "?Marker=AAAA", NULL, 400, "InvalidParameterValueException", NULL},
        {"GET", FUNCTIONS "?Marker=ZnJvbTotMQ%3D%3D", NULL, 400, "InvalidParameterValueException",
         NULL}, /* from:-1 */
        {"GET", FUNCTIONS "?Marker=ZnJvbTo5OTk%3D", NULL, 200, NULL,
         "{\"Functions\":[]}"}, /* from:999 */
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

/* ---- the account ---- */

static void test_account__counts_what_is_used(void **state)
{
    static const struct api_step steps[] = {
        {"PUT", "/2017-10-31/functions/f/concurrency", "{\"ReservedConcurrentExecutions\":30}", 200,
         NULL, NULL},
        {"PUT", "/2017-10-31/functions/g/concurrency", "{\"ReservedConcurrentExecutions\":5}", 200,
         NULL, NULL},
    };
    struct lambda_fixture *f = *state;
    api_steps(f, steps, ARRAY_LEN(steps));
    AUTO_JSON struct json_object *got =
        api_expect(f, "GET", "/2016-08-19/account-settings/", NULL, 200);
    assert_members(got, "AccountLimit,AccountUsage");
    assert_member(got, "AccountLimit",
                  "{'TotalCodeSize':80530636800,'CodeSizeUnzipped':262144000,"
                  "'CodeSizeZipped':52428800,'ConcurrentExecutions':1000,"
                  "'UnreservedConcurrentExecutions':965}");
    assert_member(got, "AccountUsage.FunctionCount", "2");
    AUTO_FREE char *size = api_member(f, F "f/configuration", "CodeSize");
    assert_true(strtoll(size, NULL, 10) >= 0);
    AUTO_FREE char *total = xasprintf("%lld", 3 * strtoll(size, NULL, 10)); /* f, f:1 and g */
    assert_member(got, "AccountUsage.TotalCodeSize", total);
}

static void test_account__tells_the_defaults_of_what_onput_has_not(void **state)
{
    static const struct api_step steps[] = {
        {"GET", "/2020-06-30/functions/f/code-signing-config", NULL, 200, NULL,
         "{\"FunctionName\":\"f\"}"},
        {"GET", "/2021-07-20/functions/f/runtime-management-config", NULL, 200, NULL,
         "{\"UpdateRuntimeOn\":\"Auto\",\"FunctionArn\":\"" FIXTURE_ARN "f:$LATEST\"}"},
        {"GET", "/2021-07-20/functions/f/runtime-management-config?Qualifier=1", NULL, 200, NULL,
         "{\"UpdateRuntimeOn\":\"Auto\",\"FunctionArn\":\"" FIXTURE_ARN "f:1\"}"},
        {"GET", "/2024-08-31/functions/f/recursion-config", NULL, 200, NULL,
         "{\"RecursiveLoop\":\"Terminate\"}"},
        {"GET", "/2020-06-30/functions/nope/code-signing-config", NULL, 404,
         "ResourceNotFoundException", NULL},
        {"GET", "/2021-07-20/functions/f/runtime-management-config?Qualifier=9", NULL, 404,
         "ResourceNotFoundException", NULL},
        {"GET", "/2024-08-31/functions/nope/recursion-config", NULL, 404,
         "ResourceNotFoundException", NULL},
    };
    api_steps(*state, steps, ARRAY_LEN(steps));
}

#define WITH_STEPS(test) cmocka_unit_test_setup_teardown(test, api_steps_setup, api_steps_teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        WITH_STEPS(test_routes__lead_to_every_operation),
        WITH_STEPS(test_routes__know_what_is_no_operation),
        WITH_STEPS(test_call__goes_from_the_wire_to_the_disk_and_back),
        WITH_STEPS(test_call__gives_every_call_an_id_of_its_own),
        WITH_STEPS(test_call__refuses_bodies_that_are_no_members),
        WITH_STEPS(test_call__refuses_bodies_that_are_too_large),
        WITH_STEPS(test_call__refuses_strangers_before_their_bodies),
        WITH_STEPS(test_pages__show_everything_once),
        WITH_STEPS(test_pages__refuse_foreign_markers),
        WITH_STEPS(test_account__counts_what_is_used),
        WITH_STEPS(test_account__tells_the_defaults_of_what_onput_has_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
