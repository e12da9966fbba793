/*
 * The store as onput's own S3 client sees it, and its notifications at a receiver.
 */
#include "support/test.h"

#include <pthread.h>

#include "onput/devstore.h"
#include "onput/http_server.h"
#include "onput/json.h"
#include "onput/storage.h"

/* Keeps what it is sent; refuses the first so many. */
struct receiver {
    struct http_server *server;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char *bodies[32];
    size_t count;
    int refusals;
};

struct world {
    struct receiver receiver;
    struct devstore *store;
    struct storage *storage;
    struct storage_session *session;
    struct credentials *credentials;
    struct arena arena;
    void *dir;
    char *url;
};

#define ARN "arn:onput:sqs::demo:webhook"

static void receive(void *ctx, struct http_request *r)
{
    struct receiver *receiver = ctx;
    int status = 200;
    pthread_mutex_lock(&receiver->lock);
    if (!text_is(http_request_header(r, "authorization"), "Bearer token"))
        status = 403;
    else if (receiver->refusals > 0 && receiver->refusals--)
        status = 503;
    else
        receiver->bodies[receiver->count++] = xmemdup_text(http_request_body(r));
    pthread_cond_broadcast(&receiver->changed);
    pthread_mutex_unlock(&receiver->lock);
    http_respond_json(r, status, TEXT("{}"));
}

static void receiver_start(struct receiver *receiver)
{
    static const struct http_route routes[] = {{HTTP_POST, "/e", receive, NULL, 1 << 20, NULL}};
    struct http_server_options options = {
        .address = "127.0.0.1", .routes = routes, .route_count = 1, .ctx = receiver};
    struct error err = {0};
    pthread_mutex_init(&receiver->lock, NULL);
    pthread_cond_init(&receiver->changed, NULL);
    assert_ok(http_server_start(&options, &receiver->server, &err), &err);
}

static const char *receiver_wait(struct receiver *receiver, size_t index)
{
    pthread_mutex_lock(&receiver->lock);
    while (receiver->count <= index)
        pthread_cond_wait(&receiver->changed, &receiver->lock);
    pthread_mutex_unlock(&receiver->lock);
    return receiver->bodies[index];
}

static void world_open(struct world *w)
{
    struct error err = {0};
    struct devstore_target target = {.arn = ARN, .url = w->url, .bearer_token = "token"};
    struct devstore_options options = {.directory = w->dir,
                                       .access_key = "access",
                                       .secret_key = "secret",
                                       .targets = &target,
                                       .target_count = 1};
    assert_ok(devstore_start(&options, &w->store, &err), &err);
    struct storage_options client = {.endpoint = devstore_endpoint(w->store),
                                     .region = "us-east-1"};
    assert_ok(storage_new(&client, &w->storage, &err), &err);
    assert_ok(storage_session_new(w->storage, NULL, &w->session, &err), &err);
}

static void world_close(struct world *w)
{
    storage_session_free(w->session);
    storage_free(w->storage);
    devstore_free(w->store);
}

