/*
 * Results that are passed on while they come, and everything that may happen between process and
 * listener meanwhile.
 */
#include "desk.h"

#include <pthread.h>
#include <unistd.h>

#include "onput/clock.h"
#include "onput/executor.h"

#define STREAMING "Lambda-Runtime-Function-Response-Mode: streaming\r\n"

enum { WINDOW = 256 * 1024 };

struct scene {
    struct desk desk;
    struct ear ear;
    int fd;
};

static int setup(void **state)
{
    struct scene *s = xcalloc(1, sizeof(*s));
    desk_open(&s->desk, clock_system());
    ear_init(&s->ear);
    s->fd = desk_connect(&s->desk);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    close(s->fd);
    desk_close(&s->desk);
    ear_release(&s->ear);
    free(s);
    return 0;
}

/* ---- a process that sends on a thread of its own ---- */

struct sender {
    pthread_t thread;
    int fd;
    size_t bytes;
    const char *trailers;
};

/* Bytes that are not the same everywhere. */
static char *pattern(size_t len)
{
    char *bytes = xmalloc(len + 1);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(i * 31 + i / 257);
    return bytes;
}

static void *send_all(void *arg)
{
    struct sender *s = arg;
    char *bytes = pattern(s->bytes);
    desk_say_chunked(s->fd, DESK_ID, "response", STREAMING "Content-Type: a/b\r\n",
                     (struct text){bytes, s->bytes}, 70000, s->trailers);
    free(bytes);
    return NULL;
}

static void sender_start(struct sender *s, int fd, size_t bytes, const char *trailers)
{
    *s = (struct sender){.fd = fd, .bytes = bytes, .trailers = trailers};
    assert_int_equal(pthread_create(&s->thread, NULL, send_all, s), 0);
}

static void assert_heard(const struct ear *ear, size_t len)
{
    char *bytes = pattern(len);
    assert_int_equal(ear->heard.len, len);
    assert_int_equal(memcmp(ear->heard.data, bytes, len), 0);
    free(bytes);
}

/* ---- with a listener ---- */

static void say_second_piece(struct ear *ear, void *ctx)
{
    if (ear->writes == 1)
        desk_say(*(int *)ctx, "3\r\ntwo\r\n0\r\n\r\n");
}

static void test_stream__passes_a_piece_on_before_the_next_one_comes(void **state)
{
    struct scene *s = *state;
    s->ear.on_write = say_second_piece;
    s->ear.ctx = &s->fd;
    desk_begin(&s->desk, s->fd, &s->ear.stream);
    desk_say_chunked(s->fd, DESK_ID, "response", STREAMING "Content-Type: text/x\r\n", TEXT("one"),
                     3, NULL);
    const struct exchange_result *r = desk_wait(&s->desk);
    assert_int_equal(r->end, EXCHANGE_RESPONSE);
    assert_true(r->is_streamed);
    assert_int_equal(r->body.len, 0);
    assert_text(r->content_type, "text/x");
    assert_text(buffer_text(&s->ear.heard), "onetwo");
    assert_text(buffer_text(&s->ear.content_type), "text/x");
    assert_int_equal(s->ear.writes, 2);
    exchange_finish(s->desk.exchange);
    assert_int_equal(raw_status(desk_hear(&s->desk, s->fd)), 202);
}

static void test_stream__is_larger_than_a_result_and_its_window(void **state)
{
    struct scene *s = *state;
    struct sender sender;
    size_t len = 2 * (size_t)RESULT_MAX_BYTES + 12345;
    desk_begin(&s->desk, s->fd, &s->ear.stream);
    sender_start(&sender, s->fd, len, "");
    const struct exchange_result *r = desk_wait(&s->desk);
    assert_int_equal(r->end, EXCHANGE_RESPONSE);
    assert_true(r->is_streamed);
    assert_heard(&s->ear, len);
    assert_in_range(s->ear.largest, 1, WINDOW);
    pthread_join(sender.thread, NULL);
    assert_int_equal(raw_status(desk_hear(&s->desk, s->fd)), 202);
}

static void test_stream__goes_on_without_a_listener(void **state)
{
    struct scene *s = *state;
    struct sender sender;
    s->ear.most = 0;
    desk_begin(&s->desk, s->fd, &s->ear.stream);
    sender_start(&sender, s->fd, 3000000, "");
    const struct exchange_result *r = desk_wait(&s->desk);
    assert_int_equal(r->end, EXCHANGE_RESPONSE);
    assert_true(r->is_streamed);
    assert_int_equal(s->ear.writes, 1);
    pthread_join(sender.thread, NULL);
    assert_int_equal(raw_status(desk_hear(&s->desk, s->fd)), 202);
}

