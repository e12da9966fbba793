/*
 * A real queue, and an executor that does what the rows say.
 */
#include "rig.h"

#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "onput/fd.h"

enum { GROUP_MAX = 50 };

static const char config_yaml[] = "stores:\n"
                                  "  minio:\n"
                                  "    endpoint: http://127.0.0.1:9000\n"
                                  "    access_key: test-access\n"
                                  "    secret_key: test-secret\n"
                                  "    webhook_token: test-webhook-token-0123456789\n"
                                  "functions:\n"
                                  "  steady:\n"
                                  "    builtin: thumbnail\n"
                                  "    renditions: [{name: small, width: 256, height: 256}]\n"
                                  "    output: {bucket: thumbnails}\n"
                                  "    max_attempts: 3\n"
                                  "    backoff: 1ms\n"
                                  "    backoff_cap: 2ms\n"
                                  "  narrow:\n"
                                  "    builtin: thumbnail\n"
                                  "    renditions: [{name: small, width: 256, height: 256}]\n"
                                  "    output: {bucket: thumbnails}\n"
                                  "    concurrency: 2\n"
                                  "  single:\n"
                                  "    builtin: thumbnail\n"
                                  "    renditions: [{name: small, width: 256, height: 256}]\n"
                                  "    output: {bucket: thumbnails}\n"
                                  "    concurrency: 1\n"
                                  "  patient:\n"
                                  "    builtin: thumbnail\n"
                                  "    renditions: [{name: small, width: 256, height: 256}]\n"
                                  "    output: {bucket: thumbnails}\n"
                                  "    backoff: 1h\n"
                                  "    backoff_cap: 1h\n"
                                  "  own: {command: [/bin/sh], directory: /}\n";

struct executor_lane {
    struct rig *rig;
    const atomic_bool *canceled;
};

static int number_of(struct text key)
{
    struct text rest = key;
    while (text_find(rest, '-') < rest.len)
        text_cut(&rest, '-');
    int64_t n = 0;
    struct error err = {0};
    BUG_ON(text_to_i64(rest, 0, ROWS_MAX, "number", &n, &err) < 0);
    return (int)n;
}

static int lane_open(void *self, const atomic_bool *canceled, struct executor_lane **out,
                     struct error *err UNUSED)
{
    struct rig *r = self;
    struct executor_lane *lane = xcalloc(1, sizeof(*lane));
    *lane = (struct executor_lane){r, canceled};
    pthread_mutex_lock(&r->lock);
    r->lanes++;
    pthread_mutex_unlock(&r->lock);
    *out = lane;
    return 0;
}

static void lane_close(struct executor_lane *lane)
{
    pthread_mutex_lock(&lane->rig->lock);
    lane->rig->lanes--;
    pthread_mutex_unlock(&lane->rig->lock);
    free(lane);
}

/* A cancellation has no signal of its own: look for it every millisecond. */
static void wait_until_let_go(struct executor_lane *lane, struct outcome *out)
{
    struct rig *r = lane->rig;
    r->waiting++;
    pthread_cond_broadcast(&r->changed);
    while (!r->let_go && !atomic_load(lane->canceled)) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&r->changed, &r->lock, &until);
    }
    r->waiting--;
    if (!r->let_go) {
        out->status = OUTCOME_FAILED;
        error_set_retryable(&out->error, ERROR_CANCELED, "canceled");
    }
}

/* A direct invocation has its instruction where others have their object. */
static struct text instruction(const struct invocation *inv)
{
    return inv->key.len > 0 ? inv->key : inv->payload;
}

static void decide(struct executor_lane *lane, const struct invocation *inv, int runs,
                   struct outcome *out)
{
    struct text what = instruction(inv);
    out->status = OUTCOME_DONE;
    if (text_starts_with(what, TEXT("wait")))
        wait_until_let_go(lane, out);
    if (text_starts_with(what, TEXT("stuck")) ||
        (text_starts_with(what, TEXT("retry")) && runs == 1)) {
        out->status = OUTCOME_FAILED;
        error_set_retryable(&out->error, ERROR_UNAVAILABLE, "come back later");
    }
    if (text_starts_with(what, TEXT("full"))) {
        out->status = OUTCOME_FAILED;
        error_set_retryable(&out->error, ERROR_THROTTLED, "there is no room");
    }
    if (text_starts_with(what, TEXT("bad"))) {
        out->status = OUTCOME_FAILED;
        error_set(&out->error, ERROR_INVALID, "not a picture");
    }
}

