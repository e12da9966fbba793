/*
 * Functions in processes of their own: from the configuration to a row and back, what a reload
 * makes of them, and what becomes of those whose code is gone.
 */
#include "registry_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include "onput/fd.h"
#include "onput/json.h"
#include "onput/log.h"
#include "onput/package_store.h"

/* A registry, and a folder of the test's own as working directory, with own/bootstrap in it. */
struct custom {
    struct registry_fixture f;
    void *dir;
};

static void put_program(const char *path)
{
    test_write_file(path, TEXT("#!/bin/sh\n"));
    assert_int_equal(chmod(path, 0755), 0);
}

static int setup(void **state)
{
    struct custom *c = xcalloc(1, sizeof(*c));
    assert_int_equal(test_dir_setup(&c->dir), 0);
    assert_int_equal(chmod(c->dir, 0755), 0);
    assert_int_equal(chdir(c->dir), 0);
    assert_int_equal(mkdir("own", 0755), 0);
    put_program("own/bootstrap");
    registry_fixture_init(&c->f, 1);
    *state = c;
    return 0;
}

static int teardown(void **state)
{
    struct custom *c = *state;
    registry_fixture_release(&c->f);
    assert_int_equal(chdir("/"), 0);
    test_dir_teardown(&c->dir);
    free(c);
    return 0;
}

/* `own` is what stands below functions.own. */
static int try_open(struct custom *c, const char *own, struct error *err)
{
    AUTO_FREE char *functions = xasprintf("  own: {%s}\n", own);
    struct catalog_parts parts = {.functions = functions};
    return registry_fixture_try_open(&c->f, &parts, err);
}

static void open_with(struct custom *c, const char *own)
{
    struct error err = {0};
    assert_ok(try_open(c, own, &err), &err);
}

static void open_fails(struct custom *c, const char *own, const char *words)
{
    struct error err = {0};
    assert_fails(try_open(c, own, &err), &err, ERROR_INVALID);
    assert_contains(err.message, words);
}

static const struct config_function *settings_in(struct catalog *catalog)
{
    const struct function *function = catalog_function(catalog, TEXT("own"));
    assert_non_null(function);
    return function->config;
}

static struct catalog *hold(struct custom *c)
{
    return catalog_holder_get(registry_catalogs(c->f.registry));
}

static struct json_object *row_of(struct custom *c, const char *qualifier)
{
    AUTO_FREE char *json = registry_fixture_row(&c->f, "own", ROW_FUNCTION, qualifier);
    struct json_object *row = NULL;
    struct error err = {0};
    assert_non_null(json);
    assert_ok(json_parse(text_of(json), &row, &err), &err);
    return row;
}

/* ---- declared ---- */

static void test_declared_command__is_shown_as_a_function_of_a_provided_runtime(void **state)
{
    struct custom *c = *state;
    open_with(c, "command: [./bootstrap, --fast], directory: own, handler: a.b, memory: 200MiB, "
                 "timeout: 2500ms, environment: {LEVEL: debug, EMPTY: ''}, store: minio");
    AUTO_JSON struct json_object *row = row_of(c, "$LATEST");
    AUTO_FREE char *directory = test_path(c->dir, "own");
    static const struct {
        const char *path, *value;
    } expected[] = {{"Runtime", "provided.al2023"},
                    {"Handler", "a.b"},
                    {"PackageType", "Zip"},
                    {"State", "Active"},
                    {"Environment.Variables.LEVEL", "debug"},
                    {"Environment.Variables.EMPTY", ""},
                    {"_Store", "minio"},
                    {"_Command[0]", "./bootstrap"},
                    {"_Command[1]", "--fast"}};
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        assert_text(json_text(json_at(row, expected[i].path)), expected[i].value);
    assert_text(json_text(json_at(row, "_Directory")), directory);
    assert_int_equal(json_object_get_int(json_at(row, "MemorySize")), 200);
    assert_int_equal(json_object_get_int(json_at(row, "Timeout")), 3);
    assert_int_equal(json_object_array_length(json_at(row, "_Command")), 2);
    assert_true(json_object_get_boolean(json_at(row, "_Declared")));
}

