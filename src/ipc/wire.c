/*
 * wire.c - fixed-width little-endian fields, written to a buffer and read back with bounds. Used by
 * frame.c for headers and by worker_protocol.c for messages.
 */
#include "ipc_private.h"

#include <string.h>

static void put(struct buffer *out, uint64_t value, size_t width)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < width; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    buffer_append(out, bytes, width);
}

void wire_put_u16(struct buffer *out, uint16_t value)
{
    put(out, value, 2);
}

void wire_put_u32(struct buffer *out, uint32_t value)
{
    put(out, value, 4);
}

void wire_put_u64(struct buffer *out, uint64_t value)
{
    put(out, value, 8);
}

void wire_put_bool(struct buffer *out, bool value)
{
    put(out, value, 1);
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool is_clean(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        if (is_control(t.ptr[i]))
            return false;
    }
    return text_is_utf8(t);
}

/* Longer strings are cut, which may split a character: then only ASCII is kept. */
void wire_put_string(struct buffer *out, const char *string, size_t size)
{
    char *field = buffer_reserve(out, size);
    if (field == NULL)
        return;
    size_t len = strnlen(string, size - 1);
    memset(field, 0, size);
    memcpy(field, string, len);
    bool is_utf8 = text_is_utf8((struct text){field, len});
    for (size_t i = 0; i < len; i++) {
        if (is_control(field[i]) || (!is_utf8 && (unsigned char)field[i] >= 0x80))
            field[i] = '?';
    }
    buffer_commit(out, size);
}

void wire_reader_init(struct wire_reader *r, struct text bytes)
{
    *r = (struct wire_reader){.rest = bytes};
}

void wire_refuse(struct wire_reader *r, const char *field)
{
    if (r->fault == NULL)
        r->fault = field;
    r->rest = TEXT("");
}

static const uint8_t *take(struct wire_reader *r, size_t len, const char *field)
{
    const uint8_t *bytes = (const uint8_t *)r->rest.ptr;
    if (r->fault != NULL || r->rest.len < len) {
        wire_refuse(r, field);
        return NULL;
    }
    r->rest.ptr += len;
    r->rest.len -= len;
    return bytes;
}

static uint64_t get(struct wire_reader *r, size_t width, uint64_t min, uint64_t max,
                    const char *field)
{
    const uint8_t *bytes = take(r, width, field);
    uint64_t value = 0;
    if (bytes == NULL)
        return 0;
    for (size_t i = 0; i < width; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    if (value >= min && value <= max)
        return value;
    wire_refuse(r, field);
    return 0;
}

uint16_t wire_u16(struct wire_reader *r, const char *field)
{
    return (uint16_t)get(r, 2, 0, UINT16_MAX, field);
}

uint32_t wire_u32(struct wire_reader *r, uint32_t min, uint32_t max, const char *field)
{
    return (uint32_t)get(r, 4, min, max, field);
}

uint64_t wire_u64(struct wire_reader *r, uint64_t min, uint64_t max, const char *field)
{
    return get(r, 8, min, max, field);
}

bool wire_bool(struct wire_reader *r, const char *field)
{
    return get(r, 1, 0, 1, field) == 1;
}

void wire_string(struct wire_reader *r, char *out, size_t size, const char *field)
{
    const char *bytes = (const char *)take(r, size, field);
    memset(out, 0, size);
    if (bytes == NULL)
        return;
    size_t len = strnlen(bytes, size);
    for (size_t i = len; i < size; i++) {
        if (bytes[i] != '\0')
            len = size;
    }
    if (len == size || !is_clean((struct text){bytes, len}))
        wire_refuse(r, field);
    else
        memcpy(out, bytes, len);
}

int wire_finish(const struct wire_reader *r, const char *message, struct error *err)
{
    if (r->fault != NULL)
        return error_set(err, ERROR_PROTOCOL, "the field %s of a %s is missing or wrong", r->fault,
                         message);
    if (r->rest.len > 0)
        return error_set(err, ERROR_PROTOCOL, "there are %zu bytes behind a %s", r->rest.len,
                         message);
    return 0;
}
