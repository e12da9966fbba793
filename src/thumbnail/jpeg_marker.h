/*
 * jpeg_marker.h - marker codes of JPEG (ITU T.81 table B.1), and the way from one to the next.
 */
#ifndef ONPUT_THUMBNAIL_JPEG_MARKER_H
#define ONPUT_THUMBNAIL_JPEG_MARKER_H

#include "bytes.h"

enum {
    JPEG_TEM = 0x01,
    JPEG_SOF0 = 0xc0,
    JPEG_SOF2 = 0xc2,
    JPEG_DHT = 0xc4,
    JPEG_JPG = 0xc8,
    JPEG_DAC = 0xcc,
    JPEG_SOF15 = 0xcf,
    JPEG_RST0 = 0xd0,
    JPEG_RST7 = 0xd7,
    JPEG_SOI = 0xd8,
    JPEG_EOI = 0xd9,
    JPEG_SOS = 0xda,
    JPEG_DRI = 0xdd,
};

/* Position of the next marker's code, or bytes.len. Skips entropy-coded data and fill bytes. */
static inline size_t jpeg_next_marker(struct text bytes, size_t at)
{
    while (at < bytes.len) {
        const char *ff = memchr(bytes.ptr + at, 0xff, bytes.len - at);
        if (!ff)
            return bytes.len;
        at = (size_t)(ff - bytes.ptr) + 1;
        uint32_t code = byte_at(bytes, at);
        if (code != 0 && code != 0xff && !(code >= JPEG_RST0 && code <= JPEG_RST7))
            return at;
    }
    return bytes.len;
}

/* Behind the segment whose marker code is at `at`; may lie beyond the end. */
static inline size_t jpeg_segment_end(struct text bytes, size_t at)
{
    uint32_t code = byte_at(bytes, at);
    bool is_bare = code == JPEG_TEM || code == JPEG_SOI || code == JPEG_EOI;
    return at + 1 + (is_bare ? 0 : be16_at(bytes, at + 1));
}

static inline bool jpeg_is_frame_header(uint32_t code)
{
    return code >= JPEG_SOF0 && code <= JPEG_SOF15 && code != JPEG_DHT && code != JPEG_JPG &&
           code != JPEG_DAC;
}

#endif
