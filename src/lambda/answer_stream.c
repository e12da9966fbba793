/*
 * An answer that begins while its function runs: what outlives the request is copied, and pieces go
 * to the connection as they come. When its client is gone the function runs to its end unheard.
 * invoke_stream.c and url_stream.c say what an answer looks like.
 */
#include "invoke_private.h"

#include <stddef.h>
#include <stdlib.h>

#include "onput/log.h"

enum { CONTENT_TYPE_MAX_BYTES = 256 };

static void keep_texts(struct invocation *inv, struct arena *arena)
{
    inv->payload = arena_text(arena, inv->payload);
    inv->client_context = arena_text(arena, inv->client_context);
    inv->invoked_arn = arena_text(arena, inv->invoked_arn);
    inv->trace_id = arena_text(arena, inv->trace_id);
}

void answer_stream_open(struct answer_stream *s, struct lambda_call *call,
                        const struct invoker_call *work,
                        int (*write)(struct result_stream *sink, struct text content_type,
                                     struct text piece, int64_t deadline_ms))
{
    *s = (struct answer_stream){.work = *work, .sink = {.write = write}, .call = call};
    arena_init(&s->arena);
    s->work.catalog = catalog_ref(work->catalog); /* the function is of it */
    s->work.invocation.stream = &s->sink;
    keep_texts(&s->work.invocation, &s->arena);
}

struct answer_stream *answer_stream_of(struct result_stream *sink)
{
    return (struct answer_stream *)((char *)sink - offsetof(struct answer_stream, sink));
}

void answer_stream_begin(struct answer_stream *s, const struct http_response *head)
{
    struct lambda_call *call = s->call;
    s->call = NULL;
    s->http = call_respond_stream(call, head);
}

int answer_stream_write(struct answer_stream *s, struct text piece, int64_t deadline_ms)
{
    struct error err = {0};
    if (s->is_cut)
        return -1;
    if (http_stream_write(s->http, piece, deadline_ms, &err) == 0)
        return 0;
    LOG(LOG_LEVEL_DEBUG, "an answer is not taken to its end",
        LOG_STRING("request_id", s->work.invocation.request_id), LOG_ERROR_FIELD(&err));
    s->is_cut = true;
    return -1;
}

void answer_stream_close(struct answer_stream *s, bool is_complete)
{
    if (s->http != NULL)
        http_stream_end(s->http, is_complete && !s->is_cut);
    catalog_unref(s->work.catalog);
    arena_release(&s->arena);
    free(s);
}

struct text answer_content_type(struct text content_type)
{
    bool is_good = content_type.len > 0 && content_type.len <= CONTENT_TYPE_MAX_BYTES;
    for (size_t i = 0; i < content_type.len && is_good; i++)
        is_good = content_type.ptr[i] >= 0x20 && content_type.ptr[i] < 0x7f;
    return is_good ? content_type : TEXT("application/octet-stream");
}
