/*
 * daemon_private.h - what the daemon is made of, in the order in which it starts.
 */
#ifndef ONPUT_DAEMON_PRIVATE_H
#define ONPUT_DAEMON_PRIVATE_H

#include <stdatomic.h>

#include "onput/api.h"
#include "onput/builtin.h"
#include "onput/daemon.h"
#include "onput/executors.h"
#include "onput/invoker.h"
#include "onput/lambda.h"
#include "onput/registry.h"
#include "onput/runtime.h"
#include "onput/scheduler.h"

struct daemon {
    struct daemon_options options;
    const struct clock *clock;
    struct metrics *metrics;
    struct registry *registry;
    struct catalog_holder *catalogs; /* the registry's */
    struct worker_pool *pool;
    struct thumbnail_gate *gate;
    struct thumbnail_jobs jobs;
    struct runtime *runtime;
    struct executors executors;
    struct executor executor;
    struct queue *queue;
    struct scheduler *scheduler;
    struct invoker *invoker;
    struct intake *intake;
    struct package_store *packages;
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

/* functions.c: starts what runs functions, and fills d->executor. */
MUST_CHECK int daemon_start_functions(struct daemon *d, const struct config *config,
                                      struct error *err);
/* How many thumbnail invocations have pictures in memory at a time. */
int daemon_thumbnail_jobs(const struct config *c);

/* program_path.c: the program beside this one, or the configured one, which `option` sets; the
 * caller frees it. */
MUST_CHECK int daemon_program_path(const char *configured, const char *name, const char *option,
                                   char **out, struct error *err);

#endif
