/*
 * The functions that come with onput: a table of rows, and what all of them have in common.
 */
#include "onput/builtin.h"

#include <string.h>

#include "executors_private.h"

/* What a failed function returns: callers may tell failures apart by these names, so they stay. */
static const char *const ERROR_TYPES[ERROR_CODE_COUNT] = {
    [ERROR_NONE] = "InternalError",  [ERROR_INVALID] = "InvalidInput",
    [ERROR_LIMIT] = "LimitExceeded", [ERROR_UNSUPPORTED] = "UnsupportedInput",
    [ERROR_DENIED] = "AccessDenied", [ERROR_NOT_FOUND] = "NotFound",
    [ERROR_CONFLICT] = "Conflict",   [ERROR_THROTTLED] = "Throttled",
    [ERROR_TIMEOUT] = "Timeout",     [ERROR_UNAVAILABLE] = "Unavailable",
    [ERROR_IO] = "InputOutputError", [ERROR_PROTOCOL] = "ProtocolError",
    [ERROR_CANCELED] = "Canceled",   [ERROR_INTERNAL] = "InternalError",
};

static const struct builtin BUILTINS[] = {
    {"thumbnail", thumbnail_run, .is_gated = true},
    {"echo", echo_run, .is_instant = true},
    {"context", context_run, .is_instant = true},
};

void echo_run(struct builtin_call *call, struct outcome *out)
{
    out->status = OUTCOME_DONE;
    out->result = arena_text(call->arena, call->invocation->payload);
}

static const struct builtin *find_builtin(const char *name)
{
    for (size_t i = 0; name != NULL && i < ARRAY_LEN(BUILTINS); i++) {
        if (strcmp(BUILTINS[i].name, name) == 0)
            return &BUILTINS[i];
    }
    return NULL;
}

struct text failure_write(struct arena *arena, const struct error *err, struct text results)
{
    AUTO_BUFFER struct buffer out;
    struct json_writer w;
    BUG_ON((unsigned)err->code >= ERROR_CODE_COUNT);
    buffer_init(&out, results.len + 16 * 1024);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_pair_string(&w, "errorMessage", err->message);
    json_pair_string(&w, "errorType", ERROR_TYPES[err->code]);
    if (results.len > 0) {
        json_key(&w, "results");
        json_put_raw(&w, results);
    }
    json_object_finish(&w);
    return arena_text(arena, buffer_text(&out));
}

/* What it waits at the gate is no part of the function's timeout. */
static int enter(struct builtin_call *call, int64_t *out_waited_ms, struct error *err)
{
    struct executor_lane *lane = call->lane;
    struct gate_wait wait = {lane->jobs->clock, call->deadline_ms, lane->canceled};
    int64_t start = clock_mono_ms(wait.clock);
    if (gate_enter(lane->jobs->gate, &wait, err) < 0)
        return -1;
    *out_waited_ms = clock_mono_ms(wait.clock) - start;
    call->deadline_ms += *out_waited_ms;
    lane->deadline_ms = call->deadline_ms;
    return 0;
}

static void run_gated(const struct builtin *builtin, struct builtin_call *call, struct outcome *out)
{
    struct error err = {0};
    int64_t waited_ms = 0;
    if (enter(call, &waited_ms, &err) < 0) {
        outcome_fail(out, &err);
        return;
    }
    builtin->run(call, out);
    gate_leave(call->lane->jobs->gate);
    out->wait_ms += waited_ms;
    /* A store's throttling: ERROR_THROTTLED of an executor means that nothing ran (executor.h). */
    if (out->status == OUTCOME_FAILED && out->error.code == ERROR_THROTTLED) {
        if (out->result.len == 0)
            out->result = failure_write(call->arena, &out->error, TEXT(""));
        out->error.code = ERROR_UNAVAILABLE;
    }
}

static void invoke(struct executor_lane *lane, const struct catalog *catalog,
                   const struct function *function, const struct invocation *invocation,
                   int64_t deadline_ms, struct arena *arena, struct outcome *out)
{
    struct builtin_call call = {.lane = lane,
                                .catalog = catalog,
                                .function = function,
                                .invocation = invocation,
                                .arena = arena,
                                .deadline_ms = deadline_ms};
    const struct builtin *builtin = find_builtin(function->config->builtin);
    *out = outcome_none();
    lane->deadline_ms = deadline_ms;
    if (builtin == NULL) {
        out->status = OUTCOME_FAILED;
        error_set(&out->error, ERROR_UNSUPPORTED, "function %.*s is no built-in function",
                  TEXT_ARGS(function->name));
    } else if (builtin->is_gated) {
        run_gated(builtin, &call, out);
    } else {
        builtin->run(&call, out);
    }
    if (out->status == OUTCOME_FAILED && out->result.len == 0)
        out->result = failure_write(arena, &out->error, TEXT(""));
}

static bool is_instant(void *self, const struct function *function)
{
    (void)self;
    const struct builtin *builtin = find_builtin(function->config->builtin);
    return builtin != NULL && builtin->is_instant;
}

struct executor builtin_executor(struct thumbnail_jobs *jobs)
{
    return (struct executor){.self = jobs,
                             .lane_open = lane_open,
                             .lane_close = lane_close,
                             .invoke = invoke,
                             .is_instant = is_instant};
}
