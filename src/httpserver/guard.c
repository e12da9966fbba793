/*
 * guard.c - the checks that libmicrohttpd 0.9.75 leaves out, before any route sees a request.
 *
 * It hides a NUL byte by ending the text there, and drops folded header lines. Both show in the
 * memory: each header must begin where the line before it ended. RFC 9112
 * sections 2.2, 5.1, 5.2, 6.1-6.3.
 */
#include "httpserver_private.h"

#include <string.h>

struct guard {
    struct http_request *r;
    const char *line_end; /* the NUL behind the last text */
    const char *why;
    int status;
    unsigned hosts;
    unsigned lengths;
    unsigned codings;
};

static bool is_tchar(unsigned char c)
{
    if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
        return true;
    return c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_token(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        if (!is_tchar((unsigned char)t.ptr[i]))
            return false;
    }
    return t.len > 0;
}

static bool has_control(struct text t, unsigned char lowest)
{
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.ptr[i];
        if ((c < lowest && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static enum MHD_Result refuse(struct guard *g, int status, const char *why)
{
    g->status = status;
    g->why = why;
    return MHD_NO;
}

/* True when `next` is where the line behind line_end begins: LF or CR LF, both zeroed. */
static bool line_begins_at(const char *line_end, const char *next)
{
    return next == line_end + 1 || (next == line_end + 2 && line_end[1] == '\0');
}

static bool value_begins_at(struct text name, const char *value)
{
    const char *p = name.ptr + name.len + 1;
    while (p < value && (*p == ' ' || *p == '\t'))
        p++;
    return p == value;
}

static bool parse_length(struct text t, uint64_t *out)
{
    uint64_t n = 0;
    for (size_t i = 0; i < t.len; i++) {
        if (t.ptr[i] < '0' || t.ptr[i] > '9')
            return false;
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, t.ptr[i] - '0', &n))
            return false;
    }
    *out = n;
    return t.len > 0;
}

static enum MHD_Result check_framing(struct guard *g, struct text name, struct text value)
{
    struct http_request *r = g->r;
    if (text_equal_nocase(name, TEXT("content-length"))) {
        if (g->lengths++ || !parse_length(value, &r->body.length))
            return refuse(g, 400, "Content-Length is repeated or malformed");
    } else if (text_equal_nocase(name, TEXT("transfer-encoding"))) {
        if (g->codings++ || !text_equal_nocase(value, TEXT("chunked")))
            return refuse(g, 400, "the only transfer coding understood here is chunked");
    } else if (text_equal_nocase(name, TEXT("host"))) {
        if (g->hosts++)
            return refuse(g, 400, "Host is repeated");
    } else if (text_equal_nocase(name, TEXT("expect"))) {
        r->expects_continue = true;
    }
    return MHD_YES;
}

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *key,
                                 size_t key_len, const char *value, size_t value_len)
{
    struct guard *g = cls;
    struct http_request *r = g->r;
    struct text name = {key, key_len};
    struct text content = {value ? value : "", value_len};
    (void)kind;
    if (r->header_count == MAX_HEADERS)
        return refuse(g, 431, "too many headers");
    if (!line_begins_at(g->line_end, key) || !value_begins_at(name, content.ptr))
        return refuse(g, 400, "a header has a NUL byte or is folded");
    if (!is_token(name))
        return refuse(g, 400, "a header's name has a byte that is not allowed there");
    if (has_control(content, 0x20))
        return refuse(g, 400, "a header's value has a control byte");
    g->line_end = content.ptr + content.len;
    content = text_trim(content);
    r->headers[r->header_count++] = (struct http_header){name, content};
    return check_framing(g, name, content);
}

static enum MHD_Result on_trailer(void *cls, enum MHD_ValueKind kind, const char *key,
                                  size_t key_len, const char *value, size_t value_len)
{
    struct guard *g = cls;
    struct http_request *r = g->r;
    struct text name = {key, key_len};
    struct text content = text_trim((struct text){value ? value : "", value_len});
    (void)kind;
    if (!is_token(name) || has_control(content, 0x20))
        return refuse(g, 400, "a trailer has a byte that is not allowed there");
    r->trailers[r->trailer_count++] =
        (struct http_header){arena_text(&r->arena, name), arena_text(&r->arena, content)};
    return MHD_YES;
}

int guard_trailers(struct http_request *r, const char **out_why)
{
    struct guard g = {.r = r};
    int count = MHD_get_connection_values_n(r->mhd, MHD_FOOTER_KIND, NULL, NULL);
    if (count > MAX_HEADERS)
        return *out_why = "too many trailers", 431;
    if (count <= 0)
        return 0;
    r->trailers = ARENA_ARRAY(&r->arena, struct http_header, (size_t)count);
    (void)MHD_get_connection_values_n(r->mhd, MHD_FOOTER_KIND, on_trailer, &g);
    *out_why = g.why;
    return g.status;
}

/* One copy of the whole block; the texts move from libmicrohttpd's memory to it. */
static void own_headers(struct http_request *r, const char *end)
{
    if (r->header_count == 0)
        return;
    const char *begin = r->headers[0].name.ptr;
    struct text copy = arena_text(&r->arena, (struct text){begin, (size_t)(end - begin)});
    for (size_t i = 0; i < r->header_count; i++) {
        struct http_header *h = &r->headers[i];
        h->name.ptr = copy.ptr + (h->name.ptr - begin);
        if (h->value.len > 0)
            h->value.ptr = copy.ptr + (h->value.ptr - begin);
    }
}

static int check_request_line(struct http_request *r, const char *version, const char **out_why)
{
    if (!r->raw_target || version != r->raw_target + r->raw_target_len + 1)
        return *out_why = "the request line has a NUL byte", 400;
    struct text target = r->target;
    if (target.len == 0 || target.ptr[0] != '/')
        return *out_why = "the request target is not a path", 400;
    if (has_control(target, 0x21) || memchr(target.ptr, '\t', target.len))
        return *out_why = "the request target has a control byte", 400;
    if (!is_token(r->method_text))
        return *out_why = "the method has a byte that is not allowed there", 400;
    return 0;
}

static int check_headers(struct guard *g, const char *block_end)
{
    struct http_request *r = g->r;
    int count = MHD_get_connection_values_n(r->mhd, MHD_HEADER_KIND, NULL, NULL);
    if (count > MAX_HEADERS)
        return g->why = "too many headers", 431;
    r->headers = ARENA_ARRAY(&r->arena, struct http_header, (size_t)count + 1);
    (void)MHD_get_connection_values_n(r->mhd, MHD_HEADER_KIND, on_header, g);
    if (g->status)
        return g->status;
    /* Behind the last line only the empty line: CR and LF are zeroed, so 2 to 4 bytes. */
    if (block_end < g->line_end + 2 || block_end > g->line_end + 4)
        return g->why = "a header has a NUL byte or is folded", 400;
    if (g->codings && g->lengths)
        return g->why = "Content-Length and Transfer-Encoding together", 400;
    return 0;
}

int guard_check(struct http_request *r, const char *method, const char *version,
                const char **out_why)
{
    request_set_method(r, method);
    int status = check_request_line(r, version, out_why);
    if (status)
        return status;
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(r->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    BUG_ON(!size);
    struct guard g = {.r = r, .line_end = version + strlen(version)};
    status = check_headers(&g, method + size->header_size);
    if (!status && g.codings && strcmp(version, "HTTP/1.0") == 0)
        status = 400, g.why = "HTTP/1.0 has no transfer codings";
    *out_why = g.why;
    own_headers(r, g.line_end);
    if (g.codings)
        r->body.length = UINT64_MAX;
    return status;
}
