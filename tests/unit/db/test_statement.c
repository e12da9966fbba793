/*
 * test_statement.c - tests of statements, bindings and the mapping of SQLite's errors.
 */
#include "support/test.h"

#include "onput/db.h"
#include "support/crash_vfs.h"

static const struct db_migration schema[] = {
    {1, "CREATE TABLE a(t TEXT NOT NULL, b BLOB NOT NULL) STRICT"}};

struct fixture {
    struct crash_vfs *vfs;
    struct db db;
};

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    struct error err = {0};
    f->vfs = crash_vfs_new(1);
    struct db_options options = {
        .path = "/x.db", .vfs = crash_vfs_name(f->vfs), .migrations = schema, .migration_count = 1};
    *state = f;
    return db_open(&options, &f->db, &err);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    db_close(&f->db);
    crash_vfs_free(f->vfs);
    free(f);
    return 0;
}

static void store(struct db *db, struct text t, const void *bytes, size_t len)
{
    struct error err = {0};
    sqlite3_stmt *stmt;
    assert_ok(db_prepare(db, "INSERT INTO a VALUES(?1, ?2)", &stmt, &err), &err);
    db_bind_text(stmt, 1, t);
    db_bind_blob(stmt, 2, bytes, len);
    int result = db_run(db, stmt, &err);
    sqlite3_finalize(stmt);
    assert_ok(result, &err);
}

static void assert_stored(struct db *db, struct text t, struct text b)
{
    struct error err = {0};
    sqlite3_stmt *stmt;
    assert_ok(db_prepare(db, "SELECT t, b FROM a", &stmt, &err), &err);
    assert_int_equal(db_step(db, stmt, &err), 1);
    assert_text_equal(db_column_text(stmt, 0), t);
    assert_text_equal(db_column_text(stmt, 1), b);
    assert_int_equal(db_step(db, stmt, &err), 0);
    sqlite3_finalize(stmt);
}

static void test_db_bind__keeps_every_byte(void **state)
{
    struct fixture *f = *state;
    const struct text odd = TEXT("nul\0\xff\xfe quote'");
    store(&f->db, odd, odd.ptr, odd.len);
    assert_stored(&f->db, odd, odd);
}

static void test_db_bind__takes_a_zeroed_text_as_the_empty_one(void **state)
{
    struct fixture *f = *state;
    store(&f->db, (struct text){0}, NULL, 0);
    assert_stored(&f->db, TEXT(""), TEXT(""));
}

static void test_db_prepare__says_what_is_wrong_with_the_statement(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    sqlite3_stmt *stmt = NULL;
    assert_fails(db_prepare(&f->db, "SELECT absent FROM a", &stmt, &err), &err, ERROR_IO);
    assert_contains(err.message, "no such column: absent");
    assert_null(stmt);
}

static void test_db_exec__maps_a_failed_sync_to_an_io_error(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    for (uint64_t n = 1; n <= 2; n++) {
        crash_vfs_fail_at(f->vfs, n);
        assert_fails(db_exec(&f->db, "INSERT INTO a VALUES('x', x'00')", &err), &err, ERROR_IO);
        assert_true(crash_vfs_has_failed(f->vfs));
        assert_false(err.retryable);
        error_clear(&err);
    }
}

static void test_db_step__maps_a_failed_read_to_an_io_error(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    sqlite3_stmt *stmt;
    store(&f->db, TEXT("t"), "b", 1);
    assert_ok(db_prepare(&f->db, "SELECT t FROM a", &stmt, &err), &err);
    sqlite3_db_release_memory(f->db.handle);
    crash_vfs_fail_reads(f->vfs, true);
    assert_int_equal(db_step(&f->db, stmt, &err), -1);
    assert_int_equal(err.code, ERROR_IO);
    crash_vfs_fail_reads(f->vfs, false);
    assert_int_equal(db_step(&f->db, stmt, &err), 1);
    sqlite3_finalize(stmt);
}

static void test_db_exec__maps_a_full_database_to_a_sentence(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    assert_ok(db_exec(&f->db, "PRAGMA max_page_count=4", &err), &err);
    assert_fails(db_exec(&f->db, "INSERT INTO a VALUES('x', zeroblob(65536))", &err), &err,
                 ERROR_IO);
    assert_contains(err.message, "the disk is full");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_db_bind__keeps_every_byte),
        TEST(test_db_bind__takes_a_zeroed_text_as_the_empty_one),
        TEST(test_db_prepare__says_what_is_wrong_with_the_statement),
        TEST(test_db_exec__maps_a_failed_sync_to_an_io_error),
        TEST(test_db_step__maps_a_failed_read_to_an_io_error),
        TEST(test_db_exec__maps_a_full_database_to_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
