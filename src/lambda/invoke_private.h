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
    struct text trace_id;
};

/* The version that the call means, or NULL with the 404 answered. */
const struct function *invoke_function(struct lambda_call *call);
/* The body, or {} for an empty one. False with the 413 or 400 answered. */
bool invoke_payload(struct lambda_call *call, bool is_event, struct text *out);
/* Hands the call to the invoker; answered with 429 or 500 when it takes it not. */
void invoke_submit(struct lambda_call *call, const struct function *function, struct text payload,
                   void (*done)(struct invoker_call *work, const struct outcome *outcome));
/* Of a refused submit: whether it is 429, and why. NULL: the server is closing. */
const char *invoke_throttle_reason(enum invoker_verdict verdict);

/* The log in base64 (arena). */
struct text invoke_log(struct invoke *inv, const struct outcome *outcome);
/* The trace id that came with the request, or a new one (arena). */
struct text invoke_trace_id(struct http_request *http, int64_t now_ms);

#endif
