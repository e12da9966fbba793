/*
 * queue_fixture.c - see queue_fixture.h.
 */
#include "queue_fixture.h"

#include <inttypes.h>

#include "onput/fd.h"
#include "onput/hash.h"

static void on_ready(void *ctx, const struct queue_ticket *tickets, size_t count)
{
    struct queue_fixture *f = ctx;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < count && f->ready_count < READY_MAX; i++)
        f->ready[f->ready_count++] = tickets[i];
    pthread_mutex_unlock(&f->lock);
}

static void on_fatal(void *ctx, const struct error *err)
{
    struct queue_fixture *f = ctx;
    pthread_mutex_lock(&f->lock);
    f->fatal_count++;
    f->fatal = *err;
    pthread_mutex_unlock(&f->lock);
}

static int setup(void **state, struct crash_vfs *vfs)
{
    struct queue_fixture *f = xcalloc(1, sizeof(*f));
    void *dir;
    if (test_dir_setup(&dir) != 0)
        return -1;
    f->dir = dir;
    f->vfs = vfs;
    f->metrics = metrics_new();
    pthread_mutex_init(&f->lock, NULL);
    fake_clock_init(&f->clock, START_MS, 1000);
    f->options = (struct queue_options){.directory = f->dir,
                                        .vfs = vfs != NULL ? crash_vfs_name(vfs) : NULL,
                                        .min_free_bytes = -1,
                                        .clock = &f->clock.clock,
                                        .metrics = f->metrics,
                                        .on_ready = on_ready,
                                        .on_ready_ctx = f,
                                        .on_fatal = on_fatal,
                                        .on_fatal_ctx = f};
    *state = f;
    struct error err = {0};
    if (queue_open(&f->options, &f->q, &err) < 0) {
        print_error("%s\n", err.message);
        return -1;
    }
    return 0;
}

int queue_fixture_setup(void **state)
{
    return setup(state, NULL);
}

int queue_fixture_setup_vfs(void **state)
{
    return setup(state, crash_vfs_new(1));
}

int queue_fixture_teardown(void **state)
{
    struct queue_fixture *f = *state;
    queue_close(f->q);
    if (f->vfs != NULL)
        crash_vfs_free(f->vfs);
    metrics_free(f->metrics);
    pthread_mutex_destroy(&f->lock);
    void *dir = f->dir;
    int result = test_dir_teardown(&dir);
    free(f);
    return result;
}

void queue_fixture_reopen(struct queue_fixture *f)
{
    struct error err = {0};
    queue_close(f->q);
    f->q = NULL;
    assert_ok(queue_open(&f->options, &f->q, &err), &err);
}

void queue_fixture_clear_ready(struct queue_fixture *f)
{
    pthread_mutex_lock(&f->lock);
    f->ready_count = 0;
    pthread_mutex_unlock(&f->lock);
}

size_t queue_fixture_ready(struct queue_fixture *f)
{
    pthread_mutex_lock(&f->lock);
    size_t count = f->ready_count;
    pthread_mutex_unlock(&f->lock);
    return count;
}

static void on_done(struct queue_submission *s, const struct error *err)
{
    struct batch *b = s->ctx;
    pthread_mutex_lock(&b->lock);
    b->answers++;
    if (err != NULL)
        b->err = *err;
    pthread_cond_broadcast(&b->answered);
    pthread_mutex_unlock(&b->lock);
}

struct batch *batch_new(const char *name, size_t count)
{
    struct batch *b = xcalloc(1, sizeof(*b));
    BUG_ON(count > BATCH_MAX);
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->answered, NULL);
    for (size_t i = 0; i < count; i++) {
        unsigned char digest[32];
        snprintf(b->keys[i], sizeof(b->keys[i]), "%s-%zu", name, i);
        b->rows[i] = (struct invocation){.function = TEXT("thumbs"),
                                         .store = TEXT("minio"),
                                         .bucket = TEXT("photos"),
                                         .key = text_of(b->keys[i]),
                                         .payload = text_of(b->keys[i])};
        sha256(b->keys[i], strlen(b->keys[i]), digest);
        memcpy(b->rows[i].identity, digest, sizeof(b->rows[i].identity));
    }
    b->submission = (struct queue_submission){
        .rows = b->rows, .count = count, .verdicts = b->verdicts, .done = on_done, .ctx = b};
    return b;
}

