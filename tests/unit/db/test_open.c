/*
 * test_open.c - tests of db_open(): settings, migrations, and databases that are not ours to touch.
 */
#include "support/test.h"

#include <sys/stat.h>

#include "onput/db.h"
#include "support/crash_vfs.h"

static const struct db_migration two_versions[] = {
    {1, "CREATE TABLE a(x INTEGER NOT NULL) STRICT; INSERT INTO a VALUES(7)"},
    {2, "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 5; UPDATE a SET x = x + 1"},
};

static int open_with(const char *path, int migrations, struct db *out, struct error *err)
{
    struct db_options options = {
        .path = path, .migrations = two_versions, .migration_count = migrations};
    return db_open(&options, out, err);
}

static int64_t number(struct db *db, const char *sql)
{
    struct error err = {0};
    sqlite3_stmt *stmt;
    assert_ok(db_prepare(db, sql, &stmt, &err), &err);
    assert_int_equal(db_step(db, stmt, &err), 1);
    int64_t n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return n;
}

static void assert_pragma(struct db *db, const char *sql, const char *expected)
{
    struct error err = {0};
    sqlite3_stmt *stmt;
    assert_ok(db_prepare(db, sql, &stmt, &err), &err);
    assert_int_equal(db_step(db, stmt, &err), 1);
    assert_text(db_column_text(stmt, 0), expected);
    sqlite3_finalize(stmt);
}

static void test_db_open__sets_what_it_promises(void **state)
{
    AUTO_FREE char *path = test_path(*state, "x.db");
    struct error err = {0};
    struct db db;
    assert_ok(open_with(path, 1, &db, &err), &err);
    assert_pragma(&db, "PRAGMA journal_mode", "wal");
    assert_pragma(&db, "PRAGMA locking_mode", "exclusive");
    assert_pragma(&db, "PRAGMA synchronous", "2");
    assert_pragma(&db, "PRAGMA auto_vacuum", "2");
    assert_pragma(&db, "PRAGMA trusted_schema", "0");
    assert_pragma(&db, "PRAGMA mmap_size", "0");
    int defensive = 0;
    sqlite3_db_config(db.handle, SQLITE_DBCONFIG_DEFENSIVE, -1, &defensive);
    assert_int_equal(defensive, 1);
    db_close(&db);
    assert_null(db.handle);
    db_close(&db);
}

static void test_db_open__makes_no_shared_memory_file(void **state)
{
    AUTO_FREE char *path = test_path(*state, "x.db");
    AUTO_FREE char *shm = test_path(*state, "x.db-shm");
    struct error err = {0};
    struct stat st;
    struct db db;
    assert_ok(open_with(path, 1, &db, &err), &err);
    assert_int_equal(stat(shm, &st), -1);
    db_close(&db);
}

static void test_db_open__keeps_the_database_from_others(void **state)
{
    AUTO_FREE char *path = test_path(*state, "x.db");
    struct error err = {0};
    struct stat st;
    struct db db;
    assert_ok(open_with(path, 1, &db, &err), &err);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
    db_close(&db);
}

static void test_db_open__tells_a_second_opener_who_has_it(void **state)
{
    AUTO_FREE char *path = test_path(*state, "x.db");
    struct error err = {0};
    struct db first, second = {0};
    assert_ok(open_with(path, 1, &first, &err), &err);
    assert_fails(open_with(path, 1, &second, &err), &err, ERROR_UNAVAILABLE);
    assert_contains(err.message, "another onput uses this state directory");
    assert_contains(err.message, path);
    assert_true(err.retryable);
    assert_null(second.handle);
    assert_int_equal(number(&first, "SELECT x FROM a"), 7);
    db_close(&first);
    error_clear(&err);
    assert_ok(open_with(path, 1, &second, &err), &err);
    db_close(&second);
}

static void test_db_open__runs_each_migration_once(void **state)
{
    AUTO_FREE char *path = test_path(*state, "x.db");
    struct error err = {0};
    struct db db;
    assert_ok(open_with(path, 1, &db, &err), &err);
    assert_int_equal(number(&db, "PRAGMA user_version"), 1);
    db_close(&db);
    for (int i = 0; i < 2; i++) {
        assert_ok(open_with(path, 2, &db, &err), &err);
        assert_int_equal(number(&db, "PRAGMA user_version"), 2);
        assert_int_equal(number(&db, "SELECT x FROM a"), 8);
        assert_int_equal(number(&db, "SELECT y FROM a"), 5);
        db_close(&db);
    }
}

