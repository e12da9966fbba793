/*
 * Connections that somebody else accepted, and their owners.
 */
#include "raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "onput/clock.h"

struct owner {
    int number;
    atomic_int released;
};

static void release(void *owner)
{
    atomic_fetch_add(&((struct owner *)owner)->released, 1);
}

static struct http_request *_Atomic parked;

static void tell_owner(void *ctx, struct http_request *r)
{
    const struct owner *o = http_request_owner(r);
    (void)ctx;
    http_respond_json(r, 200,
                      text_of(arena_printf(http_request_arena(r), "%d %.*s", o ? o->number : -1,
                                           TEXT_ARGS(http_request_peer(r)))));
}

static void park(void *ctx, struct http_request *r)
{
    (void)ctx;
    atomic_store(&parked, r);
}

static void header_length(void *ctx, struct http_request *r)
{
    (void)ctx;
    http_respond_json(
        r, 200,
        text_of(arena_printf(http_request_arena(r), "%zu", http_request_header(r, "X-Cause").len)));
}

static const struct http_route routes[] = {
    {HTTP_GET, "/owner", tell_owner, NULL, 0, NULL},
    {HTTP_GET, "/park", park, NULL, 0, NULL},
    {HTTP_POST, "/cause", header_length, NULL, 1000, NULL},
};

static struct http_server *start(struct http_server_options options)
{
    struct http_server *server = NULL;
    struct error err = {0};
    options.routes = routes;
    options.route_count = ARRAY_LEN(routes);
    if (http_server_start(&options, &server, &err) != 0)
        fail_msg("%s", err.message);
    return server;
}

/* A connected pair over the loopback; [0] is the client's, [1] the accepted one. */
static void make_pair(int out[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &len), 0);
    out[0] = raw_connect(ntohs(address.sin_port));
    out[1] = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    assert_true(out[0] >= 0 && out[1] >= 0);
    close(listening);
}

/* The client's end of an adopted connection. */
static int adopt(struct http_server *server, struct owner *owner)
{
    struct error err = {0};
    int fds[2];
    make_pair(fds);
    if (http_server_adopt(server, fds[1], owner, release, &err) != 0)
        fail_msg("%s", err.message);
    return fds[0];
}

static void expect_refused(struct http_server *server, enum error_code code)
{
    struct owner owner = {0};
    struct error err = {0};
    int fds[2];
    make_pair(fds);
    assert_int_equal(http_server_adopt(server, fds[1], &owner, release, &err), -1);
    assert_int_equal(err.code, code);
    assert_int_equal(atomic_load(&owner.released), 1);
    assert_true(raw_is_closed(fds[0], 20000));
    close(fds[0]);
}

#define GET_OWNER "GET /owner HTTP/1.1\r\nHost: h\r\n\r\n"

static void expect_answer(int fd, const char *request, const char *body)
{
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    raw_send(fd, request, strlen(request));
    struct text answer = raw_read_answer(fd, &out);
    if (raw_status(answer) != 200 || !text_is(raw_body(answer), body))
        fail_msg("%.*s", TEXT_ARGS(answer));
}

static void wait_released(struct owner *owner)
{
    while (atomic_load(&owner->released) == 0)
        usleep(1000);
}

static void test_adopt__serves_each_connection_for_its_owner(void **state)
{
    struct owner owners[20] = {0};
    int fds[20];
    (void)state;
    struct http_server *server = start((struct http_server_options){0});
    assert_int_equal(http_server_port(server), 0);
    for (int i = 0; i < 20; i++) {
        owners[i].number = i;
        fds[i] = adopt(server, &owners[i]);
    }
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 20; i++) {
            char expected[40];
            snprintf(expected, sizeof(expected), "%d 127.0.0.1", i);
            expect_answer(fds[i], GET_OWNER, expected);
        }
    }
    close(fds[3]);
    wait_released(&owners[3]);
    for (int i = 0; i < 20; i++)
        assert_int_equal(atomic_load(&owners[i].released), i == 3);
    http_server_free(server);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(atomic_load(&owners[i].released), 1);
        if (i != 3)
            close(fds[i]);
    }
}