static void test_declared_command__comes_back_as_it_was(void **state)
{
    struct custom *c = *state;
    open_with(c, "command: [./bootstrap, '{handler} $${X}'], directory: ./own, handler: a.b, "
                 "memory: 200MiB, timeout: 2500ms, environment: {LEVEL: \"a\\nb\", NUMBER: 7}, "
                 "store: minio, concurrency: 3, max_attempts: 9, backoff: 2s");
    struct catalog *catalog = hold(c);
    const struct config_function *f = settings_in(catalog);
    AUTO_FREE char *directory = test_path(c->dir, "own");
    assert_null(f->builtin);
    assert_int_equal(f->command_count, 2);
    assert_string_equal(f->command[0], "./bootstrap");
    assert_string_equal(f->command[1], "{handler} ${X}");
    assert_null(f->command[2]);
    assert_string_equal(f->directory, directory);
    assert_string_equal(f->runtime, "provided.al2023");
    assert_string_equal(f->handler, "a.b");
    assert_string_equal(f->store, "minio");
    assert_int_equal(f->memory_bytes, 200 * 1024 * 1024);
    assert_int_equal(f->environment_count, 2);
    assert_string_equal(f->environment[0].name, "LEVEL");
    assert_string_equal(f->environment[0].value, "a\nb");
    assert_string_equal(f->environment[1].value, "7");
    assert_int_equal(f->timeout_ms, 2500);
    assert_int_equal(f->max_attempts, 9);
    assert_int_equal(f->backoff_ms, 2000);
    assert_int_equal(f->concurrency, 3);
    assert_int_equal(function_slot_limit(catalog_function(catalog, TEXT("own"))), 3);
    assert_null(f->output_bucket);
    assert_null(f->output_key);
    catalog_unref(catalog);
}

static void test_declared_command__has_defaults(void **state)
{
    struct custom *c = *state;
    put_program("tool");
    open_with(c, "command: ./tool");
    struct catalog *catalog = hold(c);
    const struct config_function *f = settings_in(catalog);
    assert_string_equal(f->directory, c->dir);
    assert_string_equal(f->handler, "own");
    assert_int_equal(f->memory_bytes, 128 * 1024 * 1024);
    assert_int_equal(f->timeout_ms, 60000);
    assert_int_equal(f->environment_count, 0);
    assert_null(f->store);
    catalog_unref(catalog);
}

static void test_declared_command__is_found_on_the_path_of_the_daemon(void **state)
{
    struct custom *c = *state;
    AUTO_FREE char *tool = test_path(c->dir, "onput-test-tool");
    put_program(tool);
    assert_int_equal(setenv("PATH", c->dir, 1), 0);
    open_with(c, "command: [onput-test-tool, x]");
    struct catalog *catalog = hold(c);
    assert_string_equal(settings_in(catalog)->command[0], tool);
    AUTO_JSON struct json_object *row = row_of(c, "$LATEST");
    assert_text(json_text(json_at(row, "_Command[0]")), "onput-test-tool");
    catalog_unref(catalog);
}

static void test_declared_runtime__resolves_to_its_command(void **state)
{
    struct custom *c = *state;
    open_with(c, "runtime: provided.al2, directory: own");
    struct catalog *catalog = hold(c);
    const struct config_function *f = settings_in(catalog);
    AUTO_FREE char *bootstrap = test_path(c->dir, "own/bootstrap");
    assert_string_equal(f->command[0], bootstrap);
    assert_int_equal(f->command_count, 1);
    assert_string_equal(f->runtime, "provided.al2");
    AUTO_JSON struct json_object *row = row_of(c, "$LATEST");
    assert_text(json_text(json_at(row, "Runtime")), "provided.al2");
    assert_null(json_at(row, "_Command"));
    catalog_unref(catalog);
}

