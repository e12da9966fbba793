/*
 * Claims and their verification: every golden case must pass as botocore signed it, and no change
 * of it may.
 */
#include "support/test.h"

#include "onput/sigv4.h"
#include "sigv4_case.h"

static const int64_t MINUTE_MS = 60 * 1000;

/* The case as a signed request: with an Authorization header, or with the signature in its query.
 */
static struct sigv4_request signed_request(struct sigv4_case *c)
{
    struct error err = {0};
    if (c->presign_s) {
        struct sigv4_request request = c->request;
        assert_ok(sigv4_presign(&c->request, &c->key, &c->scope, c->presign_s, &c->arena,
                                &request.query, &err),
                  &err);
        return request;
    }
    struct text authorization;
    assert_ok(sigv4_sign(&c->request, &c->key, &c->scope, &c->arena, &authorization, NULL, &err),
              &err);
    return sigv4_case_with_header(c, "Authorization", authorization);
}

static enum sigv4_failure verify_at(struct sigv4_case *c, const struct sigv4_request *request,
                                    int64_t now_ms)
{
    struct sigv4_claim claim;
    enum sigv4_failure failure;
    struct error err = {0};
    if (sigv4_parse_claim(request, &c->arena, &claim, &failure, &err)) {
        assert_int_equal(err.code, ERROR_DENIED);
        assert_int_not_equal(failure, SIGV4_OK);
        return failure;
    }
    failure = sigv4_verify(request, &claim, &c->key, c->scope.service, now_ms, &err);
    assert_int_equal(failure == SIGV4_OK, err.code == ERROR_NONE);
    return failure;
}

static enum sigv4_failure verify(struct sigv4_case *c, const struct sigv4_request *request)
{
    return verify_at(c, request, c->scope.time_ms);
}

static void test_sigv4_verify__accepts_every_golden_case(void **state)
{
    AUTO_FREE char *folder = test_fixture("sigv4");
    char **names = test_list_dir(folder);
    (void)state;
    for (size_t i = 0; names[i]; i++) {
        struct sigv4_case c;
        sigv4_case_load(names[i], &c);
        struct sigv4_request request = signed_request(&c);
        assert_int_equal(verify(&c, &request), SIGV4_OK);
        c.key.secret_key = TEXT("another");
        assert_int_equal(verify(&c, &request), SIGV4_WRONG);
        sigv4_case_release(&c);
    }
    test_names_free(names);
}

static void test_sigv4_parse_claim__reads_what_botocore_wrote(void **state)
{
    struct sigv4_case c;
    struct sigv4_claim claim;
    enum sigv4_failure failure;
    struct error err = {0};
    (void)state;
    sigv4_case_load("session-token", &c);
    struct sigv4_request request = signed_request(&c);
    assert_ok(sigv4_parse_claim(&request, &c.arena, &claim, &failure, &err), &err);
    assert_text(claim.access_key, "AKIDEXAMPLE");
    assert_text(claim.date, "20261121");
    assert_text(claim.region, "us-east-1");
    assert_text(claim.service, "s3");
    assert_text(claim.signed_headers, "host;x-amz-content-sha256;x-amz-date;x-amz-security-token");
    assert_text_equal(claim.signature, c.signature);
    assert_text_equal(claim.session_token, c.key.session_token);
    assert_int_equal(claim.time_ms, c.scope.time_ms);
    assert_false(claim.presigned);
    sigv4_case_release(&c);
}

static void test_sigv4_verify__refuses_a_changed_request(void **state)
{
    struct sigv4_case c;
    (void)state;
    sigv4_case_load("query-unsorted", &c);
    struct sigv4_request good = signed_request(&c);
    struct sigv4_request bad = good;
    bad.method = TEXT("PUT");
    assert_int_equal(verify(&c, &bad), SIGV4_WRONG);
    bad = good;
    bad.path = TEXT("/photoz");
    assert_int_equal(verify(&c, &bad), SIGV4_WRONG);
    bad = good;
    bad.query = TEXT("prefix=p&list-type=2&encoding-type=url&max-keys=8");
    assert_int_equal(verify(&c, &bad), SIGV4_WRONG);
    bad = good;
    bad.payload_hash = TEXT(SIGV4_UNSIGNED_PAYLOAD);
    assert_int_equal(verify(&c, &bad), SIGV4_WRONG);
    bad = good;
    bad.query = TEXT("max-keys=7&encoding-type=url&list-type=2&prefix=p");
    assert_int_equal(verify(&c, &bad), SIGV4_OK);
    sigv4_case_release(&c);
}

