/*
 * What must not reach a route, byte by byte.
 */
#include "raw_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static void echo(void *ctx, struct http_request *r)
{
    (void)ctx;
    http_respond_json(r, 200, http_request_body(r));
}

static struct http_server *server;

static int start(void **state)
{
    static const struct http_route routes[] = {{HTTP_POST, "/e", echo, NULL, 1000, NULL},
                                               {HTTP_GET, "/e", echo, NULL, 0, NULL}};
    (void)state;
    server = raw_server(routes, 2, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_server_free(server);
    return 0;
}

static void expect_closed_with(int status, struct text request)
{
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 1 << 20);
    struct text answer = raw_talk_until_close(http_server_port(server), request, &out);
    if (raw_status(answer) != status)
        fail_msg("expected %d, got: %.*s", status, TEXT_ARGS(answer));
    if (status == 400)
        assert_true(text_equal_nocase(raw_header(answer, "Connection"), TEXT("close")));
}

static void expect_ok(struct text request, struct text body)
{
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 1 << 20);
    struct text answer = raw_talk(http_server_port(server), request, &out);
    assert_int_equal(raw_status(answer), 200);
    assert_true(text_equal(raw_body(answer), body));
}

#define POST "POST /e HTTP/1.1\r\nHost: h\r\n"

static void test_guard__takes_a_length_and_a_chunked_body(void **state)
{
    (void)state;
    expect_ok(TEXT(POST "Content-Length: 3\r\n\r\nabc"), TEXT("abc"));
    expect_ok(TEXT(POST "Transfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"),
              TEXT("abc"));
}

