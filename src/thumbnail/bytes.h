/*
 * bytes.h - numbers out of bytes from outside. Reading beyond the end gives 0, so that a walker
 * needs no check before every field; it only has to make sure that it moves forward.
 */
#ifndef ONPUT_THUMBNAIL_BYTES_H
#define ONPUT_THUMBNAIL_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "onput/text.h"

static inline uint32_t byte_at(struct text t, size_t at)
{
    return at < t.len ? (uint8_t)t.ptr[at] : 0;
}

static inline uint32_t be16_at(struct text t, size_t at)
{
    return byte_at(t, at) << 8 | byte_at(t, at + 1);
}

static inline uint32_t be32_at(struct text t, size_t at)
{
    return be16_at(t, at) << 16 | be16_at(t, at + 2);
}

static inline uint32_t le16_at(struct text t, size_t at)
{
    return byte_at(t, at) | byte_at(t, at + 1) << 8;
}

static inline uint32_t le24_at(struct text t, size_t at)
{
    return le16_at(t, at) | byte_at(t, at + 2) << 16;
}

static inline uint32_t le32_at(struct text t, size_t at)
{
    return le16_at(t, at) | le16_at(t, at + 2) << 16;
}

/* True when the bytes from `at` on begin with the `len` bytes of `magic`. */
static inline bool bytes_are(struct text t, size_t at, const char *magic, size_t len)
{
    return at <= t.len && t.len - at >= len && memcmp(t.ptr + at, magic, len) == 0;
}

#endif