static void test_sigv4_verify__allows_fifteen_minutes_of_skew(void **state)
{
    struct sigv4_case c;
    (void)state;
    sigv4_case_load("plain-get", &c);
    struct sigv4_request request = signed_request(&c);
    int64_t signed_ms = c.scope.time_ms;
    assert_int_equal(verify_at(&c, &request, signed_ms + 15 * MINUTE_MS), SIGV4_OK);
    assert_int_equal(verify_at(&c, &request, signed_ms - 15 * MINUTE_MS), SIGV4_OK);
    assert_int_equal(verify_at(&c, &request, signed_ms + 15 * MINUTE_MS + 1), SIGV4_SKEWED);
    assert_int_equal(verify_at(&c, &request, signed_ms - 15 * MINUTE_MS - 1), SIGV4_SKEWED);
    sigv4_case_release(&c);
}

static void test_sigv4_verify__ends_a_presigned_url_on_time(void **state)
{
    struct sigv4_case c;
    (void)state;
    sigv4_case_load("presigned", &c);
    struct sigv4_request request = signed_request(&c);
    int64_t signed_ms = c.scope.time_ms;
    assert_int_equal(verify_at(&c, &request, signed_ms + 60 * MINUTE_MS), SIGV4_OK);
    assert_int_equal(verify_at(&c, &request, signed_ms + 60 * MINUTE_MS + 1), SIGV4_EXPIRED);
    assert_int_equal(verify_at(&c, &request, signed_ms - 16 * MINUTE_MS), SIGV4_SKEWED);
    sigv4_case_release(&c);
}

static void test_sigv4_verify__refuses_another_service_or_key(void **state)
{
    struct sigv4_case c;
    struct sigv4_claim claim;
    enum sigv4_failure failure;
    struct error err = {0};
    (void)state;
    sigv4_case_load("session-token", &c);
    struct sigv4_request request = signed_request(&c);
    assert_ok(sigv4_parse_claim(&request, &c.arena, &claim, &failure, &err), &err);
    assert_int_equal(sigv4_verify(&request, &claim, &c.key, TEXT("lambda"), c.scope.time_ms, &err),
                     SIGV4_WRONG_SCOPE);
    struct sigv4_key other = c.key;
    other.access_key = TEXT("AKIDOTHER");
    assert_int_equal(sigv4_verify(&request, &claim, &other, TEXT("s3"), c.scope.time_ms, &err),
                     SIGV4_UNKNOWN_KEY);
    other = c.key;
    other.session_token = TEXT("");
    assert_int_equal(sigv4_verify(&request, &claim, &other, TEXT("s3"), c.scope.time_ms, &err),
                     SIGV4_UNKNOWN_KEY);
    sigv4_case_release(&c);
}

static void test_sigv4_parse_claim__refuses_headers_that_are_not_covered(void **state)
{
    struct sigv4_case c;
    (void)state;
    sigv4_case_load("plain-get", &c);
    c.request = signed_request(&c);
    struct sigv4_request request = sigv4_case_with_header(&c, "X-Amz-Acl", TEXT("public-read"));
    assert_int_equal(verify(&c, &request), SIGV4_MALFORMED);
    request = sigv4_case_with_header(&c, "Cache-Control", TEXT("no-store"));
    assert_int_equal(verify(&c, &request), SIGV4_OK);
    sigv4_case_release(&c);
}

#define GOOD_SCOPE     "AKID/20261121/us-east-1/s3/aws4_request"
#define GOOD_HEADERS   "host;x-amz-content-sha256;x-amz-date"
#define GOOD_SIGNATURE SIGV4_EMPTY_SHA256
#define CLAIM(credential, headers, signature)                                                      \
    ("AWS4-HMAC-SHA256 Credential=" credential ", SignedHeaders=" headers ", "                     \
     "Signature=" signature)

