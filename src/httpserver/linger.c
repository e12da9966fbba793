/*
 * linger.c - reads away what a refused client still sends.
 *
 * A socket that is closed with unread bytes answers with a reset, and a reset can overtake the 413
 * that explains it. The door keeps a second descriptor of such sockets and empties it for a while.
 */
#include "httpserver_private.h"

#include <errno.h>
#include <sys/socket.h>

#include "onput/fd.h"

enum { LINGER_MS = 2000, LINGER_BYTES = 16 * 1024 * 1024, LINGER_READ_BYTES = 64 * 1024 };

static void linger_drop(struct linger_list *list, size_t i)
{
    fd_close(&list->items[i].fd);
    list->items[i] = list->items[--list->count];
}

void linger_add(struct linger_list *list, int fd, int64_t now_ms)
{
    if (list->count == LINGER_MAX)
        linger_drop(list, 0);
    list->items[list->count].fd = fd;
    list->items[list->count].deadline_ms = now_ms + LINGER_MS;
    list->items[list->count].bytes_left = LINGER_BYTES;
    list->count++;
}

/* False when the socket is done with. */
static bool linger_empty(struct linger_list *list, size_t i)
{
    static const size_t step = LINGER_READ_BYTES;
    char bytes[LINGER_READ_BYTES];
    while (list->items[i].bytes_left > 0) {
        ssize_t n = recv(list->items[i].fd, bytes, step, MSG_DONTWAIT);
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
        if (n == 0)
            return false;
        size_t left = list->items[i].bytes_left;
        list->items[i].bytes_left = (size_t)n < left ? left - (size_t)n : 0;
    }
    return false;
}

void linger_read(struct linger_list *list, int64_t now_ms)
{
    for (size_t i = list->count; i-- > 0;) {
        if (now_ms >= list->items[i].deadline_ms || !linger_empty(list, i))
            linger_drop(list, i);
    }
}

void linger_release(struct linger_list *list)
{
    while (list->count > 0)
        linger_drop(list, 0);
}
