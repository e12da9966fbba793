/*
 * input.c - collects an operation's members from path, query, headers and body into call->input,
 * and has them checked.
 */
#include "shape.h"

#include "onput/encoding.h"

/* ---- lists in the query: ?tagKeys=a&tagKeys=b ---- */

enum { QUERY_LIST_MAX = 1000 };

static bool decode(struct lambda_call *call, struct text raw, struct text *out)
{
    AUTO_BUFFER struct buffer plain;
    struct error err = {0};
    buffer_init(&plain, raw.len);
    if (uri_decode(raw, true, &plain, &err) != 0)
        return false;
    *out = arena_text(call->arena, buffer_text(&plain));
    return true;
}

static struct json_object *read_query_list(struct lambda_call *call, const char *name)
{
    struct json_object *list = NULL;
    struct text rest = http_request_query(call->http);
    while (rest.len > 0 && (!list || json_object_array_length(list) < QUERY_LIST_MAX)) {
        struct text value = text_cut(&rest, '&'), key;
        if (!decode(call, text_cut(&value, '='), &key) || !text_is(key, name) ||
            !decode(call, value, &value))
            continue;
        if (!list)
            list = json_object_new_array();
        json_object_array_add(list, json_object_new_string_len(value.ptr, (int)value.len));
    }
    return list;
}

/* ---- one member ---- */

/* False: the request does not have it. */
static bool read_text(struct lambda_call *call, const struct member *m, struct text *out)
{
    const char *name = m->wire ? m->wire : m->name;
    switch (m->place) {
    case IN_PATH:
        *out = http_request_capture(call->http, name);
        return true;
    case IN_QUERY:
        return http_request_query_value(call->http, name, out);
    case IN_HEADER:
        *out = http_request_header(call->http, name);
        return out->len > 0;
    case IN_BODY:
        break;
    }
    return false;
}

static bool read_member(struct lambda_call *call, const struct member *m)
{
    struct json_object *value = NULL;
    struct text t;
    if (m->type == TYPE_LIST && m->place == IN_QUERY) {
        value = read_query_list(call, m->wire ? m->wire : m->name);
    } else if (read_text(call, m, &t) && !shape_from_text(m->type, t, &value)) {
        call_fail(call, ERR_SERIALIZATION, "STRING_VALUE can not be converted to %s",
                  m->type == TYPE_INTEGER ? "an Integer" : "a Boolean");
        return false;
    }
    if (value)
        json_object_object_add(call->input, m->name, value);
    return true;
}

bool call_read_input(struct lambda_call *call)
{
    const struct members *members = call->operation->members;
    struct shape_fault fault;
    call->input = json_object_new_object();
    if (!shape_read_body(call->operation, http_request_body(call->http), call->input, call->arena,
                         &fault)) {
        call_fail_text(call, fault.error, fault.message);
        return false;
    }
    for (size_t i = 0; members && i < members->count; i++) {
        if (!read_member(call, &members->rows[i]))
            return false;
    }
    if (!shape_check(call->operation, call->input, call->arena, &fault)) {
        call_fail_text(call, fault.error, fault.message);
        return false;
    }
    return true;
}
