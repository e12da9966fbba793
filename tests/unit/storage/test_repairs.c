/*
 * What the client puts right by itself, once: clock, region, temporary credentials.
 */
#include "store.h"

#define LATER   "Date: Sat, 21 Nov 2026 20:30:00 GMT\r\n"
#define IN_TIME "Date: Sat, 21 Nov 2026 19:00:10 GMT\r\n"
#define REGION_ERROR(code, region)                                                                 \
    "<Error><Code>" code "</Code><Message>m</Message><Region>" region "</Region></Error>"
#define STS_ANSWER(key)                                                                            \
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" key                         \
    "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"             \
    "<Expiration>2026-11-21T20:00:00Z</Expiration></Credentials></AssumeRoleResult>"               \
    "</AssumeRoleResponse>"

static void test_storage__takes_the_stores_time(void **state)
{
    static const struct scripted_reply replies[] = {
        {403, LATER, TEXT_INIT(S3_ERROR("RequestTimeTooSkewed"))}, {200}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 2);
    assert_ok(store_get(&f), &f.err);
    assert_text(store_sent(&f, 0, "x-amz-date"), "20261121T190000Z");
    assert_text(store_sent(&f, 1, "x-amz-date"), "20261121T203000Z");
    fake_clock_advance(&f.clock, 1000);
    assert_ok(store_get(&f), &f.err);
    assert_text(store_sent(&f, 2, "x-amz-date"), "20261121T203001Z");
    assert_int_equal(store_requests(&f), 3);
    store_stop(&f);
}

static void test_storage__repairs_the_clock_only_once_a_call(void **state)
{
    static const struct scripted_reply replies[] = {
        {403, LATER, TEXT_INIT(S3_ERROR("RequestTimeTooSkewed"))},
        {403, "Date: Sat, 21 Nov 2026 23:30:00 GMT\r\n",
         TEXT_INIT(S3_ERROR("RequestTimeTooSkewed"))}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 2);
    assert_fails(store_get(&f), &f.err, ERROR_DENIED);
    assert_int_equal(store_requests(&f), 2);
    store_stop(&f);
}

static void test_storage_head__guesses_a_wrong_clock_from_the_date(void **state)
{
    static const struct scripted_reply skewed[] = {{403, LATER}, {200}};
    static const struct scripted_reply denied[] = {{403, IN_TIME}};
    struct store_fixture f;
    (void)state;
    store_start(&f, skewed, 2);
    assert_ok(storage_head(f.session, f.credentials, &store_cat, &f.arena, &f.info, &f.err),
              &f.err);
    assert_text(store_sent(&f, 1, "x-amz-date"), "20261121T203000Z");
    store_stop(&f);
    store_start(&f, denied, 1);
    assert_fails(storage_head(f.session, f.credentials, &store_cat, &f.arena, &f.info, &f.err),
                 &f.err, ERROR_DENIED);
    assert_int_equal(store_requests(&f), 1);
    store_stop(&f);
}

static void check_learns_region(const struct scripted_reply *replies)
{
    struct store_fixture f;
    store_start(&f, replies, 2);
    assert_ok(store_get(&f), &f.err);
    assert_ok(store_get(&f), &f.err);
    assert_int_equal(store_requests(&f), 3);
    for (size_t i = 0; i < 3; i++) {
        AUTO_FREE char *sent = xasprintf("%.*s", TEXT_ARGS(store_sent(&f, i, "authorization")));
        assert_contains(sent, i ? "/20261121/eu-central-1/s3/" : "/20261121/us-east-1/s3/");
    }
    store_stop(&f);
}

