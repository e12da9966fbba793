/*
 * InvokeWithResponseStream: what the function returns as events of event_stream.h, each piece as
 * soon as it is there, and a last event that says how it ended. What is returned at once is
 * answered at once, with the same events.
 */
#include "event_stream.h"
#include "invoke_private.h"

#include "onput/memory.h"

/* LAST_EVENT_MS: that a client who reads slowly may hold up a thread behind the function's end. */
enum { FRAME_ROOM_BYTES = 256, LAST_EVENT_MS = 10000 };

struct invoke_stream {
    struct answer_stream answer; /* first */
    bool wants_log;
};

static struct invoke_stream *of_answer(struct answer_stream *answer)
{
    return (struct invoke_stream *)answer;
}

/* Of the last event: the error as text within its JSON, and the log. */
static void append_complete(struct buffer *out, struct invoke_stream *s,
                            const struct outcome *outcome, bool too_large)
{
    AUTO_BUFFER struct buffer json;
    struct json_writer w;
    buffer_init(&json, EVENT_STREAM_PAYLOAD_MAX_BYTES);
    json_writer_init(&w, &json);
    json_object_begin(&w);
    if (too_large) {
        json_pair_string(&w, "ErrorCode", "Function.ResponseSizeTooLarge");
    } else if (outcome->status == OUTCOME_FAILED) {
        json_pair_string(&w, "ErrorCode", "Unhandled");
        json_pair_text(&w, "ErrorDetails", text_slice(outcome->result, 0, INVOKE_LOG_MAX_BYTES));
    }
    if (s->wants_log)
        json_pair_text(&w, "LogResult", invoke_log(&s->answer.work, outcome, &s->answer.arena));
    json_object_finish(&w);
    BUG_ON(buffer_failed(&json));
    event_stream_append(out, "InvokeComplete", "application/json", buffer_text(&json));
}

/* Cuts the next chunk off, as a message. */
static void append_chunk(struct buffer *out, struct text *rest)
{
    struct text chunk = text_slice(*rest, 0, EVENT_STREAM_PAYLOAD_MAX_BYTES);
    event_stream_append(out, "PayloadChunk", "application/octet-stream", chunk);
    *rest = text_slice(*rest, chunk.len, rest->len);
}

static struct http_response head_of(const struct invoke_stream *s, struct text content_type,
                                    struct http_header headers[3])
{
    headers[0] =
        (struct http_header){TEXT("X-Amz-Executed-Version"), s->answer.work.function->version};
    headers[1] = (struct http_header){TEXT("X-Amzn-Trace-Id"), s->answer.work.invocation.trace_id};
    headers[2] = (struct http_header){TEXT("X-Amzn-Remapped-Content-Type"), content_type};
    return (struct http_response){.status = 200,
                                  .content_type = "application/vnd.amazon.eventstream",
                                  .headers = headers,
                                  .header_count = 3};
}

/* ---- while the function runs ---- */

static int write_piece(struct result_stream *sink, struct text content_type, struct text piece,
                       int64_t deadline_ms)
{
    struct invoke_stream *s = of_answer(answer_stream_of(sink));
    AUTO_BUFFER struct buffer frame;
    if (s->answer.call != NULL) {
        struct http_header headers[3];
        struct http_response head = head_of(s, answer_content_type(content_type), headers);
        answer_stream_begin(&s->answer, &head);
    }
    buffer_init(&frame, EVENT_STREAM_PAYLOAD_MAX_BYTES + FRAME_ROOM_BYTES);
    while (piece.len > 0) {
        buffer_reset(&frame);
        append_chunk(&frame, &piece);
        if (answer_stream_write(&s->answer, buffer_text(&frame), deadline_ms) < 0)
            return -1;
    }
    return 0;
}

/* ---- when it is done ---- */

static void end_stream(struct invoke_stream *s, const struct outcome *outcome)
{
    AUTO_BUFFER struct buffer frame;
    buffer_init(&frame, EVENT_STREAM_PAYLOAD_MAX_BYTES + FRAME_ROOM_BYTES);
    append_complete(&frame, s, outcome, false);
    int64_t until = clock_mono_ms(clock_system()) + LAST_EVENT_MS;
    (void)answer_stream_write(&s->answer, buffer_text(&frame), until); /* the answer knows */
}

static void respond_whole(struct invoke_stream *s, const struct outcome *outcome)
{
    bool too_large = outcome->result.len > INVOKE_STREAM_MAX_BYTES;
    size_t chunks = outcome->result.len / EVENT_STREAM_PAYLOAD_MAX_BYTES + 2;
    struct text rest = too_large || outcome->status == OUTCOME_FAILED ? TEXT("") : outcome->result;
    AUTO_BUFFER struct buffer frames;
    buffer_init(&frames, rest.len + EVENT_STREAM_PAYLOAD_MAX_BYTES + chunks * FRAME_ROOM_BYTES);
    while (rest.len > 0)
        append_chunk(&frames, &rest);
    append_complete(&frames, s, outcome, too_large);
    BUG_ON(buffer_failed(&frames));
    struct http_header headers[3];
    struct http_response response = head_of(s, TEXT("application/json"), headers);
    response.body = buffer_text(&frames);
    call_respond(s->answer.call, &response);
}

static void on_outcome(struct invoker_call *work, const struct outcome *outcome)
{
    struct invoke_stream *s = (struct invoke_stream *)work;
    const char *throttled = invoke_outcome_throttle(outcome);
    if (s->answer.call == NULL)
        end_stream(s, outcome);
    else if (throttled != NULL)
        call_throttle(s->answer.call, throttled);
    else
        respond_whole(s, outcome);
    answer_stream_close(&s->answer, true);
}

static void run_now(struct lambda_call *call, const struct function *function, struct text payload)
{
    struct invoke *inv = invoke_make(call, function, payload);
    if (inv == NULL)
        return;
    struct invoke_stream *s = xcalloc(1, sizeof(*s));
    answer_stream_open(&s->answer, call, &inv->work, write_piece);
    s->wants_log = inv->wants_log;
    s->answer.work.done = on_outcome;
    enum invoker_verdict verdict = invoker_submit(call->api->invoker, &s->answer.work);
    if (verdict == INVOKER_ACCEPTED)
        return;
    answer_stream_close(&s->answer, false);
    invoke_refuse(call, verdict);
}

void run_invoke_stream(struct lambda_call *call)
{
    struct text type = call_text_or(call, "InvocationType", "RequestResponse");
    const struct function *function = invoke_function(call);
    struct text payload;
    if (function == NULL || !invoke_payload(call, false, &payload))
        return;
    if (text_is(type, "DryRun"))
        call_answer_empty(call, 204);
    else
        run_now(call, function, payload);
}