static void test_adopt__leaves_accepted_connections_without_an_owner(void **state)
{
    struct owner owner = {.number = 7};
    (void)state;
    struct http_server *server = start((struct http_server_options){.address = "127.0.0.1"});
    for (int i = 0; i < 10; i++) {
        int adopted = adopt(server, &owner);
        int accepted = raw_connect(http_server_port(server));
        expect_answer(accepted, GET_OWNER, "-1 127.0.0.1");
        expect_answer(adopted, GET_OWNER, "7 127.0.0.1");
        close(adopted);
        close(accepted);
    }
    http_server_free(server);
    assert_int_equal(atomic_load(&owner.released), 10);
}

static void test_adopt__counts_against_the_limit(void **state)
{
    struct owner owner = {.number = 1};
    (void)state;
    struct http_server *server = start((struct http_server_options){.connection_limit = 2});
    int first = adopt(server, &owner);
    int second = adopt(server, &owner);
    expect_refused(server, ERROR_LIMIT);
    close(first);
    wait_released(&owner);
    first = adopt(server, &owner);
    expect_answer(first, GET_OWNER, "1 127.0.0.1");
    expect_answer(second, GET_OWNER, "1 127.0.0.1");
    close(first);
    close(second);
    http_server_free(server);
    assert_int_equal(atomic_load(&owner.released), 3);
}

static void test_adopt__fails_once_the_server_drains(void **state)
{
    struct owner owner = {.number = 1};
    (void)state;
    struct http_server *server = start((struct http_server_options){0});
    int fd = adopt(server, &owner);
    http_server_drain(server, 10000);
    expect_refused(server, ERROR_CANCELED);
    http_server_free(server);
    assert_int_equal(atomic_load(&owner.released), 1);
    close(fd);
}

static void test_adopt__fails_for_what_is_not_connected(void **state)
{
    struct owner owner = {0};
    struct error err = {0};
    (void)state;
    struct http_server *server = start((struct http_server_options){0});
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(http_server_adopt(server, fd, &owner, release, &err), -1);
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    assert_int_equal(atomic_load(&owner.released), 1);
    assert_int_equal(close(fd), -1);
    http_server_free(server);
}

struct race {
    struct http_server *server;
    struct owner owner;
    int tried;
};

static void *adopt_until_refused(void *arg)
{
    struct race *race = arg;
    struct error err = {0};
    int fds[2];
    int result;
    do {
        make_pair(fds);
        result = http_server_adopt(race->server, fds[1], &race->owner, release, &err);
        race->tried++;
        close(fds[0]);
    } while (result == 0);
    return NULL;
}

/* Those in libmicrohttpd's queue are not lost either. */
static void test_adopt__releases_all_in_a_race_with_the_end(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        struct race race = {.server = start((struct http_server_options){.connection_limit = 60})};
        pthread_t thread;
        pthread_create(&thread, NULL, adopt_until_refused, &race);
        usleep((useconds_t)i * 100);
        http_server_drain(race.server, 0);
        pthread_join(thread, NULL);
        http_server_free(race.server);
        assert_int_equal(atomic_load(&race.owner.released), race.tried);
    }
}

static void test_adopt__keeps_a_parked_request_beyond_every_timeout(void **state)
{
    struct owner owner = {.number = 1};
    (void)state;
    struct http_server *server =
        start((struct http_server_options){.request_timeout_ms = 100, .idle_timeout_ms = 100});
    int fd = adopt(server, &owner);
    raw_send(fd, "GET /park HTTP/1.1\r\nHost: h\r\n\r\n", 31);
    assert_false(raw_is_closed(fd, 3000));
    http_respond_json(atomic_load(&parked), 200, TEXT("late"));
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    assert_true(text_is(raw_body(raw_read_answer(fd, &out)), "late"));
    close(fd);
    http_server_free(server);
}

static void test_adopt__keeps_an_idle_connection_for_a_day(void **state)
{
    struct owner owner = {.number = 1};
    (void)state;
    struct http_server *server = start(
        (struct http_server_options){.request_timeout_ms = 86400000, .idle_timeout_ms = 86400000});
    int fd = adopt(server, &owner);
    assert_false(raw_is_closed(fd, 1500));
    expect_answer(fd, GET_OWNER, "1 127.0.0.1");
    assert_false(raw_is_closed(fd, 1500));
    expect_answer(fd, GET_OWNER, "1 127.0.0.1");
    close(fd);
    http_server_free(server);
}

