/*
 * test_url_front.c - requests to functions' own URLs, over HTTP: who gets in, what the function
 * sees, what comes back.
 */
#include "url_visit.h"

#include <unistd.h>

#include "onput/log.h"

#define FORBIDDEN                                                                                  \
    "{\"Message\":\"Forbidden. For troubleshooting Function URL authorization issues, see: "       \
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html\"}"

static const char users_yaml[] =
    FIXTURE_YAML "  alice: {access_key: AKIAALICE, secret_key: secret-of-alice, policy: "
                 "{Version: '2012-10-17', Statement: {Effect: Allow, Action: "
                 "['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'], Resource: '*'}}}\n"
                 "  half: {access_key: AKIAHALF, secret_key: secret-of-half, policy: "
                 "{Version: '2012-10-17', Statement: {Effect: Allow, Action: "
                 "'lambda:InvokeFunctionUrl', Resource: '*'}}}\n"
                 "  nobody: {access_key: AKIANOBODY, secret_key: secret-of-nobody}\n";

static int setup(void **state)
{
    if (invoke_rig_setup_with(state, users_yaml) != 0)
        return -1;
    struct lambda_fixture *f = *state;
    api_make_function(f, "f", "echo", ",'Publish':true");
    api_expect_status(f, "POST", FUNCTIONS "/f/aliases", "{'Name':'live','FunctionVersion':'1'}",
                      201);
    return 0;
}

static struct json_object *seen(struct invoke_rig *r)
{
    struct json_object *event = NULL;
    struct error err = {0};
    assert_ok(json_parse(text_of(r->payload), &event, &err), &err);
    return event;
}

/* ---- what the function sees ---- */

static void test_url__hands_the_request_over(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    const struct http_header headers[] = {{TEXT("Content-Type"), TEXT("text/plain")},
                                          {TEXT("Cookie"), TEXT("a=1; b=2")}};
    r->result = "{\"statusCode\":201,\"body\":\"made\"}";
    open_url(&v, r, "");
    go(&v, "POST", "/p%20q/pa2%Fth/1?x=1&x=2", TEXT("hello"), headers, 2);
    AUTO_JSON struct json_object *event = seen(r);
    assert_member(event, "rawPath", "/p%20q/pa2%Fth/1");
    assert_member(event, "rawQueryString", "x=1&x=2");
    assert_member(event, "queryStringParameters", "{'x':'1,2'}");
    assert_member(event, "cookies", "['a=1','b=2']");
    assert_member(event, "requestContext.apiId", v.id);
    assert_member(event, "requestContext.accountId", "anonymous");
    assert_member(event, "requestContext.http.method", "POST");
    assert_member(event, "requestContext.http.sourceIp", "127.0.0.1");
    assert_member(event, "requestContext.requestId", r->request_id);
    assert_member(event, "body", "hello");
    assert_int_equal(v.answer.status, 201);
    assert_text(v.answer.body, "made");
    assert_text(header(&v, "x-amzn-RequestId"), r->request_id);
    assert_string_equal(r->arn, FIXTURE_ARN "f");
    leave(&v);
}

static void test_url__has_a_path_of_a_slash_at_least(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    open_url(&v, r, "");
    get(&v, "");
    AUTO_JSON struct json_object *event = seen(r);
    assert_member(event, "rawPath", "/");
    leave(&v);
}

static void test_url__is_found_by_its_host(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    struct error err = {0};
    open_url(&v, r, "");
    unsigned port = http_server_port(r->f.server);
    AUTO_FREE char *url = xasprintf(
        "http://%s.lambda-url.us-east-1.localhost:%u/2015-03-31/functions/?q", v.id, port);
    AUTO_FREE char *connect_to = xasprintf("127.0.0.1:%u", port);
    struct http_call call = {
        .method = "GET", .url = url, .connect_to = connect_to, .max_body_bytes = 1 << 20};
    struct http_reply reply = {0};
    assert_ok(http_client_perform(r->f.client, &call, &reply, &err), &err);
    assert_int_equal(reply.status, 200);
    http_reply_release(&reply);
    AUTO_JSON struct json_object *event = seen(r);
    AUTO_FREE char *domain = xasprintf("%s.lambda-url.us-east-1.localhost", v.id);
    assert_member(event, "rawPath", "/2015-03-31/functions/");
    assert_member(event, "requestContext.domainName", domain);
    assert_member(event, "requestContext.apiId", v.id);
}

