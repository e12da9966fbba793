/*
 * Puts the bench together.
 */
#include "workbench.h"

#define NOTIFICATIONS ", webhook_auth: none, notifications: [{bucket: photos, function: thumbs}]"

static void make_bucket(struct workbench *w, const char *name)
{
    struct error err = {0};
    assert_ok(storage_create_bucket(w->session, catalog_minio(w->catalog)->credentials,
                                    text_of(name), &err),
              &err);
}

void workbench_start(struct workbench *w, const char *dir, const struct catalog_parts *parts)
{
    struct error err = {0};
    struct devstore_options options = {
        .directory = dir, .access_key = "key", .secret_key = "secret-of-store"};
    *w = (struct workbench){.jobs = {.clock = clock_system()}};
    arena_init(&w->arena);
    assert_ok(devstore_start(&options, &w->store, &err), &err);
    struct catalog_parts own = *parts;
    own.endpoint = devstore_endpoint(w->store);
    own.store = parts->store != NULL ? parts->store : NOTIFICATIONS;
    w->catalog = catalog_of(&own);
    w->jobs.pool = &w->pool;
    w->executor = builtin_executor(&w->jobs);
    assert_ok(w->executor.lane_open(w->executor.self, &w->canceled, &w->lane, &err), &err);
    assert_ok(storage_session_new(catalog_minio(w->catalog)->storage, NULL, &w->session, &err),
              &err);
    make_bucket(w, "photos");
    make_bucket(w, "thumbnails");
}

void workbench_stop(struct workbench *w)
{
    w->executor.lane_close(w->lane);
    storage_session_free(w->session);
    catalog_unref(w->catalog);
    devstore_free(w->store);
    arena_release(&w->arena);
}

static struct text put(struct workbench *w, const char *bucket, const char *key,
                       const char *content, const char *mark)
{
    struct storage_object object = {text_of(bucket), text_of(key), TEXT("")};
    const struct storage_metadata metadata = {TEXT(EVENT_MARK_METADATA), text_of(mark)};
    struct storage_put_options options = {.content_type = TEXT("image/jpeg"),
                                          .cache_control = TEXT(""),
                                          .tagging = TEXT(""),
                                          .metadata = &metadata,
                                          .metadata_count = mark != NULL ? 1 : 0};
    struct text etag = TEXT("");
    struct error err = {0};
    assert_ok(storage_put(w->session, catalog_minio(w->catalog)->credentials, &object,
                          text_of(content), &options, &w->arena, &etag, &err),
              &err);
    return etag;
}

struct text workbench_put(struct workbench *w, const char *bucket, const char *key,
                          const char *content)
{
    return put(w, bucket, key, content, NULL);
}

struct text workbench_put_marked(struct workbench *w, const char *key, const char *content)
{
    return put(w, "photos", key, content, "other");
}

bool workbench_has(struct workbench *w, const char *bucket, const char *key)
{
    struct storage_object object = {text_of(bucket), text_of(key), TEXT("")};
    struct storage_info info;
    struct error err = {0};
    if (storage_head(w->session, catalog_minio(w->catalog)->credentials, &object, &w->arena, &info,
                     &err) == 0)
        return true;
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    return false;
}

void workbench_get(struct workbench *w, const char *bucket, const char *key,
                   struct storage_info *info, char *content, size_t size)
{
    struct storage_object object = {text_of(bucket), text_of(key), TEXT("")};
    struct storage_get_options options = {.if_match_etag = TEXT(""), .max_bytes = size - 1};
    AUTO_MEMFD struct memfd into = MEMFD_NONE;
    struct error err = {0};
    assert_ok(memfd_create_fixed("test", size, &into, &err), &err);
    assert_ok(storage_get(w->session, catalog_minio(w->catalog)->credentials, &object, &options,
                          &into, &w->arena, info, &err),
              &err);
    memcpy(content, into.map, into.len);
    content[into.len] = '\0';
}

void workbench_invoke(struct workbench *w, const char *function,
                      const struct invocation *invocation, int64_t timeout_ms)
{
    memset(&w->outcome, 0xaa, sizeof(w->outcome)); /* the executor fills all of it */
    w->executor.invoke(w->lane, w->catalog, catalog_function(w->catalog, text_of(function)),
                       invocation, clock_mono_ms(clock_system()) + timeout_ms, &w->arena,
                       &w->outcome);
    assert_true(w->outcome.status != OUTCOME_FAILED || w->outcome.result.len > 0);
}

static void run(struct workbench *w, const char *payload, int attempts, int64_t timeout_ms)
{
    struct invocation invocation = {.id = 7,
                                    .state = INVOCATION_RUNNING,
                                    .attempts = attempts,
                                    .function = TEXT("thumbs"),
                                    .store = TEXT("minio"),
                                    .payload = text_of(payload)};
    workbench_invoke(w, "thumbs", &invocation, timeout_ms);
}

void workbench_run_payload(struct workbench *w, const char *payload)
{
    run(w, payload, 0, 10000);
}

void workbench_run_direct(struct workbench *w, const char *payload)
{
    struct invocation invocation = {.id = 7,
                                    .state = INVOCATION_RUNNING,
                                    .function = TEXT("thumbs"),
                                    .store = TEXT(""),
                                    .payload = text_of(payload)};
    workbench_invoke(w, "thumbs", &invocation, 10000);
}

void workbench_run(struct workbench *w, const struct told *told)
{
    AUTO_FREE char *size =
        told->size > 0 ? xasprintf(",\"size\":%lld", (long long)told->size) : xstrdup("");
    AUTO_FREE char *payload = xasprintf(
        "{\"Records\":[{\"eventSource\":\"minio:s3\",\"eventName\":\"s3:%s\",\"s3\":{\"bucket\":"
        "{\"name\":\"photos\"},\"object\":{\"key\":\"%s\",\"eTag\":\"%.*s\"%s}}}]}",
        told->event, told->key, TEXT_ARGS(told->etag), size);
    run(w, payload, told->attempts, told->timeout_ms != 0 ? told->timeout_ms : 10000);
}
