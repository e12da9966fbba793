/*
 * Peers that break, stall, lie or talk too much.
 */
#include "call.h"

#include <pthread.h>
#include <sys/socket.h>
#include <time.h>

static void assert_unavailable(const struct scripted_reply *reply)
{
    struct call_fixture f;
    call_start(&f, reply, 1);
    assert_fails(call_get(&f), &f.err, ERROR_UNAVAILABLE);
    assert_true(f.err.retryable);
    assert_true(f.err.uncertain);
    assert_int_equal(f.reply.status, 0);
    call_stop(&f);
}

static void test_http_client__reports_a_cut_connection_as_passing(void **state)
{
    static const struct scripted_reply replies[] = {
        {0, .ending = SCRIPTED_CLOSE},
        {0, .ending = SCRIPTED_RESET},
        {200, .body = TEXT_INIT("short"), .length = 6, .ending = SCRIPTED_CLOSE},
        {200, .body = TEXT_INIT("short"), .length = 6, .ending = SCRIPTED_RESET},
        {.raw = "HTTP/1.1 200 OK\r\nContent-Le", .ending = SCRIPTED_CLOSE},
        {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
         .ending = SCRIPTED_CLOSE},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(replies); i++)
        assert_unavailable(&replies[i]);
}

static void test_http_client__is_certain_when_nothing_was_sent(void **state)
{
    struct call_fixture f;
    static const struct scripted_reply replies[] = {{200}};
    (void)state;
    call_start(&f, replies, 1);
    struct http_call call = call_to(&f, "PUT", "/");
    scripted_server_stop(f.server);
    f.server = NULL;
    assert_fails(call_perform(&f, &call), &f.err, ERROR_UNAVAILABLE);
    assert_true(f.err.retryable);
    assert_false(f.err.uncertain);
    call_stop(&f);
}

static void test_http_client__reconnects_when_an_idle_connection_is_dead(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, .body = TEXT_INIT("one"), .ending = SCRIPTED_CLOSE}, {200, .body = TEXT_INIT("two")}};
    struct call_fixture f;
    (void)state;
    call_start(&f, replies, 2);
    assert_ok(call_get(&f), &f.err);
    assert_ok(call_get(&f), &f.err);
    assert_text(buffer_text(&f.reply.body), "two");
    assert_int_equal(scripted_server_connection_count(f.server), 2);
    call_stop(&f);
}

static void test_http_client__takes_a_body_byte_by_byte(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, .body = TEXT_INIT("0123456789"), .repeat = 50, .piece = 1}};
    struct call_fixture f;
    (void)state;
    call_start(&f, replies, 1);
    assert_ok(call_get(&f), &f.err);
    assert_int_equal(f.reply.body.len, 500);
    call_stop(&f);
}

static void test_http_client__ignores_what_follows_the_announced_body(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, .body = TEXT_INIT("hello, and more"), .length = 5, .ending = SCRIPTED_CLOSE}};
    struct call_fixture f;
    (void)state;
    call_start(&f, replies, 1);
    assert_ok(call_get(&f), &f.err);
    assert_text(buffer_text(&f.reply.body), "hello");
    /* The rest must not be taken for an answer: a new connection, now or with the next call. */
    if (call_get(&f)) {
        assert_true(f.err.retryable);
        assert_ok(call_get(&f), &f.err);
    }
    assert_text(buffer_text(&f.reply.body), "hello");
    call_stop(&f);
}

static void test_http_client__refuses_10_gb_by_its_announcement(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, .body = TEXT_INIT("x"), .length = 10000000000, .ending = SCRIPTED_HANG}};
    struct call_fixture f;
    (void)state;
    call_start(&f, replies, 1);
    assert_fails(call_get(&f), &f.err, ERROR_LIMIT);
    assert_contains(f.err.message, "10000000000");
    assert_false(f.err.retryable);
    call_stop(&f);
}

static int count_bytes(void *ctx, const void *bytes, size_t len, struct error *err)
{
    size_t *count = ctx;
    (void)bytes, (void)err;
    *count += len;
    return 0;
}

static void test_http_client__stops_an_unannounced_flood(void **state)
{
    static const struct scripted_reply replies[] = {{200, .body = TEXT_INIT("0123456789abcdef"),
                                                     .length = SCRIPTED_NO_LENGTH,
                                                     .repeat = 1000000, .ending = SCRIPTED_CLOSE}};
    struct call_fixture f;
    size_t count = 0;
    (void)state;
    call_start(&f, replies, 1);
    struct http_call call = call_to(&f, "GET", "/");
    call.sink = count_bytes;
    call.sink_ctx = &count;
    call.max_body_bytes = 100000;
    assert_fails(call_perform(&f, &call), &f.err, ERROR_LIMIT);
    assert_true(count <= 100000);
    call_stop(&f);
}

static int refuse_bytes(void *ctx, const void *bytes, size_t len, struct error *err)
{
    (void)ctx, (void)bytes, (void)len;
    return error_set(err, ERROR_IO, "The disk is full.");
}

static void test_http_client__passes_the_sinks_error_on(void **state)
{
    static const struct scripted_reply replies[] = {{200, .body = TEXT_INIT("x")}};
    struct call_fixture f;
    (void)state;
    call_start(&f, replies, 1);
    struct http_call call = call_to(&f, "GET", "/");
    call.sink = refuse_bytes;
    assert_fails(call_perform(&f, &call), &f.err, ERROR_IO);
    assert_string_equal(f.err.message, "The disk is full.");
    call_stop(&f);
}

