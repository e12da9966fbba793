/*
 * auth.c - who is asking (before the body is read) and whether the body is what was signed.
 */
#include "devstore_private.h"

#include <string.h>

#include "onput/encoding.h"

static struct sigv4_request wire_request(const struct exchange *x)
{
    struct sigv4_request request = {
        .method = http_request_method_text(x->http),
        .path = http_request_path(x->http),
        .query = http_request_query(x->http),
        .payload_hash = http_request_header(x->http, "x-amz-content-sha256"),
    };
    request.header_count = http_request_headers(x->http, &request.headers);
    return request;
}

/*
 * What a request without x-amz-content-sha256 has signed: S3 says UNSIGNED-PAYLOAD, and curl before
 * 8.0 signs the digest of nothing, whatever it uploads.
 */
static enum sigv4_failure verify(struct exchange *x, struct sigv4_request *request,
                                 const struct sigv4_claim *claim, struct error *err)
{
    struct sigv4_key key = {text_of(x->store->access_key), text_of(x->store->secret_key), TEXT("")};
    bool says_nothing = request->payload_hash.len == 0;
    if (says_nothing || claim->presigned)
        request->payload_hash = TEXT(SIGV4_UNSIGNED_PAYLOAD);
    enum sigv4_failure failure = sigv4_verify(request, claim, &key, TEXT("s3"), now_ms(x), err);
    if (failure == SIGV4_WRONG && says_nothing) {
        request->payload_hash = TEXT(SIGV4_EMPTY_SHA256);
        failure = sigv4_verify(request, claim, &key, TEXT("s3"), now_ms(x), err);
    }
    return failure;
}

static enum s3_error error_of(enum sigv4_failure failure)
{
    switch (failure) {
    case SIGV4_UNKNOWN_KEY:
        return S3_INVALID_ACCESS_KEY;
    case SIGV4_MALFORMED:
    case SIGV4_WRONG_SCOPE:
        return S3_AUTHORIZATION_MALFORMED;
    case SIGV4_SKEWED:
        return S3_REQUEST_TIME_SKEWED;
    case SIGV4_WRONG:
        return S3_SIGNATURE_MISMATCH;
    case SIGV4_OK:
    case SIGV4_MISSING:
    case SIGV4_EXPIRED:
        break;
    }
    return S3_ACCESS_DENIED;
}

bool auth_check(struct exchange *x)
{
    struct sigv4_request request = wire_request(x);
    struct sigv4_claim claim = {0};
    enum sigv4_failure failure = SIGV4_OK;
    struct error err = {0};
    if (sigv4_parse_claim(&request, x->arena, &claim, &failure, &err) == 0)
        failure = verify(x, &request, &claim, &err);
    if (failure == SIGV4_OK)
        return true;
    answer_error(x, error_of(failure), "%s", err.message);
    return false;
}

static bool take_chunked(struct exchange *x)
{
    struct text raw = http_request_body(x->http);
    AUTO_BUFFER struct buffer plain;
    struct error err = {0};
    struct text announced = http_request_header(x->http, "x-amz-decoded-content-length");
    uint64_t length = 0;
    buffer_init(&plain, MAX_OBJECT_BODY_BYTES);
    (void)buffer_reserve(&plain, raw.len < MAX_OBJECT_BODY_BYTES ? raw.len : 0);
    if (aws_chunked_decode(raw, MAX_OBJECT_BODY_BYTES, &plain, &err) != 0) {
        answer_error(x, err.code == ERROR_LIMIT ? S3_ENTITY_TOO_LARGE : S3_INCOMPLETE_BODY, "%s",
                     err.message);
        return false;
    }
    if (announced.len > 0 &&
        (text_to_u64(announced, UINT64_MAX, "length", &length, &err) != 0 || length != plain.len)) {
        answer_error(x, S3_INCOMPLETE_BODY,
                     "x-amz-decoded-content-length is not the length of the body");
        return false;
    }
    x->body = arena_text(x->arena, buffer_text(&plain));
    return true;
}

static bool check_sha256(struct exchange *x, struct text announced)
{
    char actual[SHA256_HEX_BYTES];
    sha256_hex(x->body.ptr, x->body.len, actual);
    if (text_is(announced, actual))
        return true;
    answer_error(x, S3_CONTENT_SHA256_MISMATCH,
                 "x-amz-content-sha256 is not the digest of the body");
    return false;
}

static bool check_md5(struct exchange *x, struct text announced)
{
    AUTO_BUFFER struct buffer digest;
    struct error err = {0};
    uint8_t actual[MD5_BYTES];
    buffer_init(&digest, MD5_BYTES + 3);
    if (base64_decode(announced, &digest, &err) != 0 || digest.len != MD5_BYTES) {
        answer_error(x, S3_INVALID_DIGEST, "Content-MD5 is malformed");
        return false;
    }
    md5(x->body.ptr, x->body.len, actual);
    if (memcmp(actual, digest.data, MD5_BYTES) == 0)
        return true;
    answer_error(x, S3_BAD_DIGEST, "Content-MD5 is not the digest of the body");
    return false;
}

bool auth_take_body(struct exchange *x)
{
    struct text sha = http_request_header(x->http, "x-amz-content-sha256");
    struct text content_md5 = http_request_header(x->http, "content-md5");
    x->body = http_request_body(x->http);
    if (text_starts_with(sha, TEXT("STREAMING-")))
        return take_chunked(x) && (content_md5.len == 0 || check_md5(x, content_md5));
    if (x->body.len > MAX_OBJECT_BODY_BYTES) {
        answer_error(x, S3_ENTITY_TOO_LARGE, "The body has more than %d bytes.",
                     MAX_OBJECT_BODY_BYTES);
        return false;
    }
    if (sha.len == 64 && !check_sha256(x, sha))
        return false;
    return content_md5.len == 0 || check_md5(x, content_md5);
}
