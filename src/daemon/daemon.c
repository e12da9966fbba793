/*
 * Start in the order of the data's way, stop against it.
 */
#include "daemon_private.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "onput/log.h"
#include "onput/memory.h"

static void on_ready(void *ctx, const struct queue_ticket *tickets, size_t count)
{
    struct daemon *d = ctx;
    scheduler_offer(d->scheduler, tickets, count);
}

/* Nothing can be acknowledged any more: end, and recover by starting anew. */
static void on_fatal(void *ctx, const struct error *err)
{
    struct daemon *d = ctx;
    int none = FAILURE_NONE;
    LOG(LOG_LEVEL_ERROR, "what is accepted cannot be stored; stopping", LOG_ERROR_FIELD(err));
    if (atomic_compare_exchange_strong(&d->failure, &none, FAILURE_BEING_WRITTEN)) {
        d->fatal = *err;
        atomic_store(&d->failure, FAILURE_WRITTEN);
    }
    kill(getpid(), SIGTERM);
}

/* Processes of what was changed are of no use; what was held for lack of a permission may have got
 * it. */
static void on_function_change(void *ctx)
{
    struct daemon *d = ctx;
    struct error err = {0};
    struct catalog *catalog = catalog_holder_get(d->catalogs);
    runtime_refresh(d->runtime, catalog);
    catalog_unref(catalog);
    if (intake_reconsider_held(d->intake, d->queue, NULL, &err) < 0)
        LOG(LOG_LEVEL_ERROR, "cannot look at the held events", LOG_ERROR_FIELD(&err));
}

static void on_slot(void *ctx)
{
    struct daemon *d = ctx;
    scheduler_wake(d->scheduler);
}

/* A person's 0 is "none"; the queue's is "as usual". */
static int64_t none_or(int64_t value, int64_t none)
{
    return value == 0 ? none : value;
}

/* Nothing is submitted before the doors open, so the writer offers to a scheduler that is there. */
static int start_queue(struct daemon *d, const struct config *config, struct error *err)
{
    struct queue_options queue = {
        .directory = config->state_dir,
        .max_rows = config->queue_max_rows,
        .dedupe_window_ms = none_or(config->queue_dedupe_window_ms, 1),
        .min_free_bytes = none_or(config->queue_min_free_bytes, -1),
        .clock = d->clock,
        .metrics = d->metrics,
        .on_ready = on_ready,
        .on_ready_ctx = d,
        .on_fatal = on_fatal,
        .on_fatal_ctx = d,
    };
    if (queue_open(&queue, &d->queue, err) < 0)
        return -1;
    struct scheduler_options scheduler = {
        .queue = d->queue,
        .catalogs = d->catalogs,
        .executor = &d->executor,
        .job_threads = daemon_thumbnail_jobs(config),
        .process_threads = (int)config->runtime_processes,
        .clock = d->clock,
        .metrics = d->metrics,
        .on_attempt = d->options.on_attempt,
        .on_attempt_ctx = d->options.on_attempt_ctx,
    };
    if (scheduler_new(&scheduler, &d->scheduler, err) < 0)
        return -1;
    return scheduler_start(d->scheduler, err);
}

/* Synchronous invocations have threads of their own: a full queue does not delay them. */
static int start_invoker(struct daemon *d, const struct config *config, struct error *err)
{
    struct invoker_options options = {
        .executor = &d->executor,
        .threads = daemon_thumbnail_jobs(config) + (int)config->runtime_processes,
        .clock = d->clock,
        .metrics = d->metrics,
        .on_slot = on_slot,
        .on_slot_ctx = d,
    };
    return invoker_new(&options, &d->invoker, err);
}

static int start_admin_server(struct daemon *d, const struct config *config, struct error *err)
{
    size_t count = 0;
    d->admin_routes = api_admin_routes(&count);
    struct http_server_options options = {
        .address = config->admin_address,
        .port = config->admin_port,
        .threads = 1,
        .connection_limit = 64,
        .routes = d->admin_routes,
        .route_count = count,
        .ctx = &d->api,
        .metrics = d->metrics,
    };
    if (http_server_start(&options, &d->admin_server, err) < 0)
        return error_prefix(err, "admin");
    return 0;
}

/* A function's URL may have any path, so the Lambda routes, which look at the host, come first. */
static struct http_route *public_routes(struct daemon *d, const struct config *config,
                                        size_t *out_count)
{
    size_t lambda_count = 0, api_count = 0;
    struct http_route *lambda = lambda_routes(&d->lambda, &lambda_count);
    AUTO_FREE struct http_route *api =
        api_public_routes((size_t)config->limit_body_bytes, &api_count);
    *out_count = lambda_count + api_count;
    lambda = xrealloc_array(lambda, *out_count, sizeof(*lambda));
    memcpy(lambda + lambda_count, api, api_count * sizeof(*api));
    return lambda;
}

