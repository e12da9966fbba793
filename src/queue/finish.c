/*
 * What becomes of a claimed row, and of one that an operator gives another chance.
 */
#include "queue_private.h"

struct finish_args {
    int64_t id;
    enum queue_finish how;
    int64_t due_ms;
    struct text reason;
};

static int run_delete(struct queue *q, const struct finish_args *a, struct error *err)
{
    sqlite3_stmt *stmt = queue_statement(q, STATEMENT_DELETE);
    sqlite3_bind_int64(stmt, 1, a->id);
    return db_run(&q->db, stmt, err);
}

static int run_retry(struct queue *q, const struct finish_args *a, struct error *err)
{
    sqlite3_stmt *stmt = queue_statement(q, STATEMENT_RETRY);
    sqlite3_bind_int64(stmt, 1, a->due_ms);
    db_bind_text(stmt, 2, text_slice(a->reason, 0, QUEUE_REASON_MAX_BYTES));
    sqlite3_bind_int64(stmt, 3, a->id);
    sqlite3_bind_int(stmt, 4, a->how == QUEUE_FINISH_RETRY ? 1 : 0);
    int row = db_step(&q->db, stmt, err);
    if (row == 1)
        queue_note_ready(q, a->id, a->due_ms, db_column_text(stmt, 0), db_column_text(stmt, 1),
                         db_column_text(stmt, 2), db_column_text(stmt, 3));
    sqlite3_reset(stmt);
    return row < 0 ? -1 : 0;
}

static int run_die(struct queue *q, const struct finish_args *a, struct error *err)
{
    sqlite3_stmt *stmt = queue_statement(q, STATEMENT_DIE);
    db_bind_text(stmt, 1, text_slice(a->reason, 0, QUEUE_REASON_MAX_BYTES));
    sqlite3_bind_int64(stmt, 2, a->id);
    sqlite3_bind_int(stmt, 3, a->how == QUEUE_FINISH_DEAD ? 1 : 0);
    return db_run(&q->db, stmt, err);
}

static int run_release(struct queue *q, const struct finish_args *a, struct error *err)
{
    sqlite3_stmt *stmt = queue_statement(q, STATEMENT_LOAD);
    sqlite3_bind_int64(stmt, 1, a->id);
    int row = db_step(&q->db, stmt, err);
    if (row == 1)
        queue_note_ready(q, a->id, sqlite3_column_int64(stmt, 2), db_column_text(stmt, 7),
                         db_column_text(stmt, 8), db_column_text(stmt, 9), db_column_text(stmt, 6));
    sqlite3_reset(stmt);
    return row < 0 ? -1 : 0;
}

static int run_finish(struct queue *q, void *ctx, struct error *err)
{
    const struct finish_args *a = ctx;
    struct running_claim *claim = running_find(&q->running, a->id);
    if (claim == NULL)
        return error_set(err, ERROR_NOT_FOUND, "invocation %lld is not running", (long long)a->id);
    switch (a->how) {
    case QUEUE_FINISH_DONE:
        if (run_delete(q, a, err) < 0)
            return -1;
        dedupe_finish(&q->dedupe, claim->identity, clock_wall_ms(q->options.clock));
        queue_count(q, INVOCATION_PENDING, INVOCATION_DONE);
        break;
    case QUEUE_FINISH_RETRY:
    case QUEUE_FINISH_LATER:
        if (run_retry(q, a, err) < 0)
            return -1;
        break;
    case QUEUE_FINISH_DEAD:
    case QUEUE_FINISH_UNRUN:
        if (run_die(q, a, err) < 0)
            return -1;
        queue_count(q, INVOCATION_PENDING, INVOCATION_DEAD);
        break;
    case QUEUE_FINISH_RELEASE:
        if (run_release(q, a, err) < 0)
            return -1;
        break;
    }
    running_remove(&q->running, a->id);
    return 0;
}

int queue_finish(struct queue *q, int64_t id, enum queue_finish how, int64_t due_ms,
                 struct text reason, struct error *err)
{
    struct finish_args args = {id, how, due_ms, reason};
    return writer_call(q, true, run_finish, &args, err);
}

static int run_redrive(struct queue *q, void *ctx, struct error *err)
{
    int64_t id = *(const int64_t *)ctx;
    int64_t now = clock_wall_ms(q->options.clock);
    sqlite3_stmt *load = queue_statement(q, STATEMENT_LOAD);
    sqlite3_bind_int64(load, 1, id);
    int row = db_step(&q->db, load, err);
    enum invocation_state from = row == 1 ? sqlite3_column_int(load, 1) : INVOCATION_PENDING;
    sqlite3_reset(load);
    if (row < 0)
        return -1;
    if (!invocation_may_become(from, INVOCATION_PENDING))
        return error_set(err, ERROR_NOT_FOUND, "invocation %lld is neither dead nor held",
                         (long long)id);
    sqlite3_stmt *stmt = queue_statement(q, STATEMENT_REDRIVE);
    sqlite3_bind_int64(stmt, 1, now);
    sqlite3_bind_int64(stmt, 2, id);
    row = db_step(&q->db, stmt, err);
    if (row == 1) {
        queue_count(q, from, INVOCATION_PENDING);
        queue_note_ready(q, id, now, db_column_text(stmt, 0), db_column_text(stmt, 1),
                         db_column_text(stmt, 2), db_column_text(stmt, 3));
    }
    sqlite3_reset(stmt);
    return row < 0 ? -1 : 0;
}

int queue_redrive(struct queue *q, int64_t id, struct error *err)
{
    return writer_call(q, true, run_redrive, &id, err);
}
