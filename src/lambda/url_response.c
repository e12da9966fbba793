/*
 * url_response.c - a function's result as an HTTP response. The result is bytes from outside:
 * whatever could break the response's framing, or would speak for the server, is refused or set
 * aside.
 */
#include "url_private.h"

#include <string.h>

#include "onput/attributes.h"
#include "onput/encoding.h"

enum { STATUS_MIN = 200, STATUS_MAX = 599 };

static int add_header(struct url_response *out, struct text name, struct text value,
                      struct error *err)
{
    size_t bytes = name.len + value.len;
    if (out->header_count == URL_HEADERS_MAX)
        return error_set(err, ERROR_LIMIT, "more than %d headers", URL_HEADERS_MAX);
    for (size_t i = 0; i < out->header_count; i++)
        bytes += out->headers[i].name.len + out->headers[i].value.len;
    if (bytes > URL_HEADERS_MAX_BYTES)
        return error_set(err, ERROR_LIMIT, "more than %d bytes of headers", URL_HEADERS_MAX_BYTES);
    out->headers[out->header_count++] = (struct http_header){name, value};
    return 0;
}

/* ---- anything but an object with statusCode: the result itself ---- */

/* JSON without the space between its tokens; it has been checked. */
static struct text compact(struct text json, struct arena *arena)
{
    char *out = arena_alloc(arena, json.len + 1);
    size_t len = 0;
    bool in_string = false;
    for (size_t i = 0; i < json.len; i++) {
        char c = json.ptr[i];
        if (!in_string && (c == ' ' || c == '\t' || c == '\r' || c == '\n'))
            continue;
        if (c == '"')
            in_string = !in_string;
        out[len++] = c;
        if (in_string && c == '\\')
            out[len++] = json.ptr[++i];
    }
    return (struct text){out, len};
}

static int read_plain(struct text result, struct json_object *json, struct arena *arena,
                      struct url_response *out, struct error *err)
{
    out->status = 200;
    /* A text is sent without its quotes, although the guide says otherwise. */
    out->body = json_object_is_type(json, json_type_string) ? arena_text(arena, json_text(json))
                                                            : compact(result, arena);
    return add_header(out, TEXT("Content-Type"), TEXT("application/json"), err);
}

/* ---- an object with statusCode ---- */

static int read_status(struct json_object *value, int *out, struct error *err)
{
    int64_t status = 0;
    if (json_object_is_type(value, json_type_int)) {
        status = json_object_get_int64(value);
    } else if (!json_object_is_type(value, json_type_string) ||
               text_to_i64(json_text(value), STATUS_MIN, STATUS_MAX, "statusCode", &status, err) <
                   0) {
        return error_set(err, ERROR_INVALID, "statusCode is no number");
    }
    if (status < STATUS_MIN || status > STATUS_MAX)
        return error_set(err, ERROR_INVALID, "statusCode is not from %d to %d", STATUS_MIN,
                         STATUS_MAX);
    *out = (int)status;
    return 0;
}

