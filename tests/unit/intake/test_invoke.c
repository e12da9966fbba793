/*
 * test_invoke.c - direct asynchronous invocations into a real queue, and into a sink that refuses.
 */
#include "support/test.h"

#include <pthread.h>

#include "onput/intake.h"

struct bench {
    struct queue *queue;
    struct intake *intake;
    pthread_mutex_t lock;
    pthread_cond_t answered;
    int answers;
    char ids[8][37]; /* request ids in the order of the answers; empty with an error */
    struct error err;
    struct queue_submission *kept; /* by keep() */
};

static void on_invoked(void *ctx, const char *request_id, const struct error *err)
{
    struct bench *b = ctx;
    pthread_mutex_lock(&b->lock);
    snprintf(b->ids[b->answers++], sizeof(b->ids[0]), "%s", request_id != NULL ? request_id : "");
    if (err != NULL)
        b->err = *err;
    pthread_cond_signal(&b->answered);
    pthread_mutex_unlock(&b->lock);
}

static int to_queue(void *ctx, struct queue_submission *s, struct error *err)
{
    return queue_submit(((struct bench *)ctx)->queue, s, err);
}

static int refuse(void *ctx, struct queue_submission *s, struct error *err)
{
    (void)ctx;
    (void)s;
    return error_set(err, ERROR_CANCELED, "the queue is closing");
}

static int keep(void *ctx, struct queue_submission *s, struct error *err)
{
    (void)err;
    ((struct bench *)ctx)->kept = s;
    return 0;
}

static void bench_start(struct bench *b, const char *dir,
                        int (*submit)(void *, struct queue_submission *, struct error *))
{
    struct error err = {0};
    *b = (struct bench){0};
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->answered, NULL);
    struct queue_options options = {.directory = dir, .min_free_bytes = -1};
    assert_ok(queue_open(&options, &b->queue, &err), &err);
    b->intake = intake_new(&(struct intake_options){.sink = {.submit = submit, .ctx = b}});
}

static void bench_stop(struct bench *b)
{
    queue_close(b->queue);
    intake_free(b->intake);
    pthread_cond_destroy(&b->answered);
    pthread_mutex_destroy(&b->lock);
}

static void await(struct bench *b, int answers)
{
    pthread_mutex_lock(&b->lock);
    while (b->answers < answers)
        pthread_cond_wait(&b->answered, &b->lock);
    pthread_mutex_unlock(&b->lock);
}

static void list(struct bench *b, struct arena *arena, struct invocation **out, size_t wanted)
{
    struct error err = {0};
    size_t count = 0;
    arena_init(arena);
    assert_ok(queue_list(b->queue, INVOCATION_PENDING, 0, 10, arena, out, &count, &err), &err);
    assert_int_equal(count, wanted);
}

static void test_invoke__queues_one_row_about_no_object(void **state)
{
    struct bench b;
    struct error err = {0};
    AUTO_ARENA struct arena arena;
    struct invocation *rows, row;
    char reference[] = "resize:live", payload[] = "{\"n\":1}";
    bench_start(&b, *state, to_queue);
    assert_ok(intake_invoke(b.intake, text_of(reference), text_of(payload), on_invoked, &b, &err),
              &err);
    memset(reference, 'x', strlen(reference)); /* both were copied */
    memset(payload, 'x', strlen(payload));
    await(&b, 1);
    list(&b, &arena, &rows, 1);
    assert_ok(queue_show(b.queue, rows[0].id, &arena, &row, &err), &err);
    assert_text(row.function, "resize:live");
    assert_text(row.payload, "{\"n\":1}");
    assert_int_equal(row.store.len + row.bucket.len + row.key.len + row.reason.len, 0);
    assert_int_equal(strlen(b.ids[0]), 36);
    assert_string_equal(row.request_id, b.ids[0]); /* the one that every attempt will have */
    bench_stop(&b);
}

static void test_invoke__takes_equal_calls_for_two(void **state)
{
    struct bench b;
    struct error err = {0};
    AUTO_ARENA struct arena arena;
    struct invocation *rows;
    bench_start(&b, *state, to_queue);
    for (int i = 0; i < 3; i++)
        assert_ok(intake_invoke(b.intake, TEXT("f"), TEXT("{}"), on_invoked, &b, &err), &err);
    await(&b, 3);
    list(&b, &arena, &rows, 3);
    assert_string_not_equal(b.ids[0], b.ids[1]);
    assert_string_not_equal(b.ids[1], b.ids[2]);
    bench_stop(&b);
}

static void test_invoke__passes_a_refusal_on_without_an_answer(void **state)
{
    struct bench b;
    struct error err = {0};
    bench_start(&b, *state, refuse);
    assert_fails(intake_invoke(b.intake, TEXT("f"), TEXT("{}"), on_invoked, &b, &err), &err,
                 ERROR_CANCELED);
    assert_int_equal(b.answers, 0);
    bench_stop(&b);
}

static void test_invoke__answers_a_failed_commit_with_the_error(void **state)
{
    struct bench b;
    struct error err = {0}, full = {0};
    bench_start(&b, *state, keep);
    assert_ok(intake_invoke(b.intake, TEXT("f"), TEXT("{}"), on_invoked, &b, &err), &err);
    assert_int_equal(b.answers, 0); /* not before the commit */
    error_set_retryable(&full, ERROR_LIMIT, "the queue is full");
    b.kept->done(b.kept, &full);
    assert_int_equal(b.answers, 1);
    assert_string_equal(b.ids[0], "");
    assert_int_equal(b.err.code, ERROR_LIMIT);
    bench_stop(&b);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_invoke__queues_one_row_about_no_object),
        WITH_DIR(test_invoke__takes_equal_calls_for_two),
        WITH_DIR(test_invoke__passes_a_refusal_on_without_an_answer),
        WITH_DIR(test_invoke__answers_a_failed_commit_with_the_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
