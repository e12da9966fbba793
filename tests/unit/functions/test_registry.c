/*
 * Changes of functions while everything runs, and what is there after a restart.
 */
#include "registry_fixture.h"

#include <pthread.h>

#include "onput/json.h"
#include "onput/log.h"

static void reopen(struct registry_fixture *f)
{
    registry_fixture_open(f, &(struct catalog_parts){0});
}

static void assert_row(struct registry_fixture *f, const char *function, enum row_kind kind,
                       const char *qualifier, const char *json)
{
    AUTO_FREE char *row = registry_fixture_row(f, function, kind, qualifier);
    if (json == NULL)
        assert_null(row);
    else
        assert_text(text_of(row), json);
}

/* ---- edits ---- */

static void test_edit__makes_a_function_that_survives_a_restart(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "new", {ROW_FUNCTION, "$LATEST", ECHO_ROW}, {ROW_TAGS, "", "{\"a\":\"b\"}"});
    assert_row(f, "new", ROW_FUNCTION, "$LATEST", ECHO_ROW);
    reopen(f);
    assert_row(f, "new", ROW_FUNCTION, "$LATEST", ECHO_ROW);
    assert_row(f, "new", ROW_TAGS, "", "{\"a\":\"b\"}");
    struct catalog *c = catalog_holder_get(registry_catalogs(f->registry));
    assert_string_equal(catalog_function(c, TEXT("new"))->config->builtin, "echo");
    assert_int_equal(catalog_function(c, TEXT("new"))->config->timeout_ms, 3000);
    catalog_unref(c);
}

static void test_edit__removes_a_row_and_then_the_function(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "new", {ROW_FUNCTION, "$LATEST", ECHO_ROW}, {ROW_FUNCTION, "1", ECHO_ROW},
         {ROW_TAGS, "", "{}"});
    EDIT(f, "new", {ROW_FUNCTION, "1", NULL});
    assert_row(f, "new", ROW_FUNCTION, "1", NULL);
    assert_row(f, "new", ROW_TAGS, "", "{}");
    reopen(f);
    assert_row(f, "new", ROW_FUNCTION, "1", NULL);
    assert_row(f, "new", ROW_TAGS, "", "{}");
    EDIT(f, "new", {ROW_KIND_COUNT, "", NULL});
    assert_false(registry_fixture_has(f, "new"));
    reopen(f);
    assert_false(registry_fixture_has(f, "new"));
    registry_fixture_close(f);
    AUTO_FREE char *count =
        registry_fixture_sql(f, "SELECT count(*) FROM row WHERE function = 'new'");
    assert_string_equal(count, "0");
}

static void test_edit__changes_nothing_when_the_rows_make_no_function(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "new", {ROW_FUNCTION, "$LATEST", ECHO_ROW});
    int changes = f->changes;
    EDIT_FAILS(f, "new", ERROR_INVALID, "there is no version 7", {ROW_TAGS, "", "{}"},
               {ROW_ALIAS, "live", "{\"FunctionVersion\":\"7\"}"});
    EDIT_FAILS(f, "new", ERROR_INVALID, "$LATEST", {ROW_FUNCTION, "$LATEST", NULL},
               {ROW_TAGS, "", "{}"});
    EDIT_FAILS(f, "other", ERROR_INVALID, "cannot be assumed",
               {ROW_FUNCTION, "$LATEST",
                "{\"Runtime\":\"onput.builtin\",\"Handler\":\"echo\",\"Timeout\":3,"
                "\"Role\":\"arn:aws:iam::000000000000:role/nobody\"}"});
    assert_int_equal(f->changes, changes);
    assert_row(f, "new", ROW_TAGS, "", NULL);
    assert_false(registry_fixture_has(f, "other"));
    reopen(f);
    assert_row(f, "new", ROW_TAGS, "", NULL);
    assert_row(f, "new", ROW_FUNCTION, "$LATEST", ECHO_ROW);
    assert_false(registry_fixture_has(f, "other"));
}

