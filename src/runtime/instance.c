/*
 * instance.c - see runtime_private.h: one process from its start to its last reference. What it is
 * made of (listener, channel, log) is put together here; who uses it is decided in pool.c, and its
 * end is seen by keeper.c.
 */
#include "runtime_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onput/credentials.h"
#include "onput/encoding.h"
#include "onput/fd.h"
#include "onput/memory.h"

enum {
    FIRST_FREE_FD = RUNNER_CHANNEL_FD + 1,
    GRACE_MS = 500, /* from SIGTERM to SIGKILL */
    LISTEN_BACKLOG = 32,
    LOG_PIPE_BYTES = 256 * 1024, /* so that a burst of lines does not hold its process up */
    LOG_STEP_BYTES = 64 * 1024,
    LOOK_EVERY_MS = 100,
    TOKEN_BYTES = 16,
    MAX_ARGUMENTS = 24,
};

struct instance *instance_ref(struct instance *i)
{
    atomic_fetch_add_explicit(&i->references, 1, memory_order_relaxed);
    return i;
}

static void destroy(struct instance *i)
{
    fd_close(&i->listener);
    fd_close(&i->pidfd);
    fd_close(&i->channel);
    fd_close(&i->log_fd);
    if (i->exchange != NULL)
        exchange_unref(i->exchange);
    log_lines_free(i->log);
    catalog_unref(i->catalog);
    pthread_mutex_destroy(&i->log_lock);
    explicit_bzero(i->token, sizeof(i->token));
    free(i);
}

void instance_unref(struct instance *i)
{
    if (atomic_fetch_sub_explicit(&i->references, 1, memory_order_acq_rel) == 1)
        destroy(i);
}

static struct instance *instance_new(struct pool *pool, struct place *place,
                                     struct catalog *catalog, const struct function *function)
{
    struct instance *i = xcalloc(1, sizeof(*i));
    uint8_t token[TOKEN_BYTES];
    atomic_init(&i->references, 1);
    i->runtime = pool->runtime;
    i->pool = pool;
    i->place = place;
    i->catalog = catalog_ref(catalog);
    i->function = function;
    i->exchange = exchange_new(pool->runtime->clock);
    i->log = log_lines_new(function->name, function->version);
    i->listener = i->pidfd = i->channel = i->log_fd = -1;
    i->runner = -1;
    BUG_ON(pthread_mutex_init(&i->log_lock, NULL) != 0);
    random_bytes(token, sizeof(token));
    hex_encode(token, sizeof(token), i->token);
    return i;
}

static int open_listener(struct instance *i, struct error *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    i->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (i->listener < 0 || bind(i->listener, (struct sockaddr *)&address, len) != 0 ||
        listen(i->listener, LISTEN_BACKLOG) != 0 ||
        getsockname(i->listener, (struct sockaddr *)&address, &len) != 0)
        return error_set_errno(err, ERROR_UNAVAILABLE, "cannot listen on 127.0.0.1");
    i->port = ntohs(address.sin_port);
    return 0;
}

/* Above those that the child gets, so that none of them is in the way of another. */
static int lift(int *fd)
{
    int high = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    fd_close(fd);
    *fd = high;
    return high < 0 ? -1 : 0;
}

/* The child's ends of channel and log are the caller's to close, also on failure. */
static int open_ends(struct instance *i, int *out_channel, int *out_log, struct error *err)
{
    int pair[2], pipe_fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return error_set_errno(err, ERROR_UNAVAILABLE, "cannot make a socket pair");
    i->channel = pair[0];
    *out_channel = pair[1];
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return error_set_errno(err, ERROR_UNAVAILABLE, "cannot make a pipe");
    i->log_fd = pipe_fds[0];
    *out_log = pipe_fds[1];
    /* The larger size may be beyond what the user may have; then it is the usual one. */
    fcntl(i->log_fd, F_SETPIPE_SZ, LOG_PIPE_BYTES);
    if (fcntl(i->log_fd, F_SETFL, O_NONBLOCK) != 0 || lift(out_channel) != 0 || lift(out_log) != 0)
        return error_set_errno(err, ERROR_UNAVAILABLE, "cannot set a pipe up");
    return 0;
}

/* Keys that do not expire go into the environment; others are lent, see lending.c. */
static void add_role_keys(const struct instance *i, struct arena *arena,
                          struct environment_parts *parts)
{
    const struct store *store = catalog_function_store(i->catalog, i->function);
    if (store == NULL)
        return;
    struct credentials *lent = catalog_lent_credentials(i->catalog, i->function, store);
    struct sigv4_key key;
    struct error ignored = {0};
    if (lent == NULL || credentials_are_temporary(lent) ||
        credentials_get(lent, NULL, arena, &key, &ignored) != 0)
        return;
    parts->access_key = key.access_key.ptr;
    parts->secret_key = key.secret_key.ptr;
}

static char **make_environment(const struct instance *i, struct arena *arena)
{
    struct environment_parts parts = {
        .catalog = i->catalog,
        .function = i->function,
        .temporary = i->place->temporary,
        .token = i->token,
        .port = i->port,
        .now_ms = clock_wall_ms(i->runtime->clock),
    };
    add_role_keys(i, arena, &parts);
    return environment_make(&parts, arena);
}

