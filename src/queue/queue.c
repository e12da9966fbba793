/*
 * Opening and closing, the statements, and small things that all statement families share.
 */
#include "queue_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "onput/fd.h"
#include "onput/memory.h"
#include "onput/metrics.h"

#define ROW_COLUMNS                                                                                \
    "id, state, due_ms, attempts, accepted_ms, request_id, function, store, bucket, key, "         \
    "identity, reason"

#define TICKET_SQL                                                                                 \
    "SELECT id, due_ms, store, bucket, key, function FROM invocation WHERE state = 0 AND "

static const char *const statement_sql[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_INSERT] =
        "INSERT INTO invocation(id, state, due_ms, attempts, accepted_ms, request_id, function, "
        "store, bucket, key, identity, reason, payload) "
        "VALUES(?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    /* Two statements, as SQLite does not use the id of (due_ms, id) > (?, ?) for the search. */
    [STATEMENT_WINDOW_SAME] = TICKET_SQL "due_ms = ?1 AND id > ?2 ORDER BY id",
    [STATEMENT_WINDOW_LATER] = TICKET_SQL "due_ms > ?1 ORDER BY due_ms, id",
    [STATEMENT_LOAD] = "SELECT " ROW_COLUMNS ", payload FROM invocation WHERE id = ?1",
    [STATEMENT_DELETE] = "DELETE FROM invocation WHERE id = ?1 AND state = 0",
    [STATEMENT_RETRY] = "UPDATE invocation SET due_ms = ?1, attempts = attempts + ?4, reason = ?2 "
                        "WHERE id = ?3 AND state = 0 RETURNING store, bucket, key, function",
    [STATEMENT_DIE] = "UPDATE invocation SET state = 2, attempts = attempts + ?3, reason = ?1 "
                      "WHERE id = ?2 AND state = 0",
    [STATEMENT_REDRIVE] =
        "UPDATE invocation SET state = 0, due_ms = ?1, attempts = 0, crashes = 0 "
        "WHERE id = ?2 AND state IN (1, 2) RETURNING store, bucket, key, function",
    [STATEMENT_CRASHED] = "UPDATE invocation SET crashes = crashes + 1, "
                          "reason = 'the daemon ended while it ran', "
                          "state = CASE WHEN crashes + 1 >= ?1 THEN 2 ELSE 0 END "
                          "WHERE id = ?2 AND state = 0 RETURNING state",
    [STATEMENT_LIST] = "SELECT " ROW_COLUMNS " FROM invocation "
                       "WHERE state <> 0 AND state = ?3 AND id > ?1 ORDER BY id LIMIT ?2",
    [STATEMENT_LIST_PENDING] = "SELECT " ROW_COLUMNS " FROM invocation "
                               "WHERE state = 0 AND id > ?1 ORDER BY id LIMIT ?2",
    [STATEMENT_OLDEST] = "SELECT accepted_ms FROM invocation "
                         "WHERE state = 0 ORDER BY due_ms, id LIMIT 1",
    [STATEMENT_COUNT_STATE] =
        "SELECT state, count(*) FROM invocation WHERE state <> 0 GROUP BY state",
    [STATEMENT_COUNT_PENDING] = "SELECT count(*) FROM invocation WHERE state = 0",
    [STATEMENT_RECENT] = "SELECT identity FROM (SELECT id, identity FROM invocation "
                         "ORDER BY id DESC LIMIT ?1) ORDER BY id",
    [STATEMENT_NEXT_ID] = "SELECT next FROM id_block",
    [STATEMENT_RESERVE_IDS] = "UPDATE id_block SET next = ?1",
};

sqlite3_stmt *queue_statement(struct queue *q, enum statement id)
{
    sqlite3_stmt *stmt = q->statements[id];
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    return stmt;
}

int queue_prepare_statements(struct queue *q, struct error *err)
{
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        if (db_prepare(&q->db, statement_sql[i], &q->statements[i], err) < 0)
            return -1;
    }
    return 0;
}

static struct text copy_column(sqlite3_stmt *stmt, int column, struct arena *arena)
{
    return arena_text(arena, db_column_text(stmt, column));
}

void queue_read_row(sqlite3_stmt *stmt, struct arena *arena, struct invocation *out)
{
    *out = (struct invocation){
        .id = sqlite3_column_int64(stmt, 0),
        .state = sqlite3_column_int(stmt, 1),
        .due_ms = sqlite3_column_int64(stmt, 2),
        .attempts = sqlite3_column_int(stmt, 3),
        .accepted_ms = sqlite3_column_int64(stmt, 4),
        .function = copy_column(stmt, 6, arena),
        .store = copy_column(stmt, 7, arena),
        .bucket = copy_column(stmt, 8, arena),
        .key = copy_column(stmt, 9, arena),
        .reason = copy_column(stmt, 11, arena),
        .payload = sqlite3_column_count(stmt) > 12 ? copy_column(stmt, 12, arena) : TEXT(""),
    };
    struct text request_id = db_column_text(stmt, 5);
    struct text identity = db_column_text(stmt, 10);
    if (request_id.len < sizeof(out->request_id))
        memcpy(out->request_id, request_id.ptr, request_id.len);
    if (identity.len == sizeof(out->identity))
        memcpy(out->identity, identity.ptr, identity.len);
}

