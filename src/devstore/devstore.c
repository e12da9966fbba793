/*
 * devstore.c - life cycle of the development store.
 */
#include "devstore_private.h"

#include <string.h>

#include "dispatch.h"
#include "onput/log.h"
#include "onput/memory.h"

enum { THREADS = 4, REQUEST_TIMEOUT_MS = 120 * 1000 };

enum { METHODS = HTTP_GET | HTTP_HEAD | HTTP_PUT | HTTP_POST | HTTP_DELETE };

static const struct http_route routes[] = {
    {METHODS, "/", dispatch_handle, dispatch_admit, MAX_WIRE_BODY_BYTES, "service"},
    {METHODS, "/{bucket}", dispatch_handle, dispatch_admit, MAX_WIRE_BODY_BYTES, "bucket"},
    {METHODS, "/{bucket}/{key...}", dispatch_handle, dispatch_admit, MAX_WIRE_BODY_BYTES, "object"},
};

static struct devstore *store_new(const struct devstore_options *options)
{
    struct devstore *store = xcalloc(1, sizeof(*store));
    store->directory = xstrdup(options->directory);
    store->access_key = xstrdup(options->access_key);
    store->secret_key = xstrdup(options->secret_key);
    store->region = xstrdup(options->region ? options->region : "us-east-1");
    store->clock = options->clock ? options->clock : clock_system();
    pthread_mutex_init(&store->lock, NULL);
    for (size_t i = 0; i < options->target_count; i++)
        (void)target_add(&store->targets, &options->targets[i]);
    return store;
}

static int listen_on(struct devstore *store, const struct devstore_options *options,
                     struct error *err)
{
    const char *address = options->address ? options->address : "127.0.0.1";
    struct http_server_options server = {.address = address,
                                         .port = options->port,
                                         .threads = options->threads ? options->threads : THREADS,
                                         .request_timeout_ms = REQUEST_TIMEOUT_MS,
                                         .routes = routes,
                                         .route_count = ARRAY_LEN(routes),
                                         .ctx = store};
    if (http_server_start(&server, &store->server, err) != 0)
        return -1;
    bool v6 = strchr(address, ':') != NULL;
    store->endpoint = xasprintf(v6 ? "http://[%s]:%u" : "http://%s:%u", address,
                                (unsigned)http_server_port(store->server));
    return 0;
}

int devstore_start(const struct devstore_options *options, struct devstore **out, struct error *err)
{
    struct devstore *store = store_new(options);
    if (store_load(store, err) != 0 || listen_on(store, options, err) != 0) {
        devstore_free(store);
        return -1;
    }
    LOG(LOG_LEVEL_WARN, "this is a development store, not for production",
        LOG_STRING("endpoint", store->endpoint), LOG_STRING("directory", store->directory));
    *out = store;
    return 0;
}

uint16_t devstore_port(const struct devstore *store)
{
    return http_server_port(store->server);
}

const char *devstore_endpoint(const struct devstore *store)
{
    return store->endpoint;
}

void devstore_add_target(struct devstore *store, const struct devstore_target *target)
{
    pthread_mutex_lock(&store->lock);
    (void)target_add(&store->targets, target);
    pthread_mutex_unlock(&store->lock);
}

size_t devstore_undelivered(struct devstore *store)
{
    pthread_mutex_lock(&store->lock);
    size_t count = targets_undelivered(store->targets);
    pthread_mutex_unlock(&store->lock);
    return count;
}

void devstore_free(struct devstore *store)
{
    if (!store)
        return;
    http_server_free(store->server);
    targets_free(store->targets);
    while (store->uploads)
        upload_remove(&store->uploads, store->uploads);
    bucket_list_release(&store->buckets);
    pthread_mutex_destroy(&store->lock);
    free(store->directory);
    free(store->endpoint);
    free(store->access_key);
    free_secret(store->secret_key);
    free(store->region);
    free(store);
}
