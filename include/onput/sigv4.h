/*
 * sigv4.h - AWS Signature Version 4: sign and verify. Pure: no I/O, no clock.
 *
 * The canonical request is built once, by the same code, for signing and for verifying. For service
 * "s3" the path is percent-encoded once and never normalised; other services encode it twice.
 *
 * Source: AWS "Signature Version 4 signing process"; S3 API reference "Authenticating requests".
 */
#ifndef ONPUT_SIGV4_H
#define ONPUT_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "onput/arena.h"
#include "onput/buffer.h"
#include "onput/error.h"
#include "onput/http_header.h"
#include "onput/text.h"

#define SIGV4_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"
#define SIGV4_EMPTY_SHA256     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct sigv4_key {
    struct text access_key;
    struct text secret_key;
    struct text session_token; /* empty when there is none */
};

struct sigv4_scope {
    struct text region;
    struct text service;
    int64_t time_ms;
};

/* One request, as it stands on the wire. */
struct sigv4_request {
    struct text method;
    struct text path;                  /* percent-encoded, as sent, begins with "/" */
    struct text query;                 /* as sent, without "?", may be empty */
    const struct http_header *headers; /* every header that may be signed, host included */
    size_t header_count;
    struct text payload_hash; /* lower-case hex SHA-256, or SIGV4_UNSIGNED_PAYLOAD */
};

/* Every intermediate, for tests and for error messages. */
struct sigv4_trace {
    struct buffer canonical_request;
    struct buffer string_to_sign;
    char signature[65];
};
void sigv4_trace_release(struct sigv4_trace *trace);

/*
 * The Authorization header's value in out_authorization (arena). The caller has put host,
 * x-amz-date, x-amz-content-sha256 (s3) and, with a session token, x-amz-security-token into the
 * headers; all headers given are signed except connection, user-agent, expect, content-length,
 * authorization. `trace` may be NULL.
 */
MUST_CHECK int sigv4_sign(const struct sigv4_request *request, const struct sigv4_key *key,
                          const struct sigv4_scope *scope, struct arena *arena,
                          struct text *out_authorization, struct sigv4_trace *trace,
                          struct error *err);

/*
 * The request's query with the signing parameters behind it (arena): a presigned URL's query.
 * Only the given headers are signed, host at least. 1 <= `expires_s` <= 604800.
 */
MUST_CHECK int sigv4_presign(const struct sigv4_request *request, const struct sigv4_key *key,
                             const struct sigv4_scope *scope, int64_t expires_s,
                             struct arena *arena, struct text *out_query, struct error *err);

/* ---- verifying ---- */

enum sigv4_failure {
    SIGV4_OK,
    SIGV4_MISSING, /* no signature at all */
    SIGV4_MALFORMED,
    SIGV4_SKEWED,  /* date beyond the allowed skew */
    SIGV4_EXPIRED, /* presigned URL past its time */
    SIGV4_WRONG_SCOPE,
    SIGV4_UNKNOWN_KEY,
    SIGV4_WRONG, /* signature does not match */
};

/* What a request claims, parsed before any key is known. Borrowed from the request and the arena.
 */
struct sigv4_claim {
    struct text access_key;
    struct text date; /* YYYYMMDD */
    struct text region;
    struct text service;
    struct text signed_headers;
    struct text signature;
    struct text session_token;
    int64_t time_ms;
    int64_t expires_s; /* 0 for a header signature */
    bool presigned;
};

MUST_CHECK int sigv4_parse_claim(const struct sigv4_request *request, struct arena *arena,
                                 struct sigv4_claim *out, enum sigv4_failure *out_failure,
                                 struct error *err);

/*
 * True outcome in the return value; `err` explains it. Constant-time comparison. `service` must be
 * in the claim's scope; region is the claim's. Allowed skew: 15 minutes.
 */
enum sigv4_failure sigv4_verify(const struct sigv4_request *request,
                                const struct sigv4_claim *claim, const struct sigv4_key *key,
                                struct text service, int64_t now_ms, struct error *err);

/* The HMAC chain's result for (secret, date, region, service); cache it per day if you sign often.
 */
void sigv4_signing_key(struct text secret_key, struct text date, struct text region,
                       struct text service, uint8_t out[32]);

#endif
