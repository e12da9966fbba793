/*
 * The source was removed: so are its renditions, unless it is there again.
 */
#include "executors_private.h"

#include <stdio.h>

static int source_exists(struct job *job, bool *out, struct error *err)
{
    struct storage_session *session;
    struct storage_object object = {job->event->bucket, job->event->key, TEXT("")};
    struct storage_info info;
    if (catalog_role_may(job->call->function, "s3:GetObject", object.bucket, object.key, err) < 0 ||
        lane_session(job->call->lane, job->source, &session, err) < 0)
        return -1;
    struct credentials *credentials =
        catalog_role_credentials(job->call->catalog, job->call->function, job->source);
    struct error head_err = {0};
    if (storage_head(session, credentials, &object, job->call->arena, &info, &head_err) == 0) {
        *out = true;
        return 0;
    }
    if (head_err.code == ERROR_NOT_FOUND) {
        *out = false;
        return 0;
    }
    *err = head_err;
    return -1;
}

static int delete_renditions(struct job *job, struct error *err)
{
    for (size_t i = 0; i < job->call->function->config->rendition_count; i++) {
        if (thumbnail_delete_formats(job, &job->call->function->config->renditions[i], TEXT(""),
                                     err) < 0)
            return -1;
    }
    return 0;
}

void thumbnail_remove(struct job *job, struct outcome *out)
{
    const struct clock *clock = job->call->lane->jobs->clock;
    struct error err = {0};
    bool exists = false;
    int64_t start = clock_mono_ms(clock);
    if (source_exists(job, &exists, &err) < 0) {
        outcome_fail(out, &err);
        return;
    }
    out->fetch_ms = clock_mono_ms(clock) - start;
    if (exists) {
        outcome_skip(out, "the object is there again");
        return;
    }
    start = clock_mono_ms(clock);
    if (delete_renditions(job, &err) < 0) {
        outcome_fail(out, &err);
        return;
    }
    out->store_ms = clock_mono_ms(clock) - start;
    out->status = OUTCOME_DONE;
    snprintf(out->detail, sizeof(out->detail), "deleted %zu renditions",
             job->call->function->config->rendition_count);
}
