/*
 * test_hash.c - tests of onput/hash.h with the published samples of FIPS 180-4, RFC 4231, RFC 1321.
 */
#include "support/test.h"

#include "onput/encoding.h"
#include "onput/hash.h"

static void assert_hex(const uint8_t *bytes, size_t len, const char *expected)
{
    char hex[2 * SHA256_BYTES + 1];

    hex_encode(bytes, len, hex);
    assert_string_equal(hex, expected);
}

static void test_sha256__agrees_with_published_samples(void **state UNUSED)
{
    char hex[SHA256_HEX_BYTES];

    assert_string_equal(sha256_hex("", 0, hex),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_string_equal(sha256_hex("abc", 3, hex),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void test_hmac_sha256__agrees_with_rfc_4231(void **state UNUSED)
{
    uint8_t key[131];
    uint8_t out[SHA256_BYTES];
    const char *large = "Test Using Larger Than Block-Size Key - Hash Key First";

    hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out);
    assert_hex(out, sizeof(out),
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    hmac_sha256(key, sizeof(key), large, strlen(large), out);
    assert_hex(out, sizeof(out),
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void test_md5__agrees_with_rfc_1321(void **state UNUSED)
{
    uint8_t out[MD5_BYTES];

    md5("message digest", 14, out);
    assert_hex(out, sizeof(out), "f96b697d7cb7938d525a2f31aaf161d0");
}

static void test_sha256_stream__equals_the_one_shot(void **state UNUSED)
{
    struct sha256_stream *s = sha256_stream_new();
    uint8_t pieces[SHA256_BYTES];
    uint8_t whole[SHA256_BYTES];
    char bytes[1000];

    memset(bytes, 'z', sizeof(bytes));
    for (size_t at = 0; at < sizeof(bytes); at += 100)
        sha256_stream_add(s, bytes + at, 100);
    sha256_stream_end(s, pieces);
    sha256(bytes, sizeof(bytes), whole);
    assert_memory_equal(pieces, whole, sizeof(whole));
}

static void test_secret_equal__compares_content_and_length(void **state UNUSED)
{
    assert_true(secret_equal(TEXT("token"), TEXT("token")));
    assert_false(secret_equal(TEXT("token"), TEXT("tokem")));
    assert_false(secret_equal(TEXT("token"), TEXT("token\0")));
    assert_false(secret_equal(TEXT(""), TEXT("a")));
    assert_true(secret_equal(TEXT(""), TEXT("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256__agrees_with_published_samples),
        cmocka_unit_test(test_hmac_sha256__agrees_with_rfc_4231),
        cmocka_unit_test(test_md5__agrees_with_rfc_1321),
        cmocka_unit_test(test_sha256_stream__equals_the_one_shot),
        cmocka_unit_test(test_secret_equal__compares_content_and_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
