/*
 * adopt.c - sockets that somebody else has accepted, and whom they belong to.
 *
 * MHD_add_connection() only queues a socket; its lane makes the struct http_connection later. The
 * owner waits in the door's list until then, under the socket's number, which nobody else can have
 * meanwhile. When the lane fails to start a connection (no memory) libmicrohttpd closes the socket
 * and tells nobody: such an entry is found when its number comes again, or at the end.
 */
#include "httpserver_private.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "onput/fd.h"
#include "onput/memory.h"

struct adopted *adopted_take(struct door *door, int fd)
{
    for (struct adopted **at = &door->adopted; *at; at = &(*at)->next) {
        struct adopted *a = *at;
        if (a->fd != fd)
            continue;
        *at = a->next;
        return a;
    }
    return NULL;
}

void adopted_release(struct adopted *a)
{
    if (!a)
        return;
    if (a->release)
        a->release(a->owner);
    free(a);
}

static int check_room(const struct door *door, struct error *err)
{
    int limit = door->server->options.connection_limit;
    if (door->closing)
        return error_set(err, ERROR_CANCELED, "the HTTP server takes no more connections");
    if (door->connection_count >= (size_t)limit)
        return error_set_retryable(err, ERROR_LIMIT,
                                   "the HTTP server has its %d connections already", limit);
    return 0;
}

/* Takes fd. libmicrohttpd calls nobody back from MHD_add_connection(): it may be called under the
 * lock, so that a failure is known before anybody gets the socket's number. */
static int add_locked(struct door *door, struct adopted *a, const struct sockaddr_storage *peer,
                      socklen_t len, struct error *err)
{
    struct http_server *server = door->server;
    size_t lane = door->accepted++ % (size_t)server->lane_count;
    a->next = door->adopted;
    door->adopted = a;
    door->connection_count++;
    if (MHD_add_connection(server->lanes[lane], a->fd, (const struct sockaddr *)peer, len) ==
        MHD_YES)
        return 0;
    (void)adopted_take(door, a->fd);
    door->connection_count--;
    return error_set_errno(err, ERROR_UNAVAILABLE, "cannot serve an accepted connection");
}

static struct adopted *adopted_new(int fd, void *owner, void (*release)(void *owner))
{
    struct adopted *a = xcalloc(1, sizeof(*a));
    *a = (struct adopted){.fd = fd, .owner = owner, .release = release};
    return a;
}

int http_server_adopt(struct http_server *server, int fd, void *owner, void (*release)(void *owner),
                      struct error *err)
{
    struct door *door = &server->door;
    struct adopted *a = adopted_new(fd, owner, release);
    struct adopted *stale = NULL;
    struct sockaddr_storage peer = {0};
    socklen_t len = sizeof(peer);
    int result = getpeername(fd, (struct sockaddr *)&peer, &len);
    if (result != 0)
        error_set_errno(err, ERROR_UNAVAILABLE, "cannot serve an accepted connection");
    pthread_mutex_lock(&door->lock);
    if (result == 0)
        result = check_room(door, err);
    if (result != 0) {
        fd_close(&fd);
    } else {
        stale = adopted_take(door, fd);
        door->connection_count -= stale != NULL;
        result = add_locked(door, a, &peer, len, err);
    }
    pthread_mutex_unlock(&door->lock);
    adopted_release(stale);
    if (result != 0)
        adopted_release(a);
    else
        door_wake(door); /* it may sleep for ever while there is no connection */
    return result;
}
