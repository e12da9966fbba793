/*
 * test_url_cors.c - which origin gets which headers.
 */
#include "support/test.h"

#include "url_private.h"

struct rig {
    struct json_object *cors;
    struct http_header headers[3];
    struct url_request request;
    struct arena arena;
    struct http_header out[URL_CORS_HEADERS_MAX];
    size_t count;
};

static void setup(struct rig *r, const char *cors, const char *method, const char *origin)
{
    struct error err = {0};
    *r = (struct rig){.request = {.method = text_of(method)}};
    arena_init(&r->arena);
    if (cors != NULL)
        assert_ok(json_parse(text_of(cors), &r->cors, &err), &err);
    r->request.headers = r->headers;
    if (origin != NULL)
        r->headers[r->request.header_count++] =
            (struct http_header){TEXT("Origin"), text_of(origin)};
}

static void ask(struct rig *r, const char *method, const char *headers_or_null)
{
    r->headers[r->request.header_count++] =
        (struct http_header){TEXT("Access-Control-Request-Method"), text_of(method)};
    if (headers_or_null != NULL)
        r->headers[r->request.header_count++] =
            (struct http_header){TEXT("access-control-request-headers"), text_of(headers_or_null)};
}

static void teardown(struct rig *r)
{
    json_release(&r->cors);
    arena_release(&r->arena);
}

/* "name: value" lines. */
static void assert_out(struct rig *r, const char *expected)
{
    AUTO_BUFFER struct buffer lines;
    buffer_init(&lines, 4096);
    for (size_t i = 0; i < r->count; i++)
        buffer_appendf(&lines, "%.*s: %.*s\n", TEXT_ARGS(r->out[i].name),
                       TEXT_ARGS(r->out[i].value));
    assert_text(buffer_text(&lines), expected);
}

static void test_preflight__names_what_is_allowed(void **state UNUSED)
{
    struct rig r;
    setup(&r,
          "{\"AllowOrigins\":[\"https://a.example\"],\"AllowMethods\":[\"GET\",\"PUT\"],"
          "\"AllowHeaders\":[\"x-one\",\"X-Two\"],\"MaxAge\":300}",
          "OPTIONS", "https://a.example");
    ask(&r, "PUT", "X-One, x-two");
    assert_true(url_cors_is_preflight(r.cors, &r.request));
    r.count = url_cors_preflight(r.cors, &r.request, &r.arena, r.out);
    assert_out(&r, "Access-Control-Allow-Origin: https://a.example\nVary: Origin\n"
                   "Access-Control-Allow-Methods: GET,PUT\n"
                   "Access-Control-Allow-Headers: x-one,X-Two\nAccess-Control-Max-Age: 300\n");
    teardown(&r);
}

static void test_preflight__says_nothing_to_another_origin(void **state UNUSED)
{
    struct rig r;
    setup(&r, "{\"AllowOrigins\":[\"https://a.example\"],\"AllowMethods\":[\"*\"]}", "OPTIONS",
          "https://b.example");
    ask(&r, "GET", NULL);
    r.count = url_cors_preflight(r.cors, &r.request, &r.arena, r.out);
    assert_out(&r, "");
    teardown(&r);
}

static void test_preflight__says_nothing_for_another_method_or_header(void **state UNUSED)
{
    const char *cors = "{\"AllowOrigins\":[\"*\"],\"AllowMethods\":[\"GET\"],"
                       "\"AllowHeaders\":[\"x-one\"]}";
    struct rig r;
    setup(&r, cors, "OPTIONS", "https://a.example");
    ask(&r, "DELETE", NULL);
    assert_int_equal(url_cors_preflight(r.cors, &r.request, &r.arena, r.out), 0);
    teardown(&r);
    setup(&r, cors, "OPTIONS", "https://a.example");
    ask(&r, "GET", "x-one,x-two");
    assert_int_equal(url_cors_preflight(r.cors, &r.request, &r.arena, r.out), 0);
    teardown(&r);
}

