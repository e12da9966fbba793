/*
 * The canonical request of Signature Version 4: method, path, query, headers, list of signed
 * headers and payload hash, each in the one form that both sides compute. Used for signing and for
 * verifying.
 */
#include <stdlib.h>
#include <string.h>

#include "aws_private.h"
#include "onput/encoding.h"

/* Never signed: proxies and libraries add or change them on the way. */
static const struct text unsigned_headers[] = {
    TEXT_INIT("authorization"), TEXT_INIT("connection"), TEXT_INIT("content-length"),
    TEXT_INIT("expect"),        TEXT_INIT("user-agent"),
};

/* One header or query part, ready to be sorted. */
struct pair {
    struct text name;
    struct text value;
    size_t position; /* keeps repeated headers in their order */
};

struct pairs {
    struct pair *rows;
    size_t count;
};

static int compare_text(const void *a, const void *b)
{
    const struct pair *left = a;
    const struct pair *right = b;
    int order = text_compare(left->name, right->name);
    return order ? order : text_compare(left->value, right->value);
}

static int compare_position(const void *a, const void *b)
{
    const struct pair *left = a;
    const struct pair *right = b;
    int order = text_compare(left->name, right->name);
    return order ? order : (left->position > right->position) - (left->position < right->position);
}

/* ---- path ---- */

/* RFC 3986 section 5.2.4 and no empty segments, as every service but S3 wants it. */
static void append_normal_path(struct buffer *out, struct text path)
{
    struct text rest = text_slice(path, 1, path.len);
    bool ends_with_slash = path.len > 1 && path.ptr[path.len - 1] == '/';
    while (rest.len) {
        struct text segment = text_cut(&rest, '/');
        if (segment.len == 0 || text_is(segment, "."))
            continue;
        if (!text_is(segment, "..")) {
            buffer_append_char(out, '/');
            buffer_append_text(out, segment);
            continue;
        }
        while (out->len && out->data[out->len - 1] != '/')
            buffer_truncate(out, out->len - 1);
        if (out->len)
            buffer_truncate(out, out->len - 1);
    }
    if (out->len == 0 || ends_with_slash)
        buffer_append_char(out, '/');
}

static int append_path(struct buffer *out, struct text path, bool encode_twice, struct error *err)
{
    AUTO_BUFFER struct buffer plain = {0};
    buffer_init(&plain, SIGV4_MAX_CANONICAL_BYTES);
    if (path.len == 0 || path.ptr[0] != '/')
        return error_set(err, ERROR_INVALID, "The request's path does not begin with '/'.");
    /* S3: whatever the sender left raw or wrote in lower case becomes the one encoded form. */
    if (encode_twice)
        append_normal_path(&plain, path);
    else if (uri_decode(path, false, &plain, err))
        return error_prefix(err, "request path");
    if (buffer_failed(&plain))
        return error_set(err, ERROR_LIMIT, "The request's path is too long.");
    buffer_append_uri(out, buffer_text(&plain), true);
    return 0;
}

/* ---- query ---- */

/* The part in its encoded form, in the arena. */
static int encode_part(struct text part, struct arena *arena, struct text *out, struct error *err)
{
    AUTO_BUFFER struct buffer plain = {0};
    AUTO_BUFFER struct buffer encoded = {0};
    buffer_init(&plain, SIGV4_MAX_CANONICAL_BYTES);
    buffer_init(&encoded, SIGV4_MAX_CANONICAL_BYTES);
    if (uri_decode(part, false, &plain, err))
        return error_prefix(err, "request query");
    buffer_append_uri(&encoded, buffer_text(&plain), false);
    if (buffer_failed(&plain) || buffer_failed(&encoded))
        return error_set(err, ERROR_LIMIT, "The request's query is too long.");
    *out = arena_text(arena, buffer_text(&encoded));
    return 0;
}

static int collect_query(struct text query, bool drop_signature, struct arena *arena,
                         struct pairs *out, struct error *err)
{
    size_t parts = 1;
    for (size_t i = 0; i < query.len; i++)
        parts += query.ptr[i] == '&';
    if (parts > SIGV4_MAX_QUERY_PARTS)
        return error_set(err, ERROR_LIMIT, "The request has more than %d query parameters.",
                         SIGV4_MAX_QUERY_PARTS);
    out->rows = ARENA_ARRAY(arena, struct pair, parts);
    while (query.len) {
        struct text value = text_cut(&query, '&');
        if (value.len == 0)
            continue;
        struct pair *row = &out->rows[out->count];
        struct text name = text_cut(&value, '=');
        if (encode_part(name, arena, &row->name, err) ||
            encode_part(value, arena, &row->value, err))
            return -1;
        if (!drop_signature || !text_is(row->name, "X-Amz-Signature"))
            out->count++;
    }
    return 0;
}