static void invoke(struct executor_lane *lane, const struct catalog *catalog UNUSED,
                   const struct function *function, const struct invocation *inv,
                   int64_t deadline_ms UNUSED, struct arena *arena UNUSED, struct outcome *out)
{
    struct rig *r = lane->rig;
    int n = number_of(instruction(inv));
    bool narrow = text_is(function->name, "narrow");
    pthread_mutex_lock(&r->lock);
    snprintf(r->arn, sizeof(r->arn), "%.*s", TEXT_ARGS(inv->invoked_arn));
    snprintf(r->trace_id, sizeof(r->trace_id), "%.*s", TEXT_ARGS(inv->trace_id));
    snprintf(r->version, sizeof(r->version), "%.*s", TEXT_ARGS(function->version));
    r->object_overlaps += r->object_busy[n];
    r->object_busy[n] = true;
    r->narrow_running += narrow;
    if (r->narrow_running > r->narrow_most)
        r->narrow_most = r->narrow_running;
    int runs = ++r->runs[n];
    pthread_mutex_unlock(&r->lock);
    sched_yield(); /* let overlaps happen */
    pthread_mutex_lock(&r->lock);
    decide(lane, inv, runs, out);
    r->object_busy[n] = false;
    r->narrow_running -= narrow;
    pthread_mutex_unlock(&r->lock);
}

static void on_attempt(void *ctx, const struct invocation *inv UNUSED,
                       const struct outcome *outcome, int64_t queue_ms UNUSED)
{
    struct rig *r = ctx;
    pthread_mutex_lock(&r->lock);
    r->finished += outcome->status != OUTCOME_FAILED;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

static void on_ready(void *ctx, const struct queue_ticket *tickets, size_t count)
{
    struct rig *r = ctx;
    if (r->scheduler != NULL)
        scheduler_offer(r->scheduler, tickets, count);
}

void rig_open_queue(struct rig *r)
{
    struct queue_options options = {
        .directory = r->dir, .min_free_bytes = -1, .on_ready = on_ready, .on_ready_ctx = r};
    struct error err = {0};
    assert_ok(queue_open(&options, &r->queue, &err), &err);
}

static void make_scheduler(struct rig *r, int threads, int process_threads, size_t window)
{
    struct scheduler_options options = {.queue = r->queue,
                                        .catalogs = r->catalogs,
                                        .executor = &r->executor,
                                        .job_threads = threads,
                                        .process_threads = process_threads,
                                        .window = window,
                                        .on_attempt = on_attempt,
                                        .on_attempt_ctx = r};
    struct error err = {0};
    assert_ok(scheduler_new(&options, &r->scheduler, &err), &err);
}

void rig_start_with_processes(struct rig *r, int threads, int process_threads, size_t window)
{
    struct error err = {0};
    make_scheduler(r, threads, process_threads, window);
    assert_ok(scheduler_start(r->scheduler, &err), &err);
}

void rig_start(struct rig *r, int threads, size_t window)
{
    rig_start_with_processes(r, threads, 0, window);
}

void rig_stop(struct rig *r, int timeout_ms)
{
    scheduler_drain(r->scheduler, timeout_ms);
    queue_close(r->queue);
    scheduler_free(r->scheduler);
    r->queue = NULL;
    r->scheduler = NULL;
}

/* As in the daemon: other limits may let something run. */
static void on_change(void *ctx)
{
    struct rig *r = ctx;
    if (r->scheduler != NULL)
        scheduler_wake(r->scheduler);
}

static int open_registry(struct rig *r, struct error *err)
{
    struct config_source source = {0};
    struct config *config;
    struct registry_options options = {
        .directory = r->dir, .clock = clock_system(), .on_change = on_change, .on_change_ctx = r};
    if (config_load_text(text_of(config_yaml), "test", &source, &config, err) < 0 ||
        registry_open(config, &options, &r->registry, err) < 0)
        return -1;
    r->catalogs = registry_catalogs(r->registry);
    return 0;
}

int rig_setup(void **state)
{
    struct rig *r = xcalloc(1, sizeof(*r));
    struct error err = {0};
    void *dir;
    if (test_dir_setup(&dir) != 0)
        return -1;
    r->dir = dir;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, NULL);
    r->executor = (struct executor){
        .self = r, .lane_open = lane_open, .lane_close = lane_close, .invoke = invoke};
    if (open_registry(r, &err) < 0) {
        print_error("%s\n", err.message);
        return -1;
    }
    rig_open_queue(r);
    *state = r;
    return 0;
}

int rig_teardown(void **state)
{
    struct rig *r = *state;
    if (r->scheduler != NULL)
        scheduler_drain(r->scheduler, 0);
    queue_close(r->queue);
    scheduler_free(r->scheduler);
    int leaked = r->lanes;
    registry_close(r->registry);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    void *dir = r->dir;
    free(r);
    return test_dir_teardown(&dir) != 0 || leaked != 0 ? -1 : 0;
}

struct edit {
    struct registry_job job; /* first: run() gets this one back */
    struct rig *rig;
    const char *function, *qualifier, *json;
    enum row_kind kind;
    int result;
    bool done;
};

