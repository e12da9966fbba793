/*
 * failure_text.c - see failure_text.h. The payload is bytes from outside; its line goes to logs and
 * to the reason of a dead letter.
 */
#include "failure_text.h"

#include <string.h>

#include "onput/buffer.h"
#include "onput/json.h"

/* Larger ones hold a stack or data: to read them for one line is not worth it. */
enum { PAYLOAD_MAX_BYTES = 256 * 1024, TYPE_MAX_BYTES = 100 };

static struct text member(struct json_object *payload, const char *name)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(payload, name, &value);
    return json_text(value);
}

/* No longer than `max`, and not within a character. */
static struct text cut(struct text t, size_t max)
{
    size_t len = t.len < max ? t.len : max;
    while (len < t.len && len > 0 && ((unsigned char)t.ptr[len] & 0xc0) == 0x80)
        len--;
    return text_slice(t, 0, len);
}

static void append_printable(struct buffer *out, struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.ptr[i];
        buffer_append_char(out, c < 0x20 || c == 0x7f ? ' ' : (char)c);
    }
}

static void write_line(struct json_object *payload, struct buffer *out)
{
    struct text type = cut(member(payload, "errorType"), TYPE_MAX_BYTES);
    struct text message = member(payload, "errorMessage");
    append_printable(out, type);
    if (type.len > 0 && message.len > 0)
        buffer_append_string(out, ": ");
    append_printable(out, cut(message, ERROR_MESSAGE_BYTES - 1 - out->len));
}

void failure_explain(struct text payload, struct error *err)
{
    AUTO_JSON struct json_object *json = NULL;
    AUTO_BUFFER struct buffer line;
    struct error ignored = {0};
    buffer_init(&line, ERROR_MESSAGE_BYTES - 1);
    if (payload.len == 0 || payload.len > PAYLOAD_MAX_BYTES ||
        json_parse(payload, &json, &ignored) < 0 || !json_object_is_type(json, json_type_object))
        return;
    write_line(json, &line);
    if (line.len == 0)
        return;
    memcpy(err->message, line.data, line.len + 1);
}
