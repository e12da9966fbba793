/*
 * Whether a connection to a process' endpoint comes from that process: the endpoint is a loopback
 * port, which everybody on the machine can reach. Asked once for each connection, by keeper.c.
 *
 * The kernel's table of TCP sockets has the other end of the connection with its user and inode;
 * the inode is among the open files of whoever connected. A process that gave the socket away or
 * closed it meanwhile is refused; clients of the Runtime API keep theirs while they use it.
 */
#include "onput/process_tree.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "onput/memory.h"
#include "peer_table.h"
#include "runtime_private.h"

/* An address of IPv4, also when a socket for both families has it. */
static bool read_address(const struct sockaddr_storage *from, struct peer_address *out)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
    if (from->ss_family == AF_INET) {
        out->address = v4->sin_addr.s_addr;
        out->port = ntohs(v4->sin_port);
        return true;
    }
    if (from->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        return false;
    memcpy(&out->address, &v6->sin6_addr.s6_addr[12], sizeof(out->address));
    out->port = ntohs(v6->sin6_port);
    return true;
}

static bool read_ends(int fd, struct peer_address *out_peer, struct peer_address *out_own)
{
    struct sockaddr_storage peer, own;
    socklen_t peer_len = sizeof(peer), own_len = sizeof(own);
    return getpeername(fd, (struct sockaddr *)&peer, &peer_len) == 0 &&
           getsockname(fd, (struct sockaddr *)&own, &own_len) == 0 &&
           read_address(&peer, out_peer) && read_address(&own, out_own);
}

static bool find_in(const char *path, const struct peer_address *peer,
                    const struct peer_address *own, struct peer_socket *out)
{
    char line[PEER_LINE_BYTES];
    bool found = false;
    FILE *table = fopen(path, "re");
    if (table == NULL)
        return false;
    while (!found && fgets(line, sizeof(line), table) != NULL) {
        struct peer_socket s;
        if (!peer_table_read(text_of(line), &s))
            continue;
        found = s.local.address == peer->address && s.local.port == peer->port &&
                s.remote.address == own->address && s.remote.port == own->port;
        if (found)
            *out = s;
    }
    (void)fclose(table);
    return found;
}

bool peer_is_ours(int fd, pid_t runner, uid_t uid)
{
    struct peer_address peer, own;
    struct peer_socket s;
    if (!read_ends(fd, &peer, &own) ||
        (!find_in("/proc/net/tcp", &peer, &own, &s) && !find_in("/proc/net/tcp6", &peer, &own, &s)))
        return false;
    if (uid != 0)
        return s.uid == uid;
    struct process_tree *tree = xmalloc(sizeof(*tree));
    process_tree_read(runner, tree);
    bool is_ours = s.inode != 0 && process_tree_has_socket(tree, s.inode);
    free(tree);
    return is_ours;
}