/* FNV-1a over the parts with a separator that no bucket name holds: spreads, need not be secret. */
uint64_t queue_hash(struct text a, struct text b, struct text c)
{
    const struct text parts[] = {a, b, c};
    uint64_t hash = 14695981039346656037u;
    for (size_t p = 0; p < ARRAY_LEN(parts); p++) {
        for (size_t i = 0; i < parts[p].len; i++)
            hash = (hash ^ (unsigned char)parts[p].ptr[i]) * 1099511628211u;
        hash = (hash ^ 0xff) * 1099511628211u;
    }
    return hash;
}

/* Of the name alone: limits are a function's, whichever version runs. */
uint64_t queue_function_hash(struct text function)
{
    struct text name = text_slice(function, 0, text_find(function, ':'));
    return queue_hash(name, TEXT(""), TEXT(""));
}

/* A direct invocation is about no object: its own id keeps it apart from all others. */
static uint64_t object_hash(int64_t id, struct text store, struct text bucket, struct text key)
{
    if (store.len == 0 && bucket.len == 0 && key.len == 0)
        return queue_hash((struct text){(const char *)&id, sizeof(id)}, TEXT(""), TEXT(""));
    return queue_hash(store, bucket, key);
}

struct queue_ticket queue_ticket_of(int64_t id, int64_t due_ms, struct text store,
                                    struct text bucket, struct text key, struct text function)
{
    return (struct queue_ticket){
        .id = id,
        .due_ms = due_ms,
        .object_hash = object_hash(id, store, bucket, key),
        .function_hash = queue_function_hash(function),
    };
}

void queue_note_ready(struct queue *q, int64_t id, int64_t due_ms, struct text store,
                      struct text bucket, struct text key, struct text function)
{
    if (q->ready_count == q->ready_capacity) {
        q->ready_capacity = q->ready_capacity == 0 ? 256 : q->ready_capacity * 2;
        q->ready = xrealloc_array(q->ready, q->ready_capacity, sizeof(*q->ready));
    }
    q->ready[q->ready_count++] = queue_ticket_of(id, due_ms, store, bucket, key, function);
}

void queue_count(struct queue *q, enum invocation_state from, enum invocation_state to)
{
    q->counts[from]--;
    q->counts[to]++;
}

void queue_publish_depth(struct queue *q)
{
    static const enum invocation_state shown[] = {INVOCATION_PENDING, INVOCATION_HELD,
                                                  INVOCATION_DEAD};
    for (size_t i = 0; i < ARRAY_LEN(shown); i++)
        metrics_set(q->options.metrics, METRIC_QUEUE_DEPTH, (double)q->counts[shown[i]],
                    invocation_state_name(shown[i]), NULL, NULL);
}

static void apply_defaults(struct queue_options *o)
{
    if (o->max_rows == 0)
        o->max_rows = 1000000;
    if (o->dedupe_window_ms == 0)
        o->dedupe_window_ms = 15 * 60 * 1000;
    if (o->dedupe_max == 0)
        o->dedupe_max = 100000;
    if (o->min_free_bytes == 0)
        o->min_free_bytes = 256 * 1024 * 1024;
    if (o->clock == NULL)
        o->clock = clock_system();
}

static int note_wal_pages(void *ctx, sqlite3 *handle, const char *name, int pages)
{
    (void)handle;
    (void)name;
    struct queue *q = ctx;
    q->wal_pages = pages;
    return SQLITE_OK;
}

static int open_files(struct queue *q, struct error *err)
{
    if (dir_create(q->directory, err) < 0)
        return -1;
    AUTO_FREE char *path = xasprintf("%s/onput.db", q->directory);
    struct db_options db = {.path = path, .vfs = q->options.vfs};
    db.migrations = queue_migrations(&db.migration_count);
    if (db_open(&db, &q->db, err) < 0 || running_open(&q->running, q->directory, err) < 0)
        return -1;
    if (queue_prepare_statements(q, err) < 0 || queue_recover(q, err) < 0)
        return -1;
    sqlite3_wal_hook(q->db.handle, note_wal_pages, q); /* in place of the automatic checkpoint */
    queue_publish_depth(q);
    return 0;
}

int queue_open(const struct queue_options *options, struct queue **out, struct error *err)
{
    struct queue *q = xcalloc(1, sizeof(*q));
    q->options = *options;
    apply_defaults(&q->options);
    q->directory = xstrdup(options->directory);
    dedupe_init(&q->dedupe, q->options.dedupe_max, q->options.dedupe_window_ms);
    writer_init(&q->writer);
    if (open_files(q, err) < 0 || writer_start(q, err) < 0) {
        queue_close(q);
        return -1;
    }
    *out = q;
    return 0;
}

void queue_close(struct queue *q)
{
    if (q == NULL)
        return;
    bool ran = q->writer.started;
    writer_stop(q);
    if (ran)
        running_clear(&q->running); /* whoever comes here was not killed by a run */
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(q->statements[i]);
    db_close(&q->db);
    running_close(&q->running);
    dedupe_release(&q->dedupe);
    free(q->ready);
    free(q->directory);
    free(q);
}