static void test_guard__refuses_length_with_chunked(void **state)
{
    (void)state;
    expect_closed_with(
        400, TEXT(POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
    expect_closed_with(
        400, TEXT(POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"));
}

static void test_guard__refuses_two_lengths(void **state)
{
    (void)state;
    expect_closed_with(400, TEXT(POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"));
    expect_closed_with(400, TEXT(POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"));
    expect_closed_with(400, TEXT(POST "Content-Length: 3, 3\r\n\r\nabc"));
}

static void test_guard__refuses_a_malformed_length(void **state)
{
    (void)state;
    expect_closed_with(400, TEXT(POST "Content-Length: -1\r\n\r\n"));
    expect_closed_with(400, TEXT(POST "Content-Length: +3\r\n\r\nabc"));
    expect_closed_with(400, TEXT(POST "Content-Length: 0x3\r\n\r\nabc"));
    expect_closed_with(413, TEXT(POST "Content-Length: 99999999999999999999999\r\n\r\n"));
}

static void test_guard__refuses_a_space_before_the_colon(void **state)
{
    (void)state;
    expect_closed_with(
        400, TEXT(POST "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"));
    expect_closed_with(400, TEXT(POST "Content-Length : 3\r\n\r\nabc"));
}

static void test_guard__refuses_unknown_transfer_codings(void **state)
{
    (void)state;
    expect_closed_with(400, TEXT(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"));
    expect_closed_with(400, TEXT(POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"));
    expect_closed_with(400, TEXT(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"));
    expect_closed_with(
        400,
        TEXT(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"));
    expect_closed_with(400,
                       TEXT("POST /e HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
}

static void test_guard__refuses_nul_bytes(void **state)
{
    (void)state;
    expect_closed_with(400, TEXT("GET /e HTTP/1.1\r\nHost: h\r\nX: a\0b\r\nY: c\r\n\r\n"));
    expect_closed_with(400, TEXT("GET /e HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"));
    expect_closed_with(400, TEXT("GET /e HTTP/1.1\r\nHost: h\r\nX: a\0\r\n\r\n"));
    expect_closed_with(400, TEXT("GET /e HTTP/1.1\r\nHost: h\r\nX\0: a\r\n\r\n"));
    expect_closed_with(400, TEXT("GET /e\0/f HTTP/1.1\r\nHost: h\r\n\r\n"));
    expect_closed_with(400, TEXT(POST "Content-Length: 3\r\nX: a\0\nContent-Length: 9\r\n\r\nabc"));
}

static void test_guard__refuses_control_bytes(void **state)
{
    (void)state;
    expect_closed_with(400, TEXT("GET /e HTTP/1.1\r\nHost: h\r\nX: a\x01"
                                 "b\r\n\r\n"));
    expect_closed_with(400, TEXT("GET /e HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n"));
    expect_closed_with(400, TEXT("GET /e HTTP/1.1\r\nHost: h\r\nX: a\x7f\r\n\r\n"));
    expect_closed_with(400, TEXT("GET /e HTTP/1.1\r\nHost: h\r\nX(y): a\r\n\r\n"));
    expect_closed_with(400, TEXT("GET /e?\x02 HTTP/1.1\r\nHost: h\r\n\r\n"));
    expect_closed_with(400, TEXT("GET /e\t HTTP/1.1\r\nHost: h\r\n\r\n"));
}

static void test_guard__refuses_folded_headers(void **state)
{
    (void)state;
    expect_closed_with(400, TEXT("GET /e HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\nY: c\r\n\r\n"));
    expect_closed_with(400, TEXT("GET /e HTTP/1.1\r\nHost: h\r\nX: a\r\n\tb\r\n\r\n"));
}

static void test_guard__takes_bare_line_feeds_and_tabs(void **state)
{
    (void)state;
    expect_ok(TEXT("POST /e HTTP/1.1\nHost: h\nX:\t a\tb \nContent-Length: 1\n\nz"), TEXT("z"));
}

static void test_guard__wants_one_host(void **state)
{
    (void)state;
    expect_closed_with(400, TEXT("GET /e HTTP/1.1\r\n\r\n"));
    expect_closed_with(400, TEXT("GET /e HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"));
}

static void test_guard__refuses_targets_that_are_no_path(void **state)
{
    (void)state;
    expect_closed_with(400, TEXT("GET e HTTP/1.1\r\nHost: h\r\n\r\n"));
    expect_closed_with(400, TEXT("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"));
    expect_ok(TEXT("GET http://h/e HTTP/1.1\r\nHost: h\r\n\r\n"), TEXT(""));
}

static void test_guard__limits_headers_and_target(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer request;
    buffer_init(&request, 1 << 20);
    buffer_append_string(&request, "GET /e HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 140; i++)
        buffer_appendf(&request, "X-%d: %d\r\n", i, i);
    buffer_append_string(&request, "\r\n");
    expect_closed_with(431, buffer_text(&request));

    buffer_reset(&request);
    buffer_append_string(&request, "GET /e HTTP/1.1\r\nHost: h\r\nX: ");
    for (int i = 0; i < 60000; i++)
        buffer_append_char(&request, 'x');
    buffer_append_string(&request, "\r\n\r\n");
    expect_closed_with(431, buffer_text(&request));

    buffer_reset(&request);
    buffer_append_string(&request, "GET /e?");
    for (int i = 0; i < 60000; i++)
        buffer_append_char(&request, 'x');
    buffer_append_string(&request, " HTTP/1.1\r\nHost: h\r\n\r\n");
    expect_closed_with(414, buffer_text(&request));
}

/* Headers arrive in pieces and fill libmicrohttpd's memory beyond its first buffer. */
static void test_guard__takes_long_headers_that_arrive_in_pieces(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer request;
    buffer_init(&request, 1 << 20);
    buffer_append_string(&request, "GET /e HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 30; i++) {
        buffer_appendf(&request, "X-%d: ", i);
        for (int j = 0; j < 1000; j++)
            buffer_append_char(&request, 'x');
        buffer_append_string(&request, "\r\n");
    }
    buffer_append_string(&request, "\r\n");
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 1 << 20);
    int fd = raw_connect(http_server_port(server));
    for (size_t at = 0; at < request.len; at += 700)
        raw_send(fd, request.data + at, request.len - at < 700 ? request.len - at : 700);
    assert_int_equal(raw_status(raw_read_answer(fd, &out)), 200);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guard__takes_a_length_and_a_chunked_body),
        cmocka_unit_test(test_guard__refuses_length_with_chunked),
        cmocka_unit_test(test_guard__refuses_two_lengths),
        cmocka_unit_test(test_guard__refuses_a_malformed_length),
        cmocka_unit_test(test_guard__refuses_a_space_before_the_colon),
        cmocka_unit_test(test_guard__refuses_unknown_transfer_codings),
        cmocka_unit_test(test_guard__refuses_nul_bytes),
        cmocka_unit_test(test_guard__refuses_control_bytes),
        cmocka_unit_test(test_guard__refuses_folded_headers),
        cmocka_unit_test(test_guard__takes_bare_line_feeds_and_tabs),
        cmocka_unit_test(test_guard__wants_one_host),
        cmocka_unit_test(test_guard__refuses_targets_that_are_no_path),
        cmocka_unit_test(test_guard__limits_headers_and_target),
        cmocka_unit_test(test_guard__takes_long_headers_that_arrive_in_pieces),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
