/*
 * test_invoke.c - Invoke, InvokeAsync and InvokeWithResponseStream over HTTP.
 */
#include "invoke_rig.h"

#include <unistd.h>

#include "onput/encoding.h"
#include "onput/log.h"

#define INVOKE FUNCTIONS "/f/invocations"
#define STREAM "/2021-11-15/functions/f/response-streaming-invocations"
#define TYPE(name)                                                                                 \
    {                                                                                              \
        TEXT_INIT("X-Amz-Invocation-Type"), TEXT_INIT(name)                                        \
    }

static const struct http_header event_type = TYPE("Event");

static void make_functions(struct lambda_fixture *f)
{
    api_make_function(f, "f", "echo", ",'Publish':true");
    api_expect_status(f, "POST", FUNCTIONS "/f/aliases", "{'Name':'live','FunctionVersion':'1'}",
                      201);
}

static int setup(void **state)
{
    if (invoke_rig_setup(state) != 0)
        return -1;
    make_functions(*state);
    return 0;
}

static void invoke(struct invoke_rig *r, const char *target, const char *payload,
                   struct api_answer *out)
{
    api_call(&r->f, "POST", target, payload, out);
}

static struct text header(const struct api_answer *a, const char *name)
{
    return http_reply_header(&a->reply, name);
}

/* ---- RequestResponse ---- */

static void test_invoke__answers_what_the_function_returned(void **state)
{
    struct invoke_rig *r = *state;
    struct api_answer a;
    r->result = "{ \"spaces\" : \"stay\" }";
    invoke(r, INVOKE, "{\"a\": 1}", &a);
    assert_int_equal(a.status, 200);
    assert_text(a.body, "{ \"spaces\" : \"stay\" }");
    assert_text(header(&a, "Content-Type"), "application/json");
    assert_text(header(&a, "X-Amz-Executed-Version"), "$LATEST");
    assert_text(header(&a, "x-amzn-RequestId"), r->request_id);
    assert_text(header(&a, "X-Amz-Function-Error"), "");
    assert_text(header(&a, "X-Amz-Log-Result"), "");
    assert_string_equal(r->payload, "{\"a\": 1}");
    assert_string_equal(r->arn, FIXTURE_ARN "f");
    assert_string_equal(r->client_context, "");
    api_answer_release(&a);
}

static void test_invoke__hands_an_empty_body_over_as_an_object(void **state)
{
    struct invoke_rig *r = *state;
    struct api_answer a;
    invoke(r, INVOKE, NULL, &a);
    assert_int_equal(a.status, 200);
    assert_text(a.body, "{}");
    api_answer_release(&a);
}

static void test_invoke__takes_any_content_type(void **state)
{
    struct invoke_rig *r = *state;
    const struct http_header type = {TEXT("Content-Type"), TEXT("text/plain")};
    struct api_answer a;
    api_call_with(&r->f, "POST", INVOKE, TEXT("[1]"), &type, 1, &a);
    assert_int_equal(a.status, 200);
    assert_text(a.body, "[1]");
    api_answer_release(&a);
}

static void test_invoke__runs_the_version_of_a_qualifier(void **state)
{
    static const char *const cases[][3] = {
        {INVOKE "?Qualifier=%24LATEST", "$LATEST", FIXTURE_ARN "f:$LATEST"},
        {INVOKE "?Qualifier=1", "1", FIXTURE_ARN "f:1"},
        {INVOKE "?Qualifier=live", "1", FIXTURE_ARN "f:live"},
        {FUNCTIONS "/f%3Alive/invocations", "1", FIXTURE_ARN "f:live"},
    };
    struct invoke_rig *r = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct api_answer a;
        invoke(r, cases[i][0], "{}", &a);
        assert_int_equal(a.status, 200);
        assert_text(header(&a, "X-Amz-Executed-Version"), cases[i][1]);
        assert_string_equal(r->version, cases[i][1]);
        assert_string_equal(r->arn, cases[i][2]);
        api_answer_release(&a);
    }
}

