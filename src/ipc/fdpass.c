/*
 * fdpass.c - one packet with its descriptors over a SOCK_SEQPACKET socket. frame.c gives the bytes
 * their meaning.
 */
#include "ipc_private.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "onput/fd.h"

/* Room for exactly IPC_MAX_FDS: the kernel drops what is more and says so with MSG_CTRUNC. */
union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(IPC_MAX_FDS * sizeof(int))];
};

static void attach_fds(struct msghdr *m, union control *control, const int *fds, int fd_count)
{
    size_t bytes = (size_t)fd_count * sizeof(int);
    memset(control, 0, sizeof(*control));
    m->msg_control = control->bytes;
    m->msg_controllen = CMSG_SPACE(bytes);
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(bytes);
    memcpy(CMSG_DATA(c), fds, bytes);
}

int fdpass_send(int fd, struct iovec *parts, int part_count, const int *fds, int fd_count,
                struct error *err)
{
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = (size_t)part_count};
    union control control;
    ssize_t sent;
    if (fd_count > 0)
        attach_fds(&m, &control, fds, fd_count);
    do {
        sent = sendmsg(fd, &m, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return 0;
    if (errno == EPIPE || errno == ECONNRESET)
        return error_set(err, ERROR_UNAVAILABLE, "the peer closed the connection");
    return error_set_errno(err, ERROR_IO, "cannot send a packet");
}

static void close_fds(int fds[IPC_MAX_FDS], int *fd_count)
{
    for (int i = 0; i < *fd_count; i++)
        fd_close(&fds[i]);
    *fd_count = 0;
}

/* Several control messages may share the room; together they hold at most IPC_MAX_FDS. */
static void collect_fds(struct msghdr *m, int fds[IPC_MAX_FDS], int *fd_count)
{
    *fd_count = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count && *fd_count < IPC_MAX_FDS; i++)
            memcpy(&fds[(*fd_count)++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
    }
}

static ssize_t receive_once(int fd, struct msghdr *m)
{
    ssize_t got;
    do {
        got = recvmsg(fd, m, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    return got;
}

int fdpass_receive(int fd, struct iovec *parts, int part_count, size_t *out_len,
                   int out_fds[IPC_MAX_FDS], int *out_fd_count, struct error *err)
{
    union control control;
    struct msghdr m = {.msg_iov = parts,
                       .msg_iovlen = (size_t)part_count,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof(control.bytes)};
    int fds[IPC_MAX_FDS] = {-1, -1}, fd_count;
    ssize_t got = receive_once(fd, &m);
    if (got < 0 && errno == ECONNRESET)
        return error_set(err, ERROR_UNAVAILABLE, "the peer closed the connection");
    if (got < 0)
        return error_set_errno(err, ERROR_IO, "cannot receive a packet");
    collect_fds(&m, fds, &fd_count);
    if (got == 0 || m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        close_fds(fds, &fd_count);
        if (got == 0)
            return error_set(err, ERROR_UNAVAILABLE, "the peer closed the connection");
        return error_set(err, ERROR_PROTOCOL,
                         "a packet is too long or carries too many descriptors");
    }
    memcpy(out_fds, fds, sizeof(fds));
    *out_fd_count = fd_count;
    *out_len = (size_t)got;
    return 0;
}
