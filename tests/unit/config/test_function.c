/*
 * test_function.c - one function's settings from text that is nobody's file, and renditions as such
 * text again.
 */
#include "support/test.h"

#include "onput/config.h"

static void read_ok(const char *yaml, struct arena *arena, struct config_function *out)
{
    struct error err = {0};

    assert_ok(config_read_function(text_of(yaml), "thumbs", arena, out, &err), &err);
}

static void read_fails(const char *yaml, const char *message)
{
    AUTO_ARENA struct arena arena = {0};
    struct config_function f = {.name = "untouched"};
    struct error err = {0};

    assert_int_equal(config_read_function(text_of(yaml), "thumbs", &arena, &f, &err), -1);
    assert_string_equal(err.message, message);
    assert_string_equal(f.name, "untouched");
}

static void test_config_read_function__reads_what_a_file_could_say(void **state)
{
    AUTO_ARENA struct arena arena = {0};
    struct config_function f = {0};

    (void)state;
    read_ok("{\"builtin\":\"thumbnail\",\"renditions\":[{\"name\":\"small\",\"width\":256,"
            "\"format\":\"webp\"}],\"output\":{\"bucket\":\"thumbs\",\"store\":\"ceph\"},"
            "\"role\":\"painter\",\"timeout\":\"5s\",\"permissions\":[{\"principal\":\"*\"}]}",
            &arena, &f);
    assert_string_equal(f.name, "thumbs");
    assert_string_equal(f.builtin, "thumbnail");
    assert_int_equal(f.rendition_count, 1);
    assert_string_equal(f.renditions[0].name, "small");
    assert_int_equal(f.renditions[0].format, IMAGE_FORMAT_WEBP);
    assert_string_equal(f.output_bucket, "thumbs");
    assert_string_equal(f.output_store, "ceph");
    assert_string_equal(f.output_key, "{bucket}/{key}/{rendition}.{ext}");
    assert_string_equal(f.role, "painter");
    assert_int_equal(f.timeout_ms, 5000);
    assert_int_equal(f.max_attempts, 3);
    assert_string_equal(f.permissions[0].action, "lambda:InvokeFunction");
}

static void test_config_read_function__needs_no_output_for_an_echo(void **state)
{
    AUTO_ARENA struct arena arena = {0};
    struct config_function f = {0};

    (void)state;
    read_ok("builtin: echo", &arena, &f);
    assert_string_equal(f.builtin, "echo");
    assert_null(f.output_bucket);
    assert_null(f.output_key);
}

static void test_config_read_function__does_not_look_into_the_environment(void **state)
{
    AUTO_ARENA struct arena arena = {0};
    struct config_function f = {0};

    (void)state;
    read_ok("{builtin: thumbnail, renditions: [{name: a, width: 1}], output: {bucket: b, "
            "cache_control: \"${HOME}$$\"}}",
            &arena, &f);
    assert_string_equal(f.cache_control, "${HOME}$$");
}

static void test_config_read_function__reads_a_process_of_its_own(void **state)
{
    AUTO_ARENA struct arena arena = {0};
    struct config_function f = {0};

    (void)state;
    read_ok("{command: [./bootstrap, --fast, \"{handler}\"], handler: app.handler, memory: 100MB, "
            "environment: {LEVEL: debug, HOME_OF: \"${HOME} $$\", LINES: \"a\\nb\"}, store: ceph}",
            &arena, &f);
    assert_null(f.builtin);
    assert_null(f.runtime);
    assert_null(f.output_key);
    assert_int_equal(f.command_count, 3);
    assert_string_equal(f.command[0], "./bootstrap");
    assert_string_equal(f.command[2], "{handler}");
    assert_string_equal(f.directory, ".");
    assert_string_equal(f.handler, "app.handler");
    assert_int_equal(f.memory_bytes, 100000000);
    assert_int_equal(f.environment_count, 3);
    assert_string_equal(f.environment[0].name, "LEVEL");
    assert_string_equal(f.environment[0].value, "debug");
    assert_string_equal(f.environment[1].value, "${HOME} $$");
    assert_string_equal(f.environment[2].value, "a\nb");
    assert_string_equal(f.store, "ceph");
    assert_int_equal(f.timeout_ms, 60000);
}

static void test_config_read_function__gives_a_builtin_no_process(void **state)
{
    AUTO_ARENA struct arena arena = {0};
    struct config_function f = {0};

    (void)state;
    read_ok("builtin: echo", &arena, &f);
    assert_null(f.directory);
    assert_int_equal(f.memory_bytes, 0);
    assert_int_equal(f.command_count, 0);
}

static void test_config_read_function__bounds_the_environment(void **state)
{
    AUTO_BUFFER struct buffer yaml = {0};
    AUTO_ARENA struct arena arena = {0};
    struct config_function f = {0};

    (void)state;
    buffer_init(&yaml, 8192);
    /* {"A":"..."} is 4096 bytes */
    buffer_appendf(&yaml, "{command: a, environment: {A: %0*d}}", 4096 - 8, 0);
    read_ok(yaml.data, &arena, &f);
    assert_int_equal(strlen(f.environment[0].value), 4088);
    buffer_reset(&yaml);
    buffer_appendf(&yaml, "{command: a, environment: {A: %0*d}}", 4096 - 7, 0);
    read_fails(yaml.data, "environment: names and values have more than 4096 bytes together");
}

static void test_config_variable_is_reserved__knows_what_onput_sets(void **state)
{
    (void)state;
    assert_true(config_variable_is_reserved(TEXT("AWS_REGION")));
    assert_true(config_variable_is_reserved(TEXT("_HANDLER")));
    assert_false(config_variable_is_reserved(TEXT("AWS_REGIO")));
    assert_false(config_variable_is_reserved(TEXT("PATH")));
    assert_false(config_variable_is_reserved(TEXT("")));
}

