/*
 * What a lane asks of a store, and over which connections, with a peer that remembers it.
 */
#include "support/scripted_server.h"
#include "workbench.h"

#include <pthread.h>

#include "onput/log.h"
#include "onput/registry.h"

#define NOTIFICATIONS ", webhook_auth: none, notifications: [{bucket: photos, function: thumbs}]"

#define ROLES                                                                                      \
    "roles: {reader: {policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: "        \
    "['s3:GetObject', 's3:GetObjectVersion'], Resource: '*'}]}}}\n"

static const struct scripted_reply gone = {.status = 404, .body = TEXT_INIT("")};

struct bench {
    struct scripted_server *server;
    struct registry *registry;
    struct worker_pool pool;
    struct thumbnail_jobs jobs;
    struct executor executor;
    struct executor_lane *lane;
    atomic_bool canceled;
    struct arena arena;
};

static struct config *load(const struct bench *b)
{
    AUTO_FREE char *yaml =
        catalog_yaml(&(struct catalog_parts){.endpoint = scripted_server_url(b->server),
                                             .store = NOTIFICATIONS,
                                             .function = ", role: reader",
                                             .more = ROLES});
    struct config_source source = {0};
    struct config *config = NULL;
    struct error err = {0};
    assert_ok(config_load_text(text_of(yaml), "test.yaml", &source, &config, &err), &err);
    return config;
}

static void bench_start(struct bench *b, const char *dir)
{
    struct registry_options options = {.directory = dir, .clock = clock_system()};
    struct error err = {0};
    *b = (struct bench){.jobs = {.clock = clock_system()}};
    arena_init(&b->arena);
    b->server = scripted_server_start(&gone, 1);
    b->jobs.pool = &b->pool;
    b->executor = builtin_executor(&b->jobs);
    assert_ok(registry_open(load(b), &options, &b->registry, &err), &err);
    assert_ok(b->executor.lane_open(b->executor.self, &b->canceled, &b->lane, &err), &err);
}

static void bench_stop(struct bench *b)
{
    b->executor.lane_close(b->lane);
    registry_close(b->registry);
    scripted_server_stop(b->server);
    arena_release(&b->arena);
}

/* With whatever catalog is the current one. */
static void invoke(struct bench *b, const char *payload)
{
    struct catalog *catalog = catalog_holder_get(registry_catalogs(b->registry));
    struct invocation invocation = {
        .function = TEXT("thumbs"), .store = TEXT(""), .payload = text_of(payload)};
    struct outcome outcome;
    b->executor.invoke(b->lane, catalog, catalog_thumbs(catalog), &invocation,
                       clock_mono_ms(clock_system()) + 10000, &b->arena, &outcome);
    assert_int_equal(outcome.status, OUTCOME_SKIPPED); /* it is not there */
    catalog_unref(catalog);
}

struct change {
    struct registry_job job; /* first: run() gets this one back */
    struct registry *registry;
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done;
    int result;
};

static void put_tags(struct registry_job *job)
{
    struct change *c = (struct change *)job;
    struct error err = {0};
    struct registry_edit *edit = registry_edit_begin(c->registry, TEXT("thumbs"));
    registry_edit_put(edit, ROW_TAGS, TEXT(""), TEXT("{\"a\":\"b\"}"));
    c->result = registry_edit_commit(edit, &err);
    pthread_mutex_lock(&c->lock);
    c->is_done = true;
    pthread_cond_signal(&c->done);
    pthread_mutex_unlock(&c->lock);
}

/* Something of a function changes through the API; stores stay as they are. */
static void change_a_function(struct bench *b)
{
    struct change c = {.job = {.run = put_tags},
                       .registry = b->registry,
                       .lock = PTHREAD_MUTEX_INITIALIZER,
                       .done = PTHREAD_COND_INITIALIZER};
    assert_true(registry_submit(b->registry, &c.job));
    pthread_mutex_lock(&c.lock);
    while (!c.is_done)
        pthread_cond_wait(&c.done, &c.lock);
    pthread_mutex_unlock(&c.lock);
    assert_int_equal(c.result, 0);
}

static void test_lane__keeps_its_connections_when_functions_change(void **state)
{
    struct bench b;
    struct error err = {0};
    bench_start(&b, *state);
    invoke(&b, "{\"bucket\":\"photos\",\"key\":\"a\"}");
    change_a_function(&b);
    invoke(&b, "{\"bucket\":\"photos\",\"key\":\"b\"}");
    assert_int_equal(scripted_server_request_count(b.server), 2);
    assert_int_equal(scripted_server_connection_count(b.server), 1);
    assert_ok(registry_reload(b.registry, load(&b), &err), &err); /* other stores */
    invoke(&b, "{\"bucket\":\"photos\",\"key\":\"c\"}");
    assert_int_equal(scripted_server_connection_count(b.server), 2);
    bench_stop(&b);
}

static void assert_asked(struct bench *b, size_t request, const char *target)
{
    assert_text(scripted_server_request(b->server, request).target, target);
}

static void test_lane__asks_for_the_version_that_the_caller_names(void **state)
{
    struct bench b;
    bench_start(&b, *state);
    invoke(&b, "{\"bucket\":\"photos\",\"key\":\"a.jpg\",\"version_id\":\"v 1\"}");
    assert_asked(&b, 0, "/photos/a.jpg?versionId=v%201");
    /* An event's version may be an old one: what is there now counts. */
    invoke(&b, "{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\","
               "\"s3\":{\"bucket\":{\"name\":\"photos\"},\"object\":{\"key\":\"a.jpg\","
               "\"versionId\":\"v1\"}}}]}");
    assert_asked(&b, 1, "/photos/a.jpg");
    bench_stop(&b);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_lane__keeps_its_connections_when_functions_change),
        WITH_DIR(test_lane__asks_for_the_version_that_the_caller_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