static void test_invoke__follows_the_weights_of_an_alias(void **state)
{
    struct invoke_rig *r = *state;
    int second = 0;
    api_expect_status(&r->f, "PUT", FUNCTIONS "/f/configuration", "{'Description':'two'}", 200);
    api_expect_status(&r->f, "POST", FUNCTIONS "/f/versions", "{}", 201);
    api_expect_status(&r->f, "PUT", FUNCTIONS "/f/aliases/live",
                      "{'RoutingConfig':{'AdditionalVersionWeights':{'2':0.5}}}", 200);
    for (int i = 0; i < 100; i++) {
        struct api_answer a;
        invoke(r, INVOKE "?Qualifier=live", "{}", &a);
        assert_text(header(&a, "X-Amz-Executed-Version"), r->version);
        second += strcmp(r->version, "2") == 0;
        api_answer_release(&a);
    }
    /* Beyond these one run in ten to the eleventh. */
    assert_in_range(second, 15, 85);
}

static void test_invoke__marks_a_functions_failure(void **state)
{
    struct invoke_rig *r = *state;
    struct api_answer a;
    r->fails = ERROR_INVALID;
    invoke(r, INVOKE, "{}", &a);
    assert_int_equal(a.status, 200);
    assert_text(header(&a, "X-Amz-Function-Error"), "Unhandled");
    assert_text(header(&a, "X-Amz-Executed-Version"), "$LATEST");
    assert_text(a.body, "{\"errorMessage\":\"as told\",\"errorType\":\"Told\"}");
    api_answer_release(&a);
}

static void test_invoke__gives_the_end_of_the_log(void **state)
{
    struct invoke_rig *r = *state;
    const struct http_header tail = {TEXT("X-Amz-Log-Type"), TEXT("Tail")};
    AUTO_BUFFER struct buffer log;
    AUTO_FREE char *start = NULL;
    struct api_answer a;
    struct error err = {0};
    buffer_init(&log, 4096);
    r->log = "seen by the function\n";
    api_call_with(&r->f, "POST", INVOKE, TEXT("{}"), &tail, 1, &a);
    assert_ok(base64_decode(header(&a, "X-Amz-Log-Result"), &log, &err), &err);
    start = xasprintf("START RequestId: %s Version: $LATEST\nseen by the function\nEND RequestId: ",
                      r->request_id);
    assert_contains(log.data, start);
    assert_contains(log.data, "\tMemory Size: 128 MB\t");
    api_answer_release(&a);
}

static void test_invoke__refuses_a_result_beyond_the_limit(void **state)
{
    struct invoke_rig *r = *state;
    struct api_answer a;
    r->result_bytes = 6291556;
    invoke(r, INVOKE, "{}", &a);
    assert_text(header(&a, "X-Amz-Function-Error"), "");
    assert_int_equal(a.body.len, 6291556);
    api_answer_release(&a);
    r->result_bytes = 6291557;
    invoke(r, INVOKE, "{}", &a);
    assert_int_equal(a.status, 200);
    assert_text(header(&a, "X-Amz-Function-Error"), "Unhandled");
    assert_text(a.body,
                "{\"errorMessage\":\"Response payload size exceeded maximum allowed payload "
                "size (6291556 bytes).\",\"errorType\":\"Function.ResponseSizeTooLarge\"}");
    api_answer_release(&a);
}

static void test_invoke__refuses_what_is_no_json(void **state)
{
    struct invoke_rig *r = *state;
    api_expect_error(
        &r->f, "POST", INVOKE, "{,}", 400, "InvalidRequestContentException",
        "{'Type':'User','message':'Could not parse request body into json: Could not "
        "parse payload into json: malformed JSON at byte 1: a name in double quotes is "
        "expected'}");
    assert_int_equal(r->runs, 0);
}

