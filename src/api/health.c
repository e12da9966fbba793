/*
 * /healthz says that the process answers; /readyz that it can do its work.
 */
#include "api_private.h"

void health_live(void *ctx, struct http_request *request)
{
    (void)ctx;
    http_respond_json(request, 200, TEXT("{\"status\":\"ok\"}"));
}

/* Looks only at what is in memory: the public listener's threads never wait. */
void health_ready(void *ctx, struct http_request *request)
{
    struct api *api = ctx;
    bool draining = atomic_load(&api->draining);
    bool queue = !queue_has_failed(api->queue);
    bool workers = api->pool == NULL || worker_pool_is_ready(api->pool);
    bool ready = !draining && queue && workers;
    AUTO_BUFFER struct buffer body;
    buffer_init(&body, 1024);
    struct json_writer w;
    json_writer_init(&w, &body);
    json_object_begin(&w);
    json_pair_string(&w, "status", ready ? "ready" : "not ready");
    json_key(&w, "checks");
    json_object_begin(&w);
    json_pair_string(&w, "queue", queue ? "ok" : "failed");
    json_pair_string(&w, "workers", workers ? "ok" : "none is ready");
    json_pair_string(&w, "daemon", draining ? "draining" : "ok");
    json_object_finish(&w);
    json_object_finish(&w);
    http_respond_json(request, ready ? 200 : 503, buffer_text(&body));
}
