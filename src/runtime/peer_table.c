/*
 * A line of the kernel's table of TCP sockets, for peer.c:
 *
 *   sl: local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ...
 *
 * Addresses are hexadecimal words of the host's byte order, one for IPv4 and four for IPv6.
 */
#include "peer_table.h"

#include <string.h>

enum { WORD_DIGITS = 8, MAPPED_DIGITS = 4 * WORD_DIGITS, FIELDS = 10 };

static bool read_hex(struct text t, uint32_t *out)
{
    uint32_t value = 0;
    if (t.len == 0 || t.len > WORD_DIGITS)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'A' && c <= 'F')
            digit = (unsigned)(c - 'A') + 10;
        else
            return false;
        value = value << 4 | digit;
    }
    *out = value;
    return true;
}

/* ::ffff:a.b.c.d, whose first three words are those of this prefix as they lie in memory. */
static bool is_mapped(struct text words)
{
    static const unsigned char prefix[12] = {[10] = 0xff, [11] = 0xff};
    for (size_t i = 0; i < 3; i++) {
        uint32_t word;
        if (!read_hex(text_slice(words, i * WORD_DIGITS, (i + 1) * WORD_DIGITS), &word) ||
            memcmp(&word, prefix + 4 * i, sizeof(word)) != 0)
            return false;
    }
    return true;
}

static bool read_address(struct text t, struct peer_address *out)
{
    struct text port = t;
    struct text address = text_cut(&port, ':');
    uint32_t word, number;
    if (address.len == MAPPED_DIGITS && is_mapped(address))
        address = text_slice(address, MAPPED_DIGITS - WORD_DIGITS, MAPPED_DIGITS);
    if (address.len != WORD_DIGITS || !read_hex(address, &word) || port.len != 4 ||
        !read_hex(port, &number))
        return false;
    out->address = word;
    out->port = (uint16_t)number;
    return true;
}

/* The next field between blanks; empty at the end. */
static struct text next_field(struct text *rest)
{
    *rest = text_trim(*rest);
    return text_cut(rest, ' ');
}

bool peer_table_read(struct text line, struct peer_socket *out)
{
    struct text fields[FIELDS];
    struct text rest = line;
    struct peer_socket s = {0};
    struct error ignored = {0};
    uint64_t uid;
    for (size_t i = 0; i < FIELDS; i++)
        fields[i] = next_field(&rest);
    if (!text_ends_with(fields[0], TEXT(":")) || !read_address(fields[1], &s.local) ||
        !read_address(fields[2], &s.remote) ||
        text_to_u64(fields[7], UINT32_MAX, "uid", &uid, &ignored) < 0 ||
        text_to_u64(fields[9], UINT64_MAX, "inode", &s.inode, &ignored) < 0)
        return false;
    s.uid = (uid_t)uid;
    *out = s;
    return true;
}