static void test_invoke__says_which_function_is_missing(void **state)
{
    struct lambda_fixture *f = *state;
    static const char *const cases[][2] = {
        {FUNCTIONS "/none/invocations", "none:$LATEST"},
        {FUNCTIONS "/none/invocations?Qualifier=7", "none:7"},
        {INVOKE "?Qualifier=7", "f:7"},
        {INVOKE "?Qualifier=nobody", "f:nobody"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_FREE char *body = xasprintf(
            "{'Type':'User','Message':'Function not found: " FIXTURE_ARN "%s'}", cases[i][1]);
        api_expect_error(f, "POST", cases[i][0], "{}", 404, "ResourceNotFoundException", body);
    }
}

static void test_invoke__refuses_a_payload_beyond_the_limit(void **state)
{
    struct invoke_rig *r = *state;
    enum { MAX = 6291456 };
    char *payload = xmalloc(MAX + 1);
    struct api_answer a;
    memset(payload, ' ', MAX + 1);
    payload[0] = '1';
    api_call_with(&r->f, "POST", INVOKE, (struct text){payload, MAX}, NULL, 0, &a);
    assert_int_equal(a.status, 200);
    api_answer_release(&a);
    api_call_with(&r->f, "POST", INVOKE, (struct text){payload, MAX + 1}, NULL, 0, &a);
    assert_int_equal(a.status, 413);
    assert_text(a.error_type, "RequestEntityTooLargeException");
    assert_text(a.body, "{\"message\":\"Request must be smaller than 6291456 bytes for the "
                        "InvokeFunction operation\"}");
    api_answer_release(&a);
    free(payload);
}

static void test_invoke__hands_the_client_context_over(void **state)
{
    struct invoke_rig *r = *state;
    const struct http_header context = {TEXT("X-Amz-Client-Context"),
                                        TEXT("eyJjdXN0b20iOnsiYSI6ImIifX0=")};
    struct api_answer a;
    api_call_with(&r->f, "POST", INVOKE, TEXT("{}"), &context, 1, &a);
    assert_int_equal(a.status, 200);
    assert_string_equal(r->client_context, "{\"custom\":{\"a\":\"b\"}}");
    api_answer_release(&a);
}

static void expect_bad_context(struct lambda_fixture *f, struct text context, const char *message)
{
    const struct http_header header = {TEXT("X-Amz-Client-Context"), context};
    AUTO_FREE char *body = xasprintf("{\"Type\":\"User\",\"message\":\"%s\"}", message);
    struct api_answer a;
    api_call_with(f, "POST", INVOKE, TEXT("{}"), &header, 1, &a);
    assert_int_equal(a.status, 400);
    assert_text(a.error_type, "InvalidRequestContentException");
    assert_text(a.body, body);
    api_answer_release(&a);
}

static void test_invoke__refuses_a_bad_client_context(void **state)
{
    struct invoke_rig *r = *state;
    const char *malformed = "Client context must be a valid Base64-encoded JSON object.";
    char large[4 * 1200];
    memset(large, 'A', sizeof(large));
    expect_bad_context(&r->f, TEXT("%%%"), malformed);
    expect_bad_context(&r->f, TEXT("WzFd"), malformed);     /* [1] */
    expect_bad_context(&r->f, TEXT("e30gew=="), malformed); /* {} { */
    expect_bad_context(&r->f, (struct text){large, sizeof(large)},
                       "The client context is larger than 3583 bytes.");
    assert_int_equal(r->runs, 0);
}

static void test_invoke__repeats_or_makes_a_trace_id(void **state)
{
    struct invoke_rig *r = *state;
    const struct http_header trace = {TEXT("X-Amzn-Trace-Id"), TEXT("Root=1-2-3;Sampled=1")};
    struct api_answer a;
    api_call_with(&r->f, "POST", INVOKE, TEXT("{}"), &trace, 1, &a);
    assert_text(header(&a, "X-Amzn-Trace-Id"), "Root=1-2-3;Sampled=1");
    assert_string_equal(r->trace_id, "Root=1-2-3;Sampled=1");
    api_answer_release(&a);
    invoke(r, INVOKE, "{}", &a);
    struct text made = header(&a, "X-Amzn-Trace-Id");
    assert_int_equal(made.len, strlen("Root=1-69250e6e-") + 24 + strlen(";Parent=") + 16 +
                                   strlen(";Sampled=0"));
    assert_true(text_starts_with(made, TEXT("Root=1-692513ee-")));
    api_answer_release(&a);
}

static void test_invoke__is_throttled_by_reserved_concurrency(void **state)
{
    struct invoke_rig *r = *state;
    struct api_answer a;
    api_expect_status(&r->f, "PUT", "/2017-10-31/functions/f/concurrency",
                      "{'ReservedConcurrentExecutions':0}", 200);
    invoke(r, INVOKE, "{}", &a);
    assert_int_equal(a.status, 429);
    assert_text(a.error_type, "TooManyRequestsException");
    assert_true(header(&a, "Retry-After").len > 0);
    assert_text(a.body, "{\"Reason\":\"ReservedFunctionConcurrentInvocationLimitExceeded\","
                        "\"Type\":\"User\",\"message\":\"Rate Exceeded.\"}");
    api_answer_release(&a);
    /* An event is taken all the same. */
    api_call_with(&r->f, "POST", INVOKE, TEXT("{}"), &event_type, 1, &a);
    assert_int_equal(a.status, 202);
    api_answer_release(&a);
    assert_int_equal(r->runs, 0);
}

static void test_invoke__fails_while_the_server_closes(void **state)
{
    struct invoke_rig *r = *state;
    invoker_drain(r->f.api.invoker, 0);
    api_expect_error(&r->f, "POST", INVOKE, "{}", 500, "ServiceException",
                     "{'Type':'Server','Message':'The server is shutting down.'}");
}

/* ---- DryRun and Event ---- */

static void test_dry_run__runs_nothing(void **state)
{
    struct invoke_rig *r = *state;
    const struct http_header dry = TYPE("DryRun");
    struct api_answer a;
    api_call_with(&r->f, "POST", INVOKE, TEXT("{}"), &dry, 1, &a);
    assert_int_equal(a.status, 204);
    assert_int_equal(a.body.len, 0);
    assert_text(header(&a, "X-Amz-Executed-Version"), "");
    assert_int_equal(header(&a, "x-amzn-RequestId").len, 36);
    api_answer_release(&a);
    assert_int_equal(r->runs, 0);
}

static void test_event__is_queued_as_it_was_addressed(void **state)
{
    static const char *const cases[][2] = {
        {INVOKE, "f"},
        {INVOKE "?Qualifier=live", "f:live"},
        {FUNCTIONS "/f%3A1/invocations", "f:1"},
    };
    struct invoke_rig *r = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct api_answer a;
        api_call_with(&r->f, "POST", cases[i][0], TEXT("{\"n\": 1}"), &event_type, 1, &a);
        assert_int_equal(a.status, 202);
        assert_int_equal(a.body.len, 0);
        assert_text(header(&a, "X-Amz-Executed-Version"), "");
        assert_text(header(&a, "x-amzn-RequestId"), r->queued_id);
        assert_string_equal(r->queued_function, cases[i][1]);
        assert_string_equal(r->queued_payload, "{\"n\": 1}");
        api_answer_release(&a);
    }
    assert_int_equal(r->queued, 3);
    assert_int_equal(r->runs, 0);
}

