/*
 * executor.h - the one seam behind which functions run: invoke(function, event) → outcome.
 *
 * Asynchronous work (the scheduler's job threads) and synchronous callers use the same seam, so
 * deadlines, role checks and phases exist once. An executor kind is a row of functions; a *lane* is
 * one thread's share of it (keep-alive connections), used by one thread at a time.
 *
 * An executor never logs above debug and never touches the queue: it says what came out.
 */
#ifndef ONPUT_EXECUTOR_H
#define ONPUT_EXECUTOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "onput/arena.h"
#include "onput/attributes.h"
#include "onput/buffer.h"
#include "onput/catalog.h"
#include "onput/error.h"
#include "onput/invocation.h"

enum outcome_status {
    OUTCOME_DONE,    /* the effect is there */
    OUTCOME_SKIPPED, /* nothing to do: the event is stale or the object is gone; `detail` says which
                      */
    OUTCOME_FAILED,  /* see error: retryable or not */
    OUTCOME_STATUS_COUNT
};

struct outcome {
    enum outcome_status status;
    struct error error; /* of FAILED */
    char detail[160];   /* for the log line: "3 renditions", "source was replaced" */
    int64_t fetch_ms;   /* -1: the phase was not reached */
    int64_t wait_ms;    /* for a free worker, between fetch and run; part of the time in queue */
    int64_t run_ms;
    int64_t store_ms;
    /*
     * What the function returned, as bytes: for a synchronous caller, and for `onput demo`. Of
     * FAILED it is {"errorMessage","errorType"}, so that it is never empty. Owned by the arena.
     */
    struct text result;
    struct text log; /* what the function wrote while it ran, without START, END and REPORT */
};

/* "done"; here because executors and those who run them have no folder in common. */
static inline const char *outcome_status_name(enum outcome_status status)
{
    static const char *const names[OUTCOME_STATUS_COUNT] = {
        [OUTCOME_DONE] = "done", [OUTCOME_SKIPPED] = "skipped", [OUTCOME_FAILED] = "failed"};
    BUG_ON((unsigned)status >= OUTCOME_STATUS_COUNT);
    return names[status];
}

struct executor_lane;

struct executor {
    void *self;
    MUST_CHECK int (*lane_open)(void *self, const atomic_bool *canceled, struct executor_lane **out,
                                struct error *err);
    void (*lane_close)(struct executor_lane *lane);
    /* Fills *out completely. `deadline_ms` is monotonic. Memory of the result comes from the arena.
     */
    void (*invoke)(struct executor_lane *lane, const struct catalog *catalog,
                   const struct function *function, const struct invocation *invocation,
                   int64_t deadline_ms, struct arena *arena, struct outcome *out);
    /*
     * Is invoke() of this function done sooner than another thread would have taken it over? Then
     * it waits for nothing and only looks at its event, and may run where nothing may block. NULL:
     * no function is like that.
     */
    bool (*is_instant)(const struct function *function);
};

#endif
