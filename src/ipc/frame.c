/*
 * frame.c - see onput/ipc_frame.h. A header of 12 bytes in front of each payload; fdpass.c moves
 * the packet.
 *
 *   magic u32 | version u16 | type u16 | payload length u32
 */
#include "onput/ipc_frame.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "ipc_private.h"
#include "onput/clock.h"
#include "onput/fd.h"

enum { FRAME_MAGIC = 0x7670746f, HEADER_BYTES = 12 };

int ipc_pair(int out_fds[2], struct error *err)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
        return error_set_errno(err, ERROR_IO, "cannot make a pair of sockets");
    out_fds[0] = fds[0];
    out_fds[1] = fds[1];
    return 0;
}

static int send_packet(int fd, uint16_t type, struct iovec payload, const int *fds, int fd_count,
                       struct error *err)
{
    AUTO_BUFFER struct buffer header;
    buffer_init(&header, HEADER_BYTES);
    wire_put_u32(&header, FRAME_MAGIC);
    wire_put_u16(&header, IPC_VERSION);
    wire_put_u16(&header, type);
    wire_put_u32(&header, (uint32_t)payload.iov_len);
    struct iovec parts[] = {{header.data, header.len}, payload};
    return fdpass_send(fd, parts, 2, fds, fd_count, err);
}

int ipc_send(int fd, uint16_t type, const void *payload, size_t len, const int *fds, int fd_count,
             struct error *err)
{
    BUG_ON(fd_count < 0 || fd_count > IPC_MAX_FDS);
    if (len > IPC_MAX_PAYLOAD_BYTES)
        return error_set(err, ERROR_LIMIT, "a frame of %zu bytes is longer than the limit of %d",
                         len, IPC_MAX_PAYLOAD_BYTES);
    struct iovec bytes = {.iov_base = (void *)(uintptr_t)payload, .iov_len = len};
    return send_packet(fd, type, bytes, fds, fd_count, err);
}

static int64_t now_ms(void)
{
    return clock_mono_ms(clock_system());
}

static int wait_readable(int fd, int timeout_ms, struct error *err)
{
    int64_t deadline = now_ms() + timeout_ms;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int left = timeout_ms;
    for (;;) {
        int ready = poll(&p, 1, left);
        if (ready > 0)
            return 0;
        if (ready < 0 && errno != EINTR)
            return error_set_errno(err, ERROR_IO, "cannot wait for a frame");
        left = (int)(deadline - now_ms());
        if (left <= 0)
            return error_set(err, ERROR_TIMEOUT, "no frame came within %d ms", timeout_ms);
    }
}

static int check_header(struct text header, size_t payload_len, struct ipc_frame *out,
                        struct error *err)
{
    struct wire_reader r;
    wire_reader_init(&r, header);
    wire_u32(&r, FRAME_MAGIC, FRAME_MAGIC, "magic");
    uint16_t version = wire_u16(&r, "version");
    uint16_t type = wire_u16(&r, "type");
    uint32_t len = wire_u32(&r, 0, IPC_MAX_PAYLOAD_BYTES, "length");
    if (wire_finish(&r, "frame", err) != 0)
        return -1;
    if (version != IPC_VERSION)
        return error_set(err, ERROR_PROTOCOL,
                         "the peer speaks version %u of the protocol, this program version %d",
                         version, IPC_VERSION);
    if (len != payload_len)
        return error_set(err, ERROR_PROTOCOL, "a frame announces %u bytes and has %zu", len,
                         payload_len);
    out->type = type;
    out->len = len;
    return 0;
}

int ipc_receive(int fd, int timeout_ms, struct ipc_frame *out, struct error *err)
{
    uint8_t header[HEADER_BYTES];
    struct iovec parts[] = {{header, sizeof(header)}, {out->payload, sizeof(out->payload)}};
    size_t len = 0;
    for (int i = 0; i < IPC_MAX_FDS; i++)
        out->fds[i] = -1;
    out->fd_count = 0;
    /* The worker's sandbox has no poll(); it always waits for ever. */
    if (timeout_ms >= 0 && wait_readable(fd, timeout_ms, err) != 0)
        return -1;
    if (fdpass_receive(fd, parts, 2, &len, out->fds, &out->fd_count, err) != 0)
        return -1;
    struct text got = {(const char *)header, len < HEADER_BYTES ? len : HEADER_BYTES};
    if (check_header(got, len - got.len, out, err) == 0)
        return 0;
    ipc_frame_close_fds(out);
    return -1;
}

void ipc_frame_close_fds(struct ipc_frame *frame)
{
    for (int i = 0; i < frame->fd_count; i++)
        fd_close(&frame->fds[i]);
    frame->fd_count = 0;
}
