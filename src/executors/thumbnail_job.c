/*
 * The thumbnails of one object as a straight line: fetch, render, store.
 */
#include "executors_private.h"

#include <stdio.h>
#include <string.h>

/* RGW announces a multipart upload before there is anything to read; a few tries give it time. */
enum { EARLY_POST_ATTEMPTS = 2 };

/* The last attempt waits no more: an upload that was given up is no dead letter. */
static bool may_come_later(const struct job *job)
{
    int attempts = job->call->invocation->attempts;
    return text_is(job->event->name, "ObjectCreated:Post") && attempts < EARLY_POST_ATTEMPTS &&
           attempts + 1 < job->call->function->config->max_attempts;
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
        outcome_skip(out,
                     job->request->is_direct ? "there is no such object" : "the object is gone");
    } else {
        outcome_fail(out, err);
        out->error.retryable |= early && err->code == ERROR_NOT_FOUND;
    }
}

static int fetch(struct job *job, struct memfd *input, struct error *err)
{
    struct storage_session *session;
    struct storage_object object = {job->event->bucket, job->event->key,
                                    job->request->is_direct ? job->event->version_id : TEXT("")};
    struct storage_get_options options = {
        .if_match_etag = job->event->etag,
        .max_bytes = (size_t)job->config->limit_object_bytes,
    };
    if (job->event->size > job->config->limit_object_bytes)
        return error_set(err, ERROR_LIMIT,
                         "the object has %lld bytes, more than the limit of %lld (limits.object)",
                         (long long)job->event->size, (long long)job->config->limit_object_bytes);
    /* As S3 has it: a version that is named is another permission. */
    const char *action = object.version_id.len > 0 ? "s3:GetObjectVersion" : "s3:GetObject";
    if (catalog_role_may(job->call->function, action, object.bucket, object.key, err) < 0 ||
        lane_session(job->call->lane, job->source, &session, err) < 0 ||
        memfd_create_fixed("onput-input", options.max_bytes, input, err) < 0)
        return -1;
    return storage_get(
        session, catalog_role_credentials(job->call->catalog, job->call->function, job->source),
        &object, &options, input, job->call->arena, &job->source_info, err);
}

static void fill_render_job(struct job *job, uint64_t input_bytes)
{
    const struct config *c = job->config;
    job->render = (struct render_job){
        .id = (uint64_t)job->call->invocation->id,
        .input_bytes = input_bytes,
        .limits = {.max_pixels = (uint64_t)c->limit_pixels,
                   .max_edge = (uint32_t)c->limit_edge,
                   .max_frames = (uint32_t)c->limit_frames,
                   .max_scans = (uint32_t)c->limit_scans,
                   .max_output_bytes = (uint64_t)c->limit_output_bytes},
        .rendition_count = (uint32_t)job->call->function->config->rendition_count,
    };
    memcpy(job->render.renditions, job->call->function->config->renditions,
           job->call->function->config->rendition_count * sizeof(job->render.renditions[0]));
}

static int render(struct job *job, struct memfd *input, struct memfd *output, struct error *err)
{
    fill_render_job(job, input->len);
    int64_t left = job->call->deadline_ms - clock_mono_ms(job->call->lane->jobs->clock);
    if (left > job->config->worker_timeout_ms)
        left = job->config->worker_timeout_ms;
    if (left <= 0)
        return error_set_retryable(err, ERROR_TIMEOUT,
                                   "the function's timeout passed while its source was fetched");
    if (memfd_seal(input, err) < 0 ||
        memfd_create_fixed("onput-output", (size_t)job->config->limit_output_bytes, output, err) <
            0)
        return -1;
    return worker_pool_render(job->call->lane->jobs->pool, &job->render, input, output, (int)left,
                              &job->result, err);
}

static void make_renditions(struct job *job, struct outcome *out)
{
    const struct clock *clock = job->call->lane->jobs->clock;
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
    snprintf(out->detail, sizeof(out->detail), "%u renditions of %ux%u %s",
             job->result.output_count, job->result.source_width, job->result.source_height,
             image_format_name(job->result.source_format));
}

/* The one that the caller names, that sent the notification, or the first. */
static const struct store *find_source(const struct job *job, struct text *out_name)
{
    const struct store *stores;
    *out_name = job->request->store.len > 0 ? job->request->store : job->call->invocation->store;
    if (out_name->len > 0)
        return catalog_store(job->call->catalog, *out_name);
    return catalog_stores(job->call->catalog, &stores) > 0 ? &stores[0] : NULL;
}

static int find_stores(struct job *job, struct error *err)
{
    const char *output_store = job->call->function->config->output_store;
    struct text name;
    job->source = find_source(job, &name);
    if (job->source == NULL)
        return error_set(err, ERROR_INVALID, "store %.*s is not in the configuration",
                         TEXT_ARGS(name));
    job->target = job->source;
    if (output_store != NULL)
        job->target = catalog_store(job->call->catalog, text_of(output_store));
    if (job->target == NULL)
        return error_set(err, ERROR_INVALID, "store %s is not in the configuration", output_store);
    return 0;
}

void thumbnail_job_run(struct job *job, struct outcome *out)
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
