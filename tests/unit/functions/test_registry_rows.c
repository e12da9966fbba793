/*
 * A registry whose file somebody else wrote: whatever stands in it, the daemon starts.
 */
#include "registry_fixture.h"

#include "onput/log.h"

static int setup(void **state)
{
    struct registry_fixture *f = xcalloc(1, sizeof(*f));
    registry_fixture_init(f, 1);
    registry_fixture_open(f, &(struct catalog_parts){0});
    EDIT(f, "api", {ROW_FUNCTION, "$LATEST", ECHO_ROW}, {ROW_TAGS, "", "{}"});
    registry_fixture_close(f);
    *state = f;
    return 0;
}

/* Puts a row into the file; `json` as an SQL expression. */
static void insert(struct registry_fixture *f, const char *function, int kind,
                   const char *qualifier, const char *json)
{
    AUTO_FREE char *sql = xasprintf("INSERT OR REPLACE INTO row VALUES(%s, %d, '%s', %s)", function,
                                    kind, qualifier, json);
    free(registry_fixture_sql(f, sql));
}

static void assert_count(struct registry_fixture *f, const char *count)
{
    registry_fixture_close(f);
    AUTO_FREE char *counted =
        registry_fixture_sql(f, "SELECT count(*) FROM row WHERE function = 'api'");
    assert_string_equal(counted, count);
}

static void open_again(struct registry_fixture *f)
{
    registry_fixture_open(f, &(struct catalog_parts){0});
    assert_true(registry_fixture_has(f, "thumbs"));
}

static void test_schema__has_the_first_version(void **state)
{
    struct registry_fixture *f = *state;
    AUTO_FREE char *version = registry_fixture_sql(f, "PRAGMA user_version");
    assert_string_equal(version, "1");
    AUTO_FREE char *sql = registry_fixture_sql(f, "SELECT sql FROM sqlite_schema WHERE name='row'");
    assert_string_equal(sql, "CREATE TABLE row(  function  TEXT NOT NULL,  kind      INTEGER NOT "
                             "NULL,  qualifier TEXT NOT NULL,  json      TEXT NOT NULL,  PRIMARY "
                             "KEY(function, kind, qualifier)) STRICT, WITHOUT ROWID");
}

static void test_schema__of_a_newer_version_is_refused(void **state)
{
    struct registry_fixture *f = *state;
    struct error err = {0};
    free(registry_fixture_sql(f, "PRAGMA user_version=2"));
    assert_fails(registry_fixture_try_open(f, &(struct catalog_parts){0}, &err), &err,
                 ERROR_UNSUPPORTED);
}

