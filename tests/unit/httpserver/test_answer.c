/*
 * Answers that come at once, later from another thread, and too late.
 */
#include "raw_client.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "onput/clock.h"

/* A thread that answers what it is given, in order. */
struct office {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct http_request *waiting[64];
    size_t count;
    bool held; /* answers nothing for now */
    bool over;
};

static void *office_main(void *arg)
{
    struct office *o = arg;
    pthread_mutex_lock(&o->lock);
    while (!o->over || o->count > 0) {
        if (o->count == 0 || o->held) {
            pthread_cond_wait(&o->changed, &o->lock);
            continue;
        }
        struct http_request *r = o->waiting[0];
        memmove(o->waiting, o->waiting + 1, --o->count * sizeof(r));
        pthread_mutex_unlock(&o->lock);
        http_respond_json(r, 200, http_request_body(r));
        pthread_mutex_lock(&o->lock);
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

static void office_open(struct office *o)
{
    *o = (struct office){0};
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->changed, NULL);
    pthread_create(&o->thread, NULL, office_main, o);
}

static void office_set_held(struct office *o, bool held)
{
    pthread_mutex_lock(&o->lock);
    o->held = held;
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
}

static void office_wait_for(struct office *o, size_t count)
{
    pthread_mutex_lock(&o->lock);
    while (o->count < count)
        pthread_cond_wait(&o->changed, &o->lock);
    pthread_mutex_unlock(&o->lock);
}

static void office_close(struct office *o)
{
    pthread_mutex_lock(&o->lock);
    o->over = true;
    o->held = false;
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
    pthread_join(o->thread, NULL);
    pthread_mutex_destroy(&o->lock);
    pthread_cond_destroy(&o->changed);
}

static void hand_in(void *ctx, struct http_request *r)
{
    struct office *o = ctx;
    pthread_mutex_lock(&o->lock);
    o->waiting[o->count++] = r;
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
}

/* Answered by another thread before this handler returns. */
static void *answer_now(void *arg)
{
    http_respond_json(arg, 200, TEXT("before"));
    return NULL;
}

static void hand_over_and_wait(void *ctx, struct http_request *r)
{
    pthread_t thread;
    (void)ctx;
    pthread_create(&thread, NULL, answer_now, r);
    pthread_join(thread, NULL);
}

static void at_once(void *ctx, struct http_request *r)
{
    (void)ctx;
    http_respond_json(r, 200, TEXT("now"));
}

static const struct http_route routes[] = {
    {HTTP_POST, "/late", hand_in, NULL, 1000, NULL},
    {HTTP_GET, "/before", hand_over_and_wait, NULL, 0, NULL},
    {HTTP_GET, "/now", at_once, NULL, 0, NULL},
};

static const struct text late = TEXT_INIT("POST /late HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
                                          "\r\nhello");

static void test_answer__comes_later_from_another_thread(void **state)
{
    (void)state;
    struct office office;
    office_open(&office);
    struct http_server *server = raw_server(routes, ARRAY_LEN(routes), &office);
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    int fd = raw_connect(http_server_port(server));
    for (int i = 0; i < 200; i++) {
        buffer_reset(&out);
        raw_send(fd, late.ptr, late.len);
        struct text answer = raw_read_answer(fd, &out);
        assert_int_equal(raw_status(answer), 200);
        assert_true(text_is(raw_body(answer), "hello"));
    }
    close(fd);
    http_server_free(server);
    office_close(&office);
}

static void test_answer__may_come_before_the_handler_returns(void **state)
{
    (void)state;
    struct office office;
    office_open(&office);
    struct http_server *server = raw_server(routes, ARRAY_LEN(routes), &office);
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    struct text answer =
        raw_talk(http_server_port(server), TEXT("GET /before HTTP/1.1\r\nHost: h\r\n\r\n"), &out);
    assert_true(text_is(raw_body(answer), "before"));
    http_server_free(server);
    office_close(&office);
}

static void test_answer__does_not_hold_up_other_connections(void **state)
{
    (void)state;
    struct office office;
    office_open(&office);
    office_set_held(&office, true);
    struct http_server *server = raw_server(routes, ARRAY_LEN(routes), &office);
    int waiting[10];
    for (size_t i = 0; i < ARRAY_LEN(waiting); i++) {
        waiting[i] = raw_connect(http_server_port(server));
        raw_send(waiting[i], late.ptr, late.len);
    }
    office_wait_for(&office, ARRAY_LEN(waiting));
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    struct text answer =
        raw_talk(http_server_port(server), TEXT("GET /now HTTP/1.1\r\nHost: h\r\n\r\n"), &out);
    assert_true(text_is(raw_body(answer), "now"));
    office_set_held(&office, false);
    for (size_t i = 0; i < ARRAY_LEN(waiting); i++) {
        buffer_reset(&out);
        assert_true(text_is(raw_body(raw_read_answer(waiting[i], &out)), "hello"));
        close(waiting[i]);
    }
    http_server_free(server);
    office_close(&office);
}

static void test_answer__to_a_client_that_has_gone_is_dropped(void **state)
{
    (void)state;
    struct office office;
    office_open(&office);
    office_set_held(&office, true);
    struct http_server *server = raw_server(routes, ARRAY_LEN(routes), &office);
    for (int i = 0; i < 5; i++) {
        int fd = raw_connect(http_server_port(server));
        raw_send(fd, late.ptr, late.len);
        office_wait_for(&office, (size_t)i + 1);
        close(fd);
    }
    office_set_held(&office, false);
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    assert_true(text_is(raw_body(raw_talk(http_server_port(server), late, &out)), "hello"));
    http_server_free(server);
    office_close(&office);
}

struct drain {
    struct http_server *server;
    int timeout_ms;
    atomic_bool done;
};

static void *drain_main(void *arg)
{
    struct drain *d = arg;
    http_server_drain(d->server, d->timeout_ms);
    atomic_store(&d->done, true);
    return NULL;
}

static void wait_until_refused(uint16_t port)
{
    int fd;
    while ((fd = raw_connect(port)) >= 0)
        close(fd);
}

static void test_drain__waits_for_the_answers_that_are_owed(void **state)
{
    (void)state;
    struct office office;
    office_open(&office);
    office_set_held(&office, true);
    struct http_server *server = raw_server(routes, ARRAY_LEN(routes), &office);
    int fd = raw_connect(http_server_port(server));
    raw_send(fd, late.ptr, late.len);
    office_wait_for(&office, 1);

    pthread_t thread;
    struct drain drain = {.server = server, .timeout_ms = 60000};
    pthread_create(&thread, NULL, drain_main, &drain);
    wait_until_refused(http_server_port(server));
    assert_false(atomic_load(&drain.done));
    office_set_held(&office, false);
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    struct text answer = raw_read_answer(fd, &out);
    assert_int_equal(raw_status(answer), 200);
    assert_true(text_is(raw_body(answer), "hello"));
    assert_true(text_equal_nocase(raw_header(answer, "Connection"), TEXT("close")));
    pthread_join(thread, NULL);
    close(fd);
    http_server_free(server);
    office_close(&office);
}

static void test_drain__answers_503_for_those_who_are_too_late(void **state)
{
    (void)state;
    struct office office;
    office_open(&office);
    office_set_held(&office, true);
    struct http_server *server = raw_server(routes, ARRAY_LEN(routes), &office);
    int fds[4];
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = raw_connect(http_server_port(server));
        raw_send(fds[i], late.ptr, late.len);
    }
    office_wait_for(&office, ARRAY_LEN(fds));
    http_server_drain(server, 20);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        AUTO_BUFFER struct buffer out;
        buffer_init(&out, 65536);
        assert_int_equal(raw_status(raw_read_answer(fds[i], &out)), 503);
        close(fds[i]);
    }
    http_server_free(server);
    office_close(&office); /* now the late answers come, to requests that outlived the server */
}

