/*
 * pool.c - see runtime_private.h: who gets which process, and which process is ended for it.
 *
 * Everybody who wants one is put in line, and serve() hands out what there is in the order of the
 * line: idle processes of the right version first, then free places. For those who still wait idle
 * processes of other versions are ended. In the usual case one is served before it waits. Pools
 * themselves come and go in versions.c.
 */
#include "runtime_private.h"

#include <errno.h>

#include "onput/memory.h"

enum {
    BACKOFF_FIRST_MS = 100,
    BACKOFF_MAX_MS = 5000,
    BACKOFF_DOUBLINGS = 6, /* more would pass the maximum anyway */
    LOOK_AGAIN_MS = 100,   /* whether the server is shutting down */
    GONE_WITHIN_MS = 5000,
    SWEEP_AGAIN_MS = 60000,
};

static int64_t now_ms(const struct runtime *rt)
{
    return clock_mono_ms(rt->clock);
}

/* ---- with runtime->lock held ---- */

static struct instance *take_idle(struct pool *pool)
{
    for (struct instance *i = pool->instances; i != NULL; i = i->next) {
        if (i->state == INSTANCE_IDLE && !atomic_load(&i->ended)) {
            i->state = INSTANCE_BUSY;
            return instance_ref(i);
        }
    }
    return NULL;
}

/* The one with files of this pool, else one without files, else the one that was left longest ago.
 */
static bool is_better_place(const struct place *a, const struct place *b, uint64_t pool)
{
    if ((a->last_pool == pool) != (b->last_pool == pool))
        return a->last_pool == pool;
    if ((a->last_pool == 0) != (b->last_pool == 0))
        return a->last_pool == 0;
    return a->released_ms < b->released_ms;
}

static struct place *take_place(struct runtime *rt, const struct pool *pool)
{
    struct place *best = NULL;
    for (int i = 0; i < rt->options.max_processes; i++) {
        struct place *p = &rt->places[i];
        if (!p->is_taken && (best == NULL || is_better_place(p, best, pool->number)))
            best = p;
    }
    if (best != NULL)
        best->is_taken = true;
    return best;
}

static struct instance *longest_idle(const struct runtime *rt)
{
    struct instance *best = NULL;
    for (struct pool *p = rt->pools; p != NULL; p = p->next) {
        for (struct instance *i = p->instances; i != NULL; i = i->next) {
            if (i->state == INSTANCE_IDLE && (best == NULL || i->idle_order < best->idle_order))
                best = i;
        }
    }
    return best;
}

void pool_end_idle(struct instance *i, enum instance_reason reason)
{
    i->state = INSTANCE_ENDING;
    i->reason = reason;
    i->runtime->ending_count++;
    instance_stop(i);
}

static bool may_start(const struct waiter *w, int64_t now)
{
    return w->ignores_backoff || w->pool->not_before_ms <= now;
}

/* False: it goes on waiting. */
static bool serve_one(struct runtime *rt, struct waiter *w, int64_t now)
{
    w->instance = take_idle(w->pool);
    if (w->instance == NULL && may_start(w, now))
        w->place = take_place(rt, w->pool);
    return w->instance != NULL || w->place != NULL;
}

static void serve(struct runtime *rt)
{
    int64_t now = now_ms(rt);
    int unserved = 0;
    for (struct waiter **at = &rt->waiters; *at != NULL;) {
        struct waiter *w = *at;
        if (serve_one(rt, w, now)) {
            *at = w->next;
            pthread_cond_signal(w->served);
            continue;
        }
        unserved += may_start(w, now);
        at = &w->next;
    }
    struct instance *victim;
    while (rt->ending_count < unserved && (victim = longest_idle(rt)) != NULL)
        pool_end_idle(victim, REASON_EVICTED);
}

static void leave_line(struct runtime *rt, const struct waiter *w)
{
    struct waiter **at = &rt->waiters;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
}

static void stand_in_line(struct runtime *rt, struct waiter *w)
{
    struct waiter **at = &rt->waiters;
    while (*at != NULL)
        at = &(*at)->next;
    *at = w;
}

static void wait_a_moment(struct runtime *rt, struct waiter *w, int64_t now, int64_t deadline_ms)
{
    int64_t wait = deadline_ms - now;
    if (w->pool->not_before_ms > now && w->pool->not_before_ms - now < wait)
        wait = w->pool->not_before_ms - now;
    struct timespec until = clock_deadline(wait < LOOK_AGAIN_MS ? wait : LOOK_AGAIN_MS);
    pthread_cond_timedwait(w->served, &rt->lock, &until);
}

