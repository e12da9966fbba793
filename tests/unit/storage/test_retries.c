/*
 * Attempts: how many, what they begin with, who pays for them, and what ends them.
 */
#include "store.h"

#include <pthread.h>
#include <time.h>

static void test_storage_get__begins_anew_after_a_cut_body(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, .body = TEXT_INIT("cut off he"), .length = 100, .ending = SCRIPTED_CLOSE},
        {503, .body = TEXT_INIT(S3_ERROR("SlowDown"))},
        {200, .body = TEXT_INIT("whole")}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 3);
    assert_ok(store_get(&f), &f.err);
    assert_text(store_got(&f), "whole");
    assert_int_equal(f.info.size, 5);
    assert_int_equal(store_requests(&f), 3);
    assert_true(metrics_read(f.metrics, METRIC_S3_REQUESTS, "get", "unavailable", NULL) == 1);
    assert_true(metrics_read(f.metrics, METRIC_S3_REQUESTS, "get", "503", NULL) == 1);
    assert_true(metrics_read(f.metrics, METRIC_S3_REQUESTS, "get", "200", NULL) == 1);
    store_stop(&f);
}

static void test_storage_put__sends_the_whole_body_again(void **state)
{
    static const struct scripted_reply replies[] = {{500}, {200}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 2);
    assert_ok(store_put(&f, TEXT("hello")), &f.err);
    assert_text(scripted_server_request(f.server, 1).body, "hello");
    store_stop(&f);
}

/* 500 after the object was stored: the sender cannot know. */
static void test_storage_put__is_uncertain_when_no_good_answer_came(void **state)
{
    static const struct scripted_reply replies[] = {{500}, {0, .ending = SCRIPTED_RESET}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 2);
    assert_fails(store_put(&f, TEXT("hello")), &f.err, ERROR_UNAVAILABLE);
    assert_true(f.err.uncertain);
    store_stop(&f);
}

static void test_storage_put__stays_uncertain_when_a_later_attempt_is_refused(void **state)
{
    static const struct scripted_reply replies[] = {
        {500}, {412, .body = TEXT_INIT(S3_ERROR("PreconditionFailed"))}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 2);
    assert_fails(store_put(&f, TEXT("hello")), &f.err, ERROR_CONFLICT);
    assert_true(f.err.uncertain);
    store_stop(&f);
}

/* 500 tokens at 5 a retry: 100 retries by 50 calls, then one request a call. */
static void test_storage__stops_retrying_when_the_quota_is_spent(void **state)
{
    static const struct scripted_reply replies[] = {{500}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 1);
    for (int i = 0; i < 50; i++)
        assert_fails(store_get(&f), &f.err, ERROR_UNAVAILABLE);
    assert_int_equal(store_requests(&f), 150);
    for (int i = 0; i < 10; i++)
        assert_fails(store_get(&f), &f.err, ERROR_UNAVAILABLE);
    assert_int_equal(store_requests(&f), 160);
    assert_true(f.err.retryable);
    store_stop(&f);
}

static void test_storage__earns_retries_by_successes(void **state)
{
    enum { FAILED = 150, GOOD = 5 };
    static struct scripted_reply replies[FAILED + GOOD + 1];
    struct store_fixture f;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(replies); i++)
        replies[i].status = i >= FAILED && i < FAILED + GOOD ? 200 : 500;
    store_start(&f, replies, ARRAY_LEN(replies));
    for (int i = 0; i < 50; i++)
        assert_fails(store_get(&f), &f.err, ERROR_UNAVAILABLE);
    for (int i = 0; i < GOOD; i++)
        assert_ok(store_get(&f), &f.err);
    assert_fails(store_get(&f), &f.err, ERROR_UNAVAILABLE);
    assert_int_equal(store_requests(&f), FAILED + GOOD + 2);
    store_stop(&f);
}