static void test_sigv4_parse_claim__tells_unsigned_from_malformed(void **state)
{
    static const char *const malformed[] = {
        "AWS4-HMAC-SHA256 ",
        CLAIM("AKID/20261121/us-east-1/s3/aws4_request", "host", "00"),
        CLAIM("AKID", GOOD_HEADERS, GOOD_SIGNATURE),
        CLAIM("/20261121/us-east-1/s3/aws4_request", GOOD_HEADERS, GOOD_SIGNATURE),
        CLAIM("AKID/20261120/us-east-1/s3/aws4_request", GOOD_HEADERS, GOOD_SIGNATURE),
        CLAIM("AKID/20261121/us-east-1/s3/aws5_request", GOOD_HEADERS, GOOD_SIGNATURE),
        CLAIM(GOOD_SCOPE, "x-amz-content-sha256;x-amz-date", GOOD_SIGNATURE),
        CLAIM(GOOD_SCOPE, "host;x-amz-date", GOOD_SIGNATURE),
        CLAIM(GOOD_SCOPE, "", GOOD_SIGNATURE),
        CLAIM(GOOD_SCOPE, GOOD_HEADERS, "xyz"),
        CLAIM(GOOD_SCOPE, GOOD_HEADERS, GOOD_SIGNATURE ", Signature=" GOOD_SIGNATURE),
        CLAIM(GOOD_SCOPE, GOOD_HEADERS, GOOD_SIGNATURE ", More=1"),
    };
    struct sigv4_case c;
    (void)state;
    sigv4_case_load("plain-get", &c);
    assert_int_equal(verify(&c, &c.request), SIGV4_MISSING);
    struct sigv4_request request = sigv4_case_with_header(&c, "Authorization", TEXT("Bearer x"));
    assert_int_equal(verify(&c, &request), SIGV4_MISSING);
    request = sigv4_case_with_header(&c, "Authorization",
                                     text_of(CLAIM(GOOD_SCOPE, GOOD_HEADERS, GOOD_SIGNATURE)));
    assert_int_equal(verify(&c, &request), SIGV4_UNKNOWN_KEY);
    for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
        request = sigv4_case_with_header(&c, "Authorization", text_of(malformed[i]));
        assert_int_equal(verify(&c, &request), SIGV4_MALFORMED);
    }
    sigv4_case_release(&c);
}

static void test_sigv4_parse_claim__refuses_two_signatures(void **state)
{
    struct sigv4_case c;
    (void)state;
    sigv4_case_load("plain-get", &c);
    c.request = signed_request(&c);
    struct text authorization = c.request.headers[c.request.header_count - 1].value;
    struct sigv4_request request = sigv4_case_with_header(&c, "authorization", authorization);
    assert_int_equal(verify(&c, &request), SIGV4_MALFORMED);
    request = c.request;
    request.query = TEXT("X-Amz-Signature=" SIGV4_EMPTY_SHA256);
    assert_int_equal(verify(&c, &request), SIGV4_MALFORMED);
    sigv4_case_release(&c);
}

static void test_sigv4_parse_claim__refuses_presigned_urls_beyond_a_week(void **state)
{
    struct sigv4_case c;
    (void)state;
    sigv4_case_load("presigned", &c);
    struct sigv4_request request = signed_request(&c);
    char *query = arena_strdup_text(&c.arena, request.query);
    char *expires = strstr(query, "X-Amz-Expires=3600");
    assert_non_null(expires);
    memcpy(expires, "X-Amz-Expires=0000", strlen("X-Amz-Expires=0000"));
    request.query = text_of(query);
    assert_int_equal(verify(&c, &request), SIGV4_MALFORMED);
    sigv4_case_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sigv4_verify__accepts_every_golden_case),
        cmocka_unit_test(test_sigv4_parse_claim__reads_what_botocore_wrote),
        cmocka_unit_test(test_sigv4_verify__refuses_a_changed_request),
        cmocka_unit_test(test_sigv4_verify__allows_fifteen_minutes_of_skew),
        cmocka_unit_test(test_sigv4_verify__ends_a_presigned_url_on_time),
        cmocka_unit_test(test_sigv4_verify__refuses_another_service_or_key),
        cmocka_unit_test(test_sigv4_parse_claim__refuses_headers_that_are_not_covered),
        cmocka_unit_test(test_sigv4_parse_claim__tells_unsigned_from_malformed),
        cmocka_unit_test(test_sigv4_parse_claim__refuses_two_signatures),
        cmocka_unit_test(test_sigv4_parse_claim__refuses_presigned_urls_beyond_a_week),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
