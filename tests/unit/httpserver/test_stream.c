/*
 * Answers that are sent piece by piece.
 */
#include "raw_client.h"

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
#include "onput/memory.h"

enum { LONG_MS = 60000 };

/* Where handlers leave their request for the test's thread. */
struct desk {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct http_request *request;
};

static struct desk desk = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL};

static void leave(void *ctx, struct http_request *r)
{
    (void)ctx;
    pthread_mutex_lock(&desk.lock);
    desk.request = r;
    pthread_cond_broadcast(&desk.changed);
    pthread_mutex_unlock(&desk.lock);
}

static struct http_request *fetch(void)
{
    pthread_mutex_lock(&desk.lock);
    while (!desk.request)
        pthread_cond_wait(&desk.changed, &desk.lock);
    struct http_request *r = desk.request;
    desk.request = NULL;
    pthread_mutex_unlock(&desk.lock);
    return r;
}

static const struct http_route routes[] = {{HTTP_GET | HTTP_HEAD, "/s", leave, NULL, 0, NULL}};
static struct http_server *server;

static int start(void **state)
{
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

static int64_t now_ms(void)
{
    return clock_mono_ms(clock_system());
}

static int ask(const char *request)
{
    int fd = raw_connect(http_server_port(server));
    raw_send(fd, request, strlen(request));
    return fd;
}

#define GET "GET /s HTTP/1.1\r\nHost: h\r\n\r\n"

static struct http_stream *begin(int status)
{
    struct http_header header = {TEXT("X-Mode"), TEXT("streaming")};
    struct http_response head = {.status = status,
                                 .content_type = "text/plain",
                                 .headers = &header,
                                 .header_count = 1,
                                 .body = TEXT("does not count")};
    return http_respond_stream(fetch(), &head);
}

static void write_text(struct http_stream *s, struct text t)
{
    struct error err = {0};
    if (http_stream_write(s, t, now_ms() + LONG_MS, &err) != 0)
        fail_msg("%s", err.message);
}

/* Reads until what came ends with `end`. */
static struct text read_until(int fd, struct text end, struct buffer *out)
{
    char bytes[65536];
    while (!text_ends_with(buffer_text(out), end)) {
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        if (n <= 0)
            fail_msg("the answer ended: %s", out->data);
        buffer_append(out, bytes, (size_t)n);
    }
    return buffer_text(out);
}

static size_t read_to_the_end(int fd, struct buffer *out)
{
    char bytes[65536];
    ssize_t n;
    size_t total = 0;
    while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
        total += (size_t)n;
        if (out)
            buffer_append(out, bytes, (size_t)n);
    }
    return total;
}

static void expect_pieces_at_once(int fd)
{
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    raw_send(fd, GET, strlen(GET));
    struct http_stream *s = begin(200);
    int64_t begun = now_ms();
    struct text head = read_until(fd, TEXT("\r\n\r\n"), &out);
    assert_int_equal(raw_status(head), 200);
    assert_true(text_is(raw_header(head, "Transfer-Encoding"), "chunked"));
    assert_true(text_is(raw_header(head, "X-Mode"), "streaming"));
    assert_true(text_is(raw_header(head, "Content-Type"), "text/plain"));
    for (int i = 0; i < 50; i++) {
        buffer_reset(&out);
        write_text(s, TEXT("piece"));
        assert_true(text_is(read_until(fd, TEXT("piece\r\n"), &out), "5\r\npiece\r\n"));
    }
    assert_true(now_ms() - begun < 1900); /* a delay of 40 ms each would be more */
    buffer_reset(&out);
    http_stream_end(s, true);
    assert_true(text_is(read_until(fd, TEXT("0\r\n\r\n"), &out), "0\r\n\r\n"));
}

static void test_stream__sends_head_and_every_piece_at_once(void **state)
{
    (void)state;
    int fd = raw_connect(http_server_port(server));
    for (int i = 0; i < 3; i++)
        expect_pieces_at_once(fd);
    close(fd);
}

