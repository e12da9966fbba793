/*
 * values.c - what run functions ask of a call: its input, texts, times, rows as JSON.
 */
#include "lambda_private.h"

#include <stdarg.h>

#include "onput/clock.h"
#include "onput/encoding.h"

/* ---- input ---- */

struct json_object *call_json(const struct lambda_call *call, const char *name)
{
    return json_object_object_get(call->input, name);
}

bool call_text(const struct lambda_call *call, const char *name, struct text *out)
{
    struct json_object *value = call_json(call, name);
    if (!json_object_is_type(value, json_type_string))
        return false;
    *out = json_text(value);
    return true;
}

struct text call_text_or(const struct lambda_call *call, const char *name, const char *fallback)
{
    struct text t = text_of(fallback);
    (void)call_text(call, name, &t);
    return t;
}

int64_t call_i64_or(const struct lambda_call *call, const char *name, int64_t fallback)
{
    struct json_object *value = call_json(call, name);
    return value ? json_object_get_int64(value) : fallback;
}

bool call_bool(const struct lambda_call *call, const char *name)
{
    struct json_object *value = call_json(call, name);
    return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

const struct function_record *call_record(const struct lambda_call *call)
{
    return call->id.name.len > 0 ? catalog_record(call->catalog, call->id.name) : NULL;
}

/* ---- texts ---- */

struct text call_vprintf(struct lambda_call *call, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    BUG_ON(len < 0);
    char *out = arena_alloc(call->arena, (size_t)len + 1);
    vsnprintf(out, (size_t)len + 1, fmt, ap);
    return (struct text){out, (size_t)len};
}

struct text call_printf(struct lambda_call *call, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct text t = call_vprintf(call, fmt, ap);
    va_end(ap);
    return t;
}

struct text call_uuid(struct lambda_call *call)
{
    char uuid[UUID_TEXT_BYTES];
    return arena_text(call->arena, text_of(uuid_v4(uuid)));
}

/* ---- times ---- */

struct text call_time_iso(struct lambda_call *call)
{
    char now[TIME_TEXT_BYTES];
    struct text t = text_of(time_format_rfc3339(clock_wall_ms(call->api->clock), now));
    t.len--; /* the "Z" */
    return call_printf(call, "%.*s+0000", TEXT_ARGS(t));
}

double call_time_epoch(const struct lambda_call *call)
{
    return (double)clock_wall_ms(call->api->clock) / 1000.0;
}

/* ---- JSON ---- */

struct text member_text(struct json_object *object, const char *name)
{
    return json_text(json_object_object_get(object, name));
}

int64_t member_i64(struct json_object *object, const char *name)
{
    return json_object_get_int64(json_object_object_get(object, name));
}

void member_set_text(struct json_object *object, const char *name, struct text value)
{
    json_object_object_add(object, name, json_object_new_string_len(value.ptr, (int)value.len));
}

void member_set_i64(struct json_object *object, const char *name, int64_t value)
{
    json_object_object_add(object, name, json_object_new_int64(value));
}

struct json_object *row_parse_all(const struct row *row)
{
    struct json_object *object = NULL;
    struct error err = {0};
    BUG_ON(json_parse(row->json, &object, &err) != 0);
    return object;
}

struct json_object *row_parse(const struct row *row)
{
    struct json_object *object = row_parse_all(row);
    json_object_object_foreach(object, name, value)
    {
        (void)value;
        if (name[0] == '_')
            json_object_object_del(object, name);
    }
    return object;
}

struct text call_json_text(struct lambda_call *call, struct json_object *object)
{
    size_t len = 0;
    const char *json = json_object_to_json_string_length(
        object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
    return arena_text(call->arena, (struct text){json, len});
}