static void test_storage__does_not_begin_when_canceled(void **state)
{
    static const struct scripted_reply replies[] = {{200}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 1);
    atomic_store(&f.canceled, true);
    assert_fails(store_get(&f), &f.err, ERROR_CANCELED);
    assert_int_equal(store_requests(&f), 0);
    store_stop(&f);
}

static void *cancel_after_request(void *ctx)
{
    struct store_fixture *f = ctx;
    while (store_requests(f) == 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    atomic_store(&f->canceled, true);
    return NULL;
}

/* The store asks to wait for 5 s; canceling ends the wait. */
static void test_storage__ends_its_wait_when_canceled(void **state)
{
    static const struct scripted_reply replies[] = {{503, "Retry-After: 3600\r\n"}};
    struct store_fixture f;
    pthread_t thread;
    (void)state;
    store_start(&f, replies, 1);
    int64_t started = clock_mono_ms(clock_system());
    assert_int_equal(pthread_create(&thread, NULL, cancel_after_request, &f), 0);
    assert_fails(store_get(&f), &f.err, ERROR_CANCELED);
    pthread_join(thread, NULL);
    assert_true(clock_mono_ms(clock_system()) - started < 4000);
    assert_int_equal(store_requests(&f), 1);
    store_stop(&f);
}

static void test_storage__waits_as_long_as_the_store_asks(void **state)
{
    static const struct scripted_reply replies[] = {{503, "x-amz-retry-after: 120\r\n"}, {200}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 2);
    int64_t started = clock_mono_ms(clock_system());
    assert_ok(store_get(&f), &f.err);
    assert_true(clock_mono_ms(clock_system()) - started >= 120);
    store_stop(&f);
}

static void test_storage__does_not_begin_behind_its_deadline(void **state)
{
    static const struct scripted_reply replies[] = {{200}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 1);
    fake_clock_advance(&f.clock, 100);
    storage_session_set_deadline(f.session, 100);
    assert_fails(store_get(&f), &f.err, ERROR_TIMEOUT);
    assert_true(f.err.retryable);
    assert_int_equal(store_requests(&f), 0);
    store_stop(&f);
}

static void test_storage__gives_a_silent_store_no_more_time_than_there_is(void **state)
{
    static const struct scripted_reply replies[] = {{.ending = SCRIPTED_HANG}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 1);
    int64_t started = clock_mono_ms(clock_system());
    storage_session_set_deadline(f.session, 50);
    assert_fails(store_get(&f), &f.err, ERROR_TIMEOUT);
    assert_true(f.err.retryable);
    assert_true(clock_mono_ms(clock_system()) - started < 4000);
    store_stop(&f);
}

static void test_storage__does_not_wait_beyond_its_deadline(void **state)
{
    static const struct scripted_reply replies[] = {{503, "Retry-After: 3600\r\n"}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 1);
    int64_t started = clock_mono_ms(clock_system());
    storage_session_set_deadline(f.session, 4000);
    assert_fails(store_get(&f), &f.err, ERROR_UNAVAILABLE);
    assert_true(clock_mono_ms(clock_system()) - started < 3000);
    assert_int_equal(store_requests(&f), 1);
    store_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storage_get__begins_anew_after_a_cut_body),
        cmocka_unit_test(test_storage_put__sends_the_whole_body_again),
        cmocka_unit_test(test_storage_put__is_uncertain_when_no_good_answer_came),
        cmocka_unit_test(test_storage_put__stays_uncertain_when_a_later_attempt_is_refused),
        cmocka_unit_test(test_storage__stops_retrying_when_the_quota_is_spent),
        cmocka_unit_test(test_storage__earns_retries_by_successes),
        cmocka_unit_test(test_storage__does_not_begin_when_canceled),
        cmocka_unit_test(test_storage__ends_its_wait_when_canceled),
        cmocka_unit_test(test_storage__waits_as_long_as_the_store_asks),
        cmocka_unit_test(test_storage__does_not_begin_behind_its_deadline),
        cmocka_unit_test(test_storage__gives_a_silent_store_no_more_time_than_there_is),
        cmocka_unit_test(test_storage__does_not_wait_beyond_its_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
