/*
 * String to sign, signing key and the Authorization header. The canonical request comes from
 * sigv4_canonical.c; sigv4_presign.c and sigv4_verify.c use the same two steps.
 */
#include "onput/sigv4.h"

#include <string.h>

#include "aws_private.h"
#include "onput/encoding.h"
#include "onput/hash.h"

void sigv4_trace_release(struct sigv4_trace *trace)
{
    buffer_release(&trace->canonical_request);
    buffer_release(&trace->string_to_sign);
}

void trace_init(struct sigv4_trace *trace)
{
    buffer_init(&trace->canonical_request, SIGV4_MAX_CANONICAL_BYTES);
    buffer_init(&trace->string_to_sign, 4096);
    trace->signature[0] = '\0';
}

static struct text date_of(const char *basic_time)
{
    return (struct text){basic_time, strlen("YYYYMMDD")};
}

char *scope_text(const struct sigv4_scope *scope, struct arena *arena)
{
    char time[TIME_TEXT_BYTES];
    time_format_basic(scope->time_ms, time);
    return arena_printf(arena, "%.*s/%.*s/%.*s/aws4_request", TEXT_ARGS(date_of(time)),
                        TEXT_ARGS(scope->region), TEXT_ARGS(scope->service));
}

void sigv4_signing_key(struct text secret_key, struct text date, struct text region,
                       struct text service, uint8_t out[32])
{
    AUTO_BUFFER struct buffer first = {0};
    uint8_t step[SHA256_BYTES];
    buffer_init(&first, secret_key.len + 8);
    buffer_append_string(&first, "AWS4");
    buffer_append_text(&first, secret_key);
    hmac_sha256(first.data, first.len, date.ptr, date.len, step);
    explicit_bzero(first.data, first.len);
    hmac_sha256(step, sizeof(step), region.ptr, region.len, step);
    hmac_sha256(step, sizeof(step), service.ptr, service.len, step);
    hmac_sha256(step, sizeof(step), "aws4_request", strlen("aws4_request"), out);
    explicit_bzero(step, sizeof(step));
}

void sign_canonical(const struct sigv4_scope *scope, struct text secret_key,
                    struct sigv4_trace *trace)
{
    AUTO_ARENA struct arena arena = {0};
    char time[TIME_TEXT_BYTES];
    char digest[SHA256_HEX_BYTES];
    uint8_t key[SHA256_BYTES];
    uint8_t signature[SHA256_BYTES];
    time_format_basic(scope->time_ms, time);
    sha256_hex(trace->canonical_request.data, trace->canonical_request.len, digest);
    buffer_appendf(&trace->string_to_sign, "%s\n%s\n%s\n%s", SIGV4_ALGORITHM, time,
                   scope_text(scope, &arena), digest);
    sigv4_signing_key(secret_key, date_of(time), scope->region, scope->service, key);
    hmac_sha256(key, sizeof(key), trace->string_to_sign.data, trace->string_to_sign.len, signature);
    hex_encode(signature, sizeof(signature), trace->signature);
    explicit_bzero(key, sizeof(key));
}

int sigv4_sign(const struct sigv4_request *request, const struct sigv4_key *key,
               const struct sigv4_scope *scope, struct arena *arena, struct text *out_authorization,
               struct sigv4_trace *trace, struct error *err)
{
    struct sigv4_trace own = {0};
    struct sigv4_trace *t = trace ? trace : &own;
    struct canonical_options options = {.encode_twice = !text_is(scope->service, "s3")};
    struct text names;
    trace_init(t);
    int rc = canonical_request(request, &options, arena, &t->canonical_request, &names, err);
    if (!rc) {
        sign_canonical(scope, key->secret_key, t);
        const char *value = arena_printf(
            arena, "%s Credential=%.*s/%s, SignedHeaders=%.*s, Signature=%s", SIGV4_ALGORITHM,
            TEXT_ARGS(key->access_key), scope_text(scope, arena), TEXT_ARGS(names), t->signature);
        *out_authorization = text_of(value);
    }
    sigv4_trace_release(&own);
    return rc;
}
