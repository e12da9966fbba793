/*
 * ipc_private.h - what the files of this folder share.
 *
 *   wire.c    fixed-width little-endian fields    fdpass.c  one packet with descriptors
 *   frame.c   header around a payload             worker_protocol.c, runner_protocol.c  the
 * messages
 */
#ifndef ONPUT_IPC_PRIVATE_H
#define ONPUT_IPC_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "onput/buffer.h"
#include "onput/error.h"
#include "onput/ipc_frame.h"
#include "onput/text.h"

void wire_put_u16(struct buffer *out, uint16_t value);
void wire_put_u32(struct buffer *out, uint32_t value);
void wire_put_u64(struct buffer *out, uint64_t value);
void wire_put_bool(struct buffer *out, bool value);
/* A string in a field of `size` bytes, the rest zero. Bytes that wire_string() refuses become '?'.
 */
void wire_put_string(struct buffer *out, const char *string, size_t size);

/*
 * A reader stops for good at the first field that does not fit or breaks a rule: it yields zeros
 * from then on and names the field, so that a decoder checks once, with wire_finish().
 */
struct wire_reader {
    struct text rest;
    const char *fault; /* NULL, or the name of the first bad field */
};

void wire_reader_init(struct wire_reader *r, struct text bytes);
void wire_refuse(struct wire_reader *r, const char *field);
uint16_t wire_u16(struct wire_reader *r, const char *field);
/* A number from min to max. */
uint32_t wire_u32(struct wire_reader *r, uint32_t min, uint32_t max, const char *field);
uint64_t wire_u64(struct wire_reader *r, uint64_t min, uint64_t max, const char *field);
bool wire_bool(struct wire_reader *r, const char *field);
/* UTF-8 without control characters, ended by NUL, nothing but NULs behind. */
void wire_string(struct wire_reader *r, char *out, size_t size, const char *field);
/* ERROR_PROTOCOL when a field was bad or bytes are left over. */
MUST_CHECK int wire_finish(const struct wire_reader *r, const char *message, struct error *err);

/* Sends the parts as one packet. Waits while the peer is slow; no SIGPIPE. */
MUST_CHECK int fdpass_send(int fd, struct iovec *parts, int part_count, const int *fds,
                           int fd_count, struct error *err);
/*
 * Takes one packet into the parts; *out_len is its whole length. A packet longer than the parts, or
 * with other or more than IPC_MAX_FDS descriptors, is ERROR_PROTOCOL and its descriptors are
 * closed.
 */
MUST_CHECK int fdpass_receive(int fd, struct iovec *parts, int part_count, size_t *out_len,
                              int out_fds[IPC_MAX_FDS], int *out_fd_count, struct error *err);

#endif
