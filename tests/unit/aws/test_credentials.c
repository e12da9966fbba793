/*
 * Static and temporary credentials; STS is a scripted server.
 */
#include "support/test.h"

#include <pthread.h>

#include "onput/credentials.h"
#include "support/scripted_server.h"

#define STS_ANSWER(key, expiration)                                                                \
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>"   \
    "<Credentials><AccessKeyId>" key "</AccessKeyId><SecretAccessKey>s3cr3t</SecretAccessKey>"     \
    "<SessionToken>t0ken+/=</SessionToken><Expiration>" expiration "</Expiration></Credentials>"   \
    "</AssumeRoleResult></AssumeRoleResponse>"
#define STS_ERROR(code, message)                                                                   \
    "<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>" message              \
    "</Message></Error><RequestId>1</RequestId></ErrorResponse>"

/* 2026-11-21T19:00:00Z */
static const int64_t NOW_MS = 1795287600000;
static const int64_t SECOND_MS = 1000;

struct fixture {
    struct fake_clock clock;
    struct http_client *client;
    struct credentials *source;
    struct credentials *temporary;
    struct scripted_server *server;
    struct arena arena;
};

static void start(struct fixture *f, const struct scripted_reply *replies, size_t count)
{
    struct error err = {0};
    struct http_client_options client_options = {0};
    *f = (struct fixture){0};
    fake_clock_init(&f->clock, NOW_MS, 0);
    f->server = scripted_server_start(replies, count);
    assert_ok(http_client_new(&client_options, &f->client, &err), &err);
    f->source = credentials_new_static(&(struct credentials_static_options){
        .access_key = "AKIDUSER", .secret_key = "user-secret"});
    f->temporary = credentials_new_sts(&(struct credentials_sts_options){
        .endpoint = scripted_server_url(f->server),
        .region = "eu-north-1",
        .role_arn = "arn:aws:iam::123456789012:role/thumbnailer",
        .session_policy = "{\"Version\":\"2012-10-17\"}",
        .duration_s = 900,
        .source = f->source,
        .clock = &f->clock.clock,
    });
}

static void stop(struct fixture *f)
{
    credentials_free(f->temporary);
    credentials_free(f->source);
    http_client_free(f->client);
    scripted_server_stop(f->server);
    arena_release(&f->arena);
}

static void assert_key(struct fixture *f, const char *access_key)
{
    struct sigv4_key key;
    struct error err = {0};
    assert_ok(credentials_get(f->temporary, f->client, &f->arena, &key, &err), &err);
    assert_text(key.access_key, access_key);
}

static void test_credentials_static__gives_copies(void **state)
{
    AUTO_ARENA struct arena arena = {0};
    struct sigv4_key key;
    struct error err = {0};
    (void)state;
    struct credentials *c =
        credentials_new_static(&(struct credentials_static_options){"AKID", "secret", "token"});
    assert_ok(credentials_get(c, NULL, &arena, &key, &err), &err);
    credentials_invalidate(c);
    assert_ok(credentials_get(c, NULL, &arena, &key, &err), &err);
    credentials_free(c);
    assert_text(key.access_key, "AKID");
    assert_text(key.secret_key, "secret");
    assert_text(key.session_token, "token");
}

static void test_credentials_sts__sends_a_signed_form(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, .body = TEXT_INIT(STS_ANSWER("AKIDTEMP", "2026-11-21T19:15:00Z"))}};
    struct fixture f;
    struct sigv4_key key;
    struct error err = {0};
    (void)state;
    start(&f, replies, ARRAY_LEN(replies));
    assert_ok(credentials_get(f.temporary, f.client, &f.arena, &key, &err), &err);
    assert_text(key.access_key, "AKIDTEMP");
    assert_text(key.secret_key, "s3cr3t");
    assert_text(key.session_token, "t0ken+/=");
    struct scripted_request request = scripted_server_request(f.server, 0);
    assert_text(request.method, "POST");
    assert_text(request.target, "/");
    assert_text(request.body,
                "Action=AssumeRole&Version=2011-06-15&DurationSeconds=900&RoleArn="
                "arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fthumbnailer&RoleSessionName=onput&"
                "Policy=%7B%22Version%22%3A%222012-10-17%22%7D");
    struct text authorization = scripted_request_header(request, "authorization");
    assert_true(text_starts_with(
        authorization,
        TEXT("AWS4-HMAC-SHA256 Credential=AKIDUSER/20261121/eu-north-1/sts/aws4_request, "
             "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, Signature=")));
    stop(&f);
}

