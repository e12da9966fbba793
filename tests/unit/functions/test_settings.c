/*
 * From what the API knows of a function to its settings, and from the configuration's declaration
 * there and back.
 */
#include "registry_fixture.h"

#include "onput/json.h"
#include "onput/log.h"

static int setup(void **state)
{
    struct registry_fixture *f = xcalloc(1, sizeof(*f));
    registry_fixture_init(f, 1);
    registry_fixture_open(
        f,
        &(struct catalog_parts){
            .store = ", webhook_auth: none, notifications: [{bucket: photos, function: thumbs}]"});
    *state = f;
    return 0;
}

/* A row of the thumbnail function; `variables` is the inside of the JSON object. */
static char *thumbnail_row(const char *variables, const char *timeout)
{
    return xasprintf("{\"Runtime\":\"onput.builtin\",\"Handler\":\"thumbnail\",\"Role\":\"" ROLE
                     "\",\"Timeout\":%s,\"Environment\":{\"Variables\":{%s}}}",
                     timeout, variables);
}

#define RENDITIONS "\"RENDITIONS\":\"[{\\\"name\\\":\\\"s\\\",\\\"width\\\":9}]\""

static void refused(struct registry_fixture *f, const char *variables, const char *words)
{
    AUTO_FREE char *row = thumbnail_row(variables, "3");
    EDIT_FAILS(f, "new", ERROR_INVALID, words, {ROW_FUNCTION, "$LATEST", row});
    assert_false(registry_fixture_has(f, "new"));
}

static void test_settings__come_from_environment_variables(void **state)
{
    struct registry_fixture *f = *state;
    AUTO_FREE char *row = thumbnail_row(
        "\"OUTPUT_BUCKET\":\"out\",\"OUTPUT_STORE\":\"minio\",\"OUTPUT_KEY\":\"t/{key}-{rendition}."
        "{ext}\",\"OUTPUT_CACHE_CONTROL\":\"max-age=9\",\"MINE\":\"ignored\",\"RENDITIONS\":"
        "\"[{\\\"name\\\":\\\"s\\\",\\\"width\\\":9},{\\\"name\\\":\\\"l\\\",\\\"height\\\":200,"
        "\\\"format\\\":\\\"webp\\\"}]\"",
        "11");
    EDIT(f, "new", {ROW_FUNCTION, "$LATEST", row});
    struct catalog *c = catalog_holder_get(registry_catalogs(f->registry));
    const struct config_function *s = catalog_function(c, TEXT("new"))->config;
    assert_string_equal(s->name, "new");
    assert_string_equal(s->builtin, "thumbnail");
    assert_string_equal(s->output_bucket, "out");
    assert_string_equal(s->output_store, "minio");
    assert_string_equal(s->output_key, "t/{key}-{rendition}.{ext}");
    assert_string_equal(s->cache_control, "max-age=9");
    assert_int_equal(s->rendition_count, 2);
    assert_string_equal(s->renditions[1].name, "l");
    assert_int_equal(s->renditions[1].height, 200);
    assert_int_equal(s->renditions[1].format, IMAGE_FORMAT_WEBP);
    assert_int_equal(s->timeout_ms, 11000);
    assert_int_equal(s->max_attempts, 3); /* the configuration's defaults */
    assert_int_equal(s->backoff_ms, 1000);
    catalog_unref(c);
}

static void test_settings__say_what_is_wrong(void **state)
{
    struct registry_fixture *f = *state;
    refused(f, RENDITIONS, "OUTPUT_BUCKET");
    refused(f, "\"OUTPUT_BUCKET\":\"\"," RENDITIONS, "OUTPUT_BUCKET");
    refused(f, "\"OUTPUT_BUCKET\":\"out\"", "RENDITIONS");
    refused(f, "\"OUTPUT_BUCKET\":\"out\",\"RENDITIONS\":\"[{\"", "RENDITIONS: malformed JSON");
    refused(f, "\"OUTPUT_BUCKET\":\"out\",\"RENDITIONS\":\"{}\"", "RENDITIONS: an object");
    refused(f, "\"OUTPUT_BUCKET\":\"out\",\"RENDITIONS\":\"[]\"", "renditions");
    refused(f, "\"OUTPUT_BUCKET\":\"out\",\"RENDITIONS\":\"[{\\\"name\\\":\\\"s\\\"}]\"",
            "renditions[0]");
    refused(f, "\"OUTPUT_BUCKET\":\"out\",\"RENDITIONS\":\"[{\\\"nam\\\":\\\"s\\\"}]\"", "nam");
    refused(f, "\"OUTPUT_BUCKET\":\"out\",\"OUTPUT_STORE\":\"nowhere\"," RENDITIONS, "nowhere");
    refused(f, "\"OUTPUT_BUCKET\":\"out\",\"OUTPUT_KEY\":\"{word}\"," RENDITIONS, "output.key");
    refused(f, "\"OUTPUT_BUCKET\":7," RENDITIONS, "OUTPUT_BUCKET");
    refused(f, "\"OUTPUT_BUCKET\":\"a\\u0000b\"," RENDITIONS, "");
}