static void test_rows__that_cannot_be_read_leave_their_function_out(void **state)
{
    struct registry_fixture *f = *state;
    static const struct {
        int kind;
        const char *qualifier, *json;
    } bad[] = {
        {ROW_TAGS, "", "'{'"},
        {ROW_POLICY, "", "''"},
        {ROW_POLICY, "x", "'[]'"},
        {ROW_URL, "", "'null'"},
        {99, "", "'{}'"},
        {-1, "", "'{}'"},
        {ROW_ALIAS, "a", "printf('{\"a\":\"%.*c\"}', 300000, 'x')"},
        {ROW_ALIAS, "deep", "printf('%.*c', 1000, '[')"},
        {ROW_ALIAS, "bytes", "CAST(x'7b22ff223a317d' AS TEXT)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        insert(f, "'api'", bad[i].kind, bad[i].qualifier, bad[i].json);
        open_again(f);
        assert_false(registry_fixture_has(f, "api"));
        EDIT_FAILS(f, "api", ERROR_INVALID, "Delete it first", {ROW_TAGS, "", "{\"a\":\"b\"}"});
        EDIT(f, "api", {ROW_KIND_COUNT, "", NULL});
        assert_count(f, "0");
        open_again(f);
        EDIT(f, "api", {ROW_FUNCTION, "$LATEST", ECHO_ROW});
        assert_true(registry_fixture_has(f, "api"));
        registry_fixture_close(f);
    }
}

static void test_rows__that_make_no_function_stay(void **state)
{
    struct registry_fixture *f = *state;
    static const char *const bad[] = {
        "'{}'",
        "'{\"Runtime\":1}'",
        "'{\"Runtime\":\"onput.builtin\",\"Handler\":\"echo\",\"Role\":[],\"Timeout\":3}'",
        "'{\"Runtime\":\"onput.builtin\",\"Handler\":\"echo\",\"Role\":\"\",\"Timeout\":3}'",
        "'{\"Runtime\":\"onput.builtin\",\"Handler\":\"thumbnail\",\"Role\":\"" ROLE
        "\",\"Timeout\":3,\"Environment\":[]}'",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        insert(f, "'api'", ROW_FUNCTION, "$LATEST", bad[i]);
        open_again(f);
        assert_false(registry_fixture_has(f, "api"));
        assert_count(f, "2");
    }
    open_again(f);
    EDIT(f, "api", {ROW_FUNCTION, "$LATEST", ECHO_ROW});
    assert_true(registry_fixture_has(f, "api"));
}

static void test_rows__without_a_function_are_written_over(void **state)
{
    struct registry_fixture *f = *state;
    free(registry_fixture_sql(f, "DELETE FROM row WHERE function = 'api' AND kind = 0"));
    insert(f, "'api'", 99, "", "'{}'");
    open_again(f);
    assert_false(registry_fixture_has(f, "api"));
    EDIT(f, "api", {ROW_FUNCTION, "$LATEST", ECHO_ROW});
    assert_true(registry_fixture_has(f, "api"));
    assert_count(f, "2"); /* the tags, which can be read, and the function */
}

static void test_rows__of_strange_names_stop_nothing(void **state)
{
    struct registry_fixture *f = *state;
    insert(f, "''", ROW_FUNCTION, "$LATEST", "'" ECHO_ROW "'");
    insert(f, "printf('%.*c', 100000, 'n')", ROW_FUNCTION, "$LATEST", "'" ECHO_ROW "'");
    insert(f, "CAST(x'ff' AS TEXT)", ROW_FUNCTION, "$LATEST", "'" ECHO_ROW "'");
    insert(f, "'a:b'", ROW_FUNCTION, "$LATEST", "'" ECHO_ROW "'");
    open_again(f);
    assert_false(registry_fixture_has(f, ""));
    assert_false(registry_fixture_has(f, "a:b"));
    assert_true(registry_fixture_has(f, "api"));
}

static void test_rows__of_a_declared_function_do_not_stop_the_start(void **state)
{
    struct registry_fixture *f = *state;
    struct error err = {0};
    insert(f, "'thumbs'", ROW_FUNCTION, "$LATEST", "'{\"Handler\":7}'"); /* is written over */
    open_again(f);
    registry_fixture_close(f);
    insert(f, "'thumbs'", ROW_TAGS, "", "'['");
    registry_fixture_open(f, &(struct catalog_parts){0});
    assert_false(registry_fixture_has(f, "thumbs"));
    assert_true(registry_fixture_has(f, "api"));
    EDIT(f, "thumbs", {ROW_KIND_COUNT, "", NULL});
    assert_ok(registry_fixture_reload(f, &(struct catalog_parts){0}, &err), &err);
    assert_true(registry_fixture_has(f, "thumbs"));
}

static void test_file__that_is_no_database_is_an_error(void **state)
{
    struct registry_fixture *f = *state;
    struct error err = {0};
    f->options.vfs = NULL;
    AUTO_FREE char *path = xasprintf("%s/registry.db", f->dir);
    test_write_file(path, TEXT("this is no database, but long enough to be looked at ........."));
    assert_int_equal(registry_fixture_try_open(f, &(struct catalog_parts){0}, &err), -1);
    assert_int_equal(remove(path), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, registry_fixture_teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_COUNT, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        T(test_schema__has_the_first_version),
        T(test_schema__of_a_newer_version_is_refused),
        T(test_rows__that_cannot_be_read_leave_their_function_out),
        T(test_rows__that_make_no_function_stay),
        T(test_rows__without_a_function_are_written_over),
        T(test_rows__of_strange_names_stop_nothing),
        T(test_rows__of_a_declared_function_do_not_stop_the_start),
        T(test_file__that_is_no_database_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
