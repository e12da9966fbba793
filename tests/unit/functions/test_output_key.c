/*
 * Where renditions go.
 */
#include "catalog_fixture.h"

struct keys {
    struct catalog *catalog;
    struct arena arena;
};

static void keys_start(struct keys *k, const char *template)
{
    AUTO_FREE char *output =
        template == NULL ? NULL : xasprintf("{bucket: thumbnails, key: '%s'}", template);
    arena_init(&k->arena);
    k->catalog = catalog_of(&(struct catalog_parts){.output = output});
}

static void keys_stop(struct keys *k)
{
    catalog_unref(k->catalog);
    arena_release(&k->arena);
}

static struct text key_of(struct keys *k, struct text bucket, struct text key)
{
    struct storage_object object = {0};
    struct error err = {0};
    const struct function *f = catalog_thumbs(k->catalog);
    assert_ok(catalog_output(f, bucket, key, &f->config->renditions[0], IMAGE_FORMAT_JPEG,
                             &k->arena, &object, &err),
              &err);
    assert_text(object.bucket, "thumbnails");
    assert_int_equal(object.version_id.len, 0);
    return object.key;
}

static void expands(const char *template, const char *key, const char *expected)
{
    struct keys k;
    keys_start(&k, template);
    assert_text(key_of(&k, TEXT("photos"), text_of(key)), expected);
    keys_stop(&k);
}

static void test_output__is_bucket_key_and_rendition_by_default(void **state)
{
    (void)state;
    expands(NULL, "a/b c+ä.png", "photos/a/b c+ä.png/small.jpg");
    expands(NULL, ".profile", "photos/.profile/small.jpg");
    expands(NULL, "a//b", "photos/a//b/small.jpg");
    expands(NULL, "/a", "photos//a/small.jpg");
    expands(NULL, "{rendition}", "photos/{rendition}/small.jpg");
}

static void test_output__fills_every_placeholder_in(void **state)
{
    (void)state;
    expands("x/{bucket}-{rendition}/{key}.{ext}", "a.png", "x/photos-small/a.png.jpg");
    expands("{key}", "a.png", "a.png");
    expands("{key}{key}", "a", "aa");
}

static void test_output__takes_the_extension_of_the_format(void **state)
{
    (void)state;
    struct keys k;
    keys_start(&k, NULL);
    const struct function *f = catalog_thumbs(k.catalog);
    struct storage_object object = {0};
    struct error err = {0};
    assert_ok(catalog_output(f, TEXT("b"), TEXT("k"), &f->config->renditions[0], IMAGE_FORMAT_WEBP,
                             &k.arena, &object, &err),
              &err);
    assert_text(object.key, "b/k/small.webp");
    keys_stop(&k);
}

static int by_bytes(const void *a, const void *b)
{
    return text_compare(*(const struct text *)a, *(const struct text *)b);
}

static void assert_all_different(struct text *keys, size_t count)
{
    qsort(keys, count, sizeof(*keys), by_bytes);
    for (size_t i = 1; i < count; i++) {
        if (text_equal(keys[i - 1], keys[i]))
            fail_msg("twice: %.*s", TEXT_ARGS(keys[i]));
    }
}

/* Keys that look like each other's outputs, and long ones that differ at the end only. */
static void test_output__never_collides_by_default(void **state)
{
    (void)state;
    static const char *const tricky[] = {
        "a",          "a/small.jpg", "a/small.jpg/small.jpg",
        "a/",         "a//",         "a.jpg",
        "a.png",      "A",           "a/small",
        "small",      "/a",          "//a",
        ".a",         "..",          ".",
        "a b",        "a+b",         "a%20b",
        "photos/a",   "photos",      "{key}",
        "a/./b",      "a/b",         "a/../b",
        "\xc3\xa4",   "a\xcc\x88",   "a~",
        "a\x01",      "a?b",         "a#b",
        "small.jpg/", "/small.jpg",  "a/small.jpg/",
        "a\\b",       "a\tb",        "*",
    };
    struct keys k;
    keys_start(&k, NULL);
    struct text out[ARRAY_LEN(tricky) * 2 + 3];
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(tricky); i++) {
        out[n++] = key_of(&k, TEXT("photos"), text_of(tricky[i]));
        out[n++] = key_of(&k, TEXT("photo"), text_of(tricky[i]));
    }
    char longest[EVENT_MAX_KEY_BYTES];
    memset(longest, 'x', sizeof(longest));
    struct text key = {longest, sizeof(longest)};
    out[n++] = key_of(&k, TEXT("photos"), key);
    longest[sizeof(longest) - 1] = 'y';
    out[n++] = key_of(&k, TEXT("photos"), key);
    key.len--;
    out[n++] = key_of(&k, TEXT("photos"), key);
    assert_all_different(out, n);
    keys_stop(&k);
}

