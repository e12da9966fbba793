/*
 * test_config.c - what loading puts into struct config, limits that need no fixture, and the two
 * forms of the table. Messages and printing are tested by test_golden.c.
 */
#include "support/test.h"

#include <sys/stat.h>

#include "onput/config.h"

static const struct config_source nothing;

static struct config *load_fixture(const char *name)
{
    AUTO_FREE char *path = test_fixture(name);
    const char *const environment[] = {"ONPUT_WEBHOOK_TOKEN=a-token-for-the-webhook",
                                       "AWS_ACCESS_KEY_ID=minio",
                                       "AWS_SECRET_ACCESS_KEY=minio-secret", NULL};
    struct config_source source = {.path = path, .environment = environment};
    struct config *config = NULL;
    struct error err = {0};

    assert_ok(config_load(&source, &config, &err), &err);
    assert_int_equal(err.code, ERROR_NONE);
    assert_string_equal(config->path, path);
    return config;
}

static void test_config_load__fills_in_defaults(void **state)
{
    struct config *c = NULL;
    struct error err = {0};

    (void)state;
    assert_ok(config_load(&nothing, &c, &err), &err);
    assert_null(c->path);
    assert_string_equal(c->listen_address, "127.0.0.1");
    assert_int_equal(c->listen_port, 8080);
    assert_int_equal(c->listen_connections, 1000);
    assert_int_equal(c->listen_threads, 2);
    assert_string_equal(c->admin_address, "127.0.0.1");
    assert_int_equal(c->admin_port, 8081);
    assert_null(c->admin_token);
    assert_string_equal(c->state_dir, "./onput-state");
    assert_int_equal(c->queue_max_rows, 1000000);
    assert_int_equal(c->queue_dedupe_window_ms, 15 * 60 * 1000);
    assert_int_equal(c->queue_min_free_bytes, 256 * 1024 * 1024);
    assert_int_equal(c->log_level, LOG_LEVEL_INFO);
    assert_int_equal(c->log_format, LOG_FORMAT_AUTO);
    assert_null(c->worker_program);
    assert_int_equal(c->worker_timeout_ms, 60000);
    assert_int_equal(c->worker_memory_bytes, INT64_C(2) << 30);
    assert_int_equal(c->drain_timeout_ms, 30000);
    assert_int_equal(c->limit_body_bytes, 1024 * 1024);
    assert_int_equal(c->limit_object_bytes, 64 * 1024 * 1024);
    assert_int_equal(c->limit_pixels, 100000000);
    assert_int_equal(c->limit_edge, 65535);
    assert_int_equal(c->limit_frames, 1000);
    assert_int_equal(c->limit_scans, 64);
    assert_int_equal(c->limit_output_bytes, 64 * 1024 * 1024);
    assert_int_equal(c->store_count, 0);
    assert_int_equal(c->function_count, 0);
    config_free(c);
}

static void test_config_load__has_the_limits_of_the_worker_as_defaults(void **state)
{
    struct image_limits limits = image_limits_default();
    struct config *c = NULL;
    struct error err = {0};

    (void)state;
    assert_ok(config_load(&nothing, &c, &err), &err);
    assert_int_equal(c->limit_pixels, limits.max_pixels);
    assert_int_equal(c->limit_edge, limits.max_edge);
    assert_int_equal(c->limit_frames, limits.max_frames);
    assert_int_equal(c->limit_scans, limits.max_scans);
    assert_int_equal(c->limit_output_bytes, limits.max_output_bytes);
    config_free(c);
}

static void test_config_load__makes_the_most_of_the_smallest_file(void **state)
{
    struct config *c = load_fixture("config/accept_smallest/onput.yaml");
    const struct config_store *store = c->stores;
    const struct config_function *function = c->functions;

    (void)state;
    assert_int_equal(c->store_count, 1);
    assert_string_equal(store->name, "minio");
    assert_string_equal(store->region, "us-east-1");
    assert_string_equal(store->account, "000000000000");
    assert_string_equal(store->access_key, "minio");
    assert_string_equal(store->secret_key, "minio-secret");
    assert_int_equal(store->webhook_auth, CONFIG_AUTH_TOKEN);
    assert_int_equal(store->webhook_token_count, 1);
    assert_string_equal(store->webhook_tokens[0], "a-token-for-the-webhook");
    assert_int_equal(store->on_denied, CONFIG_DENIED_HOLD);
    assert_int_equal(store->notification_count, 1);
    assert_int_equal(store->notifications[0].event_count, 1);
    assert_string_equal(store->notifications[0].events[0], "s3:ObjectCreated:*");
    assert_string_equal(store->notifications[0].prefix, "");
    assert_string_equal(store->notifications[0].suffix, "");
    assert_string_equal(function->output_key, "{bucket}/{key}/{rendition}.{ext}");
    assert_null(function->output_store);
    assert_null(function->role);
    assert_int_equal(function->timeout_ms, 60000);
    assert_int_equal(function->max_attempts, 3);
    assert_int_equal(function->backoff_ms, 1000);
    assert_int_equal(function->backoff_cap_ms, 300000);
    assert_int_equal(function->renditions[0].height, 0);
    assert_int_equal(function->renditions[0].format, IMAGE_FORMAT_JPEG);
    assert_int_equal(function->renditions[0].quality, 0);
    assert_int_equal(function->renditions[0].background, 0xffffff);
    assert_string_equal(function->permissions[0].principal, "s3.amazonaws.com");
    assert_string_equal(function->permissions[0].action, "lambda:InvokeFunction");
    config_free(c);
}

