/*
 * scheduler.h - decides what runs next, runs it on job threads, and says what follows.
 *
 * It owns ids, due times and concurrency counts in memory only; it can be thrown away and rebuilt
 * from the queue at any time. A window of the next due tickets is kept in a heap and refilled from
 * the queue. Job threads take the next ticket themselves and read as straight lines: take, claim,
 * invoke, finish. Two events of one object never run together. An attempt takes a slot of its
 * function (function_slot_take()) and a thread for its kind: built-in functions hold pictures in
 * memory, others only wait for their process, so each kind has a number of its own. Tickets that
 * find none wait in line behind their function, and those of others pass them. A function whose
 * reserved concurrency is 0 never runs: its rows are dead without an attempt, like those of a
 * function, version or alias that is not there.
 *
 * After an attempt: DONE and SKIPPED finish the row; a retryable failure waits backoff_delay_ms()
 * while attempts are left, everything else is dead. What found no room to run (ERROR_THROTTLED)
 * comes again after 1 s to 5 min, and that was no attempt. Each attempt is one log line and one set
 * of metrics. Due times are wall time.
 *
 * Threads: scheduler_offer() is called by the queue's writer (see queue.h, on_ready).
 */
#ifndef ONPUT_SCHEDULER_H
#define ONPUT_SCHEDULER_H

#include <stdbool.h>
#include <stdint.h>

#include "onput/catalog.h"
#include "onput/clock.h"
#include "onput/executor.h"
#include "onput/metrics.h"
#include "onput/queue.h"

struct scheduler;

struct scheduler_options {
    struct queue *queue;
    struct catalog_holder *catalogs;
    const struct executor *executor;
    int job_threads;     /* attempts of built-in functions at a time */
    int process_threads; /* and of those that have processes of their own */
    size_t window;       /* tickets held in memory; 0: 1024 */
    const struct clock *clock;
    struct metrics *metrics;
    /* Called on a job thread after each attempt, for `onput demo`; may be NULL. */
    void (*on_attempt)(void *ctx, const struct invocation *invocation,
                       const struct outcome *outcome, int64_t queue_ms);
    void *on_attempt_ctx;
};

/* The queue must exist, and its on_ready must call scheduler_offer() with this scheduler. */
MUST_CHECK int scheduler_new(const struct scheduler_options *options, struct scheduler **out,
                             struct error *err);
MUST_CHECK int scheduler_start(struct scheduler *s, struct error *err);
void scheduler_offer(struct scheduler *s, const struct queue_ticket *tickets, size_t count);
/* A slot of some function was given back by somebody else, or limits changed: what waits for a slot
 * is looked at again. Threads: any. */
void scheduler_wake(struct scheduler *s);

/* Stops dispatching; waits up to timeout_ms for running attempts, then cancels them and hands them
 * back to the queue. */
void scheduler_drain(struct scheduler *s, int timeout_ms);
void scheduler_free(struct scheduler *s); /* NULL-safe; drains with 0 when not drained */

/* base × 2^(attempt-1), at most cap, ± 25 % by `random` (any 64-bit value). attempt starts at 1.
 * Pure. */
int64_t backoff_delay_ms(int64_t base_ms, int64_t cap_ms, int attempt, uint64_t random);

#endif
