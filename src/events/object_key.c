/*
 * object_key.c - the one place where the key of an object in a notification is decoded and checked.
 * Which encoding a sender uses is a property of its dialect.
 */
#include <string.h>

#include "onput/buffer.h"
#include "onput/encoding.h"
#include "onput/event_decode.h"

/* Every byte of a key takes at most "%XX". */
enum { MAX_ENCODED_BYTES = 3 * EVENT_MAX_KEY_BYTES };

static int too_long(size_t len, struct error *err)
{
    return error_set(err, ERROR_LIMIT, "the key is longer than %d bytes (it takes %zu as sent)",
                     EVENT_MAX_KEY_BYTES, len);
}

static int check_key(struct text key, size_t sent_len, struct error *err)
{
    if (key.len == 0)
        return error_set(err, ERROR_INVALID, "the key is empty");
    if (key.len > EVENT_MAX_KEY_BYTES)
        return too_long(sent_len, err);
    if (memchr(key.ptr, '\0', key.len) != NULL)
        return error_set(err, ERROR_INVALID, "the key holds a NUL byte");
    return 0;
}

int event_decode_key(struct text encoded, enum event_key_encoding encoding, struct arena *arena,
                     struct text *out, struct error *err)
{
    AUTO_BUFFER struct buffer decoded = {0};
    struct text key = encoded;

    if (encoded.len > MAX_ENCODED_BYTES)
        return too_long(encoded.len, err);
    if (encoding == EVENT_KEY_FORM) {
        buffer_init(&decoded, MAX_ENCODED_BYTES);
        if (uri_decode(encoded, true, &decoded, err) < 0)
            return error_prefix(err, "the form-encoded key");
        key = buffer_text(&decoded);
    }
    if (check_key(key, encoded.len, err) < 0)
        return -1;
    *out = arena_text(arena, key);
    return 0;
}
