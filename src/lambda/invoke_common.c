/*
 * What every way to invoke a function does: find the version, check the payload, hand the call to
 * the invoker.
 */
#include "invoke_private.h"

#include "onput/encoding.h"

enum { TRACE_ID_MAX_BYTES = 512 };

const struct function *invoke_function(struct lambda_call *call)
{
    const struct function_record *record = call_record(call);
    struct text qualifier = call->id.qualifier;
    uint64_t random = qualifier.len > 0 ? random_u64() : 0; /* for the weights of an alias */
    const struct function *function =
        record == NULL ? NULL : record_resolve(record, qualifier, random);
    if (function != NULL)
        return function;
    if (qualifier.len == 0)
        qualifier = TEXT("$LATEST");
    call_no_function(call,
                     call_printf(call, "%.*s:%.*s", TEXT_ARGS(call->id.arn), TEXT_ARGS(qualifier)));
    return NULL;
}

static bool fits(struct lambda_call *call, bool is_event, size_t len)
{
    if (is_event && len > INVOKE_EVENT_MAX_BYTES) {
        call_fail(call, ERR_TOO_LARGE,
                  "%zu byte payload is too large for the Event invocation type (limit %d bytes)",
                  len, INVOKE_EVENT_MAX_BYTES);
        return false;
    }
    if (len > INVOKE_SYNC_MAX_BYTES) {
        call_fail(call, ERR_TOO_LARGE,
                  "Request must be smaller than %d bytes for the InvokeFunction operation",
                  INVOKE_SYNC_MAX_BYTES);
        return false;
    }
    return true;
}

bool invoke_payload(struct lambda_call *call, bool is_event, struct text *out)
{
    struct text body = http_request_body(call->http);
    struct error err = {0};
    if (!fits(call, is_event, body.len))
        return false;
    if (body.len == 0)
        body = TEXT("{}");
    if (json_scan(body, &err) < 0) {
        call_fail(call, ERR_INVALID_CONTENT,
                  "Could not parse request body into json: Could not parse payload into json: %s",
                  err.message);
        return false;
    }
    *out = body;
    return true;
}

static bool is_client_context(struct text decoded)
{
    struct error err = {0};
    return text_starts_with(text_trim(decoded), TEXT("{")) && json_scan(decoded, &err) == 0;
}

/* False with the 400 answered. */
static bool read_client_context(struct lambda_call *call, struct text *out)
{
    struct text encoded;
    struct error err = {0};
    *out = TEXT("");
    if (!call_text(call, "ClientContext", &encoded) || encoded.len == 0)
        return true;
    AUTO_BUFFER struct buffer decoded;
    buffer_init(&decoded, INVOKE_CLIENT_CONTEXT_MAX_BYTES);
    bool decodes = base64_decode(encoded, &decoded, &err) == 0;
    if (buffer_failed(&decoded) || err.code == ERROR_LIMIT) {
        call_fail(call, ERR_INVALID_CONTENT, "The client context is larger than %d bytes.",
                  INVOKE_CLIENT_CONTEXT_MAX_BYTES);
        return false;
    }
    if (!decodes || !is_client_context(buffer_text(&decoded))) {
        call_fail(call, ERR_INVALID_CONTENT,
                  "Client context must be a valid Base64-encoded JSON object.");
        return false;
    }
    *out = arena_text(call->arena, buffer_text(&decoded));
    return true;
}

const char *invoke_throttle_reason(enum invoker_verdict verdict)
{
    switch (verdict) {
    case INVOKER_NO_SLOT:
        return "ReservedFunctionConcurrentInvocationLimitExceeded";
    case INVOKER_BUSY:
        return "ConcurrentInvocationLimitExceeded";
    case INVOKER_ACCEPTED:
    case INVOKER_CLOSED:
        break;
    }
    return NULL;
}

const char *invoke_outcome_throttle(const struct outcome *outcome)
{
    bool is_throttled = outcome->status == OUTCOME_FAILED && outcome->error.code == ERROR_THROTTLED;
    return is_throttled ? "ConcurrentInvocationLimitExceeded" : NULL;
}

void invoke_refuse(struct lambda_call *call, enum invoker_verdict verdict)
{
    const char *reason = invoke_throttle_reason(verdict);
    if (reason != NULL)
        call_throttle(call, reason);
    else
        call_fail(call, ERR_SERVICE, "The server is shutting down.");
}

struct invoke *invoke_make(struct lambda_call *call, const struct function *function,
                           struct text payload)
{
    struct text client_context;
    if (!read_client_context(call, &client_context))
        return NULL;
    int64_t now = clock_wall_ms(call->api->clock);
    struct invoke *inv = ARENA_NEW(call->arena, struct invoke);
    inv->call = call;
    inv->wants_log = text_is(call_text_or(call, "LogType", "None"), "Tail");
    inv->work = (struct invoker_call){
        .catalog = call->catalog,
        .function = function,
        .invocation = {.state = INVOCATION_RUNNING,
                       .accepted_ms = now,
                       .due_ms = now,
                       .function = function->name,
                       .store = TEXT(""),
                       .bucket = TEXT(""),
                       .key = TEXT(""),
                       .reason = TEXT(""),
                       .payload = payload,
                       .client_context = client_context,
                       .invoked_arn = call->id.qualified_arn,
                       .trace_id = invoke_trace_id(call->http, now)},
    };
    memcpy(inv->work.invocation.request_id, call->request_id, sizeof(call->request_id));
    return inv;
}

struct text invoke_log(const struct invoker_call *work, const struct outcome *outcome,
                       struct arena *arena)
{
    AUTO_BUFFER struct buffer log, encoded;
    buffer_init(&log, INVOKE_LOG_MAX_BYTES);
    buffer_init(&encoded, 2 * INVOKE_LOG_MAX_BYTES);
    invoker_write_log(work, outcome, INVOKE_LOG_MAX_BYTES, &log);
    buffer_append_base64(&encoded, log.data, log.len);
    return arena_text(arena, buffer_text(&encoded));
}

struct text invoke_trace_id(struct http_request *http, int64_t now_ms)
{
    struct text given = http_request_header(http, "X-Amzn-Trace-Id");
    if (given.len > 0 && given.len <= TRACE_ID_MAX_BYTES)
        return given;
    char made[TRACE_ID_BYTES];
    return arena_text(http_request_arena(http), text_of(invocation_trace_id(now_ms, made)));
}
