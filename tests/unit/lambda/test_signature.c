/*
 * Whose signature it is: requests as botocore signed them, and what becomes of them when something
 * about them is wrong.
 */
#include "unit/functions/catalog_fixture.h"

#include "signature.h"
#include "unit/aws/sigv4_case.h"

static const int64_t MINUTE_MS = 60 * 1000;

#define IN(region)                                                                                 \
    "lambda: {region: " region ", account: 123456789012}\n"                                        \
    "stores: {s: {endpoint: 'http://127.0.0.1:9', access_key: a, secret_key: b, webhook_auth: "    \
    "none}}\n"

static const char CONFIG[] = IN("us-east-1") "users:\n"
                                             "  alice: {access_key: AKIDEXAMPLE, secret_key: "
                                             "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY}\n"
                                             "  other: {access_key: AKIDOTHER, secret_key: "
                                             "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY}\n";
static const char CONFIG_WITH_TOKEN[] =
    IN("eu-central-1") "users:\n"
                       "  alice: {access_key: AKIDEXAMPLE, secret_key: "
                       "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY, "
                       "session_token: 'FwoGZXIvYXdzEBYaD/session+token=='}\n";

static const char WRONG_SIGNATURE[] =
    "The request signature we calculated does not match the signature you provided. Check your AWS "
    "Secret Access Key and signing method. Consult the service documentation for details.";
static const char WRONG_TOKEN[] = "The security token included in the request is invalid.";

/* A request as it came over the wire, and the hash of the body that came with it. */
struct wire {
    struct sigv4_case golden;
    struct catalog *catalog;
    struct sigv4_request request;
    struct http_header headers[16];
    int64_t now_ms;
};

static void read_headers(struct wire *w, struct text rest)
{
    struct text line;
    while ((line = text_cut(&rest, '\n')).len > 0) {
        struct http_header *h = &w->headers[w->request.header_count++];
        h->name = text_cut(&line, ':');
        h->value = text_trim(line);
    }
}

static void wire_open(struct wire *w, const char *name, const char *config)
{
    AUTO_FREE char *path = xasprintf("sigv4_claims/%s.txt", name);
    AUTO_FREE char *claim = test_read_fixture(path, NULL);
    *w = (struct wire){.catalog = catalog_of_yaml(config)};
    sigv4_case_load(name, &w->golden);
    struct text rest = arena_text(&w->golden.arena, text_of(claim));
    struct text target = text_cut(&rest, '\n');
    w->request.method = text_cut(&target, ' ');
    w->request.path = text_cut(&target, '?');
    w->request.query = target;
    w->request.headers = w->headers;
    w->request.payload_hash = w->golden.request.payload_hash;
    w->now_ms = w->golden.scope.time_ms;
    read_headers(w, rest);
}

static void wire_close(struct wire *w)
{
    catalog_unref(w->catalog);
    sigv4_case_release(&w->golden);
}

static struct http_header *header(struct wire *w, const char *name)
{
    for (size_t i = 0; i < w->request.header_count; i++)
        if (text_equal_nocase(w->headers[i].name, text_of(name)))
            return &w->headers[i];
    fail_msg("no header %s", name);
    return NULL;
}

/* Every occurrence in the Authorization header, or in the query of a presigned one. */
static void change(struct wire *w, const char *from, const char *to)
{
    bool in_query = text_find(w->request.query, '&') < w->request.query.len &&
                    strstr(w->request.query.ptr, "X-Amz-Signature") != NULL;
    struct text *t = in_query ? &w->request.query : &header(w, "Authorization")->value;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    const char *at = arena_strdup_text(&w->golden.arena, *t);
    assert_contains(at, from);
    for (const char *hit; (hit = strstr(at, from)) != NULL; at = hit + strlen(from)) {
        buffer_append_text(&out, (struct text){at, (size_t)(hit - at)});
        buffer_append_string(&out, to);
    }
    buffer_append_string(&out, at);
    *t = arena_text(&w->golden.arena, buffer_text(&out));
}

static void add(struct wire *w, const char *name, const char *value)
{
    w->headers[w->request.header_count++] = (struct http_header){text_of(name), text_of(value)};
}

static struct signature_verdict verify(struct wire *w)
{
    return signature_verify(&w->request, w->catalog, w->now_ms, &w->golden.arena);
}

static struct signature_verdict claimed(struct wire *w)
{
    return signature_claimed(&w->request, w->catalog, w->now_ms, &w->golden.arena);
}

static void expect_alice(struct signature_verdict verdict)
{
    if (verdict.user == NULL)
        fail_msg("%s", verdict.message);
    assert_text(verdict.user->name, "alice");
}

