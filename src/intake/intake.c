/*
 * The way in: decode, decide, hand the rows to the sink, answer when they are synced.
 */
#include "intake_private.h"

#include <stdlib.h>
#include <string.h>

#include "onput/log.h"
#include "onput/memory.h"

/* Everything of one notification that must live until its commit. */
struct submission {
    struct queue_submission queue; /* first: done() gets this one back */
    struct intake *intake;
    struct catalog *catalog;
    const struct store *store;
    struct event_batch batch; /* its arena holds the rest as well */
    struct decided *decided;
    size_t decided_count;
    struct invocation **row_of; /* per decided pair: its queue row, or NULL */
    intake_done done;
    void *done_ctx;
};

struct intake *intake_new(const struct intake_options *options)
{
    struct intake *in = xcalloc(1, sizeof(*in));
    in->options = *options;
    return in;
}

void intake_free(struct intake *in)
{
    free(in);
}

static void submission_free(struct submission *s)
{
    event_batch_release(&s->batch);
    catalog_unref(s->catalog);
    free(s);
}

static void log_not_queued(const struct submission *s, const struct decided *d)
{
    AUTO_BUFFER struct buffer hint;
    buffer_init(&hint, 4096);
    bool denied = d->decision == INTAKE_HELD || d->decision == INTAKE_DENIED;
    if (denied && d->effect == POLICY_IMPLICIT_DENY) /* against a Deny no permission helps */
        catalog_suggest_permission(s->store, d->function, d->record->event.bucket, &hint);
    LOG(denied ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "event not queued",
        LOG_STRING("decision", intake_decision_name(d->decision)), LOG_TEXT("reason", d->reason),
        LOG_TEXT("store", s->store->name), LOG_TEXT("bucket", d->record->event.bucket),
        LOG_TEXT("key", d->record->event.key), LOG_TEXT("event", d->record->event.name),
        LOG_TEXT("to_allow", buffer_text(&hint)));
}

static void count_decisions(const struct submission *s)
{
    struct metrics *m = s->intake->options.metrics;
    for (size_t i = 0; i < s->decided_count; i++)
        metrics_add(m, METRIC_EVENTS_DECIDED, 1, s->store->config->name,
                    intake_decision_name(s->decided[i].decision), NULL);
    for (size_t i = 0; i < s->batch.count; i++)
        metrics_add(m, METRIC_EVENTS_RECEIVED, 1, s->store->config->name,
                    event_dialect_name(s->batch.records[i].event.dialect), NULL);
}

static struct intake_result result_of(const struct submission *s, size_t i)
{
    const struct decided *d = &s->decided[i];
    const struct invocation *row = s->row_of[i];
    return (struct intake_result){
        .bucket = d->record->event.bucket,
        .key = d->record->event.key,
        .event_name = d->record->event.name,
        .function = d->function != NULL ? d->function->name : TEXT(""),
        .decision = d->decision,
        .reason = d->reason,
        .request_id = row != NULL && d->decision != INTAKE_DUPLICATE ? row->request_id : NULL,
    };
}

static void answer(struct submission *s, const struct error *err)
{
    struct intake_reply reply = {.kind = s->batch.kind,
                                 .sns_topic_arn = s->batch.sns_topic_arn,
                                 .subscribe_url = s->batch.subscribe_url};
    if (err == NULL) {
        struct intake_result *results =
            ARENA_ARRAY(&s->batch.arena, struct intake_result, s->decided_count);
        for (size_t i = 0; i < s->decided_count; i++) {
            results[i] = result_of(s, i);
            if (s->decided[i].decision != INTAKE_QUEUED)
                log_not_queued(s, &s->decided[i]);
        }
        reply.results = results;
        reply.count = s->decided_count;
        count_decisions(s);
    }
    s->done(s->done_ctx, &reply, err);
    submission_free(s);
}

static void on_committed(struct queue_submission *queue, const struct error *err)
{
    struct submission *s = (struct submission *)queue;
    for (size_t i = 0; err == NULL && i < s->decided_count; i++) {
        struct invocation *row = s->row_of[i];
        if (row != NULL && s->queue.verdicts[row - s->queue.rows] == QUEUE_DUPLICATE)
            s->decided[i].decision = INTAKE_DUPLICATE;
    }
    answer(s, err);
}

static void fill_row(const struct submission *s, const struct decided *d, struct invocation *row)
{
    const struct event *event = &d->record->event;
    *row = (struct invocation){
        .state = d->decision == INTAKE_HELD ? INVOCATION_HELD : INVOCATION_PENDING,
        .function = d->function->name,
        .store = s->store->name,
        .bucket = event->bucket,
        .key = event->key,
        .reason = d->reason,
        .payload = d->record->document,
    };
    event_identity(event, s->store->name, d->function->name, row->identity);
}

static void make_rows(struct submission *s)
{
    s->row_of = ARENA_ARRAY(&s->batch.arena, struct invocation *, s->decided_count);
    s->queue.rows = ARENA_ARRAY(&s->batch.arena, struct invocation, s->decided_count);
    s->queue.verdicts = ARENA_ARRAY(&s->batch.arena, enum queue_verdict, s->decided_count);
    for (size_t i = 0; i < s->decided_count; i++) {
        const struct decided *d = &s->decided[i];
        if (d->decision != INTAKE_QUEUED && d->decision != INTAKE_HELD)
            continue;
        s->row_of[i] = &s->queue.rows[s->queue.count++];
        fill_row(s, d, s->row_of[i]);
    }
    s->queue.done = on_committed;
}

static struct submission *submission_new(struct intake *in, struct catalog *catalog,
                                         const struct store *store, intake_done done, void *ctx)
{
    struct submission *s = xcalloc(1, sizeof(*s));
    s->intake = in;
    s->catalog = catalog;
    s->store = store;
    s->done = done;
    s->done_ctx = ctx;
    return s;
}

int intake_submit(struct intake *in, struct catalog *catalog, const struct store *store,
                  const struct function *function, struct text body, intake_done done, void *ctx,
                  struct error *err)
{
    struct submission *s = submission_new(in, catalog, store, done, ctx);
    int result = event_decode(body, &s->batch, err);
    if (result == 0)
        result = intake_decide(catalog, store, function, &s->batch, &s->batch.arena, &s->decided,
                               &s->decided_count, err);
    if (result == 0) {
        make_rows(s);
        if (s->queue.count == 0) {
            answer(s, NULL);
            return 0;
        }
        result = in->options.sink.submit(in->options.sink.ctx, &s->queue, err);
    }
    if (result < 0)
        submission_free(s);
    return result;
}
