/*
 * The texts of the Runtime API, see api_text.h. Used by exchange_process.c and failure.c;
 * everything here comes from a user's process and is fuzzed.
 */
#include "api_text.h"

#include "onput/encoding.h"
#include "onput/json.h"

enum { MESSAGE_OF_BYTES_MAX = 4096 };

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
    return is_upper(c) || (c >= 'a' && c <= 'z');
}

/* ^[A-Z][a-zA-Z]+$ */
static bool is_name(struct text t)
{
    if (t.len < 2 || !is_upper(t.ptr[0]))
        return false;
    for (size_t i = 1; i < t.len; i++) {
        if (!is_letter(t.ptr[i]))
            return false;
    }
    return true;
}

struct text api_error_type(struct text header)
{
    if (header.len == 0)
        return TEXT("");
    struct text name = header;
    struct text origin = text_cut(&name, '.');
    bool is_function = text_is(origin, "Function");
    if ((is_function || text_is(origin, "Runtime")) && is_name(name))
        return header;
    return is_function && origin.len < header.len ? TEXT("Function.Unknown")
                                                  : TEXT("Runtime.Unknown");
}

void api_append_error(struct buffer *out, struct text type, struct text message)
{
    buffer_append_string(out, "{\"errorType\":\"");
    buffer_append_json_escaped(out, type);
    buffer_append_string(out, "\",\"errorMessage\":\"");
    buffer_append_json_escaped(out, message);
    buffer_append_string(out, "\"}");
}

void api_append_posted_error(struct buffer *out, struct text body, struct text type)
{
    struct error ignored = {0};
    if (json_scan(body, &ignored) == 0) {
        buffer_append_text(out, body);
        return;
    }
    api_append_error(out, type.len > 0 ? type : TEXT("Runtime.Unknown"),
                     text_slice(body, 0, MESSAGE_OF_BYTES_MAX));
}

void api_append_trailer_error(struct buffer *out, struct text base64, struct text type)
{
    struct error ignored = {0};
    AUTO_BUFFER struct buffer body;
    buffer_init(&body, base64.len);
    if (base64_decode(base64, &body, &ignored) == 0)
        api_append_posted_error(out, buffer_text(&body), type);
    else
        api_append_posted_error(out, base64, type);
}

/* The code point at *at of valid UTF-8, and steps over it. */
static uint32_t next_code_point(struct text t, size_t *at)
{
    unsigned char first = (unsigned char)t.ptr[(*at)++];
    if (first < 0x80)
        return first;
    int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    uint32_t point = first & (0x3fu >> more);
    while (more-- > 0)
        point = point << 6 | ((unsigned char)t.ptr[(*at)++] & 0x3fu);
    return point;
}

static void append_escaped(struct buffer *out, uint32_t point)
{
    if (point >= 0x10000) {
        point -= 0x10000;
        buffer_appendf(out, "\\u%04x\\u%04x", 0xd800 | point >> 10, 0xdc00 | (point & 0x3ff));
    } else {
        buffer_appendf(out, "\\u%04x", point);
    }
}

struct text api_header_json(struct text json, struct arena *arena)
{
    size_t at = 0;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 6 * json.len);
    bool is_utf8 = text_is_utf8(json);
    while (at < json.len) {
        unsigned char c = (unsigned char)json.ptr[at];
        if (c >= 0x80 && is_utf8) {
            append_escaped(&out, next_code_point(json, &at));
            continue;
        }
        at++;
        buffer_append_char(&out, c < ' ' || c == 0x7f ? ' ' : c >= 0x80 ? '?' : (char)c);
    }
    return arena_text(arena, buffer_text(&out));
}
