/*
 * The scheduler's threads: each takes the next due ticket whose object and function are free, runs
 * it, and takes the next.
 */
#include "scheduler_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "onput/log.h"
#include "onput/memory.h"

enum { DEFAULT_WINDOW = 1024, LONGEST_WAIT_MS = 60 * 1000, RETRY_REFILL_MS = 1000 };

int scheduler_new(const struct scheduler_options *options, struct scheduler **out,
                  struct error *err)
{
    if (options->job_threads < 1 || options->job_threads > SCHEDULER_MAX_JOB_THREADS)
        return error_set(err, ERROR_INVALID, "workers.job_threads must be from 1 to %d",
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

static int64_t function_limit(struct scheduler *s, uint32_t function_hash)
{
    struct catalog *catalog = catalog_holder_get(s->options.catalogs);
    const struct function *functions;
    size_t count = catalog_functions(catalog, &functions);
    int64_t limit = 0;
    for (size_t i = 0; i < count; i++) {
        if (queue_function_hash(functions[i].name) == function_hash)
            limit = functions[i].config->concurrency;
    }
    catalog_unref(catalog);
    return limit;
}

static bool is_busy(struct scheduler *s, const struct queue_ticket *ticket)
{
    int64_t same_function = 0;
    for (size_t i = 0; i < s->running_count; i++) {
        if (s->running[i].object_hash == ticket->object_hash || s->running[i].id == ticket->id)
            return true;
        if (s->running[i].function_hash == ticket->function_hash)
            same_function++;
    }
    int64_t limit = same_function > 0 ? function_limit(s, ticket->function_hash) : 0;
    return limit > 0 && same_function >= limit;
}

static void hold_back(struct scheduler *s, const struct queue_ticket *ticket)
{
    if (s->held_back_count == s->held_back_capacity) {
        s->held_back_capacity = s->held_back_capacity == 0 ? 64 : s->held_back_capacity * 2;
        s->held_back = xrealloc_array(s->held_back, s->held_back_capacity, sizeof(*s->held_back));
    }
    s->held_back[s->held_back_count++] = *ticket;
}

/* The first ticket that was held back, is free now, and leaves the list in order. */
static bool take_held_back(struct scheduler *s, struct queue_ticket *out)
{
    for (size_t i = 0; i < s->held_back_count; i++) {
        if (is_busy(s, &s->held_back[i]))
            continue;
        *out = s->held_back[i];
        s->held_back_count--;
        memmove(&s->held_back[i], &s->held_back[i + 1],
                (s->held_back_count - i) * sizeof(*s->held_back));
        return true;
    }
    return false;
}

/* Held-back tickets are bounded by the window: no more are looked at while so many wait for their
 * object. */
static bool take_due(struct scheduler *s, struct queue_ticket *out)
{
    if (take_held_back(s, out))
        return true;
    int64_t now = clock_wall_ms(s->options.clock);
    const struct queue_ticket *first;
    while ((first = window_first(&s->window)) != NULL && first->due_ms <= now &&
           s->held_back_count < s->window.target) {
        struct queue_ticket ticket = window_pop(&s->window);
        if (!is_busy(s, &ticket)) {
            *out = ticket;
            return true;
        }
        hold_back(s, &ticket);
    }
    return false;
}

static void wait_for_ticket(struct scheduler *s, int64_t at_most_ms)
{
    const struct queue_ticket *first = window_first(&s->window);
    int64_t ms = at_most_ms;
    if (first != NULL && s->held_back_count < s->window.target) {
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

/* Waits for the next ticket of this thread; false when it is time to stop. */
static bool take(struct scheduler *s, struct queue_ticket *out)
{
    bool taken = false;
    pthread_mutex_lock(&s->lock);
    while (!s->stopping && !taken) {
        int64_t longest = LONGEST_WAIT_MS;
        if (window_wants_refill(&s->window) && !refill(s))
            longest = RETRY_REFILL_MS;
        taken = !s->stopping && take_due(s, out);
        if (!taken && !s->stopping)
            wait_for_ticket(s, longest);
    }
    if (taken) {
        s->running[s->running_count++] = *out;
        pthread_cond_signal(&s->wake); /* there may be another one for the next thread */
    }
    pthread_mutex_unlock(&s->lock);
    return taken;
}

static void give_back(struct scheduler *s, const struct queue_ticket *ticket)
{
    pthread_mutex_lock(&s->lock);
    size_t i = 0;
    while (s->running[i].id != ticket->id)
        i++;
    s->running[i] = s->running[--s->running_count];
    pthread_cond_signal(&s->wake); /* something that was held back may be free */
    if (s->running_count == 0)
        pthread_cond_broadcast(&s->idle);
    pthread_mutex_unlock(&s->lock);
}

static void *job_main(void *ctx)
{
    struct job_thread *job = ctx;
    struct scheduler *s = job->scheduler;
    struct queue_ticket ticket;
    while (take(s, &ticket)) {
        attempt_run(job, &ticket);
        give_back(s, &ticket);
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
    for (int i = 0; i < s->options.job_threads; i++) {
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
    free(s->held_back);
    free(s);
}
