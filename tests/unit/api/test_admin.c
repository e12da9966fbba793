/*
 * What an operator sees of the queue, and what he may do to it.
 */
#include "gate.h"

#include <semaphore.h>

static void knock(struct gate *d, const char *method, const char *path, struct answer *a)
{
    gate_call(d, true, method, path, NULL, NULL, a);
}

/* Two events without a permission, so both are held, with ids 1 and 2. */
static void open_with_held(struct gate *d, const char *dir)
{
    struct answer a;
    gate_open_parts(d, dir, &(struct catalog_parts){0});
    for (int i = 1; i <= 2; i++) {
        AUTO_FREE char *key = xasprintf("k%d", i);
        AUTO_FREE char *body = notification_of("ObjectCreated:Put", "photos", key);
        gate_call(d, false, "POST", "/events/minio/thumbs", NULL, body, &a);
        assert_contains(a.body, "held");
    }
}

static void test_admin__wants_its_token(void **state)
{
    static const char *const paths[] = {"/metrics", "/admin/queue", "/admin/invocations",
                                        "/admin/invocations/1"};
    struct gate d;
    struct answer a;
    gate_open_parts(&d, *state, &(struct catalog_parts){.more = "admin: {token: admin-token-1}\n"});
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        knock(&d, "GET", paths[i], &a);
        assert_int_equal(a.status, 401);
        gate_call(&d, true, "GET", paths[i], "Bearer admin-token-2", NULL, &a);
        assert_int_equal(a.status, 401);
        gate_call(&d, true, "GET", paths[i], "Bearer admin-token-1", NULL, &a);
        assert_int_equal(a.status, i == 3 ? 404 : 200);
    }
    knock(&d, "POST", "/admin/invocations/1/redrive", &a);
    assert_int_equal(a.status, 401);
    knock(&d, "POST", "/admin/invocations/redrive", &a);
    assert_int_equal(a.status, 401);
    knock(&d, "GET", "/readyz", &a);
    assert_int_equal(a.status, 200);
    gate_close(&d);
}

static void test_admin__counts_the_queue(void **state)
{
    struct gate d;
    struct answer a;
    open_with_held(&d, *state);
    knock(&d, "GET", "/admin/queue", &a);
    assert_int_equal(a.status, 200);
    assert_string_equal(
        a.body, "{\"pending\":0,\"running\":0,\"held\":2,\"dead\":0,\"oldest_pending_ms\":0}");
    gate_close(&d);
}

static void test_admin__lists_by_state_in_pages(void **state)
{
    struct gate d;
    struct answer a;
    open_with_held(&d, *state);
    knock(&d, "GET", "/admin/invocations?state=held", &a);
    assert_contains(a.body, "{\"invocations\":[{\"id\":1,\"request_id\":\"");
    assert_contains(a.body, "\"state\":\"held\",\"function\":\"thumbs\",\"store\":\"minio\","
                            "\"bucket\":\"photos\",\"key\":\"k1\",\"attempts\":0,\"accepted\":\"");
    assert_contains(a.body, "\"key\":\"k2\"");
    assert_null(strstr(a.body, "payload"));
    knock(&d, "GET", "/admin/invocations?state=held&limit=1", &a);
    assert_null(strstr(a.body, "\"key\":\"k2\""));
    knock(&d, "GET", "/admin/invocations?state=held&limit=1&after=1", &a);
    assert_null(strstr(a.body, "\"key\":\"k1\""));
    assert_contains(a.body, "\"key\":\"k2\"");
    knock(&d, "GET", "/admin/invocations", &a);
    assert_string_equal(a.body, "{\"invocations\":[]}");
    gate_close(&d);
}

static void test_admin__refuses_bad_questions(void **state)
{
    static const char *const queries[] = {"state=running", "state=",   "after=-1", "after=x",
                                          "limit=1001",    "limit=9x", "limit="};
    struct gate d;
    struct answer a;
    gate_open_parts(&d, *state, &(struct catalog_parts){0});
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        AUTO_FREE char *path = xasprintf("/admin/invocations?%s", queries[i]);
        knock(&d, "GET", path, &a);
        assert_int_equal(a.status, 400);
    }
    knock(&d, "GET", "/admin/invocations/x", &a);
    assert_int_equal(a.status, 400);
    knock(&d, "POST", "/admin/invocations/redrive?state=pending", &a);
    assert_int_equal(a.status, 400);
    gate_close(&d);
}

