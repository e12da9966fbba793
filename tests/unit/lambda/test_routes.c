/*
 * Where requests go: hosts of functions' own URLs as the configuration makes them, and paths that
 * are no operation.
 */
#include "lambda_fixture.h"
#include "unit/httpserver/raw_client.h"

#define ID "abcdefghijklmnopqrstuvwxyz012345"

static void open_with_url(struct lambda_fixture *f, const char *dir, const char *function_url)
{
    AUTO_FREE char *yaml =
        xasprintf("lambda: {region: us-east-1, account: '123456789012', function_url: '%s'}\n"
                  "stores: {minio: {endpoint: 'http://127.0.0.1:9', access_key: key, secret_key: "
                  "secret-of-store, webhook_auth: none}}\n"
                  "users: {root: {access_key: AKIAROOT, secret_key: secret-of-root, root: true}}\n",
                  function_url);
    lambda_fixture_open(f, dir, yaml);
}

/* The status of GET / there. The front answers 403 for a function that it does not know. */
static int status_at(struct lambda_fixture *f, const char *host)
{
    AUTO_FREE char *request = xasprintf("GET / HTTP/1.1\r\nHost: %s\r\n\r\n", host);
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    return raw_status(raw_talk(http_server_port(f->server), text_of(request), &out));
}

static void test_routes__take_requests_to_the_configured_host(void **state)
{
    struct lambda_fixture f;
    open_with_url(&f, *state, "https://{id}.fn.{region}.example.com:{port}/");
    assert_int_equal(status_at(&f, ID ".fn.us-east-1.example.com"), 403);
    assert_int_equal(status_at(&f, ID ".fn.us-east-1.example.com:8080"), 403);
    assert_int_equal(status_at(&f, "short.fn.us-east-1.example.com"), 404);
    assert_int_equal(status_at(&f, ID ".other.example.com"), 404);
    assert_int_equal(status_at(&f, "127.0.0.1"), 404);
    lambda_fixture_close(&f);
}

static void test_routes__take_requests_to_the_usual_host_all_the_same(void **state)
{
    struct lambda_fixture f;
    open_with_url(&f, *state, "https://{id}.example.com");
    assert_int_equal(status_at(&f, ID ".example.com"), 403);
    assert_int_equal(status_at(&f, ID ".lambda-url.us-east-1.localhost"), 403);
    lambda_fixture_close(&f);
}

static void test_routes__know_no_host_when_the_id_stands_in_the_path(void **state)
{
    struct lambda_fixture f;
    open_with_url(&f, *state, "https://example.com/function-urls/{id}/");
    assert_int_equal(status_at(&f, ID ".example.com"), 404);
    assert_int_equal(status_at(&f, "example.com"), 404);
    lambda_fixture_close(&f);
}

static void test_routes__refuse_a_path_that_is_no_operation_before_the_body(void **state)
{
    struct lambda_fixture f;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    lambda_fixture_open(&f, *state, NULL);
    struct text answer =
        raw_talk(http_server_port(f.server),
                 TEXT("POST /2015-03-31/nothing HTTP/1.1\r\nHost: h\r\nContent-Length: "
                      "1000000\r\n\r\n"),
                 &out);
    assert_int_equal(raw_status(answer), 404);
    assert_text(raw_header(answer, "x-amzn-ErrorType"), "UnknownOperationException");
    lambda_fixture_close(&f);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_routes__take_requests_to_the_configured_host),
        IN_FOLDER(test_routes__take_requests_to_the_usual_host_all_the_same),
        IN_FOLDER(test_routes__know_no_host_when_the_id_stands_in_the_path),
        IN_FOLDER(test_routes__refuse_a_path_that_is_no_operation_before_the_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