static void test_edit__leaves_published_snapshots_alone(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "new", {ROW_FUNCTION, "$LATEST", ECHO_ROW});
    struct catalog *before = catalog_holder_get(registry_catalogs(f->registry));
    EDIT(f, "new", {ROW_TAGS, "", "{\"a\":\"1\"}"});
    struct catalog *between = catalog_holder_get(registry_catalogs(f->registry));
    EDIT(f, "new", {ROW_KIND_COUNT, "", NULL});
    struct catalog *after = catalog_holder_get(registry_catalogs(f->registry));
    assert_null(record_row(catalog_record(before, TEXT("new")), ROW_TAGS, TEXT("")));
    assert_text(record_row(catalog_record(between, TEXT("new")), ROW_TAGS, TEXT(""))->json,
                "{\"a\":\"1\"}");
    assert_null(catalog_record(after, TEXT("new")));
    /* What did not change is shared. */
    assert_ptr_equal(catalog_record(before, TEXT("thumbs")), catalog_record(after, TEXT("thumbs")));
    assert_true(catalog_same_stores(before, after));
    assert_int_equal(f->changes, 3);
    catalog_unref(before);
    catalog_unref(between);
    catalog_unref(after);
}

static void test_snapshot__outlives_the_registry(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "new", {ROW_FUNCTION, "$LATEST", ECHO_ROW});
    struct catalog *c = catalog_holder_get(registry_catalogs(f->registry));
    registry_fixture_close(f);
    assert_text(catalog_function(c, TEXT("new"))->arn,
                "arn:aws:lambda:us-east-1:000000000000:function:new");
    assert_text(catalog_minio(c)->name, "minio");
    catalog_unref(c);
}

static void test_edit__needs_a_known_built_in(void **state)
{
    struct registry_fixture *f = *state;
    EDIT_FAILS(f, "new", ERROR_INVALID, "The runtime java21 is not supported",
               {ROW_FUNCTION, "$LATEST",
                "{\"Runtime\":\"java21\",\"Handler\":\"echo\",\"Role\":\"" ROLE
                "\",\"Timeout\":3}"});
    EDIT_FAILS(f, "new", ERROR_INVALID, "has no code",
               {ROW_FUNCTION, "$LATEST",
                "{\"Runtime\":\"nodejs22.x\",\"Handler\":\"echo\",\"Role\":\"" ROLE
                "\",\"Timeout\":3}"});
    EDIT_FAILS(f, "new", ERROR_INVALID, "index.handler",
               {ROW_FUNCTION, "$LATEST",
                "{\"Runtime\":\"onput.builtin\",\"Handler\":\"index.handler\",\"Role\":\"" ROLE
                "\",\"Timeout\":3}"});
}

static void test_submit__is_refused_after_the_drain(void **state)
{
    struct registry_fixture *f = *state;
    struct registry_job job = {0};
    struct error err = {0};
    registry_drain(f->registry);
    assert_false(registry_submit(f->registry, &job));
    assert_fails(registry_fixture_reload(f, &(struct catalog_parts){0}, &err), &err,
                 ERROR_CANCELED);
    assert_true(registry_fixture_has(f, "thumbs"));
}

/* ---- the configuration over what is stored ---- */

#define PHOTOS ", permissions: [{principal: s3.amazonaws.com, source_arn: 'arn:aws:s3:::photos'}]"

