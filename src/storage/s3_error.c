/*
 * Answers that are not 2xx: one table from S3 error codes to what is to be done, and one from
 * statuses for answers without a known code (HEAD, proxies).
 */
#include <string.h>

#include "onput/memory.h"
#include "storage_private.h"

struct code_row {
    const char *code;
    enum s3_class class;
};

static const struct code_row code_rows[] = {
    {"AccessDenied", S3_CLASS_DENIED},
    {"AuthorizationHeaderMalformed", S3_CLASS_REGION},
    {"AuthorizationQueryParametersError", S3_CLASS_REGION},
    {"BadDigest", S3_CLASS_TRANSIENT}, /* the bytes changed on the way */
    {"BandwidthLimitExceeded", S3_CLASS_THROTTLE},
    {"ConditionalRequestConflict", S3_CLASS_CONFLICT_RETRY},
    {"ExpiredToken", S3_CLASS_CREDENTIALS},
    {"IllegalLocationConstraintException", S3_CLASS_REGION},
    {"IncompleteBody", S3_CLASS_TRANSIENT},
    {"InternalError", S3_CLASS_TRANSIENT},
    {"InvalidAccessKeyId", S3_CLASS_KEY},
    {"InvalidObjectState", S3_CLASS_INVALID},
    {"InvalidRange", S3_CLASS_INVALID},
    {"InvalidRegion", S3_CLASS_REGION},
    {"InvalidToken", S3_CLASS_CREDENTIALS},
    {"InvalidTokenId", S3_CLASS_CREDENTIALS},
    {"MethodNotAllowed", S3_CLASS_INVALID},
    {"NoSuchBucket", S3_CLASS_NOT_FOUND},
    {"NoSuchKey", S3_CLASS_NOT_FOUND},
    {"NoSuchVersion", S3_CLASS_NOT_FOUND},
    {"NotImplemented", S3_CLASS_UNSUPPORTED},
    {"OperationAborted", S3_CLASS_CONFLICT_RETRY},
    {"PermanentRedirect", S3_CLASS_REGION},
    {"PreconditionFailed", S3_CLASS_PRECONDITION},
    {"RequestLimitExceeded", S3_CLASS_THROTTLE},
    {"RequestThrottled", S3_CLASS_THROTTLE},
    {"RequestTimeTooSkewed", S3_CLASS_CLOCK},
    {"RequestTimeout", S3_CLASS_TRANSIENT},
    {"ServiceUnavailable", S3_CLASS_TRANSIENT},
    {"SignatureDoesNotMatch", S3_CLASS_DENIED},
    {"SlowDown", S3_CLASS_THROTTLE},
    {"SlowDownRead", S3_CLASS_THROTTLE},
    {"SlowDownWrite", S3_CLASS_THROTTLE},
    {"TemporaryRedirect", S3_CLASS_TRANSIENT},
    {"Throttling", S3_CLASS_THROTTLE},
    {"ThrottlingException", S3_CLASS_THROTTLE},
    {"XMinioInvalidObjectName", S3_CLASS_INVALID},
    {"XMinioServerNotInitialized", S3_CLASS_TRANSIENT},
};

struct status_row {
    int status;
    enum s3_class class;
};

static const struct status_row status_rows[] = {
    {301, S3_CLASS_REGION},      {400, S3_CLASS_INVALID},      {401, S3_CLASS_DENIED},
    {403, S3_CLASS_DENIED},      {404, S3_CLASS_NOT_FOUND},    {405, S3_CLASS_INVALID},
    {408, S3_CLASS_TRANSIENT},   {409, S3_CLASS_PRECONDITION}, {412, S3_CLASS_PRECONDITION},
    {416, S3_CLASS_INVALID},     {429, S3_CLASS_THROTTLE},     {500, S3_CLASS_TRANSIENT},
    {501, S3_CLASS_UNSUPPORTED}, {502, S3_CLASS_TRANSIENT},    {503, S3_CLASS_TRANSIENT},
    {504, S3_CLASS_TRANSIENT},
};

struct class_row {
    enum error_code code;
    bool retryable;
};

