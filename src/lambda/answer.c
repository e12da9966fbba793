/*
 * answer.c - answers and errors in AWS's form, and the end of a call.
 *
 * Clients take an error's name from x-amzn-ErrorType and its words from "message" or "Message",
 * whichever the error has on AWS; "Type" is left out where AWS leaves it out.
 */
#include "lambda_private.h"

#include <stdarg.h>

#include "onput/clock.h"
#include "onput/log.h"

enum { ERROR_BODY_BYTES = 512 * 1024 };

static const struct {
    int status;
    const char *name;
    const char *type; /* NULL: no "Type" */
    const char *key;
} errors[] = {
    [ERR_INVALID_PARAMETER] = {400, "InvalidParameterValueException", "User", "message"},
    [ERR_INVALID_PARAMETER_UNTYPED] = {400, "InvalidParameterValueException", NULL, "message"},
    [ERR_VALIDATION] = {400, "ValidationException", NULL, "message"},
    [ERR_SERIALIZATION] = {400, "SerializationException", NULL, "message"},
    [ERR_INVALID_CONTENT] = {400, "InvalidRequestContentException", "User", "message"},
    [ERR_POLICY_LENGTH] = {400, "PolicyLengthExceededException", "User", "message"},
    [ERR_ACCESS_DENIED] = {403, "AccessDeniedException", NULL, "Message"},
    [ERR_NOT_FOUND] = {404, "ResourceNotFoundException", "User", "Message"},
    [ERR_CONFLICT] = {409, "ResourceConflictException", "User", "message"},
    [ERR_PRECONDITION] = {412, "PreconditionFailedException", "User", "message"},
    [ERR_TOO_LARGE] = {413, "RequestEntityTooLargeException", NULL, "message"},
    [ERR_MEDIA_TYPE] = {415, "UnsupportedMediaTypeException", "User", "message"},
    [ERR_TOO_MANY_REQUESTS] = {429, "TooManyRequestsException", "User", "message"},
    [ERR_SERVICE] = {500, "ServiceException", "Server", "Message"},
    [ERR_UNKNOWN_OPERATION] = {404, "UnknownOperationException", NULL, "Message"},
    [ERR_MISSING_TOKEN] = {403, "MissingAuthenticationTokenException", NULL, "message"},
    [ERR_UNRECOGNIZED_CLIENT] = {403, "UnrecognizedClientException", NULL, "message"},
    [ERR_INVALID_SIGNATURE] = {403, "InvalidSignatureException", NULL, "message"},
    [ERR_INCOMPLETE_SIGNATURE] = {403, "IncompleteSignatureException", NULL, "message"},
    [ERR_EXPIRED_TOKEN] = {403, "ExpiredTokenException", NULL, "message"},
};
_Static_assert(ARRAY_LEN(errors) == LAMBDA_ERROR_COUNT, "every error has a row");

/* ---- the end ---- */

static void note_answer(struct lambda_call *call, int status)
{
    const char *name = call->operation ? call->operation->name : "unknown";
    char code[12];
    snprintf(code, sizeof(code), "%d", status);
    metrics_add(call->api->metrics, METRIC_API_CALLS, 1, name, code, NULL);
    LOG(LOG_LEVEL_DEBUG, "lambda call", LOG_STRING("operation", name), LOG_I64("status", status),
        LOG_TEXT("function", call->id.name), LOG_TEXT("qualifier", call->id.qualifier),
        LOG_TEXT("caller", call->caller.arn), LOG_TEXT("peer", http_request_peer(call->http)),
        LOG_STRING("request_id", call->request_id),
        LOG_I64("duration_us", (clock_now_ns() - call->started_ns) / 1000));
}

/* What a call holds beside its arena; it goes when the answer is on its way. */
struct holdings {
    struct registry_edit *edit;
    struct json_object *input;
    struct catalog *catalog, *caller_catalog;
};

static struct holdings holdings_of(const struct lambda_call *call)
{
    return (struct holdings){call->edit, call->input, call->catalog, call->caller_catalog};
}

static void let_go(const struct holdings *h)
{
    registry_edit_abandon(h->edit);
    json_object_put(h->input);
    catalog_unref(h->catalog);
    catalog_unref(h->caller_catalog);
}

static struct http_response with_request_id(struct lambda_call *call,
                                            const struct http_response *response)
{
    struct http_response r = *response;
    struct http_header *headers = ARENA_ARRAY(call->arena, struct http_header, r.header_count + 1);
    headers[0] = (struct http_header){TEXT("x-amzn-RequestId"), text_of(call->request_id)};
    for (size_t i = 0; i < r.header_count; i++)
        headers[i + 1] = r.headers[i];
    r.headers = headers;
    r.header_count++;
    return r;
}

/* The call lives in the request and ends with it; the answer may still point into what it holds. */
void call_respond(struct lambda_call *call, const struct http_response *response)
{
    struct http_response r = with_request_id(call, response);
    struct holdings held = holdings_of(call);
    note_answer(call, r.status);
    http_respond(call->http, &r);
    let_go(&held);
}

struct http_stream *call_respond_stream(struct lambda_call *call, const struct http_response *head)
{
    struct http_response r = with_request_id(call, head);
    struct holdings held = holdings_of(call);
    note_answer(call, r.status);
    struct http_stream *stream = http_respond_stream(call->http, &r);
    let_go(&held);
    return stream;
}

void call_answer(struct lambda_call *call, int status, struct text json)
{
    call_respond(call, &(struct http_response){
                           .status = status, .content_type = "application/json", .body = json});
}

void call_answer_empty(struct lambda_call *call, int status)
{
    call_respond(call, &(struct http_response){.status = status});
}

/* ---- errors ---- */

static void fail(struct lambda_call *call, enum lambda_error error, const char *reason,
                 const char *message_or_null)
{
    const struct http_header headers[] = {
        {TEXT("x-amzn-ErrorType"), text_of(errors[error].name)},
        {TEXT("Retry-After"), TEXT("1")},
    };
    AUTO_BUFFER struct buffer body;
    struct json_writer w;
    buffer_init(&body, ERROR_BODY_BYTES);
    json_writer_init(&w, &body);
    json_object_begin(&w);
    if (reason)
        json_pair_string(&w, "Reason", reason);
    if (errors[error].type)
        json_pair_string(&w, "Type", errors[error].type);
    json_pair_string(&w, errors[error].key, message_or_null);
    json_object_finish(&w);
    call_respond(call,
                 &(struct http_response){.status = errors[error].status,
                                         .content_type = "application/json",
                                         .headers = headers,
                                         .header_count = error == ERR_TOO_MANY_REQUESTS ? 2 : 1,
                                         .body = buffer_text(&body),
                                         .close_connection = error == ERR_TOO_LARGE});
}

void call_fail_text(struct lambda_call *call, enum lambda_error error, const char *message_or_null)
{
    fail(call, error, NULL, message_or_null);
}

void call_fail(struct lambda_call *call, enum lambda_error error, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const char *message = call_vprintf(call, fmt, ap).ptr;
    va_end(ap);
    fail(call, error, NULL, message);
}

void call_throttle(struct lambda_call *call, const char *reason)
{
    fail(call, ERR_TOO_MANY_REQUESTS, reason, "Rate Exceeded.");
}

void call_no_function(struct lambda_call *call, struct text arn)
{
    call_fail(call, ERR_NOT_FOUND, "Function not found: %.*s", TEXT_ARGS(arn));
}
