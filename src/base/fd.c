/*
 * fd.c - see onput/fd.h. Whole reads and writes on descriptors; folders and files by name are in
 * file.c, memory files in memfd.c.
 */
#include "onput/fd.h"

#include <errno.h>
#include <unistd.h>

enum { READ_STEP_BYTES = 65536 };

/* Linux closes the descriptor even when close() reports an error, so there is nothing to retry. */
void fd_close(int *fd)
{
    int saved = errno;

    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = saved;
}

int fd_write_all(int fd, const void *bytes, size_t len, struct error *err)
{
    const char *from = bytes;

    while (len > 0) {
        ssize_t written = write(fd, from, len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_set_errno(err, ERROR_IO, "cannot write %zu bytes", len);
        from += written;
        len -= (size_t)written;
    }
    return 0;
}

static ssize_t read_again(int fd, void *room, size_t len)
{
    ssize_t got;

    do {
        got = read(fd, room, len);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* A full buffer is fine as long as the file ends there: one more byte is asked for to know. */
static ssize_t read_step(int fd, struct buffer *out, struct error *err)
{
    size_t room = out->max - out->len;
    char probe;
    ssize_t got;

    if (room == 0) {
        got = read_again(fd, &probe, 1);
        if (got > 0)
            return error_set(err, ERROR_LIMIT, "there are more than %zu bytes to read", out->max);
    } else {
        size_t step = room < READ_STEP_BYTES ? room : READ_STEP_BYTES;
        void *target = buffer_reserve(out, step);
        if (target == NULL)
            return error_set(err, ERROR_LIMIT, "there are more than %zu bytes to read", out->max);
        got = read_again(fd, target, step);
        if (got > 0)
            buffer_commit(out, (size_t)got);
    }
    if (got < 0)
        return error_set_errno(err, ERROR_IO, "cannot read");
    return got;
}

int fd_read_all(int fd, struct buffer *out, struct error *err)
{
    size_t before = out->len;
    ssize_t got;

    do {
        got = read_step(fd, out, err);
    } while (got > 0);
    if (got < 0)
        buffer_truncate(out, before);
    return got < 0 ? -1 : 0;
}