static void check_rendition(const struct rendition *actual, const struct rendition *expected)
{
    assert_string_equal(actual->name, expected->name);
    assert_int_equal(actual->width, expected->width);
    assert_int_equal(actual->height, expected->height);
    assert_int_equal(actual->fit, expected->fit);
    assert_int_equal(actual->gravity, expected->gravity);
    assert_int_equal(actual->format, expected->format);
    assert_int_equal(actual->quality, expected->quality);
    assert_int_equal(actual->enlarge, expected->enlarge);
    assert_int_equal(actual->keep, expected->keep);
    assert_int_equal(actual->background, expected->background);
}

static void test_config_load__reads_renditions(void **state)
{
    const struct rendition expected[] = {
        {.name = "small",
         .width = 256,
         .height = 256,
         .format = IMAGE_FORMAT_WEBP,
         .quality = 80,
         .background = 0xffffff},
        {.name = "large",
         .width = 1600,
         .gravity = RENDITION_GRAVITY_ATTENTION,
         .format = IMAGE_FORMAT_JPEG,
         .enlarge = true,
         .keep = RENDITION_KEEP_ICC | RENDITION_KEEP_COPYRIGHT,
         .background = 0x00ff7f},
        {.name = "square",
         .width = 64,
         .height = 64,
         .fit = RENDITION_FIT_COVER,
         .format = IMAGE_FORMAT_AVIF,
         .keep = RENDITION_KEEP_ICC,
         .background = 0xffffff},
        {.name = "stretched",
         .width = 16384,
         .height = 1,
         .fit = RENDITION_FIT_FILL,
         .format = IMAGE_FORMAT_PNG,
         .background = 0xffffff},
        {.name = "same", .height = 300, .format = IMAGE_FORMAT_SOURCE, .background = 0xffffff},
    };
    struct config *c = load_fixture("config/accept_everything/onput.yaml");

    (void)state;
    assert_int_equal(c->functions[0].rendition_count, ARRAY_LEN(expected));
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        check_rendition(&c->functions[0].renditions[i], &expected[i]);
    config_free(c);
}

