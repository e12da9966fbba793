/*
 * From pending to running: reading ahead in due order, and loading the row that is to run.
 */
#include "queue_private.h"

#include <string.h>

struct window_args {
    int64_t after_due_ms, after_id;
    size_t max;
    struct queue_ticket *out;
    size_t count;
};

static int read_tickets(struct queue *q, sqlite3_stmt *stmt, struct window_args *a,
                        struct error *err)
{
    int row = 0;
    while (a->count < a->max && (row = db_step(&q->db, stmt, err)) == 1) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        if (running_find(&q->running, id) != NULL)
            continue;
        a->out[a->count++] = queue_ticket_of(id, sqlite3_column_int64(stmt, 1),
                                             db_column_text(stmt, 2), db_column_text(stmt, 3),
                                             db_column_text(stmt, 4), db_column_text(stmt, 5));
    }
    sqlite3_reset(stmt);
    return row < 0 ? -1 : 0;
}

static int run_window(struct queue *q, void *ctx, struct error *err)
{
    struct window_args *a = ctx;
    sqlite3_stmt *same = queue_statement(q, STATEMENT_WINDOW_SAME);
    sqlite3_bind_int64(same, 1, a->after_due_ms);
    sqlite3_bind_int64(same, 2, a->after_id);
    sqlite3_stmt *later = queue_statement(q, STATEMENT_WINDOW_LATER);
    sqlite3_bind_int64(later, 1, a->after_due_ms);
    return read_tickets(q, same, a, err) < 0 ? -1 : read_tickets(q, later, a, err);
}

int queue_window(struct queue *q, int64_t after_due_ms, int64_t after_id, size_t max,
                 struct queue_ticket *out, size_t *out_count, struct error *err)
{
    struct window_args args = {after_due_ms, after_id, max, out, 0};
    if (writer_call(q, false, run_window, &args, err) < 0)
        return -1;
    *out_count = args.count;
    return 0;
}

struct claim_args {
    int64_t id;
    struct arena *arena;
    struct invocation *out;
};

static int run_claim(struct queue *q, void *ctx, struct error *err)
{
    struct claim_args *a = ctx;
    sqlite3_stmt *stmt = queue_statement(q, STATEMENT_LOAD);
    sqlite3_bind_int64(stmt, 1, a->id);
    int row = db_step(&q->db, stmt, err);
    int result = row < 0 ? -1 : 0;
    if (row == 0 || (row == 1 && (sqlite3_column_int(stmt, 1) != INVOCATION_PENDING ||
                                  running_find(&q->running, a->id) != NULL)))
        result =
            error_set(err, ERROR_NOT_FOUND, "invocation %lld is not pending", (long long)a->id);
    if (result == 0) {
        struct invocation loaded;
        queue_read_row(stmt, a->arena, &loaded);
        loaded.state = INVOCATION_RUNNING;
        result = running_add(&q->running, a->id, loaded.identity, err);
        if (result == 0)
            *a->out = loaded;
    }
    sqlite3_reset(stmt);
    return result;
}

int queue_claim(struct queue *q, int64_t id, struct arena *arena, struct invocation *out,
                struct error *err)
{
    struct claim_args args = {id, arena, out};
    return writer_call(q, false, run_claim, &args, err);
}
