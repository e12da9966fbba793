/*
 * url_cors.c - cross-origin rules of a function's URL, as its configuration has them. Pure.
 *
 * A request whose origin is not allowed gets no headers, and the browser keeps the answer from the
 * page.
 */
#include "url_private.h"

#include "onput/policy.h"

static bool list_matches(struct json_object *cors, const char *name, struct text value)
{
    struct json_object *list = json_at(cors, name);
    if (list == NULL || !json_object_is_type(list, json_type_array))
        return false;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        if (policy_glob_nocase(json_text(json_object_array_get_idx(list, i)), value))
            return true;
    }
    return false;
}

static bool list_has_any(struct json_object *cors, const char *name)
{
    return list_matches(cors, name, TEXT("*"));
}

/* "a,b" */
static struct text list_joined(struct json_object *cors, const char *name, struct arena *arena)
{
    struct json_object *list = json_at(cors, name);
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, URL_HEADERS_MAX_BYTES);
    for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++) {
        if (i > 0)
            buffer_append_char(&out, ',');
        buffer_append_text(&out, json_text(json_object_array_get_idx(list, i)));
    }
    return buffer_failed(&out) ? TEXT("") : arena_text(arena, buffer_text(&out));
}

struct answer {
    struct http_header *headers;
    size_t count;
};

static void add(struct answer *a, struct text name, struct text value)
{
    if (value.len > 0)
        a->headers[a->count++] = (struct http_header){name, value};
}

static bool with_credentials(struct json_object *cors)
{
    return json_object_get_boolean(json_at(cors, "AllowCredentials"));
}

/* False when the origin may not look at the answer. */
static bool add_origin(struct json_object *cors, const struct url_request *r, struct answer *a)
{
    struct text origin = url_header(r, "origin");
    if (origin.len == 0 || !list_matches(cors, "AllowOrigins", origin))
        return false;
    /* With credentials browsers take no "*". */
    bool anybody = list_has_any(cors, "AllowOrigins") && !with_credentials(cors);
    add(a, TEXT("Access-Control-Allow-Origin"), anybody ? TEXT("*") : origin);
    if (!anybody)
        add(a, TEXT("Vary"), TEXT("Origin"));
    if (with_credentials(cors))
        add(a, TEXT("Access-Control-Allow-Credentials"), TEXT("true"));
    return true;
}

bool url_cors_is_preflight(struct json_object *cors, const struct url_request *r)
{
    return cors != NULL && text_is(r->method, "OPTIONS") && url_header(r, "origin").len > 0 &&
           url_header(r, "access-control-request-method").len > 0;
}

static bool headers_allowed(struct json_object *cors, struct text names)
{
    while (names.len > 0) {
        struct text name = text_trim(text_cut(&names, ','));
        if (name.len > 0 && !list_matches(cors, "AllowHeaders", name))
            return false;
    }
    return true;
}

/* With credentials "*" means itself only, so what was asked for is named. */
static struct text allowed_names(struct json_object *cors, const char *list, struct text asked,
                                 struct arena *arena)
{
    if (list_has_any(cors, list) && with_credentials(cors))
        return asked;
    return list_joined(cors, list, arena);
}

size_t url_cors_preflight(struct json_object *cors, const struct url_request *r,
                          struct arena *arena, struct http_header out[URL_CORS_HEADERS_MAX])
{
    struct answer a = {out, 0};
    struct text method = url_header(r, "access-control-request-method");
    struct text names = url_header(r, "access-control-request-headers");
    if (!list_matches(cors, "AllowMethods", method) || !headers_allowed(cors, names) ||
        !add_origin(cors, r, &a))
        return 0;
    add(&a, TEXT("Access-Control-Allow-Methods"),
        allowed_names(cors, "AllowMethods", method, arena));
    add(&a, TEXT("Access-Control-Allow-Headers"),
        allowed_names(cors, "AllowHeaders", names, arena));
    if (json_at(cors, "MaxAge") != NULL)
        add(&a, TEXT("Access-Control-Max-Age"),
            text_of(arena_printf(arena, "%lld",
                                 (long long)json_object_get_int64(json_at(cors, "MaxAge")))));
    return a.count;
}

size_t url_cors_headers(struct json_object *cors, const struct url_request *r, struct arena *arena,
                        struct http_header out[URL_CORS_HEADERS_MAX])
{
    struct answer a = {out, 0};
    if (cors == NULL || !add_origin(cors, r, &a))
        return 0;
    add(&a, TEXT("Access-Control-Expose-Headers"), list_joined(cors, "ExposeHeaders", arena));
    return a.count;
}

bool url_cors_owns(struct text header)
{
    return text_equal_nocase(text_slice(header, 0, 15), TEXT("access-control-"));
}
