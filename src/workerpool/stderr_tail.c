/*
 * stderr_tail.c - what a worker prints: logged line by line at debug as long as it is little, and
 * the last line kept for the day it dies. supervise.c calls it.
 */
#include "workerpool_private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "onput/log.h"

/* What a process may fill the log with in its life; the rest is read and dropped. */
enum { LOGGED_BYTES_MAX = 16 * 1024, READ_BYTES = 4096 };

static void end_line(struct stderr_tail *tail, pid_t pid)
{
    if (tail->len == 0)
        return;
    tail->line[tail->len] = '\0';
    memcpy(tail->last, tail->line, tail->len + 1);
    tail->len = 0;
    LOG(LOG_LEVEL_DEBUG, "a worker printed", LOG_I64("pid", pid), LOG_STRING("text", tail->last));
}

static void take(struct stderr_tail *tail, const char *bytes, size_t len, pid_t pid)
{
    for (size_t i = 0; i < len && tail->seen < LOGGED_BYTES_MAX; i++, tail->seen++) {
        if (bytes[i] == '\n' || tail->len == sizeof(tail->line) - 1)
            end_line(tail, pid);
        if (bytes[i] != '\n')
            tail->line[tail->len++] = bytes[i];
    }
}

bool stderr_tail_read(struct stderr_tail *tail, int fd, pid_t pid)
{
    char bytes[READ_BYTES];
    ssize_t got;
    do {
        got = read(fd, bytes, sizeof(bytes));
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        take(tail, bytes, (size_t)got, pid);
        return true;
    }
    if (got < 0 && errno == EAGAIN)
        return true;
    end_line(tail, pid);
    return false;
}