static void test_admin__shows_one_with_its_payload(void **state)
{
    struct gate d;
    struct answer a;
    open_with_held(&d, *state);
    knock(&d, "GET", "/admin/invocations/2", &a);
    assert_int_equal(a.status, 200);
    assert_contains(a.body, "{\"id\":2,");
    assert_contains(a.body, "\"payload\":\"{");
    knock(&d, "GET", "/admin/invocations/3", &a);
    assert_int_equal(a.status, 404);
    gate_close(&d);
}

static void test_admin__redrives_one_all_and_those_of_a_function(void **state)
{
    struct gate d;
    struct answer a;
    open_with_held(&d, *state);
    knock(&d, "POST", "/admin/invocations/1/redrive", &a);
    assert_string_equal(a.body, "{\"redriven\":1}");
    knock(&d, "POST", "/admin/invocations/1/redrive", &a);
    assert_int_equal(a.status, 404);
    knock(&d, "POST", "/admin/invocations/redrive", &a);
    assert_string_equal(a.body, "{\"redriven\":0}");
    knock(&d, "POST", "/admin/invocations/redrive?state=held&function=other", &a);
    assert_string_equal(a.body, "{\"redriven\":0}");
    knock(&d, "POST", "/admin/invocations/redrive?state=held&function=thumbs", &a);
    assert_string_equal(a.body, "{\"redriven\":1}");
    knock(&d, "GET", "/admin/queue", &a);
    assert_contains(a.body, "{\"pending\":2,\"running\":0,\"held\":0,");
    gate_close(&d);
}

static void on_invoked(void *ctx, const char *request_id, const struct error *err)
{
    assert_true(request_id != NULL && err == NULL);
    sem_post(ctx);
}

/* A direct invocation that failed for good. */
static void invoke_and_bury(struct gate *d, const char *reference, int64_t id)
{
    AUTO_ARENA struct arena arena;
    struct invocation row;
    struct error err = {0};
    sem_t committed;
    arena_init(&arena);
    sem_init(&committed, 0, 0);
    assert_ok(intake_invoke(d->api.intake, text_of(reference), TEXT("{\"n\":1}"), on_invoked,
                            &committed, &err),
              &err);
    sem_wait(&committed);
    sem_destroy(&committed);
    assert_ok(queue_claim(d->api.queue, id, &arena, &row, &err), &err);
    assert_ok(queue_finish(d->api.queue, id, QUEUE_FINISH_DEAD, 0, TEXT("broken"), &err), &err);
}

static void test_admin__shows_and_redrives_direct_invocations(void **state)
{
    struct gate d;
    struct answer a;
    gate_open_parts(&d, *state, &(struct catalog_parts){0});
    invoke_and_bury(&d, "thumbs", 1);
    invoke_and_bury(&d, "thumbs:live", 2);
    invoke_and_bury(&d, "thumbs2", 3);
    knock(&d, "GET", "/admin/invocations/2", &a);
    assert_contains(a.body, "\"function\":\"thumbs:live\",\"store\":\"\",\"bucket\":\"\","
                            "\"key\":\"\",\"attempts\":1,");
    assert_contains(a.body, "\"payload\":\"{\\\"n\\\":1}\"");
    knock(&d, "POST", "/admin/invocations/redrive?function=thumbs%3Alive", &a);
    assert_string_equal(a.body, "{\"redriven\":1}");
    invoke_and_bury(&d, "thumbs:live", 4);
    knock(&d, "POST", "/admin/invocations/redrive?function=thumbs", &a); /* and its versions */
    assert_string_equal(a.body, "{\"redriven\":2}");
    gate_close(&d);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_admin__wants_its_token),
        WITH_DIR(test_admin__counts_the_queue),
        WITH_DIR(test_admin__lists_by_state_in_pages),
        WITH_DIR(test_admin__refuses_bad_questions),
        WITH_DIR(test_admin__shows_one_with_its_payload),
        WITH_DIR(test_admin__redrives_one_all_and_those_of_a_function),
        WITH_DIR(test_admin__shows_and_redrives_direct_invocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