static int refuse(const struct waiter *w, bool is_canceled, int64_t now, struct error *err)
{
    if (is_canceled)
        return error_set_retryable(err, ERROR_CANCELED, "the server is shutting down");
    if (!may_start(w, now))
        return error_set_retryable(err, ERROR_THROTTLED,
                                   "the function's last %u starts failed; the next one has to wait",
                                   w->pool->failed_starts);
    return error_set_retryable(err, ERROR_THROTTLED, "no process became free in time");
}

/* Waits in line until it is served, the deadline has come or nobody wants it any more. */
static int wait_in_line(struct runtime *rt, struct waiter *w, const struct lease_request *request,
                        struct error *err)
{
    stand_in_line(rt, w);
    serve(rt);
    while (w->instance == NULL && w->place == NULL) {
        int64_t now = now_ms(rt);
        bool is_canceled =
            rt->is_stopping || (request->canceled != NULL && atomic_load(request->canceled));
        if (is_canceled || now >= request->deadline_ms) {
            leave_line(rt, w);
            return refuse(w, is_canceled, now, err);
        }
        wait_a_moment(rt, w, now, request->deadline_ms);
        if (w->instance == NULL && w->place == NULL)
            serve(rt); /* its pause may be over */
    }
    return 0;
}

static void unlink_instance(struct instance *i)
{
    struct instance **at = &i->pool->instances;
    while (*at != i)
        at = &(*at)->next;
    *at = i->next;
}

static void move_to_front(struct instance *i)
{
    unlink_instance(i);
    i->next = i->pool->instances;
    i->pool->instances = i;
}

static void free_place(struct runtime *rt, struct place *place)
{
    place->is_taken = false;
    place->released_ms = now_ms(rt);
}

/* An invocation has no more to do with the pool. */
static void pool_leave(struct pool *pool)
{
    if (--pool->users == 0 && pool->instances == NULL)
        pools_prune(pool->runtime);
}

/* ---- from anywhere ---- */

int pool_acquire(struct runtime *rt, const struct lease_request *request, struct lease *out,
                 struct error *err)
{
    struct waiter w = {.ignores_backoff = request->ignores_backoff, .served = request->served};
    pthread_mutex_lock(&rt->lock);
    w.pool = pools_find(rt, request->catalog, request->function);
    w.pool->users++;
    int rc = wait_in_line(rt, &w, request, err);
    if (rc != 0)
        pool_leave(w.pool);
    pthread_mutex_unlock(&rt->lock);
    if (rc == 0)
        *out = (struct lease){.instance = w.instance, .pool = w.pool, .place = w.place};
    return rc;
}

static void lengthen_pause(struct pool *pool)
{
    int64_t pause = BACKOFF_MAX_MS;
    if (pool->failed_starts < BACKOFF_DOUBLINGS)
        pause = (int64_t)BACKOFF_FIRST_MS << pool->failed_starts;
    if (pause > BACKOFF_MAX_MS)
        pause = BACKOFF_MAX_MS;
    pool->failed_starts++;
    pool->not_before_ms = now_ms(pool->runtime) + pause;
}

void pool_started(struct pool *pool, struct place *place, struct instance *i)
{
    struct runtime *rt = pool->runtime;
    pthread_mutex_lock(&rt->lock);
    if (i != NULL) {
        place->last_pool = pool->number;
        rt->process_count++;
        i->next = pool->instances;
        pool->instances = instance_ref(i);
    } else {
        lengthen_pause(pool);
        free_place(rt, place);
        serve(rt);
        pool_leave(pool);
    }
    pthread_mutex_unlock(&rt->lock);
}

void pool_note_start(struct instance *i, bool is_ready)
{
    pthread_mutex_lock(&i->runtime->lock);
    if (is_ready) {
        i->pool->failed_starts = 0;
        i->pool->not_before_ms = 0;
    } else {
        lengthen_pause(i->pool);
    }
    pthread_mutex_unlock(&i->runtime->lock);
}

void pool_give_back(struct instance *i)
{
    struct runtime *rt = i->runtime;
    pthread_mutex_lock(&rt->lock);
    if (!atomic_load(&i->ended)) {
        i->state = INSTANCE_IDLE;
        i->idle_since_ms = now_ms(rt);
        i->idle_order = ++rt->idle_orders;
        move_to_front(i);
        if (i->pool->is_retired)
            pool_end_idle(i, REASON_CHANGED);
        else if (rt->waiters != NULL)
            serve(rt);
    }
    pool_leave(i->pool);
    pthread_mutex_unlock(&rt->lock);
}

