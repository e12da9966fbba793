/*
 * test_schema.c - opens a database of every version that was ever released, and finds its rows.
 * Also the plans of the statements that must not read the whole table.
 */
#include "queue_fixture.h"

#include "onput/db.h"
#include "onput/fd.h"
#include "queue_private.h"

/* Row 7 is pending, 8 held, 9 dead, as that version wrote them. Never edit; append. */
static const char *const rows_of_version[] = {
    [1] = "UPDATE id_block SET next = 1001;"
          "INSERT INTO invocation VALUES(7, 0, 1699999000, 2, 0, 1699990000,"
          " '0190a6f4-8f0e-4b7e-9c55-0f5f4e3d2c1b', 'thumbs', 'minio', 'photos', 'a b.jpg',"
          " x'000102030405060708090a0b0c0d0e0f', 'slow down', x'7b7d'),"
          "(8, 1, 1699999000, 0, 0, 1699990000, '', 'thumbs', 'minio', 'photos', 'h',"
          " x'100102030405060708090a0b0c0d0e0f', 'no permission', x'7b7d'),"
          "(9, 2, 1699999000, 5, 1, 1699990000, '', 'thumbs', 'minio', 'photos', 'd',"
          " x'200102030405060708090a0b0c0d0e0f', 'broken', x'7b7d');",
};

static void make_database(const char *path, int version, const char *rows)
{
    struct db_options options = {.path = path, .migration_count = version};
    int newest;
    struct error err = {0};
    struct db db;
    options.migrations = queue_migrations(&newest);
    assert_true(version <= newest);
    assert_ok(db_open(&options, &db, &err), &err);
    assert_ok(db_exec(&db, rows, &err), &err);
    db_close(&db);
}

static void check_version(struct queue_fixture *f, int version)
{
    AUTO_FREE char *dir = xasprintf("%s/v%d", f->dir, version);
    AUTO_FREE char *path = test_path(dir, "onput.db");
    AUTO_ARENA struct arena arena = {0};
    struct error err = {0};
    assert_ok(dir_create(dir, &err), &err);
    make_database(path, version, rows_of_version[version]);
    f->options.directory = dir;
    queue_fixture_reopen(f);
    assert_counts(f, 1, 1, 1);
    struct invocation row = show(f, 7, &arena);
    assert_int_equal(row.state, INVOCATION_PENDING);
    assert_int_equal(row.attempts, 2);
    assert_int_equal(row.due_ms, 1699999000);
    assert_int_equal(row.accepted_ms, 1699990000);
    assert_string_equal(row.request_id, "0190a6f4-8f0e-4b7e-9c55-0f5f4e3d2c1b");
    assert_text(row.key, "a b.jpg");
    assert_text(row.reason, "slow down");
    assert_text(row.payload, "{}");
    assert_int_equal(row.identity[15], 15);
    assert_int_equal(show(f, 8, &arena).state, INVOCATION_HELD);
    assert_int_equal(show(f, 9, &arena).state, INVOCATION_DEAD);
    claim(f, 7);
    finish(f, 7, QUEUE_FINISH_DONE);
    assert_ok(queue_redrive(f->q, 9, &err), &err);
    assert_true(submit_one(f, "new") >= 1001);
}

static void test_schema__opens_a_database_of_every_version(void **state)
{
    int newest;
    queue_migrations(&newest);
    assert_int_equal(ARRAY_LEN(rows_of_version), newest + 1);
    for (int version = 1; version <= newest; version++)
        check_version(*state, version);
}

static void test_schema__numbers_its_versions_without_gaps(void **state UNUSED)
{
    int newest;
    const struct db_migration *migrations = queue_migrations(&newest);
    for (int i = 0; i < newest; i++)
        assert_int_equal(migrations[i].version, i + 1);
}

static void assert_plan(struct db *db, const char *sql, const char *expected)
{
    AUTO_FREE char *explain = xasprintf("EXPLAIN QUERY PLAN %s", sql);
    struct error err = {0};
    sqlite3_stmt *stmt;
    assert_ok(db_prepare(db, explain, &stmt, &err), &err);
    assert_int_equal(db_step(db, stmt, &err), 1);
    AUTO_FREE char *plan = xmemdup_text(db_column_text(stmt, 3));
    int more = db_step(db, stmt, &err); /* a second line would be a sort */
    sqlite3_finalize(stmt);
    assert_contains(plan, expected);
    assert_int_equal(more, 0);
}

static void test_schema__has_an_index_for_what_runs_often(void **state)
{
    static const struct {
        enum statement id;
        const char *plan;
    } rows[] = {
        {STATEMENT_WINDOW_SAME, "INDEX invocation_due (due_ms=? AND id>?)"},
        {STATEMENT_WINDOW_LATER, "INDEX invocation_due (due_ms>?)"},
        {STATEMENT_LOAD, "USING INTEGER PRIMARY KEY (rowid=?)"},
        {STATEMENT_DELETE, "USING INTEGER PRIMARY KEY (rowid=?)"},
        {STATEMENT_RETRY, "USING INTEGER PRIMARY KEY (rowid=?)"},
        {STATEMENT_DIE, "USING INTEGER PRIMARY KEY (rowid=?)"},
        {STATEMENT_REDRIVE, "USING INTEGER PRIMARY KEY (rowid=?)"},
        {STATEMENT_OLDEST, "USING INDEX invocation_due"},
        {STATEMENT_COUNT_PENDING, "USING INDEX invocation_due"},
        {STATEMENT_COUNT_STATE, "USING COVERING INDEX invocation_parked"},
        {STATEMENT_LIST, "USING INDEX invocation_parked (state=? AND id>?)"},
        {STATEMENT_LIST_PENDING, "USING INTEGER PRIMARY KEY (rowid>?)"},
    };
    struct queue_fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_plan(&f->q->db, sqlite3_sql(f->q->statements[rows[i].id]), rows[i].plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_DISK(test_schema__opens_a_database_of_every_version),
        cmocka_unit_test(test_schema__numbers_its_versions_without_gaps),
        ON_DISK(test_schema__has_an_index_for_what_runs_often),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