static void test_declared_runtime__may_be_the_configurations_own(void **state)
{
    struct custom *c = *state;
    struct error err = {0};
    struct catalog_parts parts = {
        .functions = "  own: {runtime: shell9, directory: own, handler: main.sh}\n",
        .more = "runtimes: {shell9: {command: [/bin/sh, '{directory}/{handler}']}}\n"};
    assert_ok(registry_fixture_try_open(&c->f, &parts, &err), &err);
    struct catalog *catalog = hold(c);
    AUTO_FREE char *script = test_path(c->dir, "own/main.sh");
    assert_string_equal(settings_in(catalog)->command[0], "/bin/sh");
    assert_string_equal(settings_in(catalog)->command[1], script);
    catalog_unref(catalog);
}

static void test_declared__is_refused_when_it_cannot_start(void **state)
{
    struct custom *c = *state;
    open_fails(c, "command: ./none", "functions.own: there is no program ./none");
    open_fails(c, "runtime: provided.al2, directory: .", "functions.own: there is no bootstrap");
    open_fails(c, "command: ./bootstrap, directory: none", "functions.own: the folder of the code");
    open_fails(c, "runtime: cobol85, directory: own", "The runtime cobol85 is not supported");
    open_with(c, "command: ./bootstrap, directory: own");
}

static void test_declared__is_refused_when_its_users_cannot_reach_it(void **state)
{
    struct custom *c = *state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod("own", 0700), 0);
    open_fails(c, "command: ./bootstrap, directory: own", "runtime.uid_base: 0");
    struct catalog_parts parts = {.functions = "  own: {command: ./bootstrap, directory: own}\n",
                                  .more = "runtime: {uid_base: 0}\n"};
    struct error err = {0};
    assert_ok(registry_fixture_try_open(&c->f, &parts, &err), &err);
}

static void test_catalog_check_start__names_the_function(void **state)
{
    struct custom *c = *state;
    struct error err = {0};
    struct catalog *good = catalog_of(
        &(struct catalog_parts){.functions = "  own: {command: ./bootstrap, directory: own}\n"});
    struct catalog *bad = catalog_of(
        &(struct catalog_parts){.functions = "  own: {command: ./bootstrap, directory: none}\n"});
    (void)c;
    assert_ok(catalog_check_start(good, &err), &err);
    assert_fails(catalog_check_start(bad, &err), &err, ERROR_INVALID);
    assert_contains(err.message, "functions.own: the folder of the code");
    catalog_unref(good);
    catalog_unref(bad);
}

static void test_declared__may_read_what_triggers_it_and_no_more(void **state)
{
    struct custom *c = *state;
    struct error err = {0};
    struct catalog_parts parts = {
        .store = ", webhook_auth: none, notifications: [{bucket: photos, function: own}]",
        .functions = "  own: {command: ./bootstrap, directory: own}\n"};
    assert_ok(registry_fixture_try_open(&c->f, &parts, &err), &err);
    struct catalog *catalog = hold(c);
    const struct function *f = catalog_function(catalog, TEXT("own"));
    assert_ok(catalog_role_may(f, "s3:GetObject", TEXT("photos"), TEXT("a"), &err), &err);
    assert_fails(catalog_role_may(f, "s3:PutObject", TEXT("photos"), TEXT("a"), &err), &err,
                 ERROR_DENIED);
    assert_null(catalog_lent_credentials(catalog, f, catalog_minio(catalog)));
    catalog_unref(catalog);
}

/* ---- reload ---- */

#define BASE "command: [./bootstrap, a], directory: own, environment: {A: b}, store: minio"

/* The revision that the row and the processes have after opening with this. */
static char *revisions(struct custom *c, const char *own)
{
    open_with(c, own);
    AUTO_JSON struct json_object *row = row_of(c, "$LATEST");
    struct catalog *catalog = hold(c);
    char *both = xasprintf("%.*s %.*s", TEXT_ARGS(json_text(json_at(row, "RevisionId"))),
                           TEXT_ARGS(function_revision(catalog_function(catalog, TEXT("own")))));
    catalog_unref(catalog);
    return both;
}