/* The second client has even gone, but libmicrohttpd does not look until it wants more of the body.
 */
static void test_drain__does_not_wait_for_requests_that_never_get_whole(void **state)
{
    static const char head[] = "POST /late HTTP/1.1\r\nHost: a\r\nX-Slow: ";
    static const char half[] = "POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhel";
    (void)state;
    struct office office;
    office_open(&office);
    struct http_server *server = raw_server(routes, ARRAY_LEN(routes), &office);
    int slow = raw_connect(http_server_port(server));
    raw_send(slow, head, sizeof(head) - 1);
    int gone = raw_connect(http_server_port(server));
    raw_send(gone, half, sizeof(half) - 1);
    close(gone);
    int64_t started = clock_mono_ms(clock_system());
    http_server_drain(server, 60000);
    assert_true(clock_mono_ms(clock_system()) - started < 20000);
    close(slow);
    http_server_free(server);
    office_close(&office);
}

static void test_drain__survives_answers_that_arrive_at_the_same_time(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        struct office office;
        office_open(&office);
        struct http_server *server = raw_server(routes, ARRAY_LEN(routes), &office);
        int fds[16];
        for (size_t j = 0; j < ARRAY_LEN(fds); j++) {
            fds[j] = raw_connect(http_server_port(server));
            raw_send(fds[j], late.ptr, late.len);
        }
        http_server_free(server);
        for (size_t j = 0; j < ARRAY_LEN(fds); j++)
            close(fds[j]);
        office_close(&office);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer__comes_later_from_another_thread),
        cmocka_unit_test(test_answer__may_come_before_the_handler_returns),
        cmocka_unit_test(test_answer__does_not_hold_up_other_connections),
        cmocka_unit_test(test_answer__to_a_client_that_has_gone_is_dropped),
        cmocka_unit_test(test_drain__waits_for_the_answers_that_are_owed),
        cmocka_unit_test(test_drain__answers_503_for_those_who_are_too_late),
        cmocka_unit_test(test_drain__does_not_wait_for_requests_that_never_get_whole),
        cmocka_unit_test(test_drain__survives_answers_that_arrive_at_the_same_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
