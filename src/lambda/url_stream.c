/*
 * Function URLs with InvokeMode RESPONSE_STREAM: the response begins when the function has said
 * what it is to be, and goes on as the function writes it. A function that fails in the middle cuts
 * the connection, so that its client sees it.
 */
#include "url_call.h"

#include "onput/memory.h"

struct url_stream {
    struct answer_stream answer; /* first */
    struct url_call *u;          /* gone when the answer has begun */
    struct url_prelude prelude;
    bool is_prelude; /* it has begun, and is not whole yet */
    bool is_refused; /* what came is no response */
};

static void begin(struct url_stream *s, const struct url_response *response)
{
    struct http_header headers[URL_ALL_HEADERS_MAX];
    struct http_response head = url_call_head(s->u, response, headers);
    s->u = NULL;
    answer_stream_begin(&s->answer, &head);
}

static void begin_plain(struct url_stream *s, struct text content_type)
{
    struct url_response response = {.status = 200, .header_count = 1, .body = TEXT("")};
    response.headers[0] =
        (struct http_header){TEXT("Content-Type"), answer_content_type(content_type)};
    begin(s, &response);
}

static int refuse(struct url_stream *s, const struct error *err)
{
    url_call_blame(&s->answer.work, err);
    s->is_refused = true;
    return -1;
}

/* Negative when there will be no response. */
static int take_prelude(struct url_stream *s, struct text *piece)
{
    struct url_response response;
    struct error err = {0};
    s->is_prelude = true;
    int rc = url_prelude_take(&s->prelude, piece, &err);
    if (rc == 0)
        return 0;
    if (rc < 0 ||
        url_prelude_read(buffer_text(&s->prelude.json), &s->answer.arena, &response, &err) < 0)
        return refuse(s, &err);
    s->is_prelude = false;
    begin(s, &response);
    return 0;
}

static int write_piece(struct result_stream *sink, struct text content_type, struct text piece,
                       int64_t deadline_ms)
{
    struct url_stream *s = (struct url_stream *)answer_stream_of(sink);
    if (s->is_refused)
        return -1;
    if (s->answer.call != NULL) {
        if (!url_prelude_announced(content_type))
            begin_plain(s, content_type);
        else if (take_prelude(s, &piece) < 0)
            return -1;
    }
    if (s->answer.call != NULL || piece.len == 0)
        return 0;
    return answer_stream_write(&s->answer, piece, deadline_ms);
}

static void answer_now(struct url_stream *s, const struct outcome *outcome)
{
    if (s->is_prelude && !s->is_refused && outcome->status != OUTCOME_FAILED) {
        struct error err = {0};
        error_set(&err, ERROR_INVALID, "the result ends within its prelude");
        (void)refuse(s, &err);
    }
    if (s->is_refused)
        url_call_fail(s->u);
    else
        url_call_answer(s->u, outcome);
}

static void on_outcome(struct invoker_call *work, const struct outcome *outcome)
{
    struct url_stream *s = (struct url_stream *)work;
    if (s->answer.call != NULL)
        answer_now(s, outcome);
    url_prelude_release(&s->prelude);
    answer_stream_close(&s->answer, outcome->status != OUTCOME_FAILED);
}

void url_stream_submit(struct url_call *u)
{
    struct url_stream *s = xcalloc(1, sizeof(*s));
    answer_stream_open(&s->answer, u->call, &u->work, write_piece);
    url_prelude_init(&s->prelude);
    s->u = u;
    s->answer.work.done = on_outcome;
    enum invoker_verdict verdict = invoker_submit(u->call->api->invoker, &s->answer.work);
    if (verdict == INVOKER_ACCEPTED)
        return;
    url_prelude_release(&s->prelude);
    answer_stream_close(&s->answer, false);
    url_call_refuse(u, verdict);
}
