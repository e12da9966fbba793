/*
 * Paths to routes.
 */
#include "raw_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct http_server *server;

static void say(struct http_request *r, const char *name)
{
    http_respond_json(r, 200,
                      text_of(arena_printf(http_request_arena(r), "%s a=%.*s rest=%.*s", name,
                                           TEXT_ARGS(http_request_capture(r, "a")),
                                           TEXT_ARGS(http_request_capture(r, "rest")))));
}

static void root(void *ctx, struct http_request *r)
{
    (void)ctx;
    say(r, "root");
}

static void fixed(void *ctx, struct http_request *r)
{
    (void)ctx;
    say(r, "fixed");
}

static void one(void *ctx, struct http_request *r)
{
    (void)ctx;
    say(r, "one");
}

static void put_one(void *ctx, struct http_request *r)
{
    (void)ctx;
    say(r, "put");
}

static void rest(void *ctx, struct http_request *r)
{
    (void)ctx;
    say(r, "rest");
}

static int start(void **state)
{
    static const struct http_route routes[] = {
        {HTTP_GET, "/", root, NULL, 0, NULL},
        {HTTP_GET, "/f/fixed", fixed, NULL, 0, NULL},
        {HTTP_GET | HTTP_HEAD, "/f/{a}", one, NULL, 0, NULL},
        {HTTP_PUT, "/f/{a}", put_one, NULL, 10, NULL},
        {HTTP_GET, "/f/{a}/x", fixed, NULL, 0, NULL},
        {HTTP_GET, "/r/{a}/{rest...}", rest, NULL, 0, NULL},
    };
    (void)state;
    server = raw_server(routes, ARRAY_LEN(routes), NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_server_free(server);
    return 0;
}

static void expect(const char *method, const char *path, int status, const char *body_or_null,
                   const char *allow)
{
    AUTO_BUFFER struct buffer request;
    AUTO_BUFFER struct buffer out;
    buffer_init(&request, 4096);
    buffer_init(&out, 65536);
    buffer_appendf(&request, "%s %s HTTP/1.1\r\nHost: h\r\n\r\n", method, path);
    struct text answer = raw_talk(http_server_port(server), buffer_text(&request), &out);
    if (raw_status(answer) != status)
        fail_msg("%s %s: %.*s", method, path, TEXT_ARGS(answer));
    if (body_or_null && !text_is(raw_body(answer), body_or_null))
        fail_msg("%s %s: %.*s", method, path, TEXT_ARGS(answer));
    assert_true(text_is(raw_header(answer, "Allow"), allow));
}

static void test_router__takes_the_first_match(void **state)
{
    (void)state;
    expect("GET", "/", 200, "root a= rest=", "");
    expect("GET", "/f/fixed", 200, "fixed a= rest=", "");
    expect("GET", "/f/other", 200, "one a=other rest=", "");
    expect("PUT", "/f/fixed", 200, "put a=fixed rest=", "");
    expect("GET", "/f/other?q=/x", 200, "one a=other rest=", "");
}

static void test_router__decodes_one_segment_after_matching(void **state)
{
    (void)state;
    expect("GET", "/f/a%2Fb+c%20d", 200, "one a=a/b+c d rest=", "");
    expect("GET", "/f/%66ixed", 200, "one a=fixed rest=", "");
}

static void test_router__leaves_the_rest_raw(void **state)
{
    (void)state;
    expect("GET", "/r/b/x//y%20z/", 200, "rest a=b rest=x//y%20z/", "");
    expect("GET", "/r/b/", 200, "rest a=b rest=", "");
}

static void test_router__refuses_unknown_paths(void **state)
{
    (void)state;
    expect("GET", "/nothing", 404, NULL, "");
    expect("GET", "/f", 404, NULL, "");
    expect("GET", "/f/", 404, NULL, "");
    expect("GET", "//", 404, NULL, "");
    expect("GET", "/f/a/", 404, NULL, "");
    expect("GET", "/f/a/y", 404, NULL, "");
    expect("GET", "/r/b", 404, NULL, "");
}

static void test_router__names_the_allowed_methods(void **state)
{
    (void)state;
    expect("POST", "/f/a", 405, NULL, "GET, HEAD, PUT");
    expect("DELETE", "/", 405, NULL, "GET");
    expect("BREW", "/", 405, NULL, "GET");
}

static void test_router__refuses_bad_escapes(void **state)
{
    (void)state;
    expect("GET", "/f/%zz", 400, NULL, "");
    expect("GET", "/f/%2", 400, NULL, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_router__takes_the_first_match),
        cmocka_unit_test(test_router__decodes_one_segment_after_matching),
        cmocka_unit_test(test_router__leaves_the_rest_raw),
        cmocka_unit_test(test_router__refuses_unknown_paths),
        cmocka_unit_test(test_router__names_the_allowed_methods),
        cmocka_unit_test(test_router__refuses_bad_escapes),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