static void test_stream__may_be_written_and_ended_before_anything_is_sent(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    int fd = ask(GET);
    struct http_stream *s = begin(201);
    write_text(s, TEXT(""));
    http_stream_end(s, true);
    assert_int_equal(raw_status(read_until(fd, TEXT("\r\n\r\n0\r\n\r\n"), &out)), 201);
    close(fd);
}

static void test_stream__that_is_incomplete_cuts_the_connection(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    int fd = ask(GET);
    struct http_stream *s = begin(200);
    write_text(s, TEXT("half"));
    http_stream_end(s, false);
    read_to_the_end(fd, &out);
    assert_true(text_is(raw_body(buffer_text(&out)), "4\r\nhalf\r\n"));
    close(fd);
}

static void test_stream__to_http_1_0_ends_with_the_connection(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    int fd = ask("GET /s HTTP/1.0\r\n\r\n");
    struct http_stream *s = begin(200);
    write_text(s, TEXT("one "));
    read_until(fd, TEXT("one "), &out);
    write_text(s, TEXT("two"));
    http_stream_end(s, true);
    read_to_the_end(fd, &out);
    assert_true(text_is(raw_header(buffer_text(&out), "Transfer-Encoding"), ""));
    assert_true(text_is(raw_body(buffer_text(&out)), "one two"));
    close(fd);
}

static void expect_no_body(const char *request, int status)
{
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    int fd = ask(request);
    struct http_stream *s = begin(status);
    for (int i = 0; i < 100; i++)
        write_text(s, (struct text){(char[10000]){0}, 10000});
    http_stream_end(s, true);
    struct text answer = raw_read_answer(fd, &out);
    assert_int_equal(raw_status(answer), status);
    assert_true(text_is(raw_header(answer, "Content-Length"), ""));
    if (status != 204)
        assert_true(text_is(raw_header(answer, "Connection"), "close"));
    assert_int_equal(raw_body(answer).len, 0);
    if (status != 204)
        assert_true(raw_is_closed(fd, 20000));
    close(fd);
}

static void test_stream__has_no_body_for_head_and_some_statuses(void **state)
{
    (void)state;
    expect_no_body("HEAD /s HTTP/1.1\r\nHost: h\r\n\r\n", 200);
    expect_no_body(GET, 204);
    expect_no_body(GET, 304);
}

static void *write_much(void *arg)
{
    char *piece = xmalloc(100000);
    for (size_t i = 0; i < 100000; i++)
        piece[i] = (char)('a' + i % 26);
    for (int i = 0; i < 100; i++)
        write_text(arg, (struct text){piece, 100000});
    free(piece);
    http_stream_end(arg, true);
    return NULL;
}

static void test_stream__carries_many_megabytes_unharmed(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 64 << 20);
    pthread_t thread;
    int fd = ask("GET /s HTTP/1.0\r\n\r\n");
    pthread_create(&thread, NULL, write_much, begin(200));
    read_to_the_end(fd, &out);
    pthread_join(thread, NULL);
    struct text body = raw_body(buffer_text(&out));
    assert_int_equal(body.len, 10000000);
    for (size_t i = 0; i < body.len; i++) {
        if (body.ptr[i] != (char)('a' + i % 100000 % 26))
            fail_msg("byte %zu is wrong", i);
    }
    close(fd);
}

/* Writes until that fails; returns how much that was. */
static size_t write_until_error(struct http_stream *s, int64_t deadline_ms, struct error *err)
{
    static const char piece[65536];
    size_t written = 0;
    while (http_stream_write(s, (struct text){piece, sizeof(piece)}, deadline_ms, err) == 0)
        written += sizeof(piece);
    return written;
}

static void test_stream__holds_the_writer_of_a_client_that_does_not_read(void **state)
{
    (void)state;
    struct error err = {0};
    int fd = ask(GET);
    struct http_stream *s = begin(200);
    int64_t deadline = now_ms() + 300;
    size_t written = write_until_error(s, deadline, &err);
    assert_int_equal(err.code, ERROR_TIMEOUT);
    assert_true(now_ms() >= deadline);
    assert_true(written < 32u << 20); /* what the kernel keeps, and 256 KiB */
    http_stream_end(s, false);
    assert_true(read_to_the_end(fd, NULL) >= written);
    close(fd);
}