static void test_url__of_an_alias_runs_its_version(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    make_url_at(&v, r, URL_CONFIG "?Qualifier=live", "{'AuthType':'NONE'}");
    api_expect_status(&r->f, "POST", FUNCTIONS "/f/policy?Qualifier=live",
                      "{'StatementId':'u','Principal':'*','Action':'lambda:InvokeFunctionUrl',"
                      "'FunctionUrlAuthType':'NONE'}",
                      201);
    allow_everybody(r); /* of the unqualified function: it does not count */
    r->f.access_key = NULL;
    get(&v, "/");
    assert_int_equal(v.answer.status, 403);
    leave(&v);
    api_call_as(&r->f, "AKIAROOT", "secret-of-root");
    api_expect_status(&r->f, "POST", FUNCTIONS "/f/policy?Qualifier=live",
                      "{'StatementId':'i','Principal':'*','Action':'lambda:InvokeFunction',"
                      "'InvokedViaFunctionUrl':true}",
                      201);
    r->f.access_key = NULL;
    get(&v, "/");
    assert_int_equal(v.answer.status, 200);
    assert_string_equal(r->version, "1");
    assert_string_equal(r->arn, FIXTURE_ARN "f:live");
    leave(&v);
}

/* ---- who gets in ---- */

static void test_url__that_nobody_made_says_nothing(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v = {.r = r, .id = "abcdefghijklmnopqrstuvwxyz012345"};
    r->f.access_key = NULL;
    get(&v, "/");
    assert_int_equal(v.answer.status, 403);
    assert_text(v.answer.error_type, "AccessDeniedException");
    assert_text(v.answer.body, "{\"Message\":null}");
    leave(&v);
}

static void test_url__wants_both_permissions(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    make_url_at(&v, r, URL_CONFIG, "{'AuthType':'NONE'}");
    static const char *const steps[] = {
        NULL, "'Action':'lambda:InvokeFunctionUrl','FunctionUrlAuthType':'NONE'",
        "'Action':'lambda:InvokeFunction','InvokedViaFunctionUrl':true"};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        AUTO_FREE char *sid = xasprintf("s%zu", i);
        api_call_as(&r->f, "AKIAROOT", "secret-of-root");
        if (steps[i] != NULL)
            allow(r, sid, steps[i]);
        r->f.access_key = NULL;
        get(&v, "/");
        assert_int_equal(v.answer.status, i == 2 ? 200 : 403);
        if (i < 2) {
            assert_text(v.answer.error_type, "AccessDeniedException");
            assert_text(v.answer.body, FORBIDDEN);
        }
        leave(&v);
    }
    assert_int_equal(r->runs, 1);
}

static void test_url__keeps_to_the_auth_type_of_the_permission(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    make_url_at(&v, r, URL_CONFIG, "{'AuthType':'NONE'}");
    allow(r, "url", "'Action':'lambda:InvokeFunctionUrl','FunctionUrlAuthType':'AWS_IAM'");
    allow(r, "invoke", "'Action':'lambda:InvokeFunction','InvokedViaFunctionUrl':true");
    r->f.access_key = NULL;
    get(&v, "/");
    assert_int_equal(v.answer.status, 403);
    leave(&v);
}

static void test_url__permission_is_no_permission_to_invoke(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    open_url(&v, r, "");
    api_call_as(&r->f, "AKIANOBODY", "secret-of-nobody");
    struct api_answer a;
    api_call(&r->f, "POST", FUNCTIONS "/f/invocations", "{}", &a);
    assert_int_equal(a.status, 403);
    api_answer_release(&a);
}

static void test_signed_url__tells_who_called(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    make_url_at(&v, r, URL_CONFIG, "{'AuthType':'AWS_IAM'}");
    api_call_as(&r->f, "AKIAALICE", "secret-of-alice");
    go(&v, "POST", "/x?b=1", TEXT("{}"), NULL, 0);
    assert_int_equal(v.answer.status, 200);
    AUTO_JSON struct json_object *event = seen(r);
    assert_member(event, "requestContext.accountId", "123456789012");
    assert_member(event, "requestContext.authorizer.iam",
                  "{'accessKey':'AKIAALICE','accountId':'123456789012','callerId':'alice',"
                  "'cognitoIdentity':null,'principalOrgId':null,"
                  "'userArn':'arn:aws:iam::123456789012:user/alice','userId':'alice'}");
    leave(&v);
}

