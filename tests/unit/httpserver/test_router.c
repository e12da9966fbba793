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

static void who(void *ctx, struct http_request *r)
{
    say(r, arena_printf(http_request_arena(r), "%s/%s", (const char *)ctx,
                        (const char *)http_request_row(r)));
}

static void admit(void *ctx, struct http_request *r)
{
    if (http_request_query(r).len > 0)
        who(ctx, r);
}

static int start(void **state)
{
    static char own[] = "own";
    static char all[] = "all";
    static const struct http_route routes[] = {
        {HTTP_GET, "/", root, NULL, 0, NULL},
        {HTTP_GET, "/f/fixed", fixed, NULL, 0, NULL},
        {HTTP_GET | HTTP_HEAD, "/f/{a}", one, NULL, 0, NULL},
        {HTTP_PUT, "/f/{a}", put_one, NULL, 10, NULL},
        {HTTP_GET, "/f/{a}/x", fixed, NULL, 0, NULL},
        {HTTP_GET, "/r/{a}/{rest...}", rest, NULL, 0, NULL},
        {HTTP_GET, "/own", who, .admit = admit, .ctx = own, .row = "row"},
        {HTTP_GET, "/plain", who, .row = "row"},
        {HTTP_GET, "/s/{a}", one, .trailing_slash = true},
        {HTTP_GET, "/s/{a}/x", fixed, .trailing_slash = true},
        {HTTP_PUT | HTTP_GET, "/h", fixed, .host = "*.lambda-url.?.localhost"},
        {HTTP_GET, "/h", rest, .host = "[::1]"},
        {HTTP_POST, "/h", one},
        {HTTP_GET, "/only", one, .host = "here"},
    };
    (void)state;
    server = raw_server(routes, ARRAY_LEN(routes), all);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_server_free(server);
    return 0;
}

static void expect_head(const char *head, int status, const char *body_or_null, const char *allow)
{
    AUTO_BUFFER struct buffer request;
    AUTO_BUFFER struct buffer out;
    buffer_init(&request, 4096);
    buffer_init(&out, 65536);
    buffer_appendf(&request, "%s\r\n\r\n", head);
    struct text answer = raw_talk(http_server_port(server), buffer_text(&request), &out);
    if (raw_status(answer) != status)
        fail_msg("%s: %.*s", head, TEXT_ARGS(answer));
    if (body_or_null && !text_is(raw_body(answer), body_or_null))
        fail_msg("%s: %.*s", head, TEXT_ARGS(answer));
    assert_true(text_is(raw_header(answer, "Allow"), allow));
}

static void expect_host(const char *method, const char *path, const char *host, int status,
                        const char *body_or_null, const char *allow)
{
    char head[256];
    snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: %s", method, path, host);
    expect_head(head, status, body_or_null, allow);
}

static void expect(const char *method, const char *path, int status, const char *body_or_null,
                   const char *allow)
{
    expect_host(method, path, "h", status, body_or_null, allow);
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

static void test_router__gives_a_route_its_own_context_and_row(void **state)
{
    (void)state;
    expect("GET", "/own", 200, "own/row a= rest=", "");
    expect("GET", "/own?early", 200, "own/row a= rest=", "");
    expect("GET", "/plain", 200, "all/row a= rest=", "");
}

static void test_router__ignores_one_slash_at_the_end_where_a_route_says_so(void **state)
{
    (void)state;
    expect("GET", "/s/b", 200, "one a=b rest=", "");
    expect("GET", "/s/b/", 200, "one a=b rest=", "");
    expect("GET", "/s/b/x/", 200, "fixed a=b rest=", "");
    expect("GET", "/s/b//", 404, NULL, "");
    expect("GET", "/s/b/x//", 404, NULL, "");
    expect("GET", "/s/", 404, NULL, "");
    expect("GET", "/s//", 404, NULL, "");
}

static void test_router__asks_for_the_host_of_a_route(void **state)
{
    (void)state;
    expect_host("GET", "/h", "abc.lambda-url.r.localhost", 200, "fixed a= rest=", "");
    expect_host("GET", "/h", "ABC.Lambda-URL.r.LocalHost:8080", 200, "fixed a= rest=", "");
    expect_host("GET", "/h", "a.lambda-url.b.lambda-url.c.localhost", 200, "fixed a= rest=", "");
    expect_host("GET", "/h", "[::1]:80", 200, "rest a= rest=", "");
    expect_host("GET", "/h", "[::1]", 200, "rest a= rest=", "");
    expect_host("POST", "/h", "anything", 200, "one a= rest=", "");
}

static void test_router__names_methods_of_the_host_alone(void **state)
{
    (void)state;
    expect_host("GET", "/h", "localhost", 405, NULL, "POST");
    expect_host("GET", "/h", "x.lambda-url..localhost", 405, NULL, "POST");
    expect_host("GET", "/h", "x.lambda-url.rr.localhost", 405, NULL, "POST");
    expect_host("GET", "/h", "x.lambda-url.r.localhost.org", 405, NULL, "POST");
    expect_host("DELETE", "/h", "x.lambda-url.r.localhost", 405, NULL, "GET, POST, PUT");
    expect_host("GET", "/only", "here:1", 200, "one a= rest=", "");
    expect_host("GET", "/only", "there", 404, NULL, "");
    expect_host("GET", "/only", "her", 404, NULL, "");
    expect_host("GET", "/only", "", 404, NULL, "");
    expect_head("GET /only HTTP/1.0", 404, NULL, "");
    expect_head("GET http://here/only HTTP/1.1\r\nHost: there", 404, NULL, "");
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
        cmocka_unit_test(test_router__gives_a_route_its_own_context_and_row),
        cmocka_unit_test(test_router__ignores_one_slash_at_the_end_where_a_route_says_so),
        cmocka_unit_test(test_router__asks_for_the_host_of_a_route),
        cmocka_unit_test(test_router__names_methods_of_the_host_alone),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