static size_t statements(struct registry_fixture *f, const char *part)
{
    AUTO_FREE char *row = registry_fixture_row(f, "thumbs", ROW_POLICY, "");
    size_t count = 0;
    for (const char *at = row; at != NULL && (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

static void test_declared__keeps_its_rows_when_nothing_changed(void **state)
{
    struct registry_fixture *f = *state;
    const struct catalog_parts parts = {.function = PHOTOS ", concurrency: 4"};
    registry_fixture_open(f, &parts);
    uint64_t writes = crash_vfs_changes(f->vfs);
    AUTO_FREE char *function = registry_fixture_row(f, "thumbs", ROW_FUNCTION, "$LATEST");
    AUTO_FREE char *policy = registry_fixture_row(f, "thumbs", ROW_POLICY, "");
    struct error err = {0};
    assert_ok(registry_fixture_reload(f, &parts, &err), &err);
    assert_int_equal(crash_vfs_changes(f->vfs), writes);
    registry_fixture_open(f, &parts);
    assert_row(f, "thumbs", ROW_FUNCTION, "$LATEST", function);
    assert_row(f, "thumbs", ROW_POLICY, "", policy);
    assert_contains(function, "\"_Declared\":true");
    assert_row(f, "thumbs", ROW_CONCURRENCY, "",
               "{\"ReservedConcurrentExecutions\":4,\"_Declared\":true}");
}

static void test_declared__wins_over_settings_of_the_api(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "thumbs",
         {ROW_FUNCTION, "$LATEST",
          "{\"Runtime\":\"onput.builtin\",\"Handler\":\"echo\",\"Role\":\"" ROLE
          "\",\"Timeout\":3,\"Description\":\"mine\",\"_LastVersion\":7,\"_Declared\":true}"},
         {ROW_CONCURRENCY, "", "{\"ReservedConcurrentExecutions\":9}"});
    struct catalog *c = catalog_holder_get(registry_catalogs(f->registry));
    assert_string_equal(catalog_thumbs(c)->config->builtin, "echo");
    assert_int_equal(function_slot_limit(catalog_thumbs(c)), 9);
    catalog_unref(c);
    reopen(f);
    AUTO_FREE char *row = registry_fixture_row(f, "thumbs", ROW_FUNCTION, "$LATEST");
    assert_contains(row, "\"Handler\":\"thumbnail\"");
    assert_contains(row, "\"Timeout\":60");
    assert_contains(row, "\"Description\":\"mine\""); /* of which the configuration says nothing */
    assert_contains(row, "\"_LastVersion\":7");
    assert_row(f, "thumbs", ROW_CONCURRENCY, "", "{\"ReservedConcurrentExecutions\":9}");
    registry_fixture_open(f, &(struct catalog_parts){.function = ", concurrency: 2"});
    assert_row(f, "thumbs", ROW_CONCURRENCY, "",
               "{\"ReservedConcurrentExecutions\":2,\"_Declared\":true}");
    reopen(f);
    assert_row(f, "thumbs", ROW_CONCURRENCY, "", NULL);
}

static void test_declared__keeps_statements_that_the_api_added(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "thumbs",
         {ROW_POLICY, "",
          "{\"RevisionId\":\"r\",\"Statement\":[" STATEMENT("thumbs", "api", "other") "," STATEMENT(
              "thumbs", "permission-1", "clash") "]}"});
    registry_fixture_open(f, &(struct catalog_parts){.function = PHOTOS});
    assert_int_equal(statements(f, "arn:aws:s3:::other"), 1);
    assert_int_equal(statements(f, "arn:aws:s3:::photos"), 1);
    assert_int_equal(statements(f, "clash"), 0); /* the configuration has that id, too */
    assert_int_equal(statements(f, "\"_Declared\":[\"permission-1\"]"), 1);
    registry_fixture_open(f, &(struct catalog_parts){0});
    assert_int_equal(statements(f, "arn:aws:s3:::other"), 1);
    assert_int_equal(statements(f, "arn:aws:s3:::photos"), 0);
}

static void test_declared__puts_a_permission_back(void **state)
{
    struct registry_fixture *f = *state;
    registry_fixture_open(f, &(struct catalog_parts){.function = PHOTOS});
    EDIT(f, "thumbs",
         {ROW_POLICY, "",
          "{\"RevisionId\":\"r\",\"Statement\":[" STATEMENT(
              "thumbs", "api", "other") "],\"_Declared\":[\"permission-1\"]}"});
    assert_int_equal(statements(f, "arn:aws:s3:::photos"), 0);
    EDIT(f, "thumbs", {ROW_POLICY, "", NULL});
    registry_fixture_open(f, &(struct catalog_parts){.function = PHOTOS});
    assert_int_equal(statements(f, "arn:aws:s3:::photos"), 1);
}

static void test_declared__keeps_what_only_the_api_knows(void **state)
{
    struct registry_fixture *f = *state;
    AUTO_FREE char *latest = registry_fixture_row(f, "thumbs", ROW_FUNCTION, "$LATEST");
    EDIT(f, "thumbs", {ROW_FUNCTION, "1", latest},
         {ROW_ALIAS, "live", "{\"FunctionVersion\":\"1\"}"}, {ROW_URL, "", "{\"UrlId\":\"u\"}"},
         {ROW_TAGS, "", "{\"k\":\"v\"}"},
         {ROW_INVOKE_CONFIG, "$LATEST", "{\"MaximumRetryAttempts\":0}"},
         {ROW_POLICY, "live",
          "{\"RevisionId\":\"r\",\"Statement\":[" STATEMENT("thumbs", "a", "b") "]}"});
    registry_fixture_open(f, &(struct catalog_parts){.function = ", timeout: 7s"});
    assert_row(f, "thumbs", ROW_FUNCTION, "1", latest);
    assert_row(f, "thumbs", ROW_ALIAS, "live", "{\"FunctionVersion\":\"1\"}");
    assert_row(f, "thumbs", ROW_URL, "", "{\"UrlId\":\"u\"}");
    assert_row(f, "thumbs", ROW_TAGS, "", "{\"k\":\"v\"}");
    assert_row(f, "thumbs", ROW_INVOKE_CONFIG, "$LATEST", "{\"MaximumRetryAttempts\":0}");
    struct catalog *c = catalog_holder_get(registry_catalogs(f->registry));
    assert_int_equal(catalog_thumbs(c)->config->timeout_ms, 7000);
    assert_non_null(record_policy(catalog_record(c, TEXT("thumbs")), TEXT("live")));
    catalog_unref(c);
}

#define OTHER "  other: {builtin: echo}\n"

static void test_declared__goes_when_the_configuration_names_it_no_more(void **state)
{
    struct registry_fixture *f = *state;
    registry_fixture_open(f, &(struct catalog_parts){.functions = OTHER});
    EDIT(f, "other", {ROW_TAGS, "", "{\"k\":\"v\"}"});
    EDIT(f, "api", {ROW_FUNCTION, "$LATEST", ECHO_ROW});
    reopen(f);
    assert_false(registry_fixture_has(f, "other"));
    assert_true(registry_fixture_has(f, "api"));
    registry_fixture_close(f);
    AUTO_FREE char *count =
        registry_fixture_sql(f, "SELECT count(*) FROM row WHERE function = 'other'");
    assert_string_equal(count, "0");
}

static void test_declared__takes_a_function_of_the_api_over(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "other", {ROW_FUNCTION, "$LATEST", ECHO_ROW}, {ROW_TAGS, "", "{\"k\":\"v\"}"});
    registry_fixture_open(f, &(struct catalog_parts){.functions = OTHER});
    AUTO_FREE char *row = registry_fixture_row(f, "other", ROW_FUNCTION, "$LATEST");
    assert_contains(row, "\"_Declared\":true");
    assert_contains(row, "\"Timeout\":60");
    assert_row(f, "other", ROW_TAGS, "", "{\"k\":\"v\"}");
    reopen(f);
    assert_false(registry_fixture_has(f, "other"));
}

