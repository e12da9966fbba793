/*
 * What the client sends and what it hands back when the peer behaves.
 */
#include "call.h"

static const struct scripted_reply hello[] = {
    {200, "Content-Type: text/plain\r\nX-Two:  b \r\nx-two: c\r\n", TEXT_INIT("hello")}};

static void test_http_client__returns_status_headers_and_body(void **state)
{
    struct call_fixture f;
    (void)state;
    call_start(&f, hello, 1);
    assert_ok(call_get(&f), &f.err);
    assert_int_equal(f.reply.status, 200);
    assert_int_equal(f.reply.content_length, 5);
    assert_text(buffer_text(&f.reply.body), "hello");
    assert_text(http_reply_header(&f.reply, "CONTENT-type"), "text/plain");
    assert_text(http_reply_header(&f.reply, "x-two"), "b");
    assert_text(http_reply_header(&f.reply, "x-three"), "");
    assert_int_equal(f.reply.header_count, 4);
    call_stop(&f);
}

static void test_http_client__sends_nothing_that_was_not_given(void **state)
{
    struct call_fixture f;
    (void)state;
    call_start(&f, hello, 1);
    struct http_header headers[] = {{TEXT_INIT("Host"), TEXT_INIT("signed.example:1")},
                                    {TEXT_INIT("x-empty"), TEXT_INIT("")}};
    struct http_call call = call_to(&f, "PUT", "/a");
    call.headers = headers;
    call.header_count = ARRAY_LEN(headers);
    call.body = TEXT("bytes");
    assert_ok(call_perform(&f, &call), &f.err);
    assert_text(scripted_server_request(f.server, 0).head,
                "PUT /a HTTP/1.1\r\nHost: signed.example:1\r\nUser-Agent: onput/" ONPUT_VERSION
                "\r\nx-empty:\r\nContent-Length: 5");
    call_stop(&f);
}

static void test_http_client__sends_the_path_as_it_is(void **state)
{
    struct call_fixture f;
    (void)state;
    call_start(&f, hello, 1);
    struct http_call call = call_to(&f, "GET", "/a/../b/./c//d%20e*(1)?z&a=%2F");
    assert_ok(call_perform(&f, &call), &f.err);
    assert_text(scripted_server_request(f.server, 0).target, "/a/../b/./c//d%20e*(1)?z&a=%2F");
    call_stop(&f);
}

static void test_http_client__sends_large_bodies_without_asking_first(void **state)
{
    enum { LARGE = 3 * 1024 * 1024 };
    struct call_fixture f;
    AUTO_FREE char *bytes = xmalloc(LARGE);
    (void)state;
    memset(bytes, 'x', LARGE);
    call_start(&f, hello, 1);
    struct http_call call = call_to(&f, "PUT", "/big");
    call.body = (struct text){bytes, LARGE};
    assert_ok(call_perform(&f, &call), &f.err);
    struct scripted_request request = scripted_server_request(f.server, 0);
    assert_text(scripted_request_header(request, "content-length"), "3145728");
    assert_text(scripted_request_header(request, "expect"), "");
    assert_text(scripted_request_header(request, "transfer-encoding"), "");
    assert_true(text_equal(request.body, call.body));
    call_stop(&f);
}

static void test_http_client__announces_an_empty_put(void **state)
{
    struct call_fixture f;
    (void)state;
    call_start(&f, hello, 1);
    struct http_call call = call_to(&f, "PUT", "/empty");
    assert_ok(call_perform(&f, &call), &f.err);
    struct scripted_request request = scripted_server_request(f.server, 0);
    assert_text(scripted_request_header(request, "content-length"), "0");
    assert_text(scripted_request_header(request, "content-type"), "");
    call = call_to(&f, "DELETE", "/gone");
    assert_ok(call_perform(&f, &call), &f.err);
    request = scripted_server_request(f.server, 1);
    assert_text(request.method, "DELETE");
    assert_text(scripted_request_header(request, "content-length"), "");
    call_stop(&f);
}

static void test_http_client__does_not_wait_for_a_body_after_head(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, NULL, TEXT_INIT(""), .length = 99999999, .only_to_head = true}};
    struct call_fixture f;
    (void)state;
    call_start(&f, replies, 1);
    struct http_call call = call_to(&f, "HEAD", "/");
    call.max_body_bytes = 0;
    assert_ok(call_perform(&f, &call), &f.err);
    assert_int_equal(f.reply.content_length, 99999999);
    assert_int_equal(f.reply.body.len, 0);
    call_stop(&f);
}

static void test_http_client__keeps_the_connection(void **state)
{
    struct call_fixture f;
    (void)state;
    call_start(&f, hello, 1);
    for (int i = 0; i < 5; i++)
        assert_ok(call_get(&f), &f.err);
    assert_int_equal(scripted_server_request_count(f.server), 5);
    assert_int_equal(scripted_server_connection_count(f.server), 1);
    call_stop(&f);
}

static void test_http_client__does_not_follow_redirects(void **state)
{
    static const struct scripted_reply replies[] = {
        {307, "Location: http://169.254.169.254/latest/meta-data/\r\n", TEXT_INIT("")}};
    struct call_fixture f;
    (void)state;
    call_start(&f, replies, 1);
    assert_ok(call_get(&f), &f.err);
    assert_int_equal(f.reply.status, 307);
    assert_int_equal(scripted_server_request_count(f.server), 1);
    call_stop(&f);
}

