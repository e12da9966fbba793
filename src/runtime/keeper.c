/*
 * keeper.c - see runtime_private.h: the thread that looks after all processes. It lets them
 * connect, reads what they write, notices their ends, ends idle ones and empties places.
 *
 * No process may keep it from the others: each gets a bounded share of every turn.
 */
#include "runtime_private.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onput/fd.h"
#include "onput/memory.h"

enum {
    EVENTS_PER_TURN = 32,
    ACCEPTS_PER_TURN = 4,
    LOG_BYTES_PER_TURN = 64 * 1024,
    LOG_BYTES_AT_END = 1024 * 1024, /* nobody writes any more; a pipe holds less */
    FILES_PER_TURN = 256,
    LOOK_MIN_MS = 10,
    LOOK_MAX_MS = 1000,
    OUT_OF_FDS_PAUSE_MS = 10,
    LOG_PAUSE_NS = 5 * 1000 * 1000,
};

struct keeper {
    struct runtime *rt;
    int epoll, wake;
    pthread_t thread;
    atomic_bool is_stopping;
    pthread_mutex_t lock;
    struct instance *arrivals; /* under lock */

    /* The thread's own. */
    struct place *sweeping;
    struct instance *paused; /* their logs are not read until resume_at_ns */
    int64_t resume_at_ns;
    bool is_needed;     /* there is something to look after */
    int64_t look_at_ns; /* when to look for what has been idle for long */
    struct instance *exited[EVENTS_PER_TURN];
    size_t exited_count;
};

static const char *const reason_names[] = {
    [REASON_NONE] = "",           [REASON_IDLE] = "idle",         [REASON_EVICTED] = "evicted",
    [REASON_CHANGED] = "changed", [REASON_TIMEOUT] = "timeout",   [REASON_INIT] = "init",
    [REASON_BROKEN] = "broken",   [REASON_CANCELED] = "canceled", [REASON_SHUTDOWN] = "shutdown",
};
_Static_assert(ARRAY_LEN(reason_names) == REASON_COUNT, "every reason has a name");

static const char *const end_names[] = {
    [RUNNER_EXITED] = "exit",       [RUNNER_SIGNALED] = "signal", [RUNNER_NO_EXEC] = "no_exec",
    [RUNNER_NO_START] = "no_start", [RUNNER_MEMORY] = "memory",   [RUNNER_PIDS] = "pids",
};
_Static_assert(ARRAY_LEN(end_names) == RUNNER_END_COUNT, "every end has a name");

/* ---- connections ---- */

static void release_connection(void *owner)
{
    struct instance *i = owner;
    atomic_fetch_sub(&i->connections, 1);
    instance_unref(i);
}

static void refuse_connection(struct instance *i, int fd, const char *why)
{
    metrics_add(i->runtime->metrics, METRIC_RUNTIME_REFUSED, 1, why, NULL, NULL);
    fd_close(&fd);
    LOG(LOG_LEVEL_DEBUG, "a connection to a function's endpoint was refused",
        LOG_TEXT("function", i->function->name), LOG_STRING("reason", why));
}

static void serve_connection(struct instance *i, int fd)
{
    struct error err = {0};
    if (atomic_load(&i->connections) >= INSTANCE_MAX_CONNECTIONS) {
        refuse_connection(i, fd, "too_many");
        return;
    }
    if (!peer_is_ours(fd, i->runner, i->place->uid)) {
        refuse_connection(i, fd, "stranger");
        return;
    }
    atomic_fetch_add(&i->connections, 1);
    if (http_server_adopt(i->runtime->server, fd, instance_ref(i), release_connection, &err) != 0)
        LOG(LOG_LEVEL_DEBUG, "a function's connection cannot be served",
            LOG_TEXT("function", i->function->name), LOG_ERROR_FIELD(&err));
}

