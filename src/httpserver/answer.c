/*
 * answer.c - the way of one request through libmicrohttpd's callbacks, and the meeting of the lane
 * with whoever answers.
 *
 * `answer` decides who acts. The handler answers before it returns: OPEN -> GIVEN, and the lane
 * sends at once. Otherwise the lane suspends the connection *first* and then tries OPEN ->
 * SUSPENDED; when that fails the answer came in between and the lane resumes the connection itself.
 * Whoever moves SUSPENDED -> GIVEN resumes it. SUSPENDED -> FORCED is the server's 503 at the end
 * of a drain; the late answer then only frees.
 */
#include "httpserver_private.h"

#include "onput/clock.h"
#include "onput/fd.h"
#include "onput/memory.h"

static const char forced_json[] = "{\"message\":\"the server is shutting down\"}";

void *answer_on_target(void *cls, const char *target, struct MHD_Connection *mhd)
{
    struct http_server *server = cls;
    struct http_request *r = request_new(server, mhd, target);
    connection_enter(r->connection, PHASE_RECEIVING, server->options.request_timeout_ms);
    return r;
}

/* ---- the list of requests that are owed an answer ---- */

bool owed_add(struct http_request *r)
{
    struct http_server *server = r->server;
    pthread_mutex_lock(&server->owed_lock);
    if (!r->holds_server) {
        atomic_fetch_add(&server->refs, 1);
        r->holds_server = true;
    }
    if (!atomic_load(&server->ending)) {
        r->is_owed = true;
        r->owed_prev = NULL;
        r->owed_next = server->owed;
        if (r->owed_next)
            r->owed_next->owed_prev = r;
        server->owed = r;
    }
    pthread_mutex_unlock(&server->owed_lock);
    return r->is_owed;
}

void owed_remove(struct http_request *r)
{
    struct http_server *server = r->server;
    if (!r->is_owed)
        return;
    pthread_mutex_lock(&server->owed_lock);
    if (r->owed_prev)
        r->owed_prev->owed_next = r->owed_next;
    else
        server->owed = r->owed_next;
    if (r->owed_next)
        r->owed_next->owed_prev = r->owed_prev;
    r->is_owed = false;
    pthread_cond_broadcast(&server->owed_changed);
    pthread_mutex_unlock(&server->owed_lock);
}

/* ---- sending, on the lane ---- */

static void count_answer(struct http_request *r)
{
    struct metrics *metrics = r->server->options.metrics;
    if (!metrics)
        return;
    const char *route = "none";
    char code[12];
    if (r->route)
        route = r->route->metric_route ? r->route->metric_route : r->route->path;
    snprintf(code, sizeof(code), "%d", r->status);
    metrics_add(metrics, METRIC_HTTP_REQUESTS, 1, route, code, NULL);
}

static enum MHD_Result send_now(struct http_request *r, int status, struct MHD_Response *response,
                                bool close)
{
    if (close)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result result = MHD_queue_response(r->mhd, (unsigned)status, response);
    MHD_destroy_response(response);
    return result;
}

/* The late answer may be written into the request meanwhile: nothing of it is read here. */
static enum MHD_Result answer_send_forced(struct http_request *r)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        sizeof(forced_json) - 1, (void *)forced_json, MHD_RESPMEM_PERSISTENT);
    BUG_ON(!response);
    owed_remove(r);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    connection_enter(r->connection, PHASE_SENDING, r->server->options.request_timeout_ms);
    return send_now(r, 503, response, true);
}

static enum MHD_Result answer_send(struct http_request *r)
{
    struct http_server *server = r->server;
    struct MHD_Response *response = r->response;
    r->response = NULL;
    owed_remove(r);
    count_answer(r);
    if (r->stream)
        stream_attach(r->stream, r);
    else
        connection_enter(r->connection, PHASE_SENDING,
                         server->options.request_timeout_ms +
                             r->response_bytes / SLOWEST_READER_BYTES_PER_MS);
    return send_now(r, r->status, response,
                    r->close || atomic_load_explicit(&server->draining, memory_order_relaxed));
}

/* ---- receiving, on the lane ---- */

