/*
 * exchange_private.h - what exchange.c (the invocation's side) and exchange_process.c (the side of
 * the process) share.
 *
 *   STARTING ──next──▶ IDLE ──start──▶ PENDING ──next──▶ RUNNING ──admit──▶ UPLOADING ──▶ ANSWERED
 *      │                ▲ │              (a waiting next: at once ▲)                           │
 *      │ init/error     │ └────────────────────────────────────────────────── finish ─────────┘
 *      ▼                └── finish, from each of the other states
 *   INIT_FAILED
 *
 * `lock` guards everything. Server threads write into the exchange's own buffers and nowhere else:
 * the arena and the stream of an invocation are touched by the invocation's thread alone, so that
 * an answer may be on its way for as long as it likes after its invocation gave up.
 */
#ifndef ONPUT_EXCHANGE_PRIVATE_H
#define ONPUT_EXCHANGE_PRIVATE_H

#include "runtime_private.h"

enum {
    STREAM_WINDOW_BYTES = 256 * 1024, /* of a streamed result, between process and listener */
    EXCHANGE_ID_BYTES = 64,
    EXCHANGE_CONTENT_TYPE_BYTES = 1024,
    EXCHANGE_ERROR_TYPE_BYTES = 256,
    /* An answer is a posted body, or JSON made of one that is not. */
    EXCHANGE_BODY_BYTES = RESULT_MAX_BYTES + 64 * 1024,
};

enum exchange_state {
    STATE_STARTING,
    STATE_INIT_FAILED,
    STATE_IDLE,
    STATE_PENDING,
    STATE_RUNNING,
    STATE_UPLOADING,
    STATE_ANSWERED,
};

struct exchange {
    atomic_int references;
    const struct clock *clock;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* monotonic; one thread waits: the invocation's */
    enum exchange_state state;
    bool has_asked; /* for an event, once at least: its start is over */
    bool is_closed;
    int64_t closed_ms;           /* of the system's clock, whatever `clock` is */
    struct http_request *parked; /* a `next` that waits for an event */

    struct exchange_event event; /* from PENDING to finish */
    char id[EXCHANGE_ID_BYTES];  /* of the invocation; of the last one while it is answered */
    bool id_is_answered;
    bool was_given;       /* the event, or it may have been */
    uintptr_t generation; /* grows with each invocation; never 0 */

    /* The upload of UPLOADING; its user word is the generation, 0 when it was too large. */
    struct http_request *upload;
    bool upload_is_held;     /* take() took less; it waits for http_request_continue() */
    bool upload_is_streamed; /* to `stream` */
    size_t upload_bytes;

    struct result_stream *stream; /* the invocation's; NULL: none, or it wants no more */
    struct buffer pieces;         /* of a streamed result, not yet passed on */
    struct buffer outgoing;       /* the invocation's thread's, without the lock */
    bool was_streamed;            /* something went to the stream */

    enum exchange_end end; /* of ANSWERED */
    struct buffer body;    /* result or error */
    struct buffer content_type;
    struct buffer error_type;
};

/* With the lock: the process' answer is whole, or will never be. */
void exchange_answered(struct exchange *e, enum exchange_end end);
/* Answers a `next` with the event. */
void exchange_hand_out(const struct exchange_event *event, struct http_request *next);
/* Answers a `next` of a process that is to get no event any more. */
void exchange_refuse_next(struct http_request *next);

#endif
