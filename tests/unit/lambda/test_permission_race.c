/*
 * test_permission_race.c - 64 clients change one function's policy at the same time over HTTP: no
 * statement is lost, none comes twice, and whoever reads sees a whole policy.
 */
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>

#include "api_steps.h"

enum { CLIENTS = 64, ROUNDS = 3, CAREFUL_CLIENTS = 12, CAREFUL_ROUNDS = 3 };

#define POLICY FUNCTIONS "/f/policy"

struct client {
    struct lambda_fixture fixture; /* a copy with a connection of its own */
    pthread_t thread;
    pthread_barrier_t *barrier;
    size_t number;
    size_t won_adds, won_removes; /* of statements that everybody wanted */
    size_t surprises;
    char surprise[256]; /* the first one */
};

/* Helpers of cmocka belong to the test's own thread: what is wrong is noted for it. */
static void note(struct client *c, const char *method, const char *what, int status)
{
    if (c->surprises++ == 0)
        snprintf(c->surprise, sizeof(c->surprise), "client %zu: %s %s: %d", c->number, method, what,
                 status);
}

static int ask(struct client *c, const char *method, const char *target, const char *body,
               struct json_object **out)
{
    struct api_answer answer;
    struct error err = {0};
    api_call(&c->fixture, method, target, body, &answer);
    if (out != NULL && (answer.status != 200 || json_parse(answer.body, out, &err) < 0))
        *out = NULL;
    int status = answer.status;
    api_answer_release(&answer);
    return status;
}

static int add(struct client *c, const char *sid, const char *revision)
{
    AUTO_FREE char *guard =
        revision != NULL ? xasprintf(",\"RevisionId\":\"%s\"", revision) : xstrdup("");
    AUTO_FREE char *body = xasprintf("{\"StatementId\":\"%s\",\"Action\":\"lambda:InvokeFunction\","
                                     "\"Principal\":\"*\"%s}",
                                     sid, guard);
    return ask(c, "POST", POLICY, body, NULL);
}

static int take_away(struct client *c, const char *sid)
{
    AUTO_FREE char *target = xasprintf(POLICY "/%s", sid);
    return ask(c, "DELETE", target, NULL, NULL);
}

static size_t count_sid(struct json_object *document, const char *sid)
{
    struct json_object *statements = json_at(document, "Statement");
    size_t found = 0;
    for (size_t i = 0; i < json_object_array_length(statements); i++) {
        struct json_object *own = json_at(json_object_array_get_idx(statements, i), "Sid");
        found += text_is(json_text(own), sid);
    }
    return found;
}

/* The policy is whole, and `sid` stands in it once. */
static bool sees(struct client *c, const char *sid)
{
    AUTO_JSON struct json_object *got = NULL, *document = NULL;
    struct policy *policy = NULL;
    struct error err = {0};
    if (ask(c, "GET", POLICY, NULL, &got) != 200 || got == NULL)
        return false;
    struct text text = json_text(json_at(got, "Policy"));
    if (policy_parse(text, POLICY_RESOURCE, &policy, &err) < 0 ||
        json_parse(text, &document, &err) < 0)
        return false;
    policy_free(policy);
    return count_sid(document, sid) == 1;
}

static void expect(struct client *c, const char *method, const char *sid, int status, int wanted)
{
    if (status != wanted)
        note(c, method, sid, status);
}

/* Everybody's own statement: the one of the last round stays. */
static void change_own(struct client *c, size_t round)
{
    char now[32], before[32];
    snprintf(now, sizeof(now), "c%02zu-%zu", c->number, round);
    snprintf(before, sizeof(before), "c%02zu-%zu", c->number, round - 1);
    expect(c, "POST", now, add(c, now, NULL), 201);
    if (!sees(c, now))
        note(c, "GET", now, 0);
    if (round > 0)
        expect(c, "DELETE", before, take_away(c, before), 204);
}

/* One statement that all want to add, then all want to remove: one client each may. */
static void change_common(struct client *c, size_t round)
{
    char sid[32];
    snprintf(sid, sizeof(sid), "common-%zu", round);
    pthread_barrier_wait(c->barrier);
    int status = add(c, sid, NULL);
    c->won_adds += status == 201;
    if (status != 201)
        expect(c, "POST", sid, status, 409);
    pthread_barrier_wait(c->barrier);
    status = take_away(c, sid);
    c->won_removes += status == 204;
    if (status != 204)
        expect(c, "DELETE", sid, status, 404);
}

static void *run_client(void *arg)
{
    struct client *c = arg;
    for (size_t round = 0; round < ROUNDS; round++) {
        change_own(c, round);
        change_common(c, round);
    }
    return NULL;
}

