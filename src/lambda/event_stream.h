/*
 * event_stream.h - AWS's binary framing of a stream of events. Pure.
 *
 * One message: u32 total length, u32 length of the headers, u32 CRC-32 of those eight bytes, the
 * headers, the payload, u32 CRC-32 of everything before; all big-endian. A header is u8 length and
 * name, u8 type (7: text), u16 length and value.
 *
 * Source: AWS "Event stream encoding" (application/vnd.amazon.eventstream).
 */
#ifndef ONPUT_LAMBDA_EVENT_STREAM_H
#define ONPUT_LAMBDA_EVENT_STREAM_H

#include <stddef.h>

#include "onput/buffer.h"
#include "onput/text.h"

enum {
    EVENT_STREAM_FRAME_BYTES = 16,             /* of a message without headers and payload */
    EVENT_STREAM_PAYLOAD_MAX_BYTES = 64 * 1024 /* that we put into one message */
};

/* One message of an event: its type and the type of its content become headers. The payload is at
 * most EVENT_STREAM_PAYLOAD_MAX_BYTES long. */
void event_stream_append(struct buffer *out, const char *event_type, const char *content_type,
                         struct text payload);

#endif
