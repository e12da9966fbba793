/*
 * Opens the database the one way that onput uses it, verifies the settings by reading them back,
 * and brings the schema up to date.
 */
#include "onput/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

static int expect_pragma(struct db *db, const char *sql, const char *wanted, struct error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (db_prepare(db, sql, &stmt, err) < 0)
        return -1;
    int row = db_step(db, stmt, err);
    int result = row < 0 ? -1 : 0;
    if (row == 0)
        result = error_set(err, ERROR_IO, "the database did not answer %s", sql);
    if (row == 1 && !text_equal_nocase(db_column_text(stmt, 0), text_of(wanted)))
        result = error_set(err, ERROR_IO, "the database refuses %s", sql);
    sqlite3_finalize(stmt);
    return result;
}

static int read_version(struct db *db, int *out, struct error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (db_prepare(db, "PRAGMA user_version", &stmt, err) < 0)
        return -1;
    int row = db_step(db, stmt, err);
    if (row == 1)
        *out = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return row < 0 ? -1 : 0;
}

static int newest_version(const struct db_options *o)
{
    return o->migration_count > 0 ? o->migrations[o->migration_count - 1].version : 0;
}

static int refuse_newer(const struct db_options *o, int version, struct error *err)
{
    if (version <= newest_version(o))
        return 0;
    return error_set(err, ERROR_UNSUPPORTED,
                     "%s was written by a newer onput (schema %d, this one knows %d): "
                     "start that version, or give another state directory",
                     o->path, version, newest_version(o));
}

/*
 * auto_vacuum counts only before the first table, exclusive locking only before WAL is entered. The
 * version is read in between, so that a newer database is not written to.
 */
static int configure(struct db *db, const struct db_options *o, int *out_version, struct error *err)
{
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    int version = 0;
    if (expect_pragma(db, "PRAGMA locking_mode=EXCLUSIVE", "exclusive", err) < 0 ||
        read_version(db, &version, err) < 0 || refuse_newer(o, version, err) < 0)
        return -1;
    if (version == 0 &&
        db_exec(db, "PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL", err) < 0)
        return -1;
    if (expect_pragma(db, "PRAGMA journal_mode=WAL", "wal", err) < 0)
        return -1;
    if (db_exec(db,
                "PRAGMA synchronous=FULL; PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY;"
                "PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF; PRAGMA wal_autocheckpoint=1000",
                err) < 0)
        return -1;
    *out_version = version;
    return expect_pragma(db, "PRAGMA synchronous", "2", err);
}

static int apply(struct db *db, const struct db_migration *m, struct error *err)
{
    char set_version[64];
    snprintf(set_version, sizeof(set_version), "PRAGMA user_version=%d", m->version);
    if (db_exec(db, "BEGIN IMMEDIATE", err) < 0)
        return -1;
    if (db_exec(db, m->sql, err) < 0 || db_exec(db, set_version, err) < 0) {
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
        return error_prefix(err, "migration to version %d", m->version);
    }
    return db_exec(db, "COMMIT", err);
}

static int migrate(struct db *db, const struct db_options *o, int version, struct error *err)
{
    for (int i = 0; i < o->migration_count; i++) {
        if (o->migrations[i].version > version && apply(db, &o->migrations[i], err) < 0)
            return -1;
    }
    return 0;
}

/*
 * SQLite would let others read a new database; its other files take the mode of this one. A file
 * that exists is not opened here: closing it would drop the locks of a connection in this process.
 */
static int create_file(const struct db_options *o, struct error *err)
{
    if (o->vfs != NULL)
        return 0;
    AUTO_CLOSE int fd = open(o->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno != EEXIST)
        return error_set_errno(err, ERROR_IO, "cannot create %s", o->path);
    return 0;
}

int db_open(const struct db_options *options, struct db *out, struct error *err)
{
    struct db db = {0};
    int version = 0;
    if (create_file(options, err) < 0)
        return -1;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int rc = sqlite3_open_v2(options->path, &db.handle, flags, options->vfs);
    int result = rc == SQLITE_OK ? 0 : db_error(&db, err, "open");
    if (result == 0)
        result = configure(&db, options, &version, err);
    if (result == 0)
        result = migrate(&db, options, version, err);
    if (result < 0) {
        db_close(&db);
        return error_prefix(err, "%s", options->path);
    }
    *out = db;
    return 0;
}

void db_close(struct db *db)
{
    if (db->handle != NULL)
        sqlite3_close(db->handle);
    db->handle = NULL;
}