static void test_stream__ends_with_the_error_of_its_trailers(void **state)
{
    struct scene *s = *state;
    desk_begin(&s->desk, s->fd, &s->ear.stream);
    desk_say_chunked(s->fd, DESK_ID, "response", STREAMING, TEXT("some"), 2,
                     "Lambda-Runtime-Function-Error-Type: Runtime.Stopped\r\n"
                     "Lambda-Runtime-Function-Error-Body: eyJlcnJvclR5cGUiOiJFIn0=\r\n");
    const struct exchange_result *r = desk_wait(&s->desk);
    assert_int_equal(r->end, EXCHANGE_ERROR);
    assert_true(r->is_streamed);
    assert_text(r->body, "{\"errorType\":\"E\"}");
    assert_text(r->error_type, "Runtime.Stopped");
    assert_text(buffer_text(&s->ear.heard), "some");
}

static void test_stream__that_breaks_off_has_passed_on_what_came(void **state)
{
    struct scene *s = *state;
    desk_begin(&s->desk, s->fd, &s->ear.stream);
    desk_say_chunked(s->fd, DESK_ID, "response", STREAMING, TEXT("some"), 2, NULL);
    close(s->fd);
    const struct exchange_result *r = desk_wait(&s->desk);
    s->fd = -1;
    assert_int_equal(r->end, EXCHANGE_BROKEN);
    assert_true(r->is_streamed);
    assert_text(buffer_text(&s->ear.heard), "some");
}

static void test_stream__of_a_buffered_result_is_not_used(void **state)
{
    struct scene *s = *state;
    desk_begin(&s->desk, s->fd, &s->ear.stream);
    desk_say_chunked(s->fd, DESK_ID, "response", "", TEXT("whole"), 2, "");
    const struct exchange_result *r = desk_wait(&s->desk);
    assert_int_equal(r->end, EXCHANGE_RESPONSE);
    assert_false(r->is_streamed);
    assert_text(r->body, "whole");
    assert_int_equal(s->ear.writes, 0);
}

static void test_stream__without_a_byte_was_not_streamed(void **state)
{
    struct scene *s = *state;
    desk_begin(&s->desk, s->fd, &s->ear.stream);
    desk_say_chunked(s->fd, DESK_ID, "response", STREAMING "Content-Type: a/b\r\n", TEXT(""), 1,
                     "");
    const struct exchange_result *r = desk_wait(&s->desk);
    assert_int_equal(r->end, EXCHANGE_RESPONSE);
    assert_false(r->is_streamed);
    assert_int_equal(r->body.len, 0);
    assert_text(r->content_type, "a/b");
}

/* ---- without one ---- */

static void test_streaming_mode__without_a_listener_is_put_together(void **state)
{
    struct scene *s = *state;
    struct sender sender;
    desk_begin(&s->desk, s->fd, NULL);
    sender_start(&sender, s->fd, RESULT_MAX_BYTES, "");
    const struct exchange_result *r = desk_wait(&s->desk);
    char *bytes = pattern(RESULT_MAX_BYTES);
    assert_int_equal(r->end, EXCHANGE_RESPONSE);
    assert_false(r->is_streamed);
    assert_int_equal(r->body.len, RESULT_MAX_BYTES);
    assert_int_equal(memcmp(r->body.ptr, bytes, RESULT_MAX_BYTES), 0);
    free(bytes);
    pthread_join(sender.thread, NULL);
}

static void test_streaming_mode__without_a_listener_has_the_limit_of_results(void **state)
{
    struct scene *s = *state;
    struct sender sender;
    desk_begin(&s->desk, s->fd, NULL);
    sender_start(&sender, s->fd, RESULT_MAX_BYTES + 1, "");
    assert_int_equal(desk_wait(&s->desk)->end, EXCHANGE_TOO_LARGE);
    exchange_finish(s->desk.exchange);
    pthread_join(sender.thread, NULL);
    assert_int_equal(raw_status(desk_hear(&s->desk, s->fd)), 413);
}

/* ---- limits and times ---- */

static void drop_what_was_heard(struct ear *ear, void *ctx)
{
    *(size_t *)ctx += ear->heard.len;
    buffer_reset(&ear->heard);
}