static void expect_refusal(struct signature_verdict verdict, enum lambda_error error,
                           const char *message)
{
    assert_null(verdict.user);
    assert_string_equal(verdict.message, message);
    assert_int_equal(verdict.error, error);
    assert_non_null(verdict.reason);
}

/* Seen before the body is there, and again with it. */
static void expect_refused_early(struct wire *w, enum lambda_error error, const char *message)
{
    expect_refusal(claimed(w), error, message);
    expect_refusal(verify(w), error, message);
}

/* Only the whole request shows it. */
static void expect_refused_late(struct wire *w)
{
    expect_alice(claimed(w));
    expect_refusal(verify(w), ERR_INVALID_SIGNATURE, WRONG_SIGNATURE);
}

static void test_signature__of_botocore_is_right(void **state)
{
    static const char *const names[] = {
        "lambda-dot-segments",   "lambda-empty-body", "lambda-encoded-twice",  "lambda-old-slash",
        "lambda-parent-of-root", "lambda-presigned",  "lambda-tags-of-an-arn",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct wire w;
        wire_open(&w, names[i], CONFIG);
        expect_alice(claimed(&w));
        expect_alice(verify(&w));
        wire_close(&w);
    }
}

static void test_signature__comes_with_the_token_of_the_user(void **state)
{
    struct wire w;
    (void)state;
    wire_open(&w, "lambda-session-token", CONFIG_WITH_TOKEN);
    expect_alice(verify(&w));
    header(&w, "X-Amz-Security-Token")->value = TEXT("another");
    expect_refused_early(&w, ERR_UNRECOGNIZED_CLIENT, WRONG_TOKEN);
    wire_close(&w);

    wire_open(&w, "lambda-session-token",
              IN("eu-central-1") "users: {alice: {access_key: AKIDEXAMPLE, secret_key: "
                                 "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY}}\n");
    expect_refused_early(&w, ERR_UNRECOGNIZED_CLIENT, WRONG_TOKEN);
    wire_close(&w);

    wire_open(&w, "lambda-empty-body",
              IN("us-east-1") "users: {alice: {access_key: AKIDEXAMPLE, session_token: needed, "
                              "secret_key: "
                              "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY}}\n");
    expect_refused_early(&w, ERR_UNRECOGNIZED_CLIENT, WRONG_TOKEN);
    wire_close(&w);
}

static void test_signature__in_a_query_comes_with_the_token_there(void **state)
{
    struct wire w;
    (void)state;
    wire_open(&w, "lambda-presigned-token",
              IN("us-east-1") "users: {alice: {access_key: AKIDEXAMPLE, session_token: "
                              "'FwoGZXIvYXdzEBYaD/session+token==', secret_key: "
                              "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY}}\n");
    expect_alice(verify(&w));
    change(&w, "session%2Btoken", "session%2Btaken");
    expect_refused_early(&w, ERR_UNRECOGNIZED_CLIENT, WRONG_TOKEN);
    wire_close(&w);
}

static void test_signature__covers_everything_that_was_sent(void **state)
{
    struct wire w;
    (void)state;
    wire_open(&w, "lambda-encoded-twice", CONFIG);
    w.request.payload_hash = text_of(SIGV4_EMPTY_SHA256);
    expect_refused_late(&w);
    w.request.payload_hash = w.golden.request.payload_hash;
    w.request.method = TEXT("PUT");
    expect_refused_late(&w);
    w.request.method = TEXT("POST");
    w.request.query = TEXT("Qualifier=prod");
    expect_refused_late(&w);
    w.request.query = TEXT("Qualifier=%24LATEST");
    expect_alice(verify(&w));
    header(&w, "X-Amz-Invocation-Type")->value = TEXT("DryRun");
    expect_refused_late(&w);
    header(&w, "X-Amz-Invocation-Type")->value = TEXT("Event");
    change(&w, "Signature=", "Signature=0");
    expect_refused_early(&w, ERR_INCOMPLETE_SIGNATURE,
                         "The request's signature is malformed: Signature is not 64 hexadecimal "
                         "digits.");
    wire_close(&w);
}

static void test_signature__keeps_the_order_of_repeated_keys_out(void **state)
{
    struct wire w;
    (void)state;
    wire_open(&w, "lambda-tags-of-an-arn", CONFIG);
    w.request.query = TEXT("tagKeys=a&tagKeys=&tagKeys=b%20c&tagKeys=b%20c");
    expect_alice(verify(&w));
    w.request.query = TEXT("tagKeys=a&tagKeys=&tagKeys=b%20c");
    expect_refused_late(&w);
    wire_close(&w);
}

static void test_signature__is_no_good_with_the_secret_of_another_key(void **state)
{
    struct wire w;
    (void)state;
    wire_open(
        &w, "lambda-empty-body",
        IN("us-east-1") "users: {alice: {access_key: AKIDEXAMPLE, secret_key: another-secret}}\n");
    expect_refused_late(&w);
    wire_close(&w);
}

