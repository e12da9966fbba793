/*
 * Invoke and InvokeAsync: RequestResponse goes to the invoker and is answered with what the
 * function returned, Event goes to the intake and is answered after the commit. invoke_common.c has
 * what invoke_stream.c needs, too.
 */
#include "invoke_private.h"

static const char too_large_result[] =
    "{\"errorMessage\":\"Response payload size exceeded maximum allowed payload size "
    "(6291556 bytes).\",\"errorType\":\"Function.ResponseSizeTooLarge\"}";
_Static_assert(INVOKE_RESULT_MAX_BYTES == 6291556, "the message names it");

/* ---- RequestResponse ---- */

static void on_outcome(struct invoker_call *work, const struct outcome *outcome)
{
    struct invoke *inv = (struct invoke *)work;
    const char *throttled = invoke_outcome_throttle(outcome);
    if (throttled != NULL) {
        call_throttle(inv->call, throttled);
        return;
    }
    bool too_large = outcome->result.len > INVOKE_RESULT_MAX_BYTES;
    struct http_header headers[4] = {
        {TEXT("X-Amz-Executed-Version"), work->function->version},
        {TEXT("X-Amzn-Trace-Id"), work->invocation.trace_id},
    };
    size_t count = 2;
    if (too_large || outcome->status == OUTCOME_FAILED)
        headers[count++] = (struct http_header){TEXT("X-Amz-Function-Error"), TEXT("Unhandled")};
    if (inv->wants_log)
        headers[count++] = (struct http_header){TEXT("X-Amz-Log-Result"),
                                                invoke_log(work, outcome, inv->call->arena)};
    struct http_response response = {
        .status = 200,
        .content_type = "application/json",
        .headers = headers,
        .header_count = count,
        .body = too_large ? text_of(too_large_result) : outcome->result,
    };
    call_respond(inv->call, &response);
}

/* ---- Event ---- */

static void respond_accepted(struct lambda_call *call)
{
    struct http_header trace = {TEXT("X-Amzn-Trace-Id"),
                                invoke_trace_id(call->http, clock_wall_ms(call->api->clock))};
    struct http_response response = {.status = 202, .headers = &trace, .header_count = 1};
    call_respond(call, &response);
}

static void fail_to_queue(struct lambda_call *call, const struct error *err)
{
    if (err->code == ERROR_LIMIT)
        call_throttle(call, "ConcurrentInvocationLimitExceeded");
    else
        call_fail(call, ERR_SERVICE, "The event could not be queued: %s", err->message);
}

static void on_queued(void *ctx, const char *request_id, const struct error *err)
{
    struct lambda_call *call = ctx;
    if (err != NULL) {
        fail_to_queue(call, err);
        return;
    }
    snprintf(call->request_id, sizeof(call->request_id), "%s", request_id);
    respond_accepted(call);
}

static void on_queued_async(void *ctx, const char *request_id, const struct error *err)
{
    struct lambda_call *call = ctx;
    if (err != NULL) {
        fail_to_queue(call, err);
        return;
    }
    snprintf(call->request_id, sizeof(call->request_id), "%s", request_id);
    call_answer(call, 202, TEXT("{\"Status\":202}"));
}

static void queue_event(struct lambda_call *call, struct text payload, intake_invoked done)
{
    const struct function_id *id = &call->id;
    struct text reference = id->name;
    struct error err = {0};
    if (id->qualifier.len > 0)
        reference = call_printf(call, "%.*s:%.*s", TEXT_ARGS(id->name), TEXT_ARGS(id->qualifier));
    if (intake_invoke(call->api->intake, reference, payload, done, call, &err) < 0)
        fail_to_queue(call, &err);
}

/* ---- the operations ---- */

static void run_now(struct lambda_call *call, const struct function *function, struct text payload)
{
    struct invoke *inv = invoke_make(call, function, payload);
    if (inv == NULL)
        return;
    inv->work.done = on_outcome;
    enum invoker_verdict verdict = invoker_submit(call->api->invoker, &inv->work);
    if (verdict != INVOKER_ACCEPTED)
        invoke_refuse(call, verdict);
}

void run_invoke(struct lambda_call *call)
{
    struct text type = call_text_or(call, "InvocationType", "RequestResponse");
    bool is_event = text_is(type, "Event");
    const struct function *function = invoke_function(call);
    struct text payload;
    if (function == NULL || !invoke_payload(call, is_event, &payload))
        return;
    if (text_is(type, "DryRun"))
        call_answer_empty(call, 204);
    else if (is_event)
        queue_event(call, payload, on_queued);
    else
        run_now(call, function, payload);
}

void run_invoke_async(struct lambda_call *call)
{
    struct text payload;
    if (invoke_function(call) != NULL && invoke_payload(call, true, &payload))
        queue_event(call, payload, on_queued_async);
}