static void test_storage__learns_the_region(void **state)
{
    static const struct scripted_reply scripts[][2] = {
        {{400, .body = TEXT_INIT(REGION_ERROR("AuthorizationHeaderMalformed", "eu-central-1"))},
         {200}},
        {{400, .body = TEXT_INIT(REGION_ERROR("InvalidRegion", "eu-central-1"))}, {200}},
        {{301, "x-amz-bucket-region: eu-central-1\r\n", TEXT_INIT(S3_ERROR("PermanentRedirect"))},
         {200}},
        {{301, "x-amz-bucket-region: eu-central-1\r\n"}, {200}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
        check_learns_region(scripts[i]);
}

static void test_storage_head__learns_the_region_from_the_header(void **state)
{
    static const struct scripted_reply replies[] = {{400, "x-amz-bucket-region: eu-central-1\r\n"},
                                                    {200}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 2);
    assert_ok(storage_head(f.session, f.credentials, &store_cat, &f.arena, &f.info, &f.err),
              &f.err);
    assert_int_equal(store_requests(&f), 2);
    store_stop(&f);
}

static void test_storage__does_not_learn_nonsense(void **state)
{
    static const struct scripted_reply replies[] = {
        {400, .body = TEXT_INIT(REGION_ERROR("InvalidRegion", "us-east-1"))},
        {400, .body = TEXT_INIT(REGION_ERROR("InvalidRegion", "a/b c"))},
        {400, .body = TEXT_INIT(REGION_ERROR("InvalidRegion", ""))},
    };
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, ARRAY_LEN(replies));
    for (size_t i = 0; i < ARRAY_LEN(replies); i++)
        assert_fails(store_get(&f), &f.err, ERROR_INVALID);
    assert_int_equal(store_requests(&f), ARRAY_LEN(replies));
    store_stop(&f);
}

/* Replaces the fixture's credentials by temporary ones from the same server. */
static struct credentials *use_sts(struct store_fixture *f)
{
    struct credentials *source = f->credentials;
    f->credentials = credentials_new_sts(
        &(struct credentials_sts_options){.endpoint = scripted_server_url(f->server),
                                          .region = "us-east-1",
                                          .source = source,
                                          .clock = &f->clock.clock});
    return source;
}

static void check_fetches_again(const char *code)
{
    AUTO_FREE char *body = xasprintf("<Error><Code>%s</Code></Error>", code);
    struct scripted_reply replies[] = {{200, .body = TEXT(STS_ANSWER("AKIDONE"))},
                                       {403, .body = text_of(body)},
                                       {200, .body = TEXT(STS_ANSWER("AKIDTWO"))},
                                       {200}};
    struct store_fixture f;
    store_start(&f, replies, 4);
    struct credentials *source = use_sts(&f);
    assert_ok(store_get(&f), &f.err);
    assert_int_equal(store_requests(&f), 4);
    AUTO_FREE char *sent = xasprintf("%.*s", TEXT_ARGS(store_sent(&f, 3, "authorization")));
    assert_contains(sent, "Credential=AKIDTWO/");
    store_stop(&f);
    credentials_free(source);
}

static void test_storage__fetches_expired_credentials_again(void **state)
{
    (void)state;
    check_fetches_again("ExpiredToken");
    check_fetches_again("InvalidTokenId");
    check_fetches_again("InvalidAccessKeyId");
}

static void test_storage__repairs_credentials_only_once(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, .body = TEXT_INIT(STS_ANSWER("AKIDONE"))},
        {400, .body = TEXT_INIT(S3_ERROR("ExpiredToken"))},
        {200, .body = TEXT_INIT(STS_ANSWER("AKIDTWO"))},
        {400, .body = TEXT_INIT(S3_ERROR("ExpiredToken"))}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 4);
    struct credentials *source = use_sts(&f);
    assert_fails(store_get(&f), &f.err, ERROR_DENIED);
    assert_contains(f.err.message, "ExpiredToken");
    assert_int_equal(store_requests(&f), 4);
    store_stop(&f);
    credentials_free(source);
}

static void test_storage__repairs_and_retries_in_one_call(void **state)
{
    static const struct scripted_reply replies[] = {
        {503, .body = TEXT_INIT(S3_ERROR("SlowDown"))},
        {403, LATER, TEXT_INIT(S3_ERROR("RequestTimeTooSkewed"))},
        {400, .body = TEXT_INIT(REGION_ERROR("InvalidRegion", "eu-central-1"))},
        {503, .body = TEXT_INIT(S3_ERROR("SlowDown"))},
        {200, .body = TEXT_INIT("at last")}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 5);
    assert_ok(store_get(&f), &f.err);
    assert_text(store_got(&f), "at last");
    store_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storage__takes_the_stores_time),
        cmocka_unit_test(test_storage__repairs_the_clock_only_once_a_call),
        cmocka_unit_test(test_storage_head__guesses_a_wrong_clock_from_the_date),
        cmocka_unit_test(test_storage__learns_the_region),
        cmocka_unit_test(test_storage_head__learns_the_region_from_the_header),
        cmocka_unit_test(test_storage__does_not_learn_nonsense),
        cmocka_unit_test(test_storage__fetches_expired_credentials_again),
        cmocka_unit_test(test_storage__repairs_credentials_only_once),
        cmocka_unit_test(test_storage__repairs_and_retries_in_one_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
