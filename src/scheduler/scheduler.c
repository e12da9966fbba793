/*
 * The scheduler's threads: each takes the next due ticket whose object is free and whose function
 * has a slot, runs it, and takes the next. Tickets that must wait go into lines (waiting.c).
 */
#include "scheduler_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "onput/log.h"
#include "onput/memory.h"

enum {
    DEFAULT_WINDOW = 1024,
    LONGEST_WAIT_MS = 60 * 1000,
    RETRY_REFILL_MS = 1000,
    RETRY_SLOT_MS = 1000, /* scheduler_wake() is faster; this is for limits that were raised */
};

int scheduler_new(const struct scheduler_options *options, struct scheduler **out,
                  struct error *err)
{
    if (options->job_threads < 1 || options->process_threads < 0 ||
        options->job_threads > SCHEDULER_MAX_JOB_THREADS - options->process_threads)
        return error_set(err, ERROR_INVALID,
                         "workers.job_threads must be from 1 to %d, less runtime.processes",
                         SCHEDULER_MAX_JOB_THREADS);
    struct scheduler *s = xcalloc(1, sizeof(*s));
    s->options = *options;
    if (s->options.clock == NULL)
        s->options.clock = clock_system();
    window_init(&s->window, options->window > 0 ? options->window : DEFAULT_WINDOW);
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &attributes);
    pthread_cond_init(&s->idle, &attributes);
    pthread_condattr_destroy(&attributes);
    *out = s;
    return 0;
}

void scheduler_offer(struct scheduler *s, const struct queue_ticket *tickets, size_t count)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < count; i++)
        window_offer(&s->window, &tickets[i]);
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

