/*
 * What a start finds: the next id, the counts, the identities that are still in the queue, and runs
 * that the previous process did not survive.
 */
#include "queue_private.h"

#include <string.h>

#include "onput/log.h"

static int read_number(struct queue *q, enum statement id, int64_t *out, struct error *err)
{
    sqlite3_stmt *stmt = queue_statement(q, id);
    int row = db_step(&q->db, stmt, err);
    if (row == 1)
        *out = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    if (row == 0)
        return error_set(err, ERROR_IO, "the queue's database lacks a row: %s", sqlite3_sql(stmt));
    return row < 0 ? -1 : 0;
}

static int count_states(struct queue *q, struct error *err)
{
    if (read_number(q, STATEMENT_COUNT_PENDING, &q->counts[INVOCATION_PENDING], err) < 0)
        return -1;
    sqlite3_stmt *stmt = queue_statement(q, STATEMENT_COUNT_STATE);
    int row;
    while ((row = db_step(&q->db, stmt, err)) == 1) {
        int state = sqlite3_column_int(stmt, 0);
        if (state == INVOCATION_HELD || state == INVOCATION_DEAD)
            q->counts[state] = sqlite3_column_int64(stmt, 1);
    }
    sqlite3_reset(stmt);
    return row < 0 ? -1 : 0;
}

/* The newest rows only, as many as the ring holds; oldest of them first, so that they leave first.
 */
static int remember_identities(struct queue *q, struct error *err)
{
    sqlite3_stmt *stmt = queue_statement(q, STATEMENT_RECENT);
    sqlite3_bind_int64(stmt, 1, (int64_t)q->dedupe.capacity);
    int row;
    while ((row = db_step(&q->db, stmt, err)) == 1) {
        struct text identity = db_column_text(stmt, 0);
        unsigned char bytes[16];
        if (identity.len != sizeof(bytes))
            continue;
        memcpy(bytes, identity.ptr, sizeof(bytes));
        dedupe_add(&q->dedupe, bytes);
    }
    sqlite3_reset(stmt);
    return row < 0 ? -1 : 0;
}

/* A run that the process did not survive is counted; a row that did it too often is dead. */
static int note_crash(struct queue *q, int64_t id, struct error *err)
{
    sqlite3_stmt *stmt = queue_statement(q, STATEMENT_CRASHED);
    sqlite3_bind_int(stmt, 1, QUEUE_MAX_CRASHES);
    sqlite3_bind_int64(stmt, 2, id);
    int row = db_step(&q->db, stmt, err);
    int state = row == 1 ? sqlite3_column_int(stmt, 0) : INVOCATION_PENDING;
    sqlite3_reset(stmt);
    if (row == 1)
        LOG(LOG_LEVEL_WARN, "the previous process ended while this invocation ran",
            LOG_I64("id", id), LOG_STRING("state", invocation_state_name(state)));
    return row < 0 ? -1 : 0;
}

/* An id stands twice when the process was killed while it moved a slot. */
static bool is_among(int64_t id, const int64_t *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == id)
            return true;
    }
    return false;
}

static int note_crashes(struct queue *q, struct error *err)
{
    int64_t ids[QUEUE_MAX_RUNNING];
    memcpy(ids, q->running.slots, sizeof(ids));
    if (db_exec(&q->db, "BEGIN IMMEDIATE", err) < 0)
        return -1;
    for (size_t i = 0; i < QUEUE_MAX_RUNNING; i++) {
        if (ids[i] != 0 && !is_among(ids[i], ids, i) && note_crash(q, ids[i], err) < 0)
            return -1;
    }
    if (db_exec(&q->db, "COMMIT", err) < 0)
        return -1;
    memset(q->running.slots, 0, sizeof(ids));
    return 0;
}

int queue_recover(struct queue *q, struct error *err)
{
    if (read_number(q, STATEMENT_NEXT_ID, &q->next_id, err) < 0)
        return -1;
    q->reserved_id = q->next_id;
    if (note_crashes(q, err) < 0 || count_states(q, err) < 0)
        return -1;
    return remember_identities(q, err);
}
