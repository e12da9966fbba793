/*
 * test_object_key.c - decoding of keys: both encodings, what is refused, and the limits to the
 * byte.
 */
#include "support/test.h"

#include "onput/event_decode.h"

static void assert_key(const char *encoded, enum event_key_encoding encoding, const char *expected)
{
    AUTO_ARENA struct arena arena = {0};
    struct error err = {0};
    struct text key = TEXT_INIT("");

    arena_init(&arena);
    assert_ok(event_decode_key(text_of(encoded), encoding, &arena, &key, &err), &err);
    assert_text(key, expected);
}

static void assert_refused(struct text encoded, enum event_key_encoding encoding,
                           enum error_code code, const char *part)
{
    AUTO_ARENA struct arena arena = {0};
    struct error err = {0};
    struct text key = TEXT_INIT("untouched");

    arena_init(&arena);
    assert_fails(event_decode_key(encoded, encoding, &arena, &key, &err), &err, code);
    assert_contains(err.message, part);
    assert_text(key, "untouched");
}

static void test_form__decodes_plus_and_escapes(void **state)
{
    (void)state;
    assert_key("a+b", EVENT_KEY_FORM, "a b");
    assert_key("a%2Bb%2fc%2Bd.jpg", EVENT_KEY_FORM, "a+b/c+d.jpg");
    assert_key("100%25%2Fhalf%2520encoded%252Fname%25.jpg", EVENT_KEY_FORM,
               "100%/half%20encoded%2Fname%.jpg");
    assert_key("a%20b/c~*'(!).jpg", EVENT_KEY_FORM, "a b/c~*'(!).jpg");
    assert_key("Z%C3%BCrich", EVENT_KEY_FORM, "Z\303\274rich");
    assert_key("%2F%2Fa%2F%2F", EVENT_KEY_FORM, "//a//");
}

static void test_form__keeps_bytes_that_are_not_utf8(void **state)
{
    (void)state;
    assert_key("caf%E9", EVENT_KEY_FORM, "caf\351");
}

static void test_raw__takes_the_bytes_as_they_are(void **state)
{
    (void)state;
    assert_key("a+b%20c", EVENT_KEY_RAW, "a+b%20c");
    assert_key("100%", EVENT_KEY_RAW, "100%");
    assert_key("../..//a", EVENT_KEY_RAW, "../..//a");
}

static void test_form__refuses_bad_escapes(void **state)
{
    (void)state;
    assert_refused(TEXT("%"), EVENT_KEY_FORM, ERROR_INVALID, "the form-encoded key");
    assert_refused(TEXT("a%2"), EVENT_KEY_FORM, ERROR_INVALID, "the form-encoded key");
    assert_refused(TEXT("a%2xb"), EVENT_KEY_FORM, ERROR_INVALID, "the form-encoded key");
    assert_refused(TEXT("a%%41"), EVENT_KEY_FORM, ERROR_INVALID, "the form-encoded key");
}

static void test_key__refuses_empty_and_nul(void **state)
{
    (void)state;
    assert_refused(TEXT(""), EVENT_KEY_FORM, ERROR_INVALID, "empty");
    assert_refused(TEXT(""), EVENT_KEY_RAW, ERROR_INVALID, "empty");
    assert_refused(TEXT("a%00"), EVENT_KEY_FORM, ERROR_INVALID, "NUL");
    assert_refused(TEXT("\0"), EVENT_KEY_RAW, ERROR_INVALID, "NUL");
    assert_refused(TEXT("a\0b"), EVENT_KEY_FORM, ERROR_INVALID, "NUL");
}

/* `count` times `unit`; the caller frees it. */
static char *repeated(const char *unit, size_t count)
{
    struct buffer b;

    buffer_init(&b, strlen(unit) * count);
    for (size_t i = 0; i < count; i++)
        buffer_append_string(&b, unit);
    assert_false(buffer_failed(&b));
    return buffer_take(&b, NULL);
}

static void test_key__of_1024_bytes_is_the_longest(void **state)
{
    AUTO_FREE char *most = repeated("k", EVENT_MAX_KEY_BYTES);
    AUTO_FREE char *most_encoded = repeated("%6B", EVENT_MAX_KEY_BYTES);
    AUTO_FREE char *more = repeated("k", EVENT_MAX_KEY_BYTES + 1);
    AUTO_FREE char *more_encoded = repeated("%6B", EVENT_MAX_KEY_BYTES + 1);

    (void)state;
    assert_key(most, EVENT_KEY_RAW, most);
    assert_key(most, EVENT_KEY_FORM, most);
    assert_key(most_encoded, EVENT_KEY_FORM, most);
    assert_refused(text_of(more), EVENT_KEY_RAW, ERROR_LIMIT, "1024 bytes");
    assert_refused(text_of(more), EVENT_KEY_FORM, ERROR_LIMIT, "1024 bytes");
    assert_refused(text_of(more_encoded), EVENT_KEY_FORM, ERROR_LIMIT, "1024 bytes");
    assert_refused(text_of(most_encoded), EVENT_KEY_RAW, ERROR_LIMIT, "1024 bytes");
}

static void test_key__outlives_what_was_decoded(void **state)
{
    AUTO_ARENA struct arena arena = {0};
    char encoded[] = "dir/a.jpg";
    struct error err = {0};
    struct text key = TEXT_INIT("");

    (void)state;
    arena_init(&arena);
    assert_ok(event_decode_key(text_of(encoded), EVENT_KEY_RAW, &arena, &key, &err), &err);
    memset(encoded, 'X', sizeof(encoded) - 1);
    assert_text(key, "dir/a.jpg");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form__decodes_plus_and_escapes),
        cmocka_unit_test(test_form__keeps_bytes_that_are_not_utf8),
        cmocka_unit_test(test_raw__takes_the_bytes_as_they_are),
        cmocka_unit_test(test_form__refuses_bad_escapes),
        cmocka_unit_test(test_key__refuses_empty_and_nul),
        cmocka_unit_test(test_key__of_1024_bytes_is_the_longest),
        cmocka_unit_test(test_key__outlives_what_was_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
