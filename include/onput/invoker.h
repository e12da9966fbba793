/*
 * invoker.h - runs a function now and hands the outcome to whoever waits for it.
 *
 * The synchronous counterpart of intake.h and scheduler.h: nothing is stored. Calls wait in a
 * bounded queue for one of the invoker's threads, each of which has a lane of the executor. The
 * function's timeout counts from the moment the call leaves that queue. A call holds one of its
 * function's slots from submit until just before done().
 *
 * Functions that the executor calls instant run on the thread that submits them, where handing them
 * over would cost more than they do.
 *
 * A call that is canceled before it ran, or whose executor says nothing, still has a result; only a
 * process may return no bytes at all.
 *
 * Threads: invoker_submit() from any, never blocks. `done` runs on an invoker thread, or before
 * invoker_submit() returns on the caller's.
 */
#ifndef ONPUT_INVOKER_H
#define ONPUT_INVOKER_H

#include "onput/buffer.h"
#include "onput/catalog.h"
#include "onput/clock.h"
#include "onput/executor.h"
#include "onput/invocation.h"
#include "onput/metrics.h"

struct invoker;

struct invoker_options {
    const struct executor *executor;
    int threads;       /* 0: 4 */
    size_t max_queued; /* calls that wait for a thread; 0: 1000 */
    const struct clock *clock;
    struct metrics *metrics;
    /* A slot of some function is free again; may be NULL. */
    void (*on_slot)(void *ctx);
    void *on_slot_ctx;
};

MUST_CHECK int invoker_new(const struct invoker_options *options, struct invoker **out,
                           struct error *err);
/* Refuses new calls, waits up to timeout_ms for running ones, then cancels them. */
void invoker_drain(struct invoker *inv, int timeout_ms);
void invoker_free(struct invoker *inv); /* NULL-safe; drains with 0 when not drained */

/* One call. It belongs to the invoker from an accepted submit until done() is called. */
struct invoker_call {
    struct catalog *catalog; /* the caller's reference, kept until done() */
    const struct function *function;
    struct invocation invocation; /* request_id and payload filled in */
    /* `outcome` and its texts live until done() returns. */
    void (*done)(struct invoker_call *call, const struct outcome *outcome);
    int64_t duration_us;       /* of the function, without the start of its process; set before
                                  done(), like ended_ms */
    int64_t ended_ms;          /* wall time */
    struct invoker_call *next; /* the invoker's own */
};

enum invoker_verdict {
    INVOKER_ACCEPTED,
    INVOKER_NO_SLOT, /* the function's reserved concurrency is used up */
    INVOKER_BUSY,    /* too many calls wait */
    INVOKER_CLOSED,  /* draining */
};
enum invoker_verdict invoker_submit(struct invoker *inv, struct invoker_call *call);

/*
 * START, the function's own lines, END and REPORT, as Lambda logs one invocation.
 * `max_bytes` bounds it from the front: the last bytes are kept (LogType Tail: 4096).
 */
void invoker_write_log(const struct invoker_call *call, const struct outcome *outcome,
                       size_t max_bytes, struct buffer *out);

#endif
