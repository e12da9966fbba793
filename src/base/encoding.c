/*
 * encoding.c - see onput/encoding.h. Byte encodings; every decoder works into reserved room of the
 * output buffer and commits it only when the whole input was right.
 */
#include "onput/encoding.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base_private.h"

static const char lower_hex[] = "0123456789abcdef";
static const char upper_hex[] = "0123456789ABCDEF";

static char *reserve(struct buffer *out, size_t len, struct error *err)
{
    char *room = buffer_reserve(out, len);

    if (room == NULL)
        error_set(err, ERROR_LIMIT, "the decoded text is longer than %zu bytes", out->max);
    return room;
}

void hex_encode(const void *bytes, size_t len, char *out)
{
    const uint8_t *in = bytes;

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = lower_hex[in[i] >> 4];
        out[2 * i + 1] = lower_hex[in[i] & 15];
    }
    out[2 * len] = '\0';
}

void buffer_append_hex(struct buffer *b, const void *bytes, size_t len)
{
    char *room;

    BUG_ON(len > SIZE_MAX / 4);
    room = buffer_reserve(b, 2 * len);
    if (room == NULL || len == 0)
        return;
    hex_encode(bytes, len, room);
    buffer_commit(b, 2 * len);
}

int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The byte behind two hex digits, or -1. */
static int hex_pair(const char *p)
{
    int high = hex_value(p[0]);
    int low = hex_value(p[1]);

    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

int hex_decode(struct text t, struct buffer *out, struct error *err)
{
    char *room;

    if (t.len % 2 != 0)
        return error_set(err, ERROR_INVALID, "a hex text has an odd number of digits");
    room = reserve(out, t.len / 2, err);
    if (room == NULL)
        return -1;
    for (size_t i = 0; i < t.len / 2; i++) {
        int byte = hex_pair(t.ptr + 2 * i);
        if (byte < 0)
            return error_set(err, ERROR_INVALID, "a hex text holds something that is no hex digit");
        room[i] = (char)byte;
    }
    buffer_commit(out, t.len / 2);
    return 0;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void buffer_append_base64(struct buffer *b, const void *bytes, size_t len)
{
    const uint8_t *in = bytes;
    size_t size;
    char *room;

    BUG_ON(len > SIZE_MAX / 4);
    size = (len + 2) / 3 * 4;
    room = buffer_reserve(b, size);
    if (room == NULL || len == 0)
        return;
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t bits = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                        (left > 2 ? in[i + 2] : 0);
        *room++ = base64_digits[bits >> 18];
        *room++ = base64_digits[bits >> 12 & 63];
        *room++ = left > 1 ? base64_digits[bits >> 6 & 63] : '=';
        *room++ = left > 2 ? base64_digits[bits & 63] : '=';
    }
    buffer_commit(b, size);
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/*
 * Decodes four digits of which `count` (2 to 4) are not padding. False when one is no digit, or
 * when bits that belong to no byte are set: then two texts would mean the same bytes.
 */
static bool base64_quad(const char *in, size_t count, char *out)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < count; i++) {
        int value = base64_value(in[i]);
        if (value < 0)
            return false;
        bits |= (uint32_t)value << (18 - 6 * i);
    }
    for (size_t i = 0; i + 1 < count; i++)
        out[i] = (char)(bits >> (16 - 8 * i));
    return (bits & (0xffffffu >> (8 * (count - 1)))) == 0;
}

int base64_decode(struct text t, struct buffer *out, struct error *err)
{
    size_t padding = 0;
    size_t size;
    char *room;

    if (t.len % 4 != 0)
        return error_set(err, ERROR_INVALID, "the length of a base64 text is not a multiple of 4");
    while (padding < 2 && padding < t.len && t.ptr[t.len - 1 - padding] == '=')
        padding++;
    size = t.len / 4 * 3 - padding;
    room = reserve(out, size, err);
    if (room == NULL)
        return -1;
    for (size_t i = 0; i < t.len; i += 4) {
        size_t count = i + 4 == t.len ? 4 - padding : 4;
        if (!base64_quad(t.ptr + i, count, room + i / 4 * 3))
            return error_set(err, ERROR_INVALID, "a base64 text is malformed at position %zu", i);
    }
    buffer_commit(out, size);
    return 0;
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void buffer_append_uri(struct buffer *b, struct text t, bool keep_slash)
{
    size_t from = 0;

    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.ptr[i];
        char escape[3];

        if (is_unreserved(t.ptr[i]) || (keep_slash && c == '/'))
            continue;
        escape[0] = '%';
        escape[1] = upper_hex[c >> 4];
        escape[2] = upper_hex[c & 15];
        buffer_append(b, t.ptr + from, i - from);
        buffer_append(b, escape, sizeof(escape));
        from = i + 1;
    }
    buffer_append(b, t.ptr + from, t.len - from);
}

/* Checks all escapes and counts the bytes that come out. */
static int uri_decoded_size(struct text t, size_t *out_size, struct error *err)
{
    size_t size = 0;

    for (size_t i = 0; i < t.len; i++, size++) {
        if (t.ptr[i] != '%')
            continue;
        if (t.len - i < 3 || hex_pair(t.ptr + i + 1) < 0)
            return error_set(err, ERROR_INVALID,
                             "a %% is not followed by two hex digits at position %zu", i);
        i += 2;
    }
    *out_size = size;
    return 0;
}