static void start(struct lambda_fixture *f, struct client *clients, size_t count,
                  pthread_barrier_t *barrier, void *(*run)(void *))
{
    struct http_client_options options = {.user_agent = "test"};
    struct error err = {0};
    assert_int_equal(pthread_barrier_init(barrier, NULL, (unsigned)count), 0);
    for (size_t i = 0; i < count; i++) {
        struct client *c = &clients[i];
        c->fixture.server = f->server;
        c->fixture.access_key = f->access_key;
        c->fixture.secret_key = f->secret_key;
        c->fixture.clock.wall = f->clock.wall;
        c->barrier = barrier;
        c->number = i;
        assert_ok(http_client_new(&options, &c->fixture.client, &err), &err);
    }
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_create(&clients[i].thread, NULL, run, &clients[i]), 0);
}

static void finish(struct client *clients, size_t count, pthread_barrier_t *barrier)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_join(clients[i].thread, NULL), 0);
    for (size_t i = 0; i < count; i++) {
        http_client_free(clients[i].fixture.client);
        if (clients[i].surprises > 0)
            fail_msg("%zu surprises, first: %s", clients[i].surprises, clients[i].surprise);
    }
    pthread_barrier_destroy(barrier);
}

static struct json_object *current_document(struct lambda_fixture *f)
{
    struct json_object *document = NULL;
    struct error err = {0};
    AUTO_FREE char *policy = api_member(f, POLICY, "Policy");
    assert_ok(json_parse(text_of(policy), &document, &err), &err);
    return document;
}

static void check_left(struct lambda_fixture *f, const char *round, size_t clients, size_t each)
{
    AUTO_JSON struct json_object *document = current_document(f);
    assert_int_equal(json_object_array_length(json_at(document, "Statement")), clients * each);
    for (size_t i = 0; i < clients; i++) {
        char sid[32];
        snprintf(sid, sizeof(sid), "c%02zu-%s", i, round);
        assert_int_equal(count_sid(document, sid), 1);
    }
}

static void test_permissions__of_64_clients_are_all_kept(void **state)
{
    struct lambda_fixture *f = *state;
    struct client *clients = xcalloc(CLIENTS, sizeof(*clients));
    pthread_barrier_t barrier;
    size_t adds = 0, removes = 0;
    start(f, clients, CLIENTS, &barrier, run_client);
    finish(clients, CLIENTS, &barrier);
    for (size_t i = 0; i < CLIENTS; i++) {
        adds += clients[i].won_adds;
        removes += clients[i].won_removes;
    }
    assert_int_equal(adds, ROUNDS);
    assert_int_equal(removes, ROUNDS);
    check_left(f, "2", CLIENTS, 1);
    api_restart(f, STEPS_YAML);
    check_left(f, "2", CLIENTS, 1);
    free(clients);
}

static char *revision_of(struct client *c)
{
    AUTO_JSON struct json_object *got = NULL;
    if (ask(c, "GET", POLICY, NULL, &got) != 200 || got == NULL)
        return NULL;
    return xstrdup(json_object_get_string(json_at(got, "RevisionId")));
}

/* Reads the revision, adds under it, and starts again when another client was faster. */
static void *run_careful_client(void *arg)
{
    struct client *c = arg;
    for (size_t round = 0; round < CAREFUL_ROUNDS; round++) {
        char sid[32];
        int status = 412;
        snprintf(sid, sizeof(sid), "c%02zu-%zu", c->number, round);
        while (status == 412) {
            AUTO_FREE char *revision = revision_of(c);
            status = add(c, sid, revision);
            c->won_adds += status == 201;
        }
        expect(c, "POST", sid, status, 201);
    }
    return NULL;
}

static void test_permissions__under_a_revision_are_added_one_by_one(void **state)
{
    struct lambda_fixture *f = *state;
    struct client *clients = xcalloc(CAREFUL_CLIENTS, sizeof(*clients));
    pthread_barrier_t barrier;
    struct client first = {.fixture = *f};
    assert_int_equal(add(&first, "first", NULL), 201);
    start(f, clients, CAREFUL_CLIENTS, &barrier, run_careful_client);
    finish(clients, CAREFUL_CLIENTS, &barrier);
    assert_int_equal(take_away(&first, "first"), 204);
    check_left(f, "0", CAREFUL_CLIENTS, CAREFUL_ROUNDS);
    check_left(f, "2", CAREFUL_CLIENTS, CAREFUL_ROUNDS);
    free(clients);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_steps_setup, api_steps_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_permissions__of_64_clients_are_all_kept),
        TEST(test_permissions__under_a_revision_are_added_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
