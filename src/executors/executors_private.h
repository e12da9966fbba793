/*
 * executors_private.h - a lane, and one job on it.
 */
#ifndef ONPUT_EXECUTORS_PRIVATE_H
#define ONPUT_EXECUTORS_PRIVATE_H

#include "onput/event_decode.h"
#include "onput/thumbnail_job.h"

enum { LANE_MAX_SESSIONS = 16 };

/*
 * One thread's keep-alive connections. They belong to a catalog's stores, so the lane holds a
 * reference to that catalog and starts afresh when it is given another one.
 */
struct executor_lane {
    struct thumbnail_jobs *jobs;
    const atomic_bool *canceled;
    int64_t deadline_ms; /* of the job that runs */
    struct catalog *catalog;
    struct lane_session {
        const struct store *store;
        struct storage_session *session;
    } sessions[LANE_MAX_SESSIONS];
    size_t session_count;
};

int lane_open(void *self, const atomic_bool *canceled, struct executor_lane **out,
              struct error *err);
void lane_close(struct executor_lane *lane);
void lane_use_catalog(struct executor_lane *lane, const struct catalog *catalog);
MUST_CHECK int lane_session(struct executor_lane *lane, const struct store *store,
                            struct storage_session **out, struct error *err);

/* One attempt. Everything in it lives as long as the arena. */
struct job {
    struct executor_lane *lane;
    const struct catalog *catalog;
    const struct config *config;
    const struct function *function;
    const struct invocation *invocation;
    const struct event *event;
    const struct store *source; /* where the event came from */
    const struct store *target; /* where renditions go */
    struct arena *arena;
    int64_t deadline_ms;
    struct storage_info source_info;
    struct render_job render;
    struct render_result result;
    struct text *output_keys; /* per rendition */
};

/* A source object is gone or changed: the job has nothing to do. */
void outcome_skip(struct outcome *out, const char *why);
void outcome_fail(struct outcome *out, const struct error *err);

/* thumbnail_store.c: PUT of every rendition. */
MUST_CHECK int thumbnail_store(struct job *job, const struct memfd *output, struct error *err);
/* Deletes the rendition in every format that it may have, except the object of the key `keep`. */
MUST_CHECK int thumbnail_delete_formats(struct job *job, const struct rendition *rendition,
                                        struct text keep, struct error *err);

/* thumbnail_remove.c */
void thumbnail_remove(struct job *job, struct outcome *out);

/* report.c */
struct text report_write(const struct job *job);

#endif
