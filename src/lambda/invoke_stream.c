/*
 * InvokeWithResponseStream: what the function returned as events of event_stream.h, in pieces, and
 * a last event that says how it ended. Functions return everything at once, so the stream is
 * complete when the answer begins.
 */
#include "event_stream.h"
#include "invoke_private.h"

enum { FRAME_ROOM_BYTES = 256 };

/* Of the last event: the error as text within its JSON, and the log. */
static void append_complete(struct buffer *out, struct invoke *inv, const struct outcome *outcome,
                            bool too_large)
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
    if (inv->wants_log)
        json_pair_text(&w, "LogResult", invoke_log(inv, outcome));
    json_object_finish(&w);
    BUG_ON(buffer_failed(&json));
    event_stream_append(out, "InvokeComplete", "application/json", buffer_text(&json));
}

static void append_chunks(struct buffer *out, struct text rest)
{
    while (rest.len > 0) {
        struct text chunk = text_slice(rest, 0, EVENT_STREAM_PAYLOAD_MAX_BYTES);
        event_stream_append(out, "PayloadChunk", "application/octet-stream", chunk);
        rest = text_slice(rest, chunk.len, rest.len);
    }
}

static void on_outcome(struct invoker_call *work, const struct outcome *outcome)
{
    struct invoke *inv = (struct invoke *)work;
    bool too_large = outcome->result.len > INVOKE_STREAM_MAX_BYTES;
    size_t chunks = outcome->result.len / EVENT_STREAM_PAYLOAD_MAX_BYTES + 2;
    AUTO_BUFFER struct buffer frames;
    buffer_init(&frames,
                outcome->result.len + EVENT_STREAM_PAYLOAD_MAX_BYTES + chunks * FRAME_ROOM_BYTES);
    if (!too_large && outcome->status != OUTCOME_FAILED)
        append_chunks(&frames, outcome->result);
    append_complete(&frames, inv, outcome, too_large);
    BUG_ON(buffer_failed(&frames));
    struct http_header headers[] = {
        {TEXT("X-Amz-Executed-Version"), work->function->version},
        {TEXT("X-Amzn-Trace-Id"), inv->trace_id},
        {TEXT("X-Amzn-Remapped-Content-Type"), TEXT("application/json")},
    };
    struct http_response response = {
        .status = 200,
        .content_type = "application/vnd.amazon.eventstream",
        .headers = headers,
        .header_count = ARRAY_LEN(headers),
        .body = buffer_text(&frames),
    };
    call_respond(inv->call, &response);
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
        invoke_submit(call, function, payload, on_outcome);
}
