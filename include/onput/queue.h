/*
 * queue.h - the durable queue: SQLite behind one writer thread with group commit.
 *
 * The writer owns the only connection. Whatever waits when a commit is done goes into the next one;
 * there is no delay to gather more. A submission is answered after the commit that holds it is
 * synced. An I/O error is final: the writer answers everything with it, calls on_fatal once and
 * refuses further work.
 *
 * The queue hands due work to the scheduler by two functions that it is given: on_ready() after a
 * commit made rows pending, so that short delays need no polling, and queue_window() for reading
 * ahead. The scheduler keeps ids and times only; queue_claim() loads the body.
 *
 * Claims live in memory and in a small shared-memory file of running ids, so that a run that killed
 * the daemon is counted as a crash of that invocation at the next start; ten of them make it dead.
 *
 * Duplicates: an event identity that is pending, held, dead or finished within dedupe_window_ms is
 * not queued again, as long as it is among the dedupe_max newest. Finished ones are remembered in
 * memory only; after a restart a repeated event is run again, with the same result. Rows without an
 * object are no events and are never duplicates.
 *
 * Threads: every function may be called from any thread but the callbacks' (they run on the
 * writer's thread and must not call back into the queue).
 */
#ifndef ONPUT_QUEUE_H
#define ONPUT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "onput/arena.h"
#include "onput/clock.h"
#include "onput/error.h"
#include "onput/invocation.h"
#include "onput/metrics.h"

struct queue;

/* What the scheduler needs to know of a pending row. */
struct queue_ticket {
    int64_t id;
    int64_t due_ms;
    uint64_t object_hash; /* same (store, bucket, key): same hash; without an object, of its id */
    uint64_t function_hash;
};

/* The hash of a function's name, as tickets carry it. A qualifier behind ":" does not count. */
uint64_t queue_function_hash(struct text function);

struct queue_options {
    const char *directory;    /* state directory; made when missing */
    const char *vfs;          /* NULL: the system's */
    int64_t max_rows;         /* pending + held + dead; 0: 1,000,000 */
    int64_t dedupe_window_ms; /* 0: 900,000 */
    size_t dedupe_max;        /* 0: 100,000 identities */
    int64_t min_free_bytes; /* less free disk than this: submissions are refused; 0: 256 MiB, -1: no
                               check */
    const struct clock *clock;
    struct metrics *metrics;
    void (*on_ready)(void *ctx, const struct queue_ticket *tickets, size_t count);
    void *on_ready_ctx;
    void (*on_fatal)(void *ctx, const struct error *err);
    void *on_fatal_ctx;
};

MUST_CHECK int queue_open(const struct queue_options *options, struct queue **out,
                          struct error *err);
/* Commits what waits, then closes. NULL-safe. */
void queue_close(struct queue *q);

/* ---- submit ---- */

enum queue_verdict { QUEUE_ACCEPTED, QUEUE_DUPLICATE };

/*
 * A group that is committed together and answered together. The caller fills rows (id, request_id
 * and accepted_ms are set by the queue; state PENDING or HELD) and keeps everything alive until
 * `done` was called, exactly once, on the writer's thread. verdicts[i] tells about rows[i].
 */
struct queue_submission {
    struct invocation *rows;
    size_t count;
    enum queue_verdict *verdicts;
    void (*done)(struct queue_submission *s, const struct error *err_or_null);
    void *ctx;
    struct queue_submission *next; /* the queue's own, like arrived_ms */
    int64_t arrived_ms;
};

/*
 * Never blocks. While the queue is full (rows or disk) the submission waits up to 5 s for room,
 * then done() gets a retryable ERROR_LIMIT. On -1 (closing, or a fatal error before) done() is not
 * called.
 */
MUST_CHECK int queue_submit(struct queue *q, struct queue_submission *s, struct error *err);

/* ---- run ---- */

/*
 * Up to `max` pending rows behind (after_due_ms, after_id) in due order that are not claimed. Waits
 * for the writer.
 */
MUST_CHECK int queue_window(struct queue *q, int64_t after_due_ms, int64_t after_id, size_t max,
                            struct queue_ticket *out, size_t *out_count, struct error *err);

/*
 * PENDING → RUNNING, with the whole row in *out (texts in the arena). ERROR_NOT_FOUND when it is
 * not pending any more.
 */
MUST_CHECK int queue_claim(struct queue *q, int64_t id, struct arena *arena, struct invocation *out,
                           struct error *err);

enum queue_finish {
    QUEUE_FINISH_DONE,    /* the row is deleted */
    QUEUE_FINISH_RETRY,   /* PENDING again at due_ms, attempts + 1 */
    QUEUE_FINISH_DEAD,    /* attempts + 1, reason kept */
    QUEUE_FINISH_UNRUN,   /* DEAD, not counted: it may not or cannot run at all */
    QUEUE_FINISH_LATER,   /* PENDING again at due_ms, not counted: there was no room for it */
    QUEUE_FINISH_RELEASE, /* PENDING again, not counted: shutdown */
};
/* Waits for the commit. Only for a claimed row. `reason` may be empty for DONE and RELEASE. */
MUST_CHECK int queue_finish(struct queue *q, int64_t id, enum queue_finish how, int64_t due_ms,
                            struct text reason, struct error *err);

/* ---- look and mend ---- */

/* True after a fatal error. Never waits. */
bool queue_has_failed(struct queue *q);

struct queue_stats {
    int64_t pending; /* running ones included */
    int64_t running;
    int64_t held;
    int64_t dead;
    int64_t oldest_pending_ms; /* accepted_ms of the pending row that is due first; 0: none */
};
MUST_CHECK int queue_stats(struct queue *q, struct queue_stats *out, struct error *err);

/*
 * Rows of PENDING, HELD or DEAD after `after_id` in id order, without payload; texts in the arena.
 * Pending rows that are claimed come as RUNNING.
 */
MUST_CHECK int queue_list(struct queue *q, enum invocation_state state, int64_t after_id,
                          size_t max, struct arena *arena, struct invocation **out,
                          size_t *out_count, struct error *err);
/* One row in any state, payload included. */
MUST_CHECK int queue_show(struct queue *q, int64_t id, struct arena *arena, struct invocation *out,
                          struct error *err);
/* HELD or DEAD → PENDING, due now, attempts back to 0. ERROR_NOT_FOUND when the row is in neither
 * state. */
MUST_CHECK int queue_redrive(struct queue *q, int64_t id, struct error *err);

#endif