static void test_http_client__ignores_proxies_of_the_environment(void **state)
{
    struct call_fixture f;
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    call_start(&f, hello, 1);
    assert_ok(call_get(&f), &f.err);
    call_stop(&f);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

static void test_http_client__connects_to_where_it_is_told(void **state)
{
    struct call_fixture f;
    (void)state;
    call_start(&f, hello, 1);
    struct http_call call = call_to(&f, "GET", "/");
    call.url = "http://photos.store.invalid/cat.jpg";
    call.connect_to = scripted_server_url(f.server) + strlen("http://");
    assert_ok(call_perform(&f, &call), &f.err);
    assert_text(scripted_request_header(scripted_server_request(f.server, 0), "host"),
                "photos.store.invalid");
    call_stop(&f);
}

static void test_http_client__takes_the_answer_after_a_100(void **state)
{
    static const struct scripted_reply replies[] = {
        {.raw = "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
                "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"}};
    struct call_fixture f;
    (void)state;
    call_start(&f, replies, 1);
    assert_ok(call_get(&f), &f.err);
    assert_int_equal(f.reply.status, 201);
    assert_text(http_reply_header(&f.reply, "x-early"), "");
    assert_text(buffer_text(&f.reply.body), "ok");
    call_stop(&f);
}

static int collect(void *ctx, const void *bytes, size_t len, struct error *err)
{
    struct buffer *into = ctx;
    (void)err;
    buffer_append(into, bytes, len);
    return 0;
}

static void test_http_client__gives_only_good_bodies_to_the_sink(void **state)
{
    static const struct scripted_reply replies[] = {{206, .body = TEXT_INIT("part")},
                                                    {404, .body = TEXT_INIT("<Error/>")}};
    AUTO_BUFFER struct buffer sunk = {0};
    struct call_fixture f;
    (void)state;
    buffer_init(&sunk, 100);
    call_start(&f, replies, 2);
    struct http_call call = call_to(&f, "GET", "/");
    call.sink = collect;
    call.sink_ctx = &sunk;
    call.max_body_bytes = 4;
    assert_ok(call_perform(&f, &call), &f.err);
    assert_int_equal(f.reply.body.len, 0);
    assert_ok(call_perform(&f, &call), &f.err);
    assert_text(buffer_text(&f.reply.body), "<Error/>");
    assert_text(buffer_text(&sunk), "part");
    call_stop(&f);
}

static void test_http_client__takes_chunked_bodies(void **state)
{
    static const struct scripted_reply replies[] = {
        {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"}};
    struct call_fixture f;
    (void)state;
    call_start(&f, replies, 1);
    assert_ok(call_get(&f), &f.err);
    assert_text(buffer_text(&f.reply.body), "abcde");
    assert_int_equal(f.reply.content_length, -1);
    call_stop(&f);
}

static void test_http_client__refuses_header_injection(void **state)
{
    static const struct http_header bad[] = {
        {TEXT_INIT("x-a"), TEXT_INIT("1\r\nx-b: 2")}, {TEXT_INIT("x-a"), TEXT_INIT("1\n2")},
        {TEXT_INIT("x-a"), TEXT_INIT("1\0002")},      {TEXT_INIT("x a"), TEXT_INIT("1")},
        {TEXT_INIT("x:a"), TEXT_INIT("1")},           {TEXT_INIT(""), TEXT_INIT("1")},
    };
    struct call_fixture f;
    (void)state;
    call_start(&f, hello, 1);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct http_call call = call_to(&f, "GET", "/");
        call.headers = &bad[i];
        call.header_count = 1;
        assert_fails(call_perform(&f, &call), &f.err, ERROR_INVALID);
    }
    assert_int_equal(scripted_server_request_count(f.server), 0);
    call_stop(&f);
}

static void test_http_client__refuses_other_schemes(void **state)
{
    static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/", "", "127.0.0.1",
                                       "http://"};
    struct call_fixture f;
    (void)state;
    call_start(&f, hello, 1);
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct http_call call = {.method = "GET", .url = urls[i], .max_body_bytes = 1};
        assert_fails(call_perform(&f, &call), &f.err, ERROR_INVALID);
    }
    call_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_client__returns_status_headers_and_body),
        cmocka_unit_test(test_http_client__sends_nothing_that_was_not_given),
        cmocka_unit_test(test_http_client__sends_the_path_as_it_is),
        cmocka_unit_test(test_http_client__sends_large_bodies_without_asking_first),
        cmocka_unit_test(test_http_client__announces_an_empty_put),
        cmocka_unit_test(test_http_client__does_not_wait_for_a_body_after_head),
        cmocka_unit_test(test_http_client__keeps_the_connection),
        cmocka_unit_test(test_http_client__does_not_follow_redirects),
        cmocka_unit_test(test_http_client__ignores_proxies_of_the_environment),
        cmocka_unit_test(test_http_client__connects_to_where_it_is_told),
        cmocka_unit_test(test_http_client__takes_the_answer_after_a_100),
        cmocka_unit_test(test_http_client__gives_only_good_bodies_to_the_sink),
        cmocka_unit_test(test_http_client__takes_chunked_bodies),
        cmocka_unit_test(test_http_client__refuses_header_injection),
        cmocka_unit_test(test_http_client__refuses_other_schemes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