static void test_stream__has_a_limit_of_its_own(void **state)
{
    struct scene *s = *state;
    struct sender sender;
    size_t total = 0;
    s->ear.on_write = drop_what_was_heard;
    s->ear.ctx = &total;
    desk_begin(&s->desk, s->fd, &s->ear.stream);
    sender_start(&sender, s->fd, (size_t)STREAM_MAX_BYTES + 1, "");
    exchange_wait(s->desk.exchange, clock_mono_ms(clock_system()) + 100000, NULL, &s->desk.arena,
                  &s->desk.result);
    assert_int_equal(s->desk.result.end, EXCHANGE_TOO_LARGE);
    assert_true(s->desk.result.is_streamed);
    assert_in_range(total, (size_t)STREAM_MAX_BYTES - 70000, STREAM_MAX_BYTES);
    exchange_finish(s->desk.exchange);
    pthread_join(sender.thread, NULL);
    assert_int_equal(raw_status(desk_hear(&s->desk, s->fd)), 413);
}

static void cancel(struct ear *ear, void *ctx)
{
    (void)ear;
    atomic_store((atomic_bool *)ctx, true);
}

/* The next invocation has the same id: nothing but the upload itself says that it is late. */
static void test_stream__may_still_come_when_the_next_invocation_runs(void **state)
{
    struct scene *s = *state;
    struct desk *d = &s->desk;
    atomic_bool canceled = false;
    int other = desk_connect(d);
    s->ear.on_write = cancel;
    s->ear.ctx = &canceled;
    desk_begin(d, s->fd, &s->ear.stream);
    desk_say_chunked(s->fd, DESK_ID, "response", STREAMING, TEXT("old"), 3, NULL);
    exchange_wait(d->exchange, INT64_MAX, &canceled, &d->arena, &d->result);
    assert_int_equal(d->result.end, EXCHANGE_CANCELED);
    exchange_finish(d->exchange);
    desk_begin(d, other, &s->ear.stream);
    desk_say(s->fd, "4\r\nmore\r\n0\r\n\r\n");
    assert_int_equal(raw_status(desk_hear(d, s->fd)), 400);
    desk_say_post(other, DESK_ID, "response", "", TEXT("new"));
    assert_int_equal(desk_wait(d)->end, EXCHANGE_RESPONSE);
    assert_text(d->result.body, "new");
    assert_text(buffer_text(&s->ear.heard), "old");
    close(other);
}

static int64_t stop_time;

static void pass_time(struct ear *ear, void *ctx)
{
    (void)ear;
    ((struct fake_clock *)ctx)->mono = stop_time;
}

/* The process sends on after the deadline; nobody hears of it, and it is told so at the end. */
static void test_stream__is_over_at_the_deadline_whatever_still_comes(void **state)
{
    (void)state;
    struct desk d;
    struct ear ear;
    struct sender sender;
    struct fake_clock clock;
    fake_clock_init(&clock, 1700000000000, 1000);
    stop_time = 2000;
    desk_open(&d, &clock.clock);
    ear_init(&ear);
    ear.on_write = pass_time;
    ear.ctx = &clock;
    int fd = desk_connect(&d);
    desk_begin(&d, fd, &ear.stream);
    sender_start(&sender, fd, 4000000, "");
    desk_wait_until(&d, 2000);
    assert_int_equal(d.result.end, EXCHANGE_TIMEOUT);
    assert_true(d.result.is_streamed);
    assert_int_equal(ear.writes, 1);
    exchange_finish(d.exchange);
    pthread_join(sender.thread, NULL);
    assert_int_equal(raw_status(desk_hear(&d, fd)), 400);
    assert_int_equal(ear.writes, 1);
    close(fd);
    desk_close(&d);
    ear_release(&ear);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_stream__passes_a_piece_on_before_the_next_one_comes),
        TEST(test_stream__is_larger_than_a_result_and_its_window),
        TEST(test_stream__goes_on_without_a_listener),
        TEST(test_stream__ends_with_the_error_of_its_trailers),
        TEST(test_stream__that_breaks_off_has_passed_on_what_came),
        TEST(test_stream__of_a_buffered_result_is_not_used),
        TEST(test_stream__without_a_byte_was_not_streamed),
        TEST(test_streaming_mode__without_a_listener_is_put_together),
        TEST(test_streaming_mode__without_a_listener_has_the_limit_of_results),
        TEST(test_stream__has_a_limit_of_its_own),
        TEST(test_stream__may_still_come_when_the_next_invocation_runs),
        cmocka_unit_test(test_stream__is_over_at_the_deadline_whatever_still_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