static void test_event__of_no_body_is_an_object(void **state)
{
    struct invoke_rig *r = *state;
    struct api_answer a;
    api_call_with(&r->f, "POST", INVOKE, TEXT(""), &event_type, 1, &a);
    assert_int_equal(a.status, 202);
    assert_string_equal(r->queued_payload, "{}");
    api_answer_release(&a);
}

static void test_event__has_a_smaller_limit(void **state)
{
    struct invoke_rig *r = *state;
    enum { MAX = 1048576 };
    char *payload = xmalloc(MAX + 1);
    struct api_answer a;
    memset(payload, ' ', MAX + 1);
    payload[0] = '1';
    api_call_with(&r->f, "POST", INVOKE, (struct text){payload, MAX}, &event_type, 1, &a);
    assert_int_equal(a.status, 202);
    api_answer_release(&a);
    api_call_with(&r->f, "POST", INVOKE, (struct text){payload, MAX + 1}, &event_type, 1, &a);
    assert_int_equal(a.status, 413);
    assert_text(a.error_type, "RequestEntityTooLargeException");
    assert_text(a.body, "{\"message\":\"1048577 byte payload is too large for the Event invocation "
                        "type (limit 1048576 bytes)\"}");
    api_answer_release(&a);
    free(payload);
}

static void test_event__is_not_accepted_when_it_is_not_stored(void **state)
{
    struct invoke_rig *r = *state;
    struct api_answer a;
    r->queue_fails = ERROR_LIMIT;
    api_call_with(&r->f, "POST", INVOKE, TEXT("{}"), &event_type, 1, &a);
    assert_int_equal(a.status, 429);
    api_answer_release(&a);
    r->queue_fails = ERROR_IO;
    api_call_with(&r->f, "POST", INVOKE, TEXT("{}"), &event_type, 1, &a);
    assert_int_equal(a.status, 500);
    assert_text(a.error_type, "ServiceException");
    api_answer_release(&a);
}

