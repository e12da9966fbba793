/*
 * invoke.c - one invocation as a straight line, on its caller's thread: a process, its start when
 * it is new, the event, the answer, the outcome.
 */
#include "runtime_private.h"

#include <stdlib.h>

#include "onput/json.h"
#include "onput/memory.h"

enum { MOST_ENDED_IDLE = 3, LOG_DRAIN_BYTES = 1024 * 1024, FAILURE_MAX_BYTES = 4096 };

struct executor_lane {
    struct runtime *rt;
    const atomic_bool *canceled;
    pthread_cond_t served;
};

struct call {
    struct executor_lane *lane;
    struct runtime *rt;
    struct catalog *catalog;
    const struct function *function;
    const struct invocation *invocation;
    struct arena *arena;
    struct outcome *out;
    int64_t deadline_ms;     /* to have a process */
    int64_t run_deadline_ms; /* 0: the timeout begins with the event */
    struct instance *instance;
    bool is_new; /* the instance was started for this invocation */
};

static int64_t now_ms(const struct call *c)
{
    return clock_mono_ms(c->rt->clock);
}

static const char *request_id(const struct call *c)
{
    return c->invocation->request_id;
}

static void count_start(const struct call *c, const char *result)
{
    metrics_add(c->rt->metrics, METRIC_RUNTIME_STARTS, 1, c->function->config->name, result, NULL);
}

/* ---- outcomes ---- */

/* There was no process. */
static void fail_without(struct call *c, const char *error_type, const struct error *err)
{
    AUTO_BUFFER struct buffer payload;
    struct json_writer w;
    buffer_init(&payload, FAILURE_MAX_BYTES);
    json_writer_init(&w, &payload);
    json_object_begin(&w);
    json_pair_string(&w, "errorType", error_type);
    json_pair_string(
        &w, "errorMessage",
        arena_printf(c->arena, "RequestId: %s Error: %s", request_id(c), err->message));
    json_object_finish(&w);
    c->out->status = OUTCOME_FAILED;
    c->out->error = *err;
    c->out->result = arena_text(c->arena, buffer_text(&payload));
}

static void fail(struct call *c, const struct failure *failure)
{
    c->out->status = OUTCOME_FAILED;
    c->out->error = failure->error;
    c->out->result = failure->payload;
}

static void fail_as(struct call *c, const struct exchange_result *result)
{
    struct failure failure = {0};
    switch (result->end) {
    case EXCHANGE_GONE:
        failure_of_exit(&c->instance->report, request_id(c), c->arena, &failure);
        break;
    case EXCHANGE_TIMEOUT:
        failure_of_timeout(c->function->config->timeout_ms, request_id(c), c->arena, &failure);
        break;
    default:
        failure_of_exchange(result, request_id(c), c->arena, &failure);
        break;
    }
    fail(c, &failure);
}

/* ---- log ---- */

/* What an idle process wrote is of no invocation. */
static void begin_log(struct instance *i, const char *id)
{
    pthread_mutex_lock(&i->log_lock);
    if (!atomic_load(&i->ended))
        instance_read_log(i, LOG_DRAIN_BYTES);
    log_lines_begin(i->log, id);
    pthread_mutex_unlock(&i->log_lock);
}

/* What the function wrote before it answered is in the pipe by now. */
static void finish_log(struct call *c)
{
    struct instance *i = c->instance;
    pthread_mutex_lock(&i->log_lock);
    if (!atomic_load(&i->ended))
        instance_read_log(i, LOG_DRAIN_BYTES);
    c->out->log = log_lines_tail(i->log, c->arena);
    log_lines_begin(i->log, NULL);
    pthread_mutex_unlock(&i->log_lock);
}

/* ---- a process ---- */

static void note_memory(struct call *c)
{
    struct instance *i = c->instance;
    uint64_t bytes = i->peak_bytes;
    if (atomic_load(&i->ended))
        bytes = i->report.peak_bytes > bytes ? i->report.peak_bytes : bytes;
    else
        bytes = instance_memory(i);
    c->out->memory_bytes = (int64_t)bytes;
}

/* It may serve the next invocation. */
static void keep(struct call *c)
{
    note_memory(c);
    finish_log(c);
    pool_give_back(c->instance);
    instance_unref(c->instance);
    c->instance = NULL;
}

