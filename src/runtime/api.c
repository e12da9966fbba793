/*
 * The Runtime API's routes: from HTTP to the exchange of the process whose connection it is. Each
 * connection has an instance as its owner, so a process reaches its own exchange and no other.
 *
 * Not offered: SnapStart's restore (clients ask for it only when AWS_LAMBDA_INITIALIZATION_TYPE
 * says so), extensions, and the telemetry and logs APIs, which answer as AWS does where they are
 * missing.
 *
 * Source: AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
 */
#include <string.h>

#include "api_text.h"
#include "onput/memory.h"
#include "runtime_private.h"

enum { INIT_ERROR_MAX_BYTES = 256 * 1024, TELEMETRY_MAX_BYTES = 64 * 1024 };

enum {
    ALL_METHODS =
        HTTP_GET | HTTP_HEAD | HTTP_POST | HTTP_PUT | HTTP_DELETE | HTTP_PATCH | HTTP_OPTIONS
};

static struct exchange *exchange_of(const struct http_request *r)
{
    struct instance *instance = http_request_owner(r);
    BUG_ON(instance == NULL);
    return instance->exchange;
}

static void respond_error(struct http_request *r, int status, const char *type, const char *message)
{
    AUTO_BUFFER struct buffer json;
    buffer_init(&json, 512);
    api_append_error(&json, text_of(type), text_of(message));
    http_respond_json(r, status, buffer_text(&json));
}

static void on_next(void *ctx UNUSED, struct http_request *r)
{
    exchange_next(exchange_of(r), r);
}

static void on_response_admit(void *ctx UNUSED, struct http_request *r)
{
    exchange_response_admit(exchange_of(r), r);
}

static size_t on_response_take(void *ctx UNUSED, struct http_request *r, struct text piece)
{
    return exchange_response_take(exchange_of(r), r, piece);
}

static void on_response_whole(void *ctx UNUSED, struct http_request *r)
{
    exchange_response_whole(exchange_of(r), r);
}

static void on_response_large(void *ctx UNUSED, struct http_request *r)
{
    exchange_response_large(exchange_of(r), r);
}

static void on_response_broken(void *ctx UNUSED, struct http_request *r)
{
    exchange_response_broken(exchange_of(r), r);
}

static void on_error_admit(void *ctx UNUSED, struct http_request *r)
{
    exchange_error_admit(exchange_of(r), r);
}

static void on_error(void *ctx UNUSED, struct http_request *r)
{
    exchange_error(exchange_of(r), r);
}

static void on_init_error(void *ctx UNUSED, struct http_request *r)
{
    exchange_init_error(exchange_of(r), r);
}

static void on_large(void *ctx UNUSED, struct http_request *r)
{
    respond_error(r, 413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size.");
}

static void on_ping(void *ctx UNUSED, struct http_request *r)
{
    http_respond(r, &(struct http_response){
                        .status = 200, .content_type = "text/plain", .body = TEXT("pong")});
}

static void on_telemetry(void *ctx UNUSED, struct http_request *r)
{
    respond_error(r, 202, "Telemetry.NotSupported", "Telemetry API is not supported");
}

static void on_unknown(void *ctx UNUSED, struct http_request *r)
{
    respond_error(r, 404, "NotFound", "There is nothing at this path");
}

#define RUNTIME_API "/2018-06-01"

static const struct http_route table[] = {
    {.methods = HTTP_GET,
     .path = RUNTIME_API "/runtime/invocation/next",
     .handler = on_next,
     .metric_route = "runtime_next"},
    {.methods = HTTP_POST,
     .path = RUNTIME_API "/runtime/invocation/{id}/response",
     .handler = on_response_whole,
     .admit = on_response_admit,
     .max_body_bytes = STREAM_MAX_BYTES,
     .metric_route = "runtime_response",
     .refuse_large = on_response_large,
     .take = on_response_take,
     .broken = on_response_broken},
    {.methods = HTTP_POST,
     .path = RUNTIME_API "/runtime/invocation/{id}/error",
     .handler = on_error,
     .admit = on_error_admit,
     .max_body_bytes = RESULT_MAX_BYTES,
     .metric_route = "runtime_error",
     .refuse_large = on_response_large,
     .take = on_response_take,
     .broken = on_response_broken},
    {.methods = HTTP_POST,
     .path = RUNTIME_API "/runtime/init/error",
     .handler = on_init_error,
     .max_body_bytes = INIT_ERROR_MAX_BYTES,
     .metric_route = "runtime_init_error",
     .refuse_large = on_large},
    {.methods = HTTP_GET,
     .path = RUNTIME_API "/ping",
     .handler = on_ping,
     .metric_route = "runtime_ping"},
    {.methods = HTTP_GET, .path = "/ping", .handler = on_ping, .metric_route = "runtime_ping"},
    {.methods = HTTP_GET,
     .path = "/credentials/{token}",
     .handler = lending_handle,
     .metric_route = "runtime_credentials"},
    {.methods = HTTP_PUT,
     .path = "/2022-07-01/telemetry",
     .handler = on_telemetry,
     .max_body_bytes = TELEMETRY_MAX_BYTES,
     .metric_route = "runtime_telemetry",
     .refuse_large = on_large},
    {.methods = HTTP_PUT,
     .path = "/2020-08-15/logs",
     .handler = on_telemetry,
     .max_body_bytes = TELEMETRY_MAX_BYTES,
     .metric_route = "runtime_telemetry",
     .refuse_large = on_large},
    {.methods = ALL_METHODS,
     .path = "/{rest...}",
     .handler = on_unknown,
     .metric_route = "runtime_unknown",
     .refuse_large = on_unknown},
};

struct http_route *api_routes(size_t *out_count)
{
    struct http_route *routes = xcalloc(ARRAY_LEN(table), sizeof(*routes));
    memcpy(routes, table, sizeof(table));
    *out_count = ARRAY_LEN(table);
    return routes;
}
