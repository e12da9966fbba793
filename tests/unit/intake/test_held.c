/*
 * Held events get another hearing when the configuration changes: with the real queue.
 */
#include "../functions/catalog_fixture.h"
#include "notification.h"

#include <semaphore.h>

#include "onput/intake.h"

#define STORE                                                                                      \
    ", webhook_auth: none, notifications: [{bucket: photos, function: thumbs}, {bucket: secret, "  \
    "function: thumbs}]"

struct world {
    struct catalog_holder *catalogs;
    struct queue *queue;
    struct intake *intake;
    sem_t answered;
};

static int submit_to_queue(void *ctx, struct queue_submission *s, struct error *err)
{
    return queue_submit(ctx, s, err);
}

static void on_done(void *ctx, const struct intake_reply *reply, const struct error *err)
{
    struct world *w = ctx;
    if (err == NULL && reply->count == 1)
        sem_post(&w->answered);
}

static void world_start(struct world *w, const char *dir)
{
    struct error err = {0};
    struct queue_options options = {
        .directory = dir, .min_free_bytes = -1, .clock = clock_system()};
    *w = (struct world){
        .catalogs = catalog_holder_new(catalog_of(&(struct catalog_parts){.store = STORE}))};
    sem_init(&w->answered, 0, 0);
    assert_ok(queue_open(&options, &w->queue, &err), &err);
    w->intake = intake_new(&(struct intake_options){
        .catalogs = w->catalogs, .sink = {.submit = submit_to_queue, .ctx = w->queue}});
}

static void world_stop(struct world *w)
{
    queue_close(w->queue);
    intake_free(w->intake);
    catalog_holder_free(w->catalogs);
    sem_destroy(&w->answered);
}

static void put(struct world *w, const char *bucket, const char *key)
{
    AUTO_FREE char *body = notification_of("ObjectCreated:Put", bucket, key);
    struct catalog *c = catalog_holder_get(w->catalogs);
    struct error err = {0};
    assert_ok(intake_submit(w->intake, c, catalog_minio(c), NULL, text_of(body), on_done, w, &err),
              &err);
    sem_wait(&w->answered);
}

static void permit(struct world *w, const char *bucket)
{
    AUTO_FREE char *function = xasprintf(
        ", permissions: [{principal: s3.amazonaws.com, source_arn: 'arn:aws:s3:::%s'}]", bucket);
    catalog_holder_set(w->catalogs,
                       catalog_of(&(struct catalog_parts){.store = STORE, .function = function}));
}

static size_t reconsider(struct world *w)
{
    struct error err = {0};
    size_t released = 0;
    assert_ok(intake_reconsider_held(w->intake, w->queue, &released, &err), &err);
    return released;
}

static struct queue_stats stats(struct world *w)
{
    struct queue_stats s = {0};
    struct error err = {0};
    assert_ok(queue_stats(w->queue, &s, &err), &err);
    return s;
}

static void test_held__stay_while_nothing_permits_them(void **state)
{
    struct world w;
    world_start(&w, *state);
    put(&w, "photos", "a");
    assert_int_equal(reconsider(&w), 0);
    assert_int_equal(stats(&w).held, 1);
    world_stop(&w);
}

static void test_held__are_released_by_the_permission_for_their_bucket(void **state)
{
    struct world w;
    world_start(&w, *state);
    put(&w, "photos", "a");
    put(&w, "secret", "b");
    put(&w, "photos", "c");
    permit(&w, "photos");
    assert_int_equal(reconsider(&w), 2);
    assert_int_equal(stats(&w).held, 1);
    assert_int_equal(stats(&w).pending, 2);
    assert_int_equal(reconsider(&w), 0);
    world_stop(&w);
}

static void test_held__are_released_beyond_a_page(void **state)
{
    enum { COUNT = 405 };
    struct world w;
    world_start(&w, *state);
    for (int i = 0; i < COUNT; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        put(&w, i % 3 == 0 ? "secret" : "photos", key);
    }
    permit(&w, "photos");
    assert_int_equal(reconsider(&w), COUNT - COUNT / 3);
    assert_int_equal(stats(&w).held, COUNT / 3);
    world_stop(&w);
}

static void test_held__of_a_function_that_is_gone_stay(void **state)
{
    struct world w;
    world_start(&w, *state);
    put(&w, "photos", "a");
    catalog_holder_set(
        w.catalogs,
        catalog_of_yaml("stores:\n  minio: {endpoint: 'http://127.0.0.1:9', webhook_auth: none}\n"
                        "functions:\n  other: {builtin: thumbnail, renditions: [{name: s, width: "
                        "9}], output: {bucket: o}, permissions: [{principal: '*'}]}\n"));
    assert_int_equal(reconsider(&w), 0);
    assert_int_equal(stats(&w).held, 1);
    world_stop(&w);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_held__stay_while_nothing_permits_them),
        WITH_DIR(test_held__are_released_by_the_permission_for_their_bucket),
        WITH_DIR(test_held__are_released_beyond_a_page),
        WITH_DIR(test_held__of_a_function_that_is_gone_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