static void test_settings__do_not_read_the_daemons_environment(void **state)
{
    struct registry_fixture *f = *state;
    AUTO_FREE char *row = thumbnail_row("\"OUTPUT_BUCKET\":\"out\",\"OUTPUT_CACHE_CONTROL\":"
                                        "\"${HOME} ${X:-y} $$\"," RENDITIONS,
                                        "3");
    EDIT(f, "new", {ROW_FUNCTION, "$LATEST", row});
    struct catalog *c = catalog_holder_get(registry_catalogs(f->registry));
    assert_string_equal(catalog_function(c, TEXT("new"))->config->cache_control,
                        "${HOME} ${X:-y} $$");
    catalog_unref(c);
}

static void test_settings__cannot_leave_their_place(void **state)
{
    struct registry_fixture *f = *state;
    AUTO_FREE char *row =
        thumbnail_row("\"OUTPUT_BUCKET\":\"out\",\"OUTPUT_CACHE_CONTROL\":"
                      "\"a\\\"},\\\"role\\\":\\\"root\\\",\\\"x\\\":{\\\"\"," RENDITIONS,
                      "3");
    EDIT(f, "new", {ROW_FUNCTION, "$LATEST", row});
    struct catalog *c = catalog_holder_get(registry_catalogs(f->registry));
    assert_string_equal(catalog_function(c, TEXT("new"))->config->cache_control,
                        "a\"},\"role\":\"root\",\"x\":{\"");
    catalog_unref(c);
    EDIT(f, "new", {ROW_KIND_COUNT, "", NULL});
    refused(f,
            "\"OUTPUT_BUCKET\":\"out\",\"RENDITIONS\":\"[{\\\"name\\\":\\\"s\\\",\\\"width\\\":"
            "9}],\\\"role\\\":[\\\"x\\\"]\"",
            "RENDITIONS");
}

static void test_settings__bound_the_timeout(void **state)
{
    struct registry_fixture *f = *state;
    static const char *const wrong[] = {"0", "901", "-1", "\"3\"", "null", "1.5"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        AUTO_FREE char *row = thumbnail_row("\"OUTPUT_BUCKET\":\"out\"," RENDITIONS, wrong[i]);
        EDIT_FAILS(f, "new", ERROR_INVALID, "Timeout", {ROW_FUNCTION, "$LATEST", row});
    }
}

static void test_settings__cannot_make_a_loop(void **state)
{
    struct registry_fixture *f = *state;
    AUTO_FREE char *into = thumbnail_row("\"OUTPUT_BUCKET\":\"photos\"," RENDITIONS, "3");
    EDIT_FAILS(f, "thumbs", ERROR_INVALID, "endless loop", {ROW_FUNCTION, "$LATEST", into});
    EDIT(f, "new", {ROW_FUNCTION, "$LATEST", into}); /* which no notification names */
}

/* ---- declarations ---- */