void batch_free(struct batch *b)
{
    pthread_cond_destroy(&b->answered);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

void batch_start(struct batch *b, struct queue *q)
{
    struct error err = {0};
    b->answers = 0;
    b->refused = queue_submit(q, &b->submission, &err) < 0;
    if (b->refused)
        b->err = err;
}

void batch_wait(struct batch *b)
{
    pthread_mutex_lock(&b->lock);
    while (!b->refused && b->answers == 0)
        pthread_cond_wait(&b->answered, &b->lock);
    pthread_mutex_unlock(&b->lock);
}

bool batch_is_answered(struct batch *b)
{
    pthread_mutex_lock(&b->lock);
    bool answered = b->answers > 0;
    pthread_mutex_unlock(&b->lock);
    return answered;
}

static int64_t submit(struct queue_fixture *f, const char *name, enum invocation_state state,
                      enum queue_verdict *verdict)
{
    struct batch *b = batch_new(name, 1);
    b->rows[0].state = state;
    if (state == INVOCATION_HELD)
        b->rows[0].reason = TEXT("no permission");
    batch_start(b, f->q);
    batch_wait(b);
    struct error err = b->err;
    int64_t id = b->rows[0].id;
    *verdict = b->verdicts[0];
    batch_free(b);
    if (err.code != ERROR_NONE)
        fail_msg("%s", err.message);
    return id;
}

int64_t submit_one(struct queue_fixture *f, const char *name)
{
    enum queue_verdict verdict;
    int64_t id = submit(f, name, INVOCATION_PENDING, &verdict);
    assert_int_equal(verdict, QUEUE_ACCEPTED);
    assert_true(id > 0);
    return id;
}

enum queue_verdict submit_verdict(struct queue_fixture *f, const char *name)
{
    enum queue_verdict verdict;
    submit(f, name, INVOCATION_PENDING, &verdict);
    return verdict;
}

int64_t submit_held(struct queue_fixture *f, const char *name)
{
    enum queue_verdict verdict;
    int64_t id = submit(f, name, INVOCATION_HELD, &verdict);
    assert_int_equal(verdict, QUEUE_ACCEPTED);
    return id;
}

void claim(struct queue_fixture *f, int64_t id)
{
    AUTO_ARENA struct arena arena = {0};
    struct invocation row;
    struct error err = {0};
    assert_ok(queue_claim(f->q, id, &arena, &row, &err), &err);
    assert_int_equal(row.id, id);
    assert_int_equal(row.state, INVOCATION_RUNNING);
}

void finish(struct queue_fixture *f, int64_t id, enum queue_finish how)
{
    struct error err = {0};
    assert_ok(queue_finish(f->q, id, how, f->clock.wall + 500, TEXT("it failed"), &err), &err);
}

struct invocation show(struct queue_fixture *f, int64_t id, struct arena *arena)
{
    struct invocation row = {0};
    struct error err = {0};
    assert_ok(queue_show(f->q, id, arena, &row, &err), &err);
    return row;
}

bool is_there(struct queue_fixture *f, int64_t id)
{
    AUTO_ARENA struct arena arena = {0};
    struct invocation row;
    struct error err = {0};
    if (queue_show(f->q, id, &arena, &row, &err) == 0)
        return true;
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    return false;
}

void assert_counts(struct queue_fixture *f, int64_t pending, int64_t held, int64_t dead)
{
    struct queue_stats stats;
    struct error err = {0};
    assert_ok(queue_stats(f->q, &stats, &err), &err);
    assert_int_equal(stats.pending, pending);
    assert_int_equal(stats.held, held);
    assert_int_equal(stats.dead, dead);
}
