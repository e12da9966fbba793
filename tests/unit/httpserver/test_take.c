/*
 * Bodies that a route takes piece by piece, and what follows them.
 */
#include "raw_client.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "onput/clock.h"
#include "onput/memory.h"

enum { LIMIT = 64 << 20, HUGE_BODY = 8000000 };

/* What one route sees. Between take() and the handler or broken() `request` may be continued. */
struct sink {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct buffer bytes;
    size_t room;  /* how much more is taken */
    size_t bite;  /* at most so much at once; 0: everything */
    size_t takes; /* calls of take() */
    size_t handled;
    size_t broken;
    bool is_held; /* take() has been short */
    bool continues_within_take;
    struct http_request *request;
};

static size_t take(void *ctx, struct http_request *r, struct text piece)
{
    struct sink *s = ctx;
    pthread_mutex_lock(&s->lock);
    size_t n = piece.len < s->room ? piece.len : s->room;
    if (s->bite && n > s->bite)
        n = s->bite;
    buffer_append(&s->bytes, piece.ptr, n);
    s->room -= n;
    s->takes++;
    s->request = r;
    s->is_held = n < piece.len;
    if (s->is_held && s->continues_within_take)
        http_request_continue(r);
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return n;
}

static void sink_close(struct sink *s, size_t *counter)
{
    pthread_mutex_lock(&s->lock);
    s->request = NULL;
    s->is_held = false;
    ++*counter;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void broken(void *ctx, struct http_request *r)
{
    struct sink *s = ctx;
    (void)r;
    sink_close(s, &s->broken);
}

static void done(void *ctx, struct http_request *r)
{
    struct sink *s = ctx;
    sink_close(s, &s->handled);
    http_respond_json(r, 200,
                      text_of(arena_printf(http_request_arena(r), "%zu|%zu|%.*s|%.*s", s->bytes.len,
                                           http_request_body(r).len,
                                           TEXT_ARGS(http_request_trailer(r, "x-error-type")),
                                           TEXT_ARGS(http_request_trailer(r, "X-Error-Body")))));
}

static void admit(void *ctx, struct http_request *r)
{
    (void)ctx;
    if (http_request_header(r, "X-Stranger").len > 0)
        http_respond_error(r, 403, "no");
}

static const struct http_route routes[] = {{.methods = HTTP_POST | HTTP_GET,
                                            .path = "/t",
                                            .handler = done,
                                            .admit = admit,
                                            .max_body_bytes = LIMIT,
                                            .take = take,
                                            .broken = broken}};

struct rig {
    struct sink sink;
    struct http_server *server;
    struct buffer out;
};

static void rig_open(struct rig *rig, struct http_server_options options)
{
    struct error err = {0};
    *rig = (struct rig){.sink = {.room = SIZE_MAX}};
    pthread_mutex_init(&rig->sink.lock, NULL);
    pthread_cond_init(&rig->sink.changed, NULL);
    buffer_init(&rig->sink.bytes, LIMIT);
    buffer_init(&rig->out, 1 << 20);
    options.address = "127.0.0.1";
    options.routes = routes;
    options.route_count = ARRAY_LEN(routes);
    options.ctx = &rig->sink;
    if (http_server_start(&options, &rig->server, &err) != 0)
        fail_msg("%s", err.message);
}

static void rig_close(struct rig *rig)
{
    http_server_free(rig->server);
    buffer_release(&rig->sink.bytes);
    buffer_release(&rig->out);
    pthread_mutex_destroy(&rig->sink.lock);
    pthread_cond_destroy(&rig->sink.changed);
}

/* Waits until what `value` points to is at least `least`. */
static void sink_wait(struct sink *s, const size_t *value, size_t least)
{
    pthread_mutex_lock(&s->lock);
    while (*value < least)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

static void sink_wait_held(struct sink *s)
{
    pthread_mutex_lock(&s->lock);
    while (!s->is_held)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

static void sink_give_room(struct sink *s, size_t room)
{
    pthread_mutex_lock(&s->lock);
    s->room += room;
    s->is_held = false;
    if (s->request)
        http_request_continue(s->request);
    pthread_mutex_unlock(&s->lock);
}

static int connect_and_send(struct rig *rig, const char *bytes)
{
    int fd = raw_connect(http_server_port(rig->server));
    raw_send(fd, bytes, strlen(bytes));
    return fd;
}

static void expect_answer(struct rig *rig, int fd, const char *body)
{
    buffer_reset(&rig->out);
    struct text answer = raw_read_answer(fd, &rig->out);
    if (raw_status(answer) != 200 || !text_is(raw_body(answer), body))
        fail_msg("%.*s", TEXT_ARGS(answer));
}

#define POST    "POST /t HTTP/1.1\r\nHost: h\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

static void test_take__gets_the_body_and_the_handler_an_empty_one(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, (struct http_server_options){0});
    int fd = connect_and_send(&rig, POST "Content-Length: 5\r\n\r\nhello");
    expect_answer(&rig, fd, "5|0||");
    raw_send(fd, "GET /t HTTP/1.1\r\nHost: h\r\n\r\n", 28); /* nothing to take */
    expect_answer(&rig, fd, "5|0||");
    assert_true(text_is(buffer_text(&rig.sink.bytes), "hello"));
    assert_int_equal(rig.sink.handled, 2);
    assert_int_equal(rig.sink.broken, 0);
    close(fd);
    rig_close(&rig);
}

static void test_take__is_continued_from_another_thread(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, (struct http_server_options){0});
    rig.sink.room = 0;
    int fd = connect_and_send(&rig, CHUNKED "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
    for (size_t i = 0; i < 11; i++) {
        sink_wait_held(&rig.sink);
        assert_int_equal(rig.sink.bytes.len, i);
        sink_give_room(&rig.sink, 1);
    }
    expect_answer(&rig, fd, "11|0||");
    assert_true(text_is(buffer_text(&rig.sink.bytes), "hello world"));
    close(fd);
    rig_close(&rig);
}

static void test_take__may_be_continued_before_it_returns(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, (struct http_server_options){0});
    rig.sink.continues_within_take = true;
    rig.sink.bite = 1;
    int fd = connect_and_send(&rig, CHUNKED "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
    expect_answer(&rig, fd, "11|0||");
    assert_true(text_is(buffer_text(&rig.sink.bytes), "hello world"));
    assert_int_equal(rig.sink.takes, 11);
    close(fd);
    rig_close(&rig);
}

static void *continue_all_the_time(void *arg)
{
    struct sink *s = arg;
    pthread_mutex_lock(&s->lock);
    while (s->handled == 0) {
        s->room = 1000;
        if (s->request)
            http_request_continue(s->request);
        pthread_mutex_unlock(&s->lock);
        sched_yield();
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void fill(struct buffer *request, size_t len)
{
    buffer_appendf(request, POST "Content-Length: %zu\r\n\r\n", len);
    char *body = buffer_reserve(request, len);
    for (size_t i = 0; i < len; i++)
        body[i] = (char)('a' + i % 26);
    buffer_commit(request, len);
}

static void expect_filled(struct text bytes, size_t len)
{
    assert_int_equal(bytes.len, len);
    for (size_t i = 0; i < len; i++) {
        if (bytes.ptr[i] != (char)('a' + i % 26))
            fail_msg("byte %zu is wrong", i);
    }
}

static void test_take__loses_no_continue_in_a_race(void **state)
{
    struct rig rig;
    pthread_t thread;
    AUTO_BUFFER struct buffer request;
    (void)state;
    rig_open(&rig, (struct http_server_options){0});
    buffer_init(&request, LIMIT);
    fill(&request, 3000000);
    pthread_create(&thread, NULL, continue_all_the_time, &rig.sink);
    int fd = raw_connect(http_server_port(rig.server));
    raw_send(fd, request.data, request.len);
    expect_answer(&rig, fd, "3000000|0||");
    pthread_join(thread, NULL);
    expect_filled(buffer_text(&rig.sink.bytes), 3000000);
    close(fd);
    rig_close(&rig);
}

struct upload {
    int fd;
    struct buffer *request;
};

static void *upload_main(void *arg)
{
    struct upload *u = arg;
    raw_send(u->fd, u->request->data, u->request->len);
    return NULL;
}

static void test_take__holds_the_client_back_for_as_long_as_it_likes(void **state)
{
    struct rig rig;
    pthread_t thread;
    AUTO_BUFFER struct buffer request;
    (void)state;
    rig_open(&rig,
             (struct http_server_options){.request_timeout_ms = 1000, .idle_timeout_ms = 1000});
    rig.sink.room = 10;
    buffer_init(&request, LIMIT);
    fill(&request, HUGE_BODY);
    struct upload upload = {raw_connect(http_server_port(rig.server)), &request};
    pthread_create(&thread, NULL, upload_main, &upload);
    sink_wait_held(&rig.sink);
    usleep(3500000); /* both timeouts, and more: nothing may happen */
    assert_int_equal(rig.sink.takes, 1);
    assert_int_equal(rig.sink.broken, 0);
    sink_give_room(&rig.sink, SIZE_MAX - 10);
    expect_answer(&rig, upload.fd, "8000000|0||");
    pthread_join(thread, NULL);
    expect_filled(buffer_text(&rig.sink.bytes), HUGE_BODY);
    close(upload.fd);
    rig_close(&rig);
}

static void test_take__lets_an_upload_last_longer_than_the_timeout(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, (struct http_server_options){.request_timeout_ms = 1000});
    int fd = connect_and_send(&rig, POST "Content-Length: 12\r\n\r\n");
    for (size_t i = 0; i < 12; i++) {
        raw_send(fd, "x", 1);
        sink_wait(&rig.sink, &rig.sink.bytes.len, i + 1);
        usleep(100000);
    }
    expect_answer(&rig, fd, "12|0||");
    close(fd);
    fd = connect_and_send(&rig, POST "Content-Length: 12\r\n\r\nx"); /* and then silence */
    sink_wait(&rig.sink, &rig.sink.broken, 1);
    assert_true(raw_is_closed(fd, 20000));
    close(fd);
    rig_close(&rig);
}

static void test_take__is_not_asked_when_admit_refuses(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, (struct http_server_options){0});
    int fd = connect_and_send(&rig, POST "X-Stranger: 1\r\nContent-Length: 5\r\n\r\nhello");
    assert_int_equal(raw_status(raw_read_answer(fd, &rig.out)), 403);
    raw_send(fd, "GET /t HTTP/1.1\r\nHost: h\r\n\r\n", 28);
    expect_answer(&rig, fd, "0|0||");
    close(fd);
    buffer_reset(&rig.out);
    struct text answer = raw_talk(http_server_port(rig.server),
                                  TEXT(POST "Content-Length: 67108865\r\n\r\n"), &rig.out);
    assert_int_equal(raw_status(answer), 413);
    assert_int_equal(rig.sink.takes, 0);
    assert_int_equal(rig.sink.broken, 0);
    rig_close(&rig);
}

static void test_broken__is_called_when_the_client_goes(void **state)
{
    static const char *const requests[] = {
        POST "Content-Length: 5\r\n\r\n", /* admitted, nothing taken yet */
        POST "Content-Length: 5\r\n\r\nhell", CHUNKED "5\r\nhell",
        CHUNKED "5\r\nhello\r\n0\r\n",        CHUNKED "5\r\nhello\r\n0\r\nX-Error-Type: a",
    };
    struct rig rig;
    (void)state;
    rig_open(&rig, (struct http_server_options){0});
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        close(connect_and_send(&rig, requests[i]));
        sink_wait(&rig.sink, &rig.sink.broken, i + 1);
    }
    assert_int_equal(rig.sink.handled, 0);
    rig_close(&rig);
}

static void test_broken__is_called_after_a_pause_in_which_the_client_went(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, (struct http_server_options){0});
    rig.sink.room = 0;
    int fd = connect_and_send(&rig, POST "Content-Length: 10\r\n\r\nhello");
    sink_wait_held(&rig.sink);
    close(fd);
    sink_give_room(&rig.sink, 100);
    sink_wait(&rig.sink, &rig.sink.broken, 1);
    assert_int_equal(rig.sink.handled, 0);
    rig_close(&rig);
}

