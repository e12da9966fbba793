/*
 * ipc_frame.h - one message with descriptors over a Unix SOCK_SEQPACKET pair.
 *
 * A frame is one packet: magic, protocol version, type, payload length (fixed width,
 * little-endian), then the payload. Sender and receiver may be different builds, so the version is
 * in every frame. The receiver gets whole frames or an error; descriptors that come with a refused
 * frame are closed. Received descriptors are O_CLOEXEC and belong to the caller.
 */
#ifndef ONPUT_IPC_FRAME_H
#define ONPUT_IPC_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "onput/error.h"

enum { IPC_VERSION = 1, IPC_MAX_PAYLOAD_BYTES = 64 * 1024, IPC_MAX_FDS = 2 };

struct ipc_frame {
    uint16_t type;
    uint32_t len;
    uint8_t payload[IPC_MAX_PAYLOAD_BYTES];
    int fds[IPC_MAX_FDS]; /* -1 where there is none */
    int fd_count;
};

/* A connected pair for a parent and its child; both O_CLOEXEC. */
MUST_CHECK int ipc_pair(int out_fds[2], struct error *err);

MUST_CHECK int ipc_send(int fd, uint16_t type, const void *payload, size_t len, const int *fds,
                        int fd_count, struct error *err);
/*
 * Waits at most timeout_ms (-1: for ever) for one frame. ERROR_TIMEOUT when none came,
 * ERROR_UNAVAILABLE when the peer closed, ERROR_PROTOCOL for a bad frame.
 */
MUST_CHECK int ipc_receive(int fd, int timeout_ms, struct ipc_frame *out, struct error *err);
void ipc_frame_close_fds(struct ipc_frame *frame);

#endif