static void test_invoke_async__queues(void **state)
{
    struct invoke_rig *r = *state;
    struct api_answer a;
    invoke(r, "/2014-11-13/functions/f/invoke-async/", "{\"n\":2}", &a);
    assert_int_equal(a.status, 202);
    assert_text(a.body, "{\"Status\":202}");
    assert_text(header(&a, "x-amzn-RequestId"), r->queued_id);
    assert_string_equal(r->queued_payload, "{\"n\":2}");
    api_answer_release(&a);
}

/* ---- streams ---- */

/* Cuts the next message off; its payload, with the event's type in *out_type. */
static struct text take_event(struct text *rest, struct text *out_type)
{
    const unsigned char *p = (const unsigned char *)rest->ptr;
    assert_true(rest->len >= 16);
    size_t total = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    size_t headers = (size_t)p[6] << 8 | p[7];
    assert_true(total <= rest->len && headers + 16 <= total);
    /* The first header is :event-type: length, name, 7, two bytes of length, value. */
    *out_type = text_slice(*rest, 12 + 1 + 11 + 3, 12 + 1 + 11 + 3 + p[12 + 1 + 11 + 2]);
    struct text payload = text_slice(*rest, 12 + headers, total - 4);
    *rest = text_slice(*rest, total, rest->len);
    return payload;
}

static void test_stream__has_the_result_and_an_end(void **state)
{
    struct invoke_rig *r = *state;
    struct api_answer a;
    struct text type;
    invoke(r, STREAM, "{\"a\":1}", &a);
    assert_int_equal(a.status, 200);
    assert_text(header(&a, "Content-Type"), "application/vnd.amazon.eventstream");
    assert_text(header(&a, "X-Amz-Executed-Version"), "$LATEST");
    assert_text(header(&a, "x-amzn-RequestId"), r->request_id);
    struct text rest = a.body;
    assert_text(take_event(&rest, &type), "{\"a\":1}");
    assert_text(type, "PayloadChunk");
    assert_text(take_event(&rest, &type), "{}");
    assert_text(type, "InvokeComplete");
    assert_int_equal(rest.len, 0);
    api_answer_release(&a);
}

static void test_stream__cuts_a_large_result_into_chunks(void **state)
{
    struct invoke_rig *r = *state;
    struct api_answer a;
    struct text type;
    size_t bytes = 0;
    r->result_bytes = 200000;
    invoke(r, STREAM, "{}", &a);
    struct text rest = a.body;
    for (int i = 0; i < 4; i++) {
        bytes += take_event(&rest, &type).len;
        assert_text(type, "PayloadChunk");
    }
    assert_int_equal(bytes, 200000);
    take_event(&rest, &type);
    assert_text(type, "InvokeComplete");
    api_answer_release(&a);
}

