/*
 * stream.c - answers that are sent piece by piece.
 *
 * One bounded ring of bytes between the writer and the connection's lane. The lane suspends the
 * connection when the ring is empty, under the stream's lock, and whoever brings news (bytes, the
 * end, the server's end) resumes it under that lock. Two hold a stream: its writer and its request.
 */
#include "httpserver_private.h"

#include <string.h>

#include "onput/memory.h"

enum {
    RING_BYTES = 256 * 1024,
    BLOCK_BYTES = 16 * 1024, /* of an answer without chunks */
};

struct http_stream {
    struct http_stream *prev; /* in the server's list, under its owed_lock */
    struct http_stream *next;
    atomic_int refs;
    int send_ms;
    bool is_mute; /* an answer that has no body, whatever is written */

    pthread_mutex_t lock; /* guards what follows; taken after owed_lock */
    pthread_cond_t changed;
    struct MHD_Connection *mhd; /* from attach to detach */
    struct http_connection *connection;
    bool is_asleep;   /* the connection is suspended */
    bool is_ended;    /* by its writer */
    bool is_whole;    /* with is_ended */
    bool is_over;     /* the connection is done */
    bool is_canceled; /* the server ends */
    size_t at;        /* of the first byte in the ring */
    size_t len;
    char ring[RING_BYTES];
};

/* ---- life ---- */

static bool has_no_body(const struct http_request *r, int status)
{
    return r->method == HTTP_HEAD || status < 200 || status == 204 || status == 304;
}

static struct http_stream *stream_new(const struct http_request *r, int status)
{
    struct http_stream *s = xmalloc(sizeof(*s)); /* the ring need not be zeroed */
    memset(s, 0, offsetof(struct http_stream, ring));
    atomic_store(&s->refs, 2);
    s->send_ms = r->server->options.request_timeout_ms;
    s->is_mute = has_no_body(r, status);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, &attr);
    pthread_condattr_destroy(&attr);
    return s;
}