static void test_declaration__comes_back_as_it_was(void **state)
{
    struct registry_fixture *f = *state;
    struct catalog_parts parts = {
        .renditions = "[{name: small, width: 100}, {name: wide, width: 800, height: 200, fit: "
                      "cover, gravity: attention, format: avif, quality: 33, enlarge: true, keep: "
                      "[icc, copyright], background: '#102030'}]",
        .output = "{bucket: out, store: minio, key: '{key}/$${rendition}.{ext}', cache_control: "
                  "'a \"b\"'}",
        .function = ", timeout: 2500ms, max_attempts: 7, backoff: 2s, backoff_cap: 9s, "
                    "concurrency: 5"};
    registry_fixture_open(f, &parts);
    struct catalog *c = catalog_holder_get(registry_catalogs(f->registry));
    const struct config_function *made = catalog_thumbs(c)->config;
    const struct config_function *declared = &catalog_config(c)->functions[0];
    assert_ptr_not_equal(made, declared);
    assert_string_equal(made->output_bucket, declared->output_bucket);
    assert_string_equal(made->output_store, declared->output_store);
    assert_string_equal(made->output_key, "{key}/${rendition}.{ext}");
    assert_string_equal(made->cache_control, declared->cache_control);
    assert_int_equal(made->timeout_ms, 2500);
    assert_int_equal(made->max_attempts, 7);
    assert_int_equal(made->backoff_ms, 2000);
    assert_int_equal(made->backoff_cap_ms, 9000);
    assert_int_equal(made->concurrency, 5);
    assert_int_equal(function_slot_limit(catalog_thumbs(c)), 5);
    assert_int_equal(made->rendition_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct rendition *a = &made->renditions[i], *b = &declared->renditions[i];
        assert_string_equal(a->name, b->name);
        assert_int_equal(a->width, b->width);
        assert_int_equal(a->height, b->height);
        assert_int_equal(a->fit, b->fit);
        assert_int_equal(a->gravity, b->gravity);
        assert_int_equal(a->format, b->format);
        assert_int_equal(a->quality, b->quality);
        assert_int_equal(a->enlarge, b->enlarge);
        assert_int_equal(a->keep, b->keep);
        assert_int_equal(a->background, b->background);
    }
    catalog_unref(c);
}

static void test_declaration__keeps_its_exact_timeout_while_the_seconds_agree(void **state)
{
    struct registry_fixture *f = *state;
    registry_fixture_open(f, &(struct catalog_parts){.function = ", timeout: 2500ms"});
    AUTO_FREE char *same = thumbnail_row("\"OUTPUT_BUCKET\":\"out\"," RENDITIONS, "3");
    AUTO_FREE char *other = thumbnail_row("\"OUTPUT_BUCKET\":\"out\"," RENDITIONS, "4");
    EDIT(f, "thumbs", {ROW_FUNCTION, "$LATEST", same}, {ROW_FUNCTION, "1", other});
    struct catalog *c = catalog_holder_get(registry_catalogs(f->registry));
    assert_int_equal(catalog_thumbs(c)->config->timeout_ms, 2500);
    assert_int_equal(catalog_resolve(c, TEXT("thumbs:1"), 0)->config->timeout_ms, 4000);
    catalog_unref(c);
}

static void test_declaration__is_shown_like_any_function(void **state)
{
    struct registry_fixture *f = *state;
    struct error err = {0};
    AUTO_JSON struct json_object *row = NULL;
    registry_fixture_open(
        f, &(struct catalog_parts){.store = ", webhook_auth: none, region: eu-west-1, account: "
                                            "'111122223333'"});
    AUTO_FREE char *json = registry_fixture_row(f, "thumbs", ROW_FUNCTION, "$LATEST");
    assert_ok(json_parse(text_of(json), &row, &err), &err);
    static const struct {
        const char *path, *value;
    } expected[] = {
        {"FunctionName", "thumbs"},
        {"FunctionArn", "arn:aws:lambda:eu-west-1:111122223333:function:thumbs"},
        {"Runtime", "onput.builtin"},
        {"Handler", "thumbnail"},
        {"Role", "arn:aws:iam::111122223333:role/onput-implied"},
        {"Version", "$LATEST"},
        {"State", "Active"},
        {"LastUpdateStatus", "Successful"},
        {"Environment.Variables.OUTPUT_BUCKET", "thumbnails"},
        {"Environment.Variables.OUTPUT_KEY", "{bucket}/{key}/{rendition}.{ext}"},
        {"Environment.Variables.RENDITIONS", "[{\"name\":\"small\",\"width\":100}]"},
        {"LoggingConfig.LogGroup", "/aws/lambda/thumbs"},
    };
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        assert_text(json_text(json_at(row, expected[i].path)), expected[i].value);
    assert_int_equal(json_object_get_int(json_at(row, "Timeout")), 60);
    assert_true(json_object_get_boolean(json_at(row, "_Declared")));
    assert_null(json_at(row, "Environment.Variables.OUTPUT_STORE"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, registry_fixture_teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_COUNT, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        T(test_settings__come_from_environment_variables),
        T(test_settings__say_what_is_wrong),
        T(test_settings__do_not_read_the_daemons_environment),
        T(test_settings__cannot_leave_their_place),
        T(test_settings__bound_the_timeout),
        T(test_settings__cannot_make_a_loop),
        T(test_declaration__comes_back_as_it_was),
        T(test_declaration__keeps_its_exact_timeout_while_the_seconds_agree),
        T(test_declaration__is_shown_like_any_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
