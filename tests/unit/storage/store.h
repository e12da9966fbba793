/* store.h - one storage session against one scripted server, for the tests of the S3 client. */
#ifndef ONPUT_TESTS_STORAGE_STORE_H
#define ONPUT_TESTS_STORAGE_STORE_H

#include "support/test.h"

#include "onput/storage.h"
#include "support/scripted_server.h"

#define S3_ERROR(code)                                                                             \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" code                               \
    "</Code><Message>because</Message><Resource>/photos/cat.jpg</Resource></Error>"

enum { STORE_MAX_BYTES = 64 * 1024 };
/* 2026-11-21T19:00:00Z */
static const int64_t STORE_NOW_MS = 1795287600000;

static const struct storage_object store_cat = {
    .bucket = TEXT_INIT("photos"), .key = TEXT_INIT("cat.jpg"), .version_id = TEXT_INIT("")};

struct store_fixture {
    struct fake_clock clock;
    struct scripted_server *server;
    struct storage *storage;
    struct storage_session *session;
    struct credentials *credentials;
    struct metrics *metrics;
    struct memfd into;
    struct arena arena;
    struct storage_info info;
    struct error err;
    atomic_bool canceled;
};

static inline void store_start(struct store_fixture *f, const struct scripted_reply *replies,
                               size_t count)
{
    *f = (struct store_fixture){.into = MEMFD_NONE};
    fake_clock_init(&f->clock, STORE_NOW_MS, 0);
    f->server = scripted_server_start(replies, count);
    f->metrics = metrics_new();
    struct storage_options options = {.endpoint = scripted_server_url(f->server),
                                      .region = "us-east-1",
                                      .retry_base_ms = 1,
                                      .clock = &f->clock.clock,
                                      .metrics = f->metrics};
    assert_ok(storage_new(&options, &f->storage, &f->err), &f->err);
    assert_ok(storage_session_new(f->storage, &f->canceled, &f->session, &f->err), &f->err);
    f->credentials = credentials_new_static(
        &(struct credentials_static_options){.access_key = "AKID", .secret_key = "secret"});
    assert_ok(memfd_create_fixed("test", STORE_MAX_BYTES, &f->into, &f->err), &f->err);
}

static inline void store_stop(struct store_fixture *f)
{
    storage_session_free(f->session);
    storage_free(f->storage);
    credentials_free(f->credentials);
    scripted_server_stop(f->server);
    metrics_free(f->metrics);
    memfd_release(&f->into);
    arena_release(&f->arena);
}

static inline int store_get(struct store_fixture *f)
{
    struct storage_get_options options = {.max_bytes = STORE_MAX_BYTES};
    f->err = (struct error){0};
    return storage_get(f->session, f->credentials, &store_cat, &options, &f->into, &f->arena,
                       &f->info, &f->err);
}

static inline int store_put(struct store_fixture *f, struct text body)
{
    struct storage_put_options options = {.content_type = TEXT_INIT("image/jpeg")};
    f->err = (struct error){0};
    return storage_put(f->session, f->credentials, &store_cat, body, &options, &f->arena, NULL,
                       &f->err);
}

static inline struct text store_got(const struct store_fixture *f)
{
    return (struct text){(const char *)f->into.map, f->into.len};
}

static inline size_t store_requests(struct store_fixture *f)
{
    return scripted_server_request_count(f->server);
}

static inline struct text store_sent(struct store_fixture *f, size_t index, const char *header)
{
    return scripted_request_header(scripted_server_request(f->server, index), header);
}

#endif
