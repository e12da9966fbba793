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
    struct text content_type; /* of the result, as the function says; empty: JSON */
    /* The result, or the beginning of it when FAILED, went to invocation->stream; `result` is empty
     * or the error. */
    bool is_streamed;
    struct text log; /* what the function wrote while it ran, without START, END and REPORT: its
                        last bytes */
    /* Of a function in a process of its own; -1 for others. */
    int64_t duration_us;  /* from the event to the end of the result */
    int64_t init_us;      /* of the start of its process, when this invocation had to wait for it */
    int64_t memory_bytes; /* the most that its process has used */
};

/* An outcome before anything happened. */
static inline struct outcome outcome_none(void)
{
    return (struct outcome){.fetch_ms = -1,
                            .run_ms = -1,
                            .store_ms = -1,
                            .result = TEXT(""),
                            .content_type = TEXT(""),
                            .log = TEXT(""),
                            .duration_us = -1,
                            .init_us = -1,
                            .memory_bytes = -1};
}

/* Whoever wants a result while it is being made; write() is called on the thread of invoke(). */
struct result_stream {
    /*
     * The next piece of the result. May block until `deadline_ms` (monotonic). Before the first
     * piece, and perhaps only with it, `content_type` is known; it stays the same. Negative: nobody
     * wants the rest, and the invocation goes on without a listener.
     */
    int (*write)(struct result_stream *s, struct text content_type, struct text piece,
                 int64_t deadline_ms);
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
    /*
     * Fills *out completely. `deadline_ms` is monotonic; a function in a process of its own has
     * until then to get its event, and from there its whole timeout. Memory of the result comes
     * from the arena. ERROR_THROTTLED: there was no room or process for it; it has not run.
     */
    void (*invoke)(struct executor_lane *lane, const struct catalog *catalog,
                   const struct function *function, const struct invocation *invocation,
                   int64_t deadline_ms, struct arena *arena, struct outcome *out);
    /*
     * Is invoke() of this function done sooner than another thread would have taken it over? Then
     * it waits for nothing and only looks at its event, and may run where nothing may block. NULL:
     * no function is like that.
     */
    bool (*is_instant)(void *self, const struct function *function);
};

#endif