static void test_broken__is_called_for_malformed_chunks_and_trailers(void **state)
{
    static const char *const requests[] = {
        CHUNKED "xyz\r\nhello\r\n0\r\n\r\n",
        CHUNKED "5\r\nhelloX\r\n0\r\n\r\n",
        CHUNKED "-5\r\nhello\r\n0\r\n\r\n",
        CHUNKED "fffffffffffffffff\r\nhello\r\n",
        CHUNKED "5\r\nhello\r\n0\r\nno colon\r\n\r\n",
        CHUNKED "5\r\nhello\r\n0\r\nX-Error-Type : a\r\n\r\n",
        CHUNKED "5\r\nhello\r\n0\r\nX-Error-Type: a\x01z\r\n\r\n",
    };
    struct rig rig;
    (void)state;
    rig_open(&rig, (struct http_server_options){0});
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        buffer_reset(&rig.out);
        struct text answer =
            raw_talk_until_close(http_server_port(rig.server), text_of(requests[i]), &rig.out);
        int status = raw_status(answer);
        if (status != 400 && status != 413)
            fail_msg("%s: %.*s", requests[i], TEXT_ARGS(answer));
        sink_wait(&rig.sink, &rig.sink.broken, i + 1);
    }
    assert_int_equal(rig.sink.handled, 0);
    rig_close(&rig);
}