/* Somebody who may write to the source bucket must not choose the output of another one's key. */
static void test_output__of_a_key_that_looks_shortened_is_another(void **state)
{
    (void)state;
    struct keys k;
    keys_start(&k, NULL);
    char longest[EVENT_MAX_KEY_BYTES];
    memset(longest, 'x', sizeof(longest));
    struct text first = key_of(&k, TEXT("photos"), (struct text){longest, sizeof(longest)});
    struct text inner = text_slice(first, strlen("photos/"), first.len - strlen("/small.jpg"));
    struct text second = key_of(&k, TEXT("photos"), inner);
    assert_false(text_equal(first, second));
    struct text innermost =
        text_slice(second, strlen("photos/"), second.len - strlen("/small.jpg"));
    assert_false(text_equal(second, key_of(&k, TEXT("photos"), innermost)));
    keys_stop(&k);
}

static void test_output__shortens_long_keys_alike_each_time(void **state)
{
    (void)state;
    struct keys k;
    keys_start(&k, NULL);
    char longest[EVENT_MAX_KEY_BYTES];
    memset(longest, 'k', sizeof(longest));
    struct text key = {longest, sizeof(longest)};
    struct text one = key_of(&k, TEXT("photos"), key), two = key_of(&k, TEXT("photos"), key);
    assert_text_equal(one, two);
    assert_true(one.len <= EVENT_MAX_KEY_BYTES);
    assert_true(text_starts_with(one, TEXT("photos/kkkkkkkk")));
    assert_true(text_ends_with(one, TEXT("/small.jpg")));
    keys_stop(&k);
}

static void test_output__keeps_a_key_whole_that_just_fits(void **state)
{
    (void)state;
    struct keys k;
    keys_start(&k, NULL);
    char bytes[EVENT_MAX_KEY_BYTES];
    memset(bytes, 'k', sizeof(bytes));
    size_t room = EVENT_MAX_KEY_BYTES - strlen("photos//small.jpg");
    assert_int_equal(key_of(&k, TEXT("photos"), (struct text){bytes, room}).len,
                     EVENT_MAX_KEY_BYTES);
    assert_true(key_of(&k, TEXT("photos"), (struct text){bytes, room + 1}).len <
                EVENT_MAX_KEY_BYTES);
    keys_stop(&k);
}

static void test_output__shortens_at_whole_characters(void **state)
{
    (void)state;
    static const char *const characters[] = {"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x93\xb7"};
    struct keys k;
    keys_start(&k, NULL);
    for (size_t c = 0; c < ARRAY_LEN(characters); c++) {
        for (size_t shift = 0; shift < 4; shift++) {
            AUTO_BUFFER struct buffer key;
            buffer_init(&key, EVENT_MAX_KEY_BYTES);
            for (size_t i = 0; i < shift; i++)
                buffer_append_char(&key, '-');
            while (key.len + 4 <= EVENT_MAX_KEY_BYTES)
                buffer_append_string(&key, characters[c]);
            struct text out = key_of(&k, TEXT("photos"), buffer_text(&key));
            assert_true(out.len < EVENT_MAX_KEY_BYTES);
            assert_true(text_is_utf8(out));
        }
    }
    keys_stop(&k);
}

static void test_output__refuses_what_is_no_key(void **state)
{
    (void)state;
    struct keys k;
    keys_start(&k, "{key}");
    const struct function *f = catalog_thumbs(k.catalog);
    struct storage_object object = {.key = TEXT("untouched")};
    struct error err = {0};
    assert_fails(catalog_output(f, TEXT("b"), TEXT("/a"), &f->config->renditions[0],
                                IMAGE_FORMAT_JPEG, &k.arena, &object, &err),
                 &err, ERROR_INVALID);
    assert_text(object.key, "untouched");
    assert_false(err.retryable);
    keys_stop(&k);
}

static void test_output__refuses_an_unknown_placeholder(void **state)
{
    (void)state;
    struct error err =
        catalog_refused(&(struct catalog_parts){.output = "{bucket: b, key: '{key}/{name}'}"});
    assert_int_equal(err.code, ERROR_INVALID);
    assert_contains(err.message, "{rendition}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output__is_bucket_key_and_rendition_by_default),
        cmocka_unit_test(test_output__fills_every_placeholder_in),
        cmocka_unit_test(test_output__takes_the_extension_of_the_format),
        cmocka_unit_test(test_output__never_collides_by_default),
        cmocka_unit_test(test_output__of_a_key_that_looks_shortened_is_another),
        cmocka_unit_test(test_output__shortens_long_keys_alike_each_time),
        cmocka_unit_test(test_output__keeps_a_key_whole_that_just_fits),
        cmocka_unit_test(test_output__shortens_at_whole_characters),
        cmocka_unit_test(test_output__refuses_what_is_no_key),
        cmocka_unit_test(test_output__refuses_an_unknown_placeholder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
