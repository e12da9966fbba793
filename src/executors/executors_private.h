/*
 * executors_private.h - a lane, one call of a built-in function on it, and one object's thumbnails.
 */
#ifndef ONPUT_EXECUTORS_PRIVATE_H
#define ONPUT_EXECUTORS_PRIVATE_H

#include "onput/event_unwrap.h"
#include "onput/executor.h"
#include "onput/json.h"
#include "onput/thumbnail_job.h"

enum { LANE_MAX_SESSIONS = 16 };

/*
 * One thread's keep-alive connections. They belong to a catalog's stores, so the lane holds a
 * reference to that catalog and starts afresh when it is given one with other stores.
 */
struct executor_lane {
    struct thumbnail_jobs *jobs;
    const atomic_bool *canceled;
    int64_t deadline_ms; /* of the job that runs */
    struct catalog *catalog;
    struct lane_session {
        const struct storage *storage;
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

/* ---- builtin.c: the table of functions ---- */

/* One attempt of any of them. Everything in it lives as long as the arena. */
struct builtin_call {
    struct executor_lane *lane;
    const struct catalog *catalog;
    const struct function *function;
    const struct invocation *invocation;
    struct arena *arena;
    int64_t deadline_ms;
};

struct builtin {
    const char *name; /* config->builtin */
    /* *out comes without result and times. The result of FAILED may be left to the caller. */
    void (*run)(struct builtin_call *call, struct outcome *out);
    bool is_instant; /* see executor.h */
    bool is_gated;   /* it runs behind the lane's gate */
};

void echo_run(struct builtin_call *call, struct outcome *out);
void context_run(struct builtin_call *call, struct outcome *out);
void thumbnail_run(struct builtin_call *call, struct outcome *out);

/* {"errorMessage","errorType"}, with "results" when that text is not empty. */
struct text failure_write(struct arena *arena, const struct error *err, struct text results);

/* ---- gate.c ---- */

struct gate_wait {
    const struct clock *clock;
    int64_t deadline_ms;
    const atomic_bool *canceled;
};

/* ERROR_THROTTLED at the deadline, ERROR_CANCELED; no gate (NULL) is always open. */
MUST_CHECK int gate_enter(struct thumbnail_gate *g, const struct gate_wait *wait,
                          struct error *err);
void gate_leave(struct thumbnail_gate *g);

/* ---- the thumbnails of one object ---- */

struct job {
    const struct builtin_call *call;
    const struct config *config;
    const struct event_request *request;
    const struct event *event;  /* of the request */
    const struct store *source; /* where the object is */
    const struct store *target; /* where renditions go */
    struct storage_info source_info;
    struct render_job render;
    struct render_result result;
    struct text *output_keys; /* per rendition */
};

/* thumbnail_job.c */
void thumbnail_job_run(struct job *job, struct outcome *out);

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

/* report.c: one element of "results" */
void report_write(struct json_writer *w, const struct job *job, const struct outcome *outcome);

#endif
