/*
 * shape_text.c - the words of validation messages: values as Java writes them, and constraints.
 */
#include "shape.h"

#include <inttypes.h>
#include <string.h>

/* Values come back in messages; nobody needs all of a long one. */
enum { VALUE_MAX_BYTES = 2048, VALUE_MAX_DEPTH = 4 };

int64_t shape_text_length(struct text t)
{
    int64_t n = 0;
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.ptr[i];
        n += (c & 0xc0) != 0x80;
        n += c >= 0xf0; /* two units beyond the first plane */
    }
    return n;
}

/* The text, or its beginning up to a whole character. */
static void append_cut(struct buffer *out, size_t start, struct text t)
{
    size_t room = VALUE_MAX_BYTES > out->len - start ? VALUE_MAX_BYTES - (out->len - start) : 0;
    if (t.len <= room) {
        buffer_append_text(out, t);
        return;
    }
    while (room > 0 && ((unsigned char)t.ptr[room] & 0xc0) == 0x80)
        room--;
    buffer_append_text(out, text_slice(t, 0, room));
}

static bool is_full(const struct buffer *out, size_t start)
{
    return out->len - start >= VALUE_MAX_BYTES;
}

static void write_value(struct json_object *value, int depth, size_t start, struct buffer *out);

static void write_list(struct json_object *list, int depth, size_t start, struct buffer *out)
{
    append_cut(out, start, TEXT("["));
    for (size_t i = 0; i < json_object_array_length(list) && !is_full(out, start); i++) {
        if (i > 0)
            append_cut(out, start, TEXT(", "));
        write_value(json_object_array_get_idx(list, i), depth, start, out);
    }
    append_cut(out, start, TEXT("]"));
}

static void write_map(struct json_object *map, int depth, size_t start, struct buffer *out)
{
    bool is_first = true;
    append_cut(out, start, TEXT("{"));
    json_object_object_foreach(map, key, value)
    {
        if (is_full(out, start))
            break;
        if (!is_first)
            append_cut(out, start, TEXT(", "));
        is_first = false;
        append_cut(out, start, text_of(key));
        append_cut(out, start, TEXT("="));
        write_value(value, depth, start, out);
    }
    append_cut(out, start, TEXT("}"));
}

static void write_value(struct json_object *value, int depth, size_t start, struct buffer *out)
{
    switch (json_object_get_type(value)) {
    case json_type_array:
        if (depth < VALUE_MAX_DEPTH)
            write_list(value, depth + 1, start, out);
        break;
    case json_type_object:
        if (depth < VALUE_MAX_DEPTH)
            write_map(value, depth + 1, start, out);
        break;
    case json_type_string:
        append_cut(out, start, json_text(value));
        break;
    case json_type_null:
    case json_type_boolean:
    case json_type_double:
    case json_type_int:
        append_cut(out, start, text_of(json_object_to_json_string(value)));
        break;
    }
}

void shape_write_value(struct json_object *value_or_null, struct buffer *out)
{
    if (!value_or_null) {
        buffer_append_string(out, "null");
        return;
    }
    buffer_append_char(out, '\'');
    write_value(value_or_null, 0, out->len, out);
    buffer_append_char(out, '\'');
}

static void write_bound(const struct member *m, const char *relation, int64_t bound,
                        struct buffer *out)
{
    bool is_number = m->type == TYPE_INTEGER || m->type == TYPE_NUMBER;
    buffer_appendf(out, "Member must have %s %s than or equal to %" PRId64 "%s, ",
                   is_number ? "value" : "length", relation, bound,
                   m->type == TYPE_NUMBER ? ".0" : "");
}

void shape_write_constraints(const struct member *m, struct buffer *out)
{
    size_t start = out->len;
    if (m->choices)
        buffer_appendf(out, "Member must satisfy enum value set: [%s], ", m->choices);
    if (m->has_max)
        write_bound(m, "less", m->max, out);
    if (m->has_min)
        write_bound(m, "greater", m->min, out);
    if (m->pattern)
        buffer_appendf(out, "Member must satisfy regular expression pattern: %s, ",
                       m->pattern->text);
    if (!m->may_be_null)
        buffer_append_string(out, "Member must not be null");
    else if (out->len > start)
        buffer_truncate(out, out->len - strlen(", "));
}