static void discard(struct call *c, enum instance_reason reason)
{
    note_memory(c);
    pool_discard(c->instance, reason);
    finish_log(c);
    instance_unref(c->instance);
    c->instance = NULL;
}

static bool start(struct call *c, const struct lease *lease)
{
    struct error err = {0};
    int rc = instance_start(lease->pool, lease->place, c->catalog, c->function, request_id(c),
                            &c->instance, &err);
    pool_started(lease->pool, lease->place, rc == 0 ? c->instance : NULL);
    if (rc == 0) {
        keeper_add(c->rt->keeper, c->instance);
        return true;
    }
    count_start(c, "failed");
    err.retryable = true;
    fail_without(c, "Runtime.StartFailed", &err);
    return false;
}

/* An idle process, or one that was just started. False: the outcome says why there is none. */
static bool acquire(struct call *c, int64_t deadline_ms, bool ignores_backoff)
{
    const struct lease_request request = {
        .catalog = c->catalog,
        .function = c->function,
        .canceled = c->lane->canceled,
        .served = &c->lane->served,
        .deadline_ms = deadline_ms,
        .ignores_backoff = ignores_backoff,
    };
    struct lease lease = {0};
    struct error err = {0};
    int64_t since = clock_now_ns();
    int rc = pool_acquire(c->rt, &request, &lease, &err);
    c->out->wait_ms += (clock_now_ns() - since) / 1000000;
    if (rc != 0) {
        fail_without(c, err.code == ERROR_CANCELED ? "Runtime.Canceled" : "Runtime.Throttled",
                     &err);
        return false;
    }
    c->instance = lease.instance;
    c->is_new = lease.instance == NULL;
    return !c->is_new || start(c, &lease);
}

static void note_ready(struct call *c)
{
    int64_t ns = clock_now_ns() - c->instance->started_ns;
    c->out->init_us += ns / 1000;
    metrics_observe(c->rt->metrics, METRIC_RUNTIME_INIT_SECONDS, (double)ns / 1e9,
                    c->function->config->name, NULL, NULL);
    count_start(c, "ready");
    pool_note_start(c->instance, true);
}

/* The start failed or, the second time, took longer than the function may. */
static void fail_start(struct call *c, const struct exchange_result *result)
{
    bool is_canceled = result->end == EXCHANGE_CANCELED;
    if (!is_canceled)
        pool_note_start(c->instance, false);
    c->out->init_us += (clock_now_ns() - c->instance->started_ns) / 1000;
    fail_as(c, result);
    discard(c, is_canceled ? REASON_CANCELED : REASON_INIT);
}

static void await_ready(struct call *c, int64_t deadline_ms, struct exchange_result *out)
{
    static const char *const names[] = {[EXCHANGE_INIT_ERROR] = "error",
                                        [EXCHANGE_GONE] = "exit",
                                        [EXCHANGE_TIMEOUT] = "timeout",
                                        [EXCHANGE_CANCELED] = "canceled"};
    exchange_wait_ready(c->instance->exchange, deadline_ms, c->lane->canceled, c->arena, out);
    if (out->end == EXCHANGE_READY)
        note_ready(c);
    else
        count_start(c, names[out->end] != NULL ? names[out->end] : "error");
}

/* One that is ready. When its start takes too long it is started once more, as a part of the
 * invocation. */
static bool have_process(struct call *c)
{
    struct exchange_result result = {.end = EXCHANGE_READY};
    if (!acquire(c, c->deadline_ms, false))
        return false;
    if (!c->is_new)
        return true;
    c->out->init_us = 0;
    await_ready(c, now_ms(c) + c->rt->options.init_timeout_ms, &result);
    if (result.end == EXCHANGE_TIMEOUT) {
        c->out->init_us = (clock_now_ns() - c->instance->started_ns) / 1000;
        discard(c, REASON_INIT);
        c->run_deadline_ms = now_ms(c) + c->function->config->timeout_ms;
        if (!acquire(c, c->run_deadline_ms, true))
            return false;
        if (c->is_new)
            await_ready(c, c->run_deadline_ms, &result);
        else
            result.end = EXCHANGE_READY;
    }
    if (result.end == EXCHANGE_READY)
        return true;
    fail_start(c, &result);
    return false;
}

