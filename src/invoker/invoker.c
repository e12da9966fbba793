/*
 * The invoker's queue and threads: calls come in at one end, each thread takes the next one.
 */
#include "invoker_private.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "onput/log.h"
#include "onput/memory.h"

enum { DEFAULT_THREADS = 4, DEFAULT_MAX_QUEUED = 1000 };

/* The next call for a thread, or NULL at the end. */
static struct invoker_call *take(struct invoker *inv)
{
    struct invoker_call *call = NULL;
    pthread_mutex_lock(&inv->lock);
    inv->sleeping++;
    while (inv->first == NULL && !inv->stopping)
        pthread_cond_wait(&inv->wake, &inv->lock);
    inv->sleeping--;
    call = inv->first;
    if (call != NULL) {
        inv->first = call->next;
        if (inv->first == NULL)
            inv->last = &inv->first;
        inv->queued--;
        inv->running++;
    }
    pthread_mutex_unlock(&inv->lock);
    return call;
}

static void finish(struct invoker *inv)
{
    pthread_mutex_lock(&inv->lock);
    inv->running--;
    if (inv->running == 0 && inv->queued == 0)
        pthread_cond_broadcast(&inv->idle);
    pthread_mutex_unlock(&inv->lock);
}

static void *thread_main(void *ctx)
{
    struct invoker_thread *t = ctx;
    struct invoker_call *call;
    while ((call = take(t->invoker)) != NULL) {
        AUTO_ARENA struct arena arena;
        struct outcome outcome;
        arena_init(&arena);
        call_invoke(t->invoker, t->lane, call, &arena, &outcome);
        call_finish(t->invoker, call, &outcome);
        finish(t->invoker);
    }
    return NULL;
}

static int start_thread(struct invoker *inv, struct invoker_thread *t, struct error *err)
{
    const struct executor *e = inv->options.executor;
    t->invoker = inv;
    if (e->lane_open(e->self, &inv->canceled, &t->lane, err) < 0)
        return -1;
    inv->thread_count++;
    int rc = pthread_create(&t->thread, NULL, thread_main, t);
    if (rc != 0) {
        errno = rc;
        return error_set_errno(err, ERROR_INTERNAL, "cannot start a thread of the invoker");
    }
    t->started = true;
    return 0;
}

static int start_threads(struct invoker *inv, struct error *err)
{
    const struct executor *e = inv->options.executor;
    if (e->lane_open(e->self, &inv->canceled, &inv->instant_lane, err) < 0)
        return -1;
    for (int i = 0; i < inv->options.threads; i++) {
        if (start_thread(inv, &inv->threads[i], err) < 0)
            return -1;
    }
    return 0;
}

static struct invoker *make(const struct invoker_options *options)
{
    struct invoker *inv = xcalloc(1, sizeof(*inv));
    inv->options = *options;
    if (inv->options.threads == 0)
        inv->options.threads = DEFAULT_THREADS;
    if (inv->options.max_queued == 0)
        inv->options.max_queued = DEFAULT_MAX_QUEUED;
    if (inv->options.clock == NULL)
        inv->options.clock = clock_system();
    inv->last = &inv->first;
    pthread_mutex_init(&inv->lock, NULL);
    pthread_mutex_init(&inv->instant_lock, NULL);
    pthread_cond_init(&inv->wake, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&inv->idle, &attributes);
    pthread_condattr_destroy(&attributes);
    return inv;
}

int invoker_new(const struct invoker_options *options, struct invoker **out, struct error *err)
{
    if (options->threads < 0 || options->threads > INVOKER_MAX_THREADS)
        return error_set(err, ERROR_INVALID, "the invoker takes from 1 to %d threads",
                         INVOKER_MAX_THREADS);
    struct invoker *inv = make(options);
    if (start_threads(inv, err) < 0) {
        invoker_free(inv);
        return -1;
    }
    *out = inv;
    return 0;
}