static void test_signature__names_a_user(void **state)
{
    struct wire w;
    (void)state;
    wire_open(&w, "lambda-empty-body", CONFIG);
    change(&w, "AKIDEXAMPLE", "AKIDNOBODY");
    expect_refused_early(&w, ERR_UNRECOGNIZED_CLIENT, WRONG_TOKEN);
    change(&w, "AKIDNOBODY", "AKIDOTHER");
    /* The key is no part of what is signed: the same secret makes the same signature. */
    assert_text(verify(&w).user->name, "other");
    wire_close(&w);
}

static void test_signature__is_for_this_region_and_service(void **state)
{
    struct wire w;
    (void)state;
    wire_open(&w, "lambda-empty-body", CONFIG);
    change(&w, "us-east-1", "us-east-2");
    expect_refused_early(&w, ERR_INVALID_SIGNATURE,
                         "Credential should be scoped to a valid region.");
    change(&w, "/lambda/", "/s3/");
    expect_refused_early(&w, ERR_INVALID_SIGNATURE,
                         "Credential should be scoped to a valid region. Credential should be "
                         "scoped to correct service: 'lambda'.");
    change(&w, "us-east-2", "us-east-1");
    expect_refused_early(&w, ERR_INVALID_SIGNATURE,
                         "Credential should be scoped to correct service: 'lambda'.");
    wire_close(&w);
}

static void test_signature__is_of_our_time(void **state)
{
    struct wire w;
    (void)state;
    wire_open(&w, "lambda-empty-body", CONFIG);
    int64_t signed_ms = w.golden.scope.time_ms;
    w.now_ms = signed_ms + 15 * MINUTE_MS;
    expect_alice(verify(&w));
    w.now_ms = signed_ms - 15 * MINUTE_MS;
    expect_alice(verify(&w));
    w.now_ms = signed_ms + 16 * MINUTE_MS;
    expect_refused_early(&w, ERR_INVALID_SIGNATURE,
                         "Signature expired: 20261121T191420Z is now earlier than "
                         "20261121T191520Z (20261121T193020Z - 15 min.)");
    w.now_ms = signed_ms - 15 * MINUTE_MS - 1000;
    expect_refused_early(&w, ERR_INVALID_SIGNATURE,
                         "Signature not yet current: 20261121T191420Z is still later than "
                         "20261121T191419Z (20261121T185919Z + 15 min.)");
    wire_close(&w);
}

static void test_signature__in_a_query_lasts_as_long_as_it_says(void **state)
{
    struct wire w;
    (void)state;
    wire_open(&w, "lambda-presigned", CONFIG);
    w.now_ms += MINUTE_MS;
    expect_alice(verify(&w));
    w.now_ms += 1000;
    expect_refused_early(&w, ERR_INVALID_SIGNATURE,
                         "Signature expired: 20261121T191420Z is now earlier than "
                         "20261121T191421Z (20261121T191521Z - 1 min.)");
    wire_close(&w);
}

static void test_signature__hash_that_was_sent_is_that_of_the_body(void **state)
{
    struct wire w;
    struct error err = {0};
    (void)state;
    const char *const hashes[] = {SIGV4_UNSIGNED_PAYLOAD, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                                  SIGV4_EMPTY_SHA256};
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        wire_open(&w, "lambda-encoded-twice", CONFIG);
        struct text authorization;
        header(&w, "Authorization")->name = TEXT("x-other");
        add(&w, "X-Amz-Content-Sha256", hashes[i]);
        struct text of_body = w.request.payload_hash;
        w.request.payload_hash = text_of(hashes[i]);
        assert_ok(sigv4_sign(&w.request, &w.golden.key, &w.golden.scope, &w.golden.arena,
                             &authorization, NULL, &err),
                  &err);
        add(&w, "Authorization", authorization.ptr);
        expect_alice(verify(&w)); /* were it the hash of the body */
        w.request.payload_hash = of_body;
        expect_refused_late(&w);
        wire_close(&w);
    }
}

static void test_signature__is_needed(void **state)
{
    struct wire w;
    (void)state;
    wire_open(&w, "lambda-empty-body", CONFIG);
    header(&w, "Authorization")->name = TEXT("x-other");
    expect_refused_early(&w, ERR_MISSING_TOKEN, "Missing Authentication Token");
    wire_close(&w);
}

