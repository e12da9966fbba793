/*
 * lambda_fixture.h - the Lambda API over HTTP with a registry in the test's own folder, and a
 * client that signs its calls.
 *
 *   struct lambda_fixture f;
 *   lambda_fixture_open(&f, *state, NULL);
 *   AUTO_JSON struct json_object *got = api_expect(&f, "GET", FUNCTIONS "/f", NULL, 200);
 *   assert_member(got, "Configuration.State", "Active");
 *   lambda_fixture_close(&f);
 *
 * In bodies and expected answers of api_expect...(), api_make...() and assert_member() a ' stands
 * for a ", and a ` for a '.
 */
#ifndef ONPUT_TESTS_LAMBDA_FIXTURE_H
#define ONPUT_TESTS_LAMBDA_FIXTURE_H

#include "support/test.h"

#include "onput/http_client.h"
#include "onput/json.h"
#include "onput/lambda.h"

/* A configuration with one user, the account's root; more users may follow it, then other
 * sections. */
#define FIXTURE_YAML                                                                               \
    "lambda: {region: us-east-1, account: '123456789012'}\n"                                       \
    "stores:\n"                                                                                    \
    "  minio: {endpoint: 'http://127.0.0.1:9', access_key: key, secret_key: secret-of-store,"      \
    " webhook_auth: none, account: '123456789012'}\n"                                              \
    "users:\n"                                                                                     \
    "  root: {access_key: AKIAROOT, secret_key: secret-of-root, root: true}\n"
#define FIXTURE_ARN  "arn:aws:lambda:us-east-1:123456789012:function:" /* and the name */
#define FIXTURE_ROLE "arn:aws:iam::123456789012:role/onput-implied"
#define FUNCTIONS    "/2015-03-31/functions"

struct lambda_fixture {
    struct lambda_api api; /* intake and invoker are NULL until the test sets them */
    struct fake_clock clock;
    struct http_route *routes;
    struct http_server *server;
    struct http_client *client;
    const char *access_key; /* who calls: root; NULL: nobody signs */
    const char *secret_key;
    void *dir; /* of lambda_fixture_setup() */
};

/* Setup and teardown of cmocka: *state is a fixture with FIXTURE_YAML in a folder of its own. */
int lambda_fixture_setup(void **state);
int lambda_fixture_teardown(void **state);

/* `yaml` is the whole configuration; NULL: FIXTURE_YAML. The same folder again: as after a restart.
 */
void lambda_fixture_open(struct lambda_fixture *f, const char *dir, const char *yaml);
void lambda_fixture_close(struct lambda_fixture *f);
/* The next calls are those of the user with these keys. */
void api_call_as(struct lambda_fixture *f, const char *access_key, const char *secret_key);

struct api_answer {
    int status;
    struct text body;
    struct text error_type;  /* x-amzn-ErrorType */
    struct http_reply reply; /* every header */
};

/* `target` is path and query as they stand on the wire; `body` may be NULL. */
void api_call(struct lambda_fixture *f, const char *method, const char *target, const char *body,
              struct api_answer *out);
/* The same with more headers, which are signed, and any bytes. */
void api_call_with(struct lambda_fixture *f, const char *method, const char *target,
                   struct text body, const struct http_header *headers, size_t header_count,
                   struct api_answer *out);
void api_answer_release(struct api_answer *answer);

/* The answer must have that status; its JSON, or NULL when there is no body. The caller releases
 * it. */
struct json_object *api_expect(struct lambda_fixture *f, const char *method, const char *target,
                               const char *body, int status);
/* The same, and nothing of the answer is wanted. */
void api_expect_status(struct lambda_fixture *f, const char *method, const char *target,
                       const char *body, int status);
/* An error with that type in its header and exactly that body. */
void api_expect_error(struct lambda_fixture *f, const char *method, const char *target,
                      const char *body, int status, const char *type, const char *expected);

/* A built-in function with that name and handler; `more` are more members, beginning with ",", or
 * NULL. */
void api_make_function(struct lambda_fixture *f, const char *name, const char *handler,
                       const char *more);

/* The value at the path, as a string or as compact JSON, must be that. */
#define assert_member(json, path, expected)                                                        \
    test_check_member((json), (path), (expected), __FILE__, __LINE__)
/* Names of an object's members, in order, with "," between them. */
#define assert_members(json, names) test_check_members((json), (names), __FILE__, __LINE__)

void test_check_member(struct json_object *json, const char *path, const char *expected,
                       const char *file, int line);
void test_check_members(struct json_object *json, const char *names, const char *file, int line);

#endif
