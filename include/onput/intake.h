/*
 * intake.h - the only way in for asynchronous work: policy, route, decide, queue.
 *
 * intake_submit() takes an authenticated notification of one store, decodes it, finds the functions
 * (the store's notifications, or the one that the caller names), asks the resource policy of each,
 * and submits one queue row per (record, function). It answers through `done` after the commit,
 * with one decision per record and function.
 *
 * Threads: any; never blocks. `done` runs on the queue's writer thread, or on the caller's when
 * nothing had to be stored.
 */
#ifndef ONPUT_INTAKE_H
#define ONPUT_INTAKE_H

#include <stddef.h>

#include "onput/arena.h"
#include "onput/catalog.h"
#include "onput/error.h"
#include "onput/event_decode.h"
#include "onput/metrics.h"
#include "onput/queue.h"

enum intake_decision {
    INTAKE_QUEUED,
    INTAKE_HELD,      /* denied by policy, kept until permission is given */
    INTAKE_DENIED,    /* denied by policy, on_denied: reject */
    INTAKE_DUPLICATE, /* known already */
    INTAKE_LOOP,      /* the object was written by onput */
    INTAKE_IGNORED,   /* no notification matches, or an event that no function acts on */
    INTAKE_DECISION_COUNT
};
const char *intake_decision_name(enum intake_decision decision); /* "queued" */

/* Where accepted rows go; queue_submit() in the daemon, a null sink in the benchmark. */
struct intake_sink {
    MUST_CHECK int (*submit)(void *ctx, struct queue_submission *s, struct error *err);
    void *ctx;
};

struct intake;
struct intake_options {
    struct catalog_holder *catalogs;
    struct intake_sink sink;
    struct metrics *metrics;
};
struct intake *intake_new(const struct intake_options *options);
void intake_free(struct intake *in); /* NULL-safe */

struct intake_result {
    struct text bucket;
    struct text key;
    struct text event_name;
    struct text function; /* empty when none was chosen */
    enum intake_decision decision;
    struct text reason;     /* why it was not queued; may be empty */
    const char *request_id; /* of the queued row, else NULL */
};

struct intake_reply {
    enum event_batch_kind kind;
    const struct intake_result *results;
    size_t count;
    struct text sns_topic_arn; /* with EVENT_BATCH_SUBSCRIPTION_CONFIRM */
    struct text subscribe_url;
};

/* `err` is NULL on success; then every accepted row is synced. */
typedef void (*intake_done)(void *ctx, const struct intake_reply *reply, const struct error *err);

/*
 * `store` and `function` belong to `catalog`, whose reference is taken over, also on failure.
 * `function` is NULL to route by the store's notifications. `body` is copied. Returns -1 with *err
 * when nothing was submitted (malformed: ERROR_INVALID or ERROR_LIMIT; the queue is closing or
 * broken); `done` is then not called.
 */
MUST_CHECK int intake_submit(struct intake *in, struct catalog *catalog, const struct store *store,
                             const struct function *function, struct text body, intake_done done,
                             void *ctx, struct error *err);

/*
 * A direct asynchronous invocation that somebody was allowed to make. `reference` is "name" or
 * "name:qualifier"; `payload` any JSON, copied. `done` runs on the queue's writer thread after the
 * commit: request_id is the one that every attempt will have, NULL with *err. Returns -1 with *err
 * when nothing was submitted; `done` is then not called.
 */
typedef void (*intake_invoked)(void *ctx, const char *request_id, const struct error *err);
MUST_CHECK int intake_invoke(struct intake *in, struct text reference, struct text payload,
                             intake_invoked done, void *ctx, struct error *err);

/* Asks the policies again for everything that is held; releases what is allowed now. *out_released
 * may be NULL. */
MUST_CHECK int intake_reconsider_held(struct intake *in, struct queue *queue, size_t *out_released,
                                      struct error *err);

#endif
