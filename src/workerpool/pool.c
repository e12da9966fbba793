/*
 * pool.c - see onput/worker_pool.h. Borrowing in arrival order and the way of one job through a
 * worker; supervise.c keeps the workers alive.
 */
#include "onput/worker_pool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "onput/memory.h"
#include "workerpool_private.h"

enum {
    DEFAULT_READY_TIMEOUT_MS = 10000,
    DEFAULT_MAX_JOBS = 500,
    MAX_COUNT = 1024,
    MS_PER_S = 1000,
    NS_PER_MS = 1000000,
};

static const uint64_t DEFAULT_MEMORY_BYTES = (uint64_t)2 << 30;

static void init_cond(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static struct worker_pool *pool_make(const struct worker_pool_options *o)
{
    struct worker_pool *pool = xcalloc(1, sizeof(*pool));
    pool->program = xstrdup(o->program);
    pool->count = o->count;
    pool->ready_timeout_ms =
        o->ready_timeout_ms > 0 ? o->ready_timeout_ms : DEFAULT_READY_TIMEOUT_MS;
    pool->max_jobs = o->max_jobs > 0 ? o->max_jobs : DEFAULT_MAX_JOBS;
    pool->memory_bytes = o->memory_bytes > 0 ? o->memory_bytes : DEFAULT_MEMORY_BYTES;
    pool->clock = clock_system();
    pool->metrics = o->metrics;
    pool->slots = xcalloc((size_t)o->count, sizeof(*pool->slots));
    for (int i = 0; i < o->count; i++)
        pool->slots[i].process = (struct process){-1, -1, -1, -1};
    pthread_mutex_init(&pool->lock, NULL);
    init_cond(&pool->is_started);
    pool->wake_fd = -1;
    return pool;
}

static void pool_release(struct worker_pool *pool)
{
    fd_close(&pool->wake_fd);
    pthread_cond_destroy(&pool->is_started);
    pthread_mutex_destroy(&pool->lock);
    free(pool->slots);
    free(pool->program);
    free(pool);
}

/* Signals are for the threads of the daemon that wait for them. */
static int start_thread(struct worker_pool *pool, struct error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pool->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pool->wake_fd < 0)
        return error_set_errno(err, ERROR_UNAVAILABLE, "cannot make an eventfd");
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&pool->thread, NULL, supervise, pool);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0)
        return 0;
    errno = rc;
    return error_set_errno(err, ERROR_UNAVAILABLE, "cannot start the thread of the worker pool");
}

static bool all_starts_failed(const struct worker_pool *pool)
{
    for (int i = 0; i < pool->count; i++) {
        if (pool->slots[i].failures == 0)
            return false;
    }
    return true;
}

static int wait_for_first(struct worker_pool *pool, struct error *err)
{
    int rc = 0;
    pthread_mutex_lock(&pool->lock);
    while (!pool->is_described && !all_starts_failed(pool))
        pthread_cond_wait(&pool->is_started, &pool->lock);
    if (!pool->is_described)
        rc = error_set_retryable(err, ERROR_UNAVAILABLE, "no worker could be started: %s %s",
                                 pool->program, pool->start_failure);
    pthread_mutex_unlock(&pool->lock);
    return rc;
}

int worker_pool_new(const struct worker_pool_options *options, struct worker_pool **out,
                    struct error *err)
{
    if (options->count < 1 || options->count > MAX_COUNT)
        return error_set(err, ERROR_INVALID, "a pool has 1 to %d workers, not %d", MAX_COUNT,
                         options->count);
    struct worker_pool *pool = pool_make(options);
    if (start_thread(pool, err) != 0) {
        pool_release(pool);
        return -1;
    }
    if (wait_for_first(pool, err) != 0) {
        worker_pool_free(pool);
        return -1;
    }
    *out = pool;
    return 0;
}

void worker_pool_free(struct worker_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->is_stopping = true;
    supervise_wake(pool);
    pthread_mutex_unlock(&pool->lock);
    pthread_join(pool->thread, NULL);
    pool_release(pool);
}

bool worker_pool_is_ready(struct worker_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool is_ready = slot_count(pool, SLOT_IDLE) + slot_count(pool, SLOT_BUSY) > 0;
    pthread_mutex_unlock(&pool->lock);
    return is_ready;
}

void worker_pool_describe(struct worker_pool *pool, struct worker_ready *out)
{
    pthread_mutex_lock(&pool->lock);
    *out = pool->description;
    pthread_mutex_unlock(&pool->lock);
}

static void join_queue(struct worker_pool *pool, struct waiter *waiter)
{
    struct waiter **end = &pool->first_waiter;
    while (*end != NULL)
        end = &(*end)->next;
    *end = waiter;
}

static void leave_queue(struct worker_pool *pool, const struct waiter *waiter)
{
    struct waiter **at = &pool->first_waiter;
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
}

