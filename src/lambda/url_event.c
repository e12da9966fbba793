/*
 * url_event.c - an HTTP request as the event that a function behind a URL sees, payload format 2.0.
 *
 * Repeated headers and query parameters are joined by commas; names are grouped by sorting, so that
 * a request of many names costs no square of them.
 */
#include "url_private.h"

#include <stdlib.h>
#include <string.h>

#include "onput/attributes.h"
#include "onput/clock.h"
#include "onput/encoding.h"
#include "onput/memory.h"

/* A name with one of its values. */
struct pair {
    struct text name;
    struct text value;
    size_t position;
};

struct pairs {
    struct pair *items;
    size_t count;
    size_t capacity;
    struct arena arena; /* of texts that had to be made */
};

static void pairs_add(struct pairs *p, struct text name, struct text value)
{
    if (p->count == p->capacity) {
        p->capacity = p->capacity == 0 ? 32 : p->capacity * 2;
        p->items = xrealloc_array(p->items, p->capacity, sizeof(*p->items));
    }
    p->items[p->count] = (struct pair){name, value, p->count};
    p->count++;
}

static void pairs_release(struct pairs *p)
{
    free(p->items);
    arena_release(&p->arena);
}

static int pair_compare(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int order = text_compare(x->name, y->name);
    if (order != 0)
        return order;
    return x->position < y->position ? -1 : x->position > y->position;
}

/* {"name":"value,value"} */
static void write_grouped(struct json_writer *w, struct pairs *p)
{
    if (p->count > 0)
        qsort(p->items, p->count, sizeof(*p->items), pair_compare);
    json_object_begin(w);
    for (size_t i = 0; i < p->count;) {
        struct text name = p->items[i].name;
        json_key_text(w, name);
        json_put_raw(w, TEXT("\""));
        for (size_t first = i; i < p->count && text_equal(p->items[i].name, name); i++) {
            if (i > first)
                buffer_append_char(w->out, ',');
            buffer_append_json_escaped(w->out, p->items[i].value);
        }
        buffer_append_char(w->out, '"');
    }
    json_object_finish(w);
}

struct text url_header(const struct url_request *r, const char *name)
{
    struct text wanted = text_of(name);
    for (size_t i = 0; i < r->header_count; i++) {
        if (text_equal_nocase(r->headers[i].name, wanted))
            return r->headers[i].value;
    }
    return TEXT("");
}

/* ---- headers ---- */

static struct text lower(struct arena *arena, struct text t)
{
    char *copy = arena_strdup_text(arena, t);
    for (size_t i = 0; i < t.len; i++) {
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] | 0x20);
    }
    return (struct text){copy, t.len};
}

static void add_missing(struct pairs *p, const struct url_request *r, const char *name,
                        struct text value)
{
    if (url_header(r, name).len == 0)
        pairs_add(p, text_of(name), value);
}

/* A proxy in front of us has said already what it saw; the address that we saw goes behind its. */
static void add_forwarded(struct pairs *p, const struct url_request *r)
{
    pairs_add(p, TEXT("x-forwarded-for"), r->peer);
    add_missing(p, r, "x-forwarded-proto", TEXT("http"));
    add_missing(p, r, "x-forwarded-port", text_of(arena_printf(&p->arena, "%d", r->port)));
    add_missing(p, r, "x-amzn-trace-id", r->trace_id);
}

static bool is_cookie(const struct http_header *h)
{
    return text_equal_nocase(h->name, TEXT("cookie"));
}

static void write_headers(struct json_writer *w, const struct url_request *r)
{
    struct pairs p = {0};
    for (size_t i = 0; i < r->header_count; i++) {
        if (!is_cookie(&r->headers[i]))
            pairs_add(&p, lower(&p.arena, r->headers[i].name), r->headers[i].value);
    }
    add_forwarded(&p, r);
    json_key(w, "headers");
    write_grouped(w, &p);
    pairs_release(&p);
}

static void write_cookies(struct json_writer *w, const struct url_request *r)
{
    bool begun = false;
    for (size_t i = 0; i < r->header_count; i++) {
        struct text rest = r->headers[i].value;
        while (is_cookie(&r->headers[i]) && rest.len > 0) {
            struct text cookie = text_trim(text_cut(&rest, ';'));
            if (cookie.len == 0)
                continue;
            if (!begun) {
                json_key(w, "cookies");
                json_array_begin(w);
                begun = true;
            }
            json_put_text(w, cookie);
        }
    }
    if (begun)
        json_array_finish(w);
}

/* ---- query ---- */

/* A malformed escape is left as it is. */
static struct text decode(struct arena *arena, struct text t)
{
    struct error err = {0};
    if (text_find(t, '%') == t.len && text_find(t, '+') == t.len)
        return t;
    AUTO_BUFFER struct buffer decoded;
    buffer_init(&decoded, t.len);
    if (uri_decode(t, true, &decoded, &err) < 0)
        return t;
    return arena_text(arena, buffer_text(&decoded));
}