static int setup(void **state)
{
    struct world *w = xcalloc(1, sizeof(*w));
    struct credentials_static_options keys = {.access_key = "access", .secret_key = "secret"};
    if (test_dir_setup(&w->dir) != 0)
        return -1;
    receiver_start(&w->receiver);
    w->url = xasprintf("http://127.0.0.1:%u/e", http_server_port(w->receiver.server));
    w->credentials = credentials_new_static(&keys);
    world_open(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    world_close(w);
    http_server_free(w->receiver.server);
    for (size_t i = 0; i < w->receiver.count; i++)
        free(w->receiver.bodies[i]);
    credentials_free(w->credentials);
    arena_release(&w->arena);
    test_dir_teardown(&w->dir);
    free(w->url);
    free(w);
    return 0;
}

static struct storage_object object(const char *key)
{
    return (struct storage_object){.bucket = TEXT("photos"), .key = text_of(key)};
}

static void create(struct world *w)
{
    struct error err = {0};
    assert_ok(storage_create_bucket(w->session, w->credentials, TEXT("photos"), &err), &err);
}

static struct text put(struct world *w, const char *key, struct text body)
{
    struct storage_metadata metadata = {TEXT("taken-by"), TEXT("somebody")};
    struct storage_put_options options = {
        .content_type = TEXT("image/jpeg"), .metadata = &metadata, .metadata_count = 1};
    struct storage_object target = object(key);
    struct text etag = {0};
    struct error err = {0};
    assert_ok(
        storage_put(w->session, w->credentials, &target, body, &options, &w->arena, &etag, &err),
        &err);
    return etag;
}

static void subscribe(struct world *w)
{
    struct text events[] = {TEXT("s3:ObjectCreated:*"), TEXT("s3:ObjectRemoved:*")};
    struct storage_notification row = {.id = TEXT("demo"),
                                       .target_arn = TEXT(ARN),
                                       .target = STORAGE_TARGET_QUEUE,
                                       .events = events,
                                       .event_count = 2,
                                       .prefix = TEXT("in/")};
    struct error err = {0};
    assert_ok(storage_put_notifications(w->session, w->credentials, TEXT("photos"), &row, 1, &err),
              &err);
}

static void check_get(struct world *w, const char *key, struct text body)
{
    AUTO_MEMFD struct memfd into = MEMFD_NONE;
    struct storage_get_options options = {.max_bytes = 1 << 20};
    struct storage_object target = object(key);
    struct storage_info info = {0};
    struct error err = {0};
    assert_ok(memfd_create_fixed("test", 1 << 20, &into, &err), &err);
    assert_ok(
        storage_get(w->session, w->credentials, &target, &options, &into, &w->arena, &info, &err),
        &err);
    assert_text_equal(((struct text){(const char *)into.map, into.len}), body);
    assert_text(info.content_type, "image/jpeg");
    assert_int_equal(info.metadata_count, 1);
    assert_text(info.metadata[0].value, "somebody");
}

static void test_store__gives_back_what_was_put(void **state)
{
    struct world *w = *state;
    create(w);
    assert_text(put(w, "in/wine & music+ñ.jpg", TEXT("0123456789")),
                "781e5e245d69b566979b86e28d23f2c7");
    check_get(w, "in/wine & music+ñ.jpg", TEXT("0123456789"));
}

static void test_store__keeps_everything_over_a_restart(void **state)
{
    struct world *w = *state;
    create(w);
    put(w, "in/a", TEXT("kept"));
    world_close(w);
    world_open(w);
    check_get(w, "in/a", TEXT("kept"));
}

static void test_store__creates_only_when_asked_to(void **state)
{
    struct world *w = *state;
    struct storage_put_options options = {.if_none_match = true};
    struct storage_object target = object("k");
    struct error err = {0};
    create(w);
    assert_ok(storage_put(w->session, w->credentials, &target, TEXT("1"), &options, &w->arena, NULL,
                          &err),
              &err);
    assert_fails(storage_put(w->session, w->credentials, &target, TEXT("2"), &options, &w->arena,
                             NULL, &err),
                 &err, ERROR_CONFLICT);
}

static void test_store__lists_in_order(void **state)
{
    struct world *w = *state;
    struct storage_list_page page = {0};
    struct error err = {0};
    create(w);
    put(w, "b", TEXT("1"));
    put(w, "a", TEXT("22"));
    put(w, "c", TEXT("333"));
    assert_ok(storage_list(w->session, w->credentials, TEXT("photos"), TEXT(""), TEXT(""), 2,
                           &w->arena, &page, &err),
              &err);
    assert_int_equal(page.count, 2);
    assert_text(page.objects[0].key, "a");
    assert_int_equal(page.objects[0].size, 2);
    assert_ok(storage_list(w->session, w->credentials, TEXT("photos"), TEXT(""), page.next_token, 2,
                           &w->arena, &page, &err),
              &err);
    assert_int_equal(page.count, 1);
    assert_text(page.objects[0].key, "c");
    assert_int_equal(page.next_token.len, 0);
}

static void test_store__refuses_other_keys(void **state)
{
    struct world *w = *state;
    struct credentials_static_options keys = {.access_key = "access", .secret_key = "wrong"};
    struct credentials *wrong = credentials_new_static(&keys);
    struct error err = {0};
    assert_fails(storage_create_bucket(w->session, wrong, TEXT("photos"), &err), &err,
                 ERROR_DENIED);
    assert_contains(err.message, "SignatureDoesNotMatch");
    credentials_free(wrong);
}

static void check_record(const char *body, const char *name, const char *key)
{
    AUTO_JSON struct json_object *tree = NULL;
    struct text value;
    struct error err = {0};
    assert_ok(json_parse(text_of(body), &tree, &err), &err);
    assert_ok(json_get_text(tree, "Records[0].eventName", &value, &err), &err);
    assert_text(value, name);
    assert_ok(json_get_text(tree, "Records[0].s3.object.key", &value, &err), &err);
    assert_text(value, key);
    assert_ok(json_get_text(tree, "Records[0].eventSource", &value, &err), &err);
    assert_text(value, "onput:s3");
}

static void test_notifications__arrive_in_order_although_some_are_refused(void **state)
{
    struct world *w = *state;
    struct storage_object gone = object("in/a b");
    struct error err = {0};
    create(w);
    subscribe(w);
    w->receiver.refusals = 2;
    put(w, "in/a b", TEXT("1"));
    put(w, "out/side", TEXT("2"));
    put(w, "in/ñ", TEXT("3"));
    assert_ok(storage_delete(w->session, w->credentials, &gone, &err), &err);
    check_record(receiver_wait(&w->receiver, 0), "ObjectCreated:Put", "in/a+b");
    check_record(receiver_wait(&w->receiver, 1), "ObjectCreated:Put", "in/%C3%B1");
    check_record(receiver_wait(&w->receiver, 2), "ObjectRemoved:Delete", "in/a+b");
}

static void test_notifications__follow_a_target_to_its_new_address(void **state)
{
    struct world *w = *state;
    struct devstore_target lost = {
        .arn = ARN, .url = "http://127.0.0.1:1/e", .bearer_token = "token"};
    struct devstore_target found = {.arn = ARN, .url = w->url, .bearer_token = "token"};
    create(w);
    subscribe(w);
    devstore_add_target(w->store, &lost);
    put(w, "in/a", TEXT("1"));
    assert_int_equal(devstore_undelivered(w->store), 1);
    devstore_add_target(w->store, &found);
    check_record(receiver_wait(&w->receiver, 0), "ObjectCreated:Put", "in/a");
}

static void test_notifications__need_a_target_that_exists(void **state)
{
    struct world *w = *state;
    struct text event = TEXT("s3:ObjectCreated:*");
    struct storage_notification row = {.id = TEXT("x"),
                                       .target_arn = TEXT("arn:nobody"),
                                       .target = STORAGE_TARGET_TOPIC,
                                       .events = &event,
                                       .event_count = 1};
    struct error err = {0};
    create(w);
    assert_int_equal(
        storage_put_notifications(w->session, w->credentials, TEXT("photos"), &row, 1, &err), -1);
    assert_int_equal(err.http_status, 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_store__gives_back_what_was_put, setup, teardown),
        cmocka_unit_test_setup_teardown(test_store__keeps_everything_over_a_restart, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_store__creates_only_when_asked_to, setup, teardown),
        cmocka_unit_test_setup_teardown(test_store__lists_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_store__refuses_other_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_notifications__arrive_in_order_although_some_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_notifications__follow_a_target_to_its_new_address,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_notifications__need_a_target_that_exists, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
