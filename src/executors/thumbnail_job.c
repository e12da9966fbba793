/*
 * The thumbnail function as a straight line: decode the event, fetch, render, store.
 */
#include "executors_private.h"

#include <stdio.h>
#include <string.h>

/* RGW announces a multipart upload before there is anything to read; a few tries give it time. */
enum { EARLY_POST_ATTEMPTS = 2 };

/* The last attempt waits no more: an upload that was given up is no dead letter. */
static bool may_come_later(const struct job *job)
{
    int attempts = job->invocation->attempts;
    return text_is(job->event->name, "ObjectCreated:Post") && attempts < EARLY_POST_ATTEMPTS &&
           attempts + 1 < job->function->config->max_attempts;
}

void outcome_skip(struct outcome *out, const char *why)
{
    out->status = OUTCOME_SKIPPED;
    snprintf(out->detail, sizeof(out->detail), "%s", why);
}

void outcome_fail(struct outcome *out, const struct error *err)
{
    out->status = OUTCOME_FAILED;
    out->error = *err;
}

static bool was_written_by_onput(const struct storage_info *info)
{
    for (size_t i = 0; i < info->metadata_count; i++) {
        if (text_is(info->metadata[i].name, EVENT_MARK_METADATA))
            return true;
    }
    return false;
}

/* Not found and replaced are no failures: the source is not what the event spoke of any more. */
static void judge_fetch_error(const struct job *job, const struct error *err, struct outcome *out)
{
    bool early = may_come_later(job);
    if (err->code == ERROR_CONFLICT) {
        outcome_skip(out, "the object was replaced; the newer event does the work");
    } else if (err->code == ERROR_NOT_FOUND && !early) {
        outcome_skip(out, "the object is gone");
    } else {
        outcome_fail(out, err);
        out->error.retryable |= early && err->code == ERROR_NOT_FOUND;
    }
}

static int fetch(struct job *job, struct memfd *input, struct error *err)
{
    struct storage_session *session;
    struct storage_object object = {job->event->bucket, job->event->key, TEXT("")};
    struct storage_get_options options = {
        .if_match_etag = job->event->etag,
        .max_bytes = (size_t)job->config->limit_object_bytes,
    };
    if (job->event->size > job->config->limit_object_bytes)
        return error_set(err, ERROR_LIMIT,
                         "the object has %lld bytes, more than the limit of %lld (limits.object)",
                         (long long)job->event->size, (long long)job->config->limit_object_bytes);
    if (catalog_role_may(job->function, "s3:GetObject", object.bucket, object.key, err) < 0 ||
        lane_session(job->lane, job->source, &session, err) < 0 ||
        memfd_create_fixed("onput-input", options.max_bytes, input, err) < 0)
        return -1;
    return storage_get(session, catalog_role_credentials(job->catalog, job->function, job->source),
                       &object, &options, input, job->arena, &job->source_info, err);
}

static void fill_render_job(struct job *job, uint64_t input_bytes)
{
    const struct config *c = job->config;
    job->render = (struct render_job){
        .id = (uint64_t)job->invocation->id,
        .input_bytes = input_bytes,
        .limits = {.max_pixels = (uint64_t)c->limit_pixels,
                   .max_edge = (uint32_t)c->limit_edge,
                   .max_frames = (uint32_t)c->limit_frames,
                   .max_scans = (uint32_t)c->limit_scans,
                   .max_output_bytes = (uint64_t)c->limit_output_bytes},
        .rendition_count = (uint32_t)job->function->config->rendition_count,
    };
    memcpy(job->render.renditions, job->function->config->renditions,
           job->function->config->rendition_count * sizeof(job->render.renditions[0]));
}

static int render(struct job *job, struct memfd *input, struct memfd *output, struct error *err)
{
    fill_render_job(job, input->len);
    int64_t left = job->deadline_ms - clock_mono_ms(job->lane->jobs->clock);
    if (left > job->config->worker_timeout_ms)
        left = job->config->worker_timeout_ms;
    if (left <= 0)
        return error_set_retryable(err, ERROR_TIMEOUT,
                                   "the function's timeout passed while its source was fetched");
    if (memfd_seal(input, err) < 0 ||
        memfd_create_fixed("onput-output", (size_t)job->config->limit_output_bytes, output, err) <
            0)
        return -1;
    return worker_pool_render(job->lane->jobs->pool, &job->render, input, output, (int)left,
                              &job->result, err);
}