static void test_stream__ends_with_the_error_and_the_log(void **state)
{
    struct invoke_rig *r = *state;
    const struct http_header tail = {TEXT("X-Amz-Log-Type"), TEXT("Tail")};
    struct api_answer a;
    struct text type;
    struct error err = {0};
    r->fails = ERROR_TIMEOUT;
    api_call_with(&r->f, "POST", STREAM, TEXT("{}"), &tail, 1, &a);
    assert_int_equal(a.status, 200);
    struct text rest = a.body;
    AUTO_JSON struct json_object *end = NULL;
    assert_ok(json_parse(take_event(&rest, &type), &end, &err), &err);
    assert_text(type, "InvokeComplete");
    assert_members(end, "ErrorCode,ErrorDetails,LogResult");
    assert_member(end, "ErrorCode", "Unhandled");
    assert_member(end, "ErrorDetails", "{'errorMessage':'as told','errorType':'Told'}");
    api_answer_release(&a);
}

static void test_stream__has_the_pieces_of_a_process(void **state)
{
    static const struct text pieces[] = {TEXT_INIT("one "), TEXT_INIT(""), TEXT_INIT("two\0three")};
    struct invoke_rig *r = *state;
    struct api_answer a;
    struct text type;
    r->pieces = pieces;
    r->piece_count = ARRAY_LEN(pieces);
    r->content_type = "text/plain";
    invoke(r, STREAM, "{\"a\":1}", &a);
    assert_int_equal(a.status, 200);
    assert_true(r->had_stream);
    assert_string_equal(r->payload, "{\"a\":1}");
    assert_text(header(&a, "Content-Type"), "application/vnd.amazon.eventstream");
    assert_text(header(&a, "X-Amzn-Remapped-Content-Type"), "text/plain");
    assert_text(header(&a, "X-Amz-Executed-Version"), "$LATEST");
    assert_text(header(&a, "X-Amzn-Trace-Id"), r->trace_id);
    assert_text(header(&a, "x-amzn-RequestId"), r->request_id);
    struct text rest = a.body;
    assert_text(take_event(&rest, &type), "one ");
    assert_text_equal(take_event(&rest, &type), TEXT("two\0three"));
    assert_text(type, "PayloadChunk");
    assert_text(take_event(&rest, &type), "{}");
    assert_text(type, "InvokeComplete");
    assert_int_equal(rest.len, 0);
    api_answer_release(&a);
}

static void test_stream__tells_of_an_error_behind_its_pieces(void **state)
{
    static const struct text pieces[] = {TEXT_INIT("half")};
    struct invoke_rig *r = *state;
    const struct http_header tail = {TEXT("X-Amz-Log-Type"), TEXT("Tail")};
    struct api_answer a;
    struct text type;
    struct error err = {0};
    AUTO_JSON struct json_object *end = NULL;
    r->pieces = pieces;
    r->piece_count = 1;
    r->content_type = "bad\r\ntype: x";
    r->fails = ERROR_UNAVAILABLE;
    api_call_with(&r->f, "POST", STREAM, TEXT("{}"), &tail, 1, &a);
    assert_text(header(&a, "X-Amzn-Remapped-Content-Type"), "application/octet-stream");
    struct text rest = a.body;
    assert_text(take_event(&rest, &type), "half");
    assert_ok(json_parse(take_event(&rest, &type), &end, &err), &err);
    assert_text(type, "InvokeComplete");
    assert_members(end, "ErrorCode,ErrorDetails,LogResult");
    assert_member(end, "ErrorDetails", "{'errorMessage':'as told','errorType':'Told'}");
    assert_int_equal(rest.len, 0);
    api_answer_release(&a);
}

static void test_stream__cuts_a_large_piece_into_chunks(void **state)
{
    struct invoke_rig *r = *state;
    enum { BYTES = 1000 * 1000 };
    AUTO_FREE char *bytes = xmalloc(BYTES);
    struct text piece = {bytes, BYTES}, type;
    struct api_answer a;
    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = (char)(i * 7);
    r->pieces = &piece;
    r->piece_count = 1;
    r->content_type = "application/octet-stream";
    invoke(r, STREAM, "{}", &a);
    struct text rest = a.body, got;
    size_t total = 0;
    while (got = take_event(&rest, &type), text_is(type, "PayloadChunk")) {
        assert_memory_equal(got.ptr, bytes + total, got.len);
        total += got.len;
    }
    assert_int_equal(total, BYTES);
    api_answer_release(&a);
}