static int append_query(struct buffer *out, struct text query, bool drop_signature,
                        struct arena *arena, struct error *err)
{
    if (query.len == 0)
        return 0;
    struct pairs parts = {0};
    if (collect_query(query, drop_signature, arena, &parts, err))
        return -1;
    qsort(parts.rows, parts.count, sizeof(parts.rows[0]), compare_text);
    for (size_t i = 0; i < parts.count; i++) {
        if (i)
            buffer_append_char(out, '&');
        buffer_append_text(out, parts.rows[i].name);
        buffer_append_char(out, '=');
        buffer_append_text(out, parts.rows[i].value);
    }
    return 0;
}

/* ---- headers ---- */

static struct text lower_copy(struct text name, struct arena *arena)
{
    char *copy = arena_strdup_text(arena, name);
    for (size_t i = 0; i < name.len; i++) {
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] - 'A' + 'a');
    }
    return (struct text){copy, name.len};
}

static bool list_has(struct text list, struct text name)
{
    while (list.len) {
        if (text_equal(text_cut(&list, ';'), name))
            return true;
    }
    return false;
}

static bool is_signed(struct text name, struct text only)
{
    if (only.len)
        return list_has(only, name);
    for (size_t i = 0; i < ARRAY_LEN(unsigned_headers); i++) {
        if (text_equal(name, unsigned_headers[i]))
            return false;
    }
    return true;
}

static int collect_headers(const struct sigv4_request *request, struct text only,
                           struct arena *arena, struct pairs *out, struct error *err)
{
    if (request->header_count > SIGV4_MAX_HEADERS)
        return error_set(err, ERROR_LIMIT, "The request has more than %d headers.",
                         SIGV4_MAX_HEADERS);
    out->rows = ARENA_ARRAY(arena, struct pair, request->header_count + 1);
    for (size_t i = 0; i < request->header_count; i++) {
        struct text name = lower_copy(request->headers[i].name, arena);
        if (is_signed(name, only))
            out->rows[out->count++] = (struct pair){name, request->headers[i].value, i};
    }
    qsort(out->rows, out->count, sizeof(out->rows[0]), compare_position);
    return 0;
}

/* Without white space at the ends, inner runs of it as one space. */
static void append_header_value(struct buffer *out, struct text value)
{
    value = text_trim(value);
    bool in_run = false;
    for (size_t i = 0; i < value.len; i++) {
        bool is_space = value.ptr[i] == ' ' || value.ptr[i] == '\t';
        if (!is_space)
            buffer_append_char(out, value.ptr[i]);
        else if (!in_run)
            buffer_append_char(out, ' ');
        in_run = is_space;
    }
}

/* True when row i continues the header of the row before it. */
static bool is_repeated(const struct pairs *headers, size_t i)
{
    return i > 0 && text_equal(headers->rows[i].name, headers->rows[i - 1].name);
}

static void append_headers(struct buffer *out, const struct pairs *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (is_repeated(headers, i)) {
            buffer_append_char(out, ',');
        } else {
            if (i)
                buffer_append_char(out, '\n');
            buffer_append_text(out, headers->rows[i].name);
            buffer_append_char(out, ':');
        }
        append_header_value(out, headers->rows[i].value);
    }
    buffer_append_string(out, headers->count ? "\n\n" : "\n");
}

static int join_names(const struct pairs *headers, struct arena *arena, struct text *out,
                      struct error *err)
{
    AUTO_BUFFER struct buffer list = {0};
    buffer_init(&list, SIGV4_MAX_CANONICAL_BYTES);
    for (size_t i = 0; i < headers->count; i++) {
        if (is_repeated(headers, i))
            continue;
        if (i)
            buffer_append_char(&list, ';');
        buffer_append_text(&list, headers->rows[i].name);
    }
    if (buffer_failed(&list))
        return error_set(err, ERROR_LIMIT, "The request's header names are too long.");
    *out = arena_text(arena, buffer_text(&list));
    return 0;
}

int canonical_signed_headers(const struct sigv4_request *request, struct arena *arena,
                             struct text *out, struct error *err)
{
    struct pairs headers = {0};
    if (collect_headers(request, TEXT(""), arena, &headers, err))
        return -1;
    return join_names(&headers, arena, out, err);
}

int canonical_request(const struct sigv4_request *request, const struct canonical_options *options,
                      struct arena *arena, struct buffer *out, struct text *out_signed_headers,
                      struct error *err)
{
    struct pairs headers = {0};
    struct text names;
    if (collect_headers(request, options->only, arena, &headers, err) ||
        join_names(&headers, arena, &names, err))
        return -1;
    buffer_append_text(out, request->method);
    buffer_append_char(out, '\n');
    if (append_path(out, request->path, options->encode_twice, err))
        return -1;
    buffer_append_char(out, '\n');
    if (append_query(out, request->query, options->drop_signature, arena, err))
        return -1;
    buffer_append_char(out, '\n');
    append_headers(out, &headers);
    buffer_append_text(out, names);
    buffer_append_char(out, '\n');
    buffer_append_text(out, request->payload_hash);
    if (buffer_failed(out))
        return error_set(err, ERROR_LIMIT, "The request is too long to be signed.");
    *out_signed_headers = names;
    return 0;
}
