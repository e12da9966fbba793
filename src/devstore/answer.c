/*
 * answer.c - S3's errors and XML answers.
 */
#include "devstore_private.h"

#include <stdarg.h>

#include "onput/encoding.h"
#include "onput/log.h"

static const struct {
    const char *code;
    int status;
} errors[] = {
    [S3_ACCESS_DENIED] = {"AccessDenied", 403},
    [S3_AUTHORIZATION_MALFORMED] = {"AuthorizationHeaderMalformed", 400},
    [S3_BAD_DIGEST] = {"BadDigest", 400},
    [S3_BUCKET_ALREADY_OWNED] = {"BucketAlreadyOwnedByYou", 409},
    [S3_BUCKET_NOT_EMPTY] = {"BucketNotEmpty", 409},
    [S3_CONTENT_SHA256_MISMATCH] = {"XAmzContentSHA256Mismatch", 400},
    [S3_ENTITY_TOO_LARGE] = {"EntityTooLarge", 400},
    [S3_ENTITY_TOO_SMALL] = {"EntityTooSmall", 400},
    [S3_INCOMPLETE_BODY] = {"IncompleteBody", 400},
    [S3_INTERNAL_ERROR] = {"InternalError", 500},
    [S3_INVALID_ACCESS_KEY] = {"InvalidAccessKeyId", 403},
    [S3_INVALID_ARGUMENT] = {"InvalidArgument", 400},
    [S3_INVALID_BUCKET_NAME] = {"InvalidBucketName", 400},
    [S3_INVALID_DIGEST] = {"InvalidDigest", 400},
    [S3_INVALID_PART] = {"InvalidPart", 400},
    [S3_INVALID_PART_ORDER] = {"InvalidPartOrder", 400},
    [S3_INVALID_RANGE] = {"InvalidRange", 416},
    [S3_INVALID_REQUEST] = {"InvalidRequest", 400},
    [S3_KEY_TOO_LONG] = {"KeyTooLongError", 400},
    [S3_MALFORMED_XML] = {"MalformedXML", 400},
    [S3_METADATA_TOO_LARGE] = {"MetadataTooLarge", 400},
    [S3_NO_SUCH_BUCKET] = {"NoSuchBucket", 404},
    [S3_NO_SUCH_KEY] = {"NoSuchKey", 404},
    [S3_NO_SUCH_UPLOAD] = {"NoSuchUpload", 404},
    [S3_NOT_IMPLEMENTED] = {"NotImplemented", 501},
    [S3_PRECONDITION_FAILED] = {"PreconditionFailed", 412},
    [S3_REQUEST_TIME_SKEWED] = {"RequestTimeTooSkewed", 403},
    [S3_SIGNATURE_MISMATCH] = {"SignatureDoesNotMatch", 403},
};
_Static_assert(ARRAY_LEN(errors) == S3_ERROR_COUNT, "a row per error");

void xml_begin(struct buffer *out, const char *root)
{
    buffer_appendf(out,
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                   "<%s xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">",
                   root);
}

void xml_tag(struct buffer *out, const char *name, struct text value)
{
    buffer_appendf(out, "<%s>", name);
    buffer_append_xml(out, value);
    buffer_appendf(out, "</%s>", name);
}

struct text quoted_etag(struct arena *arena, const char *etag)
{
    return text_of(arena_printf(arena, "\"%s\"", etag));
}

void answer_send(struct exchange *x, struct http_response *response)
{
    BUG_ON(x->answered);
    struct http_header *headers =
        ARENA_ARRAY(x->arena, struct http_header, response->header_count + 1);
    headers[0] = (struct http_header){TEXT("x-amz-request-id"), text_of(x->request_id)};
    for (size_t i = 0; i < response->header_count; i++)
        headers[i + 1] = response->headers[i];
    response->headers = headers;
    response->header_count++;
    x->answered = true;
    http_respond(x->http, response);
}

void answer_empty(struct exchange *x, int status, const struct http_header *headers, size_t count)
{
    struct http_response response = {
        .status = status, .headers = headers, .header_count = count, .head_content_length = -1};
    answer_send(x, &response);
}

void answer_xml(struct exchange *x, const struct buffer *xml)
{
    if (buffer_failed(xml)) {
        answer_error(x, S3_INTERNAL_ERROR, "The answer is too large.");
        return;
    }
    struct http_response response = {.status = 200,
                                     .content_type = "application/xml",
                                     .body = buffer_text(xml),
                                     .head_content_length = -1};
    answer_send(x, &response);
}

static void append_error(struct buffer *xml, struct exchange *x, enum s3_error error,
                         const char *message)
{
    buffer_append_string(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
    xml_tag(xml, "Code", text_of(errors[error].code));
    xml_tag(xml, "Message", text_of(message));
    if (x->bucket.len > 0)
        xml_tag(xml, "BucketName", x->bucket);
    if (x->key.len > 0)
        xml_tag(xml, "Key", x->key);
    xml_tag(xml, "Resource", http_request_path(x->http));
    xml_tag(xml, "RequestId", text_of(x->request_id));
    buffer_append_string(xml, "</Error>");
}

void answer_error(struct exchange *x, enum s3_error error, const char *fmt, ...)
{
    char message[ERROR_MESSAGE_BYTES];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    AUTO_BUFFER struct buffer xml;
    buffer_init(&xml, 256 * 1024);
    append_error(&xml, x, error, message);
    struct http_response response = {.status = errors[error].status,
                                     .content_type = "application/xml",
                                     .body = buffer_text(&xml),
                                     .head_content_length = -1};
    answer_send(x, &response);
}

void answer_internal(struct exchange *x, const struct error *err)
{
    LOG(LOG_LEVEL_ERROR, "development store failed", LOG_TEXT("bucket", x->bucket),
        LOG_TEXT("key", x->key), LOG_ERROR_FIELD(err));
    answer_error(x, S3_INTERNAL_ERROR, "%s", err->message);
}