static void test_reload__keeps_the_revision_when_nothing_changed(void **state)
{
    struct custom *c = *state;
    AUTO_FREE char *first = revisions(c, BASE);
    AUTO_FREE char *again = revisions(c, BASE);
    AUTO_FREE char *spelled = revisions(
        c, "store: minio, environment: {A: b}, directory: ./own, command: [./bootstrap, a]");
    assert_string_equal(again, first);
    assert_string_equal(spelled, first);
}

static void test_reload__makes_a_revision_of_every_change(void **state)
{
    static const char *const others[] = {
        "command: [./bootstrap, b], directory: own, environment: {A: b}, store: minio",
        "command: [./bootstrap], directory: own, environment: {A: b}, store: minio",
        "command: [./bootstrap, a], directory: two, environment: {A: b}, store: minio",
        "command: [./bootstrap, a], directory: own, environment: {A: c}, store: minio",
        "command: [./bootstrap, a], directory: own, store: minio",
        "command: [./bootstrap, a], directory: own, environment: {A: b}",
        BASE ", memory: 256MiB",
        BASE ", handler: x",
        "runtime: provided.al2023, directory: own, environment: {A: b}, store: minio"};
    struct custom *c = *state;
    assert_int_equal(mkdir("two", 0755), 0);
    put_program("two/bootstrap");
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        AUTO_FREE char *before = revisions(c, BASE);
        AUTO_FREE char *after = revisions(c, others[i]);
        /* both parts: 36 characters, a space, 64 characters */
        assert_int_equal(strlen(after), 36 + 1 + 64);
        if (strncmp(before, after, 36) == 0 || strcmp(before + 37, after + 37) == 0)
            fail_msg("%s: %s, then %s", others[i], before, after);
    }
}

static void test_reload__changes_the_hash_with_the_command(void **state)
{
    struct custom *c = *state;
    open_with(c, BASE);
    AUTO_JSON struct json_object *before = row_of(c, "$LATEST");
    open_with(c, BASE ", memory: 256MiB");
    AUTO_JSON struct json_object *larger = row_of(c, "$LATEST");
    open_with(c, "command: ./bootstrap, directory: own");
    AUTO_JSON struct json_object *other = row_of(c, "$LATEST");
    assert_true(json_object_equal(json_at(before, "CodeSha256"), json_at(larger, "CodeSha256")));
    assert_false(json_object_equal(json_at(before, "CodeSha256"), json_at(other, "CodeSha256")));
}

static void test_reload__forgets_what_another_kind_had(void **state)
{
    struct custom *c = *state;
    open_with(c, BASE);
    open_with(c, "builtin: echo");
    AUTO_JSON struct json_object *row = row_of(c, "$LATEST");
    static const char *const gone[] = {"_Command", "_Directory", "_Store", "_Package"};
    for (size_t i = 0; i < ARRAY_LEN(gone); i++)
        assert_null(json_at(row, gone[i]));
    assert_text(json_text(json_at(row, "Runtime")), "onput.builtin");
    assert_text(json_text(json_at(row, "Handler")), "echo");
    struct catalog *catalog = hold(c);
    assert_string_equal(settings_in(catalog)->builtin, "echo");
    assert_null(settings_in(catalog)->command);
    catalog_unref(catalog);
}

static void test_reload__keeps_the_old_command_when_the_new_one_cannot_start(void **state)
{
    struct custom *c = *state;
    struct error err = {0};
    open_with(c, BASE);
    assert_fails(
        registry_fixture_reload(
            &c->f, &(struct catalog_parts){.functions = "  own: {command: ./none}\n"}, &err),
        &err, ERROR_INVALID);
    assert_contains(err.message, "functions.own: there is no program ./none");
    struct catalog *catalog = hold(c);
    assert_string_equal(settings_in(catalog)->command[1], "a");
    catalog_unref(catalog);
}

/* ---- packages ---- */

#define HASH "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=" /* 0123456789abcdef, twice */
#define PACKAGE_ROW(runtime, hash, more)                                                           \
    "{\"Runtime\":\"" runtime "\",\"Handler\":\"app.handler\",\"Role\":\"" ROLE                    \
    "\",\"Timeout\":3,\"MemorySize\":256,\"CodeSha256\":\"" hash "\",\"_Package\":true" more "}"

