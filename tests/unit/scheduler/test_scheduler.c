/*
 * test_scheduler.c - the scheduler with a real queue and an executor that does what the test says.
 */
#include "support/test.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "onput/fd.h"
#include "onput/log.h"
#include "onput/scheduler.h"

enum { ROWS_MAX = 10000, GROUP = 50 };

/*
 * Function "steady" has no limit, "narrow" runs at most two at a time. Keys tell the executor what
 * to do: "retry..." fails once, "stuck..." fails always, "bad..." fails for good, "wait..." runs
 * until it is let go or canceled.
 */
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
                                  "  patient:\n"
                                  "    builtin: thumbnail\n"
                                  "    renditions: [{name: small, width: 256, height: 256}]\n"
                                  "    output: {bucket: thumbnails}\n"
                                  "    backoff: 1h\n"
                                  "    backoff_cap: 1h\n";

struct executor_lane {
    struct rig *rig;
    const atomic_bool *canceled;
};

struct rig {
    char *dir;
    struct catalog_holder *catalogs;
    struct executor executor;
    struct queue *queue;
    struct scheduler *scheduler;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int lanes; /* open ones */
    int finished, running, waiting;
    bool let_go;
    int runs[ROWS_MAX + 1]; /* by number in the key, behind the last '-' */
    bool object_busy[ROWS_MAX + 1];
    int narrow_running, narrow_most, object_overlaps;
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

static void decide(struct executor_lane *lane, const struct invocation *inv, int runs,
                   struct outcome *out)
{
    out->status = OUTCOME_DONE;
    if (text_starts_with(inv->key, TEXT("wait")))
        wait_until_let_go(lane, out);
    if (text_starts_with(inv->key, TEXT("stuck")) ||
        (text_starts_with(inv->key, TEXT("retry")) && runs == 1)) {
        out->status = OUTCOME_FAILED;
        error_set_retryable(&out->error, ERROR_UNAVAILABLE, "come back later");
    }
    if (text_starts_with(inv->key, TEXT("bad"))) {
        out->status = OUTCOME_FAILED;
        error_set(&out->error, ERROR_INVALID, "not a picture");
    }
}

static void invoke(struct executor_lane *lane, const struct catalog *catalog UNUSED,
                   const struct function *function, const struct invocation *inv,
                   int64_t deadline_ms UNUSED, struct arena *arena UNUSED, struct outcome *out)
{
    struct rig *r = lane->rig;
    int n = number_of(inv->key);
    bool narrow = text_is(function->name, "narrow");
    pthread_mutex_lock(&r->lock);
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

static void open_queue(struct rig *r)
{
    struct queue_options options = {
        .directory = r->dir, .min_free_bytes = -1, .on_ready = on_ready, .on_ready_ctx = r};
    struct error err = {0};
    assert_ok(queue_open(&options, &r->queue, &err), &err);
}

static void make_scheduler(struct rig *r, int threads, size_t window)
{
    struct scheduler_options options = {.queue = r->queue,
                                        .catalogs = r->catalogs,
                                        .executor = &r->executor,
                                        .job_threads = threads,
                                        .window = window,
                                        .on_attempt = on_attempt,
                                        .on_attempt_ctx = r};
    struct error err = {0};
    assert_ok(scheduler_new(&options, &r->scheduler, &err), &err);
}

static void start(struct rig *r, int threads, size_t window)
{
    struct error err = {0};
    make_scheduler(r, threads, window);
    assert_ok(scheduler_start(r->scheduler, &err), &err);
}

/* As the daemon stops: nothing is offered to a scheduler that is gone. */
static void stop(struct rig *r, int timeout_ms)
{
    scheduler_drain(r->scheduler, timeout_ms);
    queue_close(r->queue);
    scheduler_free(r->scheduler);
    r->queue = NULL;
    r->scheduler = NULL;
}

static int setup(void **state)
{
    struct rig *r = xcalloc(1, sizeof(*r));
    struct config_source source = {0};
    struct config *config;
    struct catalog *catalog;
    struct error err = {0};
    void *dir;
    if (test_dir_setup(&dir) != 0)
        return -1;
    r->dir = dir;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, NULL);
    r->executor = (struct executor){
        .self = r, .lane_open = lane_open, .lane_close = lane_close, .invoke = invoke};
    if (config_load_text(text_of(config_yaml), "test", &source, &config, &err) < 0 ||
        catalog_new(config, clock_system(), NULL, &catalog, &err) < 0) {
        print_error("%s\n", err.message);
        return -1;
    }
    r->catalogs = catalog_holder_new(catalog);
    open_queue(r);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;
    if (r->scheduler != NULL)
        scheduler_drain(r->scheduler, 0);
    queue_close(r->queue);
    scheduler_free(r->scheduler);
    int leaked = r->lanes;
    catalog_holder_free(r->catalogs);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    void *dir = r->dir;
    free(r);
    return test_dir_teardown(&dir) != 0 || leaked != 0 ? -1 : 0;
}

struct group {
    struct queue_submission submission;
    struct invocation rows[GROUP];
    enum queue_verdict verdicts[GROUP];
    char keys[GROUP][32];
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

/* Submits rows "<what>-<from>" up to "<what>-<from + count - 1>" and waits for the commit. */
static void submit(struct rig *r, const char *function, const char *what, int from, int count)
{
    static int64_t identity;
    struct group *g = xcalloc(1, sizeof(*g));
    struct error err = {0};
    g->rig = r;
    for (int i = 0; i < count; i++) {
        snprintf(g->keys[i], sizeof(g->keys[i]), "%s-%d", what, from + i);
        g->rows[i] = (struct invocation){.function = text_of(function),
                                         .store = TEXT("minio"),
                                         .bucket = TEXT("photos"),
                                         .key = text_of(g->keys[i])};
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

static void await(struct rig *r, const int *value, int wanted)
{
    pthread_mutex_lock(&r->lock);
    while (*value < wanted)
        pthread_cond_wait(&r->changed, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

static int read_now(struct rig *r, const int *value)
{
    pthread_mutex_lock(&r->lock);
    int now = *value;
    pthread_mutex_unlock(&r->lock);
    return now;
}

static void let_go(struct rig *r)
{
    pthread_mutex_lock(&r->lock);
    r->let_go = true;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

static struct queue_stats stats(struct rig *r)
{
    struct queue_stats s = {0};
    struct error err = {0};
    assert_ok(queue_stats(r->queue, &s, &err), &err);
    return s;
}

/* Runs a last row behind everything that is due, and stops dispatching. */
static void finish_with_sentinel(struct rig *r)
{
    int finished = read_now(r, &r->finished);
    submit(r, "steady", "last", ROWS_MAX, 1);
    await(r, &r->finished, finished + 1);
    scheduler_drain(r->scheduler, 60000);
}

static void test_scheduler__runs_everything_once(void **state)
{
    struct rig *r = *state;
    submit(r, "steady", "before", 0, GROUP);
    start(r, 4, 0);
    for (int from = GROUP; from < 500; from += GROUP)
        submit(r, "steady", "after", from, GROUP);
    await(r, &r->finished, 500);
    scheduler_drain(r->scheduler, 60000);
    for (int i = 0; i < 500; i++)
        assert_int_equal(r->runs[i], 1);
    assert_int_equal(stats(r).pending, 0);
    assert_int_equal(stats(r).dead, 0);
}

static void test_scheduler__runs_one_event_of_an_object_at_a_time(void **state)
{
    struct rig *r = *state;
    start(r, 8, 64);
    for (int i = 0; i < 200; i++)
        submit(r, "steady", "same", i % 3, 2); /* objects 0 to 3, many events each */
    await(r, &r->finished, 400);
    assert_int_equal(r->object_overlaps, 0);
}

static void test_scheduler__keeps_to_the_concurrency_of_a_function(void **state)
{
    struct rig *r = *state;
    start(r, 8, 64);
    submit(r, "narrow", "wait", 0, 10);
    await(r, &r->waiting, 2);
    submit(r, "steady", "other", 100, 20); /* others are not in its way */
    await(r, &r->finished, 20);
    assert_int_equal(read_now(r, &r->waiting), 2);
    let_go(r);
    await(r, &r->finished, 30);
    assert_int_equal(r->narrow_most, 2);
}

static void test_scheduler__retries_and_then_succeeds(void **state)
{
    struct rig *r = *state;
    start(r, 2, 0);
    submit(r, "steady", "retry", 0, 5);
    await(r, &r->finished, 5);
    scheduler_drain(r->scheduler, 60000);
    for (int i = 0; i < 5; i++)
        assert_int_equal(r->runs[i], 2);
    assert_int_equal(stats(r).pending + stats(r).dead, 0);
}

static void list_dead(struct rig *r, struct arena *arena, struct invocation **out, size_t wanted)
{
    size_t count;
    struct error err = {0};
    assert_ok(queue_list(r->queue, INVOCATION_DEAD, 0, 10, arena, out, &count, &err), &err);
    assert_int_equal(count, wanted);
}

static void test_scheduler__buries_a_permanent_failure_at_once(void **state)
{
    struct rig *r = *state;
    AUTO_ARENA struct arena arena = {0};
    struct invocation *dead;
    start(r, 1, 0);
    submit(r, "steady", "bad", 0, 1);
    finish_with_sentinel(r);
    assert_int_equal(r->runs[0], 1);
    list_dead(r, &arena, &dead, 1);
    assert_int_equal(dead[0].attempts, 1);
    assert_text(dead[0].reason, "not a picture");
}

static void wait_for_dead(struct rig *r)
{
    struct queue_stats s = {0};
    struct error err = {0};
    while (s.dead == 0 && queue_stats(r->queue, &s, &err) == 0)
        sched_yield();
}

static void test_scheduler__buries_what_fails_too_often(void **state)
{
    struct rig *r = *state;
    AUTO_ARENA struct arena arena = {0};
    struct invocation *dead;
    start(r, 2, 0);
    submit(r, "steady", "stuck", 0, 1);
    wait_for_dead(r);
    finish_with_sentinel(r);
    assert_int_equal(r->runs[0], 3);
    list_dead(r, &arena, &dead, 1);
    assert_int_equal(dead[0].attempts, 3);
    assert_text(dead[0].reason, "come back later");
}

static void test_scheduler__buries_events_of_unknown_functions(void **state)
{
    struct rig *r = *state;
    AUTO_ARENA struct arena arena = {0};
    struct invocation *dead;
    start(r, 1, 0);
    submit(r, "gone", "x", 0, 1);
    finish_with_sentinel(r);
    assert_int_equal(r->runs[0], 0);
    list_dead(r, &arena, &dead, 1);
    assert_text(dead[0].reason, "the function is not in the configuration any more");
}

static void test_scheduler__does_not_run_a_retry_early_when_its_ticket_came_twice(void **state)
{
    struct rig *r = *state;
    struct queue_ticket tickets[2];
    size_t count;
    struct error err = {0};
    submit(r, "patient", "retry", 0, 1);
    assert_ok(queue_window(r->queue, INT64_MIN, INT64_MIN, 1, tickets, &count, &err), &err);
    tickets[1] = tickets[0];
    start(r, 1, 0);
    submit(r, "steady", "first", 1, 1); /* the window is read */
    await(r, &r->finished, 1);
    scheduler_offer(r->scheduler, tickets, 2);
    finish_with_sentinel(r);
    assert_int_equal(r->runs[0], 1); /* its retry is due in an hour */
    assert_int_equal(stats(r).pending, 1);
}

static void *drain(void *ctx)
{
    scheduler_drain(((struct rig *)ctx)->scheduler, 60000);
    return NULL;
}

static void test_drain__lets_running_attempts_finish(void **state)
{
    struct rig *r = *state;
    pthread_t thread;
    start(r, 2, 0);
    submit(r, "steady", "wait", 0, 5);
    await(r, &r->waiting, 2);
    assert_int_equal(pthread_create(&thread, NULL, drain, r), 0);
    let_go(r);
    pthread_join(thread, NULL);
    int64_t left = stats(r).pending;
    assert_int_equal(left, 5 - r->finished);
    assert_true(r->finished >= 2);
    assert_int_equal(stats(r).running, 0);
}

static void test_drain__hands_what_does_not_finish_back(void **state)
{
    struct rig *r = *state;
    AUTO_ARENA struct arena arena = {0};
    struct invocation *rows;
    size_t count;
    struct error err = {0};
    start(r, 3, 0);
    submit(r, "steady", "wait", 0, 5);
    await(r, &r->waiting, 3);
    scheduler_drain(r->scheduler, 0);
    assert_int_equal(stats(r).pending, 5);
    assert_int_equal(stats(r).running, 0);
    assert_ok(queue_list(r->queue, INVOCATION_PENDING, 0, 10, &arena, &rows, &count, &err), &err);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(rows[i].attempts, 0);
}

static void test_scheduler__runs_ten_thousand_rows_once_over_restarts(void **state)
{
    struct rig *r = *state;
    start(r, 8, 64);
    for (int from = 0; from < ROWS_MAX; from += GROUP) {
        submit(r, from % 3 == 0 ? "narrow" : "steady", "many", from, GROUP);
        if (from == ROWS_MAX / 4 || from == ROWS_MAX / 2) {
            stop(r, 60000);
            open_queue(r);
            start(r, 8, 64);
        }
    }
    await(r, &r->finished, ROWS_MAX);
    scheduler_drain(r->scheduler, 60000);
    for (int i = 0; i < ROWS_MAX; i++)
        assert_int_equal(r->runs[i], 1);
    assert_true(r->narrow_most <= 2);
    assert_int_equal(stats(r).pending + stats(r).dead, 0);
}

static void test_scheduler_new__refuses_an_odd_number_of_threads(void **state)
{
    struct rig *r = *state;
    struct scheduler_options options = {.queue = r->queue, .job_threads = 0};
    struct scheduler *s = NULL;
    struct error err = {0};
    assert_fails(scheduler_new(&options, &s, &err), &err, ERROR_INVALID);
    options.job_threads = 100000;
    assert_fails(scheduler_new(&options, &s, &err), &err, ERROR_INVALID);
    assert_null(s);
    scheduler_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_scheduler__runs_everything_once),
        TEST(test_scheduler__runs_one_event_of_an_object_at_a_time),
        TEST(test_scheduler__keeps_to_the_concurrency_of_a_function),
        TEST(test_scheduler__retries_and_then_succeeds),
        TEST(test_scheduler__buries_a_permanent_failure_at_once),
        TEST(test_scheduler__buries_what_fails_too_often),
        TEST(test_scheduler__buries_events_of_unknown_functions),
        TEST(test_scheduler__does_not_run_a_retry_early_when_its_ticket_came_twice),
        TEST(test_drain__lets_running_attempts_finish),
        TEST(test_drain__hands_what_does_not_finish_back),
        TEST(test_scheduler__runs_ten_thousand_rows_once_over_restarts),
        TEST(test_scheduler_new__refuses_an_odd_number_of_threads),
    };
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
