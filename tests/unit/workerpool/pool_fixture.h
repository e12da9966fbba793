/*
 * pool_fixture.h - a pool of fake workers with its metrics, and jobs for it.
 */
#ifndef ONPUT_TESTS_POOL_FIXTURE_H
#define ONPUT_TESTS_POOL_FIXTURE_H

#include "onput/metrics.h"
#include "onput/worker_pool.h"
#include "support/test.h"

#define FAKE_WORKER ONPUT_BIN_DIR "/fake-worker"
#define ODD_WORKER  ONPUT_BIN_DIR "/odd-worker"

enum { OUTPUT_BYTES = 4096, PATTERN_BYTES = 32, LONG_MS = 60000 };

struct pool_fixture {
    struct metrics *metrics;
    struct worker_pool *pool;
};

/* A zero in `options` is its default; the program is fake-worker, one of them. */
struct pool_fixture pool_fixture_make(struct worker_pool_options options);
void pool_fixture_release(struct pool_fixture *f);

struct job {
    struct memfd input;
    struct memfd output;
    struct render_job render;
};

/* `how` is the name of the first of two renditions. */
void job_init(struct job *job, uint64_t id, const char *how);
void job_release(struct job *job);

/* Makes a job, has it rendered, releases it. */
int render(struct worker_pool *pool, const char *how, int timeout_ms, struct render_result *out,
           struct error *err);
/* Must succeed with the right output. */
struct render_result render_well(struct worker_pool *pool, uint64_t id);
/* Must fail with this, retryable. */
void render_badly(struct worker_pool *pool, const char *how, enum error_code code,
                  const char *message);

double exits(struct metrics *metrics, const char *reason);
double workers(struct metrics *metrics, const char *state);
/* Waits until so many workers have ended for this reason. The test's own time limit bounds it. */
void await_exits(struct metrics *metrics, const char *reason, double count);
void await_workers(struct metrics *metrics, const char *state, double count);
size_t open_fds(void);

#endif
