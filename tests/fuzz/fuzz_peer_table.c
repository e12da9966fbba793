/*
 * fuzz_peer_table.c - lines of /proc/net/tcp on any bytes: what is read is in the line.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "onput/attributes.h"
#include "peer_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text rest = {(const char *)data, size};
    while (rest.len > 0) {
        struct text line = text_cut(&rest, '\n');
        struct peer_socket s = {.inode = 1};
        char port[8];
        if (!peer_table_read(line, &s)) {
            BUG_ON(s.inode != 1 || s.uid != 0);
            continue;
        }
        snprintf(port, sizeof(port), ":%04X ", (unsigned)s.local.port);
        BUG_ON(memmem(line.ptr, line.len, port, 6) == NULL);
    }
    return 0;
}
