/*
 * What a handler can read of a request, and the limit of a body.
 */
#include "raw_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static struct http_server *server;

static void describe(void *ctx, struct http_request *r)
{
    const struct http_header *headers;
    struct text q = TEXT("-");
    struct text empty = TEXT("-");
    struct text none = TEXT("-");
    size_t count = http_request_headers(r, &headers);
    (void)ctx;
    bool found = http_request_query_value(r, "q", &q);
    bool found_empty = http_request_query_value(r, "empty", &empty);
    bool found_none = http_request_query_value(r, "none", &none);
    http_respond_json(
        r, 200,
        text_of(arena_printf(
            http_request_arena(r), "%.*s|%.*s|%.*s|%zu %.*s|%.*s|%d %.*s|%d %.*s|%d %.*s|%.*s",
            TEXT_ARGS(http_request_method_text(r)), TEXT_ARGS(http_request_path(r)),
            TEXT_ARGS(http_request_query(r)), count, TEXT_ARGS(headers[count - 1].name),
            TEXT_ARGS(http_request_header(r, "x-thing")), found, TEXT_ARGS(q), found_empty,
            TEXT_ARGS(empty), found_none, TEXT_ARGS(none), TEXT_ARGS(http_request_peer(r)))));
}

static char admitted[] = "admitted";

static void body_length(void *ctx, struct http_request *r)
{
    (void)ctx;
    bool was_asked = text_is(http_request_path(r), "/guarded");
    http_respond_json(
        r, http_request_user(r) == (was_asked ? admitted : NULL) ? 200 : 500,
        text_of(arena_printf(http_request_arena(r), "%zu", http_request_body(r).len)));
}

static void admit(void *ctx, struct http_request *r)
{
    (void)ctx;
    if (http_request_body(r).len != 0 || !text_is(http_request_header(r, "token"), "good"))
        http_respond_error(r, 403, "wrong token");
    else
        http_request_set_user(r, admitted);
}

static void refuse_large(void *ctx, struct http_request *r)
{
    (void)ctx;
    http_respond_error(r, 413, "smaller, please");
}