/* With the lock held. */
static struct slot *wait_in_queue(struct worker_pool *pool, int64_t deadline_ms)
{
    struct waiter self = {0};
    struct timespec until = {.tv_sec = deadline_ms / MS_PER_S,
                             .tv_nsec = deadline_ms % MS_PER_S * NS_PER_MS};
    int rc = 0;
    init_cond(&self.is_served);
    join_queue(pool, &self);
    while (self.slot == NULL && rc == 0)
        rc = pthread_cond_timedwait(&self.is_served, &pool->lock, &until);
    if (self.slot == NULL)
        leave_queue(pool, &self);
    pthread_cond_destroy(&self.is_served);
    return self.slot;
}

static int set_not_borrowed(const struct worker_pool *pool, struct error *err)
{
    if (slot_count(pool, SLOT_IDLE) + slot_count(pool, SLOT_BUSY) > 0)
        return error_set_retryable(err, ERROR_TIMEOUT, "no worker became free in time");
    return error_set_retryable(err, ERROR_UNAVAILABLE, "no worker is running: %s",
                               pool->start_failure[0] != '\0' ? pool->start_failure
                                                              : "they are being started");
}

static int borrow(struct worker_pool *pool, int64_t deadline_ms, struct slot **out,
                  struct error *err)
{
    pthread_mutex_lock(&pool->lock);
    struct slot *slot = pool->first_waiter == NULL ? slot_take_idle(pool) : NULL;
    if (slot == NULL)
        slot = wait_in_queue(pool, deadline_ms);
    int rc = slot != NULL ? 0 : set_not_borrowed(pool, err);
    pthread_mutex_unlock(&pool->lock);
    if (rc == 0)
        *out = slot;
    return rc;
}

static void end_worker(struct worker_pool *pool, struct slot *slot, enum end_reason reason,
                       const char *text)
{
    pthread_mutex_lock(&pool->lock);
    slot_end(pool, slot, reason, text);
    pthread_mutex_unlock(&pool->lock);
}

static void give_back(struct worker_pool *pool, struct slot *slot)
{
    if (++slot->jobs >= pool->max_jobs) {
        end_worker(pool, slot, END_RECYCLED, "did as many jobs as one worker may");
        return;
    }
    pthread_mutex_lock(&pool->lock);
    slot_give(pool, slot);
    pthread_mutex_unlock(&pool->lock);
}

/* The channel broke: the process ended, and how is what the attempt failed of. */
static void set_ended(struct slot *slot, struct error *err)
{
    slot->is_reaped = process_reap(&slot->process, PROCESS_DYING_MS, &slot->end);
    if (slot->is_reaped)
        error_set(err, ERROR_INTERNAL, "the worker %s", slot->end.text);
    else
        error_set(err, ERROR_PROTOCOL, "the worker closed its channel");
}

static int fail_job(struct worker_pool *pool, struct slot *slot, struct error *err)
{
    enum end_reason reason = END_RECYCLED;
    if (err->code == ERROR_UNAVAILABLE)
        set_ended(slot, err);
    if (err->code == ERROR_PROTOCOL)
        reason = END_PROTOCOL;
    if (err->code == ERROR_TIMEOUT) {
        reason = END_TIMEOUT;
        error_set(err, ERROR_TIMEOUT, "the worker did not answer before the deadline");
    }
    err->retryable = true;
    end_worker(pool, slot, reason, err->message);
    return -1;
}

static bool is_of_picture(enum error_code code)
{
    return code == ERROR_INVALID || code == ERROR_LIMIT || code == ERROR_UNSUPPORTED;
}

static int take_result(struct worker_pool *pool, struct slot *slot,
                       const struct render_result *result, struct render_result *out,
                       struct error *err)
{
    if (result->code == ERROR_NONE) {
        *out = *result;
        give_back(pool, slot);
        return 0;
    }
    error_set(err, result->code, "%s", result->message);
    err->retryable = !is_of_picture(result->code);
    if (err->retryable)
        end_worker(pool, slot, END_RECYCLED, result->message);
    else
        give_back(pool, slot);
    return -1;
}

/* An idle worker that died unnoticed costs no attempt: the next one is borrowed. */
static int borrow_alive(struct worker_pool *pool, int64_t deadline_ms, struct slot **out,
                        struct error *err)
{
    for (;;) {
        struct error fault = {0};
        struct slot *slot;
        if (borrow(pool, deadline_ms, &slot, err) != 0)
            return -1;
        if (channel_check_quiet(slot->process.channel, &slot->frame, &fault) == 0) {
            *out = slot;
            return 0;
        }
        slot->start_failed = slot->jobs == 0;
        fail_job(pool, slot, &fault);
    }
}

int worker_pool_render(struct worker_pool *pool, const struct render_job *job,
                       const struct memfd *input, const struct memfd *output, int timeout_ms,
                       struct render_result *out, struct error *err)
{
    int64_t deadline_ms = clock_mono_ms(pool->clock) + timeout_ms;
    struct render_result result;
    struct slot *slot;
    if (borrow_alive(pool, deadline_ms, &slot, err) != 0)
        return -1;
    int64_t left_ms = deadline_ms - clock_mono_ms(pool->clock);
    if (channel_render(slot->process.channel, &slot->frame, job, input, output,
                       left_ms > 0 ? (int)left_ms : 0, &result, err) != 0)
        return fail_job(pool, slot, err);
    return take_result(pool, slot, &result, out, err);
}