void scheduler_wake(struct scheduler *s)
{
    pthread_mutex_lock(&s->lock);
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

static bool is_object_busy(const struct scheduler *s, const struct queue_ticket *ticket)
{
    for (size_t i = 0; i < s->running_count; i++) {
        if (s->running[i].object_hash == ticket->object_hash || s->running[i].id == ticket->id)
            return true;
    }
    return false;
}

static bool may_look_further(const struct scheduler *s)
{
    return s->by_object.tickets + s->by_function.tickets < SCHEDULER_MAX_WAITING;
}

/* The first in line behind a function, when it has a slot now. */
static bool take_of_function(struct scheduler *s, uint64_t function_hash, struct taken *out)
{
    const struct queue_ticket *first;
    while ((first = waiting_first(&s->by_function, function_hash)) != NULL) {
        if (is_object_busy(s, first)) {
            struct queue_ticket blocked = waiting_pop(&s->by_function, function_hash);
            waiting_push(&s->by_object, blocked.object_hash, &blocked);
            continue;
        }
        if (!reservation_take(s, function_hash, &out->slot))
            return false;
        out->ticket = waiting_pop(&s->by_function, function_hash);
        return true;
    }
    return false;
}

/* Functions take turns, so that none of them has to wait for the others' slots. */
static bool take_waiting(struct scheduler *s, struct taken *out)
{
    size_t left = s->by_function.line_count;
    while (left > 0) {
        size_t before = s->by_function.line_count;
        s->cursor = (s->cursor + 1) % before;
        if (take_of_function(s, waiting_key(&s->by_function, s->cursor), out))
            return true;
        /* A line that is gone left its place to another one: once more round. */
        left = s->by_function.line_count < before ? s->by_function.line_count : left - 1;
    }
    return false;
}

/* False when it went into a line. */
static bool take_or_line_up(struct scheduler *s, const struct queue_ticket *ticket,
                            struct taken *out)
{
    if (is_object_busy(s, ticket)) {
        waiting_push(&s->by_object, ticket->object_hash, ticket);
        return false;
    }
    /* Not past those of its function that wait already. */
    if (waiting_first(&s->by_function, ticket->function_hash) != NULL ||
        !reservation_take(s, ticket->function_hash, &out->slot)) {
        waiting_push(&s->by_function, ticket->function_hash, ticket);
        return false;
    }
    out->ticket = *ticket;
    return true;
}

static bool take_due(struct scheduler *s, struct taken *out)
{
    if (take_waiting(s, out))
        return true;
    int64_t now = clock_wall_ms(s->options.clock);
    const struct queue_ticket *first;
    while ((first = window_first(&s->window)) != NULL && first->due_ms <= now &&
           may_look_further(s)) {
        struct queue_ticket ticket = window_pop(&s->window);
        if (take_or_line_up(s, &ticket, out))
            return true;
    }
    return false;
}

static void wait_for_ticket(struct scheduler *s, int64_t at_most_ms)
{
    const struct queue_ticket *first = window_first(&s->window);
    int64_t ms = at_most_ms;
    if (s->by_function.tickets > 0 && ms > RETRY_SLOT_MS)
        ms = RETRY_SLOT_MS;
    if (first != NULL && may_look_further(s)) {
        int64_t until_due = first->due_ms - clock_wall_ms(s->options.clock);
        if (until_due < ms)
            ms = until_due < 1 ? 1 : until_due;
    }
    struct timespec until = clock_deadline(ms);
    pthread_cond_timedwait(&s->wake, &s->lock, &until);
}

/* Reads the next tickets from the queue. The lock is given up meanwhile. False when the queue
 * failed. */
static bool refill(struct scheduler *s)
{
    struct window *w = &s->window;
    struct error err = {0};
    size_t count = 0;
    struct queue_ticket *tickets = xcalloc(w->target, sizeof(*tickets));
    int64_t due = w->horizon_due_ms, id = w->horizon_id;
    window_refill_begin(w);
    pthread_mutex_unlock(&s->lock);
    int result = queue_window(s->options.queue, due, id, w->target, tickets, &count, &err);
    pthread_mutex_lock(&s->lock);
    if (result == 0)
        window_refill_end(w, tickets, count);
    else
        w->refilling = false;
    free(tickets);
    return result == 0;
}

static bool wants_refill(const struct scheduler *s)
{
    return !s->stopping && window_wants_refill(&s->window) && may_look_further(s);
}

/* Waits for the next ticket of this thread; false when it is time to stop. */
static bool take(struct scheduler *s, struct taken *out)
{
    bool taken = false;
    pthread_mutex_lock(&s->lock);
    while (!s->stopping && !taken) {
        bool failed = wants_refill(s) && !refill(s);
        taken = !s->stopping && take_due(s, out);
        if (taken || s->stopping)
            break;
        if (failed)
            wait_for_ticket(s, RETRY_REFILL_MS);
        else if (!wants_refill(s)) /* else all that was read waits in lines: read on */
            wait_for_ticket(s, LONGEST_WAIT_MS);
    }
    if (taken) {
        s->running[s->running_count++] = out->ticket;
        pthread_cond_signal(&s->wake); /* there may be another one for the next thread */
    }
    pthread_mutex_unlock(&s->lock);
    return taken;
}

/* The next event of an object becomes an ordinary ticket again: it may have to wait for a slot. */
static void let_next_of_object(struct scheduler *s, uint64_t object_hash)
{
    if (waiting_first(&s->by_object, object_hash) == NULL)
        return;
    struct queue_ticket next = waiting_pop(&s->by_object, object_hash);
    window_return(&s->window, &next);
}

static void give_back(struct scheduler *s, struct taken *taken)
{
    pthread_mutex_lock(&s->lock);
    reservation_give(s, &taken->slot);
    size_t i = 0;
    while (s->running[i].id != taken->ticket.id)
        i++;
    s->running[i] = s->running[--s->running_count];
    let_next_of_object(s, taken->ticket.object_hash);
    pthread_cond_signal(&s->wake); /* something that had to wait may be free */
    if (s->running_count == 0)
        pthread_cond_broadcast(&s->idle);
    pthread_mutex_unlock(&s->lock);
}

static void *job_main(void *ctx)
{
    struct job_thread *job = ctx;
    struct scheduler *s = job->scheduler;
    struct taken taken;
    while (take(s, &taken)) {
        attempt_run(job, &taken);
        give_back(s, &taken);
    }
    return NULL;
}

static int start_job(struct scheduler *s, struct job_thread *job, struct error *err)
{
    job->scheduler = s;
    const struct executor *e = s->options.executor;
    if (e->lane_open(e->self, &s->canceled, &job->lane, err) < 0)
        return -1;
    s->job_count++;
    int rc = pthread_create(&job->thread, NULL, job_main, job);
    if (rc != 0) {
        errno = rc;
        return error_set_errno(err, ERROR_INTERNAL, "cannot start a job thread");
    }
    job->started = true;
    return 0;
}

int scheduler_start(struct scheduler *s, struct error *err)
{
    for (int i = 0; i < s->options.job_threads + s->options.process_threads; i++) {
        if (start_job(s, &s->jobs[i], err) < 0)
            return -1;
    }
    return 0;
}

static bool wait_until_idle(struct scheduler *s, int timeout_ms)
{
    struct timespec until = clock_deadline(timeout_ms);
    while (s->running_count > 0) {
        if (pthread_cond_timedwait(&s->idle, &s->lock, &until) == ETIMEDOUT)
            return s->running_count == 0;
    }
    return true;
}

void scheduler_drain(struct scheduler *s, int timeout_ms)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->wake);
    if (!wait_until_idle(s, timeout_ms)) {
        LOG(LOG_LEVEL_WARN, "attempts are still running; handing them back to the queue",
            LOG_I64("count", (int64_t)s->running_count));
        atomic_store(&s->canceled, true);
    }
    pthread_mutex_unlock(&s->lock);
    for (int i = 0; i < s->job_count; i++) {
        if (s->jobs[i].started)
            pthread_join(s->jobs[i].thread, NULL);
        s->jobs[i].started = false;
    }
}

void scheduler_free(struct scheduler *s)
{
    if (s == NULL)
        return;
    scheduler_drain(s, 0);
    for (int i = 0; i < s->job_count; i++)
        s->options.executor->lane_close(s->jobs[i].lane);
    pthread_cond_destroy(&s->wake);
    pthread_cond_destroy(&s->idle);
    pthread_mutex_destroy(&s->lock);
    window_release(&s->window);
    waiting_release(&s->by_object);
    waiting_release(&s->by_function);
    function_index_release(&s->index);
    free(s);
}