static void test_config_load__reads_stores_roles_and_policies(void **state)
{
    struct config *c = load_fixture("config/accept_everything/onput.yaml");
    const struct config_store *minio = &c->stores[0];
    const struct config_permission *permissions = c->functions[0].permissions;

    (void)state;
    assert_int_equal(c->listen_port, 9080);
    assert_string_equal(c->admin_address, "::1");
    assert_int_equal(c->log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(c->log_format, LOG_FORMAT_JSON);
    assert_int_equal(c->drain_timeout_ms, 1500);
    assert_int_equal(c->limit_object_bytes, 100000000);
    assert_int_equal(c->store_count, 2);
    assert_string_equal(minio->account, "000000000042");
    assert_string_equal(minio->addressing, "path");
    assert_int_equal(minio->webhook_token_count, 2);
    assert_string_equal(minio->webhook_tokens[1], "a-second-token");
    assert_int_equal(minio->on_denied, CONFIG_DENIED_REJECT);
    assert_true(minio->sts);
    assert_int_equal(minio->notification_count, 2);
    assert_string_equal(minio->notifications[0].events[1], "s3:ObjectRemoved:Delete");
    assert_string_equal(minio->notifications[1].events[0], "ObjectCreated:Put");
    assert_int_equal(c->stores[1].webhook_auth, CONFIG_AUTH_SECRET);
    assert_string_equal(c->stores[1].webhook_secret, "a-secret_in~the.path");
    assert_string_equal(c->functions[0].output_store, "ceph");
    assert_null(permissions[0].statement_json);
    assert_string_equal(permissions[0].source_account, "000000000042");
    assert_string_equal(
        permissions[2].statement_json,
        "{\"Sid\":\"whole\",\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},"
        "\"Action\":\"lambda:InvokeFunction\",\"Resource\":\"*\",\"Condition\":{\"ArnLike\":"
        "{\"aws:SourceArn\":\"arn:aws:s3:::scans\"},\"StringEquals\":{\"aws:SourceAccount\":"
        "\"000000000042\"},\"Bool\":{\"aws:SecureTransport\":\"true\"}}}");
    assert_string_equal(c->roles[0].name, "thumbs");
    assert_contains(c->roles[0].policy_json, "\"arn:aws:s3:::thumbnails/${aws:username}/*\"");
    assert_string_equal(c->roles[0].role_arn, "arn:aws:iam::000000000042:role/thumbs");
    config_free(c);
}

static void test_config_load__says_which_file_is_not_there(void **state)
{
    const struct config_source source = {.path = "/nowhere/onput.yaml"};
    struct config *c = NULL;
    struct error err = {0};

    (void)state;
    assert_fails(config_load(&source, &c, &err), &err, ERROR_NOT_FOUND);
    assert_contains(err.message, "/nowhere/onput.yaml");
    assert_null(c);
}

static void test_config_load__refuses_a_folder(void **state)
{
    const struct config_source source = {.path = "/"};
    struct config *c = NULL;
    struct error err = {0};

    (void)state;
    assert_fails(config_load(&source, &c, &err), &err, ERROR_IO);
    assert_null(c);
}

/* `len` bytes of a file that is one comment. */
static char *large_comment(size_t len)
{
    char *content = xmalloc(len + 1);

    memset(content, '#', len);
    content[len] = '\0';
    return content;
}

static void test_config_load__refuses_a_file_beyond_one_mebibyte(void **state)
{
    AUTO_FREE char *path = test_path(*state, "onput.yaml");
    AUTO_FREE char *content = large_comment(2 * CONFIG_MAX_FILE_BYTES);
    const struct config_source source = {.path = path};
    struct config *c = NULL;
    struct error err = {0};

    test_write_file(path, text_of(content));
    assert_fails(config_load(&source, &c, &err), &err, ERROR_LIMIT);
    assert_contains(err.message, path);
    assert_contains(err.message, "1048576");
    assert_fails(config_load_text(text_of(content), "onput.yaml", &nothing, &c, &err), &err,
                 ERROR_LIMIT);
    assert_string_equal(err.message, "onput.yaml: the file is larger than 1048576 bytes");
    assert_null(c);
}

static void test_config_load__takes_a_file_of_one_mebibyte(void **state)
{
    AUTO_FREE char *content = large_comment(CONFIG_MAX_FILE_BYTES);
    AUTO_FREE char *path = test_path(*state, "onput.yaml");
    const struct config_source source = {.path = path};
    struct config *c = NULL;
    struct error err = {0};

    test_write_file(path, text_of(content));
    assert_ok(config_load(&source, &c, &err), &err);
    config_free(c);
}

static void test_config_load__does_not_wait_for_a_pipe(void **state)
{
    AUTO_FREE char *pipe_path = test_path(*state, "pipe");
    AUTO_FREE char *yaml = xasprintf("admin: {token_file: \"%s\"}\n", pipe_path);
    struct config *c = NULL;
    struct error err = {0};

    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_fails(config_load_text(text_of(yaml), "onput.yaml", &nothing, &c, &err), &err,
                 ERROR_INVALID);
    assert_contains(err.message, "is not a regular file");
}

static void test_config_load__refuses_a_secret_that_everybody_may_write(void **state)
{
    AUTO_FREE char *path = test_path(*state, "token");
    AUTO_FREE char *yaml = xasprintf("admin: {token_file: \"%s\"}\n", path);
    struct config *c = NULL;
    struct error err = {0};

    test_write_file(path, TEXT("a-long-token"));
    assert_int_equal(chmod(path, 0646), 0);
    assert_fails(config_load_text(text_of(yaml), "onput.yaml", &nothing, &c, &err), &err,
                 ERROR_INVALID);
    assert_contains(err.message, "may be written by everybody");
    assert_int_equal(chmod(path, 0444), 0);
    assert_ok(config_load_text(text_of(yaml), "onput.yaml", &nothing, &c, &err), &err);
    assert_string_equal(c->admin_token, "a-long-token");
    config_free(c);
}

/* 64 KiB put in 17 times is more than a file may hold. */
static void test_config_load__bounds_what_variables_put_in(void **state)
{
    AUTO_FREE char *value = large_comment(64 * 1024);
    AUTO_FREE char *variable = xasprintf("BIG=%s", value);
    const char *const environment[] = {variable, NULL};
    const struct config_source source = {.environment = environment};
    struct config *c = NULL;
    struct error err = {0};
    AUTO_BUFFER struct buffer yaml = {0};

    (void)state;
    buffer_init(&yaml, 4096);
    buffer_append_string(&yaml, "roles: {r: {policy: {Version: [");
    for (int i = 0; i < 17; i++)
        buffer_append_string(&yaml, "\"${BIG}\",");
    buffer_append_string(&yaml, "]}}}\n");
    assert_fails(config_load_text(buffer_text(&yaml), "onput.yaml", &source, &c, &err), &err,
                 ERROR_LIMIT);
    assert_contains(err.message, "all variables together put in more than 1048576 bytes");
}

static void test_config_load_text__leaves_no_name_out(void **state)
{
    struct config *c = NULL;
    struct error err = {0};

    (void)state;
    assert_fails(config_load_text(TEXT("log: 1\n"), "from memory", &nothing, &c, &err), &err,
                 ERROR_INVALID);
    assert_string_equal(err.message,
                        "from memory:1:6: log: expected a mapping, found a single value");
}

static void test_config_free__takes_null(void **state)
{
    (void)state;
    config_free(NULL);
}

static void test_config_print__hides_every_secret(void **state)
{
    static const char *const secrets[] = {
        "an-admin-token",       "the-access-key", "the-secret-key",
        "the-session-token",    "a-first-token",  "a-second-token",
        "a-secret_in~the.path", "role-key",       "role-secret"};
    struct config *c = load_fixture("config/accept_everything/onput.yaml");
    AUTO_BUFFER struct buffer out = {0};

    (void)state;
    buffer_init(&out, 65536);
    config_print(c, &out);
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
        assert_null(strstr(out.data, secrets[i]));
    assert_contains(out.data, "token: \"***\"  # ");
    config_free(c);
}

static void test_config_help__names_options_with_their_variables(void **state)
{
    AUTO_BUFFER struct buffer out = {0};

    (void)state;
    buffer_init(&out, 65536);
    config_help(&out);
    assert_false(buffer_failed(&out));
    assert_contains(out.data, "  listen.port\n");
    assert_contains(out.data, "default: 8080; ONPUT_LISTEN_PORT\n");
    assert_contains(out.data, "default: none; ONPUT_ADMIN_TOKEN; or token_file\n");
    assert_contains(out.data, "  functions.NAME.renditions[].width\n");
    assert_null(strstr(out.data, "ONPUT_STORES"));
}

static void test_config_markdown__has_a_row_of_three_cells_per_option(void **state)
{
    AUTO_BUFFER struct buffer out = {0};
    struct text rest;
    unsigned rows = 0;

    (void)state;
    buffer_init(&out, 65536);
    config_markdown(&out);
    assert_false(buffer_failed(&out));
    rest = buffer_text(&out);
    while (rest.len > 0) {
        struct text line = text_cut(&rest, '\n');
        unsigned bars = 0;

        for (size_t i = 0; i < line.len; i++)
            if (line.ptr[i] == '|' && (i == 0 || line.ptr[i - 1] != '\\'))
                bars++;
        assert_int_equal(bars, 4);
        rows++;
    }
    assert_true(rows > 70);
    assert_contains(out.data, "| `listen.port` | `8080` | ");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_load__fills_in_defaults),
        cmocka_unit_test(test_config_load__has_the_limits_of_the_worker_as_defaults),
        cmocka_unit_test(test_config_load__makes_the_most_of_the_smallest_file),
        cmocka_unit_test(test_config_load__reads_renditions),
        cmocka_unit_test(test_config_load__reads_stores_roles_and_policies),
        cmocka_unit_test(test_config_load__says_which_file_is_not_there),
        cmocka_unit_test(test_config_load__refuses_a_folder),
        IN_FOLDER(test_config_load__refuses_a_file_beyond_one_mebibyte),
        IN_FOLDER(test_config_load__takes_a_file_of_one_mebibyte),
        IN_FOLDER(test_config_load__does_not_wait_for_a_pipe),
        IN_FOLDER(test_config_load__refuses_a_secret_that_everybody_may_write),
        cmocka_unit_test(test_config_load__bounds_what_variables_put_in),
        cmocka_unit_test(test_config_load_text__leaves_no_name_out),
        cmocka_unit_test(test_config_free__takes_null),
        cmocka_unit_test(test_config_print__hides_every_secret),
        cmocka_unit_test(test_config_help__names_options_with_their_variables),
        cmocka_unit_test(test_config_markdown__has_a_row_of_three_cells_per_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
