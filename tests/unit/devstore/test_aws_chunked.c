/*
 * The body coding of AWS SDKs.
 */
#include "support/test.h"

#include "devstore_private.h"

enum { LIMIT = 20 };

static void decodes_to(struct text coded, const char *plain)
{
    AUTO_BUFFER struct buffer out;
    struct error err = {0};
    buffer_init(&out, LIMIT);
    assert_ok(aws_chunked_decode(coded, LIMIT, &out, &err), &err);
    assert_text(buffer_text(&out), plain);
}

static void is_refused(struct text coded, enum error_code code)
{
    AUTO_BUFFER struct buffer out;
    struct error err = {0};
    buffer_init(&out, LIMIT);
    assert_fails(aws_chunked_decode(coded, LIMIT, &out, &err), &err, code);
}

static void test_aws_chunked__joins_chunks(void **state)
{
    (void)state;
    decodes_to(TEXT("0\r\n\r\n"), "");
    decodes_to(TEXT("0\r\n"), "");
    decodes_to(TEXT("3\r\nabc\r\n0\r\n\r\n"), "abc");
    decodes_to(
        TEXT("3;chunk-signature=00ff\r\nabc\r\nA;x\r\n0123456789\r\n0;chunk-signature=1\r\n\r\n"),
        "abc0123456789");
    decodes_to(TEXT("2\r\n\r\n\r\n0\r\n\r\n"), "\r\n");
}

static void test_aws_chunked__passes_over_the_trailer(void **state)
{
    (void)state;
    decodes_to(TEXT("1\r\na\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"), "a");
    decodes_to(TEXT("1\r\na\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n"
                    "x-amz-trailer-signature:00\r\n\r\n"),
               "a");
}

static void test_aws_chunked__refuses_what_is_cut_off(void **state)
{
    (void)state;
    struct text whole = TEXT("3;chunk-signature=00ff\r\nabc\r\n0;chunk-signature=1\r\n");
    for (size_t len = 0; len < whole.len; len++)
        is_refused(text_slice(whole, 0, len), ERROR_INVALID);
}

static void test_aws_chunked__refuses_malformed_chunks(void **state)
{
    (void)state;
    is_refused(TEXT("abc"), ERROR_INVALID);
    is_refused(TEXT("\r\n"), ERROR_INVALID);
    is_refused(TEXT("g\r\n"), ERROR_INVALID);
    is_refused(TEXT("-1\r\na\r\n0\r\n\r\n"), ERROR_INVALID);
    is_refused(TEXT("3\nabc\n0\n\n"), ERROR_INVALID);
    is_refused(TEXT("2\r\nabc\r\n0\r\n\r\n"), ERROR_INVALID);
    is_refused(TEXT("0\r\n\r\nmore\r\n"), ERROR_INVALID);
    is_refused(TEXT("0\r\nno colon\r\n\r\n"), ERROR_INVALID);
    is_refused(TEXT("100000000\r\n"), ERROR_INVALID);
}

static void test_aws_chunked__refuses_more_than_the_limit(void **state)
{
    (void)state;
    is_refused(TEXT("15\r\n012345678901234567890\r\n0\r\n\r\n"), ERROR_LIMIT);
    is_refused(TEXT("a\r\n0123456789\r\nb\r\n01234567890\r\n0\r\n\r\n"), ERROR_LIMIT);
    is_refused(TEXT("ffffffff\r\n"), ERROR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aws_chunked__joins_chunks),
        cmocka_unit_test(test_aws_chunked__passes_over_the_trailer),
        cmocka_unit_test(test_aws_chunked__refuses_what_is_cut_off),
        cmocka_unit_test(test_aws_chunked__refuses_malformed_chunks),
        cmocka_unit_test(test_aws_chunked__refuses_more_than_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
