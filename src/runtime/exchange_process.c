/*
 * One process at the Runtime API, seen by the process: `next`, results and errors. Called by api.c
 * on server threads; the other side is exchange.c.
 *
 * Asked for the event of its running invocation again, a process gets the same one: the answer to
 * its first question may have been lost. Of two questions that wait, the earlier one is given up:
 * who asks again does not read the old connection any more, and the event would be lost there.
 */
#include "exchange_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "api_text.h"

enum { ANSWER_BYTES = 512, NEXT_HEADERS = 5 };

/* ---- answers ---- */

static void refuse(struct http_request *r, int status, const char *type, const char *message)
{
    AUTO_BUFFER struct buffer json;
    buffer_init(&json, ANSWER_BYTES);
    api_append_error(&json, text_of(type), text_of(message));
    http_respond_json(r, status, buffer_text(&json));
}

static void refuse_state(struct http_request *r)
{
    refuse(r, 403, "InvalidStateTransition", "This call does not follow from the last one");
}

static void refuse_id(struct http_request *r)
{
    refuse(r, 400, "InvalidRequestID", "Invalid request ID");
}

static void refuse_size(struct http_request *r)
{
    char message[ANSWER_BYTES / 4];
    snprintf(message, sizeof(message), "Exceeded maximum allowed payload size (%d bytes).",
             RESULT_MAX_BYTES);
    refuse(r, 413, "RequestEntityTooLarge", message);
}

static void accept(struct http_request *r)
{
    http_respond_json(r, 202, TEXT("{\"status\":\"OK\"}\n"));
}

void exchange_refuse_next(struct http_request *next)
{
    refuse(next, 410, "ContainerShutdown", "The process is being ended");
}

static void add_header(struct http_header *headers, size_t *count, const char *name,
                       struct text value)
{
    if (value.len > 0)
        headers[(*count)++] = (struct http_header){text_of(name), value};
}

void exchange_hand_out(const struct exchange_event *event, struct http_request *next)
{
    struct arena *arena = http_request_arena(next);
    struct http_header headers[NEXT_HEADERS];
    size_t count = 0;
    char deadline[24];
    snprintf(deadline, sizeof(deadline), "%" PRId64, event->deadline_wall_ms);
    add_header(headers, &count, "Lambda-Runtime-Aws-Request-Id", text_of(event->request_id));
    add_header(headers, &count, "Lambda-Runtime-Deadline-Ms", text_of(deadline));
    add_header(headers, &count, "Lambda-Runtime-Invoked-Function-Arn", event->invoked_arn);
    add_header(headers, &count, "Lambda-Runtime-Trace-Id", event->trace_id);
    add_header(headers, &count, "Lambda-Runtime-Client-Context",
               api_header_json(event->client_context, arena));
    http_respond(next, &(struct http_response){
                           .status = 200,
                           .content_type = "application/json",
                           .headers = headers,
                           .header_count = count,
                           .body = event->payload,
                       });
}

/* ---- next ---- */

/* With the lock. */
static void take_question(struct exchange *e, struct http_request *r, struct http_request **out_old)
{
    e->has_asked = true;
    switch (e->state) {
    case STATE_PENDING:
    case STATE_RUNNING:
        e->state = STATE_RUNNING;
        e->was_given = true;
        exchange_hand_out(&e->event, r);
        return;
    case STATE_STARTING:
        e->state = STATE_IDLE;
        break;
    case STATE_IDLE:
    case STATE_ANSWERED:
        break;
    case STATE_INIT_FAILED:
    case STATE_UPLOADING:
        refuse_state(r);
        return;
    }
    *out_old = e->parked;
    e->parked = r;
}

void exchange_next(struct exchange *e, struct http_request *r)
{
    struct http_request *old = NULL;
    pthread_mutex_lock(&e->lock);
    bool is_closed = e->is_closed;
    if (!is_closed)
        take_question(e, r, &old);
    pthread_mutex_unlock(&e->lock);
    if (is_closed)
        exchange_refuse_next(r);
    pthread_cond_signal(&e->changed);
    if (old != NULL)
        refuse_state(old);
}

/* ---- results and errors ---- */