static void test_stream__of_a_process_without_a_piece_is_empty(void **state)
{
    static const struct text nothing;
    struct invoke_rig *r = *state;
    struct api_answer a;
    struct text type;
    r->pieces = &nothing;
    invoke(r, STREAM, "{}", &a);
    struct text rest = a.body;
    assert_text(take_event(&rest, &type), "{}");
    assert_text(type, "InvokeComplete");
    assert_int_equal(rest.len, 0);
    api_answer_release(&a);
}

static void test_invoke__joins_the_pieces_of_a_process(void **state)
{
    static const struct text pieces[] = {TEXT_INIT("no JSON "), TEXT_INIT("\0\xff at all")};
    struct invoke_rig *r = *state;
    struct api_answer a;
    r->pieces = pieces;
    r->piece_count = 2;
    r->content_type = "image/png";
    invoke(r, INVOKE, "{}", &a);
    assert_int_equal(a.status, 200);
    assert_false(r->had_stream);
    assert_text(header(&a, "Content-Type"), "application/json");
    assert_text(header(&a, "X-Amz-Function-Error"), "");
    assert_text_equal(a.body, TEXT("no JSON \0\xff at all"));
    api_answer_release(&a);
    r->piece_count = 0;
    invoke(r, INVOKE, "{}", &a);
    assert_int_equal(a.body.len, 0); /* it said so itself */
    api_answer_release(&a);
}

static void test_invoke__is_throttled_when_there_is_no_room(void **state)
{
    static const char *const targets[] = {INVOKE, STREAM};
    struct invoke_rig *r = *state;
    r->fails = ERROR_THROTTLED;
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        struct api_answer a;
        invoke(r, targets[i], "{}", &a);
        assert_int_equal(a.status, 429);
        assert_text(a.error_type, "TooManyRequestsException");
        assert_text(a.body, "{\"Reason\":\"ConcurrentInvocationLimitExceeded\",\"Type\":\"User\","
                            "\"message\":\"Rate Exceeded.\"}");
        assert_text(header(&a, "Retry-After"), "1");
        api_answer_release(&a);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, invoke_rig_teardown)

int main(void)
{
    log_open(STDERR_FILENO, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        TEST(test_invoke__answers_what_the_function_returned),
        TEST(test_invoke__hands_an_empty_body_over_as_an_object),
        TEST(test_invoke__takes_any_content_type),
        TEST(test_invoke__runs_the_version_of_a_qualifier),
        TEST(test_invoke__follows_the_weights_of_an_alias),
        TEST(test_invoke__marks_a_functions_failure),
        TEST(test_invoke__gives_the_end_of_the_log),
        TEST(test_invoke__refuses_a_result_beyond_the_limit),
        TEST(test_invoke__refuses_what_is_no_json),
        TEST(test_invoke__says_which_function_is_missing),
        TEST(test_invoke__refuses_a_payload_beyond_the_limit),
        TEST(test_invoke__hands_the_client_context_over),
        TEST(test_invoke__refuses_a_bad_client_context),
        TEST(test_invoke__repeats_or_makes_a_trace_id),
        TEST(test_invoke__is_throttled_by_reserved_concurrency),
        TEST(test_invoke__fails_while_the_server_closes),
        TEST(test_dry_run__runs_nothing),
        TEST(test_event__is_queued_as_it_was_addressed),
        TEST(test_event__of_no_body_is_an_object),
        TEST(test_event__has_a_smaller_limit),
        TEST(test_event__is_not_accepted_when_it_is_not_stored),
        TEST(test_invoke_async__queues),
        TEST(test_stream__has_the_result_and_an_end),
        TEST(test_stream__cuts_a_large_result_into_chunks),
        TEST(test_stream__ends_with_the_error_and_the_log),
        TEST(test_stream__has_the_pieces_of_a_process),
        TEST(test_stream__tells_of_an_error_behind_its_pieces),
        TEST(test_stream__cuts_a_large_piece_into_chunks),
        TEST(test_stream__of_a_process_without_a_piece_is_empty),
        TEST(test_invoke__joins_the_pieces_of_a_process),
        TEST(test_invoke__is_throttled_when_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
