/*
 * Invocations that give up at any moment while their process answers: whatever comes first, both
 * sides agree on it, and nothing is written that belongs to somebody else. For ThreadSanitizer.
 */
#include "desk.h"

#include <pthread.h>
#include <unistd.h>

#include "onput/clock.h"
#include "onput/encoding.h"
#include "onput/executor.h"

enum { ROUNDS = 300, BODY_BYTES = 300000 };

struct process {
    struct desk *desk;
    pthread_t thread;
    char *body;
    int fd;
    atomic_int accepted, refused;
};

/* Its answer's status; the connection stays. */
static int hear_status(int fd)
{
    AUTO_BUFFER struct buffer in;
    buffer_init(&in, 65536);
    return raw_status(raw_read_answer(fd, &in));
}

static void answer(struct process *p, int round)
{
    const char *mode = round % 2 == 0 ? "Lambda-Runtime-Function-Response-Mode: streaming\r\n" : "";
    struct text body = {p->body, round % 3 == 0 ? BODY_BYTES : 100};
    if (round % 5 == 0)
        desk_say_post(p->fd, DESK_ID, "error", "", TEXT("{}"));
    else
        desk_say_chunked(p->fd, DESK_ID, "response", mode, body, 9000, "");
    atomic_fetch_add(hear_status(p->fd) == 202 ? &p->accepted : &p->refused, 1);
}

/* A refused upload of unknown length costs the connection. */
static void *live(void *arg)
{
    struct process *p = arg;
    for (int round = 0;; round++) {
        desk_say_next(p->fd);
        int status = hear_status(p->fd);
        if (status == 410)
            return NULL;
        if (status == 200) {
            answer(p, round);
        } else {
            close(p->fd);
            p->fd = desk_connect(p->desk);
        }
    }
}

static void test_exchange__survives_invocations_that_give_up(void **state)
{
    (void)state;
    struct desk d;
    struct ear ear;
    int answered = 0;
    desk_open(&d, clock_system());
    ear_init(&ear);
    struct process p = {.desk = &d, .body = xcalloc(1, BODY_BYTES), .fd = desk_connect(&d)};
    assert_int_equal(pthread_create(&p.thread, NULL, live, &p), 0);
    for (int round = 0; round < ROUNDS; round++) {
        AUTO_ARENA struct arena arena = {0};
        desk_start(&d, round % 4 == 0 ? NULL : &ear.stream);
        int64_t patience_ms = round % 7 == 0 ? 20000 : (int64_t)random_u64() & 3;
        exchange_wait(d.exchange, clock_mono_ms(clock_system()) + patience_ms, NULL, &arena,
                      &d.result);
        answered += d.result.end == EXCHANGE_RESPONSE || d.result.end == EXCHANGE_ERROR;
        assert_true(d.result.end == EXCHANGE_RESPONSE || d.result.end == EXCHANGE_ERROR ||
                    d.result.end == EXCHANGE_TIMEOUT);
        exchange_finish(d.exchange);
        buffer_reset(&ear.heard);
    }
    exchange_close(d.exchange);
    pthread_join(p.thread, NULL);
    /* Those that were accepted while their invocation gave up are not answered ones. */
    assert_true(answered >= ROUNDS / 7);
    assert_true(atomic_load(&p.accepted) >= answered);
    close(p.fd);
    free(p.body);
    desk_close(&d);
    ear_release(&ear);
}

/* ---- the process ends at any moment ---- */

static void *close_it(void *arg)
{
    exchange_close(arg);
    return NULL;
}

static void test_close__may_come_at_any_moment(void **state)
{
    (void)state;
    for (int round = 0; round < 30; round++) {
        struct desk d;
        pthread_t closer;
        desk_open(&d, clock_system());
        int fd = desk_connect(&d);
        desk_say_next(fd);
        assert_int_equal(pthread_create(&closer, NULL, close_it, d.exchange), 0);
        desk_start(&d, NULL);
        desk_say_post(fd, DESK_ID, "response", "", TEXT("1"));
        desk_wait(&d);
        assert_true(d.result.end == EXCHANGE_GONE || d.result.end == EXCHANGE_RESPONSE);
        exchange_finish(d.exchange);
        pthread_join(closer, NULL);
        close(fd);
        desk_close(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exchange__survives_invocations_that_give_up),
        cmocka_unit_test(test_close__may_come_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
