/*
 * take.c - bodies that go to the route piece by piece, and the pauses in which the client waits.
 *
 * `pause` decides who wakes the connection: the lane suspends it *first* and then tries NONE ->
 * ASLEEP; when that fails the route wanted more in between and the lane resumes it itself. Whoever
 * moves it out of ASLEEP, under owed_lock, resumes it.
 */
#include "httpserver_private.h"

#include "onput/memory.h"

void take_break(struct http_request *r)
{
    if (!r->is_taking)
        return;
    r->is_taking = false;
    if (r->route->broken)
        r->route->broken(request_ctx(r), r);
}

static size_t offer(struct http_request *r, const char *bytes, size_t len)
{
    size_t taken = 0;
    do {
        atomic_store(&r->pause, PAUSE_NONE);
        size_t n = r->route->take(request_ctx(r), r, (struct text){bytes + taken, len - taken});
        BUG_ON(n > len - taken);
        taken += n;
    } while (taken < len && atomic_load(&r->pause) == PAUSE_CONTINUED);
    return taken;
}

/* libmicrohttpd cannot answer within a body: the connection is cut. */
static enum MHD_Result give_up(struct http_request *r)
{
    take_break(r);
    return MHD_NO;
}

enum MHD_Result take_piece(struct http_request *r, const char *bytes, size_t *len)
{
    struct MHD_Connection *mhd = r->mhd;
    int expected = PAUSE_NONE;
    owed_remove(r);
    if (atomic_load(&r->pause) == PAUSE_FORCED)
        return give_up(r);
    *len -= offer(r, bytes, *len);
    if (*len == 0) {
        connection_enter(r->connection, PHASE_RECEIVING, r->server->options.request_timeout_ms);
        return MHD_YES;
    }
    if (!owed_add(r))
        return give_up(r);
    connection_enter(r->connection, PHASE_RECEIVING, 0);
    MHD_suspend_connection(mhd);
    if (!atomic_compare_exchange_strong(&r->pause, &expected, PAUSE_ASLEEP))
        MHD_resume_connection(mhd);
    return MHD_YES;
}

void http_request_continue(struct http_request *r)
{
    struct http_server *server = r->server;
    int expected = PAUSE_NONE;
    if (atomic_compare_exchange_strong(&r->pause, &expected, PAUSE_CONTINUED))
        return;
    pthread_mutex_lock(&server->owed_lock);
    expected = PAUSE_ASLEEP;
    if (atomic_compare_exchange_strong(&r->pause, &expected, PAUSE_CONTINUED))
        MHD_resume_connection(r->mhd);
    pthread_mutex_unlock(&server->owed_lock);
}

void take_force(struct http_request *r)
{
    int expected = PAUSE_ASLEEP;
    if (atomic_compare_exchange_strong(&r->pause, &expected, PAUSE_FORCED))
        MHD_resume_connection(r->mhd);
}
