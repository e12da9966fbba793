/*
 * The queue's tables, as migrations.
 *
 * To change the format: never edit a row below that has been released. Append one with the next
 * version whose SQL turns the previous version into the new one, inside the transaction that
 * db_open() wraps around it; extend tests/unit/queue/test_schema.c, which opens a database of every
 * version. States are numbers of enum invocation_state and are never renumbered.
 *
 * Columns that listings need stand before the payload, so that reading them does not touch its
 * overflow pages. The partial index keeps due rows in order and holds nothing else.
 */
#include "queue_private.h"

static const struct db_migration migrations[] = {
    {1, "CREATE TABLE invocation("
        "  id          INTEGER PRIMARY KEY," /* from id_block, never used twice */
        "  state       INTEGER NOT NULL,"
        "  due_ms      INTEGER NOT NULL," /* wall time */
        "  attempts    INTEGER NOT NULL,"
        "  crashes     INTEGER NOT NULL DEFAULT 0," /* runs that the daemon did not survive */
        "  accepted_ms INTEGER NOT NULL,"
        "  request_id  TEXT NOT NULL,"
        "  function    TEXT NOT NULL,"
        "  store       TEXT NOT NULL,"
        "  bucket      TEXT NOT NULL,"
        "  key         TEXT NOT NULL,"
        "  identity    BLOB NOT NULL,"
        "  reason      TEXT NOT NULL,"
        "  payload     BLOB NOT NULL"
        ") STRICT;"
        "CREATE INDEX invocation_due ON invocation(due_ms, id) WHERE state = 0;"
        "CREATE INDEX invocation_parked ON invocation(state, id) WHERE state <> 0;"
        "CREATE TABLE id_block(next INTEGER NOT NULL) STRICT;"
        "INSERT INTO id_block VALUES(1);"},
};

const struct db_migration *queue_migrations(int *out_count)
{
    *out_count = (int)ARRAY_LEN(migrations);
    return migrations;
}
