/*
 * supervise.c - the pool's own thread. It starts workers, waits until they are ready, notices when
 * an idle one dies, buries those that ended and replaces them, and reads what all of them print.
 *
 * It alone starts processes, since the kernel kills a worker when the thread that made it ends.
 */
#include "workerpool_private.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "onput/log.h"
#include "onput/memory.h"

enum {
    BACKOFF_FIRST_MS = 100,
    BACKOFF_MAX_MS = 10000,
    BACKOFF_DOUBLINGS = 7, /* more would pass the maximum anyway */
    WATCHED_PER_SLOT = 3,
    STDERR_READS_AT_END = 64,
};

static const char *const reason_names[] = {
    [END_CRASH] = "crash",   [END_TIMEOUT] = "timeout", [END_PROTOCOL] = "protocol",
    [END_MEMORY] = "memory", [END_SYSCALL] = "syscall", [END_RECYCLED] = "recycled",
};
_Static_assert(ARRAY_LEN(reason_names) == END_REASON_COUNT, "one name per reason");

const char *end_reason_name(enum end_reason reason)
{
    return reason_names[reason];
}

int64_t supervise_backoff_ms(unsigned failures)
{
    if (failures == 0)
        return 0;
    unsigned doublings = failures - 1 < BACKOFF_DOUBLINGS ? failures - 1 : BACKOFF_DOUBLINGS;
    int64_t wait = (int64_t)BACKOFF_FIRST_MS << doublings;
    return wait < BACKOFF_MAX_MS ? wait : BACKOFF_MAX_MS;
}

void supervise_wake(struct worker_pool *pool)
{
    uint64_t one = 1;
    ssize_t ignored = write(pool->wake_fd, &one, sizeof(one));
    (void)ignored;
}

static int64_t now_ms(const struct worker_pool *pool)
{
    return clock_mono_ms(pool->clock);
}

static void set_state(struct worker_pool *pool, struct slot *slot, enum slot_state state)
{
    pthread_mutex_lock(&pool->lock);
    slot->state = state;
    slot_publish(pool);
    pthread_mutex_unlock(&pool->lock);
}

static enum slot_state state_of(struct worker_pool *pool, const struct slot *slot)
{
    pthread_mutex_lock(&pool->lock);
    enum slot_state state = slot->state;
    pthread_mutex_unlock(&pool->lock);
    return state;
}

/* Counts as a failure until the worker has been of use. */
static void note_failed_start(struct worker_pool *pool, struct slot *slot, const char *text)
{
    LOG(LOG_LEVEL_WARN, "a worker could not be started", LOG_STRING("reason", text),
        LOG_STRING("printed", slot->tail.last));
    pthread_mutex_lock(&pool->lock);
    slot->failures++;
    snprintf(pool->start_failure, sizeof(pool->start_failure), "%s%s%s", text,
             slot->tail.last[0] != '\0' ? ": " : "", slot->tail.last);
    slot->due_ms = now_ms(pool) + supervise_backoff_ms(slot->failures);
    slot->state = SLOT_EMPTY;
    slot_publish(pool);
    pthread_cond_broadcast(&pool->is_started);
    pthread_mutex_unlock(&pool->lock);
}

static void start(struct worker_pool *pool, struct slot *slot)
{
    struct error err = {0};
    slot->jobs = 0;
    slot->is_reaped = false;
    slot->start_failed = false;
    slot->tail = (struct stderr_tail){0};
    if (process_start(pool->program, pool->memory_bytes, &slot->process, &err) != 0) {
        note_failed_start(pool, slot, err.message);
        return;
    }
    slot->due_ms = now_ms(pool) + pool->ready_timeout_ms;
    set_state(pool, slot, SLOT_STARTING);
}

static void read_last_words(struct slot *slot)
{
    for (int i = 0; i < STDERR_READS_AT_END; i++) {
        if (!stderr_tail_read(&slot->tail, slot->process.stderr_fd, slot->process.pid))
            return;
    }
}