static bool is_token(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.ptr[i], letter = (unsigned char)(c | 0x20);
        bool alphanumeric = (c >= '0' && c <= '9') || (letter >= 'a' && letter <= 'z');
        if (!alphanumeric && (c == 0 || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return t.len > 0;
}

static bool is_field_value(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static bool is_one_of(struct text name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal_nocase(name, text_of(names[i])))
            return true;
    }
    return false;
}

/* Headers that are the server's to say: left out, or sent under a name that harms nobody. */
static bool is_left_out(struct text name)
{
    static const char *const names[] = {"content-length", "x-amzn-requestid", "x-amzn-trace-id"};
    return is_one_of(name, names, ARRAY_LEN(names));
}

static bool is_remapped(struct text name)
{
    static const char *const names[] = {"connection",
                                        "date",
                                        "keep-alive",
                                        "server",
                                        "te",
                                        "trailer",
                                        "upgrade",
                                        "via",
                                        "transfer-encoding",
                                        "proxy-authenticate",
                                        "proxy-connection"};
    return is_one_of(name, names, ARRAY_LEN(names));
}

/* Texts, numbers and truth values are values of a header; null is none. */
static int read_header(const char *key, struct json_object *json, struct arena *arena,
                       struct url_response *out, struct error *err)
{
    struct text name = text_of(key), value;
    if (json == NULL || is_left_out(name))
        return 0;
    if (json_object_is_type(json, json_type_object) || json_object_is_type(json, json_type_array))
        return error_set(err, ERROR_INVALID, "a header's value is %s", json_type_label(json));
    value = json_object_is_type(json, json_type_string) ? json_text(json)
                                                        : text_of(json_object_get_string(json));
    value = text_trim(value);
    if (!is_token(name) || !is_field_value(value))
        return error_set(err, ERROR_INVALID, "a header has a byte that is not allowed there");
    if (is_remapped(name))
        key = arena_printf(arena, "X-Amzn-Remapped-%s", key);
    return add_header(out, text_of(arena_strdup(arena, key)), arena_text(arena, value), err);
}

static int read_headers(struct json_object *headers, struct text default_type, struct arena *arena,
                        struct url_response *out, struct error *err)
{
    bool typed = false;
    if (headers != NULL && !json_object_is_type(headers, json_type_object))
        return error_set(err, ERROR_INVALID, "headers is %s", json_type_label(headers));
    if (headers != NULL) {
        json_object_object_foreach(headers, key, value)
        {
            typed = typed || text_equal_nocase(text_of(key), TEXT("content-type"));
            if (read_header(key, value, arena, out, err) < 0)
                return -1;
        }
    }
    return typed ? 0 : add_header(out, TEXT("Content-Type"), default_type, err);
}

static int read_cookies(struct json_object *cookies, struct arena *arena, struct url_response *out,
                        struct error *err)
{
    if (cookies == NULL)
        return 0;
    if (!json_object_is_type(cookies, json_type_array))
        return error_set(err, ERROR_INVALID, "cookies is %s", json_type_label(cookies));
    for (size_t i = 0; i < json_object_array_length(cookies); i++) {
        struct json_object *cookie = json_object_array_get_idx(cookies, i);
        if (!json_object_is_type(cookie, json_type_string) || !is_field_value(json_text(cookie)))
            return error_set(err, ERROR_INVALID, "a cookie cannot be sent");
        if (add_header(out, TEXT("Set-Cookie"), arena_text(arena, json_text(cookie)), err) < 0)
            return -1;
    }
    return 0;
}

static bool is_true(struct json_object *value)
{
    return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

static int read_body(struct json_object *body, bool encoded, struct arena *arena,
                     struct url_response *out, struct error *err)
{
    struct text text = TEXT("");
    if (json_object_is_type(body, json_type_string))
        text = json_text(body);
    else if (body != NULL)
        text = text_of(json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN |
                                                                JSON_C_TO_STRING_NOSLASHESCAPE));
    if (encoded) {
        AUTO_BUFFER struct buffer decoded;
        buffer_init(&decoded, text.len);
        if (base64_decode(text, &decoded, err) < 0)
            return error_prefix(err, "body");
        text = arena_text(arena, buffer_text(&decoded));
    } else {
        text = arena_text(arena, text);
    }
    /* RFC 9110 sections 15.3.5 and 15.4.5 */
    out->body = out->status == 204 || out->status == 304 ? TEXT("") : text;
    return 0;
}

static int read_structured(struct json_object *json, struct json_object *status,
                           struct arena *arena, struct url_response *out, struct error *err)
{
    if (read_status(status, &out->status, err) < 0 ||
        read_headers(json_object_object_get(json, "headers"), TEXT("application/json"), arena, out,
                     err) < 0 ||
        read_cookies(json_object_object_get(json, "cookies"), arena, out, err) < 0 ||
        read_body(json_object_object_get(json, "body"),
                  is_true(json_object_object_get(json, "isBase64Encoded")), arena, out, err) < 0)
        return -1;
    return 0;
}

int url_response_read(struct text result, struct arena *arena, struct url_response *out,
                      struct error *err)
{
    AUTO_JSON struct json_object *json = NULL;
    struct json_object *status = NULL;
    struct url_response response = {.header_count = 0};
    int rc;
    if (result.len == 0) { /* of a process that wrote nothing */
        *out = (struct url_response){.status = 200, .body = TEXT("")};
        return add_header(out, TEXT("Content-Type"), TEXT("application/json"), err);
    }
    if (json_parse(result, &json, err) < 0)
        return -1;
    if (json_object_is_type(json, json_type_object))
        status = json_object_object_get(json, "statusCode");
    rc = status != NULL ? read_structured(json, status, arena, &response, err)
                        : read_plain(result, json, arena, &response, err);
    if (rc == 0)
        *out = response;
    return rc;
}

static int read_prelude(struct json_object *json, struct arena *arena, struct url_response *out,
                        struct error *err)
{
    struct json_object *status = NULL;
    if (!json_object_is_type(json, json_type_object))
        return error_set(err, ERROR_INVALID, "the prelude is %s", json_type_label(json));
    out->status = 200;
    out->body = TEXT("");
    if (json_object_object_get_ex(json, "statusCode", &status) &&
        read_status(status, &out->status, err) < 0)
        return -1;
    if (read_headers(json_object_object_get(json, "headers"), TEXT("application/octet-stream"),
                     arena, out, err) < 0)
        return -1;
    return read_cookies(json_object_object_get(json, "cookies"), arena, out, err);
}

int url_prelude_read(struct text json, struct arena *arena, struct url_response *out,
                     struct error *err)
{
    AUTO_JSON struct json_object *tree = NULL;
    struct url_response response = {.header_count = 0};
    if (json_parse(json, &tree, err) < 0 || read_prelude(tree, arena, &response, err) < 0)
        return -1;
    *out = response;
    return 0;
}