static bool is_answered(const struct http_request *r)
{
    return atomic_load_explicit(&r->answer, memory_order_acquire) == ANSWER_GIVEN;
}

static const char *allow_text(struct http_request *r, unsigned methods)
{
    static const struct {
        unsigned method;
        const char *name;
    } names[] = {{HTTP_GET, "GET"},        {HTTP_HEAD, "HEAD"},     {HTTP_POST, "POST"},
                 {HTTP_PUT, "PUT"},        {HTTP_DELETE, "DELETE"}, {HTTP_PATCH, "PATCH"},
                 {HTTP_OPTIONS, "OPTIONS"}};
    const char *allow = "";
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (methods & names[i].method)
            allow = arena_printf(&r->arena, "%s%s%s", allow, *allow ? ", " : "", names[i].name);
    }
    return allow;
}

static void find_route(struct http_request *r)
{
    unsigned allowed = 0;
    r->route = router_match(r->server->router, r->method, http_request_header(r, "Host"), r->path,
                            &r->captures, &allowed);
    if (!r->route && allowed)
        request_refuse(r, 405, allow_text(r, allowed), "this path does not take that method");
    else if (!r->route)
        request_refuse(r, 404, NULL, "there is nothing at this path");
    else if (!router_decode(&r->captures, &r->arena))
        request_refuse(r, 400, NULL, "the path has a malformed percent escape");
}

static void refuse_large_body(struct http_request *r)
{
    if (r->route->refuse_large) {
        r->route->refuse_large(request_ctx(r), r);
        return;
    }
    request_refuse(
        r, 413, NULL,
        arena_printf(&r->arena, "the body is larger than %zu bytes", r->route->max_body_bytes));
}

/* A refusal waits for a small body, so that the client reads it and the connection stays usable. */
static bool reads_refused_body(const struct http_request *r)
{
    return !r->close && !r->expects_continue && r->body.length <= REFUSED_BODY_READ_BYTES;
}

static enum MHD_Result on_headers(struct http_request *r, const char *method, const char *version)
{
    const char *why = NULL;
    r->stage = STAGE_BODY;
    int status = guard_check(r, method, version, &why);
    if (status)
        request_refuse(r, status, NULL, why);
    else
        find_route(r);
    if (!is_answered(r) && r->body.length != UINT64_MAX &&
        r->body.length > r->route->max_body_bytes)
        refuse_large_body(r);
    if (!is_answered(r) && r->route->admit)
        r->route->admit(request_ctx(r), r);
    if (is_answered(r) && !reads_refused_body(r)) {
        r->body_unread = r->body.length > 0;
        return answer_send(r);
    }
    r->body.dropped = is_answered(r);
    r->is_taking = !r->body.dropped && r->route->take;
    body_expect(&r->body, r->route && !r->is_taking ? r->route->max_body_bytes : 0);
    return MHD_YES;
}

/* The handler was called, and a thread may be answering at this moment. */
static enum MHD_Result wait_for_answer(struct http_request *r)
{
    struct MHD_Connection *mhd = r->mhd;
    int expected = ANSWER_OPEN;
    if (owed_add(r)) {
        MHD_suspend_connection(mhd);
        if (!atomic_compare_exchange_strong(&r->answer, &expected, ANSWER_SUSPENDED))
            MHD_resume_connection(mhd);
        return MHD_YES;
    }
    atomic_store(&r->holders, 2);
    if (atomic_compare_exchange_strong(&r->answer, &expected, ANSWER_FORCED))
        return answer_send_forced(r);
    return answer_send(r);
}

/* What only the end of the body shows. */
static void check_whole(struct http_request *r)
{
    const char *why = NULL;
    int status = r->body.length == UINT64_MAX ? guard_trailers(r, &why) : 0;
    if (r->body.too_large)
        refuse_large_body(r);
    else if (status)
        request_refuse(r, status, NULL, why);
    else if (atomic_load_explicit(&r->server->ending, memory_order_relaxed))
        request_refuse(r, 503, NULL, "the server is shutting down");
}