static void expect_refused(struct visit *v, const char *error)
{
    get(v, "/");
    assert_int_equal(v->answer.status, 403);
    assert_text(v->answer.error_type, error);
    leave(v);
}

static void test_signed_url__refuses_who_may_not(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    make_url_at(&v, r, URL_CONFIG, "{'AuthType':'AWS_IAM'}");
    allow_everybody(r); /* for NONE: not for this one */
    api_call_as(&r->f, "AKIANOBODY", "secret-of-nobody");
    expect_refused(&v, "AccessDeniedException");
    api_call_as(&r->f, "AKIAALICE", "another-secret");
    expect_refused(&v, "InvalidSignatureException");
    r->f.access_key = NULL;
    expect_refused(&v, "AccessDeniedException");
    assert_int_equal(r->runs, 0);
}

static void test_signed_url__wants_both_permissions(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    make_url_at(&v, r, URL_CONFIG, "{'AuthType':'AWS_IAM'}");
    api_call_as(&r->f, "AKIAHALF", "secret-of-half");
    expect_refused(&v, "AccessDeniedException");
    assert_int_equal(r->runs, 0);
}

/* ---- what comes back ---- */

static void test_url__sends_what_is_no_response_as_it_is(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    r->result = "\"plain\"";
    open_url(&v, r, "");
    get(&v, "/");
    assert_int_equal(v.answer.status, 200);
    assert_text(header(&v, "Content-Type"), "application/json");
    assert_text(v.answer.body, "plain");
    leave(&v);
}

static void test_url__has_room_for_the_largest_headers(void **state)
{
    enum { EACH = 2000, COUNT = 8 };
    struct invoke_rig *r = *state;
    struct visit v;
    AUTO_BUFFER struct buffer result;
    char value[EACH + 1];
    memset(value, 'v', EACH);
    value[EACH] = '\0';
    buffer_init(&result, RIG_PAYLOAD_BYTES);
    buffer_append_string(&result, "{\"statusCode\":200,\"headers\":{");
    for (int i = 0; i < COUNT; i++)
        buffer_appendf(&result, "%s\"x-%d\":\"%s\"", i > 0 ? "," : "", i, value);
    buffer_append_string(&result, "}}");
    r->result = result.data;
    open_url(&v, r, "");
    get(&v, "/");
    assert_int_equal(v.answer.status, 200);
    assert_text(header(&v, "x-7"), value);
    leave(&v);
}

static void expect_bad_gateway(struct visit *v)
{
    get(v, "/");
    assert_int_equal(v->answer.status, 502);
    assert_text(v->answer.body, "Internal Server Error");
    assert_text(header(v, "x-amzn-RequestId"), v->r->request_id);
    leave(v);
}

static void test_url__answers_502_for_a_failure(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    open_url(&v, r, "");
    r->fails = ERROR_INVALID;
    expect_bad_gateway(&v);
    r->fails = ERROR_NONE;
    r->result = "{\"statusCode\":200,\"headers\":{\"x\":\"a\\r\\nb\"}}";
    expect_bad_gateway(&v);
    r->result_bytes = 6291557;
    expect_bad_gateway(&v);
}

static void test_url__is_throttled_by_reserved_concurrency(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    api_expect_status(&r->f, "PUT", "/2017-10-31/functions/f/concurrency",
                      "{'ReservedConcurrentExecutions':0}", 200);
    open_url(&v, r, "");
    get(&v, "/");
    assert_int_equal(v.answer.status, 429);
    assert_text(v.answer.error_type, "TooManyRequestsException");
    leave(&v);
}

static void test_url__refuses_a_large_body(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    enum { MAX = 6291456 };
    const struct http_header text = {TEXT("Content-Type"), TEXT("text/plain")};
    char *body = xmalloc(MAX + 1);
    memset(body, 'x', MAX + 1);
    open_url(&v, r, "");
    go(&v, "POST", "/", (struct text){body, MAX + 1}, &text, 1);
    assert_int_equal(v.answer.status, 413);
    leave(&v);
    /* The event around it is larger than the body. */
    go(&v, "POST", "/", (struct text){body, MAX}, &text, 1);
    assert_int_equal(v.answer.status, 413);
    leave(&v);
    assert_int_equal(r->runs, 0);
    go(&v, "POST", "/", (struct text){body, MAX - 4096}, &text, 1);
    assert_int_equal(v.answer.status, 200);
    leave(&v);
    free(body);
}

