/*
 * buffer.h - growing bytes with a maximum given at birth.
 *
 * Invariants: data is never NULL and data[len] is 0; data may hold NUL bytes. A buffer that would
 * pass `max` becomes *failed*: it keeps what it has and ignores further appends, so that a writer
 * can append many parts and check buffer_failed() once at the end.
 *
 * Life cycle: buffer_init() on the caller's storage, buffer_release() frees. buffer_take() hands
 * the bytes to the caller (free()) and leaves an empty buffer.
 */
#ifndef ONPUT_BUFFER_H
#define ONPUT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "onput/attributes.h"
#include "onput/text.h"

struct buffer {
    char *data;
    size_t len;
    size_t capacity;
    size_t max;
    bool failed;
};

#define AUTO_BUFFER __attribute__((cleanup(buffer_release)))

void buffer_init(struct buffer *b, size_t max);
void buffer_release(struct buffer *b); /* safe on a zeroed struct, and twice */
void buffer_reset(struct buffer *b);   /* empty and not failed; keeps the room */

bool buffer_failed(const struct buffer *b);
struct text buffer_text(const struct buffer *b); /* valid until the next append */
char *buffer_take(struct buffer *b, size_t *out_len_or_null);

void buffer_append(struct buffer *b, const void *bytes, size_t len);
void buffer_append_text(struct buffer *b, struct text t);
void buffer_append_string(struct buffer *b, const char *string);
void buffer_append_char(struct buffer *b, char c);
void buffer_append_i64(struct buffer *b, int64_t value);
void buffer_append_u64(struct buffer *b, uint64_t value);
void buffer_appendf(struct buffer *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Room for `len` more bytes at data + len, for reading into; NULL (and failed) beyond max. */
void *buffer_reserve(struct buffer *b, size_t len);
void buffer_commit(struct buffer *b, size_t len); /* len <= what was reserved */
void buffer_truncate(struct buffer *b, size_t len);

#endif