static void test_db_open__undoes_a_migration_that_fails(void **state)
{
    static const struct db_migration broken[] = {
        {1, "CREATE TABLE a(x INTEGER NOT NULL) STRICT; INSERT INTO a VALUES(7)"},
        {2, "UPDATE a SET x = 9; INSERT INTO no_such_table VALUES(1)"},
    };
    AUTO_FREE char *path = test_path(*state, "x.db");
    struct db_options options = {.path = path, .migrations = broken, .migration_count = 2};
    struct error err = {0};
    struct db db = {0};
    assert_fails(db_open(&options, &db, &err), &err, ERROR_IO);
    assert_contains(err.message, "migration to version 2");
    assert_null(db.handle);
    error_clear(&err);
    assert_ok(open_with(path, 1, &db, &err), &err);
    assert_int_equal(number(&db, "PRAGMA user_version"), 1);
    assert_int_equal(number(&db, "SELECT x FROM a"), 7);
    db_close(&db);
}

static void test_db_open__leaves_a_newer_database_alone(void **state)
{
    AUTO_FREE char *path = test_path(*state, "x.db");
    struct error err = {0};
    struct db db = {0};
    assert_ok(open_with(path, 2, &db, &err), &err);
    db_close(&db);
    size_t before_len, after_len;
    AUTO_FREE char *before = test_read_file(path, &before_len);

    assert_fails(open_with(path, 1, &db, &err), &err, ERROR_UNSUPPORTED);
    assert_contains(err.message, "newer onput (schema 2, this one knows 1)");
    assert_false(err.retryable);

    AUTO_FREE char *after = test_read_file(path, &after_len);
    assert_int_equal(after_len, before_len);
    assert_memory_equal(after, before, before_len);
}

static void test_db_open__refuses_a_file_that_is_no_database(void **state)
{
    AUTO_FREE char *path = test_path(*state, "x.db");
    struct error err = {0};
    struct db db;
    char junk[4096];
    memset(junk, 'j', sizeof(junk));
    test_write_file(path, (struct text){junk, sizeof(junk)});
    assert_fails(open_with(path, 1, &db, &err), &err, ERROR_IO);
    assert_contains(err.message, path);
}

static void test_db_open__names_a_path_that_cannot_be_opened(void **state)
{
    AUTO_FREE char *path = test_path(*state, "missing/x.db");
    struct error err = {0};
    struct db db;
    assert_fails(open_with(path, 1, &db, &err), &err, ERROR_IO);
    assert_contains(err.message, "missing/x.db");
}

static void test_db_open__survives_a_failure_of_every_call(void **state UNUSED)
{
    int failures = 0;
    for (uint64_t n = 1;; n++) {
        struct crash_vfs *vfs = crash_vfs_new(n);
        struct db_options options = {.path = "/x.db",
                                     .vfs = crash_vfs_name(vfs),
                                     .migrations = two_versions,
                                     .migration_count = 2};
        struct error err = {0};
        struct db db = {0};
        crash_vfs_fail_at(vfs, n);
        int first = db_open(&options, &db, &err);
        bool failed = crash_vfs_has_failed(vfs);
        crash_vfs_fail_at(vfs, 0);
        db_close(&db);
        failures += first < 0;
        if (first < 0 && (!failed || err.code != ERROR_IO))
            fail_msg("call %d: %s", (int)n, err.message);
        error_clear(&err);
        assert_ok(db_open(&options, &db, &err), &err);
        assert_int_equal(number(&db, "SELECT x FROM a"), 8);
        db_close(&db);
        crash_vfs_free(vfs);
        if (!failed)
            break;
    }
    assert_true(failures >= 5);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(test_db_open__sets_what_it_promises),
        IN_DIR(test_db_open__makes_no_shared_memory_file),
        IN_DIR(test_db_open__keeps_the_database_from_others),
        IN_DIR(test_db_open__tells_a_second_opener_who_has_it),
        IN_DIR(test_db_open__runs_each_migration_once),
        IN_DIR(test_db_open__undoes_a_migration_that_fails),
        IN_DIR(test_db_open__leaves_a_newer_database_alone),
        IN_DIR(test_db_open__refuses_a_file_that_is_no_database),
        IN_DIR(test_db_open__names_a_path_that_cannot_be_opened),
        cmocka_unit_test(test_db_open__survives_a_failure_of_every_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
