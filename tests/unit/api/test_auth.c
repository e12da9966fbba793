/*
 * Who may send notifications, and whose they are.
 */
#include "gate.h"

#define TOKEN "webhook-token-1"
#define FUNCTIONS                                                                                  \
    "functions:\n"                                                                                 \
    "  thumbs: {builtin: thumbnail, renditions: [{name: s, width: 9}], output: {bucket: o}}\n"

static void asked(void **state, const char *stores, const char *const (*rows)[3], size_t count)
{
    struct gate d;
    AUTO_FREE char *yaml = xasprintf("stores:\n%s%s", stores, FUNCTIONS);
    gate_open(&d, *state, yaml);
    for (size_t i = 0; i < count; i++) {
        AUTO_FREE char *got = xasprintf("%d", gate_post(&d, rows[i][0], rows[i][1]));
        if (strcmp(got, rows[i][2]) != 0)
            fail_msg("POST %s, Authorization: %s: %s instead of %s", rows[i][0],
                     rows[i][1] != NULL ? rows[i][1] : "(none)", got, rows[i][2]);
    }
    gate_close(&d);
}

#define STORE(name, auth) "  " name ": {endpoint: 'http://127.0.0.1:9', " auth "}\n"

static void test_token__is_taken_in_every_form_that_stores_send(void **state)
{
    static const char *const rows[][3] = {
        {"/events/minio", "Bearer " TOKEN, "200"},
        {"/events/minio", TOKEN, "200"},
        {"/events/minio", "Token " TOKEN, "200"},
        {"/events/minio", "bearer  " TOKEN, "200"},
        {"/events", "Bearer " TOKEN, "200"},
        {"/events/", "Bearer " TOKEN, "200"},
        {"/events/minio/", "Bearer " TOKEN, "200"},
        {"/events/minio", "Bearer webhook-token-2", "403"},
        {"/events/minio", "Bearer " TOKEN "x", "403"},
        {"/events/minio", "Bearer webhook-token-", "403"},
        {"/events/minio", "Bearer", "403"},
        {"/events/minio", "Bearer x " TOKEN, "403"},
        {"/events/minio", NULL, "401"},
        {"/events", NULL, "401"},
        {"/events", "Bearer wrong-wrong", "403"},
        {"/events/mini", "Bearer " TOKEN, "404"},
    };
    asked(state, STORE("minio", "webhook_token: " TOKEN), rows, ARRAY_LEN(rows));
}

static void test_token__may_be_one_of_several(void **state)
{
    static const char *const rows[][3] = {
        {"/events/minio", "Bearer token-number-1", "200"},
        {"/events/minio", "token-number-2", "200"},
        {"/events/minio", "Bearer token-number-3", "403"},
    };
    asked(state, STORE("minio", "webhook_token: [token-number-1, token-number-2]"), rows,
          ARRAY_LEN(rows));
}

static void test_secret__stands_in_the_url(void **state)
{
    static const char *const rows[][3] = {
        {"/events/rgw/secret-in-url", NULL, "200"},
        {"/events/rgw/secret-in-url/thumbs", NULL, "200"},
        {"/events/rgw/secret-in-url", "Bearer anything-at-all", "200"},
        {"/events/rgw/secret-in-ur", NULL, "403"},
        {"/events/rgw/secret-in-url2", NULL, "403"},
        {"/events/rgw", NULL, "401"},
        {"/events/rgw/", NULL, "401"},
        {"/events/rgw", "Bearer secret-in-url", "401"},
        {"/events/rgw/thumbs", NULL, "403"},
        {"/events/rgw/secret-in-url/nobody", NULL, "404"},
    };
    asked(state, STORE("rgw", "webhook_secret: secret-in-url"), rows, ARRAY_LEN(rows));
}

static void test_none__lets_everybody_in(void **state)
{
    static const char *const rows[][3] = {
        {"/events/lab", NULL, "200"},
        {"/events", NULL, "200"},
        {"/events/lab", "Bearer anything", "200"},
        {"/events/lab/thumbs", NULL, "200"},
        {"/events/lab/nobody", NULL, "404"},
    };
    asked(state, STORE("lab", "webhook_auth: none"), rows, ARRAY_LEN(rows));
}

static void test_several_stores__are_told_apart_by_path_or_token(void **state)
{
    static const char *const rows[][3] = {
        {"/events", "Bearer token-of-one", "200"},
        {"/events", "token-of-two", "200"},
        {"/events", "Bearer token-of-nobody", "403"},
        {"/events", NULL, "401"},
        {"/events/one", "Bearer token-of-two", "403"},
        {"/events/two", "Bearer token-of-two", "200"},
        {"/events/lab", NULL, "200"},
        {"/events/four", "Bearer token-of-one", "404"},
    };
    asked(state,
          STORE("one", "webhook_token: token-of-one") STORE("two", "webhook_token: token-of-two")
              STORE("lab", "webhook_auth: none"),
          rows, ARRAY_LEN(rows));
}

static void test_function__may_stand_behind_the_store(void **state)
{
    static const char *const rows[][3] = {
        {"/events/minio/thumbs", "Bearer " TOKEN, "200"},
        {"/events/minio/nobody", "Bearer " TOKEN, "404"},
        {"/events/minio/thumbs/more", "Bearer " TOKEN, "404"},
        {"/events/minio/nobody", NULL, "401"},
        {"/events/minio/thumbs", "Bearer wrong-wrong", "403"},
    };
    asked(state, STORE("minio", "webhook_token: " TOKEN), rows, ARRAY_LEN(rows));
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_token__is_taken_in_every_form_that_stores_send),
        WITH_DIR(test_token__may_be_one_of_several),
        WITH_DIR(test_secret__stands_in_the_url),
        WITH_DIR(test_none__lets_everybody_in),
        WITH_DIR(test_several_stores__are_told_apart_by_path_or_token),
        WITH_DIR(test_function__may_stand_behind_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