static const char **make_arguments(const struct instance *i, const char *cgroup,
                                   struct arena *arena)
{
    const struct config_function *f = i->function->config;
    const struct runtime_options *o = &i->runtime->options;
    const char **argv = ARENA_ARRAY(arena, const char *, MAX_ARGUMENTS + f->command_count);
    size_t n = 0;
    argv[n++] = o->runner_program;
    if (i->place->uid != 0) {
        argv[n++] = "--uid";
        argv[n++] = arena_printf(arena, "%u", (unsigned)i->place->uid);
    }
    argv[n++] = "--memory-bytes";
    argv[n++] = arena_printf(arena, "%lld", (long long)f->memory_bytes);
    argv[n++] = "--pids";
    argv[n++] = arena_printf(arena, "%d", o->pids);
    argv[n++] = "--grace-ms";
    argv[n++] = arena_printf(arena, "%d", GRACE_MS);
    if (cgroup != NULL) {
        argv[n++] = "--cgroup";
        argv[n++] = arena_strdup(arena, cgroup);
    }
    argv[n++] = "--directory";
    argv[n++] = f->directory;
    argv[n++] = "--temporary";
    argv[n++] = i->place->temporary;
    argv[n++] = "--";
    for (size_t w = 0; w < f->command_count; w++)
        argv[n++] = f->command[w];
    return argv;
}

static int spawn_with(const char **argv, char **environment, int channel, int log, pid_t *out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    int rc = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    rc = rc != 0 ? rc : posix_spawn_file_actions_adddup2(&actions, log, STDOUT_FILENO);
    rc = rc != 0 ? rc : posix_spawn_file_actions_adddup2(&actions, log, STDERR_FILENO);
    rc = rc != 0 ? rc : posix_spawn_file_actions_adddup2(&actions, channel, RUNNER_CHANNEL_FD);
    rc = rc != 0 ? rc : posix_spawn_file_actions_addclosefrom_np(&actions, FIRST_FREE_FD);
    rc = rc != 0
             ? rc
             : posix_spawn(out, argv[0], &actions, &attributes, (char *const *)argv, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

static void wipe(char **environment)
{
    for (; *environment != NULL; environment++)
        explicit_bzero(*environment, strlen(*environment));
}

static int spawn(struct instance *i, const char *cgroup, int channel, int log, struct error *err)
{
    AUTO_ARENA struct arena arena;
    arena_init(&arena);
    char **environment = make_environment(i, &arena);
    const char **argv = make_arguments(i, cgroup, &arena);
    int rc = spawn_with(argv, environment, channel, log, &i->runner);
    wipe(environment);
    if (rc != 0) {
        errno = rc;
        i->runner = -1;
        return error_set_errno(err, ERROR_UNAVAILABLE, "cannot start %s", argv[0]);
    }
    i->pidfd = pidfd_open(i->runner, 0);
    if (i->pidfd >= 0)
        return 0;
    error_set_errno(err, ERROR_UNAVAILABLE, "cannot watch a process");
    kill(i->runner, SIGKILL);
    while (waitpid(i->runner, NULL, 0) < 0 && errno == EINTR)
        continue;
    return -1;
}

static int start_process(struct instance *i, struct error *err)
{
    struct cgroups *cgroups = i->runtime->cgroups;
    AUTO_CLOSE int channel = -1;
    AUTO_CLOSE int log = -1;
    if (open_listener(i, err) != 0 || open_ends(i, &channel, &log, err) != 0)
        return -1;
    AUTO_FREE char *cgroup = NULL;
    if (cgroups != NULL)
        cgroup = cgroups_enter(cgroups, i->place->index, i->function->config->memory_bytes,
                               i->runtime->options.pids);
    int rc = spawn(i, cgroup, channel, log, err);
    if (rc != 0 && cgroup != NULL)
        cgroups_leave(cgroups, i->place->index);
    return rc;
}

/* Files of another function are gone before this one starts. */
static int clear_place(const struct place *place, const struct pool *pool, struct error *err)
{
    if (place->last_pool == pool->number || place->last_pool == 0)
        return 0;
    return place_sweep(place, PLACE_SWEEP_ALL, err) < 0 ? -1 : 0;
}

int instance_start(struct pool *pool, struct place *place, struct catalog *catalog,
                   const struct function *function, const char *request_id, struct instance **out,
                   struct error *err)
{
    if (clear_place(place, pool, err) != 0)
        return -1;
    struct instance *i = instance_new(pool, place, catalog, function);
    log_lines_begin(i->log, request_id);
    i->started_ns = clock_now_ns();
    if (start_process(i, err) != 0) {
        instance_unref(i);
        return -1;
    }
    *out = i;
    return 0;
}

void instance_stop(struct instance *i)
{
    shutdown(i->channel, SHUT_WR);
}

void instance_kill(struct instance *i)
{
    static const char kill_now = RUNNER_KILL;
    if (send(i->channel, &kill_now, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
        pidfd_send_signal(i->pidfd, SIGKILL, NULL, 0);
}

uint64_t instance_memory(struct instance *i)
{
    int64_t now = clock_now_ns() / 1000000;
    if (i->peak_seen_ms != 0 && now - i->peak_seen_ms < LOOK_EVERY_MS)
        return i->peak_bytes;
    struct process_tree tree;
    process_tree_read(i->runner, &tree);
    uint64_t bytes = process_tree_memory(&tree);
    if (bytes > i->peak_bytes)
        i->peak_bytes = bytes;
    i->peak_seen_ms = now;
    return i->peak_bytes;
}

/* -1: nothing more to read for now; 0: for ever. */
static ssize_t read_step(struct instance *i, char *room, size_t len)
{
    ssize_t got;
    do {
        got = read(i->log_fd, room, len);
    } while (got < 0 && errno == EINTR);
    if (got > 0)
        log_lines_take(i->log, (struct text){room, (size_t)got});
    return got;
}

bool instance_read_log(struct instance *i, size_t limit)
{
    char room[LOG_STEP_BYTES];
    ssize_t got = -1;
    for (size_t done = 0; done < limit; done += (size_t)got) {
        got = read_step(i, room, limit - done < sizeof(room) ? limit - done : sizeof(room));
        if (got <= 0)
            break;
    }
    return got != 0;
}
