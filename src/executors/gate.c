/*
 * The gate before the thumbnail function: how many of its invocations have pictures in memory at
 * once, however many threads there are. Who waits is let in in the order of coming.
 */
#include "executors_private.h"

#include <pthread.h>
#include <stdlib.h>

#include "onput/memory.h"

enum { LOOK_MS = 100 }; /* how often one who waits looks whether it is canceled */

struct waiter {
    pthread_cond_t wake;
    bool is_let_in;
    struct waiter *next;
};

struct thumbnail_gate {
    pthread_mutex_t lock;
    int free;
    struct waiter *first;
    struct waiter **last; /* where the next one is hung */
};

struct thumbnail_gate *thumbnail_gate_new(int places)
{
    BUG_ON(places < 1);
    struct thumbnail_gate *g = xcalloc(1, sizeof(*g));
    pthread_mutex_init(&g->lock, NULL);
    g->free = places;
    g->last = &g->first;
    return g;
}

void thumbnail_gate_free(struct thumbnail_gate *g)
{
    if (g == NULL)
        return;
    BUG_ON(g->first != NULL);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

static void line_up(struct thumbnail_gate *g, struct waiter *w)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&w->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    *g->last = w;
    g->last = &w->next;
}

static void step_out_of_line(struct thumbnail_gate *g, struct waiter *w)
{
    struct waiter **at = &g->first;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    if (g->last == &w->next)
        g->last = at;
}

/* Until it was let in; false when it must not wait any longer. */
static bool wait_in_line(struct thumbnail_gate *g, struct waiter *w, const struct gate_wait *wait)
{
    while (!w->is_let_in) {
        int64_t left = wait->deadline_ms - clock_mono_ms(wait->clock);
        if (left <= 0 || atomic_load(wait->canceled))
            return false;
        struct timespec until = clock_deadline(left < LOOK_MS ? left : LOOK_MS);
        pthread_cond_timedwait(&w->wake, &g->lock, &until);
    }
    return true;
}

static bool enter(struct thumbnail_gate *g, const struct gate_wait *wait)
{
    struct waiter w = {.is_let_in = false};
    bool is_in = true;
    pthread_mutex_lock(&g->lock);
    if (g->free > 0) {
        g->free--;
    } else {
        line_up(g, &w);
        is_in = wait_in_line(g, &w, wait);
        if (!is_in)
            step_out_of_line(g, &w);
        pthread_cond_destroy(&w.wake);
    }
    pthread_mutex_unlock(&g->lock);
    return is_in;
}

int gate_enter(struct thumbnail_gate *g, const struct gate_wait *wait, struct error *err)
{
    if (g == NULL || enter(g, wait))
        return 0;
    if (atomic_load(wait->canceled))
        return error_set_retryable(err, ERROR_CANCELED, "the server is shutting down");
    return error_set_retryable(err, ERROR_THROTTLED,
                               "other thumbnails took all the time that there was to wait");
}

void gate_leave(struct thumbnail_gate *g)
{
    if (g == NULL)
        return;
    pthread_mutex_lock(&g->lock);
    struct waiter *next = g->first;
    if (next == NULL) {
        g->free++;
    } else {
        step_out_of_line(g, next);
        next->is_let_in = true;
        pthread_cond_signal(&next->wake);
    }
    pthread_mutex_unlock(&g->lock);
}
