/*
 * Life cycle, connections and their deadlines.
 */
#include "raw_client.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "onput/clock.h"

static void echo(void *ctx, struct http_request *r)
{
    (void)ctx;
    http_respond_json(r, 200, http_request_body(r));
}

static const struct http_route routes[] = {{HTTP_POST, "/e", echo, NULL, 1 << 20, "echo"},
                                           {HTTP_GET | HTTP_HEAD, "/e", echo, NULL, 0, "probe"}};

static struct http_server *start(struct http_server_options options)
{
    struct http_server *server = NULL;
    struct error err = {0};
    options.routes = routes;
    options.route_count = ARRAY_LEN(routes);
    if (!options.address)
        options.address = "127.0.0.1";
    if (http_server_start(&options, &server, &err) != 0)
        fail_msg("%s", err.message);
    return server;
}

#define GET "GET /e HTTP/1.1\r\nHost: h\r\n"

static void test_server__refuses_a_bad_address(void **state)
{
    struct http_server_options options = {.address = "localhost"};
    struct http_server *server = NULL;
    struct error err = {0};
    (void)state;
    assert_int_equal(http_server_start(&options, &server, &err), -1);
    assert_int_equal(err.code, ERROR_INVALID);
    assert_null(server);
}

static void test_server__refuses_a_taken_port(void **state)
{
    (void)state;
    struct http_server *first = start((struct http_server_options){0});
    struct http_server_options options = {.address = "127.0.0.1", .port = http_server_port(first)};
    struct http_server *second = NULL;
    struct error err = {0};
    assert_int_equal(http_server_start(&options, &second, &err), -1);
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    assert_non_null(strstr(err.message, "127.0.0.1"));
    http_server_free(first);
}

static void test_server__keeps_connections_and_answers_pipelined_requests_in_order(void **state)
{
    (void)state;
    struct http_server *server = start((struct http_server_options){0});
    struct text three = TEXT("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n1"
                             "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n2"
                             "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n"
                             "Connection: close\r\n\r\n3");
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    struct text all = raw_talk_until_close(http_server_port(server), three, &out);
    char order[4] = "";
    size_t found = 0;
    for (size_t i = 0; i + 5 <= all.len && found < 3; i++) {
        if (memcmp(all.ptr + i, "\r\n\r\n", 4) == 0)
            order[found++] = all.ptr[i + 4];
    }
    assert_string_equal(order, "123");
    http_server_free(server);
}

static void test_server__answers_head_without_body(void **state)
{
    (void)state;
    struct http_server *server = start((struct http_server_options){0});
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    struct text answer =
        raw_talk(http_server_port(server), TEXT("HEAD /e HTTP/1.1\r\nHost: h\r\n\r\n"), &out);
    assert_int_equal(raw_status(answer), 200);
    assert_int_equal(raw_body(answer).len, 0);
    http_server_free(server);
}

static void test_server__speaks_ipv6(void **state)
{
    (void)state;
    struct http_server *server = NULL;
    struct http_server_options options = {
        .address = "::", .routes = routes, .route_count = ARRAY_LEN(routes)};
    struct error err = {0};
    if (http_server_start(&options, &server, &err) != 0)
        skip(); /* a machine without IPv6 */
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    /* The unspecified IPv6 address also takes IPv4. */
    struct text answer = raw_talk(http_server_port(server), TEXT(GET "\r\n"), &out);
    assert_int_equal(raw_status(answer), 200);
    http_server_free(server);
}

/* Sends one byte a time until the server closes; returns after how long that was. */
static int64_t trickle(uint16_t port, struct text request)
{
    int64_t begin = clock_mono_ms(clock_system());
    int fd = raw_connect(port);
    for (size_t i = 0; i < request.len; i++) {
        raw_send(fd, request.ptr + i, 1);
        if (raw_is_closed(fd, 20)) {
            close(fd);
            return clock_mono_ms(clock_system()) - begin;
        }
    }
    fail_msg("the trickling client was served to the end");
    return 0;
}

static struct text long_request(struct buffer *out, const char *head)
{
    buffer_append_string(out, head);
    for (int i = 0; i < 1000; i++)
        buffer_append_char(out, 'x');
    return buffer_text(out);
}

static void test_server__cuts_a_client_that_trickles_headers(void **state)
{
    (void)state;
    struct http_server *server = start((struct http_server_options){.request_timeout_ms = 300});
    AUTO_BUFFER struct buffer request;
    buffer_init(&request, 65536);
    int64_t ms = trickle(http_server_port(server), long_request(&request, GET "X: "));
    assert_in_range(ms, 300, 5000);
    http_server_free(server);
}

