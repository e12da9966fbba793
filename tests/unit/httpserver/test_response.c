/*
 * Answers on the wire.
 */
#include "raw_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "onput/fd.h"

enum { FILE_BYTES = 3000000 };

static struct http_server *server;
static struct memfd file = MEMFD_NONE;

static void texts(void *ctx, struct http_request *r)
{
    const struct http_header headers[] = {{TEXT("X-One"), TEXT("1")},
                                          {TEXT("X-Two"), TEXT("evil\r\nSet-Cookie: x")},
                                          {TEXT("Retry-After"), TEXT("3")}};
    struct http_response response = {.status = 503,
                                     .content_type = "text/plain",
                                     .headers = headers,
                                     .header_count = 3,
                                     .body = TEXT("later")};
    (void)ctx;
    http_respond(r, &response);
}

static void range(void *ctx, struct http_request *r)
{
    struct http_response response = {.status = 206,
                                     .body_from_fd = true,
                                     .body_fd = dup(file.fd),
                                     .fd_offset = 1000,
                                     .fd_len = FILE_BYTES - 1000,
                                     .head_content_length = -1};
    (void)ctx;
    http_respond(r, &response);
}

static void nothing(void *ctx, struct http_request *r)
{
    struct http_response response = {
        .status = 200, .body_from_fd = true, .body_fd = dup(file.fd), .head_content_length = -1};
    (void)ctx;
    http_respond(r, &response);
}

static void no_content(void *ctx, struct http_request *r)
{
    struct http_response response = {.status = 204};
    (void)ctx;
    http_respond(r, &response);
}

static void announce(void *ctx, struct http_request *r)
{
    struct http_response response = {.status = 200, .head_content_length = 123456};
    (void)ctx;
    http_respond(r, &response);
}

static void hang_up(void *ctx, struct http_request *r)
{
    struct http_response response = {.status = 200, .body = TEXT("bye"), .close_connection = true};
    (void)ctx;
    http_respond(r, &response);
}

static int start(void **state)
{
    static const struct http_route routes[] = {
        {HTTP_GET, "/texts", texts, NULL, 0, NULL},
        {HTTP_GET | HTTP_HEAD, "/range", range, NULL, 0, NULL},
        {HTTP_GET, "/nothing", nothing, NULL, 0, NULL},
        {HTTP_GET, "/no-content", no_content, NULL, 0, NULL},
        {HTTP_HEAD, "/announce", announce, NULL, 0, NULL},
        {HTTP_GET, "/hang-up", hang_up, NULL, 0, NULL},
    };
    struct error err = {0};
    (void)state;
    assert_int_equal(memfd_create_fixed("test", FILE_BYTES, &file, &err), 0);
    for (size_t i = 0; i < FILE_BYTES; i++)
        file.map[i] = (uint8_t)(i * 7 + i / 256);
    server = raw_server(routes, ARRAY_LEN(routes), NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_server_free(server);
    memfd_release(&file);
    return 0;
}

static void test_response__has_status_headers_and_body(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    struct text answer =
        raw_talk(http_server_port(server), TEXT("GET /texts HTTP/1.1\r\nHost: h\r\n\r\n"), &out);
    assert_int_equal(raw_status(answer), 503);
    assert_true(text_is(raw_header(answer, "Content-Type"), "text/plain"));
    assert_true(text_is(raw_header(answer, "X-One"), "1"));
    assert_true(text_is(raw_header(answer, "Retry-After"), "3"));
    assert_true(text_is(raw_header(answer, "Content-Length"), "5"));
    assert_true(text_is(raw_body(answer), "later"));
}

static void test_response__leaves_out_a_header_that_would_split(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    struct text answer =
        raw_talk(http_server_port(server), TEXT("GET /texts HTTP/1.1\r\nHost: h\r\n\r\n"), &out);
    assert_int_equal(raw_header(answer, "X-Two").len, 0);
    assert_int_equal(raw_header(answer, "Set-Cookie").len, 0);
}

static void test_response__sends_a_range_of_a_file_and_goes_on(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 4 << 20);
    int fd = raw_connect(http_server_port(server));
    for (int i = 0; i < 3; i++) {
        struct text request = TEXT("GET /range HTTP/1.1\r\nHost: h\r\n\r\n");
        buffer_reset(&out);
        raw_send(fd, request.ptr, request.len);
        struct text answer = raw_read_answer(fd, &out);
        struct text body = raw_body(answer);
        assert_int_equal(raw_status(answer), 206);
        assert_int_equal(body.len, FILE_BYTES - 1000);
        assert_memory_equal(body.ptr, file.map + 1000, body.len);
    }
    close(fd);
}

static void test_response__announces_without_body_to_head(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    struct text answer = raw_talk_until_close(
        http_server_port(server),
        TEXT("HEAD /announce HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), &out);
    assert_int_equal(raw_status(answer), 200);
    assert_true(text_is(raw_header(answer, "Content-Length"), "123456"));
    assert_int_equal(raw_body(answer).len, 0);

    buffer_reset(&out);
    answer = raw_talk_until_close(
        http_server_port(server),
        TEXT("HEAD /range HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), &out);
    assert_true(text_is(raw_header(answer, "Content-Length"), "2999000"));
    assert_int_equal(raw_body(answer).len, 0);
}

static void test_response__can_be_empty(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    struct text answer =
        raw_talk(http_server_port(server), TEXT("GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n"), &out);
    assert_int_equal(raw_status(answer), 200);
    assert_true(text_is(raw_header(answer, "Content-Length"), "0"));
    buffer_reset(&out);
    answer = raw_talk(http_server_port(server), TEXT("GET /no-content HTTP/1.1\r\nHost: h\r\n\r\n"),
                      &out);
    assert_int_equal(raw_status(answer), 204);
    assert_int_equal(raw_header(answer, "Content-Length").len, 0);
}

static void test_response__closes_when_asked(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    struct text answer = raw_talk_until_close(
        http_server_port(server), TEXT("GET /hang-up HTTP/1.1\r\nHost: h\r\n\r\n"), &out);
    assert_true(text_is(raw_body(answer), "bye"));
    assert_true(text_equal_nocase(raw_header(answer, "Connection"), TEXT("close")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_response__has_status_headers_and_body),
        cmocka_unit_test(test_response__leaves_out_a_header_that_would_split),
        cmocka_unit_test(test_response__sends_a_range_of_a_file_and_goes_on),
        cmocka_unit_test(test_response__announces_without_body_to_head),
        cmocka_unit_test(test_response__can_be_empty),
        cmocka_unit_test(test_response__closes_when_asked),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
