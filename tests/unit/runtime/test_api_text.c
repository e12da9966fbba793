/*
 * Texts that come from processes: error types, error bodies, header values.
 */
#include "support/test.h"

#include "api_text.h"

static void test_error_type__is_one_of_two_families(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        const char *type;
    } cases[] = {
        {"", ""},
        {"Runtime.ImportModuleError", "Runtime.ImportModuleError"},
        {"Function.Oops", "Function.Oops"},
        {"Runtime.X", "Runtime.Unknown"},
        {"Runtime.lower", "Runtime.Unknown"},
        {"Runtime.With1Digit", "Runtime.Unknown"},
        {"Runtime.A.B", "Runtime.Unknown"},
        {"Runtime.", "Runtime.Unknown"},
        {"Runtime", "Runtime.Unknown"},
        {"Function.bad", "Function.Unknown"},
        {"Function.", "Function.Unknown"},
        {"Function", "Runtime.Unknown"},
        {"xRuntime.ExitError", "Runtime.Unknown"},
        {"Runtime.ExitError ", "Runtime.Unknown"},
        {"ValueError", "Runtime.Unknown"},
        {"runtime.ExitError", "Runtime.Unknown"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_text(api_error_type(text_of(cases[i].header)), cases[i].type);
}

static void check_posted(struct text body, const char *type, const char *json)
{
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 100000);
    api_append_posted_error(&out, body, text_of(type));
    assert_text(buffer_text(&out), json);
}

static void test_posted_error__stays_when_it_is_json(void **state)
{
    (void)state;
    check_posted(TEXT(" {\"errorMessage\" : 1}\n"), "Runtime.X", " {\"errorMessage\" : 1}\n");
    check_posted(TEXT("null"), "", "null");
}

static void test_posted_error__becomes_json(void **state)
{
    (void)state;
    check_posted(TEXT(""), "", "{\"errorType\":\"Runtime.Unknown\",\"errorMessage\":\"\"}");
    check_posted(TEXT("a\0b\"\\"), "Function.Bad",
                 "{\"errorType\":\"Function.Bad\",\"errorMessage\":\"a\\u0000b\\\"\\\\\"}");
}

static void test_posted_error__is_cut_when_it_becomes_json(void **state)
{
    (void)state;
    char long_text[5000];
    AUTO_BUFFER struct buffer out;
    memset(long_text, 'y', sizeof(long_text));
    buffer_init(&out, 100000);
    api_append_posted_error(&out, (struct text){long_text, sizeof(long_text)}, TEXT(""));
    assert_int_equal(out.len,
                     strlen("{\"errorType\":\"Runtime.Unknown\",\"errorMessage\":\"\"}") + 4096);
}

static void test_trailer_error__is_base64_of_json(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 1000);
    api_append_trailer_error(&out, TEXT("eyJlcnJvclR5cGUiOiJFIn0="), TEXT("Function.E"));
    assert_text(buffer_text(&out), "{\"errorType\":\"E\"}");
    buffer_reset(&out);
    api_append_trailer_error(&out, TEXT("bm8="), TEXT("Function.Bad"));
    assert_text(buffer_text(&out), "{\"errorType\":\"Function.Bad\",\"errorMessage\":\"no\"}");
    buffer_reset(&out);
    api_append_trailer_error(&out, TEXT("{\"errorType\":\"plain\"}"), TEXT(""));
    assert_text(buffer_text(&out), "{\"errorType\":\"plain\"}");
}

static void test_header_json__is_ascii_in_one_line(void **state)
{
    (void)state;
    AUTO_ARENA struct arena arena = {0};
    assert_text(api_header_json(TEXT(""), &arena), "");
    assert_text(api_header_json(TEXT("{\"a\":\r\n\t1,\"b\":\"\\n\"}\x7f"), &arena),
                "{\"a\":   1,\"b\":\"\\n\"} ");
    assert_text(api_header_json(TEXT("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""), &arena),
                "\"\\u00e9\\u20ac\\ud83d\\ude00\"");
    assert_text(api_header_json(TEXT("\"\xff\xc3\""), &arena), "\"\?\?\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_type__is_one_of_two_families),
        cmocka_unit_test(test_posted_error__stays_when_it_is_json),
        cmocka_unit_test(test_posted_error__becomes_json),
        cmocka_unit_test(test_posted_error__is_cut_when_it_becomes_json),
        cmocka_unit_test(test_trailer_error__is_base64_of_json),
        cmocka_unit_test(test_header_json__is_ascii_in_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
