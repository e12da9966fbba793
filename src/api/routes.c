/*
 * The two route tables.
 */
#include "api_private.h"

#include <string.h>

#include "onput/memory.h"

enum { ADMIN_MAX_BODY_BYTES = 4096 };

/* max_body_bytes of the event routes is set from the configuration. */
static const struct http_route public_routes[] = {
    {HTTP_POST, "/events", webhook_post, webhook_admit, 0, "events"},
    {HTTP_POST, "/events/{rest...}", webhook_post, webhook_admit, 0, "events"},
    {HTTP_GET | HTTP_HEAD, "/events", webhook_probe, NULL, 0, "probe"},
    {HTTP_GET | HTTP_HEAD, "/events/{rest...}", webhook_probe, NULL, 0, "probe"},
    {HTTP_GET | HTTP_HEAD, "/", webhook_probe, NULL, 0, "probe"},
    {HTTP_GET | HTTP_HEAD, "/healthz", health_live, NULL, 0, NULL},
    {HTTP_GET | HTTP_HEAD, "/readyz", health_ready, NULL, 0, NULL},
};

static const struct http_route admin_routes[] = {
    {HTTP_GET | HTTP_HEAD, "/healthz", health_live, NULL, 0, NULL},
    {HTTP_GET | HTTP_HEAD, "/readyz", health_ready, NULL, 0, NULL},
    {HTTP_GET | HTTP_HEAD, "/metrics", admin_metrics, NULL, 0, NULL},
    {HTTP_GET, "/admin/queue", admin_queue_stats, NULL, 0, NULL},
    {HTTP_GET, "/admin/invocations", admin_list, NULL, 0, NULL},
    {HTTP_POST, "/admin/invocations/redrive", admin_redrive_all, NULL, ADMIN_MAX_BODY_BYTES, NULL},
    {HTTP_GET, "/admin/invocations/{id}", admin_show, NULL, 0, NULL},
    {HTTP_POST, "/admin/invocations/{id}/redrive", admin_redrive, NULL, ADMIN_MAX_BODY_BYTES, NULL},
};

struct http_route *api_public_routes(size_t max_body_bytes, size_t *out_count)
{
    struct http_route *routes = xcalloc(ARRAY_LEN(public_routes), sizeof(*routes));
    memcpy(routes, public_routes, sizeof(public_routes));
    for (size_t i = 0; i < ARRAY_LEN(public_routes); i++) {
        if (routes[i].methods == HTTP_POST)
            routes[i].max_body_bytes = max_body_bytes;
    }
    *out_count = ARRAY_LEN(public_routes);
    return routes;
}

struct http_route *api_admin_routes(size_t *out_count)
{
    struct http_route *routes = xcalloc(ARRAY_LEN(admin_routes), sizeof(*routes));
    memcpy(routes, admin_routes, sizeof(admin_routes));
    *out_count = ARRAY_LEN(admin_routes);
    return routes;
}
