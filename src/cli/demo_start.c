/*
 * The demo's world: an embedded store, the daemon against it, buckets, and the notification.
 */
#include "demo_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "onput/encoding.h"
#include "onput/fd.h"
#include "onput/memory.h"

#define DEMO_ARN "arn:onput:sqs::demo:webhook"

static const char demo_config[] = "listen: {address: 127.0.0.1, port: 0}\n"
                                  "admin: {address: 127.0.0.1, port: 0}\n"
                                  "state: {dir: \"%s/state\"}\n"
                                  "queue: {min_free: 16MiB}\n"
                                  "stores:\n"
                                  "  demo:\n"
                                  "    endpoint: \"%s\"\n"
                                  "    access_key: \"%s\"\n"
                                  "    secret_key: \"%s\"\n"
                                  "    webhook_token: \"%s\"\n"
                                  "    notifications:\n"
                                  "      - {bucket: photos, events: [\"s3:ObjectCreated:*\", "
                                  "\"s3:ObjectRemoved:*\"], function: thumbs}\n"
                                  "functions:\n"
                                  "  thumbs:\n"
                                  "    builtin: thumbnail\n"
                                  "    renditions:\n"
                                  "      - {name: large, width: 1600, height: 1600, format: jpeg}\n"
                                  "      - {name: medium, width: 800, height: 800, format: webp}\n"
                                  "      - {name: square, width: 200, height: 200, fit: cover, "
                                  "gravity: attention, format: jpeg}\n"
                                  "    output: {bucket: thumbnails}\n"
                                  "    permissions:\n"
                                  "      - {principal: s3.amazonaws.com, source_arn: "
                                  "\"arn:aws:s3:::photos\", source_account: \"000000000000\"}\n"
                                  "users:\n"
                                  "  demo: {access_key: \"%s\", secret_key: \"%s\", root: true}\n";

static const char *random_word(struct demo *d, size_t bytes)
{
    unsigned char raw[32];
    char *hex = arena_alloc(&d->arena, 2 * bytes + 1);
    BUG_ON(bytes > sizeof(raw));
    random_bytes(raw, bytes);
    hex_encode(raw, bytes, hex);
    return hex;
}

static int start_store(struct demo *d, struct error *err)
{
    d->access_key = "onputdemo";
    d->secret_key = random_word(d, 20);
    d->token = random_word(d, 20);
    struct devstore_options options = {
        .directory = arena_printf(&d->arena, "%s/store", d->directory),
        .access_key = d->access_key,
        .secret_key = d->secret_key,
        .targets = &(struct devstore_target){.arn = DEMO_ARN, .url = "http://127.0.0.1:9/"},
        .target_count = 1,
    };
    return devstore_start(&options, &d->store, err);
}

static int start_daemon(struct demo *d, struct error *err)
{
    AUTO_FREE char *yaml =
        xasprintf(demo_config, d->directory, devstore_endpoint(d->store), d->access_key,
                  d->secret_key, d->token, d->access_key, d->secret_key);
    struct config_source source = {0};
    struct config *config = NULL;
    struct daemon_options options = {.on_attempt = demo_on_attempt, .on_attempt_ctx = d};
    if (config_load_text(text_of(yaml), "demo", &source, &config, err) < 0 ||
        daemon_start(config, &options, &d->daemon, err) < 0)
        return -1;
    struct devstore_target target = {
        .arn = DEMO_ARN,
        .url = arena_printf(&d->arena, "http://127.0.0.1:%u/events/demo", daemon_port(d->daemon)),
        .bearer_token = d->token,
    };
    devstore_add_target(d->store, &target);
    return 0;
}

static int open_client(struct demo *d, struct error *err)
{
    struct storage_options options = {.endpoint = devstore_endpoint(d->store),
                                      .region = "us-east-1",
                                      .user_agent = "demo-uploader"};
    if (storage_new(&options, &d->storage, err) < 0)
        return -1;
    d->credentials = credentials_new_static(&(struct credentials_static_options){
        .access_key = d->access_key, .secret_key = d->secret_key});
    return storage_session_new(d->storage, NULL, &d->session, err);
}

static int make_buckets(struct demo *d, struct error *err)
{
    const struct text events[] = {TEXT("s3:ObjectCreated:*"), TEXT("s3:ObjectRemoved:*")};
    const struct storage_notification notification = {
        .id = TEXT("to-onput"),
        .target_arn = TEXT(DEMO_ARN),
        .target = STORAGE_TARGET_QUEUE,
        .events = events,
        .event_count = ARRAY_LEN(events),
        .prefix = TEXT(""),
        .suffix = TEXT(""),
    };
    if (storage_create_bucket(d->session, d->credentials, TEXT("photos"), err) < 0 ||
        storage_create_bucket(d->session, d->credentials, TEXT("thumbnails"), err) < 0)
        return -1;
    return storage_put_notifications(d->session, d->credentials, TEXT("photos"), &notification, 1,
                                     err);
}

int demo_start(struct demo *d, struct error *err)
{
    if (dir_make_temporary("onput-demo-", &d->directory, err) < 0 ||
        dir_make_temporary("onput-thumbnails-", &d->results, err) < 0)
        return -1;
    /* Users of functions get through to their part of it; the rest is shut. */
    if (chmod(d->directory, 0711) < 0)
        return error_set_errno(err, ERROR_IO, "cannot set the mode of %s", d->directory);
    if (start_store(d, err) < 0 || start_daemon(d, err) < 0)
        return -1;
    return open_client(d, err) < 0 ? -1 : make_buckets(d, err);
}

void demo_stop(struct demo *d)
{
    struct error err = {0};
    storage_session_free(d->session);
    storage_free(d->storage);
    credentials_free(d->credentials);
    daemon_stop(d->daemon);
    devstore_free(d->store);
    if (d->directory != NULL && dir_remove(d->directory, &err) < 0)
        cli_fail(EXIT_CODE_FAILED, &err);
    for (size_t i = 0; i < d->photo_count; i++)
        json_object_put(d->photos[i].report);
    free(d->directory);
    free(d->results);
    arena_release(&d->arena);
}
