/*
 * The deployment thread while it is kept waiting by a store that never answers.
 */
#include "lambda_fixture.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "support/scripted_server.h"

/* As many calls as may wait, and some more. */
enum { WAITING_MAX = 64, CLIENTS = WAITING_MAX + 6 };

struct rig {
    struct lambda_fixture fixture; /* first */
    struct scripted_server *store;
};

struct client {
    struct lambda_fixture fixture; /* a copy with a connection of its own */
    pthread_t thread;
    atomic_int *answered;
    int status;
    char error_type[64];
};

static const struct scripted_reply silence[] = {{.ending = SCRIPTED_HANG}};

static int setup(void **state)
{
    struct rig *r = xcalloc(1, sizeof(*r));
    void *dir;
    if (test_dir_setup(&dir) != 0)
        return -1;
    r->store = scripted_server_start(silence, ARRAY_LEN(silence));
    AUTO_FREE char *yaml =
        xasprintf("lambda: {region: us-east-1, account: '123456789012'}\n"
                  "stores:\n"
                  "  minio: {endpoint: '%s', access_key: key, secret_key: secret-of-store,"
                  " webhook_auth: none, account: '123456789012'}\n"
                  "users:\n"
                  "  root: {access_key: AKIAROOT, secret_key: secret-of-root, root: true}\n",
                  scripted_server_url(r->store));
    lambda_fixture_open(&r->fixture, dir, yaml);
    r->fixture.dir = dir;
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;
    void *dir = r->fixture.dir;
    lambda_fixture_close(&r->fixture);
    scripted_server_stop(r->store);
    free(r);
    return test_dir_teardown(&dir);
}

/* No helper of cmocka here: they belong to the test's own thread. */
static void *create(void *arg)
{
    struct client *c = arg;
    struct api_answer answer;
    api_call(&c->fixture, "POST", FUNCTIONS,
             "{\"FunctionName\":\"f\",\"Runtime\":\"provided.al2023\",\"Handler\":\"h\","
             "\"Role\":\"" FIXTURE_ROLE "\",\"Code\":{\"S3Bucket\":\"code\",\"S3Key\":\"f.zip\"}}",
             &answer);
    c->status = answer.status;
    snprintf(c->error_type, sizeof(c->error_type), "%.*s", TEXT_ARGS(answer.error_type));
    api_answer_release(&answer);
    atomic_fetch_add(c->answered, 1);
    return NULL;
}

static void client_start(struct client *c, struct rig *r, atomic_int *answered)
{
    struct http_client_options options = {.user_agent = "test"};
    struct error err = {0};
    c->fixture = r->fixture;
    c->answered = answered;
    assert_ok(http_client_new(&options, &c->fixture.client, &err), &err);
    assert_int_equal(pthread_create(&c->thread, NULL, create, c), 0);
}

static void client_join(struct client *c)
{
    pthread_join(c->thread, NULL);
    http_client_free(c->fixture.client);
}

static void await(struct rig *r, atomic_int *answered, size_t fetches, int answers)
{
    while (scripted_server_request_count(r->store) < fetches || atomic_load(answered) < answers)
        sched_yield();
}

static void test_lambda_close__answers_what_is_on_its_way(void **state)
{
    struct rig *r = *state;
    struct client client = {0};
    atomic_int answered = 0;
    client_start(&client, r, &answered);
    await(r, &answered, 1, 0);
    lambda_close(&r->fixture.api);
    assert_null(r->fixture.api.deployer);
    client_join(&client);
    assert_int_equal(client.status, 500);
    assert_string_equal(client.error_type, "ServiceException");
}

static void test_deployer__takes_no_more_than_it_can_keep(void **state)
{
    struct rig *r = *state;
    struct client *clients = xcalloc(CLIENTS, sizeof(*clients));
    atomic_int answered = 0;
    int refused = 0;
    client_start(&clients[0], r, &answered);
    await(r, &answered, 1, 0);
    for (int i = 1; i < CLIENTS; i++)
        client_start(&clients[i], r, &answered);
    await(r, &answered, 1, CLIENTS - WAITING_MAX);
    assert_int_equal(atomic_load(&answered), CLIENTS - WAITING_MAX);
    lambda_close(&r->fixture.api);
    for (int i = 0; i < CLIENTS; i++) {
        client_join(&clients[i]);
        if (clients[i].status == 429) {
            assert_string_equal(clients[i].error_type, "TooManyRequestsException");
            refused++;
        } else {
            assert_int_equal(clients[i].status, 500);
        }
    }
    assert_int_equal(refused, CLIENTS - WAITING_MAX);
    free(clients);
}

/* What is not about code goes past it. */
static void test_deployer__holds_up_nothing_else(void **state)
{
    struct rig *r = *state;
    struct client client = {0};
    atomic_int answered = 0;
    client_start(&client, r, &answered);
    await(r, &answered, 1, 0);
    api_expect_status(&r->fixture, "GET", FUNCTIONS, NULL, 200);
    api_expect_status(&r->fixture, "PUT", FUNCTIONS "/none/configuration", "{'Description':'x'}",
                      404);
    api_expect_status(&r->fixture, "DELETE", FUNCTIONS "/none", NULL, 404);
    assert_int_equal(atomic_load(&answered), 0);
    lambda_close(&r->fixture.api);
    client_join(&client);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_lambda_close__answers_what_is_on_its_way),
        TEST(test_deployer__takes_no_more_than_it_can_keep),
        TEST(test_deployer__holds_up_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
