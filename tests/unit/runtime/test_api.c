/*
 * The Runtime API's other routes, and to whose exchange a connection leads.
 */
#include "desk.h"

#include <unistd.h>

#include "onput/clock.h"

static int setup(void **state)
{
    struct desk *d = xcalloc(1, sizeof(*d));
    desk_open(d, clock_system());
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    desk_close(*state);
    free(*state);
    return 0;
}

static void test_api__says_pong(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    assert_text(desk_ask(d, fd, 200, "GET /2018-06-01/ping HTTP/1.1\r\nHost: x\r\n\r\n"), "pong");
    assert_text(desk_ask(d, fd, 200, "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n"), "pong");
    close(fd);
}

static void test_api__knows_no_telemetry(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    static const char *const paths[] = {"/2022-07-01/telemetry", "/2020-08-15/logs"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        assert_text(desk_ask(d, fd, 202,
                             "PUT %s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", paths[i]),
                    "{\"errorType\":\"Telemetry.NotSupported\",\"errorMessage\":\"Telemetry API is "
                    "not supported\"}");
    close(fd);
}

static void test_api__answers_all_else_with_json(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    static const char *const requests[] = {
        "GET /",
        "GET /2018-06-01/runtime/restore/next",
        "POST /2020-01-01/extension/register",
        "GET /2020-01-01/extension/event/next",
        "POST /2018-06-01/runtime/invocation/next",
        "GET /2018-06-01/runtime/invocation/x/response",
        "DELETE /2018-06-01/runtime/init/error",
    };
    for (size_t i = 0; i < ARRAY_LEN(requests); i++)
        assert_text(desk_ask(d, fd, 404, "%s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
                             requests[i]),
                    "{\"errorType\":\"NotFound\",\"errorMessage\":\"There is nothing at this "
                    "path\"}");
    close(fd);
}

static void test_api__refuses_a_large_error_of_a_start(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    struct text body = desk_ask(d, fd, 413,
                                "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\n"
                                "Content-Length: 9000000\r\n\r\n");
    assert_true(text_starts_with(body, TEXT("{\"errorType\":\"RequestEntityTooLarge\"")));
    close(fd);
}

static void test_api__leads_each_connection_to_its_own_process(void **state)
{
    struct desk *d = *state;
    struct instance other = {.exchange = exchange_new(clock_system()), .runtime = &d->runtime};
    int fd = desk_connect(d);
    int stranger = desk_connect_as(d, &other);
    desk_begin(d, fd, NULL);
    desk_say_post(stranger, DESK_ID, "response", "", TEXT("mine"));
    assert_int_equal(raw_status(desk_hear(d, stranger)), 400);
    desk_say_post(stranger, DESK_ID, "error", "", TEXT("{}"));
    assert_int_equal(raw_status(desk_hear(d, stranger)), 400);
    desk_say_post(fd, DESK_ID, "response", "", TEXT("its own"));
    assert_text(desk_wait(d)->body, "its own");
    desk_hear(d, fd);
    close(fd);
    close(stranger);
    http_server_free(d->server);
    d->server = NULL;
    exchange_unref(other.exchange);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_api__says_pong),
        TEST(test_api__knows_no_telemetry),
        TEST(test_api__answers_all_else_with_json),
        TEST(test_api__refuses_a_large_error_of_a_start),
        TEST(test_api__leads_each_connection_to_its_own_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
