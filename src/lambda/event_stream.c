/*
 * event_stream.c - see event_stream.h. invoke_stream.c says which events there are.
 */
#include "event_stream.h"

#include <stdint.h>
#include <string.h>

#include "onput/attributes.h"

enum { HEADER_TEXT = 7, HEADERS_MAX_BYTES = 512 };

/* CRC-32 (ISO 3309, reflected polynomial 0xedb88320) of each value of four bits. */
static const uint32_t crc_of_nibble[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

static uint32_t crc32_of(struct text t)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < t.len; i++) {
        crc ^= (unsigned char)t.ptr[i];
        crc = (crc >> 4) ^ crc_of_nibble[crc & 15];
        crc = (crc >> 4) ^ crc_of_nibble[crc & 15];
    }
    return ~crc;
}

static void append_u32(struct buffer *out, uint32_t value)
{
    unsigned char bytes[4] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
                              (unsigned char)(value >> 8), (unsigned char)value};
    buffer_append(out, bytes, sizeof(bytes));
}

static void append_header(struct buffer *out, const char *name, const char *value)
{
    size_t name_len = strlen(name), value_len = strlen(value);
    BUG_ON(name_len > 255 || value_len > 255);
    buffer_append_char(out, (char)name_len);
    buffer_append(out, name, name_len);
    buffer_append_char(out, HEADER_TEXT);
    buffer_append_char(out, 0);
    buffer_append_char(out, (char)value_len);
    buffer_append(out, value, value_len);
}

void event_stream_append(struct buffer *out, const char *event_type, const char *content_type,
                         struct text payload)
{
    AUTO_BUFFER struct buffer headers;
    BUG_ON(payload.len > EVENT_STREAM_PAYLOAD_MAX_BYTES);
    buffer_init(&headers, HEADERS_MAX_BYTES);
    append_header(&headers, ":event-type", event_type);
    append_header(&headers, ":content-type", content_type);
    append_header(&headers, ":message-type", "event");
    BUG_ON(buffer_failed(&headers));

    size_t from = out->len;
    append_u32(out, (uint32_t)(EVENT_STREAM_FRAME_BYTES + headers.len + payload.len));
    append_u32(out, (uint32_t)headers.len);
    append_u32(out, crc32_of(text_slice(buffer_text(out), from, out->len)));
    buffer_append_text(out, buffer_text(&headers));
    buffer_append_text(out, payload);
    append_u32(out, crc32_of(text_slice(buffer_text(out), from, out->len)));
}
