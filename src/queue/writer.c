/*
 * The writer: one thread that owns the connection. It takes everything that waits, answers the
 * calls that only read, runs the rest in one transaction, commits, and answers. While it commits,
 * the next group gathers by itself.
 */
#include "queue_private.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "onput/metrics.h"

/* What the writer took from the lists for one commit. */
struct group {
    struct writer_call *calls;
    struct queue_submission *submissions;
};

void writer_init(struct writer *w)
{
    *w = (struct writer){0};
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&w->work, &attributes);
    pthread_cond_init(&w->answered, NULL);
    pthread_condattr_destroy(&attributes);
    w->calls_tail = &w->calls;
    w->submissions_tail = &w->submissions;
}

/* Called with the lock held. */
static int refuse(struct writer *w, struct error *err)
{
    if (w->failed) {
        *err = w->fatal;
        return -1;
    }
    if (w->closing)
        return error_set_retryable(err, ERROR_CANCELED, "the queue is closing");
    return 0;
}

int writer_call(struct queue *q, bool writes, int (*run)(struct queue *, void *, struct error *),
                void *args, struct error *err)
{
    struct writer *w = &q->writer;
    struct writer_call call = {.run = run, .args = args, .writes = writes};
    pthread_mutex_lock(&w->lock);
    if (refuse(w, err) < 0) {
        pthread_mutex_unlock(&w->lock);
        return -1;
    }
    *w->calls_tail = &call;
    w->calls_tail = &call.next;
    pthread_cond_signal(&w->work);
    while (!call.done)
        pthread_cond_wait(&w->answered, &w->lock);
    pthread_mutex_unlock(&w->lock);
    if (call.result < 0)
        *err = call.err;
    return call.result;
}

int queue_submit(struct queue *q, struct queue_submission *s, struct error *err)
{
    struct writer *w = &q->writer;
    s->next = NULL;
    s->arrived_ms = clock_mono_ms(q->options.clock);
    pthread_mutex_lock(&w->lock);
    int result = refuse(w, err);
    if (result == 0) {
        *w->submissions_tail = s;
        w->submissions_tail = &s->next;
        pthread_cond_signal(&w->work);
    }
    pthread_mutex_unlock(&w->lock);
    return result;
}