/* ---- CORS ---- */

static const char cors[] = ",'Cors':{'AllowOrigins':['https://a.example'],'AllowMethods':['GET'],"
                           "'AllowHeaders':['x-one'],'MaxAge':60}";

static void test_cors__preflight_runs_nothing(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    const struct http_header headers[] = {
        {TEXT("Origin"), TEXT("https://a.example")},
        {TEXT("Access-Control-Request-Method"), TEXT("GET")},
    };
    AUTO_FREE char *body = xasprintf("{'AuthType':'AWS_IAM'%s}", cors);
    make_url_at(&v, r, URL_CONFIG, body);
    r->f.access_key = NULL; /* browsers sign no preflight */
    go(&v, "OPTIONS", "/", TEXT(""), headers, 2);
    assert_int_equal(v.answer.status, 200);
    assert_int_equal(v.answer.body.len, 0);
    assert_text(header(&v, "Access-Control-Allow-Origin"), "https://a.example");
    assert_text(header(&v, "Access-Control-Allow-Methods"), "GET");
    assert_text(header(&v, "Access-Control-Max-Age"), "60");
    leave(&v);
    assert_int_equal(r->runs, 0);
}

static void test_cors__headers_are_the_configurations(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    const struct http_header origin = {TEXT("Origin"), TEXT("https://a.example")};
    r->result = "{\"statusCode\":200,\"headers\":{\"access-control-allow-origin\":\"*\"}}";
    open_url(&v, r, cors);
    go(&v, "GET", "/", TEXT(""), &origin, 1);
    assert_int_equal(v.answer.status, 200);
    assert_text(header(&v, "Access-Control-Allow-Origin"), "https://a.example");
    leave(&v);
}

static void test_cors__is_the_functions_when_it_is_not_configured(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    const struct http_header headers[] = {
        {TEXT("Origin"), TEXT("https://a.example")},
        {TEXT("Access-Control-Request-Method"), TEXT("GET")},
    };
    r->result = "{\"statusCode\":204,\"headers\":{\"access-control-allow-origin\":\"mine\"}}";
    open_url(&v, r, "");
    go(&v, "OPTIONS", "/", TEXT(""), headers, 2);
    assert_int_equal(v.answer.status, 204);
    assert_text(header(&v, "Access-Control-Allow-Origin"), "mine");
    leave(&v);
    assert_int_equal(r->runs, 1);
}

static void test_url__is_gone_with_its_configuration(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    open_url(&v, r, "");
    api_call_as(&r->f, "AKIAROOT", "secret-of-root");
    api_expect_status(&r->f, "DELETE", URL_CONFIG, NULL, 204);
    r->f.access_key = NULL;
    get(&v, "/");
    assert_int_equal(v.answer.status, 403);
    assert_text(v.answer.body, "{\"Message\":null}");
    leave(&v);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, invoke_rig_teardown)

int main(void)
{
    log_open(STDERR_FILENO, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        TEST(test_url__hands_the_request_over),
        TEST(test_url__has_a_path_of_a_slash_at_least),
        TEST(test_url__is_found_by_its_host),
        TEST(test_url__of_an_alias_runs_its_version),
        TEST(test_url__that_nobody_made_says_nothing),
        TEST(test_url__wants_both_permissions),
        TEST(test_url__keeps_to_the_auth_type_of_the_permission),
        TEST(test_url__permission_is_no_permission_to_invoke),
        TEST(test_signed_url__tells_who_called),
        TEST(test_signed_url__refuses_who_may_not),
        TEST(test_signed_url__wants_both_permissions),
        TEST(test_url__sends_what_is_no_response_as_it_is),
        TEST(test_url__has_room_for_the_largest_headers),
        TEST(test_url__answers_502_for_a_failure),
        TEST(test_url__is_throttled_by_reserved_concurrency),
        TEST(test_url__refuses_a_large_body),
        TEST(test_cors__preflight_runs_nothing),
        TEST(test_cors__headers_are_the_configurations),
        TEST(test_cors__is_the_functions_when_it_is_not_configured),
        TEST(test_url__is_gone_with_its_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