/* With the lock: may the invocation of this path be answered? Refuses when not. */
static bool is_expected(const struct exchange *e, struct http_request *r)
{
    struct text id = http_request_capture(r, "id");
    bool is_known = e->id[0] != '\0' && text_is(id, e->id);
    if (e->is_closed)
        exchange_refuse_next(r);
    else if (!is_known || e->state == STATE_PENDING)
        refuse_id(r);
    else if (e->state != STATE_RUNNING)
        refuse_state(r);
    else
        return true;
    return false;
}

static bool is_streaming(struct http_request *r)
{
    return text_equal_nocase(http_request_header(r, "Lambda-Runtime-Function-Response-Mode"),
                             TEXT("streaming"));
}

/* A header that does not fit is left out. */
static void keep_header(struct buffer *to, struct text value)
{
    buffer_reset(to);
    buffer_append_text(to, value);
    if (buffer_failed(to))
        buffer_reset(to);
}

static void begin_upload(struct exchange *e, struct http_request *r, bool is_streamed)
{
    e->state = STATE_UPLOADING;
    e->upload = r;
    e->upload_is_held = false;
    e->upload_is_streamed = is_streamed;
    e->upload_bytes = 0;
    buffer_reset(&e->body);
    keep_header(&e->content_type, http_request_header(r, "Content-Type"));
    http_request_set_user(r, (void *)e->generation);
}

static size_t upload_limit(const struct exchange *e)
{
    return e->upload_is_streamed ? STREAM_MAX_BYTES : RESULT_MAX_BYTES;
}

static bool is_announced_larger(struct http_request *r, size_t limit)
{
    uint64_t length;
    struct error ignored = {0};
    struct text header = http_request_header(r, "Content-Length");
    return header.len > 0 && text_to_u64(header, SIZE_MAX, "length", &length, &ignored) == 0 &&
           length > limit;
}

/* With the lock: the result is too large, and its sender has not been told yet. */
static void give_up_large(struct exchange *e)
{
    exchange_answered(e, EXCHANGE_TOO_LARGE);
    buffer_reset(&e->body);
}

/* As AWS does it: the invocation ends with an error of its own. */
static void answer_wrong_mode(struct exchange *e)
{
    buffer_reset(&e->body);
    api_append_error(&e->body, TEXT("Runtime.InvalidResponseModeHeader"),
                     TEXT("Invalid function response mode"));
    keep_header(&e->error_type, TEXT("Runtime.InvalidResponseModeHeader"));
    exchange_answered(e, EXCHANGE_ERROR);
}

/* With the lock; true when the invocation is over with it. */
static bool admit_response(struct exchange *e, struct http_request *r)
{
    bool is_streamed = is_streaming(r);
    if (!is_streamed && http_request_header(r, "Lambda-Runtime-Function-Response-Mode").len > 0) {
        answer_wrong_mode(e);
        refuse(r, 400, "InvalidFunctionResponseMode", "Invalid function response mode");
        return true;
    }
    begin_upload(e, r, is_streamed && e->stream != NULL);
    if (!is_announced_larger(r, upload_limit(e)))
        return false;
    give_up_large(e);
    refuse_size(r);
    return true;
}

void exchange_response_admit(struct exchange *e, struct http_request *r)
{
    pthread_mutex_lock(&e->lock);
    bool is_over = is_expected(e, r) && admit_response(e, r);
    pthread_mutex_unlock(&e->lock);
    if (is_over)
        pthread_cond_signal(&e->changed);
}

/* Is this the upload that the exchange waits for, and not one that came too late? */
static bool is_current(const struct exchange *e, struct http_request *r)
{
    return e->state == STATE_UPLOADING && (uintptr_t)http_request_user(r) == e->generation;
}

/* With the lock: how much of the piece was taken. */
static size_t take_piece(struct exchange *e, struct http_request *r, struct text piece)
{
    if (piece.len > upload_limit(e) - e->upload_bytes) {
        http_request_set_user(r, NULL);
        give_up_large(e);
        return piece.len;
    }
    size_t taken = piece.len;
    if (e->upload_is_streamed) {
        size_t room = STREAM_WINDOW_BYTES - e->pieces.len;
        taken = piece.len < room ? piece.len : room;
        e->upload_is_held = taken < piece.len;
    }
    e->upload_bytes += taken;
    buffer_append(e->upload_is_streamed ? &e->pieces : &e->body, piece.ptr, taken);
    return taken;
}