static void test_declared__comes_back_after_the_api_deleted_it(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "thumbs", {ROW_KIND_COUNT, "", NULL});
    assert_false(registry_fixture_has(f, "thumbs"));
    reopen(f);
    assert_true(registry_fixture_has(f, "thumbs"));
}

/* ---- what does not resolve any more ---- */

#define READER                                                                                     \
    "roles: {reader: {policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: "        \
    "'s3:*', Resource: '*'}]}}}\n"
#define READER_ROW                                                                                 \
    "{\"Runtime\":\"onput.builtin\",\"Handler\":\"echo\",\"Timeout\":3,"                           \
    "\"Role\":\"arn:aws:iam::000000000000:role/reader\"}"

static void test_stored__waits_for_its_role_to_come_back(void **state)
{
    struct registry_fixture *f = *state;
    const struct catalog_parts with = {.more = READER};
    registry_fixture_open(f, &with);
    EDIT(f, "api", {ROW_FUNCTION, "$LATEST", READER_ROW});
    reopen(f);
    assert_false(registry_fixture_has(f, "api"));
    assert_true(registry_fixture_has(f, "thumbs"));
    struct error err = {0};
    assert_ok(registry_fixture_reload(f, &with, &err), &err);
    assert_row(f, "api", ROW_FUNCTION, "$LATEST", READER_ROW);
    assert_ok(registry_fixture_reload(f, &(struct catalog_parts){0}, &err), &err);
    EDIT_FAILS(f, "api", ERROR_INVALID, "cannot be assumed", {ROW_TAGS, "", "{}"});
    EDIT(f, "api", {ROW_FUNCTION, "$LATEST", ECHO_ROW}); /* an edit mends it */
    assert_true(registry_fixture_has(f, "api"));
}

