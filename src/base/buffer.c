/*
 * buffer.c - see onput/buffer.h. Grows by doubling up to the maximum; memory comes from memory.c.
 *
 * `capacity` is the room for content; one more byte is always allocated for the closing NUL. An
 * empty buffer owns nothing: it points at a constant and has capacity 0, so nothing is written
 * there.
 */
#include "onput/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onput/memory.h"

enum { FIRST_CAPACITY = 127 };

static const char nothing[1] = "";

void buffer_init(struct buffer *b, size_t max)
{
    /* One byte more than max is needed for the NUL. */
    *b = (struct buffer){.data = (char *)nothing, .max = max < SIZE_MAX / 2 ? max : SIZE_MAX / 2};
}

void buffer_release(struct buffer *b)
{
    if (b->capacity > 0)
        free(b->data);
    buffer_init(b, b->max);
}

void buffer_reset(struct buffer *b)
{
    b->failed = false;
    buffer_truncate(b, 0);
}

bool buffer_failed(const struct buffer *b)
{
    return b->failed;
}

struct text buffer_text(const struct buffer *b)
{
    return (struct text){b->data == NULL ? nothing : b->data, b->len};
}

char *buffer_take(struct buffer *b, size_t *out_len_or_null)
{
    char *taken = b->capacity > 0 ? b->data : xcalloc(1, 1);

    if (out_len_or_null != NULL)
        *out_len_or_null = b->len;
    buffer_init(b, b->max);
    return taken;
}

/* Slow path of make_room(). */
static bool grow(struct buffer *b, size_t len)
{
    size_t capacity = b->capacity < FIRST_CAPACITY / 2 ? FIRST_CAPACITY : b->capacity * 2;

    if (len > b->max - b->len) {
        b->failed = true;
        return false;
    }
    if (capacity < b->len + len)
        capacity = b->len + len;
    if (capacity > b->max)
        capacity = b->max;
    b->data = xrealloc_array(b->capacity > 0 ? b->data : NULL, capacity + 1, 1);
    b->data[b->len] = '\0';
    b->capacity = capacity;
    return true;
}

static inline bool make_room(struct buffer *b, size_t len)
{
    if (__builtin_expect(b->failed, 0))
        return false;
    if (__builtin_expect(len <= b->capacity - b->len, 1))
        return true;
    return grow(b, len);
}

void buffer_append(struct buffer *b, const void *bytes, size_t len)
{
    if (len == 0 || !make_room(b, len))
        return;
    memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buffer_append_text(struct buffer *b, struct text t)
{
    buffer_append(b, t.ptr, t.len);
}

void buffer_append_string(struct buffer *b, const char *string)
{
    buffer_append(b, string, strlen(string));
}

void buffer_append_char(struct buffer *b, char c)
{
    if (!make_room(b, 1))
        return;
    b->data[b->len++] = c;
    b->data[b->len] = '\0';
}

void buffer_append_i64(struct buffer *b, int64_t value)
{
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char digits[21];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude > 0);
    if (value < 0)
        digits[--at] = '-';
    buffer_append(b, digits + at, sizeof(digits) - at);
}

void buffer_append_u64(struct buffer *b, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buffer_append(b, digits + at, sizeof(digits) - at);
}

void buffer_appendf(struct buffer *b, const char *fmt, ...)
{
    size_t room = b->capacity - b->len;
    va_list args;
    int len;

    if (b->failed)
        return;
    va_start(args, fmt);
    len = vsnprintf(room > 0 ? b->data + b->len : NULL, room > 0 ? room + 1 : 0, fmt, args);
    va_end(args);
    if (len > 0 && (size_t)len > room && make_room(b, (size_t)len)) {
        va_start(args, fmt);
        len = vsnprintf(b->data + b->len, (size_t)len + 1, fmt, args);
        va_end(args);
    }
    if (len < 0)
        b->failed = true;
    else if (!b->failed)
        b->len += (size_t)len;
    if (b->capacity > 0)
        b->data[b->len] = '\0';
}

void *buffer_reserve(struct buffer *b, size_t len)
{
    return make_room(b, len) ? b->data + b->len : NULL;
}

void buffer_commit(struct buffer *b, size_t len)
{
    BUG_ON(len > b->capacity - b->len);
    if (len == 0)
        return;
    b->len += len;
    b->data[b->len] = '\0';
}

void buffer_truncate(struct buffer *b, size_t len)
{
    BUG_ON(len > b->len);
    b->len = len;
    if (b->capacity > 0)
        b->data[len] = '\0';
}
