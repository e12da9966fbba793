/*
 * The environment of a process: which function it is, whose keys it has, and nothing of ours.
 */
#include "unit/functions/catalog_fixture.h"

#include "runtime_private.h"

#define TOKEN "0123456789abcdef0123456789abcdef"
#define ROLE                                                                                       \
    "policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 's3:GetObject', "         \
    "Resource: '*'}]}"

/* 2026-11-21T19:14:20.468Z */
static const int64_t NOW_MS = 1795288460468;

struct scene {
    struct catalog *catalog;
    struct config_function config;
    struct function function;
    struct environment_parts parts;
    struct arena arena;
    char **variables;
};

static void scene_open(struct scene *s, const struct catalog_parts *parts)
{
    *s = (struct scene){.catalog = catalog_of(parts)};
    s->function = *catalog_thumbs(s->catalog);
    s->config = (struct config_function){.name = "thumbs",
                                         .directory = "/srv/thumbs",
                                         .handler = "app.handler",
                                         .runtime = "python3.11",
                                         .memory_bytes = 256 * 1024 * 1024};
    s->function.config = &s->config;
    s->parts = (struct environment_parts){.catalog = s->catalog,
                                          .function = &s->function,
                                          .temporary = "/var/tmp/7",
                                          .token = TOKEN,
                                          .port = 4711,
                                          .now_ms = NOW_MS};
}

static void scene_make(struct scene *s)
{
    s->variables = environment_make(&s->parts, &s->arena);
}

static void scene_close(struct scene *s)
{
    arena_release(&s->arena);
    catalog_unref(s->catalog);
}

/* NULL: there is none. Two of one name fail the test. */
static const char *get(const struct scene *s, const char *name)
{
    const char *value = NULL;
    size_t len = strlen(name);
    for (char **v = s->variables; *v != NULL; v++) {
        assert_int_equal(**v, '+');
        if (strncmp(*v + 1, name, len) != 0 || (*v)[len + 1] != '=')
            continue;
        assert_null(value);
        value = *v + len + 2;
    }
    return value;
}

static void assert_variable(const struct scene *s, const char *name, const char *wanted)
{
    const char *value = get(s, name);
    if (value == NULL)
        fail_msg("there is no %s", name);
    assert_string_equal(value, wanted);
}