static void test_stored__runs_without_a_version_whose_role_is_gone(void **state)
{
    struct registry_fixture *f = *state;
    registry_fixture_open(f, &(struct catalog_parts){.more = READER});
    EDIT(f, "api", {ROW_FUNCTION, "$LATEST", ECHO_ROW}, {ROW_FUNCTION, "1", READER_ROW},
         {ROW_FUNCTION, "2", ECHO_ROW}, {ROW_ALIAS, "old", "{\"FunctionVersion\":\"1\"}"});
    reopen(f);
    struct catalog *c = catalog_holder_get(registry_catalogs(f->registry));
    const struct function_record *r = catalog_record(c, TEXT("api"));
    assert_non_null(record_resolve(r, TEXT(""), 0));
    assert_null(record_resolve(r, TEXT("1"), 0));
    assert_text(record_resolve(r, TEXT("2"), 0)->version, "2");
    assert_null(record_resolve(r, TEXT("old"), 0));
    assert_non_null(record_row(r, ROW_FUNCTION, TEXT("1")));
    catalog_unref(c);
    EDIT(f, "api", {ROW_TAGS, "", "{}"}); /* what stood before does not stand in the way */
    EDIT_FAILS(f, "api", ERROR_INVALID, "there is no version 1",
               {ROW_ALIAS, "new", "{\"FunctionVersion\":\"1\"}"});
}

static void test_reload__keeps_the_old_configuration_on_failure(void **state)
{
    struct registry_fixture *f = *state;
    struct error err = {0};
    struct catalog *before = catalog_holder_get(registry_catalogs(f->registry));
    struct catalog_parts parts = {.function = ", permissions: [{principal: nobody.example}]"};
    assert_fails(registry_fixture_reload(f, &parts, &err), &err, ERROR_INVALID);
    assert_contains(err.message, "functions.thumbs: permissions[0]");
    struct catalog *after = catalog_holder_get(registry_catalogs(f->registry));
    assert_ptr_equal(before, after);
    catalog_unref(before);
    catalog_unref(after);
    EDIT(f, "new", {ROW_FUNCTION, "$LATEST", ECHO_ROW});
}

static void test_reload__publishes_other_stores(void **state)
{
    struct registry_fixture *f = *state;
    struct error err = {0};
    EDIT(f, "new", {ROW_FUNCTION, "$LATEST", ECHO_ROW});
    struct catalog *before = catalog_holder_get(registry_catalogs(f->registry));
    int changes = f->changes;
    assert_ok(registry_fixture_reload(f, &(struct catalog_parts){.endpoint = "http://127.0.0.1:99"},
                                      &err),
              &err);
    assert_int_equal(f->changes, changes + 1);
    struct catalog *after = catalog_holder_get(registry_catalogs(f->registry));
    assert_false(catalog_same_stores(before, after));
    assert_string_equal(catalog_minio(after)->config->endpoint, "http://127.0.0.1:99");
    assert_non_null(catalog_function(after, TEXT("new")));
    catalog_unref(before);
    catalog_unref(after);
}

static void test_open__refuses_a_declaration_that_is_none(void **state)
{
    struct registry_fixture *f = *state;
    struct error err = {0};
    struct catalog_parts parts = {.function = ", permissions: [{principal: nobody.example}]"};
    assert_fails(registry_fixture_try_open(f, &parts, &err), &err, ERROR_INVALID);
    assert_contains(err.message, "functions.thumbs: permissions[0]");
    reopen(f);
}

/* ---- many at once ---- */

enum { THREADS = 64, ROUNDS = 6 };

struct adder {
    struct registry_fixture *f;
    int number;
    pthread_t thread;
};

struct add_job {
    struct registry_job job; /* first */
    struct adder *adder;
    bool removes;
    bool is_done;
    pthread_mutex_t lock;
    pthread_cond_t done;
};

static void change_tags(struct registry_edit *edit, int number, bool removes)
{
    AUTO_JSON struct json_object *tags = NULL;
    const struct row *row = registry_edit_row(edit, ROW_TAGS, TEXT(""));
    struct error err = {0};
    char name[16];
    snprintf(name, sizeof(name), "t%d", number);
    if (row == NULL)
        tags = json_object_new_object();
    else
        BUG_ON(json_parse(row->json, &tags, &err) < 0);
    BUG_ON(json_object_object_get_ex(tags, name, NULL) != removes);
    if (removes)
        json_object_object_del(tags, name);
    else
        json_object_object_add(tags, name, json_object_new_int(number));
    registry_edit_put(edit, ROW_TAGS, TEXT(""),
                      text_of(json_object_to_json_string_ext(tags, JSON_C_TO_STRING_PLAIN)));
}

