/*
 * Presigned URLs: the signature and everything it needs travel in the query. Only the headers that
 * the caller gives (host at least) are signed.
 */
#include "onput/sigv4.h"

#include "aws_private.h"
#include "onput/encoding.h"

enum { MAX_EXPIRES_S = 604800 };

static void append_parameter(struct buffer *query, const char *name, struct text value)
{
    if (query->len)
        buffer_append_char(query, '&');
    buffer_append_string(query, name);
    buffer_append_char(query, '=');
    buffer_append_uri(query, value, false);
}

static void append_signing_parameters(struct buffer *query, const struct sigv4_key *key,
                                      const struct sigv4_scope *scope, int64_t expires_s,
                                      struct text signed_headers, struct arena *arena)
{
    char time[TIME_TEXT_BYTES];
    char *credential =
        arena_printf(arena, "%.*s/%s", TEXT_ARGS(key->access_key), scope_text(scope, arena));
    append_parameter(query, "X-Amz-Algorithm", TEXT(SIGV4_ALGORITHM));
    append_parameter(query, "X-Amz-Credential", text_of(credential));
    append_parameter(query, "X-Amz-Date", text_of(time_format_basic(scope->time_ms, time)));
    append_parameter(query, "X-Amz-Expires",
                     text_of(arena_printf(arena, "%lld", (long long)expires_s)));
    append_parameter(query, "X-Amz-SignedHeaders", signed_headers);
    if (key->session_token.len)
        append_parameter(query, "X-Amz-Security-Token", key->session_token);
}

int sigv4_presign(const struct sigv4_request *request, const struct sigv4_key *key,
                  const struct sigv4_scope *scope, int64_t expires_s, struct arena *arena,
                  struct text *out_query, struct error *err)
{
    AUTO_BUFFER struct buffer query = {0};
    struct canonical_options options = {.encode_twice = !text_is(scope->service, "s3")};
    struct sigv4_trace trace = {0};
    struct text names;
    if (expires_s < 1 || expires_s > MAX_EXPIRES_S)
        return error_set(err, ERROR_INVALID, "A presigned URL lives between 1 and %d seconds.",
                         MAX_EXPIRES_S);
    if (canonical_signed_headers(request, arena, &names, err))
        return -1;
    buffer_init(&query, SIGV4_MAX_CANONICAL_BYTES);
    buffer_append_text(&query, request->query);
    append_signing_parameters(&query, key, scope, expires_s, names, arena);
    if (buffer_failed(&query))
        return error_set(err, ERROR_LIMIT, "The URL to presign is too long.");

    struct sigv4_request whole = *request;
    whole.query = buffer_text(&query);
    trace_init(&trace);
    int rc = canonical_request(&whole, &options, arena, &trace.canonical_request, &names, err);
    if (!rc) {
        sign_canonical(scope, key->secret_key, &trace);
        append_parameter(&query, "X-Amz-Signature", text_of(trace.signature));
        *out_query = arena_text(arena, buffer_text(&query));
    }
    sigv4_trace_release(&trace);
    return rc;
}
