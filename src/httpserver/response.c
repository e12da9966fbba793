/*
 * response.c - makes libmicrohttpd's response out of ours, and the server's own refusals.
 *
 * Runs on the thread that answers. Body and texts are copied into the request's arena, which
 * outlives the sending.
 */
#include "httpserver_private.h"

#include <stdarg.h>
#include <string.h>

#include "onput/encoding.h"
#include "onput/fd.h"
#include "onput/log.h"

enum { ERROR_JSON_BYTES = 4096 };

/* Never called: for HEAD only the announced length matters. */
static ssize_t no_content(void *cls, uint64_t pos, char *out, size_t max)
{
    (void)cls, (void)pos, (void)out, (void)max;
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *build_empty(void)
{
    return MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *build_head(const struct http_response *response)
{
    int64_t len = response->body_from_fd ? response->fd_len : (int64_t)response->body.len;
    if (response->head_content_length > 0)
        len = response->head_content_length;
    if (response->body_from_fd) {
        int fd = response->body_fd;
        fd_close(&fd);
    }
    if (len <= 0)
        return build_empty();
    return MHD_create_response_from_callback((uint64_t)len, 1, no_content, NULL, NULL);
}

static struct MHD_Response *build_file(const struct http_response *response)
{
    if (response->fd_len > 0)
        return MHD_create_response_from_fd_at_offset64(
            (uint64_t)response->fd_len, response->body_fd, (uint64_t)response->fd_offset);
    int fd = response->body_fd;
    fd_close(&fd);
    return build_empty();
}

static struct MHD_Response *build_text(struct http_request *r, struct text body)
{
    struct text copy = arena_text(&r->arena, body);
    return MHD_create_response_from_buffer(copy.len, (void *)copy.ptr, MHD_RESPMEM_PERSISTENT);
}

static void add_header(struct MHD_Response *out, const char *name, const char *value)
{
    if (MHD_add_response_header(out, name, value) != MHD_YES)
        LOG(LOG_LEVEL_DEBUG, "response header left out", LOG_STRING("name", name));
}

struct MHD_Response *response_build_on(struct http_request *r, struct MHD_Response *body,
                                       const struct http_response *head)
{
    BUG_ON(!body);
    if (head->content_type)
        add_header(body, MHD_HTTP_HEADER_CONTENT_TYPE, head->content_type);
    for (size_t i = 0; i < head->header_count; i++)
        add_header(body, arena_strdup_text(&r->arena, head->headers[i].name),
                   arena_strdup_text(&r->arena, head->headers[i].value));
    return body;
}

struct MHD_Response *response_build(struct http_request *r, const struct http_response *response)
{
    struct MHD_Response *out;
    if (r->method == HTTP_HEAD)
        out = build_head(response);
    else
        out = response->body_from_fd ? build_file(response) : build_text(r, response->body);
    r->response_bytes = response->body_from_fd ? response->fd_len : (int64_t)response->body.len;
    return response_build_on(r, out, response);
}

void http_respond_json(struct http_request *request, int status, struct text json)
{
    struct http_response response = {
        .status = status, .content_type = "application/json", .body = json};
    http_respond(request, &response);
}

static void append_message(struct buffer *json, const char *message)
{
    buffer_append_string(json, "{\"message\":\"");
    buffer_append_json_escaped(json, text_of(message));
    buffer_append_string(json, "\"}");
}

void http_respond_error(struct http_request *request, int status, const char *fmt, ...)
{
    char message[ERROR_JSON_BYTES / 8];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    AUTO_BUFFER struct buffer json;
    buffer_init(&json, ERROR_JSON_BYTES);
    append_message(&json, message);
    http_respond_json(request, status, buffer_text(&json));
}

void request_refuse(struct http_request *r, int status, const char *allow_or_null,
                    const char *message)
{
    AUTO_BUFFER struct buffer json;
    buffer_init(&json, ERROR_JSON_BYTES);
    append_message(&json, message);
    struct http_header allow = {TEXT("Allow"), text_of(allow_or_null)};
    struct http_response response = {
        .status = status,
        .content_type = "application/json",
        .body = buffer_text(&json),
        .headers = &allow,
        .header_count = allow_or_null ? 1 : 0,
        /* What follows a malformed or oversized request on the wire cannot be trusted. */
        .close_connection = status == 400 || status == 413 || status == 431,
    };
    http_respond(r, &response);
}