static void test_credentials_sts__fetches_again_after_80_percent(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, .body = TEXT_INIT(STS_ANSWER("AKIDONE", "2026-11-21T19:15:00Z"))},
        {200, .body = TEXT_INIT(STS_ANSWER("AKIDTWO", "2026-11-21T20:15:00Z"))}};
    struct fixture f;
    (void)state;
    start(&f, replies, ARRAY_LEN(replies));
    assert_key(&f, "AKIDONE");
    fake_clock_advance(&f.clock, 720 * SECOND_MS - 1);
    assert_key(&f, "AKIDONE");
    assert_int_equal(scripted_server_request_count(f.server), 1);
    fake_clock_advance(&f.clock, 1);
    assert_key(&f, "AKIDTWO");
    assert_int_equal(scripted_server_request_count(f.server), 2);
    stop(&f);
}

static void test_credentials_sts__fetches_again_when_invalidated(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, .body = TEXT_INIT(STS_ANSWER("AKIDONE", "2026-11-21T19:15:00Z"))},
        {200, .body = TEXT_INIT(STS_ANSWER("AKIDTWO", "2026-11-21T19:15:00Z"))}};
    struct fixture f;
    (void)state;
    start(&f, replies, ARRAY_LEN(replies));
    assert_key(&f, "AKIDONE");
    credentials_invalidate(f.temporary);
    assert_key(&f, "AKIDTWO");
    assert_key(&f, "AKIDTWO");
    assert_int_equal(scripted_server_request_count(f.server), 2);
    stop(&f);
}

static void test_credentials_sts__keeps_living_keys_when_sts_fails(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, .body = TEXT_INIT(STS_ANSWER("AKIDONE", "2026-11-21T19:15:00Z"))},
        {503, .body = TEXT_INIT(STS_ERROR("STSNotInitialized", "not yet"))}};
    struct fixture f;
    struct sigv4_key key;
    struct error err = {0};
    (void)state;
    start(&f, replies, ARRAY_LEN(replies));
    assert_key(&f, "AKIDONE");
    fake_clock_advance(&f.clock, 800 * SECOND_MS);
    assert_key(&f, "AKIDONE");
    fake_clock_advance(&f.clock, 100 * SECOND_MS);
    assert_fails(credentials_get(f.temporary, f.client, &f.arena, &key, &err), &err,
                 ERROR_UNAVAILABLE);
    assert_true(err.retryable);
    stop(&f);
}

static void test_credentials_sts__repairs_clock_skew_once(void **state)
{
    static const struct scripted_reply replies[] = {
        {403, "Date: Sat, 21 Nov 2026 21:00:00 GMT\r\n",
         TEXT_INIT(STS_ERROR("RequestTimeTooSkewed", "The difference is too large"))},
        {200, .body = TEXT_INIT(STS_ANSWER("AKIDONE", "2026-11-21T21:15:00Z"))},
        {200, .body = TEXT_INIT(STS_ANSWER("AKIDTWO", "2026-11-21T23:15:00Z"))}};
    struct fixture f;
    (void)state;
    start(&f, replies, ARRAY_LEN(replies));
    assert_key(&f, "AKIDONE");
    assert_text(scripted_request_header(scripted_server_request(f.server, 0), "x-amz-date"),
                "20261121T190000Z");
    assert_text(scripted_request_header(scripted_server_request(f.server, 1), "x-amz-date"),
                "20261121T210000Z");
    fake_clock_advance(&f.clock, 719 * SECOND_MS);
    assert_key(&f, "AKIDONE"); /* its end was told in the server's time */
    fake_clock_advance(&f.clock, SECOND_MS);
    assert_key(&f, "AKIDTWO");
    assert_int_equal(scripted_server_request_count(f.server), 3);
    stop(&f);
}

static void test_credentials_sts__says_which_key_is_needed(void **state)
{
    static const struct scripted_reply replies[] = {
        {403, .body = TEXT_INIT(STS_ERROR("AccessDenied", "Access denied for service account."))}};
    struct fixture f;
    struct sigv4_key key;
    struct error err = {0};
    (void)state;
    start(&f, replies, ARRAY_LEN(replies));
    assert_fails(credentials_get(f.temporary, f.client, &f.arena, &key, &err), &err, ERROR_DENIED);
    assert_contains(err.message, "plain IAM user");
    assert_contains(err.message, "Access denied for service account");
    assert_int_equal(err.http_status, 403);
    assert_false(err.retryable);
    stop(&f);
}