static int start(void **state)
{
    static const struct http_route routes[] = {
        {HTTP_GET, "/d/{x}", describe, NULL, 0, NULL},
        {HTTP_PUT, "/small", body_length, NULL, 1000, NULL},
        {HTTP_PUT, "/large", body_length, NULL, 32 << 20, NULL},
        {HTTP_PUT, "/guarded", body_length, admit, 32 << 20, NULL},
        {.methods = HTTP_PUT,
         .path = "/polite",
         .handler = body_length,
         .max_body_bytes = 1000,
         .refuse_large = refuse_large},
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

static void test_request__shows_everything(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    struct text answer =
        raw_talk(http_server_port(server),
                 TEXT("GET /d/a%20b?%71=1+2%2F3&q=no&empty=&x HTTP/1.1\r\nHost: h\r\n"
                      "X-Thing:  first \r\nx-thing: second\r\nLast: 1\r\n\r\n"),
                 &out);
    assert_int_equal(raw_status(answer), 200);
    if (!text_is(raw_body(answer), "GET|/d/a%20b|%71=1+2%2F3&q=no&empty=&x|4 Last|first|1 1 2/3|1 "
                                   "|0 -|127.0.0.1"))
        fail_msg("%.*s", TEXT_ARGS(answer));
}

static void put(struct buffer *request, const char *path, const char *headers, size_t len)
{
    buffer_appendf(request, "PUT %s HTTP/1.1\r\nHost: h\r\n%sContent-Length: %zu\r\n\r\n", path,
                   headers, len);
    char *body = buffer_reserve(request, len);
    memset(body, 'x', len);
    buffer_commit(request, len);
}

static void test_request__takes_a_body_of_many_megabytes(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer request;
    AUTO_BUFFER struct buffer out;
    buffer_init(&request, 64 << 20);
    buffer_init(&out, 65536);
    put(&request, "/large", "", 20000001);
    struct text answer = raw_talk(http_server_port(server), buffer_text(&request), &out);
    assert_true(text_is(raw_body(answer), "20000001"));
}

static void test_request__answers_413_before_the_body_is_sent(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    struct text answer = raw_talk_until_close(
        http_server_port(server),
        TEXT("PUT /small HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n"), &out);
    assert_int_equal(raw_status(answer), 413);
    assert_true(text_is(raw_body(answer), "{\"message\":\"the body is larger than 1000 bytes\"}"));
}

/* Without care the unread bytes make the kernel reset the connection before the client reads. */
static void test_request__lets_a_sending_client_read_the_413(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        AUTO_BUFFER struct buffer request;
        AUTO_BUFFER struct buffer out;
        buffer_init(&request, 8 << 20);
        buffer_init(&out, 65536);
        put(&request, "/small", "", 4 << 20);
        struct text answer =
            raw_talk_until_close(http_server_port(server), buffer_text(&request), &out);
        assert_int_equal(raw_status(answer), 413);
    }
}

static void test_request__lets_the_route_answer_for_a_large_body(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    struct text announced = raw_talk_until_close(
        http_server_port(server),
        TEXT("PUT /polite HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n"), &out);
    assert_int_equal(raw_status(announced), 413);
    assert_true(text_is(raw_body(announced), "{\"message\":\"smaller, please\"}"));

    AUTO_BUFFER struct buffer request;
    buffer_init(&request, 65536);
    buffer_append_string(&request,
                         "PUT /polite HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 101; i++)
        buffer_append_string(&request, "a\r\n0123456789\r\n");
    buffer_append_string(&request, "0\r\n\r\n");
    buffer_reset(&out);
    struct text chunked = raw_talk(http_server_port(server), buffer_text(&request), &out);
    assert_true(text_is(raw_body(chunked), "{\"message\":\"smaller, please\"}"));
}

static void test_request__answers_413_to_too_many_chunks(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer request;
    AUTO_BUFFER struct buffer out;
    buffer_init(&request, 65536);
    buffer_init(&out, 65536);
    buffer_append_string(&request,
                         "PUT /small HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 101; i++)
        buffer_append_string(&request, "a\r\n0123456789\r\n");
    buffer_append_string(&request, "0\r\n\r\n");
    struct text answer =
        raw_talk_until_close(http_server_port(server), buffer_text(&request), &out);
    assert_int_equal(raw_status(answer), 413);
}

static void test_request__is_refused_early_by_admit(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    struct text answer = raw_talk_until_close(
        http_server_port(server),
        TEXT("PUT /guarded HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"), &out);
    assert_int_equal(raw_status(answer), 403);
    assert_true(text_is(raw_body(answer), "{\"message\":\"wrong token\"}"));
}

static void test_request__keeps_the_connection_when_a_small_body_is_refused(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer request;
    AUTO_BUFFER struct buffer out;
    buffer_init(&request, 65536);
    buffer_init(&out, 65536);
    int fd = raw_connect(http_server_port(server));
    put(&request, "/guarded", "", 2000);
    raw_send(fd, request.data, request.len);
    assert_int_equal(raw_status(raw_read_answer(fd, &out)), 403);
    buffer_reset(&request);
    buffer_reset(&out);
    put(&request, "/guarded", "Token: good\r\n", 2000);
    raw_send(fd, request.data, request.len);
    assert_true(text_is(raw_body(raw_read_answer(fd, &out)), "2000"));
    close(fd);
}

static void test_request__is_invited_by_100_continue_only_when_admitted(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    int fd = raw_connect(http_server_port(server));
    struct text head = TEXT("PUT /guarded HTTP/1.1\r\nHost: h\r\nToken: good\r\n"
                            "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    raw_send(fd, head.ptr, head.len);
    struct text answer = raw_read_answer(fd, &out);
    assert_int_equal(raw_status(answer), 100);
    buffer_reset(&out);
    raw_send(fd, "abc", 3);
    assert_true(text_is(raw_body(raw_read_answer(fd, &out)), "3"));
    close(fd);

    buffer_reset(&out);
    answer = raw_talk_until_close(http_server_port(server),
                                  TEXT("PUT /guarded HTTP/1.1\r\nHost: h\r\n"
                                       "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"),
                                  &out);
    assert_int_equal(raw_status(answer), 403);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request__shows_everything),
        cmocka_unit_test(test_request__takes_a_body_of_many_megabytes),
        cmocka_unit_test(test_request__answers_413_before_the_body_is_sent),
        cmocka_unit_test(test_request__lets_a_sending_client_read_the_413),
        cmocka_unit_test(test_request__lets_the_route_answer_for_a_large_body),
        cmocka_unit_test(test_request__answers_413_to_too_many_chunks),
        cmocka_unit_test(test_request__is_refused_early_by_admit),
        cmocka_unit_test(test_request__keeps_the_connection_when_a_small_body_is_refused),
        cmocka_unit_test(test_request__is_invited_by_100_continue_only_when_admitted),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
