/*
 * thumbnail_job.h - the thumbnail function of builtin.h: S3 GET into a memory file, worker, S3 PUT
 * from a memory file.
 *
 * Its event is anything that event_unwrap.h takes. Objects are done in order, and the attempt fails
 * when one of them failed: retryable if one of the failures is. The store is the one that the short
 * form names, else the one that sent the notification, else the first of the configuration.
 *
 * The function converges its output to the source as it is now, whatever order events come in:
 *   created  the source is read under the event's eTag. Replaced meanwhile (412): nothing to do,
 *            the newer event does it. Gone (404): nothing to do.
 *   removed  the source is asked for. Still or again there: nothing to do. Gone: the renditions are
 *            deleted.
 * Every S3 call is checked against the function's role first and runs with the role's credentials.
 * A version that the short form names wants s3:GetObjectVersion, which no implied role has.
 * Outputs carry who made them (EVENT_MARK_METADATA) and the source's eTag as metadata; a source
 * that carries that mark is left alone, so that a chain of events ends.
 *
 * It returns {"results":[{"bucket","key","status","detail","renditions":[...]}]}: status is "done",
 * "skipped" or "failed"; of done ones also what was read, and of each rendition name, bucket, key,
 * format, content_type, width, height and bytes. When one of several objects failed, "results"
 * stands beside errorMessage and errorType.
 */
#ifndef ONPUT_THUMBNAIL_JOB_H
#define ONPUT_THUMBNAIL_JOB_H

#include "onput/clock.h"
#include "onput/executor.h"
#include "onput/metrics.h"
#include "onput/worker_pool.h"

/*
 * Each invocation has its pictures in memory, so `places` of them run at once; the others wait in
 * the order of coming, until their deadline at most (ERROR_THROTTLED), and have their whole timeout
 * from when they are let in. The wait is part of wait_ms.
 */
struct thumbnail_gate;
struct thumbnail_gate *thumbnail_gate_new(int places);
void thumbnail_gate_free(struct thumbnail_gate *g); /* NULL-safe; nobody may be at it */

struct thumbnail_jobs {
    struct worker_pool *pool;
    const struct clock *clock;
    struct thumbnail_gate *gate; /* NULL: as many as there are lanes */
};

#endif
