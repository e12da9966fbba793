/*
 * One attempt as a straight line: claim the row, invoke the function, finish the row, say so.
 */
#include "scheduler_private.h"

#include <string.h>

#include "onput/encoding.h"
#include "onput/log.h"

static void observe_phase(struct metrics *m, const char *function, const char *phase, int64_t ms)
{
    if (ms >= 0)
        metrics_observe(m, METRIC_INVOCATION_SECONDS, (double)ms / 1000.0, function, phase, NULL);
}

static void count_attempt(struct metrics *m, const char *function, const char *status,
                          const struct outcome *o, int64_t queue_ms)
{
    metrics_add(m, METRIC_INVOCATIONS, 1, function, status, NULL);
    observe_phase(m, function, "queue", queue_ms);
    observe_phase(m, function, "fetch", o->fetch_ms);
    observe_phase(m, function, "run", o->run_ms);
    observe_phase(m, function, "store", o->store_ms);
}

static void log_attempt(const struct invocation *inv, const struct outcome *o, const char *status,
                        int64_t queue_ms)
{
    bool failed = o->status == OUTCOME_FAILED;
    LOG(failed ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "attempt", LOG_STRING("status", status),
        LOG_TEXT("function", inv->function), LOG_TEXT("store", inv->store),
        LOG_TEXT("bucket", inv->bucket), LOG_TEXT("key", inv->key), LOG_I64("id", inv->id),
        LOG_STRING("request_id", inv->request_id), LOG_I64("attempt", inv->attempts + 1),
        LOG_I64("queue_ms", queue_ms), LOG_I64("fetch_ms", o->fetch_ms),
        LOG_I64("run_ms", o->run_ms), LOG_I64("store_ms", o->store_ms),
        LOG_STRING(failed ? "error" : "detail", failed ? o->error.message : o->detail));
}

static void invoke(struct job_thread *job, const struct catalog *catalog,
                   const struct function *function, const struct invocation *inv,
                   struct arena *arena, struct outcome *out)
{
    const struct scheduler_options *o = &job->scheduler->options;
    const char *name = function->config->name;
    int64_t deadline = clock_mono_ms(o->clock) + function->config->timeout_ms;
    metrics_add(o->metrics, METRIC_INVOCATIONS_IN_FLIGHT, 1, name, NULL, NULL);
    o->executor->invoke(job->lane, catalog, function, inv, deadline, arena, out);
    metrics_add(o->metrics, METRIC_INVOCATIONS_IN_FLIGHT, -1, name, NULL, NULL);
}

/* A row that cannot run is kept where an operator finds it. */
static void bury_unrun(struct scheduler *s, const struct invocation *inv, const char *reason)
{
    struct error err = {0};
    LOG(LOG_LEVEL_WARN, "an invocation cannot run", LOG_STRING("reason", reason),
        LOG_TEXT("function", inv->function), LOG_I64("id", inv->id),
        LOG_STRING("request_id", inv->request_id));
    if (queue_finish(s->options.queue, inv->id, QUEUE_FINISH_UNRUN, 0, text_of(reason), &err) < 0)
        LOG(LOG_LEVEL_ERROR, "cannot finish an invocation", LOG_ERROR_FIELD(&err));
}

/* The function's ARN with the qualifier as the row has it. */
static struct text invoked_arn(const struct function *function, struct text reference,
                               struct arena *arena)
{
    struct text qualifier = reference;
    text_cut(&qualifier, ':');
    if (qualifier.len == 0)
        return function->arn;
    return text_of(
        arena_printf(arena, "%.*s:%.*s", TEXT_ARGS(function->arn), TEXT_ARGS(qualifier)));
}

static void finish(struct scheduler *s, const struct invocation *inv, const struct verdict *v,
                   const struct outcome *outcome)
{
    struct error err = {0};
    if (queue_finish(s->options.queue, inv->id, v->how, v->due_ms, text_of(outcome->error.message),
                     &err) < 0)
        LOG(LOG_LEVEL_ERROR, "cannot finish an invocation; it will run again",
            LOG_I64("id", inv->id), LOG_ERROR_FIELD(&err));
}

static void run_function(struct job_thread *job, const struct catalog *catalog,
                         const struct function *function, struct invocation *inv,
                         struct arena *arena)
{
    const struct scheduler_options *o = &job->scheduler->options;
    int64_t queue_ms = clock_wall_ms(o->clock) - inv->due_ms;
    if (queue_ms < 0)
        queue_ms = 0;
    struct outcome outcome = outcome_none();
    char trace_id[TRACE_ID_BYTES];
    inv->invoked_arn = invoked_arn(function, inv->function, arena);
    inv->trace_id = text_of(invocation_trace_id(clock_wall_ms(o->clock), trace_id));
    invoke(job, catalog, function, inv, arena, &outcome);

    queue_ms += outcome.wait_ms;
    struct verdict v =
        outcome_verdict(&outcome, inv, function->config, clock_wall_ms(o->clock), random_u64());
    finish(job->scheduler, inv, &v, &outcome);
    log_attempt(inv, &outcome, v.status, queue_ms);
    count_attempt(o->metrics, function->config->name, v.status, &outcome, queue_ms);
    if (o->on_attempt != NULL)
        o->on_attempt(o->on_attempt_ctx, inv, &outcome, queue_ms);
}

static void run_claimed(struct job_thread *job, const struct reservation *slot,
                        struct invocation *inv, struct arena *arena)
{
    const struct function *function = catalog_resolve(slot->catalog, inv->function, random_u64());
    if (function == NULL)
        bury_unrun(job->scheduler, inv, "there is no such function, version or alias any more");
    else if (function_slot_limit(function) == 0)
        bury_unrun(job->scheduler, inv, "reserved concurrency is 0");
    else
        run_function(job, slot->catalog, function, inv, arena);
}

/* A second ticket from before a failed attempt: the row waits for its retry, which has its own
 * ticket. */
static void release_early(struct scheduler *s, const struct invocation *inv)
{
    struct error err = {0};
    if (queue_finish(s->options.queue, inv->id, QUEUE_FINISH_RELEASE, 0, TEXT(""), &err) < 0)
        LOG(LOG_LEVEL_ERROR, "cannot release an invocation", LOG_I64("id", inv->id),
            LOG_ERROR_FIELD(&err));
}

void attempt_run(struct job_thread *job, const struct taken *taken)
{
    const struct queue_ticket *ticket = &taken->ticket;
    struct scheduler *s = job->scheduler;
    AUTO_ARENA struct arena arena;
    arena_init(&arena);
    struct invocation inv;
    struct error err = {0};
    if (queue_claim(s->options.queue, ticket->id, &arena, &inv, &err) < 0) {
        if (err.code != ERROR_NOT_FOUND && err.code != ERROR_CANCELED)
            LOG(LOG_LEVEL_ERROR, "cannot claim an invocation", LOG_I64("id", ticket->id),
                LOG_ERROR_FIELD(&err));
        return;
    }
    if (inv.due_ms > ticket->due_ms)
        release_early(s, &inv);
    else
        run_claimed(job, &taken->slot, &inv, &arena);
}