static void await_end(struct instance *i)
{
    struct runtime *rt = i->runtime;
    struct timespec until = clock_deadline(GONE_WITHIN_MS);
    while (!atomic_load(&i->ended)) {
        if (pthread_cond_timedwait(&rt->has_ended, &rt->lock, &until) == ETIMEDOUT)
            return;
    }
}

void pool_discard(struct instance *i, enum instance_reason reason)
{
    struct runtime *rt = i->runtime;
    pthread_mutex_lock(&rt->lock);
    if (!atomic_load(&i->ended)) {
        i->state = INSTANCE_ENDING;
        i->reason = reason;
        rt->ending_count++;
        instance_kill(i);
        await_end(i);
    }
    pool_leave(i->pool);
    pthread_mutex_unlock(&rt->lock);
}

enum instance_state pool_ended(struct instance *i, void (*count)(const struct instance *i))
{
    struct runtime *rt = i->runtime;
    pthread_mutex_lock(&rt->lock);
    count(i);
    enum instance_state state = i->state;
    atomic_store(&i->ended, true);
    unlink_instance(i);
    rt->process_count--;
    if (i->state == INSTANCE_ENDING)
        rt->ending_count--;
    free_place(rt, i->place);
    if (i->reason == REASON_IDLE) /* its files have been idle for as long */
        i->place->released_ms = i->idle_since_ms;
    serve(rt);
    pools_prune(rt);
    pthread_cond_broadcast(&rt->has_ended);
    pthread_mutex_unlock(&rt->lock);
    return state;
}

static void reap_idle_of(struct pool *pool, int64_t since)
{
    for (struct instance *i = pool->instances; i != NULL; i = i->next) {
        if (i->state == INSTANCE_IDLE && i->idle_since_ms <= since)
            pool_end_idle(i, REASON_IDLE);
    }
}

static bool has_files(const struct runtime *rt)
{
    for (int i = 0; i < rt->options.max_processes; i++) {
        if (!rt->places[i].is_taken && rt->places[i].last_pool != 0)
            return true;
    }
    return false;
}

bool pool_reap_idle(struct runtime *rt)
{
    pthread_mutex_lock(&rt->lock);
    int64_t since = now_ms(rt) - rt->options.idle_timeout_ms;
    for (struct pool *p = rt->pools; p != NULL; p = p->next)
        reap_idle_of(p, since);
    pools_prune(rt);
    bool is_needed = rt->process_count > 0 || rt->pools != NULL || has_files(rt);
    pthread_mutex_unlock(&rt->lock);
    return is_needed;
}

void pool_stop_all(struct runtime *rt)
{
    pthread_mutex_lock(&rt->lock);
    rt->is_stopping = true;
    for (struct pool *p = rt->pools; p != NULL; p = p->next) {
        for (struct instance *i = p->instances; i != NULL; i = i->next) {
            if (i->state != INSTANCE_ENDING)
                pool_end_idle(i, REASON_SHUTDOWN);
        }
    }
    pthread_mutex_unlock(&rt->lock);
}

/* ---- files that nobody wants ---- */

/* Files stay for the next process of their function, but no longer than a process would. */
static bool is_stale(const struct runtime *rt, const struct place *p)
{
    if (p->is_taken || p->last_pool == 0)
        return false;
    const struct pool *pool = pools_numbered(rt, p->last_pool);
    if (p->retry_ms > now_ms(rt))
        return false;
    return pool == NULL || pool->is_retired ||
           p->released_ms <= now_ms(rt) - rt->options.idle_timeout_ms;
}

struct place *pool_take_stale_place(struct runtime *rt)
{
    struct place *found = NULL;
    pthread_mutex_lock(&rt->lock);
    for (int i = 0; i < rt->options.max_processes && found == NULL; i++) {
        if (is_stale(rt, &rt->places[i]))
            found = &rt->places[i];
    }
    if (found != NULL)
        found->is_taken = true;
    pthread_mutex_unlock(&rt->lock);
    return found;
}

void pool_return_place(struct runtime *rt, struct place *place, bool is_empty)
{
    pthread_mutex_lock(&rt->lock);
    if (is_empty)
        place->last_pool = 0;
    else
        place->retry_ms = now_ms(rt) + SWEEP_AGAIN_MS;
    place->is_taken = false;
    serve(rt);
    pools_prune(rt);
    pthread_mutex_unlock(&rt->lock);
}
