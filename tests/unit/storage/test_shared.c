/*
 * One store, four threads with a session each: calls, retries and everything that is learned.
 */
#include "store.h"

#include <pthread.h>

enum { THREADS = 4, CALLS = 30 };

struct worker {
    struct store_fixture *f;
    pthread_t thread;
    int succeeded;
};

static void get_once(struct worker *w, struct storage_session *session, struct memfd *into)
{
    AUTO_ARENA struct arena arena = {0};
    struct storage_get_options options = {.max_bytes = 100};
    struct storage_info info;
    struct error err = {0};
    int rc =
        storage_get(session, w->f->credentials, &store_cat, &options, into, &arena, &info, &err);
    w->succeeded += rc == 0 && into->len == 5 && memcmp(into->map, "hello", 5) == 0;
}

static void *work(void *ctx)
{
    struct worker *w = ctx;
    struct storage_session *session;
    AUTO_MEMFD struct memfd into = MEMFD_NONE;
    struct error err = {0};
    if (memfd_create_fixed("shared", 100, &into, &err) ||
        storage_session_new(w->f->storage, NULL, &session, &err))
        return NULL;
    for (int i = 0; i < CALLS; i++)
        get_once(w, session, &into);
    storage_session_free(session);
    return NULL;
}

static void test_storage__is_shared_by_threads(void **state)
{
    static struct scripted_reply replies[THREADS * CALLS / 2];
    struct store_fixture f;
    struct worker workers[THREADS];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(replies); i++)
        replies[i] = (struct scripted_reply){200, .body = TEXT("hello")};
    replies[3] = (struct scripted_reply){503, .body = TEXT(S3_ERROR("SlowDown"))};
    replies[5] = (struct scripted_reply){403, "Date: Sat, 21 Nov 2026 20:30:00 GMT\r\n",
                                         TEXT(S3_ERROR("RequestTimeTooSkewed"))};
    replies[7] = (struct scripted_reply){
        400, .body = TEXT("<Error><Code>InvalidRegion</Code><Region>eu-north-1</Region></Error>")};
    replies[9] = (struct scripted_reply){0, .ending = SCRIPTED_RESET};
    store_start(&f, replies, ARRAY_LEN(replies));
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.f = &f};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].succeeded, CALLS);
    }
    assert_int_equal(store_requests(&f), THREADS * CALLS + 4);
    store_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storage__is_shared_by_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
