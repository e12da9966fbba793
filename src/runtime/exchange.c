/*
 * One process at the Runtime API, seen by the invocation that it works on: waits, timeouts, the
 * hand-over of a streamed result. The other side is exchange_process.c.
 */
#include "exchange_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "onput/clock.h"
#include "onput/executor.h"
#include "onput/memory.h"

enum {
    LOOK_MS = 100, /* how often `canceled` and the clock are looked at */
    /* A process that ended within its answer, and its end, become known in any order. */
    END_GRACE_MS = 300,
    KEPT_BODY_BYTES = 64 * 1024, /* larger buffers are not kept between invocations */
};

static void init_waiting(struct exchange *e)
{
    pthread_condattr_t attributes;
    BUG_ON(pthread_condattr_init(&attributes) != 0);
    BUG_ON(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0);
    BUG_ON(pthread_cond_init(&e->changed, &attributes) != 0);
    BUG_ON(pthread_mutex_init(&e->lock, NULL) != 0);
    (void)pthread_condattr_destroy(&attributes);
}

struct exchange *exchange_new(const struct clock *clock)
{
    struct exchange *e = xcalloc(1, sizeof(*e));
    atomic_init(&e->references, 1);
    e->clock = clock;
    e->generation = 1;
    init_waiting(e);
    buffer_init(&e->pieces, STREAM_WINDOW_BYTES);
    buffer_init(&e->outgoing, STREAM_WINDOW_BYTES);
    buffer_init(&e->body, EXCHANGE_BODY_BYTES);
    buffer_init(&e->content_type, EXCHANGE_CONTENT_TYPE_BYTES);
    buffer_init(&e->error_type, EXCHANGE_ERROR_TYPE_BYTES);
    return e;
}

struct exchange *exchange_ref(struct exchange *e)
{
    atomic_fetch_add(&e->references, 1);
    return e;
}

void exchange_unref(struct exchange *e)
{
    if (e == NULL || atomic_fetch_sub(&e->references, 1) != 1)
        return;
    if (e->parked != NULL)
        exchange_refuse_next(e->parked);
    buffer_release(&e->pieces);
    buffer_release(&e->outgoing);
    buffer_release(&e->body);
    buffer_release(&e->content_type);
    buffer_release(&e->error_type);
    (void)pthread_cond_destroy(&e->changed);
    (void)pthread_mutex_destroy(&e->lock);
    free(e);
}

void exchange_answered(struct exchange *e, enum exchange_end end)
{
    e->state = STATE_ANSWERED;
    e->end = end;
    e->id_is_answered = true;
    e->upload = NULL;
    e->upload_is_held = false;
}

/* ---- waiting ---- */

static void wait_a_moment(struct exchange *e, int64_t most_ms)
{
    struct timespec until = clock_deadline(most_ms < LOOK_MS ? most_ms : LOOK_MS);
    (void)pthread_cond_timedwait(&e->changed, &e->lock, &until);
}

/* Is the time over? *out_why says how. */
static bool is_over(const struct exchange *e, int64_t deadline_ms, const atomic_bool *canceled,
                    enum exchange_end *out_why)
{
    if (canceled != NULL && atomic_load_explicit(canceled, memory_order_relaxed))
        *out_why = EXCHANGE_CANCELED;
    else if (clock_mono_ms(e->clock) >= deadline_ms)
        *out_why = EXCHANGE_TIMEOUT;
    else
        return false;
    return true;
}

/* Waits a little; false when the time is over. */
static bool wait_more(struct exchange *e, int64_t deadline_ms, const atomic_bool *canceled,
                      enum exchange_end *out_why)
{
    if (is_over(e, deadline_ms, canceled, out_why))
        return false;
    int64_t left_ms = deadline_ms - clock_mono_ms(e->clock);
    wait_a_moment(e, left_ms > 0 ? left_ms : 0);
    return true;
}

static void copy_result(struct exchange *e, enum exchange_end end, struct arena *arena,
                        struct exchange_result *out)
{
    *out = (struct exchange_result){.end = end,
                                    .body = TEXT(""),
                                    .content_type = TEXT(""),
                                    .error_type = TEXT(""),
                                    .is_streamed = e->was_streamed,
                                    .was_given = e->was_given};
    if (end == EXCHANGE_RESPONSE || end == EXCHANGE_ERROR || end == EXCHANGE_INIT_ERROR) {
        out->body = arena_text(arena, buffer_text(&e->body));
        out->content_type = arena_text(arena, buffer_text(&e->content_type));
        out->error_type = arena_text(arena, buffer_text(&e->error_type));
    }
}

static bool is_decided(const struct exchange *e, enum exchange_end *out)
{
    if (e->state == STATE_INIT_FAILED)
        *out = EXCHANGE_INIT_ERROR;
    else if (e->is_closed)
        *out = EXCHANGE_GONE;
    else if (e->state != STATE_STARTING)
        *out = EXCHANGE_READY;
    else
        return false;
    return true;
}

void exchange_wait_ready(struct exchange *e, int64_t deadline_ms, const atomic_bool *canceled,
                         struct arena *arena, struct exchange_result *out)
{
    enum exchange_end end = EXCHANGE_READY;
    pthread_mutex_lock(&e->lock);
    while (!is_decided(e, &end) && wait_more(e, deadline_ms, canceled, &end))
        ;
    copy_result(e, end, arena, out);
    pthread_mutex_unlock(&e->lock);
}

