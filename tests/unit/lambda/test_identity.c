/*
 * Callers at the door of the API: who is let in, what strangers are told, and that nobody reads
 * their bodies.
 */
#include "lambda_fixture.h"
#include "unit/httpserver/raw_client.h"

#define USERS                                                                                      \
    "  reader: {access_key: AKIAREADER, secret_key: secret-of-reader, policy: {Version: "          \
    "'2012-10-17', Statement: {Effect: Allow, Action: 'lambda:Get*', Resource: '*'}}}\n"           \
    "  nobody: {access_key: AKIANOBODY, secret_key: secret-of-nobody}\n"                           \
    "  guest: {access_key: AKIAGUEST, secret_key: secret-of-guest, account: '999999999999', "      \
    "policy: {Version: '2012-10-17', Statement: {Effect: Allow, Action: '*', Resource: '*'}}}\n"

#define THUMBS_BY_ARN FUNCTIONS "/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Athumbs"

static double refused(struct lambda_fixture *f, const char *reason)
{
    return metrics_read(f->api.metrics, METRIC_REQUESTS_REJECTED, reason, NULL, NULL);
}

static void open_with_users(struct lambda_fixture *f, const char *dir)
{
    lambda_fixture_open(f, dir, FIXTURE_YAML USERS);
    api_make_function(f, "thumbs", "echo", NULL);
}

static void test_call__of_nobody_is_refused(void **state)
{
    struct lambda_fixture f;
    open_with_users(&f, *state);
    api_call_as(&f, NULL, NULL);
    api_expect_error(&f, "GET", FUNCTIONS "/thumbs", NULL, 403,
                     "MissingAuthenticationTokenException",
                     "{'message':'Missing Authentication Token'}");
    assert_int_equal(refused(&f, "auth_missing"), 1);
    lambda_fixture_close(&f);
}

static void test_call__with_an_unknown_key_is_refused(void **state)
{
    struct lambda_fixture f;
    open_with_users(&f, *state);
    api_call_as(&f, "AKIASTRANGER", "secret-of-root");
    api_expect_error(&f, "GET", FUNCTIONS "/thumbs", NULL, 403, "UnrecognizedClientException",
                     "{'message':'The security token included in the request is invalid.'}");
    assert_int_equal(refused(&f, "auth_unknown_key"), 1);
    lambda_fixture_close(&f);
}

static void test_call__with_a_wrong_secret_is_refused(void **state)
{
    struct lambda_fixture f;
    open_with_users(&f, *state);
    api_call_as(&f, "AKIAROOT", "secret-of-reader");
    api_expect_error(&f, "GET", FUNCTIONS "/thumbs", NULL, 403, "InvalidSignatureException",
                     "{'message':'The request signature we calculated does not match the signature "
                     "you provided. Check your AWS Secret Access Key and signing method. Consult "
                     "the service documentation for details.'}");
    assert_int_equal(refused(&f, "auth_wrong"), 1);
    lambda_fixture_close(&f);
}

static void test_call__signed_long_ago_is_refused(void **state)
{
    struct lambda_fixture f;
    struct api_answer answer;
    open_with_users(&f, *state);
    const struct http_header old[] = {
        {TEXT("X-Amz-Date"), TEXT("20251125T020000Z")},
        {TEXT("Authorization"),
         TEXT("AWS4-HMAC-SHA256 Credential=AKIAROOT/20251125/us-east-1/lambda/aws4_request, "
              "SignedHeaders=host;x-amz-date, "
              "Signature=0000000000000000000000000000000000000000000000000000000000000000")}};
    api_call_as(&f, NULL, NULL);
    api_call_with(&f, "GET", FUNCTIONS "/thumbs", TEXT(""), old, ARRAY_LEN(old), &answer);
    assert_int_equal(answer.status, 403);
    assert_text(answer.error_type, "InvalidSignatureException");
    assert_text(answer.body,
                "{\"message\":\"Signature expired: 20251125T020000Z is now earlier than "
                "20251125T021154Z (20251125T022654Z - 15 min.)\"}");
    api_answer_release(&answer);
    lambda_fixture_close(&f);
}

static void test_call__of_a_user_may_what_his_policy_allows(void **state)
{
    struct lambda_fixture f;
    open_with_users(&f, *state);
    api_call_as(&f, "AKIAREADER", "secret-of-reader");
    api_expect_status(&f, "GET", FUNCTIONS "/thumbs", NULL, 200);
    api_expect_error(&f, "DELETE", FUNCTIONS "/thumbs", NULL, 403, "AccessDeniedException",
                     "{'Message':'User: arn:aws:iam::123456789012:user/reader is not authorized to "
                     "perform: lambda:DeleteFunction on resource: " FIXTURE_ARN
                     "thumbs because no identity-based policy allows the lambda:DeleteFunction "
                     "action'}");
    assert_int_equal(refused(&f, "not_authorized"), 1);
    api_call_as(&f, "AKIAROOT", "secret-of-root");
    api_expect_status(&f, "GET", FUNCTIONS "/thumbs", NULL, 200);
    lambda_fixture_close(&f);
}