static void answer_calls(struct queue *q, struct writer_call *calls, const struct error *failure)
{
    struct writer *w = &q->writer;
    if (calls == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    while (calls != NULL) {
        struct writer_call *next = calls->next;
        if (failure != NULL) {
            calls->result = -1;
            calls->err = *failure;
        }
        calls->done = true;
        calls = next;
    }
    pthread_cond_broadcast(&w->answered);
    pthread_mutex_unlock(&w->lock);
}

static void answer_submissions(struct queue_submission *s, const struct error *failure)
{
    while (s != NULL) {
        struct queue_submission *next = s->next; /* `s` may be gone after done() */
        s->done(s, failure);
        s = next;
    }
}

/*
 * A failed write or sync is never tried again: the kernel may have dropped the pages. For the same
 * reason closing must not copy the WAL into the database; the next start does, after its own reads.
 */
static void fail(struct queue *q, const struct error *err)
{
    struct writer *w = &q->writer;
    if (w->failed)
        return;
    pthread_mutex_lock(&w->lock);
    w->failed = true;
    w->fatal = *err;
    pthread_mutex_unlock(&w->lock);
    sqlite3_db_config(q->db.handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (q->options.on_fatal != NULL)
        q->options.on_fatal(q->options.on_fatal_ctx, err);
}

static void run_reader(struct queue *q, struct writer_call *c)
{
    if (q->writer.failed) {
        c->err = q->writer.fatal;
        c->result = -1;
        return;
    }
    c->result = c->run(q, c->args, &c->err);
    if (c->result < 0 && c->err.code == ERROR_IO)
        fail(q, &c->err);
}

/* Splits the reading calls off and answers them at once: they need no commit. */
static struct writer_call *run_readers(struct queue *q, struct writer_call *calls)
{
    struct writer_call *writers = NULL, **writers_tail = &writers;
    struct writer_call *readers = NULL, **readers_tail = &readers;
    for (struct writer_call *c = calls, *next; c != NULL; c = next) {
        next = c->next;
        c->next = NULL;
        if (c->writes) {
            *writers_tail = c;
            writers_tail = &c->next;
            continue;
        }
        run_reader(q, c);
        *readers_tail = c;
        readers_tail = &c->next;
    }
    answer_calls(q, readers, NULL);
    return writers;
}

/* Submissions that do not fit go back to the front of the line until there is room or they waited
 * too long. */
static struct queue_submission *split_by_room(struct queue *q, struct queue_submission *all,
                                              bool closing)
{
    struct queue_submission *fitting = NULL, **fitting_tail = &fitting;
    struct queue_submission *waiting = NULL, **waiting_tail = &waiting;
    int64_t now = clock_mono_ms(q->options.clock);
    size_t rows = 0;
    if (all != NULL)
        enqueue_look_at_disk(q);
    for (struct queue_submission *s = all, *next; s != NULL; s = next) {
        struct error err = {0};
        next = s->next;
        s->next = NULL;
        if (enqueue_has_room(q, rows + s->count, &err) == 0) {
            rows += s->count;
            *fitting_tail = s;
            fitting_tail = &s->next;
        } else if (now - s->arrived_ms >= QUEUE_FULL_WAIT_MS || closing) {
            s->done(s, &err);
        } else {
            *waiting_tail = s;
            waiting_tail = &s->next;
        }
    }
    if (waiting != NULL) {
        struct writer *w = &q->writer;
        pthread_mutex_lock(&w->lock);
        *waiting_tail = w->submissions;
        if (w->submissions == NULL)
            w->submissions_tail = waiting_tail;
        w->submissions = waiting;
        pthread_mutex_unlock(&w->lock);
    }
    return fitting;
}

static int run_group(struct queue *q, struct group *g, struct error *err)
{
    if (db_run(&q->db, queue_statement(q, STATEMENT_BEGIN), err) < 0)
        return -1;
    for (struct writer_call *c = g->calls; c != NULL; c = c->next) {
        c->result = c->run(q, c->args, &c->err);
        if (c->result < 0 && c->err.code == ERROR_IO) {
            *err = c->err;
            return -1;
        }
    }
    for (struct queue_submission *s = g->submissions; s != NULL; s = s->next) {
        if (enqueue_run(q, s, err) < 0)
            return -1;
    }
    return db_run(&q->db, queue_statement(q, STATEMENT_COMMIT), err);
}

/* `uncertain`: it was being written, and may be found after a restart. */
static void answer_failed(struct queue *q, struct group *g, bool uncertain)
{
    struct error err = q->writer.fatal;
    err.uncertain = uncertain;
    answer_submissions(g->submissions, &err);
    answer_calls(q, g->calls, &err);
}

static void commit_group(struct queue *q, struct group *g)
{
    if (g->calls == NULL && g->submissions == NULL)
        return;
    if (q->writer.failed) {
        answer_failed(q, g, false);
        return;
    }
    struct error err = {0};
    int64_t start = clock_now_ns();
    q->ready_count = 0;
    if (run_group(q, g, &err) < 0) {
        fail(q, &err);
        answer_failed(q, g, true);
        return;
    }
    metrics_add(q->options.metrics, METRIC_QUEUE_COMMITS, 1, NULL, NULL, NULL);
    metrics_observe(q->options.metrics, METRIC_QUEUE_COMMIT_SECONDS,
                    (double)(clock_now_ns() - start) / 1e9, NULL, NULL, NULL);
    queue_publish_depth(q);
    if (q->ready_count > 0 && q->options.on_ready != NULL)
        q->options.on_ready(q->options.on_ready_ctx, q->ready, q->ready_count);
    answer_submissions(g->submissions, NULL);
    answer_calls(q, g->calls, NULL);
}

static void wait_for_work(struct writer *w, bool somebody_waits_for_room)
{
    struct timespec until = clock_deadline(somebody_waits_for_room ? 50 : 2000);
    pthread_cond_timedwait(&w->work, &w->lock, &until);
}

/* Up to QUEUE_MAX_BATCH of each list. Called with the lock held. */
static void take_group(struct writer *w, struct group *g)
{
    size_t n = 0;
    g->calls = w->calls;
    w->calls = NULL;
    w->calls_tail = &w->calls;
    g->submissions = w->submissions;
    struct queue_submission **last = &g->submissions;
    while (*last != NULL && n++ < QUEUE_MAX_BATCH)
        last = &(*last)->next;
    w->submissions = *last;
    *last = NULL;
    if (w->submissions == NULL)
        w->submissions_tail = &w->submissions;
}

/*
 * Copies the WAL into the database. Not left to SQLite, which does it before the commit is answered
 * and swallows its errors.
 */
static void checkpoint_when_due(struct queue *q)
{
    struct error err = {0};
    if (q->writer.failed || q->wal_pages < QUEUE_CHECKPOINT_PAGES)
        return;
    if (db_checkpoint(&q->db, &err) < 0)
        fail(q, &err);
    q->wal_pages = 0;
}

/* Gives freed pages back to the file system, a few at a time, when nothing else is to be done. */
static void vacuum_a_little(struct queue *q)
{
    struct error err = {0};
    if (!q->writer.failed && db_exec(&q->db, "PRAGMA incremental_vacuum(100)", &err) < 0)
        fail(q, &err);
}

static void *writer_main(void *ctx)
{
    struct queue *q = ctx;
    struct writer *w = &q->writer;
    (void)pthread_setname_np(pthread_self(), "onput-queue");
    bool full = false; /* the last group left submissions without room */
    for (;;) {
        struct group g = {0};
        pthread_mutex_lock(&w->lock);
        bool idle = w->calls == NULL && (w->submissions == NULL || full);
        if (idle && !w->closing)
            wait_for_work(w, full);
        take_group(w, &g);
        bool closing = w->closing;
        pthread_mutex_unlock(&w->lock);
        if (g.calls == NULL && g.submissions == NULL) {
            if (closing)
                return NULL;
            full = false;
            vacuum_a_little(q);
            continue;
        }
        g.calls = run_readers(q, g.calls);
        struct queue_submission *taken = g.submissions;
        if (!w->failed)
            g.submissions = split_by_room(q, taken, closing);
        full = taken != NULL && g.submissions == NULL && g.calls == NULL; /* calls may make room */
        commit_group(q, &g);
        checkpoint_when_due(q);
    }
}

bool queue_has_failed(struct queue *q)
{
    pthread_mutex_lock(&q->writer.lock);
    bool failed = q->writer.failed;
    pthread_mutex_unlock(&q->writer.lock);
    return failed;
}

int writer_start(struct queue *q, struct error *err)
{
    int rc = pthread_create(&q->writer.thread, NULL, writer_main, q);
    if (rc != 0) {
        errno = rc;
        return error_set_errno(err, ERROR_INTERNAL, "cannot start the queue's writer thread");
    }
    q->writer.started = true;
    return 0;
}

void writer_stop(struct queue *q)
{
    struct writer *w = &q->writer;
    if (w->started) {
        pthread_mutex_lock(&w->lock);
        w->closing = true;
        pthread_cond_signal(&w->work);
        pthread_mutex_unlock(&w->lock);
        pthread_join(w->thread, NULL);
        w->started = false;
    }
    pthread_cond_destroy(&w->work);
    pthread_cond_destroy(&w->answered);
    pthread_mutex_destroy(&w->lock);
}