static int start_public_server(struct daemon *d, const struct config *config, struct error *err)
{
    size_t count = 0;
    d->public_routes = public_routes(d, config, &count);
    struct http_server_options options = {
        .address = config->listen_address,
        .port = config->listen_port,
        .threads = (int)config->listen_threads,
        .connection_limit = (int)config->listen_connections,
        .routes = d->public_routes,
        .route_count = count,
        .ctx = &d->api,
        .metrics = d->metrics,
    };
    if (http_server_start(&options, &d->public_server, err) < 0)
        return error_prefix(err, "listen");
    atomic_store(&d->lambda.port, http_server_port(d->public_server));
    return 0;
}

static int submit_to_queue(void *ctx, struct queue_submission *s, struct error *err)
{
    return queue_submit(ctx, s, err);
}

static int open_packages(struct daemon *d, const struct config *config, struct error *err)
{
    AUTO_FREE char *directory = xasprintf("%s/packages", config->state_dir);
    return package_store_open(directory, &d->packages, err);
}

static int start_doors(struct daemon *d, const struct config *config, struct error *err)
{
    if (open_packages(d, config, err) < 0)
        return -1;
    struct intake_options intake = {
        .catalogs = d->catalogs,
        .sink = {.submit = submit_to_queue, .ctx = d->queue},
        .metrics = d->metrics,
    };
    d->intake = intake_new(&intake);
    d->api = (struct api){.catalogs = d->catalogs,
                          .intake = d->intake,
                          .queue = d->queue,
                          .pool = d->pool,
                          .metrics = d->metrics,
                          .clock = d->clock};
    d->lambda = (struct lambda_api){.registry = d->registry,
                                    .intake = d->intake,
                                    .invoker = d->invoker,
                                    .packages = d->packages,
                                    .metrics = d->metrics,
                                    .clock = d->clock};
    if (lambda_open(&d->lambda, err) < 0 ||
        intake_reconsider_held(d->intake, d->queue, NULL, err) < 0 ||
        start_admin_server(d, config, err) < 0)
        return -1;
    return start_public_server(d, config, err);
}

static int start_registry(struct daemon *d, struct config *config, struct error *err)
{
    struct registry_options options = {
        .directory = config->state_dir,
        .clock = d->clock,
        .metrics = d->metrics,
        .on_change = on_function_change,
        .on_change_ctx = d,
        .on_fatal = on_fatal,
        .on_fatal_ctx = d,
    };
    if (registry_open(config, &options, &d->registry, err) < 0)
        return -1;
    d->catalogs = registry_catalogs(d->registry);
    return 0;
}

static int start_parts(struct daemon *d, struct config *config, struct error *err)
{
    if (start_registry(d, config, err) < 0)
        return -1;
    d->drain_timeout_ms = (int)config->drain_timeout_ms;
    if (daemon_start_functions(d, config, err) < 0 || start_queue(d, config, err) < 0 ||
        start_invoker(d, config, err) < 0)
        return -1;
    return start_doors(d, config, err);
}

int daemon_start(struct config *config, const struct daemon_options *options, struct daemon **out,
                 struct error *err)
{
    struct daemon *d = xcalloc(1, sizeof(*d));
    d->options = *options;
    d->clock = clock_system();
    d->metrics = metrics_new();
    metrics_set(d->metrics, METRIC_BUILD_INFO, 1, ONPUT_VERSION, NULL, NULL);
    if (start_parts(d, config, err) < 0) {
        daemon_stop(d);
        return -1;
    }
    *out = d;
    return 0;
}

uint16_t daemon_port(const struct daemon *d)
{
    return http_server_port(d->public_server);
}

uint16_t daemon_admin_port(const struct daemon *d)
{
    return http_server_port(d->admin_server);
}

struct worker_pool *daemon_worker_pool(struct daemon *d)
{
    return d->pool;
}

static int left_ms(const struct daemon *d, int64_t end_ms)
{
    int64_t left = end_ms - clock_mono_ms(d->clock);
    return left > 0 ? (int)left : 0;
}

/* Nobody new comes in; what runs is finished or handed back; what was accepted is on disk. */
void daemon_stop(struct daemon *d)
{
    if (d == NULL)
        return;
    atomic_store(&d->api.draining, true);
    int64_t end = clock_mono_ms(d->clock) + d->drain_timeout_ms;
    if (d->public_server != NULL)
        http_server_drain(d->public_server, d->drain_timeout_ms);
    if (d->invoker != NULL)
        invoker_drain(d->invoker, left_ms(d, end));
    if (d->scheduler != NULL)
        scheduler_drain(d->scheduler, left_ms(d, end));
    http_server_free(d->public_server);
    http_server_free(d->admin_server);
    invoker_free(d->invoker);
    lambda_close(&d->lambda);
    registry_drain(d->registry); /* its changes look at the queue */
    queue_close(d->queue);       /* answers what waited for a commit, through the intake */
    intake_free(d->intake);
    scheduler_free(d->scheduler);
    runtime_free(d->runtime);
    worker_pool_free(d->pool);
    thumbnail_gate_free(d->gate);
    registry_close(d->registry);
    package_store_close(d->packages);
    metrics_free(d->metrics);
    free(d->public_routes);
    free(d->admin_routes);
    free(d);
}
