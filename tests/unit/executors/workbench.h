/*
 * workbench.h - one executor lane over the embedded store and the fake workers.
 */
#ifndef ONPUT_TESTS_WORKBENCH_H
#define ONPUT_TESTS_WORKBENCH_H

#include "../functions/catalog_fixture.h"
#include "fake_worker_pool.h"
#include "onput/builtin.h"
#include "onput/devstore.h"

struct workbench {
    struct devstore *store;
    struct worker_pool pool;
    struct thumbnail_jobs jobs;
    struct executor executor;
    struct executor_lane *lane;
    struct catalog *catalog;
    struct storage_session *session; /* of the test itself */
    atomic_bool canceled;
    struct arena arena;
    struct outcome outcome;
};

/* Bucket "photos" sends to "thumbs", which writes to "thumbnails". Members that are NULL default.
 */
void workbench_start(struct workbench *w, const char *dir, const struct catalog_parts *parts);
void workbench_stop(struct workbench *w);

/* Objects of the store; the eTag of what was put. */
struct text workbench_put(struct workbench *w, const char *bucket, const char *key,
                          const char *content);
struct text workbench_put_marked(struct workbench *w, const char *key, const char *content);
bool workbench_has(struct workbench *w, const char *bucket, const char *key);
void workbench_get(struct workbench *w, const char *bucket, const char *key,
                   struct storage_info *info, char *content, size_t size);

struct told {
    const char *event; /* "ObjectCreated:Put" */
    const char *key;
    struct text etag;
    int64_t size; /* 0: not told */
    int attempts;
    int64_t timeout_ms; /* 0: 10 s */
};
/* Runs it; w->outcome tells what came out. */
void workbench_run(struct workbench *w, const struct told *told);
void workbench_run_payload(struct workbench *w, const char *payload);
/* Of no store, as somebody's own invocation. */
void workbench_run_direct(struct workbench *w, const char *payload);
void workbench_invoke(struct workbench *w, const char *function,
                      const struct invocation *invocation, int64_t timeout_ms);

#endif