static void test_stream__tells_when_the_client_has_gone(void **state)
{
    (void)state;
    struct error err = {0};
    int fd = ask(GET);
    struct http_stream *s = begin(200);
    close(fd);
    write_until_error(s, now_ms() + LONG_MS, &err);
    assert_int_equal(err.code, ERROR_CANCELED);
    http_stream_end(s, true);
}

static void test_stream__tells_when_the_client_goes_while_the_writer_waits(void **state)
{
    (void)state;
    struct error err = {0};
    int fd = ask(GET);
    struct http_stream *s = begin(200);
    write_until_error(s, now_ms() + 100, &err);
    assert_int_equal(err.code, ERROR_TIMEOUT);
    error_clear(&err);
    close(fd);
    write_until_error(s, now_ms() + LONG_MS, &err);
    assert_int_equal(err.code, ERROR_CANCELED);
    http_stream_end(s, true);
}

static void test_stream__is_canceled_when_the_server_ends(void **state)
{
    (void)state;
    struct error err = {0};
    struct http_server *shared = server;
    for (int is_full = 0; is_full < 2; is_full++) {
        server = raw_server(routes, ARRAY_LEN(routes), NULL);
        int fd = ask(GET);
        struct http_stream *s = begin(200);
        if (is_full)
            write_until_error(s, now_ms() + 100, &err);
        error_clear(&err);
        int64_t begun = now_ms();
        http_server_drain(server, 50);
        assert_int_equal(http_stream_write(s, TEXT("x"), now_ms() + LONG_MS, &err), -1);
        assert_int_equal(err.code, ERROR_CANCELED);
        http_server_free(server);
        assert_true(now_ms() - begun < 20000);
        AUTO_BUFFER struct buffer out;
        buffer_init(&out, 64 << 20);
        read_to_the_end(fd, &out);
        assert_false(text_ends_with(buffer_text(&out), TEXT("\r\n0\r\n\r\n")));
        http_stream_end(s, true); /* outlives the server */
        close(fd);
    }
    server = shared;
}

static void test_stream__that_begins_after_the_server_is_canceled(void **state)
{
    AUTO_BUFFER struct buffer out;
    struct error err = {0};
    struct http_server *shared = server;
    (void)state;
    buffer_init(&out, 65536);
    server = raw_server(routes, ARRAY_LEN(routes), NULL);
    int fd = ask(GET);
    struct http_request *r = fetch();
    http_server_drain(server, 20);
    assert_int_equal(raw_status(raw_read_answer(fd, &out)), 503);
    http_server_free(server);
    struct http_stream *s = http_respond_stream(r, &(struct http_response){.status = 200});
    assert_int_equal(http_stream_write(s, TEXT("x"), now_ms() + LONG_MS, &err), -1);
    assert_int_equal(err.code, ERROR_CANCELED);
    http_stream_end(s, true);
    close(fd);
    server = shared;
}

enum { CROWD = 64, CROWD_PIECES = 40, CROWD_PIECE = 10000 };

struct member {
    pthread_t writer;
    struct http_stream *stream;
    int fd;
    int failed;
};

static void *write_as_member(void *arg)
{
    static const char piece[CROWD_PIECE];
    struct member *m = arg;
    struct error err = {0};
    for (int i = 0; i < CROWD_PIECES && !m->failed; i++)
        m->failed = http_stream_write(m->stream, (struct text){piece, sizeof(piece)},
                                      now_ms() + LONG_MS, &err);
    if (m->failed)
        m->failed = (int)err.code;
    http_stream_end(m->stream, !m->failed);
    return NULL;
}

static void crowd_begin(struct member crowd[CROWD])
{
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = (struct member){.fd = ask("GET /s HTTP/1.0\r\n\r\n")};
        crowd[i].stream = begin(200);
    }
    for (int i = 0; i < CROWD; i++)
        pthread_create(&crowd[i].writer, NULL, write_as_member, &crowd[i]);
}

