#include "package_steps.h"

/* What GetFunction says, from the path on; the caller frees it. */
static char *location(struct lambda_fixture *f, const char *target)
{
    AUTO_JSON struct json_object *got = api_expect(f, "GET", target, NULL, 200);
    assert_member(got, "Code.RepositoryType", "S3");
    const char *url = json_object_get_string(json_at(got, "Code.Location"));
    assert_non_null(url);
    AUTO_FREE char *start = xasprintf("http://127.0.0.1:%u/packages/", http_server_port(f->server));
    assert_int_equal(strncmp(url, start, strlen(start)), 0);
    return xstrdup(strstr(url, "/packages/"));
}

static int visit(struct lambda_fixture *f, const char *method, const char *target,
                 struct api_answer *out)
{
    const char *key = f->access_key;
    f->access_key = NULL;
    api_call(f, method, target, NULL, out);
    f->access_key = key;
    return out->status;
}

static void expect_status(struct lambda_fixture *f, const char *target, int status)
{
    struct api_answer answer;
    if (visit(f, "GET", target, &answer) != status)
        fail_msg("%s: %d instead of %d", target, answer.status, status);
    api_answer_release(&answer);
}

static void test_location__gives_the_package(void **state)
{
    struct lambda_fixture *f = *state;
    struct api_answer answer;
    uint8_t expected[SHA256_BYTES], got[SHA256_BYTES];
    package_create(f, "f", FUNCTION_PACKAGE);
    AUTO_FREE char *target = location(f, FUNCTIONS "/f");
    assert_int_equal(visit(f, "GET", target, &answer), 200);
    package_hash(FUNCTION_PACKAGE, expected);
    sha256(answer.body.ptr, answer.body.len, got);
    assert_memory_equal(got, expected, SHA256_BYTES);
    assert_text(http_reply_header(&answer.reply, "Content-Type"), "application/zip");
    api_answer_release(&answer);
}

static void test_location__is_that_of_the_version(void **state)
{
    struct lambda_fixture *f = *state;
    package_create(f, "f", FUNCTION_PACKAGE);
    api_expect_status(f, "POST", FUNCTIONS "/f/versions", "{}", 201);
    json_object_put(package_update(f, "f", OTHER_PACKAGE, ""));
    AUTO_FREE char *latest = location(f, FUNCTIONS "/f");
    AUTO_FREE char *one = location(f, FUNCTIONS "/f?Qualifier=1");
    assert_string_not_equal(latest, one);
    expect_status(f, latest, 200);
    expect_status(f, one, 200);
}

static void test_location__holds_for_ten_minutes(void **state)
{
    struct lambda_fixture *f = *state;
    package_create(f, "f", FUNCTION_PACKAGE);
    AUTO_FREE char *target = location(f, FUNCTIONS "/f");
    f->clock.wall += 599 * 1000;
    expect_status(f, target, 200);
    f->clock.wall += 1000;
    expect_status(f, target, 403);
}

static void test_location__cannot_be_made_up(void **state)
{
    struct lambda_fixture *f = *state;
    package_create(f, "f", FUNCTION_PACKAGE);
    AUTO_FREE char *target = location(f, FUNCTIONS "/f");
    AUTO_FREE char *other_hash = xstrdup(target);
    AUTO_FREE char *later = xstrdup(target);
    AUTO_FREE char *forged = xstrdup(target);
    AUTO_FREE char *bare = xstrdup(target);
    char *hex = strstr(other_hash, "/packages/") + strlen("/packages/");
    char *expires = strstr(later, "Expires=") + strlen("Expires=");
    hex[0] = hex[0] == '0' ? '1' : '0';
    expires[0]++;
    forged[strlen(forged) - 1] ^= 1;
    *strchr(bare, '?') = '\0';
    expect_status(f, other_hash, 403);
    expect_status(f, later, 403);
    expect_status(f, forged, 403);
    expect_status(f, bare, 403);
    expect_status(f, "/packages/x?Expires=&Signature=", 403);
    expect_status(f, target, 200);
}

static void test_location__is_of_one_process(void **state)
{
    struct lambda_fixture *f = *state;
    void *dir = f->dir;
    package_create(f, "f", FUNCTION_PACKAGE);
    AUTO_FREE char *target = location(f, FUNCTIONS "/f");
    lambda_fixture_close(f);
    lambda_fixture_open(f, dir, NULL);
    f->dir = dir;
    expect_status(f, target, 403);
}

static bool none(void *ctx, const uint8_t sha256[SHA256_BYTES])
{
    (void)ctx;
    (void)sha256;
    return false;
}

static void test_location__says_when_the_package_is_gone(void **state)
{
    struct lambda_fixture *f = *state;
    package_create(f, "f", FUNCTION_PACKAGE);
    AUTO_FREE char *target = location(f, FUNCTIONS "/f");
    package_store_sweep(f->api.packages, none, NULL);
    expect_status(f, target, 404);
}

static void test_location__has_a_length_for_head(void **state)
{
    struct lambda_fixture *f = *state;
    struct api_answer answer;
    package_create(f, "f", FUNCTION_PACKAGE);
    AUTO_FREE char *target = location(f, FUNCTIONS "/f");
    AUTO_JSON struct json_object *got =
        api_expect(f, "GET", FUNCTIONS "/f/configuration", NULL, 200);
    assert_int_equal(visit(f, "HEAD", target, &answer), 200);
    assert_text(http_reply_header(&answer.reply, "Content-Length"),
                json_object_get_string(json_at(got, "CodeSize")));
    api_answer_release(&answer);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, lambda_fixture_setup, lambda_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_location__gives_the_package),
        TEST(test_location__is_that_of_the_version),
        TEST(test_location__holds_for_ten_minutes),
        TEST(test_location__cannot_be_made_up),
        TEST(test_location__is_of_one_process),
        TEST(test_location__says_when_the_package_is_gone),
        TEST(test_location__has_a_length_for_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
