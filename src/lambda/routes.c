/*
 * routes.c - the listener's rows: functions' own URLs, the operations, and what is none of them.
 */
#include "invoke_private.h"

#include <string.h>

#include "onput/buffer.h"
#include "onput/memory.h"

static const unsigned ANY_METHOD =
    HTTP_GET | HTTP_HEAD | HTTP_POST | HTTP_PUT | HTTP_DELETE | HTTP_PATCH | HTTP_OPTIONS;

/* A function's host serves nothing else, so it comes before the paths of the API. */
static const struct http_route url_hosts[] = {{.path = "/{rest...}", .host = "*.lambda-url.*"}};
static const struct http_route url_paths[] = {{.path = "/function-urls/{id}"},
                                              {.path = "/function-urls/{id}/{rest...}"}};

/* Below the dates of the API there is nothing but operations. */
static const char *const dated[] = {
    "/2014-11-13/{rest...}", "/2015-03-31/{rest...}", "/2016-08-19/{rest...}",
    "/2017-03-31/{rest...}", "/2017-10-31/{rest...}", "/2018-10-31/{rest...}",
    "/2019-09-25/{rest...}", "/2019-09-30/{rest...}", "/2020-04-22/{rest...}",
    "/2020-06-30/{rest...}", "/2021-07-20/{rest...}", "/2021-10-31/{rest...}",
    "/2021-11-15/{rest...}", "/2024-08-31/{rest...}",
};

static struct http_route url_route(struct lambda_api *api, const struct http_route *row)
{
    struct http_route route = *row;
    route.methods = ANY_METHOD;
    route.handler = url_front_handle;
    route.admit = url_front_admit;
    route.max_body_bytes = INVOKE_SYNC_MAX_BYTES;
    route.metric_route = "function-url";
    route.ctx = api;
    return route;
}

static struct http_route operation_route(struct lambda_api *api, const struct operation *op)
{
    return (struct http_route){
        .methods = op->method,
        .path = op->path,
        .handler = call_handle,
        .admit = call_admit,
        .refuse_large = call_refuse_large,
        .max_body_bytes = operation_body_bytes(op),
        .metric_route = "lambda",
        .ctx = api,
        .row = op,
        .trailing_slash = true,
    };
}

static struct http_route package_route(struct lambda_api *api)
{
    return (struct http_route){
        .methods = HTTP_GET | HTTP_HEAD,
        .path = "/packages/{hash}",
        .handler = package_url_handle,
        .metric_route = "package",
        .ctx = api,
    };
}

static struct http_route unknown_route(struct lambda_api *api, const char *path)
{
    return (struct http_route){
        .methods = ANY_METHOD,
        .path = path,
        .handler = call_handle,
        .admit = call_admit,
        .metric_route = "lambda",
        .max_body_bytes = LAMBDA_BODY_BYTES,
        .ctx = api,
    };
}

/* As many bytes as url_config.c makes an id of: nothing but a function's host is so long. */
#define ANY_URL_ID "????????????????????????????????"

/*
 * The host of lambda.function_url as a pattern; empty when the function's id stands in the path.
 * It is that of the start: a reload changes what URLs look like, not where requests are expected.
 */
static void write_url_host(struct lambda_api *api)
{
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, sizeof(api->url_host) - 1);
    struct catalog *catalog = catalog_holder_get(registry_catalogs(api->registry));
    struct text host = text_of(catalog_config(catalog)->lambda_function_url);
    host = text_slice(host, text_find(host, '/') + 2, host.len);
    host = text_slice(host, 0, text_find(host, '/'));
    host = text_slice(host, 0, text_find(host, ':'));
    if (text_starts_with(host, TEXT("{id}."))) {
        buffer_append_string(&out, ANY_URL_ID);
        text_cut(&host, '}');
    } else {
        host = TEXT("");
    }
    while (host.len > 0) {
        buffer_append_text(&out, text_cut(&host, '{'));
        if (host.len > 0)
            buffer_append_char(&out, '*');
        text_cut(&host, '}');
    }
    memcpy(api->url_host, out.data, out.len + 1);
    catalog_unref(catalog);
}

struct http_route *lambda_routes(struct lambda_api *api, size_t *out_count)
{
    const struct operation *operations = NULL;
    size_t op_count = lambda_operations(&operations);
    size_t count = 0;
    size_t max = 2 + op_count + ARRAY_LEN(url_hosts) + ARRAY_LEN(url_paths) + ARRAY_LEN(dated);
    struct http_route *routes = xcalloc(max, sizeof(*routes));
    write_url_host(api);
    if (api->url_host[0] != '\0')
        routes[count++] =
            url_route(api, &(struct http_route){.path = "/{rest...}", .host = api->url_host});
    for (size_t i = 0; i < ARRAY_LEN(url_hosts); i++)
        routes[count++] = url_route(api, &url_hosts[i]);
    for (size_t i = 0; i < op_count; i++)
        routes[count++] = operation_route(api, &operations[i]);
    for (size_t i = 0; i < ARRAY_LEN(url_paths); i++)
        routes[count++] = url_route(api, &url_paths[i]);
    routes[count++] = package_route(api);
    for (size_t i = 0; i < ARRAY_LEN(dated); i++)
        routes[count++] = unknown_route(api, dated[i]);
    *out_count = count;
    return routes;
}