static const struct class_row class_rows[] = {
    [S3_CLASS_TRANSIENT] = {ERROR_UNAVAILABLE, true},
    [S3_CLASS_THROTTLE] = {ERROR_THROTTLED, true},
    [S3_CLASS_CONFLICT_RETRY] = {ERROR_UNAVAILABLE, true},
    [S3_CLASS_CLOCK] = {ERROR_DENIED, false},
    [S3_CLASS_CREDENTIALS] = {ERROR_DENIED, false},
    [S3_CLASS_KEY] = {ERROR_DENIED, false},
    [S3_CLASS_REGION] = {ERROR_INVALID, false},
    [S3_CLASS_NOT_FOUND] = {ERROR_NOT_FOUND, false},
    [S3_CLASS_PRECONDITION] = {ERROR_CONFLICT, false},
    [S3_CLASS_DENIED] = {ERROR_DENIED, false},
    [S3_CLASS_INVALID] = {ERROR_INVALID, false},
    [S3_CLASS_UNSUPPORTED] = {ERROR_UNSUPPORTED, false},
    [S3_CLASS_PROTOCOL] = {ERROR_PROTOCOL, false},
};
_Static_assert(ARRAY_LEN(class_rows) == S3_CLASS_COUNT, "a row for each class");

static enum s3_class class_of_status(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(status_rows); i++) {
        if (status_rows[i].status == status)
            return status_rows[i].class;
    }
    return status >= 500 ? S3_CLASS_TRANSIENT : S3_CLASS_PROTOCOL;
}

static enum s3_class class_of(const struct s3_failure *failure)
{
    for (size_t i = 0; i < ARRAY_LEN(code_rows); i++) {
        if (strcmp(code_rows[i].code, failure->code) == 0)
            return code_rows[i].class;
    }
    return class_of_status(failure->status);
}

static void copy_text(struct text from, char *to, size_t room)
{
    from = text_slice(from, 0, room - 1);
    memcpy(to, from.ptr, from.len);
    to[from.len] = '\0';
}

/* x-amz-retry-after is in milliseconds, Retry-After in seconds; no store may stop us for long. */
static int retry_after_ms(const struct http_reply *reply)
{
    struct error ignored = {0};
    int64_t value;
    if (!text_to_i64(http_reply_header(reply, "x-amz-retry-after"), 0, INT64_MAX / 1000, "delay",
                     &value, &ignored))
        return value < S3_MAX_DELAY_MS ? (int)value : S3_MAX_DELAY_MS;
    if (!text_to_i64(http_reply_header(reply, "retry-after"), 0, INT64_MAX / 1000, "delay", &value,
                     &ignored))
        return value < S3_MAX_DELAY_MS / 1000 ? (int)value * 1000 : S3_MAX_DELAY_MS;
    return 0;
}

void s3_failure_read(const struct http_reply *reply, struct s3_failure *out)
{
    struct s3_failure failure = {.status = reply->status};
    struct text region = http_reply_header(reply, "x-amz-bucket-region");
    s3_xml_error(buffer_text(&reply->body), &failure);
    if (region.len && region.len < sizeof(failure.region))
        copy_text(region, failure.region, sizeof(failure.region));
    failure.class = class_of(&failure);
    /* A GET that meets a delete marker by its version id. */
    if (failure.status == 405 && text_is(http_reply_header(reply, "x-amz-delete-marker"), "true"))
        failure.class = S3_CLASS_NOT_FOUND;
    /* The page of something that is no store: it must not pass for a missing object. */
    if (failure.class == S3_CLASS_NOT_FOUND && failure.code[0] == '\0' && reply->body.len > 0)
        failure.class = S3_CLASS_PROTOCOL;
    failure.retry_after_ms = retry_after_ms(reply);
    *out = failure;
}

void s3_failure_to_error(const struct s3_failure *failure, const struct s3_call *call,
                         struct error *err)
{
    const struct class_row *row = &class_rows[failure->class];
    struct text key = text_slice(call->key, 0, 120);
    struct text sentence = text_of(failure->message);
    if (text_ends_with(sentence, TEXT(".")))
        sentence.len--;
    if (failure->class == S3_CLASS_PROTOCOL && failure->status >= 300 && failure->status < 400)
        sentence = TEXT("redirects are not followed");
    error_set(err, row->code, "%s %.*s%s%.*s: %d%s%s%s%.*s.", call->method, TEXT_ARGS(call->bucket),
              key.len ? "/" : "", TEXT_ARGS(key), failure->status, failure->code[0] ? " " : "",
              failure->code, sentence.len ? ": " : "", TEXT_ARGS(sentence));
    err->http_status = failure->status;
    err->retryable = row->retryable;
    err->uncertain = failure->status >= 500;
}
