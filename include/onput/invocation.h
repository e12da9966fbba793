/*
 * invocation.h - one durable invocation: its states and the legal ways between them.
 *
 *            submit                 claim                 finish
 *   (new) ────────────▶ PENDING ───────────▶ RUNNING ───────────────▶ (done: the row is deleted)
 *     │                  ▲  ▲ ▲                │  │
 *     │ policy denies    │  │ └── retry, ──────┘  │ last attempt failed, or permanent
 *     ▼                  │  │     recover         ▼
 *    HELD ───────────────┘  └───────────────── DEAD
 *          permission given        redrive
 *
 * RUNNING is known in memory and in a scratch file that survives kill -9 (see queue.h), not in the
 * database: a claim costs no commit.
 */
#ifndef ONPUT_INVOCATION_H
#define ONPUT_INVOCATION_H

#include <stdbool.h>
#include <stdint.h>

#include "onput/text.h"

struct result_stream;

/* Stored in the database: never renumber. */
enum invocation_state {
    INVOCATION_PENDING = 0,
    INVOCATION_HELD = 1,
    INVOCATION_DEAD = 2,
    INVOCATION_RUNNING = 3, /* never in the database */
    INVOCATION_DONE = 4,    /* never in the database */
    INVOCATION_STATE_COUNT
};

const char *invocation_state_name(enum invocation_state state); /* "pending" */
bool invocation_may_become(enum invocation_state from, enum invocation_state to);

enum { TRACE_ID_BYTES = 80 };
/* A new value of X-Amzn-Trace-Id: "Root=1-<seconds>-<random>;Parent=<random>;Sampled=0". */
char *invocation_trace_id(int64_t now_ms, char out[TRACE_ID_BYTES]);

/*
 * Everything that is known of one. `payload` is the function's event: of a webhook a self-contained
 * notification body of one record (event_decode.h), of a direct invocation whatever JSON the caller
 * sent; then store, bucket and key are empty. Texts belong to whoever made the struct.
 */
struct invocation {
    int64_t id;          /* given by the queue, never used twice */
    char request_id[37]; /* UUID, the same for every attempt */
    enum invocation_state state;
    int attempts;         /* finished ones */
    int64_t accepted_ms;  /* wall time of the first commit */
    int64_t due_ms;       /* wall time */
    struct text function; /* name, or name:qualifier */
    struct text store;
    struct text
        bucket; /* of the event; for listings, and so that one object is worked on once at a time */
    struct text key;
    unsigned char identity[16]; /* event_identity() */
    struct text reason;         /* of the last failure, or of the hold */
    struct text payload;
    /* Of an invocation that runs, not of a stored one; empty or NULL when there is none. */
    struct text client_context;   /* JSON */
    struct text invoked_arn;      /* with the qualifier as the caller gave it */
    struct text trace_id;         /* X-Amzn-Trace-Id; also of an asynchronous one that runs */
    struct result_stream *stream; /* executor.h; NULL: the result is wanted whole */
};

#endif