static void stream_unref(struct http_stream *s)
{
    if (atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static void stream_list(struct http_stream *s, struct http_server *server)
{
    pthread_mutex_lock(&server->owed_lock);
    s->next = server->streams;
    if (s->next)
        s->next->prev = s;
    server->streams = s;
    s->is_canceled = atomic_load(&server->ending);
    pthread_mutex_unlock(&server->owed_lock);
}

static void stream_unlist(struct http_stream *s, struct http_server *server)
{
    pthread_mutex_lock(&server->owed_lock);
    if (s->prev)
        s->prev->next = s->next;
    else
        server->streams = s->next;
    if (s->next)
        s->next->prev = s->prev;
    pthread_mutex_unlock(&server->owed_lock);
}

/* ---- under the stream's lock ---- */

static void wake_connection(struct http_stream *s)
{
    if (!s->is_asleep)
        return;
    s->is_asleep = false;
    MHD_resume_connection(s->mhd);
}

/* While the writer is at work it watches the time; afterwards the door does. */
static void set_deadline(const struct http_stream *s)
{
    int64_t allowed_ms = s->send_ms + (int64_t)s->len / SLOWEST_READER_BYTES_PER_MS;
    connection_enter(s->connection, PHASE_SENDING, s->is_ended || s->is_mute ? allowed_ms : 0);
}

static size_t ring_put(struct http_stream *s, struct text piece)
{
    size_t end = (s->at + s->len) % RING_BYTES;
    size_t room = s->at + s->len < RING_BYTES ? RING_BYTES - end : RING_BYTES - s->len;
    size_t n = piece.len < room ? piece.len : room;
    memcpy(s->ring + end, piece.ptr, n);
    s->len += n;
    return n;
}

static size_t ring_get(struct http_stream *s, char *out, size_t max)
{
    size_t there = s->at + s->len < RING_BYTES ? s->len : RING_BYTES - s->at;
    size_t n = there < max ? there : max;
    memcpy(out, s->ring + s->at, n);
    s->at = (s->at + n) % RING_BYTES;
    s->len -= n;
    return n;
}

/* ---- on the lane ---- */

static ssize_t read_locked(struct http_stream *s, char *out, size_t max)
{
    if (s->len > 0) {
        pthread_cond_signal(&s->changed);
        return (ssize_t)ring_get(s, out, max);
    }
    if (s->is_ended && s->is_whole)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (s->is_ended || s->is_canceled)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    MHD_suspend_connection(s->mhd);
    s->is_asleep = true;
    return 0;
}

static ssize_t stream_read(void *cls, uint64_t position, char *out, size_t max)
{
    struct http_stream *s = cls;
    (void)position;
    pthread_mutex_lock(&s->lock);
    ssize_t n = read_locked(s, out, max);
    pthread_mutex_unlock(&s->lock);
    return n;
}

void stream_attach(struct http_stream *s, struct http_request *r)
{
    pthread_mutex_lock(&s->lock);
    s->mhd = r->mhd;
    s->connection = r->connection;
    set_deadline(s);
    pthread_mutex_unlock(&s->lock);
}

void stream_detach(struct http_stream *s)
{
    pthread_mutex_lock(&s->lock);
    s->is_over = true;
    s->mhd = NULL;
    s->connection = NULL;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

void stream_leave(struct http_stream *s, struct http_server *server)
{
    stream_detach(s);
    stream_unlist(s, server);
    stream_unref(s);
}

void streams_cancel(struct http_server *server)
{
    for (struct http_stream *s = server->streams; s; s = s->next) {
        pthread_mutex_lock(&s->lock);
        s->is_canceled = true;
        wake_connection(s);
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
    }
}

/* ---- the writer ---- */

/* libmicrohttpd would send the last chunk even behind the head of an answer to HEAD, so there are
 * no chunks then: such an answer says nothing of a length and closes. */
static struct MHD_Response *stream_body(struct http_stream *s)
{
    struct MHD_Response *body =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, stream_read, s, NULL);
    BUG_ON(!body);
    if (s->is_mute)
        (void)MHD_set_response_options(body, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return body;
}

struct http_stream *http_respond_stream(struct http_request *r, const struct http_response *head)
{
    struct http_stream *s = stream_new(r, head->status);
    BUG_ON(head->body_from_fd);
    stream_list(s, r->server);
    r->stream = s;
    r->response = response_build_on(r, stream_body(s), head);
    r->status = head->status;
    r->close = head->close_connection;
    answer_give(r);
    return s;
}

/* False at the deadline. */
static bool wait_for_room(struct http_stream *s, int64_t deadline_ms)
{
    struct timespec until = server_timespec(deadline_ms);
    if (server_now_ms() >= deadline_ms)
        return false;
    (void)pthread_cond_timedwait(&s->changed, &s->lock, &until);
    return true;
}

static int write_locked(struct http_stream *s, struct text piece, int64_t deadline_ms,
                        struct error *err)
{
    while (piece.len > 0) {
        if (s->is_canceled)
            return error_set(err, ERROR_CANCELED, "the HTTP server is shutting down");
        if (s->is_over)
            return error_set(err, ERROR_CANCELED, "the client has gone");
        size_t n = ring_put(s, piece);
        piece = text_slice(piece, n, piece.len);
        if (n > 0)
            wake_connection(s);
        else if (!wait_for_room(s, deadline_ms))
            return error_set(err, ERROR_TIMEOUT, "the client does not take the answer");
    }
    return 0;
}

int http_stream_write(struct http_stream *s, struct text piece, int64_t deadline_ms,
                      struct error *err)
{
    if (s->is_mute)
        return 0;
    pthread_mutex_lock(&s->lock);
    int result = write_locked(s, piece, deadline_ms, err);
    pthread_mutex_unlock(&s->lock);
    return result;
}

void http_stream_end(struct http_stream *s, bool is_complete)
{
    pthread_mutex_lock(&s->lock);
    s->is_ended = true;
    s->is_whole = is_complete;
    if (s->connection)
        set_deadline(s);
    wake_connection(s);
    pthread_mutex_unlock(&s->lock);
    stream_unref(s);
}
