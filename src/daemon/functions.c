/*
 * What runs functions: sandboxed workers for the built-in ones, processes of their own for the
 * user's, and the executor that knows both.
 */
#include "daemon_private.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onput/fd.h"
#include "onput/log.h"
#include "onput/memory.h"

static int core_count(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 64 ? 64 : (int)n;
}

static int worker_count(const struct config *c)
{
    return c->worker_count > 0 ? (int)c->worker_count : core_count();
}

/* More jobs than workers overlap the network with the pixels. */
int daemon_thumbnail_jobs(const struct config *c)
{
    return c->job_threads > 0 ? (int)c->job_threads : 2 * worker_count(c) + 2;
}

static int start_workers(struct daemon *d, const struct config *config, struct error *err)
{
    AUTO_FREE char *program = NULL;
    if (daemon_program_path(config->worker_program, "onput-worker", "workers.program", &program,
                            err) < 0)
        return -1;
    struct worker_pool_options options = {
        .program = program,
        .count = worker_count(config),
        .memory_bytes = (uint64_t)config->worker_memory_bytes,
        .metrics = d->metrics,
    };
    return worker_pool_new(&options, &d->pool, err);
}

/* Processes that run as users of their own must get through to their code, and no further: what
 * else is in the folder is readable for the daemon alone. */
static int open_state_dir(const struct config *config, struct error *err)
{
    if (geteuid() != 0 || config->runtime_uid_base == 0)
        return 0;
    if (chmod(config->state_dir, 0711) < 0)
        return error_set_errno(err, ERROR_IO, "cannot set the permissions of %s",
                               config->state_dir);
    return 0;
}

/* With the rights of such a user, which setfsuid(2) lends to this thread for files alone. */
static bool can_be_reached(const char *directory, uid_t user)
{
    int own_group = setfsgid(user), own_user = setfsuid(user);
    AUTO_CLOSE int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    setfsuid((uid_t)own_user);
    setfsgid((gid_t)own_group);
    return fd >= 0;
}

static void warn_of_closed_folders(const struct config *config, const char *directory)
{
    if (geteuid() != 0 || config->runtime_uid_base == 0 ||
        can_be_reached(directory, (uid_t)config->runtime_uid_base))
        return;
    LOG(LOG_LEVEL_WARN,
        "functions of your own cannot be started: their users cannot reach their folder; chmod "
        "o+x the folders that lead there, or set runtime.uid_base: 0",
        LOG_STRING("folder", directory));
}

/* Absolute: functions run in folders of their own. The state's folder is there by now. */
static int runtime_directory(const struct config *config, char **out, struct error *err)
{
    AUTO_FREE char *state = realpath(config->state_dir, NULL);
    if (state == NULL)
        return error_set_errno(err, ERROR_IO, "cannot find the folder %s", config->state_dir);
    *out = xasprintf("%s/runtime", state);
    return 0;
}

static int start_runtime(struct daemon *d, const struct config *config, struct error *err)
{
    AUTO_FREE char *program = NULL;
    AUTO_FREE char *directory = NULL;
    if (daemon_program_path(config->runner_program, "onput-runner", "runtime.program", &program,
                            err) < 0 ||
        open_state_dir(config, err) < 0 || runtime_directory(config, &directory, err) < 0)
        return -1;
    struct runtime_options options = {
        .runner_program = program,
        .directory = directory,
        .max_processes = (int)config->runtime_processes,
        .idle_timeout_ms = (int)config->runtime_idle_timeout_ms,
        .init_timeout_ms = (int)config->runtime_init_timeout_ms,
        .pids = (int)config->runtime_pids,
        .cpu_percent = (int)config->runtime_cpu_percent,
        .uid_base = (uint32_t)config->runtime_uid_base,
        .clock = d->clock,
        .metrics = d->metrics,
    };
    if (runtime_new(&options, &d->runtime, err) < 0)
        return -1;
    warn_of_closed_folders(config, directory);
    return 0;
}

int daemon_start_functions(struct daemon *d, const struct config *config, struct error *err)
{
    if (start_workers(d, config, err) < 0 || start_runtime(d, config, err) < 0)
        return -1;
    d->gate = thumbnail_gate_new(daemon_thumbnail_jobs(config));
    d->jobs = (struct thumbnail_jobs){.pool = d->pool, .clock = d->clock, .gate = d->gate};
    d->executors = (struct executors){.builtin = builtin_executor(&d->jobs),
                                      .custom = runtime_executor(d->runtime)};
    d->executor = executor_of_both(&d->executors);
    return 0;
}