static void test_http_client__cuts_error_bodies(void **state)
{
    static const struct scripted_reply replies[] = {
        {500, .body = TEXT_INIT("0123456789abcdef"), .repeat = 65536},
        {200, .body = TEXT_INIT("ok")}};
    struct call_fixture f;
    (void)state;
    call_start(&f, replies, 2);
    assert_ok(call_get(&f), &f.err);
    assert_int_equal(f.reply.status, 500);
    assert_int_equal(f.reply.body.len, HTTP_ERROR_BODY_BYTES);
    assert_ok(call_get(&f), &f.err);
    assert_text(buffer_text(&f.reply.body), "ok");
    call_stop(&f);
}

static void test_http_client__refuses_what_is_not_http(void **state)
{
    static const struct scripted_reply replies[] = {
        {.raw = "220 smtp.example ESMTP\r\n", .ending = SCRIPTED_CLOSE},
        {.raw = "HTTP/1.1 abc\r\n\r\n", .ending = SCRIPTED_CLOSE},
        {.raw = "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello", .ending = SCRIPTED_CLOSE},
        {.raw = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
         .ending = SCRIPTED_CLOSE},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
        struct call_fixture f;
        call_start(&f, &replies[i], 1);
        assert_fails(call_get(&f), &f.err, ERROR_PROTOCOL);
        assert_false(f.err.retryable);
        call_stop(&f);
    }
}

static void test_http_client__limits_headers(void **state)
{
    AUTO_BUFFER struct buffer many = {0};
    AUTO_BUFFER struct buffer big = {0};
    (void)state;
    buffer_init(&many, 1024 * 1024);
    buffer_init(&big, 1024 * 1024);
    for (int i = 0; i < 257; i++)
        buffer_appendf(&many, "X-%d: 1\r\n", i);
    for (int i = 0; i < 30; i++) {
        buffer_appendf(&big, "X-%d: ", i);
        for (int k = 0; k < 3000; k++)
            buffer_append_char(&big, 'v');
        buffer_append_string(&big, "\r\n");
    }
    struct scripted_reply replies[] = {{200, many.data, TEXT("x")}, {200, big.data, TEXT("x")}};
    struct call_fixture f;
    call_start(&f, replies, 2);
    assert_fails(call_get(&f), &f.err, ERROR_LIMIT);
    assert_fails(call_get(&f), &f.err, ERROR_LIMIT);
    call_stop(&f);
}

static void test_http_client__gives_up_on_a_silent_peer(void **state)
{
    static const struct scripted_reply replies[] = {
        {0, .ending = SCRIPTED_HANG},
        {200, .body = TEXT_INIT("half"), .length = 8, .ending = SCRIPTED_HANG}};
    struct call_fixture f;
    (void)state;
    call_start(&f, replies, 2);
    for (int i = 0; i < 2; i++) {
        struct http_call call = call_to(&f, "GET", "/");
        call.stall_timeout_ms = 50;
        assert_fails(call_perform(&f, &call), &f.err, ERROR_TIMEOUT);
        assert_true(f.err.retryable);
        assert_true(f.err.uncertain);
    }
    call_stop(&f);
}

static void test_http_client__ends_the_whole_call_in_time(void **state)
{
    static const struct scripted_reply replies[] = {{0, .ending = SCRIPTED_HANG}};
    struct call_fixture f;
    (void)state;
    call_start(&f, replies, 1);
    struct http_call call = call_to(&f, "GET", "/");
    call.timeout_ms = 50;
    assert_fails(call_perform(&f, &call), &f.err, ERROR_TIMEOUT);
    assert_true(f.err.retryable);
    call_stop(&f);
}

static void *cancel_after_request(void *ctx)
{
    struct call_fixture *f = ctx;
    while (scripted_server_request_count(f->server) == 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    atomic_store(&f->canceled, true);
    return NULL;
}

static void test_http_client__ends_soon_when_canceled(void **state)
{
    static const struct scripted_reply replies[] = {{0, .ending = SCRIPTED_HANG}};
    struct call_fixture f;
    pthread_t thread;
    (void)state;
    call_start(&f, replies, 1);
    assert_int_equal(pthread_create(&thread, NULL, cancel_after_request, &f), 0);
    assert_fails(call_get(&f), &f.err, ERROR_CANCELED);
    pthread_join(thread, NULL);
    call_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_client__reports_a_cut_connection_as_passing),
        cmocka_unit_test(test_http_client__is_certain_when_nothing_was_sent),
        cmocka_unit_test(test_http_client__reconnects_when_an_idle_connection_is_dead),
        cmocka_unit_test(test_http_client__takes_a_body_byte_by_byte),
        cmocka_unit_test(test_http_client__ignores_what_follows_the_announced_body),
        cmocka_unit_test(test_http_client__refuses_10_gb_by_its_announcement),
        cmocka_unit_test(test_http_client__stops_an_unannounced_flood),
        cmocka_unit_test(test_http_client__passes_the_sinks_error_on),
        cmocka_unit_test(test_http_client__cuts_error_bodies),
        cmocka_unit_test(test_http_client__refuses_what_is_not_http),
        cmocka_unit_test(test_http_client__limits_headers),
        cmocka_unit_test(test_http_client__gives_up_on_a_silent_peer),
        cmocka_unit_test(test_http_client__ends_the_whole_call_in_time),
        cmocka_unit_test(test_http_client__ends_soon_when_canceled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