static void test_preflight__names_what_was_asked_for_with_credentials(void **state UNUSED)
{
    struct rig r;
    setup(&r,
          "{\"AllowCredentials\":true,\"AllowOrigins\":[\"*\"],\"AllowMethods\":[\"*\"],"
          "\"AllowHeaders\":[\"*\"]}",
          "OPTIONS", "https://a.example");
    ask(&r, "PATCH", "authorization");
    r.count = url_cors_preflight(r.cors, &r.request, &r.arena, r.out);
    assert_out(&r, "Access-Control-Allow-Origin: https://a.example\nVary: Origin\n"
                   "Access-Control-Allow-Credentials: true\n"
                   "Access-Control-Allow-Methods: PATCH\n"
                   "Access-Control-Allow-Headers: authorization\n");
    teardown(&r);
}

static void test_preflight__is_nothing_else(void **state UNUSED)
{
    const char *cors = "{\"AllowOrigins\":[\"*\"]}";
    struct rig r;
    setup(&r, NULL, "OPTIONS", "https://a.example");
    ask(&r, "GET", NULL);
    assert_false(url_cors_is_preflight(r.cors, &r.request)); /* no CORS configured */
    teardown(&r);
    setup(&r, cors, "OPTIONS", "https://a.example");
    assert_false(url_cors_is_preflight(r.cors, &r.request)); /* asks for no method */
    teardown(&r);
    setup(&r, cors, "POST", "https://a.example");
    ask(&r, "GET", NULL);
    assert_false(url_cors_is_preflight(r.cors, &r.request));
    teardown(&r);
}

static void test_headers__let_anybody_read(void **state UNUSED)
{
    struct rig r;
    setup(&r, "{\"AllowOrigins\":[\"*\"],\"ExposeHeaders\":[\"x-a\",\"x-b\"]}", "GET",
          "https://a.example");
    r.count = url_cors_headers(r.cors, &r.request, &r.arena, r.out);
    assert_out(&r, "Access-Control-Allow-Origin: *\nAccess-Control-Expose-Headers: x-a,x-b\n");
    teardown(&r);
}

static void test_headers__are_none_without_an_origin(void **state UNUSED)
{
    struct rig r;
    setup(&r, "{\"AllowOrigins\":[\"*\"]}", "GET", NULL);
    assert_int_equal(url_cors_headers(r.cors, &r.request, &r.arena, r.out), 0);
    teardown(&r);
}

static void test_headers__take_a_pattern_of_origins(void **state UNUSED)
{
    struct rig r;
    setup(&r, "{\"AllowOrigins\":[\"https://*.example\"]}", "GET", "https://a.example");
    r.count = url_cors_headers(r.cors, &r.request, &r.arena, r.out);
    assert_out(&r, "Access-Control-Allow-Origin: https://a.example\nVary: Origin\n");
    teardown(&r);
    setup(&r, "{\"AllowOrigins\":[\"https://*.example\"]}", "GET", "http://a.example");
    assert_int_equal(url_cors_headers(r.cors, &r.request, &r.arena, r.out), 0);
    teardown(&r);
}

static void test_owns__headers_of_cors_only(void **state UNUSED)
{
    assert_true(url_cors_owns(TEXT("ACCESS-control-Allow-Origin")));
    assert_false(url_cors_owns(TEXT("Access-Contro")));
    assert_false(url_cors_owns(TEXT("X-Access-Control-Allow-Origin")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preflight__names_what_is_allowed),
        cmocka_unit_test(test_preflight__says_nothing_to_another_origin),
        cmocka_unit_test(test_preflight__says_nothing_for_another_method_or_header),
        cmocka_unit_test(test_preflight__names_what_was_asked_for_with_credentials),
        cmocka_unit_test(test_preflight__is_nothing_else),
        cmocka_unit_test(test_headers__let_anybody_read),
        cmocka_unit_test(test_headers__are_none_without_an_origin),
        cmocka_unit_test(test_headers__take_a_pattern_of_origins),
        cmocka_unit_test(test_owns__headers_of_cors_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