static void make_renditions(struct job *job, struct outcome *out)
{
    const struct clock *clock = job->lane->jobs->clock;
    AUTO_MEMFD struct memfd input = MEMFD_NONE;
    AUTO_MEMFD struct memfd output = MEMFD_NONE;
    struct error err = {0};
    int64_t start = clock_mono_ms(clock);
    if (fetch(job, &input, &err) < 0) {
        judge_fetch_error(job, &err, out);
        return;
    }
    int64_t fetched = clock_mono_ms(clock);
    out->fetch_ms = fetched - start;
    if (was_written_by_onput(&job->source_info)) {
        outcome_skip(out, "the object was written by onput itself");
        return;
    }
    if (render(job, &input, &output, &err) < 0) {
        outcome_fail(out, &err);
        return;
    }
    int64_t rendered = clock_mono_ms(clock);
    out->run_ms = (int64_t)(job->result.decode_us + job->result.encode_us) / 1000;
    out->wait_ms = rendered - fetched > out->run_ms ? rendered - fetched - out->run_ms : 0;
    if (thumbnail_store(job, &output, &err) < 0) {
        outcome_fail(out, &err);
        return;
    }
    out->store_ms = clock_mono_ms(clock) - rendered;
    out->status = OUTCOME_DONE;
    out->result = report_write(job);
    snprintf(out->detail, sizeof(out->detail), "%u renditions of %ux%u %s",
             job->result.output_count, job->result.source_width, job->result.source_height,
             image_format_name(job->result.source_format));
}

static int find_stores(struct job *job, struct error *err)
{
    const char *output_store = job->function->config->output_store;
    job->source = catalog_store(job->catalog, job->invocation->store);
    job->target =
        output_store != NULL ? catalog_store(job->catalog, text_of(output_store)) : job->source;
    if (job->source == NULL || job->target == NULL)
        return error_set(err, ERROR_INVALID, "store %.*s is not in the configuration any more",
                         TEXT_ARGS(job->invocation->store));
    return 0;
}

static void run_event(struct job *job, struct outcome *out)
{
    struct error err = {0};
    if (find_stores(job, &err) < 0)
        outcome_fail(out, &err);
    else if (job->event->kind == EVENT_KIND_REMOVED)
        thumbnail_remove(job, out);
    else if (job->event->kind == EVENT_KIND_CREATED)
        make_renditions(job, out);
    else
        outcome_skip(out, "nothing is done for events of this kind");
}

static void invoke(struct executor_lane *lane, const struct catalog *catalog,
                   const struct function *function, const struct invocation *invocation,
                   int64_t deadline_ms, struct arena *arena, struct outcome *out)
{
    struct event_batch batch = {0};
    struct error err = {0};
    *out = (struct outcome){.fetch_ms = -1, .run_ms = -1, .store_ms = -1, .result = TEXT("")};
    lane_use_catalog(lane, catalog);
    lane->deadline_ms = deadline_ms;
    if (event_decode(invocation->payload, &batch, &err) < 0) {
        outcome_fail(out, &err);
        return;
    }
    if (batch.count != 1) {
        outcome_skip(out, "the event holds no record");
    } else {
        struct job job = {
            .lane = lane,
            .catalog = catalog,
            .config = catalog_config(catalog),
            .function = function,
            .invocation = invocation,
            .event = &batch.records[0].event,
            .arena = arena,
            .deadline_ms = deadline_ms,
        };
        run_event(&job, out);
    }
    event_batch_release(&batch);
}

struct executor thumbnail_executor(struct thumbnail_jobs *jobs)
{
    return (struct executor){
        .self = jobs, .lane_open = lane_open, .lane_close = lane_close, .invoke = invoke};
}
