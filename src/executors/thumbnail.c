/*
 * The thumbnail function: finds the objects that its event speaks of, does one after the other, and
 * says what became of each. The attempt fails when one of them did; doing the others again changes
 * nothing.
 */
#include "executors_private.h"

#include <stdio.h>

enum { REPORT_MAX_BYTES = 8 * 1024 * 1024, SHOWN_KEY_BYTES = 100 };

struct tally {
    size_t done, skipped, failed;
    const struct event *blamed; /* whose error is the attempt's */
    struct error error;
};

static void count(struct tally *t, const struct event *event, const struct outcome *one)
{
    t->done += one->status == OUTCOME_DONE;
    t->skipped += one->status == OUTCOME_SKIPPED;
    if (one->status != OUTCOME_FAILED)
        return;
    t->failed++;
    /* One that can still succeed decides that the attempt is repeated. */
    if (t->blamed == NULL || (one->error.retryable && !t->error.retryable)) {
        t->blamed = event;
        t->error = one->error;
    }
}

static void add_ms(int64_t *total, int64_t ms)
{
    if (ms >= 0)
        *total = *total < 0 ? ms : *total + ms;
}

static void add_times(struct outcome *total, const struct outcome *one)
{
    add_ms(&total->fetch_ms, one->fetch_ms);
    add_ms(&total->run_ms, one->run_ms);
    add_ms(&total->store_ms, one->store_ms);
    total->wait_ms += one->wait_ms;
}

static void run_request(struct builtin_call *call, const struct event_request *request,
                        struct json_writer *w, struct outcome *one)
{
    struct job job = {.call = call,
                      .config = catalog_config(call->catalog),
                      .request = request,
                      .event = &request->event};
    *one = outcome_none();
    thumbnail_job_run(&job, one);
    report_write(w, &job, one);
}

static void conclude_many(struct outcome *out, const struct tally *t, size_t objects)
{
    if (t->failed > 0) {
        out->status = OUTCOME_FAILED;
        out->error = t->error;
        error_prefix(&out->error, "%zu of %zu objects failed: %.*s/%.*s", t->failed, objects,
                     TEXT_ARGS(t->blamed->bucket),
                     TEXT_ARGS(text_slice(t->blamed->key, 0, SHOWN_KEY_BYTES)));
        return;
    }
    out->status = t->done > 0 ? OUTCOME_DONE : OUTCOME_SKIPPED;
    snprintf(out->detail, sizeof(out->detail), "%zu objects: %zu done, %zu skipped", objects,
             t->done, t->skipped);
}

static struct text results_text(struct arena *arena, struct text results)
{
    return text_of(arena_printf(arena, "{\"results\":%.*s}", TEXT_ARGS(results)));
}

/* The last object's outcome is the attempt's when there is only one. */
static void run_requests(struct builtin_call *call, const struct event_requests *requests,
                         struct outcome *out)
{
    struct tally tally = {0};
    struct outcome one = outcome_none();
    AUTO_BUFFER struct buffer report;
    struct json_writer w;
    buffer_init(&report, REPORT_MAX_BYTES);
    json_writer_init(&w, &report);
    json_array_begin(&w);
    for (size_t i = 0; i < requests->count && tally.error.code != ERROR_CANCELED; i++) {
        run_request(call, &requests->items[i], &w, &one);
        count(&tally, &requests->items[i].event, &one);
        add_times(out, &one);
    }
    json_array_finish(&w);
    struct text results = buffer_failed(&report) ? TEXT("null") : buffer_text(&report);
    if (requests->count == 1)
        *out = one;
    else
        conclude_many(out, &tally, requests->count);
    if (out->status != OUTCOME_FAILED)
        out->result = results_text(call->arena, results);
    else if (requests->count > 1)
        out->result = failure_write(call->arena, &out->error, results);
}

void thumbnail_run(struct builtin_call *call, struct outcome *out)
{
    struct event_requests requests = {0};
    struct error err = {0};
    lane_use_catalog(call->lane, call->catalog);
    if (event_unwrap(call->invocation->payload, &requests, &err) < 0) {
        outcome_fail(out, &err);
        return;
    }
    if (requests.count == 0) {
        outcome_skip(out, "the event holds no record");
        out->result = TEXT("{\"results\":[]}");
    } else {
        run_requests(call, &requests, out);
    }
    event_requests_release(&requests);
}