/* Bytes and the end of the connection in one segment. */
static void test_adopt__notices_the_end_that_comes_with_the_last_bytes(void **state)
{
    static const char *const requests[] = {
        GET_OWNER,
        "GET /owner HT",
        "POST /cause HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n123",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        struct owner owner = {.number = 1};
        struct error err = {0};
        int fds[2];
        struct http_server *server = start((struct http_server_options){
            .request_timeout_ms = 86400000, .idle_timeout_ms = 86400000});
        make_pair(fds);
        raw_send(fds[0], requests[i], strlen(requests[i]));
        assert_int_equal(shutdown(fds[0], SHUT_WR), 0);
        usleep(10000);
        assert_int_equal(http_server_adopt(server, fds[1], &owner, release, &err), 0);
        AUTO_BUFFER struct buffer out;
        buffer_init(&out, 65536);
        if (i == 0)
            assert_int_equal(raw_status(raw_read_answer(fds[0], &out)), 200);
        assert_true(raw_is_closed(fds[0], 20000));
        wait_released(&owner);
        close(fds[0]);
        http_server_free(server);
    }
}

static void test_adopt__notices_the_end_on_a_connection_that_was_idle(void **state)
{
    struct owner owner = {.number = 1};
    (void)state;
    struct http_server *server = start(
        (struct http_server_options){.request_timeout_ms = 86400000, .idle_timeout_ms = 86400000});
    int fd = adopt(server, &owner);
    expect_answer(fd, GET_OWNER, "1 127.0.0.1");
    assert_false(raw_is_closed(fd, 500));
    raw_send(fd, "GE", 2);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_true(raw_is_closed(fd, 20000));
    wait_released(&owner);
    close(fd);
    http_server_free(server);
}

static void test_adopt__takes_a_header_of_a_mebibyte_when_there_is_room(void **state)
{
    (void)state;
    for (int has_room = 0; has_room < 2; has_room++) {
        struct owner owner = {.number = 1};
        struct http_server *server = start(
            (struct http_server_options){.header_bytes = has_room ? 1280 * 1024 : 0, .threads = 1});
        AUTO_BUFFER struct buffer request;
        AUTO_BUFFER struct buffer out;
        buffer_init(&request, 4 << 20);
        buffer_init(&out, 65536);
        buffer_append_string(&request, "POST /cause HTTP/1.1\r\nHost: h\r\nX-Cause: ");
        memset(buffer_reserve(&request, 1 << 20), 'x', 1 << 20);
        buffer_commit(&request, 1 << 20);
        buffer_append_string(&request, "\r\nContent-Length: 2\r\n\r\n{}");
        int fd = adopt(server, &owner);
        raw_send(fd, request.data, request.len);
        if (has_room) {
            assert_true(text_is(raw_body(raw_read_answer(fd, &out)), "1048576"));
            expect_answer(fd, GET_OWNER, "1 127.0.0.1");
        } else {
            int status = raw_status(raw_read_answer(fd, &out));
            assert_true(status == 431 || status == 0); /* 0: reset, as much was unread */
        }
        close(fd);
        http_server_free(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adopt__serves_each_connection_for_its_owner),
        cmocka_unit_test(test_adopt__leaves_accepted_connections_without_an_owner),
        cmocka_unit_test(test_adopt__counts_against_the_limit),
        cmocka_unit_test(test_adopt__fails_once_the_server_drains),
        cmocka_unit_test(test_adopt__fails_for_what_is_not_connected),
        cmocka_unit_test(test_adopt__releases_all_in_a_race_with_the_end),
        cmocka_unit_test(test_adopt__keeps_a_parked_request_beyond_every_timeout),
        cmocka_unit_test(test_adopt__keeps_an_idle_connection_for_a_day),
        cmocka_unit_test(test_adopt__notices_the_end_that_comes_with_the_last_bytes),
        cmocka_unit_test(test_adopt__notices_the_end_on_a_connection_that_was_idle),
        cmocka_unit_test(test_adopt__takes_a_header_of_a_mebibyte_when_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
