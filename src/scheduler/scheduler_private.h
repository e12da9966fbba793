/*
 * scheduler_private.h - the window of due tickets, the lines of those that must wait, the slots of
 * those that run, and one attempt.
 */
#ifndef ONPUT_SCHEDULER_PRIVATE_H
#define ONPUT_SCHEDULER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "onput/scheduler.h"

/* ---- window.c: a heap of tickets up to a horizon ---- */

/*
 * Invariant: every pending row whose (due, id) is not behind the horizon is in the heap, waits in a
 * line, or was taken. Tickets behind it are left to the queue and found by the next refill. A
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
/* A ticket that waited in a line, whether behind the horizon or not. */
void window_return(struct window *w, const struct queue_ticket *ticket);
const struct queue_ticket *window_first(const struct window *w); /* NULL when empty */
struct queue_ticket window_pop(struct window *w);
bool window_wants_refill(const struct window *w);
/* Between these two the caller reads `count` tickets behind the horizon from the queue. */
void window_refill_begin(struct window *w);
void window_refill_end(struct window *w, const struct queue_ticket *tickets, size_t count);

/* ---- waiting.c: due, but in line behind their object or their function ---- */

/* A zeroed one is empty. Keys are hashes. */
struct waiting {
    struct waiting_line **lines; /* those that have tickets */
    size_t line_count;
    struct waiting_line **buckets; /* a power of two of them, room for as many lines */
    size_t bucket_count;
    size_t tickets; /* in all lines */
};

void waiting_release(struct waiting *w);
void waiting_push(struct waiting *w, uint64_t key, const struct queue_ticket *ticket);
/* NULL when there is no such line. */
const struct queue_ticket *waiting_first(const struct waiting *w, uint64_t key);
struct queue_ticket waiting_pop(struct waiting *w, uint64_t key); /* the line must be there */
uint64_t waiting_key(const struct waiting *w, size_t line);       /* of one of line_count */

/* ---- reservation.c: slots of functions, threads for their kinds ---- */

enum function_kind { KIND_BUILTIN, KIND_PROCESS, KIND_COUNT };

struct function_entry {
    uint64_t hash;
    const struct function *function;
};

struct function_index {
    struct catalog *catalog; /* that it was made of */
    struct function_entry *entries;
    size_t count;
};

/* What a taken ticket holds until its attempt ended. */
struct reservation {
    struct catalog *catalog;
    const struct function *function; /* whose slot it is; NULL: none is needed */
    enum function_kind kind;
};

void function_index_release(struct function_index *index);
/* False when the function has no free slot, or its kind no thread. With the scheduler's lock. */
bool reservation_take(struct scheduler *s, uint64_t function_hash, struct reservation *out);
void reservation_give(struct scheduler *s, struct reservation *r);

/* ---- outcome.c: what follows from an outcome. Pure ---- */

struct verdict {
    enum queue_finish how;
    int64_t due_ms;
    const char *status; /* for log and metrics: "done", "skipped", "retry", "dead", "released",
                           "throttled" */
};

struct verdict outcome_verdict(const struct outcome *outcome, const struct invocation *inv,
                               const struct config_function *config, int64_t now_ms,
                               uint64_t random);

/* ---- attempt.c: claim, invoke, finish ---- */

struct job_thread {
    struct scheduler *scheduler;
    pthread_t thread;
    bool started;
    struct executor_lane *lane;
};

struct taken {
    struct queue_ticket ticket;
    struct reservation slot;
};

void attempt_run(struct job_thread *job, const struct taken *taken);

/* ---- scheduler.c ---- */

enum {
    SCHEDULER_MAX_JOB_THREADS = 1024,
    /* Tickets in lines: the rows of a full queue (queue.max_rows), in less than 64 MiB. */
    SCHEDULER_MAX_WAITING = 1000 * 1000,
};

struct scheduler {
    struct scheduler_options options;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* to job threads: a ticket, a free object, or the end */
    pthread_cond_t idle; /* to a drain: nothing runs */
    struct window window;
    struct waiting by_object;   /* keys are object hashes */
    struct waiting by_function; /* keys are function hashes */
    size_t cursor;              /* the line of by_function that was looked at last */
    struct function_index index;
    struct queue_ticket running[SCHEDULER_MAX_JOB_THREADS]; /* taken by job threads */
    size_t running_count;
    int running_of_kind[KIND_COUNT];
    struct job_thread jobs[SCHEDULER_MAX_JOB_THREADS];
    int job_count;
    bool stopping;
    atomic_bool canceled; /* running attempts end soon */
};

#endif