static void accept_some(struct instance *i)
{
    for (int n = 0; n < ACCEPTS_PER_TURN; n++) {
        int fd = accept4(i->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            serve_connection(i, fd);
            continue;
        }
        /* It stays in the backlog until there are descriptors again. */
        if (errno == EMFILE || errno == ENFILE)
            poll(NULL, 0, OUT_OF_FDS_PAUSE_MS);
        return;
    }
}

/* ---- what processes say ---- */

static void ignore(struct keeper *k, int fd)
{
    epoll_ctl(k->epoll, EPOLL_CTL_DEL, fd, NULL);
}

static void read_channel(struct keeper *k, struct instance *i)
{
    char message[RUNNER_REPORT_MAX_BYTES + 1];
    struct error err = {0};
    ssize_t got = recv(i->channel, message, sizeof(message), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        ignore(k, i->channel);
        return;
    }
    if (i->has_report)
        return;
    if (runner_report_read((struct text){message, (size_t)got}, &i->report, &err) == 0)
        i->has_report = true;
    else
        LOG(LOG_LEVEL_DEBUG, "a runner's report cannot be read", LOG_ERROR_FIELD(&err));
}

static void listen_to_log(struct keeper *k, struct instance *i, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = &i->watches[KEEPER_LOG]};
    epoll_ctl(k->epoll, EPOLL_CTL_MOD, i->log_fd, &event);
}

/* Who writes more than anybody will read has to wait for us now and then, not we for it. */
static void pause_log(struct keeper *k, struct instance *i)
{
    if (k->paused == NULL)
        k->resume_at_ns = clock_now_ns() + LOG_PAUSE_NS;
    listen_to_log(k, i, 0);
    i->next_paused = k->paused;
    i->is_paused = true;
    k->paused = i;
}

static void resume_logs(struct keeper *k)
{
    for (struct instance *i = k->paused; i != NULL; i = i->next_paused) {
        listen_to_log(k, i, EPOLLIN);
        i->is_paused = false;
    }
    k->paused = NULL;
}

static void read_log(struct keeper *k, struct instance *i)
{
    pthread_mutex_lock(&i->log_lock);
    bool has_more = instance_read_log(i, LOG_BYTES_PER_TURN);
    bool is_flood = log_lines_are_flood(i->log);
    pthread_mutex_unlock(&i->log_lock);
    if (!has_more)
        ignore(k, i->log_fd);
    else if (is_flood && !i->is_paused)
        pause_log(k, i);
}

/* ---- their ends ---- */

/* The runner itself was killed or gave up. */
static void report_for(struct instance *i, const siginfo_t *info)
{
    struct runner_report *r = &i->report;
    *r = (struct runner_report){.end = RUNNER_SIGNALED, .code = info->si_status};
    if (info->si_code == CLD_EXITED) {
        r->end = RUNNER_NO_START;
        r->code = 0;
        snprintf(r->text, sizeof(r->text), "onput-runner ended with status %d", info->si_status);
    }
}

static void reap(struct instance *i)
{
    siginfo_t info = {0};
    int rc;
    do {
        rc = waitid(P_PID, (id_t)i->runner, &info, WEXITED);
    } while (rc < 0 && errno == EINTR);
    if (!i->has_report)
        report_for(i, &info);
}

static const char *reason_of(const struct instance *i)
{
    return i->reason != REASON_NONE ? reason_names[i->reason] : end_names[i->report.end];
}

static void count_end(const struct instance *i)
{
    const char *name = i->function->config->name;
    metrics_add(i->runtime->metrics, METRIC_RUNTIME_ENDS, 1, name, reason_of(i), NULL);
    metrics_add(i->runtime->metrics, METRIC_RUNTIME_PROCESSES, -1, name, NULL, NULL);
}

static void log_end(const struct instance *i, enum instance_state state)
{
    /* What happens to a busy one is told with its invocation. */
    LOG(state == INSTANCE_IDLE ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "a function's process ended",
        LOG_TEXT("function", i->function->name), LOG_TEXT("version", i->function->version),
        LOG_STRING("reason", reason_of(i)), LOG_I64("code", i->report.code),
        LOG_STRING("text", i->report.text), LOG_I64("pid", i->runner));
}