static enum invoker_verdict enqueue(struct invoker *inv, struct invoker_call *call)
{
    enum invoker_verdict verdict = INVOKER_ACCEPTED;
    bool has_sleeper = false;
    pthread_mutex_lock(&inv->lock);
    if (inv->closed) {
        verdict = INVOKER_CLOSED;
    } else if (inv->queued >= inv->options.max_queued) {
        verdict = INVOKER_BUSY;
    } else {
        call->next = NULL;
        *inv->last = call;
        inv->last = &call->next;
        inv->queued++;
        has_sleeper = inv->sleeping > 0;
    }
    pthread_mutex_unlock(&inv->lock);
    /* Not with the lock, for which the woken one would have to sleep again. */
    if (has_sleeper)
        pthread_cond_signal(&inv->wake);
    return verdict;
}

/* Counts as running from here on; false when the invoker is closed. */
static bool enter(struct invoker *inv)
{
    pthread_mutex_lock(&inv->lock);
    bool is_open = !inv->closed;
    inv->running += is_open;
    pthread_mutex_unlock(&inv->lock);
    return is_open;
}

/* On the caller's own thread. False when the call has to go the long way. */
static bool run_at_once(struct invoker *inv, struct invoker_call *call)
{
    const struct executor *e = inv->options.executor;
    if (e->is_instant == NULL || !e->is_instant(e->self, call->function) ||
        pthread_mutex_trylock(&inv->instant_lock) != 0)
        return false;
    AUTO_ARENA struct arena arena;
    struct outcome outcome;
    bool entered = enter(inv);
    arena_init(&arena);
    if (entered)
        call_invoke(inv, inv->instant_lane, call, &arena, &outcome);
    pthread_mutex_unlock(&inv->instant_lock);
    if (entered) {
        call_finish(inv, call, &outcome);
        finish(inv);
    }
    return entered;
}

enum invoker_verdict invoker_submit(struct invoker *inv, struct invoker_call *call)
{
    if (!function_slot_take(call->function))
        return INVOKER_NO_SLOT;
    if (run_at_once(inv, call))
        return INVOKER_ACCEPTED;
    /* An accepted call may be gone already: only a refused one is looked at. */
    enum invoker_verdict verdict = enqueue(inv, call);
    if (verdict != INVOKER_ACCEPTED)
        function_slot_give(call->function);
    return verdict;
}

static bool is_idle(const struct invoker *inv)
{
    return inv->running == 0 && inv->queued == 0;
}

static void wait_until_idle(struct invoker *inv, int timeout_ms)
{
    struct timespec until = clock_deadline(timeout_ms);
    int rc = 0;
    while (!is_idle(inv) && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&inv->idle, &inv->lock, &until);
}

void invoker_drain(struct invoker *inv, int timeout_ms)
{
    pthread_mutex_lock(&inv->lock);
    inv->closed = true;
    wait_until_idle(inv, timeout_ms);
    if (!is_idle(inv)) {
        LOG(LOG_LEVEL_WARN, "calls are still running; canceling them",
            LOG_I64("running", inv->running), LOG_I64("waiting", (int64_t)inv->queued));
        atomic_store(&inv->canceled, true);
    }
    inv->stopping = true;
    pthread_cond_broadcast(&inv->wake);
    pthread_mutex_unlock(&inv->lock);
    for (int i = 0; i < inv->thread_count; i++) {
        if (inv->threads[i].started)
            pthread_join(inv->threads[i].thread, NULL);
        inv->threads[i].started = false;
    }
}

void invoker_free(struct invoker *inv)
{
    if (inv == NULL)
        return;
    invoker_drain(inv, 0);
    for (int i = 0; i < inv->thread_count; i++)
        inv->options.executor->lane_close(inv->threads[i].lane);
    if (inv->instant_lane != NULL)
        inv->options.executor->lane_close(inv->instant_lane);
    pthread_cond_destroy(&inv->wake);
    pthread_cond_destroy(&inv->idle);
    pthread_mutex_destroy(&inv->instant_lock);
    pthread_mutex_destroy(&inv->lock);
    free(inv);
}