static void write_query(struct json_writer *w, const struct url_request *r)
{
    struct pairs p = {0};
    struct text rest = r->query;
    while (rest.len > 0) {
        struct text value = text_cut(&rest, '&');
        if (value.len == 0)
            continue;
        struct text name = text_cut(&value, '=');
        pairs_add(&p, decode(&p.arena, name), decode(&p.arena, value));
    }
    if (p.count > 0) {
        json_key(w, "queryStringParameters");
        write_grouped(w, &p);
    }
    pairs_release(&p);
}

/* ---- requestContext ---- */

static void write_http(struct json_writer *w, const struct url_request *r)
{
    json_key(w, "http");
    json_object_begin(w);
    json_pair_text(w, "method", r->method);
    json_pair_text(w, "path", r->path);
    json_pair_string(w, "protocol", "HTTP/1.1");
    json_pair_text(w, "sourceIp", r->peer);
    json_pair_text(w, "userAgent", url_header(r, "user-agent"));
    json_object_finish(w);
}

static void write_identity(struct json_writer *w, const struct url_identity *who)
{
    json_key(w, "authorizer");
    json_object_begin(w);
    json_key(w, "iam");
    json_object_begin(w);
    json_pair_text(w, "accessKey", who->access_key);
    json_pair_text(w, "accountId", who->account);
    json_pair_text(w, "callerId", who->user_id);
    json_pair_string(w, "cognitoIdentity", NULL);
    json_pair_string(w, "principalOrgId", NULL);
    json_pair_text(w, "userArn", who->arn);
    json_pair_text(w, "userId", who->user_id);
    json_object_finish(w);
    json_object_finish(w);
}

/* "24/Nov/2025:23:09:56 +0000" */
static void write_time(struct json_writer *w, int64_t now_ms)
{
    char http[TIME_TEXT_BYTES], text[TIME_TEXT_BYTES]; /* "Mon, 24 Nov 2025 23:09:56 GMT" */
    time_format_http(now_ms, http);
    snprintf(text, sizeof(text), "%.2s/%.3s/%.4s:%.8s +0000", http + 5, http + 8, http + 12,
             http + 17);
    json_pair_string(w, "time", text);
    json_pair_i64(w, "timeEpoch", now_ms);
}

/* The Host without its port. */
static struct text domain_name(const struct url_request *r)
{
    struct text host = url_header(r, "host");
    if (text_starts_with(host, TEXT("["))) /* an IPv6 address */
        return text_slice(host, 0, text_find(host, ']') + 1);
    return text_slice(host, 0, text_find(host, ':'));
}

static void write_context(struct json_writer *w, const struct url_request *r)
{
    json_key(w, "requestContext");
    json_object_begin(w);
    json_pair_text(w, "accountId", r->identity ? r->identity->account : TEXT("anonymous"));
    json_pair_text(w, "apiId", r->url_id);
    if (r->identity != NULL)
        write_identity(w, r->identity);
    json_pair_text(w, "domainName", domain_name(r));
    json_pair_text(w, "domainPrefix", r->url_id);
    write_http(w, r);
    json_pair_text(w, "requestId", r->request_id);
    json_pair_string(w, "routeKey", "$default");
    json_pair_string(w, "stage", "$default");
    write_time(w, r->now_ms);
    json_object_finish(w);
}

/* ---- body ---- */

static bool has_word(struct text t, const char *word)
{
    struct text wanted = text_of(word);
    for (size_t i = 0; i + wanted.len <= t.len; i++) {
        if (text_equal_nocase(text_slice(t, i, i + wanted.len), wanted))
            return true;
    }
    return false;
}

static bool is_plain(const struct url_request *r)
{
    struct text type = url_header(r, "content-type");
    return (has_word(type, "text") || has_word(type, "json") || has_word(type, "xml")) &&
           text_is_utf8(r->body);
}

static void write_body(struct json_writer *w, const struct url_request *r)
{
    bool encoded = r->body.len > 0 && !is_plain(r);
    if (r->body.len > 0)
        json_key(w, "body");
    if (encoded) {
        json_put_raw(w, TEXT("\""));
        buffer_append_base64(w->out, r->body.ptr, r->body.len);
        buffer_append_char(w->out, '"');
    } else if (r->body.len > 0) {
        json_put_text(w, r->body);
    }
    json_pair_bool(w, "isBase64Encoded", encoded);
}

void url_event_write(const struct url_request *r, struct buffer *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_pair_string(&w, "version", "2.0");
    json_pair_string(&w, "routeKey", "$default");
    json_pair_text(&w, "rawPath", r->path);
    json_pair_text(&w, "rawQueryString", r->query);
    write_cookies(&w, r);
    write_headers(&w, r);
    write_query(&w, r);
    write_context(&w, r);
    write_body(&w, r);
    json_object_finish(&w);
}
