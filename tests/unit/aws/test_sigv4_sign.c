/*
 * Signing against the golden cases, whose values come from botocore.
 */
#include "support/test.h"

#include "onput/encoding.h"
#include "onput/sigv4.h"
#include "sigv4_case.h"

/* A presigned URL's query without its signature is signed like a header's request. */
static void check_presigned(struct sigv4_case *c, struct sigv4_trace *trace)
{
    struct error err = {0};
    struct text query, ignored;
    struct text mark = TEXT("&X-Amz-Signature=");
    assert_ok(sigv4_presign(&c->request, &c->key, &c->scope, c->presign_s, &c->arena, &query, &err),
              &err);
    size_t at = query.len - mark.len - 64;
    assert_text_equal(text_slice(query, at, at + mark.len), mark);
    assert_text_equal(text_slice(query, at + mark.len, query.len), c->signature);
    assert_true(text_starts_with(query, c->request.query));
    c->request.query = text_slice(query, 0, at);
    assert_ok(sigv4_sign(&c->request, &c->key, &c->scope, &c->arena, &ignored, trace, &err), &err);
}

static void check_case(const char *name)
{
    struct sigv4_case c;
    struct sigv4_trace trace = {0};
    struct error err = {0};
    struct text authorization = TEXT_INIT("");
    sigv4_case_load(name, &c);
    if (c.presign_s)
        check_presigned(&c, &trace);
    else
        assert_ok(sigv4_sign(&c.request, &c.key, &c.scope, &c.arena, &authorization, &trace, &err),
                  &err);
    assert_text_equal(buffer_text(&trace.canonical_request), c.canonical_request);
    assert_text_equal(buffer_text(&trace.string_to_sign), c.string_to_sign);
    assert_text_equal(text_of(trace.signature), c.signature);
    sigv4_trace_release(&trace);
    sigv4_case_release(&c);
}

static void test_sigv4_sign__agrees_with_every_golden_case(void **state)
{
    AUTO_FREE char *folder = test_fixture("sigv4");
    char **names = test_list_dir(folder);
    size_t count = 0;
    (void)state;
    for (; names[count]; count++)
        check_case(names[count]);
    assert_true(count >= 25);
    test_names_free(names);
}

static void test_sigv4_sign__writes_the_authorization_header(void **state)
{
    struct sigv4_case c;
    struct error err = {0};
    struct text authorization;
    (void)state;
    sigv4_case_load("plain-get", &c);
    assert_ok(sigv4_sign(&c.request, &c.key, &c.scope, &c.arena, &authorization, NULL, &err), &err);
    AUTO_FREE char *expected =
        xasprintf("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/s3/aws4_request, "
                  "SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=%.*s",
                  TEXT_ARGS(c.signature));
    assert_text(authorization, expected);
    sigv4_case_release(&c);
}

static void test_sigv4_sign__encodes_what_the_sender_left_raw(void **state)
{
    struct sigv4_case c;
    struct sigv4_trace trace = {0};
    struct error err = {0};
    struct text ignored;
    (void)state;
    sigv4_case_load("key-star-parentheses", &c);
    c.request.path = TEXT("/photos/cat*(1)'.jpg");
    assert_ok(sigv4_sign(&c.request, &c.key, &c.scope, &c.arena, &ignored, &trace, &err), &err);
    assert_text_equal(text_of(trace.signature), c.signature);
    sigv4_trace_release(&trace);
    sigv4_case_release(&c);
}

static void test_sigv4_sign__leaves_content_length_out(void **state)
{
    struct sigv4_case c;
    struct sigv4_trace trace = {0};
    struct error err = {0};
    struct text ignored;
    (void)state;
    sigv4_case_load("put-body", &c);
    struct sigv4_request request = sigv4_case_with_header(&c, "Content-Length", TEXT("17"));
    assert_ok(sigv4_sign(&request, &c.key, &c.scope, &c.arena, &ignored, &trace, &err), &err);
    assert_text_equal(text_of(trace.signature), c.signature);
    sigv4_trace_release(&trace);
    sigv4_case_release(&c);
}

static void test_sigv4_sign__refuses_a_bad_escape(void **state)
{
    static const char *const paths[] = {"/photos/%zz", "/photos/%4", "", "photos"};
    struct sigv4_case c;
    struct error err = {0};
    struct text ignored;
    (void)state;
    sigv4_case_load("plain-get", &c);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        c.request.path = text_of(paths[i]);
        assert_fails(sigv4_sign(&c.request, &c.key, &c.scope, &c.arena, &ignored, NULL, &err), &err,
                     ERROR_INVALID);
    }
    sigv4_case_release(&c);
}

static void test_sigv4_presign__refuses_a_life_beyond_a_week(void **state)
{
    struct sigv4_case c;
    struct error err = {0};
    struct text ignored;
    (void)state;
    sigv4_case_load("presigned", &c);
    assert_fails(sigv4_presign(&c.request, &c.key, &c.scope, 604801, &c.arena, &ignored, &err),
                 &err, ERROR_INVALID);
    assert_fails(sigv4_presign(&c.request, &c.key, &c.scope, 0, &c.arena, &ignored, &err), &err,
                 ERROR_INVALID);
    sigv4_case_release(&c);
}

/* The example of AWS's documentation, "Examples of how to derive a signing key". */
static void test_sigv4_signing_key__derives_the_documented_key(void **state)
{
    uint8_t key[32];
    char hex[65];
    (void)state;
    sigv4_signing_key(TEXT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), TEXT("20120215"),
                      TEXT("us-east-1"), TEXT("iam"), key);
    hex_encode(key, sizeof(key), hex);
    assert_string_equal(hex, "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sigv4_sign__agrees_with_every_golden_case),
        cmocka_unit_test(test_sigv4_sign__writes_the_authorization_header),
        cmocka_unit_test(test_sigv4_sign__encodes_what_the_sender_left_raw),
        cmocka_unit_test(test_sigv4_sign__leaves_content_length_out),
        cmocka_unit_test(test_sigv4_sign__refuses_a_bad_escape),
        cmocka_unit_test(test_sigv4_presign__refuses_a_life_beyond_a_week),
        cmocka_unit_test(test_sigv4_signing_key__derives_the_documented_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