int uri_decode(struct text t, bool plus_is_space, struct buffer *out, struct error *err)
{
    size_t size = 0;
    char *room;

    if (uri_decoded_size(t, &size, err) != 0)
        return -1;
    room = reserve(out, size, err);
    if (room == NULL)
        return -1;
    for (size_t i = 0; i < t.len; i++) {
        if (t.ptr[i] == '%') {
            *room++ = (char)hex_pair(t.ptr + i + 1);
            i += 2;
        } else {
            *room++ = t.ptr[i] == '+' && plus_is_space ? ' ' : t.ptr[i];
        }
    }
    buffer_commit(out, size);
    return 0;
}

static const char *xml_entity(unsigned char c, char room[8])
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&apos;";
    default:
        if (c >= 0x20 && c != 0x7f)
            return NULL;
        snprintf(room, 8, "&#%u;", c);
        return room;
    }
}

void buffer_append_xml(struct buffer *b, struct text t)
{
    size_t from = 0;

    for (size_t i = 0; i < t.len; i++) {
        char room[8];
        const char *entity = xml_entity((unsigned char)t.ptr[i], room);

        if (entity == NULL)
            continue;
        buffer_append(b, t.ptr + from, i - from);
        buffer_append_string(b, entity);
        from = i + 1;
    }
    buffer_append(b, t.ptr + from, t.len - from);
}

/* 1: stands for itself in a JSON string. Bytes from 0x80 on are looked at more closely. */
static const uint8_t json_plain[256] = {
    [' '] = 1,
    ['!'] = 1,
    ['#' ... '['] = 1,
    [']' ... '~'] = 1,
};

/* True for a sequence of `len` bytes that may stay: not a C1 control character, not U+2028/9. */
static bool json_sequence_is_plain(const char *p, size_t len)
{
    if (len == 2)
        return !((unsigned char)p[0] == 0xc2 && (unsigned char)p[1] < 0xa0);
    return len > 1 && memcmp(p, "\xe2\x80\xa8", 3) != 0 && memcmp(p, "\xe2\x80\xa9", 3) != 0;
}

size_t json_plain_until(struct text t, size_t from)
{
    size_t i = from;

    while (i < t.len) {
        size_t len;

        if (json_plain[(unsigned char)t.ptr[i]]) {
            i++;
            continue;
        }
        if ((unsigned char)t.ptr[i] < 0x80)
            break;
        len = utf8_sequence(t.ptr + i, t.len - i);
        if (len == 0 || !json_sequence_is_plain(t.ptr + i, len))
            break;
        i += len;
    }
    return i;
}

static size_t json_escape_code(unsigned code, char out[JSON_ESCAPE_BYTES])
{
    out[0] = '\\';
    out[1] = 'u';
    out[2] = lower_hex[code >> 12 & 15];
    out[3] = lower_hex[code >> 8 & 15];
    out[4] = lower_hex[code >> 4 & 15];
    out[5] = lower_hex[code & 15];
    return 6;
}

/* The letter of the short escape (\n and so on), or 0. */
static char json_short_escape(unsigned char c)
{
    switch (c) {
    case '"':
        return '"';
    case '\\':
        return '\\';
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return '\0';
    }
}

size_t json_escape_one(struct text t, size_t *pos, char out[JSON_ESCAPE_BYTES])
{
    const unsigned char *p = (const unsigned char *)t.ptr + *pos;
    size_t len = utf8_sequence(t.ptr + *pos, t.len - *pos);

    *pos += len == 0 ? 1 : len;
    if (len == 0) {
        memcpy(out, "\xef\xbf\xbd", 3);
        return 3;
    }
    if (len == 2)
        return json_escape_code((p[0] & 0x1fu) << 6 | (p[1] & 0x3fu), out);
    if (len == 3)
        return json_escape_code((p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu), out);
    BUG_ON(len != 1);
    out[0] = '\\';
    out[1] = json_short_escape(p[0]);
    return out[1] != '\0' ? 2 : json_escape_code(p[0], out);
}

void buffer_append_json_escaped(struct buffer *b, struct text t)
{
    size_t at = 0;

    while (at < t.len) {
        size_t plain = json_plain_until(t, at);
        char escape[JSON_ESCAPE_BYTES];
        size_t len;

        buffer_append(b, t.ptr + at, plain - at);
        at = plain;
        if (at == t.len)
            break;
        len = json_escape_one(t, &at, escape);
        buffer_append(b, escape, len);
    }
}

void random_bytes(void *out, size_t len)
{
    char *room = out;

    while (len > 0) {
        ssize_t got = getrandom(room, len, 0);

        if (got < 0 && errno == EINTR)
            continue;
        BUG_ON(got <= 0);
        room += got;
        len -= (size_t)got;
    }
}

uint64_t random_u64(void)
{
    uint64_t value;

    random_bytes(&value, sizeof(value));
    return value;
}

/* RFC 9562 section 5.4: version 4 and the variant are fixed, everything else is random. */
char *uuid_v4(char out[UUID_TEXT_BYTES])
{
    static const uint8_t group_bytes[] = {4, 2, 2, 2, 6};
    uint8_t bytes[16];
    const uint8_t *in = bytes;
    char *room = out;

    random_bytes(bytes, sizeof(bytes));
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < ARRAY_LEN(group_bytes); i++) {
        if (i > 0)
            *room++ = '-';
        hex_encode(in, group_bytes[i], room);
        room += 2 * group_bytes[i];
        in += group_bytes[i];
    }
    return out;
}