static enum MHD_Result on_whole(struct http_request *r)
{
    r->stage = STAGE_ANSWER;
    if (!is_answered(r))
        check_whole(r);
    if (is_answered(r)) {
        take_break(r);
        return answer_send(r);
    }
    r->is_taking = false;
    connection_enter(r->connection, PHASE_HANDLING, 0);
    r->route->handler(request_ctx(r), r);
    return is_answered(r) ? answer_send(r) : wait_for_answer(r);
}

enum MHD_Result answer_on_access(void *cls, struct MHD_Connection *mhd, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_len, void **request)
{
    struct http_request *r = *request;
    (void)cls, (void)mhd, (void)url;
    switch (r->stage) {
    case STAGE_HEADERS:
        return on_headers(r, method, version);
    case STAGE_BODY:
        if (*upload_len == 0)
            return on_whole(r);
        if (r->is_taking)
            return take_piece(r, upload, upload_len);
        body_add(&r->body, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    case STAGE_ANSWER:
        break;
    }
    int answer = atomic_load_explicit(&r->answer, memory_order_acquire);
    if (answer == ANSWER_GIVEN)
        return answer_send(r);
    return answer == ANSWER_FORCED ? answer_send_forced(r) : MHD_YES;
}

static void request_unhold(struct http_request *r)
{
    if (atomic_fetch_sub(&r->holders, 1) == 1)
        request_free(r);
}

void answer_on_completed(void *cls, struct MHD_Connection *mhd, void **request,
                         enum MHD_RequestTerminationCode code)
{
    struct http_server *server = cls;
    struct http_request *r = *request;
    (void)mhd, (void)code;
    if (!r)
        return;
    *request = NULL;
    int answer = atomic_load_explicit(&r->answer, memory_order_acquire);
    owed_remove(r); /* resumed, but the client had gone: there was nobody to send to */
    take_break(r);
    if (r->body_unread)
        door_linger(&server->door, r->connection->fd);
    if (answer == ANSWER_GIVEN && r->stream)
        stream_detach(r->stream);
    connection_enter(r->connection, PHASE_IDLE,
                     (int64_t)server->options.idle_timeout_ms + IDLE_GRACE_MS);
    if (answer == ANSWER_FORCED)
        request_unhold(r);
    else
        request_free(r);
    if (atomic_load_explicit(&server->draining, memory_order_relaxed))
        door_quiet_maybe(&server->door);
}

/* ---- answering, on any thread ---- */

void http_respond(struct http_request *r, const struct http_response *response)
{
    BUG_ON(is_answered(r));
    r->response = response_build(r, response);
    r->status = response->status;
    r->close = response->close_connection;
    answer_give(r);
}

void answer_give(struct http_request *r)
{
    int expected = ANSWER_OPEN;
    if (atomic_compare_exchange_strong(&r->answer, &expected, ANSWER_GIVEN))
        return;
    if (expected == ANSWER_FORCED) {
        request_unhold(r);
        return;
    }
    /* The request holds the server, and the lock keeps http_server_free() from overtaking the
     * resume. */
    struct http_server *server = r->server;
    struct MHD_Connection *mhd = r->mhd;
    pthread_mutex_lock(&server->owed_lock);
    bool ours = atomic_compare_exchange_strong(&r->answer, &expected, ANSWER_GIVEN);
    if (ours)
        MHD_resume_connection(mhd);
    pthread_mutex_unlock(&server->owed_lock);
    if (!ours)
        request_unhold(r);
}

static void force_listed(struct http_server *server)
{
    for (struct http_request *r = server->owed; r; r = r->owed_next) {
        take_force(r);
        if (atomic_load(&r->answer) != ANSWER_SUSPENDED)
            continue;
        /* Nobody else leaves SUSPENDED without the lock. */
        atomic_store(&r->holders, 2);
        atomic_store(&r->answer, ANSWER_FORCED);
        MHD_resume_connection(r->mhd);
    }
}

void answer_force_all(struct http_server *server)
{
    pthread_mutex_lock(&server->owed_lock);
    atomic_store(&server->ending, true);
    streams_cancel(server);
    while (server->owed) {
        force_listed(server);
        /* An answer that is just being given shows in the list a moment later. */
        struct timespec until = clock_deadline(5);
        (void)pthread_cond_timedwait(&server->owed_changed, &server->owed_lock, &until);
    }
    pthread_mutex_unlock(&server->owed_lock);
}