static void test_trailer__is_there_for_the_handler(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, (struct http_server_options){0});
    rig.sink.bite = 2;
    rig.sink.continues_within_take = true;
    int fd = connect_and_send(&rig, CHUNKED "3;x=y\r\nabc\r\n0\r\nX-Error-Type:  Runtime.Bad \r\n"
                                            "X-Error-Body: eyJ9\r\nx-error-type: 2nd\r\n\r\n");
    expect_answer(&rig, fd, "3|0|Runtime.Bad|eyJ9");
    raw_send(fd, CHUNKED "0\r\n\r\n", sizeof(CHUNKED "0\r\n\r\n") - 1);
    expect_answer(&rig, fd, "3|0||");
    close(fd);
    rig_close(&rig);
}

static void test_trailer__may_be_long_but_not_too_long(void **state)
{
    struct rig rig;
    AUTO_BUFFER struct buffer request;
    (void)state;
    rig_open(&rig, (struct http_server_options){0});
    for (size_t len = 8000; len <= 64000; len += 56000) {
        buffer_init(&request, 1 << 20);
        buffer_append_string(&request, CHUNKED "3\r\nabc\r\n0\r\nX: ");
        for (size_t i = 0; i < len; i++)
            buffer_append_char(&request, 'x');
        buffer_append_string(&request, "\r\n\r\n");
        buffer_reset(&rig.out);
        struct text answer =
            raw_talk(http_server_port(rig.server), buffer_text(&request), &rig.out);
        assert_int_equal(raw_status(answer), len == 8000 ? 200 : 431);
        buffer_release(&request);
    }
    assert_int_equal(rig.sink.handled, 1);
    sink_wait(&rig.sink, &rig.sink.broken, 1);
    rig_close(&rig);
}

