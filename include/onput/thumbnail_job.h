/*
 * thumbnail_job.h - the built-in thumbnail function behind executor.h: S3 GET into a memory file,
 * worker, S3 PUT from a memory file.
 *
 * The function converges its output to the source as it is now, whatever order events come in:
 *   created  the source is read under the event's eTag. Replaced meanwhile (412): nothing to do,
 * the newer event does it. Gone (404): nothing to do. removed  the source is asked for. Still or
 * again there: nothing to do. Gone: the renditions are deleted. Every S3 call is checked against
 * the function's role first and runs with the role's credentials. Outputs carry who made them
 * (EVENT_MARK_METADATA) and the source's eTag as metadata; a source that carries that mark is left
 * alone, so that a chain of events ends.
 */
#ifndef ONPUT_THUMBNAIL_JOB_H
#define ONPUT_THUMBNAIL_JOB_H

#include "onput/clock.h"
#include "onput/executor.h"
#include "onput/metrics.h"
#include "onput/worker_pool.h"

struct thumbnail_jobs {
    struct worker_pool *pool;
    const struct clock *clock;
};

/* An executor over `jobs`, which must outlive it. */
struct executor thumbnail_executor(struct thumbnail_jobs *jobs);

#endif