static void permit(struct lambda_fixture *f, const char *id, const char *principal)
{
    AUTO_FREE char *body = xasprintf(
        "{'StatementId':'%s','Action':'lambda:GetFunction','Principal':'%s'}", id, principal);
    api_call_as(f, "AKIAROOT", "secret-of-root");
    api_expect_status(f, "POST", FUNCTIONS "/thumbs/policy", body, 201);
}

static void test_call__of_a_user_may_what_the_function_allows(void **state)
{
    struct lambda_fixture f;
    open_with_users(&f, *state);
    api_call_as(&f, "AKIANOBODY", "secret-of-nobody");
    api_expect_status(&f, "GET", FUNCTIONS "/thumbs", NULL, 403);
    permit(&f, "nobody", "arn:aws:iam::123456789012:user/nobody");
    api_call_as(&f, "AKIANOBODY", "secret-of-nobody");
    api_expect_status(&f, "GET", FUNCTIONS "/thumbs", NULL, 200);
    api_expect_status(&f, "GET", FUNCTIONS "/thumbs/configuration", NULL, 403);
    lambda_fixture_close(&f);
}

static void test_call__of_another_account_needs_the_function_to_allow_it(void **state)
{
    struct lambda_fixture f;
    open_with_users(&f, *state);
    api_call_as(&f, "AKIAGUEST", "secret-of-guest");
    api_expect_error(&f, "GET", THUMBS_BY_ARN, NULL, 403, "AccessDeniedException",
                     "{'Message':'User: arn:aws:iam::999999999999:user/guest is not authorized to "
                     "perform: lambda:GetFunction on resource: " FIXTURE_ARN
                     "thumbs because no resource-based policy allows the lambda:GetFunction "
                     "action'}");
    permit(&f, "guests", "999999999999");
    api_call_as(&f, "AKIAGUEST", "secret-of-guest");
    api_expect_status(&f, "GET", THUMBS_BY_ARN, NULL, 200);
    lambda_fixture_close(&f);
}

static void test_call__without_users_is_told_to_configure_one(void **state)
{
    struct lambda_fixture f;
    struct api_answer answer;
    lambda_fixture_open(&f, *state,
                        "stores: {minio: {endpoint: 'http://127.0.0.1:9', access_key: key, "
                        "secret_key: secret-of-store, webhook_auth: none}}\n");
    api_call(&f, "GET", FUNCTIONS, NULL, &answer);
    assert_int_equal(answer.status, 403);
    assert_text(answer.error_type, "UnrecognizedClientException");
    AUTO_FREE char *body = xmemdup_text(answer.body);
    assert_contains(body, "the configuration has no users: section");
    assert_int_equal(refused(&f, "auth_no_users"), 1);
    api_answer_release(&answer);
    lambda_fixture_close(&f);
}

/* Only the head of the request is sent: an answer can come from nothing else. */
static int status_of_head(struct lambda_fixture *f, const char *head)
{
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    return raw_status(raw_talk(http_server_port(f->server), text_of(head), &out));
}

static void test_call__of_a_stranger_is_refused_before_its_body(void **state)
{
    struct lambda_fixture f;
    open_with_users(&f, *state);
    assert_int_equal(status_of_head(&f, "POST " FUNCTIONS " HTTP/1.1\r\nHost: h\r\n"
                                        "Content-Length: 50000000\r\n\r\n"),
                     403);
    assert_int_equal(
        status_of_head(&f, "POST " FUNCTIONS " HTTP/1.1\r\nHost: h\r\nContent-Length: 50000000\r\n"
                           "X-Amz-Date: 20251125T022654Z\r\nAuthorization: AWS4-HMAC-SHA256 "
                           "Credential=STRANGER/20251125/us-east-1/lambda/aws4_request, "
                           "SignedHeaders=host;x-amz-date, Signature="
                           "0000000000000000000000000000000000000000000000000000000000000000\r\n"
                           "\r\n"),
        403);
    assert_int_equal(refused(&f, "auth_missing"), 1);
    assert_int_equal(refused(&f, "auth_unknown_key"), 1);
    lambda_fixture_close(&f);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_call__of_nobody_is_refused),
        IN_FOLDER(test_call__with_an_unknown_key_is_refused),
        IN_FOLDER(test_call__with_a_wrong_secret_is_refused),
        IN_FOLDER(test_call__signed_long_ago_is_refused),
        IN_FOLDER(test_call__of_a_user_may_what_his_policy_allows),
        IN_FOLDER(test_call__of_a_user_may_what_the_function_allows),
        IN_FOLDER(test_call__of_another_account_needs_the_function_to_allow_it),
        IN_FOLDER(test_call__without_users_is_told_to_configure_one),
        IN_FOLDER(test_call__of_a_stranger_is_refused_before_its_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
