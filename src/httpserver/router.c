/*
 * router.c - the table of routes, split into segments once, matched against the raw path and the
 * host.
 *
 * Matching before percent-decoding keeps an encoded slash inside its segment.
 */
#include "httpserver_private.h"

#include "onput/encoding.h"
#include "onput/memory.h"

enum segment_kind { SEGMENT_LITERAL, SEGMENT_ONE, SEGMENT_REST };

struct segment {
    enum segment_kind kind;
    struct text literal;
    char *name;
};

struct compiled_route {
    const struct http_route *row;
    struct segment *segments;
    size_t count;
};

struct router {
    struct compiled_route *routes;
    size_t count;
};

static struct segment segment_compile(struct text t)
{
    struct segment s = {.literal = t};
    if (t.len < 3 || t.ptr[0] != '{')
        return s;
    BUG_ON(t.ptr[t.len - 1] != '}');
    struct text name = text_slice(t, 1, t.len - 1);
    s.kind = SEGMENT_ONE;
    if (text_ends_with(name, TEXT("..."))) {
        name.len -= 3;
        s.kind = SEGMENT_REST;
    }
    s.name = xmemdup_text(name);
    return s;
}

static void route_compile(const struct http_route *row, struct compiled_route *out)
{
    struct text rest = text_of(row->path);
    BUG_ON(rest.len == 0 || rest.ptr[0] != '/');
    rest = text_slice(rest, 1, rest.len);
    size_t captures = 0;
    size_t max = 1;
    for (size_t i = 0; i < rest.len; i++)
        max += rest.ptr[i] == '/';
    *out = (struct compiled_route){.row = row, .segments = xcalloc(max, sizeof(struct segment))};
    while (out->count < max) {
        struct segment s = segment_compile(text_cut(&rest, '/'));
        BUG_ON(s.kind == SEGMENT_REST && out->count + 1 != max);
        captures += s.kind != SEGMENT_LITERAL;
        out->segments[out->count++] = s;
    }
    BUG_ON(captures > MAX_CAPTURES);
}

struct router *router_new(const struct http_route *routes, size_t count)
{
    struct router *router = xcalloc(1, sizeof(*router));
    router->routes = xcalloc(count ? count : 1, sizeof(*router->routes));
    router->count = count;
    for (size_t i = 0; i < count; i++)
        route_compile(&routes[i], &router->routes[i]);
    return router;
}

void router_free(struct router *router)
{
    if (!router)
        return;
    for (size_t i = 0; i < router->count; i++) {
        for (size_t j = 0; j < router->routes[i].count; j++)
            free(router->routes[i].segments[j].name);
        free(router->routes[i].segments);
    }
    free(router->routes);
    free(router);
}

static void capture(struct http_captures *captures, const struct segment *s, struct text raw)
{
    captures->items[captures->count++] = (struct http_capture){
        .name = s->name, .raw = raw, .value = raw, .is_rest = s->kind == SEGMENT_REST};
}

static bool route_matches(const struct compiled_route *route, struct text path,
                          struct http_captures *captures)
{
    size_t at = 1;
    captures->count = 0;
    for (size_t i = 0; i < route->count; i++) {
        const struct segment *s = &route->segments[i];
        if (at > path.len)
            return false;
        struct text rest = text_slice(path, at, path.len);
        if (s->kind == SEGMENT_REST) {
            capture(captures, s, rest);
            return true;
        }
        struct text here = text_slice(rest, 0, text_find(rest, '/'));
        if (s->kind == SEGMENT_LITERAL ? !text_equal(here, s->literal) : here.len == 0)
            return false;
        if (s->kind == SEGMENT_ONE)
            capture(captures, s, here);
        at += here.len + 1;
    }
    return at == path.len + 1 || (route->row->trailing_slash && at == path.len);
}

/* Without its port: "h:80" is "h", "[::1]:80" is "[::1]". */
static struct text host_name(struct text host)
{
    size_t bracket = text_find(host, ']');
    size_t from = bracket < host.len ? bracket : 0;
    return text_slice(host, 0, from + text_find(text_slice(host, from, host.len), ':'));
}

/* '*' takes as little as it can; when the rest does not fit, the last one takes a byte more. */
static bool host_matches(const char *pattern, struct text host)
{
    struct text p = text_of(pattern);
    size_t at = 0;
    size_t retry = SIZE_MAX;
    size_t taken = 0;
    for (size_t i = 0; i < host.len;) {
        bool fits = at < p.len &&
                    (p.ptr[at] == '?' ||
                     text_equal_nocase(text_slice(p, at, at + 1), text_slice(host, i, i + 1)));
        if (at < p.len && p.ptr[at] == '*') {
            retry = ++at;
            taken = i;
        } else if (fits) {
            at++;
            i++;
        } else if (retry != SIZE_MAX) {
            at = retry;
            i = ++taken;
        } else {
            return false;
        }
    }
    while (at < p.len && p.ptr[at] == '*')
        at++;
    return at == p.len;
}

static bool host_fits(const struct http_route *row, struct text host)
{
    return !row->host || (host.len > 0 && host_matches(row->host, host_name(host)));
}

const struct http_route *router_match(const struct router *router, unsigned method,
                                      struct text host, struct text path,
                                      struct http_captures *captures, unsigned *out_allowed)
{
    unsigned allowed = 0;
    for (size_t i = 0; i < router->count; i++) {
        const struct compiled_route *route = &router->routes[i];
        if (!route_matches(route, path, captures) || !host_fits(route->row, host))
            continue;
        if (route->row->methods & method)
            return route->row;
        allowed |= route->row->methods;
    }
    captures->count = 0;
    *out_allowed = allowed;
    return NULL;
}

bool router_decode(struct http_captures *captures, struct arena *arena)
{
    for (size_t i = 0; i < captures->count; i++) {
        struct http_capture *c = &captures->items[i];
        if (c->is_rest || text_find(c->raw, '%') == c->raw.len)
            continue;
        struct error err = {0};
        AUTO_BUFFER struct buffer decoded;
        buffer_init(&decoded, c->raw.len);
        if (uri_decode(c->raw, false, &decoded, &err) != 0)
            return false;
        c->value = arena_text(arena, buffer_text(&decoded));
    }
    return true;
}
