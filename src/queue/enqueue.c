/*
 * New rows: ids, duplicates, bounds.
 */
#include "queue_private.h"

#include <string.h>
#include <sys/statvfs.h>

#include "onput/encoding.h"

void enqueue_look_at_disk(struct queue *q)
{
    struct statvfs fs;
    if (q->options.min_free_bytes >= 0 && statvfs(q->directory, &fs) == 0)
        q->disk_low = (int64_t)(fs.f_bavail * fs.f_frsize) < q->options.min_free_bytes;
}

int enqueue_has_room(struct queue *q, size_t count, struct error *err)
{
    int64_t rows =
        q->counts[INVOCATION_PENDING] + q->counts[INVOCATION_HELD] + q->counts[INVOCATION_DEAD];
    if (rows + (int64_t)count > q->options.max_rows)
        return error_set_retryable(err, ERROR_LIMIT,
                                   "the queue is full: %lld of %lld rows (queue.max_rows)",
                                   (long long)rows, (long long)q->options.max_rows);
    if (q->disk_low)
        return error_set_retryable(err, ERROR_LIMIT,
                                   "less than %lld bytes of disk are free (queue.min_free)",
                                   (long long)q->options.min_free_bytes);
    return 0;
}

/* Ids are reserved in blocks, so that a row deleted before a restart never gives its id to another.
 */
static int take_id(struct queue *q, int64_t *out, struct error *err)
{
    if (q->next_id == q->reserved_id) {
        sqlite3_stmt *stmt = queue_statement(q, STATEMENT_RESERVE_IDS);
        sqlite3_bind_int64(stmt, 1, q->next_id + QUEUE_ID_BLOCK);
        if (db_run(&q->db, stmt, err) < 0)
            return -1;
        q->reserved_id = q->next_id + QUEUE_ID_BLOCK;
    }
    *out = q->next_id++;
    return 0;
}

static int insert(struct queue *q, const struct invocation *row, struct error *err)
{
    sqlite3_stmt *stmt = queue_statement(q, STATEMENT_INSERT);
    sqlite3_bind_int64(stmt, 1, row->id);
    sqlite3_bind_int(stmt, 2, row->state);
    sqlite3_bind_int64(stmt, 3, row->due_ms);
    sqlite3_bind_int64(stmt, 4, row->accepted_ms);
    db_bind_text(stmt, 5, text_of(row->request_id));
    db_bind_text(stmt, 6, row->function);
    db_bind_text(stmt, 7, row->store);
    db_bind_text(stmt, 8, row->bucket);
    db_bind_text(stmt, 9, row->key);
    db_bind_blob(stmt, 10, row->identity, sizeof(row->identity));
    db_bind_text(stmt, 11, row->reason);
    db_bind_blob(stmt, 12, row->payload.ptr, row->payload.len);
    return db_run(&q->db, stmt, err);
}

/* No store repeats a direct invocation; its identity would only push others out. */
static bool is_event(const struct invocation *row)
{
    return row->bucket.len > 0;
}

static int enqueue_row(struct queue *q, struct invocation *row, int64_t now, struct error *err)
{
    BUG_ON(row->state != INVOCATION_PENDING && row->state != INVOCATION_HELD);
    if (take_id(q, &row->id, err) < 0)
        return -1;
    uuid_v4(row->request_id);
    row->accepted_ms = now;
    row->attempts = 0;
    if (row->due_ms == 0)
        row->due_ms = now;
    if (insert(q, row, err) < 0)
        return -1;
    if (is_event(row))
        dedupe_add(&q->dedupe, row->identity);
    q->counts[row->state]++;
    if (row->state == INVOCATION_PENDING)
        queue_note_ready(q, row->id, row->due_ms, row->store, row->bucket, row->key, row->function);
    return 0;
}

int enqueue_run(struct queue *q, struct queue_submission *s, struct error *err)
{
    int64_t now = clock_wall_ms(q->options.clock);
    for (size_t i = 0; i < s->count; i++) {
        if (is_event(&s->rows[i]) && dedupe_seen(&q->dedupe, s->rows[i].identity, now)) {
            s->verdicts[i] = QUEUE_DUPLICATE;
            continue;
        }
        if (enqueue_row(q, &s->rows[i], now, err) < 0)
            return -1;
        s->verdicts[i] = QUEUE_ACCEPTED;
    }
    return 0;
}