/* ---- the event and its answer ---- */

static void exchange_event(struct call *c, struct exchange_result *result)
{
    const struct invocation *inv = c->invocation;
    struct exchange *e = c->instance->exchange;
    int64_t now = now_ms(c);
    int64_t deadline = c->run_deadline_ms;
    if (deadline == 0)
        deadline = now + c->function->config->timeout_ms;
    const struct exchange_event event = {
        .request_id = inv->request_id,
        .payload = inv->payload,
        .deadline_wall_ms = clock_wall_ms(c->rt->clock) + deadline - now,
        .invoked_arn = inv->invoked_arn.len > 0 ? inv->invoked_arn : c->function->arn,
        .trace_id = inv->trace_id.ptr != NULL ? inv->trace_id : TEXT(""),
        .client_context = inv->client_context.ptr != NULL ? inv->client_context : TEXT(""),
    };
    int64_t since = clock_now_ns();
    exchange_start(e, &event, inv->stream);
    exchange_wait(e, deadline, c->lane->canceled, c->arena, result);
    c->out->duration_us = (clock_now_ns() - since) / 1000;
    c->out->run_ms = c->out->duration_us / 1000;
    c->out->is_streamed = result->is_streamed;
    exchange_finish(e);
}

static void settle(struct call *c, const struct exchange_result *result)
{
    if (result->end == EXCHANGE_RESPONSE) {
        c->out->status = OUTCOME_DONE;
        c->out->result = result->body;
        c->out->content_type = result->content_type;
    } else {
        fail_as(c, result);
    }
    switch (result->end) {
    case EXCHANGE_READY:
    case EXCHANGE_RESPONSE:
    case EXCHANGE_ERROR:
    case EXCHANGE_INIT_ERROR:
    case EXCHANGE_TOO_LARGE:
        keep(c);
        break;
    case EXCHANGE_GONE:
        discard(c, REASON_NONE);
        break;
    case EXCHANGE_BROKEN:
        discard(c, REASON_BROKEN);
        break;
    case EXCHANGE_TIMEOUT:
        discard(c, REASON_TIMEOUT);
        break;
    case EXCHANGE_CANCELED:
        discard(c, REASON_CANCELED);
        break;
    }
}

/* False: its process had ended before it could be given the event. */
static bool run(struct call *c, bool is_last_try)
{
    struct exchange_result result = {0};
    if (!c->is_new)
        begin_log(c->instance, request_id(c));
    exchange_event(c, &result);
    if (result.end == EXCHANGE_GONE && !result.was_given && !c->is_new && !is_last_try) {
        discard(c, REASON_NONE);
        return false;
    }
    settle(c, &result);
    return true;
}

static void invoke(struct executor_lane *lane, const struct catalog *catalog,
                   const struct function *function, const struct invocation *invocation,
                   int64_t deadline_ms, struct arena *arena, struct outcome *out)
{
    struct call c = {
        .lane = lane,
        .rt = lane->rt,
        .catalog = (struct catalog *)catalog, /* for a reference */
        .function = function,
        .invocation = invocation,
        .arena = arena,
        .out = out,
        .deadline_ms = deadline_ms,
    };
    *out = outcome_none();
    for (int tries = 1; have_process(&c) && !run(&c, tries == MOST_ENDED_IDLE); tries++)
        ;
}

/* ---- lanes ---- */

static int lane_open(void *self, const atomic_bool *canceled, struct executor_lane **out,
                     struct error *err)
{
    (void)err;
    struct executor_lane *lane = xcalloc(1, sizeof(*lane));
    pthread_condattr_t monotonic;
    lane->rt = self;
    lane->canceled = canceled;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    BUG_ON(pthread_cond_init(&lane->served, &monotonic) != 0);
    pthread_condattr_destroy(&monotonic);
    *out = lane;
    return 0;
}

static void lane_close(struct executor_lane *lane)
{
    if (lane == NULL)
        return;
    pthread_cond_destroy(&lane->served);
    free(lane);
}

struct executor runtime_executor(struct runtime *rt)
{
    return (struct executor){
        .self = rt, .lane_open = lane_open, .lane_close = lane_close, .invoke = invoke};
}
