/*
 * request.c - one request as handlers see it.
 *
 * Everything is copied out of libmicrohttpd's memory, so that a request may outlive its connection
 * when the server had to answer for a handler that was too late.
 */
#include "httpserver_private.h"

#include <string.h>

#include "onput/encoding.h"
#include "onput/memory.h"

static const struct {
    const char *name;
    enum http_method method;
} methods[] = {
    {"GET", HTTP_GET},       {"POST", HTTP_POST},   {"PUT", HTTP_PUT},         {"HEAD", HTTP_HEAD},
    {"DELETE", HTTP_DELETE}, {"PATCH", HTTP_PATCH}, {"OPTIONS", HTTP_OPTIONS},
};

/* The absolute form "http://host/path" (RFC 9112 section 3.2.2) is cut down to its path. */
static struct text target_path(struct text target)
{
    if (!text_starts_with(target, TEXT("http://")))
        return target;
    struct text rest = text_slice(target, 7, target.len);
    size_t slash = text_find(rest, '/');
    return slash < rest.len ? text_slice(rest, slash, rest.len) : TEXT("/");
}

struct http_request *request_new(struct http_server *server, struct MHD_Connection *mhd,
                                 const char *target)
{
    struct arena arena;
    arena_init(&arena);
    struct http_request *r = ARENA_NEW(&arena, struct http_request);
    r->server = server;
    r->mhd = mhd;
    r->connection =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    r->owner = r->connection->owner;
    r->raw_target = target;
    r->raw_target_len = target ? strlen(target) : 0;
    r->target = target_path(arena_text(&arena, text_of(target)));
    size_t mark = text_find(r->target, '?');
    r->path = text_slice(r->target, 0, mark);
    r->query = text_slice(r->target, mark + 1, r->target.len);
    r->peer = arena_text(&arena, text_of(r->connection->peer));
    r->arena = arena;
    return r;
}

void request_free(struct http_request *r)
{
    if (r->response)
        MHD_destroy_response(r->response);
    if (r->stream)
        stream_leave(r->stream, r->server);
    body_release(&r->body);
    struct http_server *server = r->holds_server ? r->server : NULL;
    struct arena arena = r->arena; /* r itself lives in it */
    arena_release(&arena);
    if (server)
        server_unref(server);
}

void request_set_method(struct http_request *r, const char *method)
{
    r->method_text = arena_text(&r->arena, text_of(method));
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (strcmp(methods[i].name, method) == 0)
            r->method = methods[i].method;
    }
}

enum http_method http_request_method(const struct http_request *r)
{
    return r->method;
}

struct text http_request_method_text(const struct http_request *r)
{
    return r->method_text;
}

struct text http_request_path(const struct http_request *r)
{
    return r->path;
}

struct text http_request_query(const struct http_request *r)
{
    return r->query;
}

void *request_ctx(const struct http_request *r)
{
    return r->route->ctx ? r->route->ctx : r->server->options.ctx;
}

static struct text find_header(const struct http_header *headers, size_t count, const char *name)
{
    struct text wanted = text_of(name);
    for (size_t i = 0; i < count; i++) {
        if (text_equal_nocase(headers[i].name, wanted))
            return headers[i].value;
    }
    return TEXT("");
}

struct text http_request_header(const struct http_request *r, const char *name)
{
    return find_header(r->headers, r->header_count, name);
}

struct text http_request_trailer(const struct http_request *r, const char *name)
{
    return find_header(r->trailers, r->trailer_count, name);
}

size_t http_request_headers(const struct http_request *r, const struct http_header **out)
{
    *out = r->headers;
    return r->header_count;
}

struct text http_request_body(const struct http_request *r)
{
    if (r->stage != STAGE_ANSWER || !r->body.bytes.data)
        return TEXT("");
    return buffer_text(&r->body.bytes);
}

struct text http_request_capture(const struct http_request *r, const char *name)
{
    for (size_t i = 0; i < r->captures.count; i++) {
        if (strcmp(r->captures.items[i].name, name) == 0)
            return r->captures.items[i].value;
    }
    return TEXT("");
}

static bool query_name_is(struct text encoded, struct text wanted)
{
    if (text_equal(encoded, wanted))
        return true;
    if (text_find(encoded, '%') == encoded.len && text_find(encoded, '+') == encoded.len)
        return false;
    struct error err = {0};
    AUTO_BUFFER struct buffer decoded;
    buffer_init(&decoded, encoded.len);
    return uri_decode(encoded, true, &decoded, &err) == 0 &&
           text_equal(buffer_text(&decoded), wanted);
}

bool http_request_query_value(const struct http_request *r, const char *name, struct text *out)
{
    struct text rest = r->query;
    while (rest.len > 0) {
        struct text value = text_cut(&rest, '&');
        struct text key = text_cut(&value, '=');
        if (!query_name_is(key, text_of(name)))
            continue;
        struct error err = {0};
        AUTO_BUFFER struct buffer decoded;
        buffer_init(&decoded, value.len);
        if (uri_decode(value, true, &decoded, &err) != 0)
            return false;
        *out = arena_text(http_request_arena((struct http_request *)r), buffer_text(&decoded));
        return true;
    }
    return false;
}

struct text http_request_peer(const struct http_request *r)
{
    return r->peer;
}

struct arena *http_request_arena(struct http_request *r)
{
    return &r->arena;
}

const void *http_request_row(const struct http_request *r)
{
    return r->route->row;
}

void *http_request_owner(const struct http_request *r)
{
    return r->owner;
}

void http_request_set_user(struct http_request *r, void *user)
{
    r->user = user;
}

void *http_request_user(const struct http_request *r)
{
    return r->user;
}
