/*
 * From a call to what goes over the wire: host and path by addressing style, query, signed headers.
 */
#include "onput/clock.h"
#include "onput/encoding.h"
#include "onput/memory.h"
#include "onput/sigv4.h"
#include "storage_private.h"

enum { MAX_PATH_BYTES = 8 * 1024, SIGNING_HEADERS = 5 };

/* A dot in the bucket's name would break the certificate's wildcard. */
static bool is_path_style(const struct storage *storage, struct text bucket)
{
    return storage->needs_path_style || text_find(bucket, '.') < bucket.len;
}

/* "s3.amazonaws.com" or "s3.<region>.amazonaws.com": AWS has an endpoint for each region. */
static bool is_aws(struct text host)
{
    struct text prefix = TEXT("s3.");
    struct text suffix = TEXT(".amazonaws.com");
    if (text_is(host, "s3.amazonaws.com"))
        return true;
    if (!text_starts_with(host, prefix) || !text_ends_with(host, suffix) ||
        host.len <= prefix.len + suffix.len)
        return false;
    struct text region = text_slice(host, prefix.len, host.len - suffix.len);
    return text_find(region, '.') == region.len;
}

static struct text host_of(const struct storage *storage, struct text bucket, struct text region,
                           struct arena *arena)
{
    struct text host = text_of(storage->host);
    if (is_aws(host))
        host = text_of(arena_printf(arena, "s3.%.*s.amazonaws.com", TEXT_ARGS(region)));
    if (is_path_style(storage, bucket))
        return host;
    return text_of(arena_printf(arena, "%.*s.%.*s", TEXT_ARGS(bucket), TEXT_ARGS(host)));
}

static struct text path_of(const struct storage *storage, const struct s3_call *call,
                           struct arena *arena)
{
    AUTO_BUFFER struct buffer path = {0};
    buffer_init(&path, MAX_PATH_BYTES);
    buffer_append_char(&path, '/');
    if (is_path_style(storage, call->bucket)) {
        buffer_append_uri(&path, call->bucket, false);
        if (call->key.len)
            buffer_append_char(&path, '/');
    }
    buffer_append_uri(&path, call->key, true);
    BUG_ON(buffer_failed(&path)); /* bucket and key were checked */
    return arena_text(arena, buffer_text(&path));
}

static int query_of(const struct s3_call *call, struct arena *arena, struct text *out,
                    struct error *err)
{
    AUTO_BUFFER struct buffer query = {0};
    buffer_init(&query, MAX_PATH_BYTES);
    for (size_t i = 0; i < call->parameter_count; i++) {
        buffer_appendf(&query, "%s%s=", i ? "&" : "", call->parameters[i].name);
        buffer_append_uri(&query, call->parameters[i].value, false);
    }
    if (buffer_failed(&query))
        return error_set(err, ERROR_LIMIT, "The query of an S3 request has more than %d bytes.",
                         MAX_PATH_BYTES);
    *out = arena_text(arena, buffer_text(&query));
    return 0;
}

static void add_header(struct s3_wire *wire, const char *name, struct text value)
{
    wire->headers[wire->header_count++] = (struct http_header){text_of(name), value};
}

static void add_headers(struct s3_wire *wire, const struct s3_call *call,
                        const struct sigv4_key *key, struct text host, struct text payload_hash,
                        struct arena *arena)
{
    char time[TIME_TEXT_BYTES];
    wire->headers = ARENA_ARRAY(arena, struct http_header, call->header_count + SIGNING_HEADERS);
    add_header(wire, "host", host);
    add_header(wire, "x-amz-content-sha256", payload_hash);
    add_header(wire, "x-amz-date",
               text_of(arena_strdup(arena, time_format_basic(wire->time_ms, time))));
    if (key->session_token.len)
        add_header(wire, "x-amz-security-token", key->session_token);
    for (size_t i = 0; i < call->header_count; i++)
        wire->headers[wire->header_count++] = call->headers[i];
}

int s3_sign(struct storage *storage, const struct sigv4_key *key, const struct s3_call *call,
            struct text payload_hash, struct arena *arena, struct s3_wire *out, struct error *err)
{
    struct s3_wire wire = {.region = storage_region(storage, arena),
                           .time_ms = clock_wall_ms(storage->clock) +
                                      atomic_load(&storage->clock_offset_ms)};
    struct text host = host_of(storage, call->bucket, wire.region, arena);
    struct text path = path_of(storage, call, arena);
    struct text query, authorization;
    if (query_of(call, arena, &query, err))
        return -1;
    add_headers(&wire, call, key, host, payload_hash, arena);
    struct sigv4_request request = {.method = text_of(call->method),
                                    .path = path,
                                    .query = query,
                                    .headers = wire.headers,
                                    .header_count = wire.header_count,
                                    .payload_hash = payload_hash};
    struct sigv4_scope scope = {wire.region, TEXT("s3"), wire.time_ms};
    if (sigv4_sign(&request, key, &scope, arena, &authorization, NULL, err))
        return -1;
    add_header(&wire, "authorization", authorization);
    wire.url =
        arena_printf(arena, "%s://%.*s%.*s%s%.*s", storage->is_https ? "https" : "http",
                     TEXT_ARGS(host), TEXT_ARGS(path), query.len ? "?" : "", TEXT_ARGS(query));
    *out = wire;
    return 0;
}