static void log_end(const struct slot *slot)
{
    enum log_level level = LOG_LEVEL_WARN;
    if (slot->end.reason == END_RECYCLED)
        level = LOG_LEVEL_DEBUG;
    else if (slot->end.reason == END_SYSCALL)
        level = LOG_LEVEL_ERROR;
    LOG(level, "a worker ended", LOG_STRING("reason", end_reason_name(slot->end.reason)),
        LOG_STRING("text", slot->end.text), LOG_I64("pid", slot->process.pid),
        LOG_I64("jobs", slot->jobs), LOG_STRING("printed", slot->tail.last));
}

/* From here on the process is gone, its descriptors are closed and the place is free. */
static void bury(struct worker_pool *pool, struct slot *slot)
{
    struct process_end end;
    if (!slot->is_reaped) {
        process_kill(&slot->process);
        process_reap(&slot->process, -1, &end);
    }
    read_last_words(slot);
    metrics_add(pool->metrics, METRIC_WORKER_EXITS, 1, end_reason_name(slot->end.reason), NULL,
                NULL);
    if (!slot->start_failed)
        log_end(slot);
    process_release(&slot->process);
    if (slot->start_failed) {
        note_failed_start(pool, slot, slot->end.text);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    slot->failures = 0;
    slot->due_ms = now_ms(pool);
    slot->state = SLOT_EMPTY;
    slot_publish(pool);
    pthread_mutex_unlock(&pool->lock);
}

static void end(struct worker_pool *pool, struct slot *slot, enum end_reason reason,
                const char *text)
{
    pthread_mutex_lock(&pool->lock);
    slot_end(pool, slot, reason, text);
    pthread_mutex_unlock(&pool->lock);
}

static void fail_start(struct worker_pool *pool, struct slot *slot, enum end_reason reason,
                       const char *text)
{
    slot->start_failed = true;
    end(pool, slot, reason, text);
}

static void become_ready(struct worker_pool *pool, struct slot *slot,
                         const struct worker_ready *ready)
{
    LOG(LOG_LEVEL_DEBUG, "a worker is ready", LOG_I64("pid", slot->process.pid),
        LOG_I64("layers", ready->layers), LOG_STRING("libvips", ready->vips_version));
    pthread_mutex_lock(&pool->lock);
    if (!pool->is_described)
        pool->description = *ready;
    pool->is_described = true;
    pool->start_failure[0] = '\0';
    slot_give(pool, slot);
    pthread_cond_broadcast(&pool->is_started);
    pthread_mutex_unlock(&pool->lock);
}

static void read_ready(struct worker_pool *pool, struct slot *slot)
{
    struct worker_ready ready;
    struct error err = {0};
    if (channel_read_ready(slot->process.channel, &slot->frame, &ready, &err) == 0) {
        become_ready(pool, slot, &ready);
        return;
    }
    /* When it merely ended, its exit status says why. */
    if (err.code == ERROR_UNAVAILABLE)
        slot->is_reaped = process_reap(&slot->process, PROCESS_DYING_MS, &slot->end);
    fail_start(pool, slot, END_PROTOCOL, err.message);
}

/* A process ended by itself while it started or was idle. The borrower of an idle one may have come
 * between; then it is the borrower's. */
static void notice_death(struct worker_pool *pool, struct slot *slot)
{
    pthread_mutex_lock(&pool->lock);
    bool is_ours = slot->state == SLOT_STARTING || slot->state == SLOT_IDLE;
    if (is_ours)
        slot->state = SLOT_ENDED;
    slot_publish(pool);
    pthread_mutex_unlock(&pool->lock);
    if (!is_ours)
        return;
    slot->is_reaped = process_reap(&slot->process, -1, &slot->end);
    slot->start_failed = slot->jobs == 0;
}

static void do_what_is_due(struct worker_pool *pool, struct slot *slot)
{
    switch (state_of(pool, slot)) {
    case SLOT_EMPTY:
        if (slot->due_ms <= now_ms(pool))
            start(pool, slot);
        break;
    case SLOT_STARTING:
        if (slot->due_ms <= now_ms(pool))
            fail_start(pool, slot, END_TIMEOUT, "was not ready in time");
        break;
    case SLOT_ENDED:
        bury(pool, slot);
        break;
    case SLOT_IDLE:
    case SLOT_BUSY:
        break;
    }
}

/* poll() ignores what is -1. */
static void watch(struct worker_pool *pool, const struct slot *slot,
                  struct pollfd watched[WATCHED_PER_SLOT], int64_t *wake_ms)
{
    enum slot_state state = state_of(pool, slot);
    bool is_empty = state == SLOT_EMPTY || state == SLOT_ENDED;
    bool is_waiting = state == SLOT_STARTING || state == SLOT_IDLE;
    int fds[WATCHED_PER_SLOT] = {
        is_empty ? -1 : slot->process.stderr_fd,
        state == SLOT_STARTING ? slot->process.channel : -1,
        is_waiting ? slot->process.pidfd : -1,
    };
    for (int i = 0; i < WATCHED_PER_SLOT; i++)
        watched[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    if ((state == SLOT_EMPTY || state == SLOT_STARTING) && slot->due_ms < *wake_ms)
        *wake_ms = slot->due_ms;
    if (state == SLOT_ENDED)
        *wake_ms = 0;
}

static void handle(struct worker_pool *pool, struct slot *slot,
                   const struct pollfd watched[WATCHED_PER_SLOT])
{
    if (watched[0].revents != 0 &&
        !stderr_tail_read(&slot->tail, slot->process.stderr_fd, slot->process.pid))
        fd_close(&slot->process.stderr_fd);
    if (watched[1].revents != 0)
        read_ready(pool, slot);
    if (watched[2].revents != 0)
        notice_death(pool, slot);
}

static void wait_and_handle(struct worker_pool *pool, struct pollfd *watched)
{
    int64_t wake_ms = INT64_MAX;
    uint64_t wakes;
    watched[0] = (struct pollfd){.fd = pool->wake_fd, .events = POLLIN};
    for (int i = 0; i < pool->count; i++)
        watch(pool, &pool->slots[i], &watched[1 + i * WATCHED_PER_SLOT], &wake_ms);
    int64_t wait = wake_ms == INT64_MAX ? -1 : wake_ms - now_ms(pool);
    if (wake_ms != INT64_MAX && wait < 0)
        wait = 0;
    if (poll(watched, 1 + (nfds_t)pool->count * WATCHED_PER_SLOT, (int)wait) <= 0)
        return;
    if (watched[0].revents != 0) {
        ssize_t ignored = read(pool->wake_fd, &wakes, sizeof(wakes));
        (void)ignored;
    }
    for (int i = 0; i < pool->count; i++)
        handle(pool, &pool->slots[i], &watched[1 + i * WATCHED_PER_SLOT]);
}

static bool is_stopping(struct worker_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool stopping = pool->is_stopping;
    pthread_mutex_unlock(&pool->lock);
    return stopping;
}

static void stop_all(struct worker_pool *pool)
{
    struct process_end ignored;
    for (int i = 0; i < pool->count; i++) {
        if (pool->slots[i].state != SLOT_EMPTY && !pool->slots[i].is_reaped)
            process_kill(&pool->slots[i].process);
    }
    for (int i = 0; i < pool->count; i++) {
        struct slot *slot = &pool->slots[i];
        if (slot->state == SLOT_EMPTY)
            continue;
        if (!slot->is_reaped)
            process_reap(&slot->process, -1, &ignored);
        process_release(&slot->process);
        slot->state = SLOT_EMPTY;
    }
}

void *supervise(void *argument)
{
    struct worker_pool *pool = argument;
    struct pollfd *watched = xcalloc(1 + (size_t)pool->count * WATCHED_PER_SLOT, sizeof(*watched));
    while (!is_stopping(pool)) {
        for (int i = 0; i < pool->count; i++)
            do_what_is_due(pool, &pool->slots[i]);
        wait_and_handle(pool, watched);
    }
    stop_all(pool);
    free(watched);
    return NULL;
}