static void test_stream__of_many_clients_of_whom_some_vanish(void **state)
{
    struct member crowd[CROWD];
    (void)state;
    crowd_begin(crowd);
    for (int i = 0; i < CROWD; i += 2) {
        char bytes[1000];
        if (i % 3 == 0)
            assert_true(recv(crowd[i].fd, bytes, sizeof(bytes), 0) > 0);
        close(crowd[i].fd);
    }
    for (int i = 1; i < CROWD; i += 2) {
        AUTO_BUFFER struct buffer out;
        buffer_init(&out, 1 << 20);
        read_to_the_end(crowd[i].fd, &out);
        assert_int_equal(raw_body(buffer_text(&out)).len, CROWD_PIECES * CROWD_PIECE);
        close(crowd[i].fd);
    }
    for (int i = 0; i < CROWD; i++) {
        pthread_join(crowd[i].writer, NULL);
        assert_true(crowd[i].failed == 0 || (i % 2 == 0 && crowd[i].failed == ERROR_CANCELED));
    }
}

static void test_stream__of_many_clients_when_the_server_ends(void **state)
{
    struct member crowd[CROWD];
    struct http_server *shared = server;
    (void)state;
    for (int i = 0; i < 5; i++) {
        server = raw_server(routes, ARRAY_LEN(routes), NULL);
        crowd_begin(crowd);
        usleep((useconds_t)i * 3000);
        int64_t begun = now_ms();
        http_server_free(server);
        assert_true(now_ms() - begun < 20000);
        for (int j = 0; j < CROWD; j++) {
            pthread_join(crowd[j].writer, NULL);
            assert_true(crowd[j].failed == 0 || crowd[j].failed == ERROR_CANCELED);
            close(crowd[j].fd);
        }
    }
    server = shared;
}

static void *drain(void *arg)
{
    http_server_drain(arg, LONG_MS);
    return NULL;
}

static void test_stream__is_waited_for_by_a_drain(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 64 << 20);
    struct http_server *shared = server;
    server = raw_server(routes, ARRAY_LEN(routes), NULL);
    int fd = ask("GET /s HTTP/1.0\r\n\r\n");
    struct http_stream *s = begin(200);
    pthread_t thread;
    pthread_create(&thread, NULL, drain, server);
    for (int late; (late = raw_connect(http_server_port(server))) >= 0;)
        close(late); /* the drain has begun when nobody is let in */
    pthread_t writer;
    pthread_create(&writer, NULL, write_much, s);
    read_to_the_end(fd, &out);
    pthread_join(writer, NULL);
    pthread_join(thread, NULL);
    http_server_free(server);
    assert_int_equal(raw_body(buffer_text(&out)).len, 10000000);
    close(fd);
    server = shared;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream__sends_head_and_every_piece_at_once),
        cmocka_unit_test(test_stream__may_be_written_and_ended_before_anything_is_sent),
        cmocka_unit_test(test_stream__that_is_incomplete_cuts_the_connection),
        cmocka_unit_test(test_stream__to_http_1_0_ends_with_the_connection),
        cmocka_unit_test(test_stream__has_no_body_for_head_and_some_statuses),
        cmocka_unit_test(test_stream__carries_many_megabytes_unharmed),
        cmocka_unit_test(test_stream__holds_the_writer_of_a_client_that_does_not_read),
        cmocka_unit_test(test_stream__tells_when_the_client_has_gone),
        cmocka_unit_test(test_stream__tells_when_the_client_goes_while_the_writer_waits),
        cmocka_unit_test(test_stream__is_canceled_when_the_server_ends),
        cmocka_unit_test(test_stream__that_begins_after_the_server_is_canceled),
        cmocka_unit_test(test_stream__of_many_clients_of_whom_some_vanish),
        cmocka_unit_test(test_stream__of_many_clients_when_the_server_ends),
        cmocka_unit_test(test_stream__is_waited_for_by_a_drain),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