/* ---- an invocation ---- */

void exchange_start(struct exchange *e, const struct exchange_event *event,
                    struct result_stream *stream)
{
    pthread_mutex_lock(&e->lock);
    BUG_ON(e->state >= STATE_PENDING);
    struct http_request *next = e->parked;
    e->parked = NULL;
    e->state = next != NULL ? STATE_RUNNING : STATE_PENDING;
    e->event = *event;
    e->stream = stream;
    snprintf(e->id, sizeof(e->id), "%s", event->request_id);
    e->id_is_answered = false;
    e->was_given = next != NULL;
    pthread_mutex_unlock(&e->lock);
    if (next != NULL)
        exchange_hand_out(event, next);
}

/* Passes on what has come; with the lock, which it leaves for a while. */
static void pass_on(struct exchange *e, int64_t deadline_ms)
{
    struct buffer swap = e->outgoing;
    e->outgoing = e->pieces;
    e->pieces = swap;
    /* With the lock, so that the upload cannot end meanwhile. */
    if (e->upload_is_held) {
        e->upload_is_held = false;
        http_request_continue(e->upload);
    }
    struct result_stream *stream = e->stream;
    if (stream != NULL) {
        /* The type is not changed before exchange_finish(). */
        struct text type = buffer_text(&e->content_type);
        e->was_streamed = true;
        pthread_mutex_unlock(&e->lock);
        int result = stream->write(stream, type, buffer_text(&e->outgoing), deadline_ms);
        pthread_mutex_lock(&e->lock);
        if (result < 0)
            e->stream = NULL;
    }
    buffer_reset(&e->outgoing);
}

/* The end of the answer of a process that ended may still be on its way. */
static bool is_in_grace(const struct exchange *e)
{
    return e->state == STATE_UPLOADING &&
           clock_mono_ms(clock_system()) - e->closed_ms < END_GRACE_MS;
}

static bool has_ended(const struct exchange *e, enum exchange_end *out)
{
    if (e->state == STATE_ANSWERED)
        *out = e->end;
    else if (e->is_closed && !is_in_grace(e))
        *out = EXCHANGE_GONE;
    else
        return false;
    return true;
}

/* An answer broke off: by itself, or because its process ended? */
static enum exchange_end broken_by(struct exchange *e, const atomic_bool *canceled)
{
    int64_t until_ms = clock_mono_ms(clock_system()) + END_GRACE_MS;
    for (;;) {
        int64_t left_ms = until_ms - clock_mono_ms(clock_system());
        if (e->is_closed)
            return EXCHANGE_GONE;
        if (left_ms <= 0 || (canceled != NULL && atomic_load(canceled)))
            return EXCHANGE_BROKEN;
        wait_a_moment(e, left_ms);
    }
}

void exchange_wait(struct exchange *e, int64_t deadline_ms, const atomic_bool *canceled,
                   struct arena *arena, struct exchange_result *out)
{
    enum exchange_end end = EXCHANGE_TIMEOUT;
    pthread_mutex_lock(&e->lock);
    BUG_ON(e->state < STATE_PENDING);
    for (;;) {
        if (e->state != STATE_ANSWERED && is_over(e, deadline_ms, canceled, &end))
            break;
        if (e->pieces.len > 0)
            pass_on(e, deadline_ms);
        else if (has_ended(e, &end))
            break;
        else
            (void)wait_more(e, deadline_ms, canceled, &end);
    }
    if (end == EXCHANGE_BROKEN)
        end = broken_by(e, canceled);
    copy_result(e, end, arena, out);
    pthread_mutex_unlock(&e->lock);
}

static void empty(struct buffer *b)
{
    size_t max = b->max;
    if (b->capacity <= KEPT_BODY_BYTES) {
        buffer_reset(b);
        return;
    }
    buffer_release(b);
    buffer_init(b, max);
}

void exchange_finish(struct exchange *e)
{
    pthread_mutex_lock(&e->lock);
    BUG_ON(e->state < STATE_PENDING);
    /* What is left of an upload is read and dropped. */
    if (e->upload_is_held)
        http_request_continue(e->upload);
    e->upload = NULL;
    e->upload_is_held = false;
    e->upload_is_streamed = false;
    e->upload_bytes = 0;
    e->generation++;
    e->state = STATE_IDLE;
    e->event = (struct exchange_event){0};
    e->stream = NULL;
    e->was_streamed = false;
    if (!e->id_is_answered)
        e->id[0] = '\0';
    empty(&e->pieces);
    empty(&e->outgoing);
    empty(&e->body);
    buffer_reset(&e->content_type);
    buffer_reset(&e->error_type);
    pthread_mutex_unlock(&e->lock);
}

void exchange_close(struct exchange *e)
{
    pthread_mutex_lock(&e->lock);
    struct http_request *next = e->parked;
    e->parked = NULL;
    if (!e->is_closed)
        e->closed_ms = clock_mono_ms(clock_system());
    e->is_closed = true;
    pthread_mutex_unlock(&e->lock);
    pthread_cond_signal(&e->changed);
    if (next != NULL)
        exchange_refuse_next(next);
}
