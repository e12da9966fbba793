/*
 * worker_pool.h - sandboxed onput-worker processes: spawn, lend, watch, replace.
 *
 * A pool keeps `count` workers. worker_pool_render() borrows an idle one (waiting in arrival
 * order), sends the job with its two memory files, waits for the answer until the deadline, checks
 * the answer and gives the worker back. Any failure that is not the picture's own (crash, hang,
 * memory, refused system call, protocol violation) ends that worker and is the attempt's failure;
 * the pool starts another with a back-off that doubles from 100 ms to 10 s while starts fail. A
 * worker is also replaced after max_jobs jobs. The deadline includes the wait for a worker.
 *
 * Errors: those of the picture as thumbnail.h says, plus ERROR_TIMEOUT (deadline), ERROR_PROTOCOL,
 * ERROR_UNAVAILABLE (no worker could be started), ERROR_INTERNAL (it crashed; the message names the
 * signal or the refused system call). All of these but the picture's own are retryable.
 *
 * What workers print is logged at debug, their end (unless they were replaced) as a warning, a
 * refused system call as an error. With ONPUT_WORKER_SECCOMP=trap in the environment the worker
 * prints the name of that call first. To see what a picture needs, not for every day.
 *
 * Threads: any thread may render; the pool has one thread of its own that starts and reaps workers.
 */
#ifndef ONPUT_WORKER_POOL_H
#define ONPUT_WORKER_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "onput/clock.h"
#include "onput/error.h"
#include "onput/fd.h"
#include "onput/metrics.h"
#include "onput/worker_protocol.h"

struct worker_pool;

struct worker_pool_options {
    const char *program; /* path of onput-worker */
    int count;
    int ready_timeout_ms;    /* 0: 10000 */
    int max_jobs;            /* 0: 500 */
    uint64_t memory_bytes;   /* per worker, address space limit; 0: 2 GiB */
    struct metrics *metrics; /* may be NULL */
};

/* Returns when the first worker is ready, or with the reason why none gets there. */
MUST_CHECK int worker_pool_new(const struct worker_pool_options *options, struct worker_pool **out,
                               struct error *err);
/* Kills what is left. No render may be running. NULL-safe. */
void worker_pool_free(struct worker_pool *pool);

/* True while at least one worker is idle or busy. Never waits. */
bool worker_pool_is_ready(struct worker_pool *pool);

/* What the first worker reported. */
void worker_pool_describe(struct worker_pool *pool, struct worker_ready *out);

/*
 * `input` is sealed, `output` has a fixed size and is mapped by the caller; both stay the caller's.
 * After a failure the output's content is void: release it, do not reuse it.
 */
MUST_CHECK int worker_pool_render(struct worker_pool *pool, const struct render_job *job,
                                  const struct memfd *input, const struct memfd *output,
                                  int timeout_ms, struct render_result *out, struct error *err);

#endif