static void end(struct keeper *k, struct instance *i)
{
    if (i->is_paused)
        resume_logs(k);
    ignore(k, i->pidfd);
    ignore(k, i->listener);
    fd_close(&i->listener);
    read_channel(k, i);
    reap(i);
    ignore(k, i->channel);
    ignore(k, i->log_fd);
    pthread_mutex_lock(&i->log_lock);
    instance_read_log(i, LOG_BYTES_AT_END);
    pthread_mutex_unlock(&i->log_lock);
    if (k->rt->cgroups != NULL)
        cgroups_leave(k->rt->cgroups, i->place->index);
    enum instance_state state = pool_ended(i, count_end);
    log_end(i, state);
    exchange_close(i->exchange);
    instance_unref(i);
}

/* ---- the set ---- */

static int fd_of(const struct instance *i, enum keeper_kind kind)
{
    switch (kind) {
    case KEEPER_LISTENER:
        return i->listener;
    case KEEPER_CHANNEL:
        return i->channel;
    case KEEPER_LOG:
        return i->log_fd;
    case KEEPER_PIDFD:
    case KEEPER_KINDS:
        break;
    }
    return i->pidfd;
}

static int watch(struct keeper *k, struct instance *i)
{
    for (int kind = 0; kind < KEEPER_KINDS; kind++) {
        i->watches[kind] = (struct keeper_watch){i, (enum keeper_kind)kind};
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &i->watches[kind]};
        if (epoll_ctl(k->epoll, EPOLL_CTL_ADD, fd_of(i, (enum keeper_kind)kind), &event) != 0)
            return -1;
    }
    return 0;
}

static void welcome(struct keeper *k, struct instance *i)
{
    metrics_add(k->rt->metrics, METRIC_RUNTIME_PROCESSES, 1, i->function->config->name, NULL, NULL);
    if (watch(k, i) == 0)
        return;
    LOG(LOG_LEVEL_ERROR, "a function's process cannot be watched and is ended",
        LOG_STRING("error", strerrordesc_np(errno)));
    struct pollfd exit = {.fd = i->pidfd, .events = POLLIN};
    instance_kill(i);
    while (poll(&exit, 1, -1) < 0 && errno == EINTR)
        continue;
    end(k, i);
}

static void take_arrivals(struct keeper *k)
{
    pthread_mutex_lock(&k->lock);
    struct instance *i = k->arrivals;
    k->arrivals = NULL;
    pthread_mutex_unlock(&k->lock);
    while (i != NULL) {
        struct instance *next = i->next_new;
        welcome(k, i);
        i = next;
    }
}

static void be_woken(struct keeper *k)
{
    uint64_t wakes;
    ssize_t ignored = read(k->wake, &wakes, sizeof(wakes));
    (void)ignored;
    take_arrivals(k);
    k->look_at_ns = 0;
}

static void handle(struct keeper *k, const struct keeper_watch *w)
{
    if (w == NULL) {
        be_woken(k);
        return;
    }
    switch (w->kind) {
    case KEEPER_LISTENER:
        accept_some(w->instance);
        break;
    case KEEPER_CHANNEL:
        read_channel(k, w->instance);
        break;
    case KEEPER_LOG:
        read_log(k, w->instance);
        break;
    case KEEPER_PIDFD:
        /* Only behind the last event of this turn, since others may be of the same instance. */
        k->exited[k->exited_count++] = w->instance;
        break;
    case KEEPER_KINDS:
        break;
    }
}

/* ---- what has been idle for long ---- */

static void sweep(struct keeper *k)
{
    struct error err = {0};
    if (k->sweeping == NULL)
        k->sweeping = pool_take_stale_place(k->rt);
    if (k->sweeping == NULL)
        return;
    int rc = place_sweep(k->sweeping, FILES_PER_TURN, &err);
    if (rc == 0)
        return;
    if (rc < 0)
        LOG(LOG_LEVEL_WARN, "temporary files of a function cannot be removed",
            LOG_ERROR_FIELD(&err));
    pool_return_place(k->rt, k->sweeping, rc > 0);
    k->sweeping = NULL;
    k->look_at_ns = 0; /* there may be another one */
}

