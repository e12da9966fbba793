/*
 * test_encoding.c - tests of onput/encoding.h.
 */
#include "support/test.h"

#include <ctype.h>

#include "onput/encoding.h"

static void test_hex__goes_both_ways(void **state UNUSED)
{
    AUTO_BUFFER struct buffer b;
    struct error err = {0};
    char out[9];

    hex_encode("\x00\xff\x1a\xb2", 4, out);
    assert_string_equal(out, "00ff1ab2");
    buffer_init(&b, 100);
    buffer_append_hex(&b, "\xde\xad", 2);
    assert_text(buffer_text(&b), "dead");
    buffer_reset(&b);
    assert_ok(hex_decode(TEXT("00fF1AB2"), &b, &err), &err);
    assert_text_equal(buffer_text(&b), TEXT("\x00\xff\x1a\xb2"));
}

static void test_hex_decode__appends_nothing_on_failure(void **state UNUSED)
{
    AUTO_BUFFER struct buffer b;
    struct error err = {0};

    buffer_init(&b, 4);
    buffer_append_char(&b, 'x');
    assert_fails(hex_decode(TEXT("abc"), &b, &err), &err, ERROR_INVALID);
    assert_fails(hex_decode(TEXT("ab0g"), &b, &err), &err, ERROR_INVALID);
    assert_text(buffer_text(&b), "x");
    assert_fails(hex_decode(TEXT("0011223344"), &b, &err), &err, ERROR_LIMIT);
    assert_text(buffer_text(&b), "x");
}

struct pair {
    const char *plain;
    const char *encoded;
};

static void test_base64__agrees_with_rfc_4648(void **state UNUSED)
{
    static const struct pair pairs[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/"},
    };
    AUTO_BUFFER struct buffer b;
    struct error err = {0};

    buffer_init(&b, 100);
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        buffer_reset(&b);
        buffer_append_base64(&b, pairs[i].plain, strlen(pairs[i].plain));
        assert_text(buffer_text(&b), pairs[i].encoded);
        buffer_reset(&b);
        assert_ok(base64_decode(text_of(pairs[i].encoded), &b, &err), &err);
        assert_text(buffer_text(&b), pairs[i].plain);
    }
}

static void test_base64_decode__is_strict(void **state UNUSED)
{
    static const char *const bad[] = {"Zg",    "Zg=",  "Z===",     "====",  "Zg==Zg==", "Zm9v\n",
                                      "Zm-v",  "Zh==", "Zm9=",     "=Zg=",  "Z=g=",     " Zg==",
                                      "Zm9vY", "A===", "Zm8=Zm8=", "Zm9v=="};
    AUTO_BUFFER struct buffer b;
    struct error err = {0};

    buffer_init(&b, 100);
    buffer_append_char(&b, 'x');
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_fails(base64_decode(text_of(bad[i]), &b, &err), &err, ERROR_INVALID);
    assert_text(buffer_text(&b), "x");
}

static void test_base64__goes_both_ways_for_every_byte(void **state UNUSED)
{
    AUTO_BUFFER struct buffer encoded;
    AUTO_BUFFER struct buffer decoded;
    struct error err = {0};
    char bytes[256];

    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    buffer_init(&encoded, 1000);
    buffer_init(&decoded, 256);
    buffer_append_base64(&encoded, bytes, sizeof(bytes));
    assert_ok(base64_decode(buffer_text(&encoded), &decoded, &err), &err);
    assert_text_equal(buffer_text(&decoded), ((struct text){bytes, sizeof(bytes)}));
}

static void test_buffer_append_uri__keeps_the_unreserved(void **state UNUSED)
{
    AUTO_BUFFER struct buffer b;

    buffer_init(&b, 1000);
    buffer_append_uri(&b, TEXT("AZaz09-._~ +/%\xc3\xa9\0!*'()"), false);
    assert_text(buffer_text(&b), "AZaz09-._~%20%2B%2F%25%C3%A9%00%21%2A%27%28%29");
    buffer_reset(&b);
    buffer_append_uri(&b, TEXT("/a b/c"), true);
    assert_text(buffer_text(&b), "/a%20b/c");
}

static void test_uri_decode__knows_both_dialects(void **state UNUSED)
{
    AUTO_BUFFER struct buffer b;
    struct error err = {0};

    buffer_init(&b, 9);
    assert_ok(uri_decode(TEXT("a+b%2Bc%c3%A9"), false, &b, &err), &err);
    assert_text(buffer_text(&b), "a+b+c\xc3\xa9");
    buffer_reset(&b);
    assert_ok(uri_decode(TEXT("a+b%2Bc%00"), true, &b, &err), &err);
    assert_text_equal(buffer_text(&b), TEXT("a b+c\0"));
}

