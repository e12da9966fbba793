/*
 * Statements and the mapping of SQLite's result codes to struct error.
 */
#include "onput/db.h"

int db_error(struct db *db, struct error *err, const char *what)
{
    int code = sqlite3_extended_errcode(db->handle);
    const char *message = sqlite3_errmsg(db->handle);
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set_retryable(err, ERROR_UNAVAILABLE,
                                   "another onput uses this state directory (%s)", message);
    case SQLITE_FULL:
        return error_set(err, ERROR_IO, "the disk is full (%s: %s)", what, message);
    default:
        return error_set(err, ERROR_IO, "database: %s: %s (code %d)", what, message, code);
    }
}

int db_exec(struct db *db, const char *sql, struct error *err)
{
    if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        return db_error(db, err, sql);
    return 0;
}

int db_prepare(struct db *db, const char *sql, sqlite3_stmt **out, struct error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) !=
        SQLITE_OK)
        return db_error(db, err, sql);
    *out = stmt;
    return 0;
}

int db_step(struct db *db, sqlite3_stmt *stmt, struct error *err)
{
    switch (sqlite3_step(stmt)) {
    case SQLITE_ROW:
        return 1;
    case SQLITE_DONE:
        return 0;
    default:
        db_error(db, err, sqlite3_sql(stmt));
        sqlite3_reset(stmt);
        return -1;
    }
}

int db_run(struct db *db, sqlite3_stmt *stmt, struct error *err)
{
    int row = db_step(db, stmt, err);
    sqlite3_reset(stmt);
    return row < 0 ? -1 : 0;
}

int db_checkpoint(struct db *db, struct error *err)
{
    if (sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) !=
        SQLITE_OK)
        return db_error(db, err, "checkpoint");
    return 0;
}

struct text db_column_text(sqlite3_stmt *stmt, int column)
{
    const void *bytes = sqlite3_column_blob(stmt, column);
    int len = sqlite3_column_bytes(stmt, column);
    return bytes == NULL ? TEXT("") : (struct text){bytes, (size_t)len};
}

void db_bind_text(sqlite3_stmt *stmt, int index, struct text t)
{
    const char *bytes = t.ptr != NULL ? t.ptr : ""; /* a null pointer would be bound as NULL */
    sqlite3_bind_text64(stmt, index, bytes, t.len, SQLITE_STATIC, SQLITE_UTF8);
}

void db_bind_blob(sqlite3_stmt *stmt, int index, const void *bytes, size_t len)
{
    sqlite3_bind_blob64(stmt, index, bytes != NULL ? bytes : "", len, SQLITE_STATIC);
}
