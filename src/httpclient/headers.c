/*
 * Header lines in both directions: the request's list for curl, and the reply's lines as they
 * arrive, with limits on their number and bytes.
 */
#include <string.h>

#include "httpclient_private.h"
#include "onput/memory.h"

/* RFC 9110 section 5.1: a field name is a token. */
static bool is_token(struct text name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
            return false;
    }
    return name.len > 0;
}

static bool is_one_line(struct text value)
{
    return !memchr(value.ptr, '\r', value.len) && !memchr(value.ptr, '\n', value.len) &&
           !memchr(value.ptr, '\0', value.len);
}

static bool has_header(const struct http_call *call, const char *name)
{
    for (size_t i = 0; i < call->header_count; i++) {
        if (text_equal_nocase(call->headers[i].name, text_of(name)))
            return true;
    }
    return false;
}

/* Takes over `list`, also when it fails. */
static struct curl_slist *append(struct curl_slist *list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(list, line);
    BUG_ON(!longer); /* small allocation, see memory.h */
    return longer;
}

static struct curl_slist *append_header(struct curl_slist *list, struct text name,
                                        struct text value)
{
    /* "name;" is curl's way to send a header without a value; "name:" would remove it. */
    AUTO_FREE char *line = value.len ? xasprintf("%.*s: %.*s", TEXT_ARGS(name), TEXT_ARGS(value))
                                     : xasprintf("%.*s;", TEXT_ARGS(name));
    return append(list, line);
}

struct curl_slist *headers_build(const struct http_call *call, struct error *err)
{
    /* Never wait for "100 Continue"; nothing may be sent that the caller has not signed. */
    struct curl_slist *list = append(NULL, "Expect:");
    if (!has_header(call, "content-type"))
        list = append(list, "Content-Type:");
    if (!has_header(call, "accept"))
        list = append(list, "Accept:");
    for (size_t i = 0; i < call->header_count; i++) {
        struct text name = call->headers[i].name;
        struct text value = text_trim(call->headers[i].value);
        if (!is_token(name) || !is_one_line(value)) {
            error_set(err, ERROR_INVALID, "HTTP header number %zu has forbidden bytes.", i + 1);
            curl_slist_free_all(list);
            return NULL;
        }
        list = append_header(list, name, value);
    }
    return list;
}

static int take_status(struct transfer *t, struct text line)
{
    /* A 1xx answer was before this one: begin anew. */
    t->reply.header_count = 0;
    t->reply.content_length = -1;
    struct text rest = line;
    text_cut(&rest, ' ');
    struct text digits = text_cut(&rest, ' ');
    int64_t status;
    if (text_to_i64(digits, 100, 999, "HTTP status", &status, &t->failure))
        return error_set(&t->failure, ERROR_PROTOCOL,
                         "The peer sent a malformed HTTP status line.");
    t->reply.status = (int)status;
    return 0;
}

static int take_content_length(struct transfer *t, struct text value)
{
    int64_t length;
    struct error ignored = {0};
    if (text_to_i64(value, 0, INT64_MAX, "Content-Length", &length, &ignored))
        return error_set(&t->failure, ERROR_PROTOCOL, "The peer sent a malformed Content-Length.");
    if (t->reply.content_length >= 0 && t->reply.content_length != length)
        return error_set(&t->failure, ERROR_PROTOCOL,
                         "The peer sent two different Content-Lengths.");
    t->reply.content_length = length;
    return 0;
}

static void add_header(struct transfer *t, struct text name, struct text value)
{
    struct http_reply *reply = &t->reply;
    if (!reply->headers)
        reply->headers = ARENA_ARRAY(&reply->arena, struct http_header, HTTP_MAX_REPLY_HEADERS);
    struct http_header *header = &reply->headers[reply->header_count++];
    header->name = arena_text(&reply->arena, name);
    header->value = arena_text(&reply->arena, value);
}

static int take_field(struct transfer *t, struct text line)
{
    size_t colon = text_find(line, ':');
    struct text name = text_slice(line, 0, colon);
    if (colon == line.len || !is_token(name))
        return error_set(&t->failure, ERROR_PROTOCOL,
                         "The peer sent a malformed HTTP header line.");
    if (t->reply.header_count == HTTP_MAX_REPLY_HEADERS)
        return error_set(&t->failure, ERROR_LIMIT, "The answer has more than %d headers.",
                         HTTP_MAX_REPLY_HEADERS);
    struct text value = text_trim(text_slice(line, colon + 1, line.len));
    add_header(t, name, value);
    if (text_equal_nocase(name, TEXT("content-length")))
        return take_content_length(t, value);
    return 0;
}

/* Refuses an answer by its announced length, before any of it is read. */
static int take_end(struct transfer *t)
{
    const struct http_reply *reply = &t->reply;
    t->has_whole_head = reply->status >= 200;
    if (reply->status < 200 || reply->status > 299 || strcmp(t->call->method, "HEAD") == 0)
        return 0;
    if (reply->content_length > 0 && (uint64_t)reply->content_length > t->call->max_body_bytes)
        return error_set(&t->failure, ERROR_LIMIT,
                         "The answer has %lld bytes, more than the %zu that are allowed.",
                         (long long)reply->content_length, t->call->max_body_bytes);
    return 0;
}

int headers_take_line(struct transfer *t, struct text line)
{
    t->header_bytes += line.len;
    if (t->header_bytes > HTTP_MAX_REPLY_HEADER_BYTES)
        return error_set(&t->failure, ERROR_LIMIT, "The answer's headers have more than %d bytes.",
                         HTTP_MAX_REPLY_HEADER_BYTES);
    struct text trimmed = text_trim(line);
    if (trimmed.len == 0)
        return take_end(t);
    if (text_starts_with(trimmed, TEXT("HTTP/")))
        return take_status(t, trimmed);
    return take_field(t, trimmed);
}
