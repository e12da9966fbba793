/*
 * db.h - SQLite opened the one way that onput uses it.
 *
 * WAL, synchronous=FULL, locking_mode=EXCLUSIVE (a second opener gets a clear error), trusted
 * schema off. Settings are read back after they are set. One connection belongs to one thread.
 *
 * Error mapping: SQLITE_FULL, IOERR and CORRUPT are ERROR_IO and never retried: a failed fsync
 * loses data silently, so the owner stops acknowledging and exits. SQLITE_BUSY at open is
 * ERROR_UNAVAILABLE
 * ("another onput uses this state directory").
 *
 * Source: SQLite "Write-Ahead Logging", "PRAGMA statements"; fsync behaviour: LSF/MM 2018
 * "fsyncgate".
 */
#ifndef ONPUT_DB_H
#define ONPUT_DB_H

#include <sqlite3.h>
#include <stdint.h>

#include "onput/error.h"
#include "onput/text.h"

struct db {
    sqlite3 *handle;
};

struct db_migration {
    int version; /* PRAGMA user_version after it; rows in ascending order from 1 */
    const char *sql;
};

struct db_options {
    const char *path;
    const char *vfs; /* NULL: the system's; tests pass their own */
    const struct db_migration *migrations;
    int migration_count;
};

/* Opens, configures, migrates. A database written by a newer onput is refused and left alone. */
MUST_CHECK int db_open(const struct db_options *options, struct db *out, struct error *err);
void db_close(struct db *db); /* statements must be finalised; safe on a zeroed struct */

MUST_CHECK int db_exec(struct db *db, const char *sql, struct error *err);
MUST_CHECK int db_prepare(struct db *db, const char *sql, sqlite3_stmt **out, struct error *err);
/* 1: a row is there; 0: done; -1: error. */
MUST_CHECK int db_step(struct db *db, sqlite3_stmt *stmt, struct error *err);
/* Steps a statement that gives no rows, and resets it. */
MUST_CHECK int db_run(struct db *db, sqlite3_stmt *stmt, struct error *err);

/* Text borrowed until the next step or reset. */
struct text db_column_text(sqlite3_stmt *stmt, int column);
/* Borrowed for the run: bound without a copy. */
void db_bind_text(sqlite3_stmt *stmt, int index, struct text t);
void db_bind_blob(sqlite3_stmt *stmt, int index, const void *bytes, size_t len);

/* Copies what is committed from the WAL into the database and syncs both. */
MUST_CHECK int db_checkpoint(struct db *db, struct error *err);

/* The error of the connection as *err. Returns -1. */
int db_error(struct db *db, struct error *err, const char *what);

#endif