static void test_config_read_function__names_the_option_and_no_file(void **state)
{
    (void)state;
    read_fails("", "builtin, command or runtime is missing; hint: builtin: thumbnail, or command: "
                   "[./bootstrap]");
    read_fails("{builtin: thumbs}",
               "builtin: expected thumbnail, echo or context, found \"thumbs\"");
    read_fails("{builtin: echo, timeot: 5s}",
               "unknown option \"timeot\"; hint: did you mean \"timeout\"?");
    read_fails("{builtin: thumbnail, output: {bucket: b}, renditions: [{name: a, width: 1}, "
               "{name: b, width: wide}]}",
               "renditions[1].width: expected a whole number from 1 to 16384, found \"wide\"");
    read_fails("[]", "expected a mapping, found a list");
    read_fails("{builtin: echo", "this is no YAML: while parsing a flow mapping, did not find "
                                 "expected ',' or '}'");
    read_fails("{builtin: echo, builtin: echo}",
               "the key \"builtin\" stands here twice; hint: remove one of the two");
}

static void test_config_read_function__runs_the_checks_of_a_file(void **state)
{
    (void)state;
    read_fails("{builtin: thumbnail, output: {bucket: b}}",
               "renditions are missing; hint: renditions: [{name: small, width: 256}]");
    read_fails("{builtin: thumbnail, renditions: [{name: a, width: 1}]}",
               "output: bucket is missing; it is needed: bucket for the results");
    read_fails("{builtin: thumbnail, renditions: [{name: a, width: 1}], output: {bucket: b, "
               "key: same}}",
               "output.key: \"same\" gives every picture the same key; hint: put {key} into it");
    read_fails("{builtin: thumbnail, renditions: [{name: a, fit: cover, width: 1}], "
               "output: {bucket: b}}",
               "renditions[0].fit: cover needs width and height, and height is missing");
    read_fails("{builtin: echo, renditions: [{name: a, width: 1}]}",
               "renditions are of no use, because builtin is \"echo\"");
    read_fails("{builtin: echo, backoff: 2h, backoff_cap: 1h}",
               "backoff: expected a time from 1ms to 1h, found \"2h\"; hint: write 500ms, 30s, 5m, "
               "2h or 7d");
    read_fails("{builtin: echo, backoff: 2m, backoff_cap: 1m}",
               "backoff_cap: backoff is longer than backoff_cap");
}

static void written(const struct config_function *f, struct buffer *out)
{
    buffer_init(out, 65536);
    config_write_renditions(f, out);
    assert_false(buffer_failed(out));
}

static void test_config_write_renditions__leaves_defaults_out(void **state)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer out = {0};
    struct config_function f = {0};

    (void)state;
    read_ok("{builtin: thumbnail, output: {bucket: b}, renditions: [{name: a, width: 256, fit: "
            "inside, format: jpeg, background: \"#FFFFFF\"}, {name: b, height: 1, width: 2, fit: "
            "cover, gravity: north, format: avif, quality: 7, enlarge: true, keep: [copyright, "
            "icc], background: \"#00ff7f\"}]}",
            &arena, &f);
    written(&f, &out);
    assert_string_equal(
        out.data,
        "[{\"name\":\"a\",\"width\":256},{\"name\":\"b\",\"width\":2,\"height\":1,\"fit\":"
        "\"cover\",\"gravity\":\"north\",\"format\":\"avif\",\"quality\":7,\"enlarge\":true,"
        "\"keep\":[\"icc\",\"copyright\"],\"background\":\"#00ff7f\"}]");
}

static void test_config_write_renditions__writes_what_reads_the_same(void **state)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer first = {0};
    AUTO_BUFFER struct buffer second = {0};
    AUTO_BUFFER struct buffer text = {0};
    struct config_function f = {0};
    struct config_function again = {0};

    (void)state;
    read_ok("{builtin: thumbnail, output: {bucket: b}, renditions: [{name: a, width: 256, keep: "
            "icc, background: \"#000001\"}, {name: s, height: 3, format: source}]}",
            &arena, &f);
    written(&f, &first);
    buffer_init(&text, 65536);
    buffer_appendf(&text, "{builtin: thumbnail, output: {bucket: b}, renditions: %s}", first.data);
    read_ok(text.data, &arena, &again);
    written(&again, &second);
    assert_string_equal(second.data, first.data);
    assert_int_equal(again.renditions[0].background, 1);
    assert_int_equal(again.renditions[0].keep, RENDITION_KEEP_ICC);
    assert_int_equal(again.renditions[1].format, IMAGE_FORMAT_SOURCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_read_function__reads_what_a_file_could_say),
        cmocka_unit_test(test_config_read_function__needs_no_output_for_an_echo),
        cmocka_unit_test(test_config_read_function__does_not_look_into_the_environment),
        cmocka_unit_test(test_config_read_function__reads_a_process_of_its_own),
        cmocka_unit_test(test_config_read_function__gives_a_builtin_no_process),
        cmocka_unit_test(test_config_read_function__bounds_the_environment),
        cmocka_unit_test(test_config_variable_is_reserved__knows_what_onput_sets),
        cmocka_unit_test(test_config_read_function__names_the_option_and_no_file),
        cmocka_unit_test(test_config_read_function__runs_the_checks_of_a_file),
        cmocka_unit_test(test_config_write_renditions__leaves_defaults_out),
        cmocka_unit_test(test_config_write_renditions__writes_what_reads_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
