/*
 * A function must not be able to trigger itself.
 */
#include "catalog_fixture.h"

static struct catalog_parts parts_of(char **store, const char *notification, const char *output)
{
    free(*store);
    *store =
        xasprintf(", webhook_auth: none, notifications: [{function: thumbs, %s}]", notification);
    return (struct catalog_parts){.store = *store, .output = output};
}

static void refused(const char *notification, const char *output)
{
    char *store = NULL;
    struct catalog_parts parts = parts_of(&store, notification, output);
    struct error err = catalog_refused(&parts);
    assert_int_equal(err.code, ERROR_INVALID);
    assert_contains(err.message, "endless loop");
    free(store);
}

static void accepted(const char *notification, const char *output)
{
    char *store = NULL;
    struct catalog_parts parts = parts_of(&store, notification, output);
    catalog_unref(catalog_of(&parts));
    free(store);
}

static void test_loop_guard__refuses_the_same_bucket(void **state)
{
    (void)state;
    refused("bucket: photos", "{bucket: photos}");
    accepted("bucket: photos", "{bucket: thumbnails}");
}

static void test_loop_guard__refuses_a_bucket_pattern_that_covers_the_output(void **state)
{
    (void)state;
    refused("bucket: '*'", "{bucket: thumbnails}");
    refused("bucket: 'photos*'", "{bucket: photos-small}");
    accepted("bucket: 'photos-*'", "{bucket: photos}");
}

static void test_loop_guard__accepts_an_output_beside_the_prefix(void **state)
{
    (void)state;
    accepted("bucket: photos, prefix: in/", "{bucket: photos, key: 'out/{key}/{rendition}.{ext}'}");
    refused("bucket: photos, prefix: in/", "{bucket: photos, key: 'in/{key}/{rendition}.{ext}'}");
    refused("bucket: photos, prefix: in/", "{bucket: photos, key: 'in/out/{key}.{ext}'}");
    refused("bucket: photos, prefix: in/deep/", "{bucket: photos, key: 'in/{key}.{ext}'}");
    refused("bucket: photos, prefix: in/", "{bucket: photos, key: '{key}/{rendition}.{ext}'}");
    refused("bucket: photos, prefix: sm", "{bucket: photos, key: '{rendition}/{key}.{ext}'}");
    accepted("bucket: photos, prefix: in/", "{bucket: photos, key: '{rendition}/{key}.{ext}'}");
}

static void test_loop_guard__accepts_an_output_beside_the_suffix(void **state)
{
    (void)state;
    accepted("bucket: photos, suffix: .png", "{bucket: photos}");
    refused("bucket: photos, suffix: .jpg", "{bucket: photos}");
    refused("bucket: photos, suffix: x.jpg", "{bucket: photos, key: '{rendition}-{key}.{ext}'}");
    accepted("bucket: photos, suffix: .jpg", "{bucket: photos, key: '{key}.{ext}.thumbnail'}");
}

static void test_loop_guard__expects_any_extension_of_the_source_format(void **state)
{
    (void)state;
    char *store = NULL;
    struct catalog_parts parts =
        parts_of(&store, "bucket: photos, suffix: .png", "{bucket: photos}");
    parts.renditions = "[{name: small, width: 100, format: source}]";
    assert_contains(catalog_refused(&parts).message, "endless loop");
    parts.output = "{bucket: photos, key: '{key}.{ext}.thumbnail'}";
    catalog_unref(catalog_of(&parts));
    free(store);
}

static void test_loop_guard__looks_at_every_rendition(void **state)
{
    (void)state;
    char *store = NULL;
    struct catalog_parts parts =
        parts_of(&store, "bucket: photos, suffix: .png", "{bucket: photos}");
    parts.renditions = "[{name: a, width: 10}, {name: b, width: 20, format: png}]";
    assert_contains(catalog_refused(&parts).message, "endless loop");
    free(store);
}

static void test_loop_guard__accepts_the_bucket_of_another_store(void **state)
{
    (void)state;
    char *store = NULL;
    struct catalog_parts parts =
        parts_of(&store, "bucket: photos", "{bucket: photos, store: archive}");
    parts.stores = "  archive: {endpoint: 'http://127.0.0.1:10', webhook_auth: none}\n";
    catalog_unref(catalog_of(&parts));
    parts.output = "{bucket: photos, store: minio}";
    assert_contains(catalog_refused(&parts).message, "endless loop");
    free(store);
}

static void test_loop_guard__leaves_other_functions_alone(void **state)
{
    (void)state;
    struct catalog_parts parts = {
        .store = ", webhook_auth: none, notifications: [{bucket: photos, function: other}]",
        .output = "{bucket: photos}"};
    parts.functions = "  other: {builtin: thumbnail, renditions: [{name: s, width: 9}], output: "
                      "{bucket: elsewhere}}\n";
    catalog_unref(catalog_of(&parts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_guard__refuses_the_same_bucket),
        cmocka_unit_test(test_loop_guard__refuses_a_bucket_pattern_that_covers_the_output),
        cmocka_unit_test(test_loop_guard__accepts_an_output_beside_the_prefix),
        cmocka_unit_test(test_loop_guard__accepts_an_output_beside_the_suffix),
        cmocka_unit_test(test_loop_guard__expects_any_extension_of_the_source_format),
        cmocka_unit_test(test_loop_guard__looks_at_every_rendition),
        cmocka_unit_test(test_loop_guard__accepts_the_bucket_of_another_store),
        cmocka_unit_test(test_loop_guard__leaves_other_functions_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
