/*
 * scheduler_private.h - the window of due tickets, and one attempt.
 */
#ifndef ONPUT_SCHEDULER_PRIVATE_H
#define ONPUT_SCHEDULER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "onput/scheduler.h"

/* ---- window.c: a heap of tickets up to a horizon ---- */

/*
 * Invariant: every pending row whose (due, id) is not behind the horizon is in the heap, is held
 * back, or was taken. Tickets behind it are left to the queue and found by the next refill. A
 * ticket may be in the heap twice; the second claim of a row fails, or finds a later due time and
 * is released.
 */
struct window {
    struct queue_ticket *heap;
    size_t count, capacity;
    size_t target; /* how many tickets a refill asks for */
    int64_t horizon_due_ms, horizon_id;
    bool unbounded; /* there is nothing behind the horizon */
    bool refilling; /* then every offer is taken: the query may have missed it */
};

void window_init(struct window *w, size_t target);
void window_release(struct window *w);
void window_offer(struct window *w, const struct queue_ticket *ticket);
const struct queue_ticket *window_first(const struct window *w); /* NULL when empty */
struct queue_ticket window_pop(struct window *w);
bool window_wants_refill(const struct window *w);
/* Between these two the caller reads `count` tickets behind the horizon from the queue. */
void window_refill_begin(struct window *w);
void window_refill_end(struct window *w, const struct queue_ticket *tickets, size_t count);

/* ---- outcome.c: what follows from an outcome. Pure ---- */

struct verdict {
    enum queue_finish how;
    int64_t due_ms;
    const char *status; /* for log and metrics: "done", "skipped", "retry", "dead", "released" */
};

struct verdict outcome_verdict(const struct outcome *outcome, int attempt,
                               const struct config_function *config, int64_t now_ms,
                               uint64_t random);

/* ---- attempt.c: claim, invoke, finish ---- */

struct job_thread {
    struct scheduler *scheduler;
    pthread_t thread;
    bool started;
    struct executor_lane *lane;
};

void attempt_run(struct job_thread *job, const struct queue_ticket *ticket);

/* ---- scheduler.c ---- */

enum { SCHEDULER_MAX_JOB_THREADS = 256 };

struct scheduler {
    struct scheduler_options options;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* to job threads: a ticket, a free object, or the end */
    pthread_cond_t idle; /* to a drain: nothing runs */
    struct window window;
    struct queue_ticket *held_back; /* due, but their object or function is busy */
    size_t held_back_count, held_back_capacity;
    struct queue_ticket running[SCHEDULER_MAX_JOB_THREADS]; /* taken by job threads */
    size_t running_count;
    struct job_thread jobs[SCHEDULER_MAX_JOB_THREADS];
    int job_count;
    bool stopping;
    atomic_bool canceled; /* running attempts end soon */
};

#endif