/* Where the package of HASH belongs. */
static char *package_folder(struct custom *c)
{
    AUTO_FREE char *packages = test_path(c->dir, "onput-state/packages");
    return package_path(packages, (const uint8_t *)"0123456789abcdef0123456789abcdef");
}

static char *make_package(struct custom *c)
{
    char *folder = package_folder(c);
    AUTO_FREE char *bootstrap = test_path(folder, "bootstrap");
    struct error err = {0};
    assert_ok(dir_create(folder, &err), &err);
    put_program(bootstrap);
    return folder;
}

static void test_package__is_where_its_hash_says(void **state)
{
    struct custom *c = *state;
    AUTO_FREE char *folder = make_package(c);
    AUTO_FREE char *bootstrap = test_path(folder, "bootstrap");
    open_with(c, "builtin: echo");
    EDIT(&c->f, "own",
         {ROW_FUNCTION, "1",
          PACKAGE_ROW("provided.al2023", HASH, ",\"Environment\":{\"Variables\":{\"A\":\"b\"}}")});
    struct catalog *catalog = hold(c);
    const struct config_function *f = catalog_resolve(catalog, TEXT("own:1"), 0)->config;
    assert_string_equal(f->directory, folder);
    assert_string_equal(f->command[0], bootstrap);
    assert_string_equal(f->handler, "app.handler");
    assert_int_equal(f->memory_bytes, 256 * 1024 * 1024);
    assert_string_equal(f->environment[0].value, "b");
    assert_int_equal(f->timeout_ms, 3000);
    assert_int_equal(f->max_attempts, 3);
    catalog_unref(catalog);
}

static void test_package__is_run_by_a_declared_command_when_the_api_gave_it(void **state)
{
    struct custom *c = *state;
    open_with(c, BASE);
    AUTO_FREE char *folder = package_folder(c);
    EDIT(&c->f, "own",
         {ROW_FUNCTION, "$LATEST",
          PACKAGE_ROW("provided.al2023", HASH,
                      ",\"_Command\":[\"./bootstrap\"],\"_Directory\":\"/declared\"")});
    struct catalog *catalog = hold(c);
    assert_string_equal(settings_in(catalog)->directory, folder);
    assert_string_equal(settings_in(catalog)->command[0], "./bootstrap");
    catalog_unref(catalog);
    open_with(c, BASE); /* the configuration wins again */
    AUTO_JSON struct json_object *row = row_of(c, "$LATEST");
    AUTO_FREE char *own = test_path(c->dir, "own");
    catalog = hold(c);
    assert_string_equal(settings_in(catalog)->directory, own);
    assert_null(json_at(row, "_Package"));
    assert_int_equal(json_object_get_int(json_at(row, "CodeSize")), 0);
    assert_false(text_is(json_text(json_at(row, "CodeSha256")), HASH));
    catalog_unref(catalog);
}

static void test_package__of_a_function_that_is_gone_takes_it_out_of_the_catalog(void **state)
{
    struct custom *c = *state;
    struct catalog_parts nothing = {0};
    AUTO_FREE char *folder = make_package(c);
    AUTO_FREE char *bootstrap = test_path(folder, "bootstrap");
    registry_fixture_open(&c->f, &nothing);
    EDIT(&c->f, "own", {ROW_FUNCTION, "$LATEST", PACKAGE_ROW("provided.al2023", HASH, "")});
    registry_fixture_open(&c->f, &nothing);
    assert_true(registry_fixture_has(&c->f, "own"));
    assert_int_equal(unlink(bootstrap), 0);
    registry_fixture_open(&c->f, &nothing);
    assert_false(registry_fixture_has(&c->f, "own"));
    assert_true(registry_fixture_has(&c->f, "thumbs"));
    put_program(bootstrap);
    struct error err = {0};
    assert_ok(registry_fixture_reload(&c->f, &nothing, &err), &err);
    assert_true(registry_fixture_has(&c->f, "own"));
}

