/*
 * json_write.c - see onput/json.h. Puts commas, quotes and escapes into a buffer.
 */
#include "onput/json.h"

#include "onput/encoding.h"

void json_writer_init(struct json_writer *w, struct buffer *out)
{
    *w = (struct json_writer){.out = out};
}

static void before_value(struct json_writer *w)
{
    if (w->comma)
        buffer_append_char(w->out, ',');
    w->comma = true;
}

static void begin(struct json_writer *w, char bracket)
{
    before_value(w);
    buffer_append_char(w->out, bracket);
    w->depth++;
    w->comma = false;
}

static void finish(struct json_writer *w, char bracket)
{
    BUG_ON(w->depth == 0);
    buffer_append_char(w->out, bracket);
    w->depth--;
    w->comma = true;
}

void json_object_begin(struct json_writer *w)
{
    begin(w, '{');
}

void json_object_finish(struct json_writer *w)
{
    finish(w, '}');
}

void json_array_begin(struct json_writer *w)
{
    begin(w, '[');
}

void json_array_finish(struct json_writer *w)
{
    finish(w, ']');
}

static void quoted(struct json_writer *w, struct text t)
{
    buffer_append_char(w->out, '"');
    buffer_append_json_escaped(w->out, t);
    buffer_append_char(w->out, '"');
}

void json_key(struct json_writer *w, const char *key)
{
    json_key_text(w, text_of(key));
}

void json_key_text(struct json_writer *w, struct text key)
{
    BUG_ON(w->depth == 0);
    before_value(w);
    quoted(w, key);
    buffer_append_char(w->out, ':');
    w->comma = false;
}

void json_put_text(struct json_writer *w, struct text t)
{
    before_value(w);
    quoted(w, t);
}

void json_put_string(struct json_writer *w, const char *string_or_null)
{
    if (string_or_null == NULL)
        json_put_null(w);
    else
        json_put_text(w, text_of(string_or_null));
}

void json_put_i64(struct json_writer *w, int64_t value)
{
    before_value(w);
    buffer_append_i64(w->out, value);
}

void json_put_bool(struct json_writer *w, bool value)
{
    json_put_raw(w, value ? TEXT("true") : TEXT("false"));
}

void json_put_null(struct json_writer *w)
{
    json_put_raw(w, TEXT("null"));
}

void json_put_raw(struct json_writer *w, struct text json)
{
    before_value(w);
    buffer_append_text(w->out, json);
}

void json_pair_text(struct json_writer *w, const char *key, struct text value)
{
    json_key(w, key);
    json_put_text(w, value);
}

void json_pair_string(struct json_writer *w, const char *key, const char *value_or_null)
{
    json_key(w, key);
    json_put_string(w, value_or_null);
}

void json_pair_i64(struct json_writer *w, const char *key, int64_t value)
{
    json_key(w, key);
    json_put_i64(w, value);
}

void json_pair_bool(struct json_writer *w, const char *key, bool value)
{
    json_key(w, key);
    json_put_bool(w, value);
}