static void test_drain__breaks_bodies_that_are_held_back(void **state)
{
    (void)state;
    for (int drains = 0; drains < 2; drains++) {
        struct rig rig;
        rig_open(&rig, (struct http_server_options){0});
        rig.sink.room = 0;
        int fds[8];
        for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
            fds[i] = connect_and_send(&rig, POST "Content-Length: 10\r\n\r\nhello");
            sink_wait(&rig.sink, &rig.sink.takes, i + 1);
        }
        int64_t begun = clock_mono_ms(clock_system());
        if (drains)
            http_server_drain(rig.server, 60000);
        http_server_free(rig.server);
        rig.server = NULL;
        assert_true(clock_mono_ms(clock_system()) - begun < 20000);
        assert_int_equal(rig.sink.broken, ARRAY_LEN(fds));
        for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
            assert_true(raw_is_closed(fds[i], 20000));
            close(fds[i]);
        }
        rig_close(&rig);
    }
}

static void *continue_until_broken(void *arg)
{
    struct sink *s = arg;
    pthread_mutex_lock(&s->lock);
    while (s->broken == 0) {
        if (s->request)
            http_request_continue(s->request);
        pthread_mutex_unlock(&s->lock);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void test_drain__survives_continues_at_the_same_time(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        struct rig rig;
        pthread_t thread;
        rig_open(&rig, (struct http_server_options){0});
        rig.sink.room = 0;
        int fd = connect_and_send(&rig, POST "Content-Length: 10\r\n\r\nhello");
        sink_wait_held(&rig.sink);
        pthread_create(&thread, NULL, continue_until_broken, &rig.sink);
        http_server_free(rig.server);
        rig.server = NULL;
        pthread_join(thread, NULL);
        assert_int_equal(rig.sink.broken, 1);
        close(fd);
        rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take__gets_the_body_and_the_handler_an_empty_one),
        cmocka_unit_test(test_take__is_continued_from_another_thread),
        cmocka_unit_test(test_take__may_be_continued_before_it_returns),
        cmocka_unit_test(test_take__loses_no_continue_in_a_race),
        cmocka_unit_test(test_take__holds_the_client_back_for_as_long_as_it_likes),
        cmocka_unit_test(test_take__lets_an_upload_last_longer_than_the_timeout),
        cmocka_unit_test(test_take__is_not_asked_when_admit_refuses),
        cmocka_unit_test(test_broken__is_called_when_the_client_goes),
        cmocka_unit_test(test_broken__is_called_after_a_pause_in_which_the_client_went),
        cmocka_unit_test(test_broken__is_called_for_malformed_chunks_and_trailers),
        cmocka_unit_test(test_trailer__is_there_for_the_handler),
        cmocka_unit_test(test_trailer__may_be_long_but_not_too_long),
        cmocka_unit_test(test_drain__breaks_bodies_that_are_held_back),
        cmocka_unit_test(test_drain__survives_continues_at_the_same_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
