/*
 * daemon_private.h - what the daemon is made of, in the order in which it starts.
 */
#ifndef ONPUT_DAEMON_PRIVATE_H
#define ONPUT_DAEMON_PRIVATE_H

#include <stdatomic.h>

#include "onput/api.h"
#include "onput/builtin.h"
#include "onput/daemon.h"
#include "onput/invoker.h"
#include "onput/lambda.h"
#include "onput/registry.h"
#include "onput/scheduler.h"

struct daemon {
    struct daemon_options options;
    const struct clock *clock;
    struct metrics *metrics;
    struct registry *registry;
    struct catalog_holder *catalogs; /* the registry's */
    struct worker_pool *pool;
    struct thumbnail_jobs jobs;
    struct executor executor;
    struct queue *queue;
    struct scheduler *scheduler;
    struct invoker *invoker;
    struct intake *intake;
    struct api api;
    struct lambda_api lambda;
    struct http_route *public_routes, *admin_routes;
    struct http_server *public_server, *admin_server;
    int drain_timeout_ms;
    /* The queue and the registry may fail at once: the first one writes `fatal`. */
    atomic_int failure; /* enum daemon_failure */
    struct error fatal; /* may be read once it is FAILURE_WRITTEN */
};

enum daemon_failure { FAILURE_NONE, FAILURE_BEING_WRITTEN, FAILURE_WRITTEN };

/* The worker beside this program, or the configured one; the caller frees it. */
MUST_CHECK int daemon_worker_path(const struct config *config, char **out, struct error *err);

#endif