static void test_signature__that_is_incomplete_is_told_what_lacks(void **state)
{
    struct wire w;
    (void)state;
    wire_open(&w, "lambda-empty-body", CONFIG);
    header(&w, "Authorization")->value = TEXT("Bearer abc");
    expect_refused_early(
        &w, ERR_INCOMPLETE_SIGNATURE,
        "Authorization header requires 'Credential' parameter. Authorization header requires "
        "'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. "
        "Authorization=Bearer");
    header(&w, "Authorization")->value =
        TEXT("AWS4-HMAC-SHA256 Credential=a/20261121/us-east-1/lambda/aws4_request, Signature=1");
    header(&w, "X-Amz-Date")->name = TEXT("x-other");
    expect_refused_early(&w, ERR_INCOMPLETE_SIGNATURE,
                         "Authorization header requires 'SignedHeaders' parameter. Authorization "
                         "header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
                         "Authorization=AWS4-HMAC-SHA256");
    wire_close(&w);
    wire_open(&w, "lambda-presigned", CONFIG);
    w.request.query = TEXT("X-Amz-Signature=00&X-Amz-Date=x&X-Amz-Expires=&X-Amz-Algorithm=y");
    expect_refused_early(&w, ERR_INCOMPLETE_SIGNATURE,
                         "AWS query-string parameters must include 'X-Amz-Credential'. AWS "
                         "query-string parameters must include 'X-Amz-SignedHeaders'. AWS "
                         "query-string parameters must include 'X-Amz-Expires'. Re-examine the "
                         "query-string parameters.");
    wire_close(&w);
}

static void test_signature__that_is_malformed_is_told_where(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        enum lambda_error error;
        const char *message;
    } cases[] = {
        {"/20261121/us-east-1", "", ERR_INCOMPLETE_SIGNATURE,
         "Credential must have exactly 5 slash-delimited elements, e.g. "
         "keyid/date/region/service/term, got 'AKIDEXAMPLE/lambda/aws4_request'"},
        {"aws4_request", "aws5_request", ERR_INVALID_SIGNATURE,
         "Credential should be scoped with a valid terminator: 'aws4_request', not "
         "'aws5_request'."},
        {"20261121", "20261120", ERR_INVALID_SIGNATURE,
         "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
         "HTTP: '20261120' != '20261121', from '20261121T191420Z'."},
        {";host;", ";", ERR_INVALID_SIGNATURE,
         "'Host' must be a 'SignedHeader' in the AWS Authorization."},
        {";x-amz-client-context", "", ERR_INCOMPLETE_SIGNATURE,
         "The request's signature is malformed: SignedHeaders lacks host or an x-amz-* header."},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct wire w;
        wire_open(&w, "lambda-empty-body", CONFIG);
        change(&w, cases[i].from, cases[i].to);
        expect_refused_early(&w, cases[i].error, cases[i].message);
        wire_close(&w);
    }
}

static void test_signature__message_is_bounded_whatever_was_sent(void **state)
{
    struct wire w;
    char long_key[9000];
    (void)state;
    wire_open(&w, "lambda-empty-body", CONFIG);
    memset(long_key, 1, sizeof(long_key));
    header(&w, "Authorization")->value = (struct text){long_key, sizeof(long_key)};
    struct signature_verdict verdict = verify(&w);
    assert_null(verdict.user);
    assert_true(strlen(verdict.message) < 2000);
    wire_close(&w);
}

static void test_signature__of_nobody_says_that_there_are_no_users(void **state)
{
    struct wire w;
    (void)state;
    wire_open(&w, "lambda-empty-body", IN("us-east-1"));
    struct signature_verdict verdict = claimed(&w);
    assert_null(verdict.user);
    assert_int_equal(verdict.error, ERR_UNRECOGNIZED_CLIENT);
    assert_contains(verdict.message, "the configuration has no users: section");
    assert_string_equal(verdict.reason, "auth_no_users");
    wire_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signature__of_botocore_is_right),
        cmocka_unit_test(test_signature__comes_with_the_token_of_the_user),
        cmocka_unit_test(test_signature__in_a_query_comes_with_the_token_there),
        cmocka_unit_test(test_signature__covers_everything_that_was_sent),
        cmocka_unit_test(test_signature__keeps_the_order_of_repeated_keys_out),
        cmocka_unit_test(test_signature__is_no_good_with_the_secret_of_another_key),
        cmocka_unit_test(test_signature__names_a_user),
        cmocka_unit_test(test_signature__is_for_this_region_and_service),
        cmocka_unit_test(test_signature__is_of_our_time),
        cmocka_unit_test(test_signature__in_a_query_lasts_as_long_as_it_says),
        cmocka_unit_test(test_signature__hash_that_was_sent_is_that_of_the_body),
        cmocka_unit_test(test_signature__is_needed),
        cmocka_unit_test(test_signature__that_is_incomplete_is_told_what_lacks),
        cmocka_unit_test(test_signature__that_is_malformed_is_told_where),
        cmocka_unit_test(test_signature__message_is_bounded_whatever_was_sent),
        cmocka_unit_test(test_signature__of_nobody_says_that_there_are_no_users),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
