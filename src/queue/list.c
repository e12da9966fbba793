/*
 * Looking at the queue: counts, listings, one row.
 */
#include "queue_private.h"

#include <string.h>

static int run_stats(struct queue *q, void *ctx, struct error *err)
{
    struct queue_stats *out = ctx;
    sqlite3_stmt *stmt = queue_statement(q, STATEMENT_OLDEST);
    int row = db_step(&q->db, stmt, err);
    *out = (struct queue_stats){
        .pending = q->counts[INVOCATION_PENDING],
        .running = (int64_t)q->running.count,
        .held = q->counts[INVOCATION_HELD],
        .dead = q->counts[INVOCATION_DEAD],
        .oldest_pending_ms = row == 1 ? sqlite3_column_int64(stmt, 0) : 0,
    };
    sqlite3_reset(stmt);
    return row < 0 ? -1 : 0;
}

int queue_stats(struct queue *q, struct queue_stats *out, struct error *err)
{
    return writer_call(q, false, run_stats, out, err);
}

static void read_row(struct queue *q, sqlite3_stmt *stmt, struct arena *arena,
                     struct invocation *out)
{
    queue_read_row(stmt, arena, out);
    if (out->state == INVOCATION_PENDING && running_find(&q->running, out->id) != NULL)
        out->state = INVOCATION_RUNNING;
}

struct list_args {
    enum invocation_state state;
    int64_t after_id;
    size_t max;
    struct arena *arena;
    struct invocation *rows;
    size_t count;
};

static int run_list(struct queue *q, void *ctx, struct error *err)
{
    struct list_args *a = ctx;
    bool pending = a->state == INVOCATION_PENDING;
    sqlite3_stmt *stmt = queue_statement(q, pending ? STATEMENT_LIST_PENDING : STATEMENT_LIST);
    sqlite3_bind_int64(stmt, 1, a->after_id);
    sqlite3_bind_int64(stmt, 2, (int64_t)a->max);
    if (!pending)
        sqlite3_bind_int(stmt, 3, a->state);
    int row = 0;
    while (a->count < a->max && (row = db_step(&q->db, stmt, err)) == 1)
        read_row(q, stmt, a->arena, &a->rows[a->count++]);
    sqlite3_reset(stmt);
    return row < 0 ? -1 : 0;
}

int queue_list(struct queue *q, enum invocation_state state, int64_t after_id, size_t max,
               struct arena *arena, struct invocation **out, size_t *out_count, struct error *err)
{
    struct list_args args = {
        state, after_id, max, arena, ARENA_ARRAY(arena, struct invocation, max), 0};
    if (writer_call(q, false, run_list, &args, err) < 0)
        return -1;
    *out = args.rows;
    *out_count = args.count;
    return 0;
}

struct show_args {
    int64_t id;
    struct arena *arena;
    struct invocation *out;
};

static int run_show(struct queue *q, void *ctx, struct error *err)
{
    struct show_args *a = ctx;
    sqlite3_stmt *stmt = queue_statement(q, STATEMENT_LOAD);
    sqlite3_bind_int64(stmt, 1, a->id);
    int row = db_step(&q->db, stmt, err);
    if (row == 1)
        read_row(q, stmt, a->arena, a->out);
    sqlite3_reset(stmt);
    if (row == 0)
        return error_set(err, ERROR_NOT_FOUND, "there is no invocation %lld", (long long)a->id);
    return row < 0 ? -1 : 0;
}

int queue_show(struct queue *q, int64_t id, struct arena *arena, struct invocation *out,
               struct error *err)
{
    struct show_args args = {id, arena, out};
    return writer_call(q, false, run_show, &args, err);
}
