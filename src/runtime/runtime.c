/*
 * runtime.c - see onput/runtime.h: the parts put together, and taken apart in order: processes
 * first, then the keeper that sees them end, then the server that their connections were with.
 */
#include "runtime_private.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onput/fd.h"
#include "onput/memory.h"

enum {
    DEFAULT_PROCESSES = 16,
    DEFAULT_IDLE_MS = 300000,
    DEFAULT_INIT_MS = 10000,
    DEFAULT_PIDS = 1024,
    SERVER_THREADS = 2,
    /* Runtimes put their stack traces into one header line; that of a recursion without end in
     * Python is the longest that is common. The server clears as much for each request, so more
     * would cost every invocation. */
    HEADER_BYTES = 128 * 1024,
    DAY_MS = 24 * 3600 * 1000, /* `next` may be waited for as long as its process lives */
    DIRECTORY_MODE = 0711,     /* private users pass through it to their own */
    ENDS_WITHIN_MS = 5000,
};

static void copy_options(struct runtime *rt, const struct runtime_options *options)
{
    struct runtime_options *o = &rt->options;
    *o = *options;
    o->runner_program = xstrdup(options->runner_program);
    o->directory = xstrdup(options->directory);
    if (o->max_processes == 0)
        o->max_processes = DEFAULT_PROCESSES;
    if (o->idle_timeout_ms == 0)
        o->idle_timeout_ms = DEFAULT_IDLE_MS;
    if (o->init_timeout_ms == 0)
        o->init_timeout_ms = DEFAULT_INIT_MS;
    if (o->pids == 0)
        o->pids = DEFAULT_PIDS;
    rt->clock = o->clock;
    rt->metrics = o->metrics;
}

static void init_locks(struct runtime *rt)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    BUG_ON(pthread_mutex_init(&rt->lock, NULL) != 0);
    BUG_ON(pthread_cond_init(&rt->has_ended, &monotonic) != 0);
    pthread_condattr_destroy(&monotonic);
}

/* Whatever an earlier daemon left there. */
static int clear_directory(const char *path, struct error *err)
{
    struct place all = {.temporary = (char *)path};
    if (dir_create(path, err) != 0 || place_sweep(&all, PLACE_SWEEP_ALL, err) < 0)
        return -1;
    if (chmod(path, DIRECTORY_MODE) != 0)
        return error_set_errno(err, ERROR_IO, "cannot set the mode of %s", path);
    return 0;
}

static int make_places(struct runtime *rt, struct error *err)
{
    const struct runtime_options *o = &rt->options;
    bool has_users = geteuid() == 0 && o->uid_base != 0;
    rt->places = xcalloc((size_t)o->max_processes, sizeof(*rt->places));
    if (clear_directory(o->directory, err) != 0)
        return -1;
    for (int i = 0; i < o->max_processes; i++) {
        uid_t uid = has_users ? o->uid_base + (uid_t)i : 0;
        if (place_init(&rt->places[i], o->directory, i, uid, err) != 0)
            return -1;
    }
    return 0;
}

static int start_server(struct runtime *rt, struct error *err)
{
    size_t count;
    rt->routes = api_routes(&count);
    rt->lending = lending_new(rt->clock);
    struct http_server_options options = {
        .threads = SERVER_THREADS,
        .connection_limit = rt->options.max_processes * INSTANCE_MAX_CONNECTIONS,
        .idle_timeout_ms = DAY_MS,
        .request_timeout_ms = DAY_MS,
        .header_bytes = HEADER_BYTES,
        .routes = rt->routes,
        .route_count = count,
        .ctx = rt,
    };
    return http_server_start(&options, &rt->server, err);
}

static int start_parts(struct runtime *rt, struct error *err)
{
    if (make_places(rt, err) != 0 || start_server(rt, err) != 0)
        return -1;
    rt->cgroups = cgroups_open(NULL, rt->options.cpu_percent);
    return keeper_start(rt, &rt->keeper, err);
}

int runtime_new(const struct runtime_options *options, struct runtime **out, struct error *err)
{
    if (options->max_processes < 0 || options->max_processes > RUNTIME_MAX_PROCESSES)
        return error_set(err, ERROR_INVALID, "there may be 1 to %d processes of functions, not %d",
                         RUNTIME_MAX_PROCESSES, options->max_processes);
    struct runtime *rt = xcalloc(1, sizeof(*rt));
    copy_options(rt, options);
    init_locks(rt);
    if (start_parts(rt, err) != 0) {
        runtime_free(rt);
        return -1;
    }
    *out = rt;
    return 0;
}

static bool await_ends(struct runtime *rt)
{
    struct timespec until = clock_deadline(ENDS_WITHIN_MS);
    int rc = 0;
    pthread_mutex_lock(&rt->lock);
    while (rt->process_count > 0 && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&rt->has_ended, &rt->lock, &until);
    bool all = rt->process_count == 0;
    pthread_mutex_unlock(&rt->lock);
    return all;
}

static void kill_all(struct runtime *rt)
{
    pthread_mutex_lock(&rt->lock);
    for (struct pool *p = rt->pools; p != NULL; p = p->next) {
        for (struct instance *i = p->instances; i != NULL; i = i->next)
            pidfd_send_signal(i->pidfd, SIGKILL, NULL, 0);
    }
    pthread_mutex_unlock(&rt->lock);
}

static void end_processes(struct runtime *rt)
{
    pool_stop_all(rt);
    if (await_ends(rt))
        return;
    kill_all(rt);
    if (!await_ends(rt))
        LOG(LOG_LEVEL_ERROR, "processes of functions cannot be ended");
}

static void remove_places(struct runtime *rt)
{
    for (int i = 0; rt->places != NULL && i < rt->options.max_processes; i++)
        place_release(&rt->places[i]);
    free(rt->places);
}

void runtime_free(struct runtime *rt)
{
    if (rt == NULL)
        return;
    if (rt->keeper != NULL)
        end_processes(rt);
    keeper_stop(rt->keeper);
    http_server_free(rt->server);
    lending_free(rt->lending);
    free(rt->routes);
    cgroups_close(rt->cgroups);
    pools_free(rt);
    remove_places(rt);
    catalog_unref(rt->current);
    pthread_cond_destroy(&rt->has_ended);
    pthread_mutex_destroy(&rt->lock);
    free((char *)rt->options.runner_program);
    free((char *)rt->options.directory);
    free(rt);
}
