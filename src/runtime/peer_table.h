/*
 * peer_table.h - a line of /proc/net/tcp and /proc/net/tcp6. Pure.
 *
 * Source: Linux, Documentation/networking/proc_net_tcp.rst.
 */
#ifndef ONPUT_RUNTIME_PEER_TABLE_H
#define ONPUT_RUNTIME_PEER_TABLE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "onput/text.h"

enum { PEER_LINE_BYTES = 512 };

struct peer_address {
    in_addr_t address; /* in network order */
    uint16_t port;     /* in the host's */
};

struct peer_socket {
    struct peer_address local, remote;
    uid_t uid;
    uint64_t inode; /* 0: nobody has it open any more */
};

/* False for the heading, for what is no IPv4 address (mapped ones are), and for anything odd. */
bool peer_table_read(struct text line, struct peer_socket *out);

#endif
