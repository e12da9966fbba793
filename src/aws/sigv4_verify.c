/*
 * Decides whether a claim (sigv4_claim.c) is true: scope and time first, then the signature over
 * the canonical request that our own signer would have signed.
 */
#include "onput/sigv4.h"

#include <string.h>

#include "aws_private.h"
#include "onput/hash.h"

enum { ALLOWED_SKEW_MS = 15 * 60 * 1000 };

static enum sigv4_failure refuse(enum sigv4_failure failure, struct error *err,
                                 const char *sentence)
{
    error_set(err, ERROR_DENIED, "%s", sentence);
    return failure;
}

static enum sigv4_failure check_time(const struct sigv4_claim *claim, int64_t now_ms,
                                     struct error *err)
{
    int64_t age_ms = now_ms - claim->time_ms;
    if (age_ms < -ALLOWED_SKEW_MS)
        return refuse(SIGV4_SKEWED, err, "The request is dated in the future.");
    if (claim->presigned && age_ms > claim->expires_s * 1000)
        return refuse(SIGV4_EXPIRED, err, "The presigned URL has expired.");
    if (!claim->presigned && age_ms > ALLOWED_SKEW_MS)
        return refuse(SIGV4_SKEWED, err, "The request is dated more than 15 minutes ago.");
    return SIGV4_OK;
}

static enum sigv4_failure check_key(const struct sigv4_claim *claim, const struct sigv4_key *key,
                                    struct error *err)
{
    if (!secret_equal(claim->access_key, key->access_key))
        return refuse(SIGV4_UNKNOWN_KEY, err, "The access key is not known.");
    if (!secret_equal(claim->session_token, key->session_token))
        return refuse(SIGV4_UNKNOWN_KEY, err, "The session token does not belong to the key.");
    return SIGV4_OK;
}

enum sigv4_failure sigv4_verify(const struct sigv4_request *request,
                                const struct sigv4_claim *claim, const struct sigv4_key *key,
                                struct text service, int64_t now_ms, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    if (!text_equal(claim->service, service))
        return refuse(SIGV4_WRONG_SCOPE, err, "The signature is meant for another service.");
    enum sigv4_failure failure = check_time(claim, now_ms, err);
    if (!failure)
        failure = check_key(claim, key, err);
    if (failure)
        return failure;

    struct canonical_options options = {.encode_twice = !text_is(service, "s3"),
                                        .drop_signature = claim->presigned,
                                        .only = claim->signed_headers};
    struct sigv4_scope scope = {claim->region, claim->service, claim->time_ms};
    struct sigv4_trace trace = {0};
    struct text names;
    trace_init(&trace);
    if (canonical_request(request, &options, &arena, &trace.canonical_request, &names, err)) {
        failure = SIGV4_MALFORMED;
    } else if (!text_equal(names, claim->signed_headers)) {
        failure = refuse(SIGV4_MALFORMED, err, "SignedHeaders names a header that is not there.");
    } else {
        sign_canonical(&scope, key->secret_key, &trace);
        if (!secret_equal(text_of(trace.signature), claim->signature))
            failure = refuse(SIGV4_WRONG, err, "The signature does not match the request.");
    }
    sigv4_trace_release(&trace);
    return failure;
}