static void look(struct keeper *k)
{
    int64_t every_ms = k->rt->options.idle_timeout_ms / 10;
    if (every_ms < LOOK_MIN_MS)
        every_ms = LOOK_MIN_MS;
    if (every_ms > LOOK_MAX_MS)
        every_ms = LOOK_MAX_MS;
    k->look_at_ns = clock_now_ns() + every_ms * 1000000;
    k->is_needed = pool_reap_idle(k->rt);
    sweep(k);
}

static int wait_ms(const struct keeper *k)
{
    int64_t until = INT64_MAX;
    if (k->sweeping != NULL)
        return 0;
    if (k->is_needed || k->look_at_ns == 0)
        until = k->look_at_ns;
    if (k->paused != NULL && k->resume_at_ns < until)
        until = k->resume_at_ns;
    if (until == INT64_MAX)
        return -1;
    int64_t wait = (until - clock_now_ns()) / 1000000 + 1;
    return wait > 0 ? (int)wait : 0;
}

static void turn(struct keeper *k)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int count = epoll_wait(k->epoll, events, EVENTS_PER_TURN, wait_ms(k));
    k->exited_count = 0;
    for (int n = 0; n < count; n++)
        handle(k, events[n].data.ptr);
    if (k->paused != NULL && clock_now_ns() >= k->resume_at_ns)
        resume_logs(k);
    for (size_t n = 0; n < k->exited_count; n++)
        end(k, k->exited[n]);
    if (k->sweeping != NULL)
        sweep(k);
    else if (clock_now_ns() >= k->look_at_ns)
        look(k);
}

static void *run(void *argument)
{
    struct keeper *k = argument;
    while (!atomic_load(&k->is_stopping))
        turn(k);
    return NULL;
}

static int start(struct keeper *k, struct error *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    k->epoll = epoll_create1(EPOLL_CLOEXEC);
    k->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (k->epoll < 0 || k->wake < 0 || epoll_ctl(k->epoll, EPOLL_CTL_ADD, k->wake, &event) != 0)
        return error_set_errno(err, ERROR_UNAVAILABLE, "cannot watch descriptors");
    errno = pthread_create(&k->thread, NULL, run, k);
    if (errno != 0)
        return error_set_errno(err, ERROR_UNAVAILABLE, "cannot make a thread");
    return 0;
}

static void keeper_free(struct keeper *k)
{
    fd_close(&k->epoll);
    fd_close(&k->wake);
    pthread_mutex_destroy(&k->lock);
    free(k);
}

int keeper_start(struct runtime *rt, struct keeper **out, struct error *err)
{
    struct keeper *k = xcalloc(1, sizeof(*k));
    k->rt = rt;
    BUG_ON(pthread_mutex_init(&k->lock, NULL) != 0);
    if (start(k, err) != 0) {
        keeper_free(k);
        return -1;
    }
    *out = k;
    return 0;
}

void keeper_add(struct keeper *k, struct instance *i)
{
    pthread_mutex_lock(&k->lock);
    i->next_new = k->arrivals;
    k->arrivals = i;
    pthread_mutex_unlock(&k->lock);
    keeper_wake(k);
}

void keeper_wake(struct keeper *k)
{
    uint64_t one = 1;
    ssize_t ignored = write(k->wake, &one, sizeof(one));
    (void)ignored;
}

void keeper_stop(struct keeper *k)
{
    if (k == NULL)
        return;
    atomic_store(&k->is_stopping, true);
    keeper_wake(k);
    pthread_join(k->thread, NULL);
    if (k->sweeping != NULL)
        pool_return_place(k->rt, k->sweeping, false);
    keeper_free(k);
}
