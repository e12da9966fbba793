/*
 * identity.c - the 16 bytes by which a repeated notification is known for the same event. Two
 * events are the same when store, bucket, key, version (or eTag), sequencer, name and function are.
 *
 * Rows of the queue keep these bytes: a change of the recipe lets events that are in flight run
 * twice.
 */
#include <stdint.h>
#include <string.h>

#include "onput/event_decode.h"
#include "onput/hash.h"

_Static_assert((int)EVENT_IDENTITY_BYTES <= (int)SHA256_BYTES, "a prefix of the digest");

/* The length goes first, so that no two lists of fields run together to the same bytes. */
static void add_field(struct sha256_stream *stream, struct text field)
{
    uint8_t len[8];

    for (size_t i = 0; i < sizeof(len); i++)
        len[i] = (uint8_t)((uint64_t)field.len >> (8 * i));
    sha256_stream_add(stream, len, sizeof(len));
    sha256_stream_add(stream, field.ptr, field.len);
}

void event_identity(const struct event *event, struct text store, struct text function,
                    unsigned char out[EVENT_IDENTITY_BYTES])
{
    struct sha256_stream *stream = sha256_stream_new();
    bool is_versioned = event->version_id.len > 0;
    uint8_t digest[SHA256_BYTES];

    add_field(stream, store);
    add_field(stream, event->bucket);
    add_field(stream, event->key);
    add_field(stream, is_versioned ? TEXT("version") : TEXT("etag"));
    add_field(stream, is_versioned ? event->version_id : event->etag);
    add_field(stream, event->sequencer);
    if (event->sequencer.len == 0) /* else a key removed and made again would look repeated */
        add_field(stream, (struct text){(const char *)&event->time_ms, sizeof(event->time_ms)});
    add_field(stream, event->name);
    add_field(stream, function);
    sha256_stream_end(stream, digest);
    memcpy(out, digest, EVENT_IDENTITY_BYTES);
}