static void test_server__cuts_a_client_that_trickles_a_body(void **state)
{
    (void)state;
    struct http_server *server = start((struct http_server_options){.request_timeout_ms = 300});
    AUTO_BUFFER struct buffer request;
    buffer_init(&request, 65536);
    int64_t ms = trickle(
        http_server_port(server),
        long_request(&request, "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\n"));
    assert_in_range(ms, 300, 5000);
    http_server_free(server);
}

static void test_server__cuts_a_client_that_trickles_the_request_line(void **state)
{
    (void)state;
    struct http_server *server =
        start((struct http_server_options){.request_timeout_ms = 300, .idle_timeout_ms = 100});
    AUTO_BUFFER struct buffer request;
    buffer_init(&request, 65536);
    int64_t ms = trickle(http_server_port(server), long_request(&request, "GET /"));
    assert_in_range(ms, 300, 8000);
    http_server_free(server);
}

static void test_server__closes_silent_connections_without_a_word(void **state)
{
    (void)state;
    struct http_server *server = start((struct http_server_options){.idle_timeout_ms = 100});
    int fd = raw_connect(http_server_port(server));
    assert_true(raw_is_closed(fd, 20000));
    close(fd);
    for (int i = 0; i < 20; i++)
        close(raw_connect(http_server_port(server)));
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    assert_int_equal(raw_status(raw_talk(http_server_port(server), TEXT(GET "\r\n"), &out)), 200);
    http_server_free(server);
}

static void test_server__lets_clients_wait_at_the_connection_limit(void **state)
{
    (void)state;
    struct http_server *server = start((struct http_server_options){.connection_limit = 2});
    uint16_t port = http_server_port(server);
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    int first = raw_connect(port);
    int second = raw_connect(port);
    raw_send(first, GET "\r\n", sizeof(GET) + 1);
    raw_read_answer(first, &out);
    buffer_reset(&out);
    raw_send(second, GET "\r\n", sizeof(GET) + 1);
    raw_read_answer(second, &out);
    int third = raw_connect(port); /* waits in the kernel */
    raw_send(third, GET "\r\n", sizeof(GET) + 1);
    close(first);
    buffer_reset(&out);
    assert_int_equal(raw_status(raw_read_answer(third, &out)), 200);
    close(second);
    close(third);
    http_server_free(server);
}

static void test_server__counts_answers_by_route_and_status(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    struct http_server *server = start((struct http_server_options){.metrics = metrics});
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    raw_talk(http_server_port(server), TEXT(GET "\r\n"), &out);
    buffer_reset(&out);
    raw_talk(http_server_port(server), TEXT("GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n"), &out);
    assert_float_equal(metrics_read(metrics, METRIC_HTTP_REQUESTS, "probe", "200", NULL), 1, 0.01);
    assert_float_equal(metrics_read(metrics, METRIC_HTTP_REQUESTS, "none", "404", NULL), 1, 0.01);
    http_server_free(server);
    metrics_free(metrics);
}

static void test_server__can_be_freed_with_open_connections(void **state)
{
    (void)state;
    struct http_server *server = start((struct http_server_options){0});
    int silent = raw_connect(http_server_port(server));
    int half = raw_connect(http_server_port(server));
    raw_send(half, GET, sizeof(GET) - 1);
    http_server_free(server);
    assert_true(raw_is_closed(silent, 20000));
    assert_true(raw_is_closed(half, 20000));
    close(silent);
    close(half);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server__refuses_a_bad_address),
        cmocka_unit_test(test_server__refuses_a_taken_port),
        cmocka_unit_test(test_server__keeps_connections_and_answers_pipelined_requests_in_order),
        cmocka_unit_test(test_server__answers_head_without_body),
        cmocka_unit_test(test_server__speaks_ipv6),
        cmocka_unit_test(test_server__cuts_a_client_that_trickles_headers),
        cmocka_unit_test(test_server__cuts_a_client_that_trickles_a_body),
        cmocka_unit_test(test_server__cuts_a_client_that_trickles_the_request_line),
        cmocka_unit_test(test_server__closes_silent_connections_without_a_word),
        cmocka_unit_test(test_server__lets_clients_wait_at_the_connection_limit),
        cmocka_unit_test(test_server__counts_answers_by_route_and_status),
        cmocka_unit_test(test_server__can_be_freed_with_open_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