static void test_package__is_found_in_the_configured_folder(void **state)
{
    struct custom *c = *state;
    registry_fixture_open(&c->f,
                          &(struct catalog_parts){.more = "state: {dir: /srv/elsewhere/}\n"});
    EDIT(&c->f, "own", {ROW_FUNCTION, "$LATEST", PACKAGE_ROW("provided.al2", HASH, "")});
    struct catalog *catalog = hold(c);
    assert_true(
        text_starts_with(text_of(settings_in(catalog)->directory), TEXT("/srv/elsewhere/")));
    catalog_unref(catalog);
}

static void test_custom_row__says_what_is_wrong(void **state)
{
    struct custom *c = *state;
    open_with(c, "builtin: echo");
    static const struct {
        const char *row, *words;
    } wrong[] = {
        {PACKAGE_ROW("provided.al2", "AAAA", ""), "CodeSha256"},
        {PACKAGE_ROW("provided.al2", "%%%%", ""), "base64"},
        {PACKAGE_ROW("java21", HASH, ""), "The runtime java21 is not supported"},
        {PACKAGE_ROW("provided.al2", HASH, ",\"_Store\":\"none\""), "there is no store none"},
        {PACKAGE_ROW("provided.al2", HASH, ",\"MemorySize\":63"), "memory"},
        {PACKAGE_ROW("provided.al2", HASH, ",\"MemorySize\":\"128\""), "MemorySize"},
        {PACKAGE_ROW("provided.al2", HASH, ",\"Timeout\":901"), "Timeout"},
        {PACKAGE_ROW("provided.al2", HASH, ",\"_Command\":[]"), "command"},
        {PACKAGE_ROW("provided.al2", HASH, ",\"_Command\":[7]"), "command"},
        {PACKAGE_ROW("provided.al2", HASH, ",\"Environment\":{\"Variables\":{\"A\":7}}"),
         "Environment.Variables.A: a"},
        {PACKAGE_ROW("provided.al2", HASH, ",\"Environment\":{\"Variables\":{\"A\":\"\\u0000\"}}"),
         ""},
        {PACKAGE_ROW("provided.al2", HASH, ",\"Environment\":{\"Variables\":[]}"),
         "an array, not an object"},
        {PACKAGE_ROW("provided.al2", HASH,
                     ",\"Environment\":{\"Variables\":{\"AWS_REGION\":\"x\"}}"),
         "reserved"},
        {PACKAGE_ROW("provided.al2", HASH, ",\"_Package\":false"), "has no code"},
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        EDIT_FAILS(&c->f, "new", ERROR_INVALID, wrong[i].words,
                   {ROW_FUNCTION, "$LATEST", wrong[i].row});
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_COUNT, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        T(test_declared_command__is_shown_as_a_function_of_a_provided_runtime),
        T(test_declared_command__comes_back_as_it_was),
        T(test_declared_command__has_defaults),
        T(test_declared_command__is_found_on_the_path_of_the_daemon),
        T(test_declared_runtime__resolves_to_its_command),
        T(test_declared_runtime__may_be_the_configurations_own),
        T(test_declared__is_refused_when_it_cannot_start),
        T(test_declared__is_refused_when_its_users_cannot_reach_it),
        T(test_catalog_check_start__names_the_function),
        T(test_declared__may_read_what_triggers_it_and_no_more),
        T(test_reload__keeps_the_revision_when_nothing_changed),
        T(test_reload__makes_a_revision_of_every_change),
        T(test_reload__changes_the_hash_with_the_command),
        T(test_reload__forgets_what_another_kind_had),
        T(test_reload__keeps_the_old_command_when_the_new_one_cannot_start),
        T(test_package__is_where_its_hash_says),
        T(test_package__is_run_by_a_declared_command_when_the_api_gave_it),
        T(test_package__of_a_function_that_is_gone_takes_it_out_of_the_catalog),
        T(test_package__is_found_in_the_configured_folder),
        T(test_custom_row__says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