static void test_credentials_sts__refuses_answers_that_make_no_sense(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, .body = TEXT_INIT("<html>welcome</html>")},
        {200, .body = TEXT_INIT("not XML")},
        {200, .body = TEXT_INIT(STS_ANSWER("", "2026-11-21T19:15:00Z"))},
        {200, .body = TEXT_INIT(STS_ANSWER("AKIDOLD", "2026-11-21T18:00:00Z"))}};
    struct fixture f;
    struct sigv4_key key;
    (void)state;
    start(&f, replies, ARRAY_LEN(replies));
    for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
        struct error err = {0};
        assert_fails(credentials_get(f.temporary, f.client, &f.arena, &key, &err), &err,
                     ERROR_PROTOCOL);
    }
    stop(&f);
}

static void *get_many(void *ctx)
{
    struct fixture *f = ctx;
    struct http_client_options options = {0};
    struct http_client *client;
    struct error err = {0};
    bool all_ok = http_client_new(&options, &client, &err) == 0;
    for (int i = 0; i < 50 && all_ok; i++) {
        AUTO_ARENA struct arena arena = {0};
        struct sigv4_key key;
        all_ok = credentials_get(f->temporary, client, &arena, &key, &err) == 0 &&
                 text_is(key.access_key, "AKIDONE");
        if (i % 10 == 5)
            credentials_invalidate(f->temporary);
    }
    http_client_free(client);
    return all_ok ? f : NULL;
}

static void test_credentials_sts__is_shared_by_threads(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, .body = TEXT_INIT(STS_ANSWER("AKIDONE", "2026-11-21T19:15:00Z"))}};
    struct fixture f;
    pthread_t threads[4];
    (void)state;
    start(&f, replies, ARRAY_LEN(replies));
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, get_many, &f), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, &f);
    }
    size_t asked = scripted_server_request_count(f.server);
    assert_true(asked >= 2 && asked <= 1 + ARRAY_LEN(threads) * 5);
    stop(&f);
}

static void test_credentials_peek__says_what_there_is_and_asks_nobody(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, .body = TEXT_INIT(STS_ANSWER("AKIDONE", "2026-11-21T19:15:00Z"))}};
    struct fixture f;
    struct sigv4_key key = {0};
    int64_t expires_ms = 7;
    (void)state;
    start(&f, replies, ARRAY_LEN(replies));
    assert_true(credentials_are_temporary(f.temporary));
    assert_int_equal(credentials_peek(f.temporary, &f.arena, &key, &expires_ms), CREDENTIALS_NONE);
    assert_int_equal(expires_ms, 7);
    assert_int_equal(scripted_server_request_count(f.server), 0);
    assert_key(&f, "AKIDONE");
    assert_int_equal(credentials_peek(f.temporary, &f.arena, &key, &expires_ms), CREDENTIALS_FRESH);
    assert_text(key.access_key, "AKIDONE");
    assert_int_equal(expires_ms, NOW_MS + 900 * SECOND_MS);
    fake_clock_advance(&f.clock, 721 * SECOND_MS);
    assert_int_equal(credentials_peek(f.temporary, &f.arena, &key, &expires_ms),
                     CREDENTIALS_AGEING);
    fake_clock_advance(&f.clock, 179 * SECOND_MS);
    assert_int_equal(credentials_peek(f.temporary, &f.arena, &key, &expires_ms), CREDENTIALS_NONE);
    assert_int_equal(scripted_server_request_count(f.server), 1);
    assert_false(credentials_are_temporary(f.source));
    assert_int_equal(credentials_peek(f.source, &f.arena, &key, &expires_ms), CREDENTIALS_FRESH);
    assert_text(key.access_key, "AKIDUSER");
    assert_int_equal(expires_ms, INT64_MAX);
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_credentials_static__gives_copies),
        cmocka_unit_test(test_credentials_sts__sends_a_signed_form),
        cmocka_unit_test(test_credentials_sts__fetches_again_after_80_percent),
        cmocka_unit_test(test_credentials_sts__fetches_again_when_invalidated),
        cmocka_unit_test(test_credentials_sts__keeps_living_keys_when_sts_fails),
        cmocka_unit_test(test_credentials_sts__repairs_clock_skew_once),
        cmocka_unit_test(test_credentials_sts__says_which_key_is_needed),
        cmocka_unit_test(test_credentials_sts__refuses_answers_that_make_no_sense),
        cmocka_unit_test(test_credentials_sts__is_shared_by_threads),
        cmocka_unit_test(test_credentials_peek__says_what_there_is_and_asks_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