size_t exchange_response_take(struct exchange *e, struct http_request *r, struct text piece)
{
    pthread_mutex_lock(&e->lock);
    bool is_ours = is_current(e, r);
    size_t taken = is_ours ? take_piece(e, r, piece) : piece.len;
    bool is_news = is_ours && (e->upload_is_streamed || e->state == STATE_ANSWERED);
    pthread_mutex_unlock(&e->lock);
    if (is_news)
        pthread_cond_signal(&e->changed);
    return taken;
}

/* An error instead of a result, or behind the beginning of one. */
static bool keep_trailer_error(struct exchange *e, struct http_request *r)
{
    struct text type = http_request_trailer(r, "Lambda-Runtime-Function-Error-Type");
    struct text body = http_request_trailer(r, "Lambda-Runtime-Function-Error-Body");
    if (type.len == 0 && body.len == 0)
        return false;
    keep_header(&e->error_type, api_error_type(type));
    buffer_reset(&e->body);
    api_append_trailer_error(&e->body, body, api_error_type(type));
    return true;
}

static void keep_posted_error(struct exchange *e, struct http_request *r)
{
    struct text type = api_error_type(http_request_header(r, "Lambda-Runtime-Function-Error-Type"));
    AUTO_BUFFER struct buffer json;
    buffer_init(&json, EXCHANGE_BODY_BYTES);
    keep_header(&e->error_type, type);
    api_append_posted_error(&json, buffer_text(&e->body), type);
    buffer_reset(&e->body);
    buffer_append_text(&e->body, buffer_text(&json));
}

/* With the lock: the upload is whole. */
static void finish_upload(struct exchange *e, struct http_request *r, bool is_error)
{
    bool is_trailed = !is_error && keep_trailer_error(e, r);
    if (is_error)
        keep_posted_error(e, r);
    exchange_answered(e, is_error || is_trailed ? EXCHANGE_ERROR : EXCHANGE_RESPONSE);
}

static void whole(struct exchange *e, struct http_request *r, bool is_error)
{
    bool was_large = http_request_user(r) == NULL;
    pthread_mutex_lock(&e->lock);
    bool is_ours = is_current(e, r);
    if (is_ours)
        finish_upload(e, r, is_error);
    pthread_mutex_unlock(&e->lock);
    if (is_ours) {
        pthread_cond_signal(&e->changed);
        accept(r);
    } else if (was_large) {
        refuse_size(r);
    } else {
        refuse_id(r);
    }
}

void exchange_response_whole(struct exchange *e, struct http_request *r)
{
    whole(e, r, false);
}

void exchange_response_large(struct exchange *e, struct http_request *r)
{
    pthread_mutex_lock(&e->lock);
    bool is_ours = is_expected(e, r);
    if (is_ours)
        give_up_large(e);
    pthread_mutex_unlock(&e->lock);
    if (!is_ours)
        return;
    pthread_cond_signal(&e->changed);
    refuse_size(r);
}

void exchange_response_broken(struct exchange *e, struct http_request *r)
{
    pthread_mutex_lock(&e->lock);
    bool is_ours = is_current(e, r);
    if (is_ours)
        exchange_answered(e, EXCHANGE_BROKEN);
    pthread_mutex_unlock(&e->lock);
    if (is_ours)
        pthread_cond_signal(&e->changed);
}

void exchange_error_admit(struct exchange *e, struct http_request *r)
{
    pthread_mutex_lock(&e->lock);
    if (is_expected(e, r))
        begin_upload(e, r, false);
    pthread_mutex_unlock(&e->lock);
}

void exchange_error(struct exchange *e, struct http_request *r)
{
    whole(e, r, true);
}

/* With the lock. */
static bool take_init_error(struct exchange *e, struct http_request *r)
{
    if (e->is_closed || e->has_asked || (e->state != STATE_STARTING && e->state != STATE_PENDING))
        return false;
    keep_header(&e->content_type, http_request_header(r, "Content-Type"));
    buffer_reset(&e->body);
    buffer_append_text(&e->body, http_request_body(r));
    keep_posted_error(e, r);
    if (e->state == STATE_PENDING)
        exchange_answered(e, EXCHANGE_INIT_ERROR);
    else
        e->state = STATE_INIT_FAILED;
    return true;
}

void exchange_init_error(struct exchange *e, struct http_request *r)
{
    pthread_mutex_lock(&e->lock);
    bool is_taken = take_init_error(e, r);
    pthread_mutex_unlock(&e->lock);
    if (!is_taken) {
        refuse_state(r);
        return;
    }
    pthread_cond_signal(&e->changed);
    accept(r);
}
