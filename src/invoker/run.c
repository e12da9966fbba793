/*
 * One call: invoke the function, then give its slot back, say so, and hand the outcome over.
 */
#include "invoker_private.h"

#include "onput/log.h"

static void cancel(struct outcome *out)
{
    *out = outcome_none();
    out->status = OUTCOME_FAILED;
    out->result = TEXT("{\"errorMessage\":\"The server is shutting down.\","
                       "\"errorType\":\"Runtime.Canceled\"}");
    error_set_retryable(&out->error, ERROR_CANCELED, "the server is shutting down");
}

static void invoke(struct invoker *inv, struct executor_lane *lane, struct invoker_call *call,
                   struct arena *arena, struct outcome *out)
{
    const struct invoker_options *o = &inv->options;
    const char *name = call->function->config->name;
    int64_t deadline = clock_mono_ms(o->clock) + call->function->config->timeout_ms;
    *out = outcome_none();
    metrics_add(o->metrics, METRIC_INVOCATIONS_IN_FLIGHT, 1, name, NULL, NULL);
    int64_t start = clock_now_ns();
    o->executor->invoke(lane, call->catalog, call->function, &call->invocation, deadline, arena,
                        out);
    bool has_process = out->duration_us >= 0;
    call->duration_us = has_process ? out->duration_us : (clock_now_ns() - start) / 1000;
    metrics_add(o->metrics, METRIC_INVOCATIONS_IN_FLIGHT, -1, name, NULL, NULL);
    /* What a function that returns nothing returns; a process says itself what it returns. */
    if (out->result.len == 0 && !has_process)
        out->result = TEXT("null");
}

static void observe_phase(struct metrics *m, const char *function, const char *phase, int64_t ms)
{
    if (ms >= 0)
        metrics_observe(m, METRIC_INVOCATION_SECONDS, (double)ms / 1000.0, function, phase, NULL);
}

static void count(struct metrics *m, const struct invoker_call *call, const struct outcome *o)
{
    const char *name = call->function->config->name;
    metrics_add(m, METRIC_INVOCATIONS, 1, name, outcome_status_name(o->status), NULL);
    observe_phase(m, name, "fetch", o->fetch_ms);
    metrics_observe(m, METRIC_INVOCATION_SECONDS, (double)call->duration_us / 1e6, name, "run",
                    NULL);
    observe_phase(m, name, "store", o->store_ms);
}

static void write_line(const struct invoker_call *call, const struct outcome *o)
{
    bool failed = o->status == OUTCOME_FAILED;
    LOG(failed ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "invocation",
        LOG_STRING("status", outcome_status_name(o->status)),
        LOG_TEXT("function", call->function->name), LOG_TEXT("version", call->function->version),
        LOG_STRING("request_id", call->invocation.request_id),
        LOG_I64("duration_us", call->duration_us),
        LOG_STRING(failed ? "error" : "detail", failed ? o->error.message : o->detail));
}

void call_invoke(struct invoker *inv, struct executor_lane *lane, struct invoker_call *call,
                 struct arena *arena, struct outcome *out)
{
    call->duration_us = 0;
    if (atomic_load(&inv->canceled))
        cancel(out);
    else
        invoke(inv, lane, call, arena, out);
    call->ended_ms = clock_wall_ms(inv->options.clock);
}

void call_finish(struct invoker *inv, struct invoker_call *call, const struct outcome *outcome)
{
    const struct invoker_options *o = &inv->options;
    function_slot_give(call->function);
    count(o->metrics, call, outcome);
    write_line(call, outcome);
    call->done(call, outcome);
    if (o->on_slot != NULL)
        o->on_slot(o->on_slot_ctx);
}
