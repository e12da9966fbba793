/*
 * api.h - the doors: route tables of the public listener (webhooks) and of the admin listener.
 *
 * Public: POST /events[/{store}[/{secret}][/{function}]] takes notifications; HEAD and GET on these
 * paths and on "/" are liveness probes and answer 200 without looking at credentials.
 * Admin: /metrics, /admin/queue, /admin/invocations. Both: /healthz, /readyz.
 *
 * Answers of POST /events: 200 after the commit with {"results":[{"decision",...}]}; 400 for a body
 * that cannot be read, 401 without and 403 with a wrong credential, 403 when the policy denies and
 * on_denied is reject, 404 for an unknown store or function, 413 for a body over the limit, 503
 * with Retry-After when the queue is full or broken. Never a redirect.
 */
#ifndef ONPUT_API_H
#define ONPUT_API_H

#include <stdatomic.h>
#include <stddef.h>

#include "onput/catalog.h"
#include "onput/http_server.h"
#include "onput/intake.h"
#include "onput/metrics.h"
#include "onput/queue.h"
#include "onput/worker_pool.h"

/* What the handlers work with; the ctx of both servers. Everything outlives the servers. */
struct api {
    struct catalog_holder *catalogs;
    struct intake *intake;
    struct queue *queue;
    struct worker_pool *pool; /* may be NULL */
    struct metrics *metrics;
    const struct clock *clock;
    atomic_bool draining;
};

/* Tables with the body limit of the configuration filled in; the caller frees them. */
struct http_route *api_public_routes(size_t max_body_bytes, size_t *out_count);
struct http_route *api_admin_routes(size_t *out_count);

#endif
