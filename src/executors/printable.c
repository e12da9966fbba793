/*
 * printable.c - see printable.h. The message goes to the log, and to the reason of a dead letter
 * that an operator reads on a terminal.
 */
#include "printable.h"

#include <string.h>

#include "onput/text.h"

enum { CHARACTER_MAX_BYTES = 4 };

/* Bytes of the first character; 0: it is none. */
static size_t first_character(struct text t)
{
    for (size_t len = 1; len <= CHARACTER_MAX_BYTES && len <= t.len; len++) {
        if (text_is_utf8(text_slice(t, 0, len)))
            return len;
    }
    return 0;
}

/* C0, DEL and C1. */
static bool is_control(struct text character)
{
    unsigned char first = (unsigned char)character.ptr[0];
    if (character.len == 1)
        return first < 0x20 || first == 0x7f;
    return first == 0xc2 && (unsigned char)character.ptr[1] < 0xa0;
}

void error_make_printable(struct error *err)
{
    struct text rest = text_of(err->message);
    char *out = err->message; /* never ahead of what is read */
    while (rest.len > 0) {
        size_t len = first_character(rest);
        struct text character = text_slice(rest, 0, len);
        rest = text_slice(rest, len > 0 ? len : 1, rest.len);
        if (len == 0) {
            *out++ = '?';
        } else if (is_control(character)) {
            *out++ = ' ';
        } else {
            memmove(out, character.ptr, len);
            out += len;
        }
    }
    *out = '\0';
}