static void run_add(struct registry_job *job)
{
    struct add_job *a = (struct add_job *)job;
    struct error err = {0};
    struct registry_edit *edit = registry_edit_begin(a->adder->f->registry, TEXT("thumbs"));
    change_tags(edit, a->adder->number, a->removes);
    BUG_ON(registry_edit_commit(edit, &err) < 0);
    pthread_mutex_lock(&a->lock);
    a->is_done = true;
    pthread_cond_signal(&a->done);
    pthread_mutex_unlock(&a->lock);
}

static void submit(struct adder *adder, bool removes)
{
    struct add_job a = {.job = {.run = run_add}, .adder = adder, .removes = removes};
    pthread_mutex_init(&a.lock, NULL);
    pthread_cond_init(&a.done, NULL);
    BUG_ON(!registry_submit(adder->f->registry, &a.job));
    pthread_mutex_lock(&a.lock);
    while (!a.is_done)
        pthread_cond_wait(&a.done, &a.lock);
    pthread_mutex_unlock(&a.lock);
    pthread_cond_destroy(&a.done);
    pthread_mutex_destroy(&a.lock);
}

static bool has_tag(struct registry_fixture *f, int number)
{
    AUTO_FREE char *row = registry_fixture_row(f, "thumbs", ROW_TAGS, "");
    AUTO_FREE char *part = xasprintf("\"t%d\":", number);
    return row != NULL && strstr(row, part) != NULL;
}

/* Adds and removes; what it did is in the current catalog when its job is done. */
static void *add_and_remove(void *ctx)
{
    struct adder *a = ctx;
    for (int i = 0; i < ROUNDS; i++) {
        submit(a, false);
        BUG_ON(!has_tag(a->f, a->number));
        submit(a, true);
        BUG_ON(has_tag(a->f, a->number));
    }
    submit(a, false);
    return NULL;
}

static void test_edits__of_many_threads_lose_nothing(void **state)
{
    struct registry_fixture *f = *state;
    static struct adder adders[THREADS];
    for (int i = 0; i < THREADS; i++) {
        adders[i] = (struct adder){.f = f, .number = i};
        assert_int_equal(pthread_create(&adders[i].thread, NULL, add_and_remove, &adders[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(adders[i].thread, NULL);
    assert_int_equal(f->changes, THREADS * (2 * ROUNDS + 1));
    for (int reopened = 0; reopened < 2; reopened++) {
        for (int i = 0; i < THREADS; i++)
            assert_true(has_tag(f, i));
        reopen(f);
    }
}

#define T(name)                                                                                    \
    cmocka_unit_test_setup_teardown(name, registry_fixture_setup, registry_fixture_teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_COUNT, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        T(test_edit__makes_a_function_that_survives_a_restart),
        T(test_edit__removes_a_row_and_then_the_function),
        T(test_edit__changes_nothing_when_the_rows_make_no_function),
        T(test_edit__leaves_published_snapshots_alone),
        T(test_snapshot__outlives_the_registry),
        T(test_edit__needs_a_known_built_in),
        T(test_submit__is_refused_after_the_drain),
        T(test_declared__keeps_its_rows_when_nothing_changed),
        T(test_declared__wins_over_settings_of_the_api),
        T(test_declared__keeps_statements_that_the_api_added),
        T(test_declared__puts_a_permission_back),
        T(test_declared__keeps_what_only_the_api_knows),
        T(test_declared__goes_when_the_configuration_names_it_no_more),
        T(test_declared__takes_a_function_of_the_api_over),
        T(test_declared__comes_back_after_the_api_deleted_it),
        T(test_stored__waits_for_its_role_to_come_back),
        T(test_stored__runs_without_a_version_whose_role_is_gone),
        T(test_reload__keeps_the_old_configuration_on_failure),
        T(test_reload__publishes_other_stores),
        T(test_open__refuses_a_declaration_that_is_none),
        T(test_edits__of_many_threads_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