static void test_environment__says_which_function_it_is(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s, &(struct catalog_parts){0});
    scene_make(&s);
    assert_variable(&s, "AWS_LAMBDA_RUNTIME_API", "127.0.0.1:4711");
    assert_variable(&s, "_HANDLER", "app.handler");
    assert_variable(&s, "LAMBDA_TASK_ROOT", "/srv/thumbs");
    assert_variable(&s, "LAMBDA_RUNTIME_DIR", "/srv/thumbs");
    assert_variable(&s, "AWS_LAMBDA_FUNCTION_NAME", "thumbs");
    assert_variable(&s, "AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
    assert_variable(&s, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256");
    assert_variable(&s, "AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    assert_variable(&s, "AWS_EXECUTION_ENV", "AWS_Lambda_python3.11");
    assert_variable(&s, "AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/thumbs");
    const char *stream = get(&s, "AWS_LAMBDA_LOG_STREAM_NAME");
    assert_int_equal(strncmp(stream, "2026/11/21/[$LATEST]", 20), 0);
    assert_int_equal(strlen(stream), 20 + 32);
    assert_int_equal(strspn(stream + 20, "0123456789abcdef"), 32);
    assert_variable(&s, "TMPDIR", "/var/tmp/7");
    assert_variable(&s, "HOME", "/var/tmp/7");
    assert_variable(&s, "TZ", ":UTC");
    assert_variable(&s, "LANG", "C.UTF-8");
    assert_variable(&s, "LD_LIBRARY_PATH", "/srv/thumbs:/srv/thumbs/lib");
    assert_variable(&s, "AWS_EC2_METADATA_DISABLED", "true");
    assert_null(get(&s, "_X_AMZN_TRACE_ID"));
    scene_close(&s);
}

static void test_environment__has_nothing_of_ours_but_path(void **state)
{
    (void)state;
    struct scene s;
    assert_int_equal(setenv("PATH", "/opt/py/bin:/usr/bin", 1), 0);
    assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", "ours", 1), 0);
    assert_int_equal(setenv("ONPUT_ADMIN_TOKEN", "ours", 1), 0);
    assert_int_equal(setenv("LD_LIBRARY_PATH", "/ours", 1), 0);
    scene_open(&s, &(struct catalog_parts){0});
    scene_make(&s);
    assert_variable(&s, "PATH", "/opt/py/bin:/usr/bin");
    assert_null(get(&s, "ONPUT_ADMIN_TOKEN"));
    assert_null(get(&s, "AWS_SECRET_ACCESS_KEY"));
    for (char **v = s.variables; *v != NULL; v++) {
        assert_null(strstr(*v, "ours"));
        assert_null(strstr(*v, "secret-of-store"));
    }
    assert_int_equal(unsetenv("PATH"), 0);
    scene_make(&s);
    assert_variable(&s, "PATH", "/usr/local/bin:/usr/bin:/bin");
    scene_close(&s);
    unsetenv("LD_LIBRARY_PATH");
}

static void test_environment__leaves_out_what_does_not_apply(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s, &(struct catalog_parts){0});
    s.config.runtime = "provided.al2023";
    s.config.handler = NULL;
    s.config.memory_bytes = 0;
    scene_make(&s);
    assert_null(get(&s, "AWS_EXECUTION_ENV"));
    assert_variable(&s, "_HANDLER", "thumbs");
    assert_variable(&s, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128");
    s.config.runtime = NULL;
    scene_make(&s);
    assert_null(get(&s, "AWS_EXECUTION_ENV"));
    scene_close(&s);
}

static void test_environment__takes_the_functions_variables(void **state)
{
    (void)state;
    struct scene s;
    struct config_variable variables[] = {
        {"TABLE", "a=b\nc"},
        {"EMPTY", ""},
        {"TZ", "Europe/Berlin"},
        {"PATH", "/mine"},
        {"AWS_REGION", "moon-1"},
        {"_HANDLER", "other.handler"},
        {"AWS_ENDPOINT_URL_S3", "x"},
        {"AWS_LAMBDA_RUNTIME_API", "evil:1"},
        {"TZX", "1"},
    };
    scene_open(&s, &(struct catalog_parts){0});
    s.config.environment = variables;
    s.config.environment_count = ARRAY_LEN(variables);
    scene_make(&s);
    assert_variable(&s, "TABLE", "a=b\nc");
    assert_variable(&s, "EMPTY", "");
    assert_variable(&s, "TZ", "Europe/Berlin");
    assert_variable(&s, "TZX", "1");
    assert_variable(&s, "PATH", "/mine");
    assert_variable(&s, "AWS_ENDPOINT_URL_S3", "x");
    assert_variable(&s, "AWS_REGION", "us-east-1");
    assert_variable(&s, "_HANDLER", "app.handler");
    assert_variable(&s, "AWS_LAMBDA_RUNTIME_API", "127.0.0.1:4711");
    scene_close(&s);
}

static void test_environment__has_the_endpoint_of_its_store(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s, &(struct catalog_parts){
                       .stores = "  ceph: {endpoint: 'http://10.0.0.1:7480', access_key: k, "
                                 "secret_key: s, webhook_auth: none, region: eu-1}\n"});
    scene_make(&s);
    assert_variable(&s, "AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9");
    assert_variable(&s, "AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    assert_variable(&s, "AWS_DEFAULT_REGION", "us-east-1");
    s.config.store = "ceph";
    scene_make(&s);
    assert_variable(&s, "AWS_ENDPOINT_URL_S3", "http://10.0.0.1:7480");
    assert_variable(&s, "AWS_REGION", "eu-1");
    assert_variable(&s, "AWS_DEFAULT_REGION", "eu-1");
    scene_close(&s);
}

static void assert_no_endpoint(const struct scene *s)
{
    assert_null(get(s, "AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    assert_null(get(s, "AWS_CONTAINER_AUTHORIZATION_TOKEN"));
}

static void test_environment__has_no_keys_without_a_role_that_has_some(void **state)
{
    (void)state;
    struct scene s;
    scene_open(
        &s, &(struct catalog_parts){.function = ", role: r", .more = "roles: {r: {" ROLE "}}\n"});
    scene_make(&s);
    assert_null(get(&s, "AWS_ACCESS_KEY_ID"));
    assert_no_endpoint(&s);
    scene_close(&s);
}

static void test_environment__has_the_keys_of_its_role(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s, &(struct catalog_parts){.function = ", role: r",
                                           .more = "roles: {r: {" ROLE
                                                   ", access_key: AKR, secret_key: SKR}}\n"});
    scene_make(&s);
    assert_variable(&s, "AWS_ACCESS_KEY_ID", "AKR");
    assert_variable(&s, "AWS_SECRET_ACCESS_KEY", "SKR");
    assert_null(get(&s, "AWS_SESSION_TOKEN"));
    assert_no_endpoint(&s);
    s.parts.access_key = "given";
    s.parts.secret_key = "given-secret";
    scene_make(&s);
    assert_variable(&s, "AWS_ACCESS_KEY_ID", "given");
    assert_variable(&s, "AWS_SECRET_ACCESS_KEY", "given-secret");
    scene_close(&s);
}

static void test_environment__has_an_endpoint_for_keys_that_end(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s, &(struct catalog_parts){
                       .store = ", webhook_auth: none, sts: true, notifications: [{bucket: photos, "
                                "function: thumbs}]"});
    scene_make(&s);
    assert_null(get(&s, "AWS_ACCESS_KEY_ID"));
    assert_variable(&s, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                    "http://127.0.0.1:4711/credentials/" TOKEN);
    assert_variable(&s, "AWS_CONTAINER_AUTHORIZATION_TOKEN", TOKEN);
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_environment__says_which_function_it_is),
        cmocka_unit_test(test_environment__has_nothing_of_ours_but_path),
        cmocka_unit_test(test_environment__leaves_out_what_does_not_apply),
        cmocka_unit_test(test_environment__takes_the_functions_variables),
        cmocka_unit_test(test_environment__has_the_endpoint_of_its_store),
        cmocka_unit_test(test_environment__has_no_keys_without_a_role_that_has_some),
        cmocka_unit_test(test_environment__has_the_keys_of_its_role),
        cmocka_unit_test(test_environment__has_an_endpoint_for_keys_that_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