static void test_uri_decode__refuses_bad_escapes(void **state UNUSED)
{
    static const char *const bad[] = {"%", "%4", "aaaa%", "a%zz", "%4g", "%%41", "%u0041"};
    AUTO_BUFFER struct buffer b;
    struct error err = {0};

    buffer_init(&b, 100);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_fails(uri_decode(text_of(bad[i]), false, &b, &err), &err, ERROR_INVALID);
    assert_int_equal(b.len, 0);
}

static void test_uri_decode__measures_the_decoded_length(void **state UNUSED)
{
    AUTO_BUFFER struct buffer b;
    struct error err = {0};

    buffer_init(&b, 2);
    assert_ok(uri_decode(TEXT("%41%42"), false, &b, &err), &err);
    assert_text(buffer_text(&b), "AB");
    buffer_reset(&b);
    assert_fails(uri_decode(TEXT("abc"), false, &b, &err), &err, ERROR_LIMIT);
}

static void test_buffer_append_xml__escapes_markup_and_controls(void **state UNUSED)
{
    AUTO_BUFFER struct buffer b;

    buffer_init(&b, 1000);
    buffer_append_xml(&b, TEXT("<a b=\"c\" d='e'>&\n\x01\x7f\xc3\xa9</a>"));
    assert_text(buffer_text(&b), "&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;&#10;&#1;&#127;"
                                 "\xc3\xa9&lt;/a&gt;");
}

static void test_buffer_append_json_escaped__is_safe_to_print(void **state UNUSED)
{
    AUTO_BUFFER struct buffer b;

    buffer_init(&b, 1000);
    buffer_append_json_escaped(&b, TEXT("a\"b\\c/\b\f\n\r\t\x01\x1f\x7f\0z"));
    assert_text(buffer_text(&b), "a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\\u0000z");
    buffer_reset(&b);
    buffer_append_json_escaped(&b, TEXT("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\xc2\x9b\xc2\xa0"));
    assert_text(buffer_text(&b), "\\u2028\\u2029\xe2\x80\xaa\\u009b\xc2\xa0");
    buffer_reset(&b);
    buffer_append_json_escaped(&b, TEXT("\xc3\xa9\xff\xe2\x82\xf0\x9f\x98\x80"));
    assert_text(buffer_text(&b), "\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xf0\x9f\x98\x80");
}

static void test_uuid_v4__has_the_form_and_never_repeats(void **state UNUSED)
{
    char first[UUID_TEXT_BYTES];
    char second[UUID_TEXT_BYTES];

    uuid_v4(first);
    uuid_v4(second);
    assert_int_equal(strlen(first), 36);
    for (size_t i = 0; i < 36; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23)
            assert_int_equal(first[i], '-');
        else
            assert_true(isxdigit((unsigned char)first[i]));
    assert_int_equal(first[14], '4');
    assert_non_null(strchr("89ab", first[19]));
    assert_string_not_equal(first, second);
}

static void test_random_bytes__fills_everything(void **state UNUSED)
{
    uint8_t bytes[1000] = {0};
    unsigned zeros = 0;

    random_bytes(bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++)
        zeros += bytes[i] == 0;
    assert_true(zeros < 100);
    assert_true(random_u64() != random_u64());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hex__goes_both_ways),
        cmocka_unit_test(test_hex_decode__appends_nothing_on_failure),
        cmocka_unit_test(test_base64__agrees_with_rfc_4648),
        cmocka_unit_test(test_base64_decode__is_strict),
        cmocka_unit_test(test_base64__goes_both_ways_for_every_byte),
        cmocka_unit_test(test_buffer_append_uri__keeps_the_unreserved),
        cmocka_unit_test(test_uri_decode__knows_both_dialects),
        cmocka_unit_test(test_uri_decode__refuses_bad_escapes),
        cmocka_unit_test(test_uri_decode__measures_the_decoded_length),
        cmocka_unit_test(test_buffer_append_xml__escapes_markup_and_controls),
        cmocka_unit_test(test_buffer_append_json_escaped__is_safe_to_print),
        cmocka_unit_test(test_uuid_v4__has_the_form_and_never_repeats),
        cmocka_unit_test(test_random_bytes__fills_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
