/*
 * invoke_private.h - what the ways to invoke a function share: a call's function, its payload, and
 * the hand-over to the invoker.
 */
#ifndef ONPUT_LAMBDA_INVOKE_PRIVATE_H
#define ONPUT_LAMBDA_INVOKE_PRIVATE_H

#include "lambda_private.h"

enum {
    INVOKE_SYNC_MAX_BYTES = 6 * 1024 * 1024,
    INVOKE_EVENT_MAX_BYTES = 1024 * 1024,
    INVOKE_RESULT_MAX_BYTES = INVOKE_SYNC_MAX_BYTES + 100,
    INVOKE_STREAM_MAX_BYTES = 200 * 1024 * 1024,
    INVOKE_LOG_MAX_BYTES = 4096, /* of LogType Tail */
    INVOKE_CLIENT_CONTEXT_MAX_BYTES = 3583,
};

/* One synchronous invocation; in the arena of its call. */
struct invoke {
    struct invoker_call work; /* first */
    struct lambda_call *call;
    bool wants_log;
};

/* The version that the call means, or NULL with the 404 answered. */
const struct function *invoke_function(struct lambda_call *call);
/* The body, or {} for an empty one. False with the 413 or 400 answered. */
bool invoke_payload(struct lambda_call *call, bool is_event, struct text *out);
/* What the invoker is to do, without done(); NULL with the 400 answered. */
struct invoke *invoke_make(struct lambda_call *call, const struct function *function,
                           struct text payload);
/* Answers a call that the invoker did not take. */
void invoke_refuse(struct lambda_call *call, enum invoker_verdict verdict);
/* Of a refused submit: whether it is 429, and why. NULL: the server is closing. */
const char *invoke_throttle_reason(enum invoker_verdict verdict);
/* There was no room to run it: 429 for this reason. NULL: it ran. */
const char *invoke_outcome_throttle(const struct outcome *outcome);

/* The log in base64 (arena). */
struct text invoke_log(const struct invoker_call *work, const struct outcome *outcome,
                       struct arena *arena);
/* The trace id that came with the request, or a new one (arena). */
struct text invoke_trace_id(struct http_request *http, int64_t now_ms);

/* ---- answer_stream.c: an answer that begins while its function runs ---- */

/*
 * With the beginning of the answer its request is gone, and all that is in the request's arena; so
 * what the invocation and the rest of the answer need is here. On the heap, from open to close.
 */
struct answer_stream {
    struct invoker_call work; /* first */
    struct result_stream sink;
    struct lambda_call *call; /* NULL: the answer has begun, and the request is gone */
    struct http_stream *http;
    bool is_cut; /* nobody listens any more */
    struct arena arena;
};

/* Copies the work, whose result will go to `write`. */
void answer_stream_open(struct answer_stream *s, struct lambda_call *call,
                        const struct invoker_call *work,
                        int (*write)(struct result_stream *sink, struct text content_type,
                                     struct text piece, int64_t deadline_ms));
/* The stream that a write() was called with. */
struct answer_stream *answer_stream_of(struct result_stream *sink);
void answer_stream_begin(struct answer_stream *s, const struct http_response *head);
/* Of an answer that has begun. Negative: nobody listens any more. */
int answer_stream_write(struct answer_stream *s, struct text piece, int64_t deadline_ms);
/* Ends an answer that has begun, cut off unless it is complete; releases the rest in any case. */
void answer_stream_close(struct answer_stream *s, bool is_complete);
/* A content type as it may stand in a header; else application/octet-stream. */
struct text answer_content_type(struct text content_type);

#endif