static void run_edit(struct registry_job *job)
{
    struct edit *e = (struct edit *)job;
    struct error err = {0};
    struct registry_edit *edit = registry_edit_begin(e->rig->registry, text_of(e->function));
    if (e->json != NULL)
        registry_edit_put(edit, e->kind, text_of(e->qualifier), text_of(e->json));
    else
        registry_edit_remove(edit, e->kind, text_of(e->qualifier));
    e->result = registry_edit_commit(edit, &err);
    pthread_mutex_lock(&e->rig->lock);
    e->done = true;
    pthread_cond_broadcast(&e->rig->changed);
    pthread_mutex_unlock(&e->rig->lock);
}

void rig_edit(struct rig *r, const char *function, enum row_kind kind, const char *qualifier,
              const char *json)
{
    struct edit e = {{.run = run_edit}, r, function, qualifier, json, kind, -1, false};
    assert_true(registry_submit(r->registry, &e.job));
    pthread_mutex_lock(&r->lock);
    while (!e.done)
        pthread_cond_wait(&r->changed, &r->lock);
    pthread_mutex_unlock(&r->lock);
    assert_int_equal(e.result, 0);
}

struct group {
    struct queue_submission submission;
    struct invocation rows[GROUP_MAX];
    enum queue_verdict verdicts[GROUP_MAX];
    char keys[GROUP_MAX][32];
    struct rig *rig;
    bool done, failed;
};

static void on_done(struct queue_submission *s, const struct error *err)
{
    struct group *g = s->ctx;
    pthread_mutex_lock(&g->rig->lock);
    g->done = true;
    g->failed = err != NULL;
    pthread_cond_broadcast(&g->rig->changed);
    pthread_mutex_unlock(&g->rig->lock);
}

static void submit_group(struct rig *r, struct group *g, int count)
{
    static int64_t identity;
    struct error err = {0};
    g->rig = r;
    for (int i = 0; i < count; i++) {
        identity++;
        memcpy(g->rows[i].identity, &identity, sizeof(identity));
    }
    g->submission = (struct queue_submission){.rows = g->rows,
                                              .count = (size_t)count,
                                              .verdicts = g->verdicts,
                                              .done = on_done,
                                              .ctx = g};
    assert_ok(queue_submit(r->queue, &g->submission, &err), &err);
    pthread_mutex_lock(&r->lock);
    while (!g->done)
        pthread_cond_wait(&r->changed, &r->lock);
    pthread_mutex_unlock(&r->lock);
    assert_false(g->failed);
    free(g);
}

void rig_submit(struct rig *r, const char *function, const char *what, int from, int count)
{
    struct group *g = xcalloc(1, sizeof(*g));
    for (int i = 0; i < count; i++) {
        snprintf(g->keys[i], sizeof(g->keys[i]), "%s-%d", what, from + i);
        g->rows[i] = (struct invocation){.function = text_of(function),
                                         .store = TEXT("minio"),
                                         .bucket = TEXT("photos"),
                                         .key = text_of(g->keys[i])};
    }
    submit_group(r, g, count);
}

void rig_submit_direct(struct rig *r, const char *reference, const char *what, int from, int count)
{
    struct group *g = xcalloc(1, sizeof(*g));
    for (int i = 0; i < count; i++) {
        snprintf(g->keys[i], sizeof(g->keys[i]), "%s-%d", what, from + i);
        g->rows[i] = (struct invocation){.function = text_of(reference),
                                         .store = TEXT(""),
                                         .bucket = TEXT(""),
                                         .key = TEXT(""),
                                         .payload = text_of(g->keys[i])};
    }
    submit_group(r, g, count);
}

void rig_await(struct rig *r, const int *value, int wanted)
{
    pthread_mutex_lock(&r->lock);
    while (*value < wanted)
        pthread_cond_wait(&r->changed, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

int rig_read(struct rig *r, const int *value)
{
    pthread_mutex_lock(&r->lock);
    int now = *value;
    pthread_mutex_unlock(&r->lock);
    return now;
}

void rig_let_go(struct rig *r)
{
    pthread_mutex_lock(&r->lock);
    r->let_go = true;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

struct queue_stats rig_stats(struct rig *r)
{
    struct queue_stats s = {0};
    struct error err = {0};
    assert_ok(queue_stats(r->queue, &s, &err), &err);
    return s;
}

void rig_finish_with_sentinel(struct rig *r)
{
    int finished = rig_read(r, &r->finished);
    rig_submit(r, "steady", "last", ROWS_MAX, 1);
    rig_await(r, &r->finished, finished + 1);
    scheduler_drain(r->scheduler, 60000);
}

void rig_list_dead(struct rig *r, struct arena *arena, struct invocation **out, size_t wanted)
{
    size_t count;
    struct error err = {0};
    assert_ok(queue_list(r->queue, INVOCATION_DEAD, 0, 10, arena, out, &count, &err), &err);
    assert_int_equal(count, wanted);
}

void rig_wait_for_dead(struct rig *r)
{
    struct queue_stats s = {0};
    struct error err = {0};
    while (s.dead == 0 && queue_stats(r->queue, &s, &err) == 0)
        sched_yield();
}
