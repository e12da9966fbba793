/*
 * sample_events.c - finds a template of sample_templates.c and fills it.
 */
#include "sample_events.h"

#include <stdio.h>
#include <string.h>

#include "onput/encoding.h"
#include "onput/hash.h"
#include "sample_templates.h"

struct filling {
    const struct sample_request *request;
    const struct s3_event *event; /* of s3, else NULL */
    const char *object;
    const char *own_default;
    uint64_t used; /* bit i: values[i] stands in the event */
    struct buffer *out;
};

/* ---- values ---- */

static bool own_default(const struct filling *f, struct text name, struct text *out)
{
    struct text value = text_of(f->own_default);
    if (!text_equal(text_cut(&value, '='), name) || name.len == 0)
        return false;
    *out = value;
    return true;
}

/* False when no value has that name: then the braces are JSON's. */
static bool find_value(struct filling *f, struct text name, struct text *out)
{
    for (size_t i = 0; i < f->request->value_count; i++) {
        if (text_is(name, f->request->values[i].name)) {
            f->used |= UINT64_C(1) << i;
            *out = f->request->values[i].value;
            return true;
        }
    }
    if (own_default(f, name, out))
        return true;
    for (size_t i = 0; i < sample_default_count; i++) {
        if (text_is(name, sample_defaults[i].name)) {
            *out = text_of(sample_defaults[i].value);
            return true;
        }
    }
    return false;
}

/* ---- ways to write a value ---- */

/* application/x-www-form-urlencoded: a space is "+". AWS keeps slashes. */
static void put_urlencoded(struct buffer *out, struct text key, bool keep_slash)
{
    while (key.len > 0) {
        bool has_space = text_find(key, ' ') < key.len;
        buffer_append_uri(out, text_cut(&key, ' '), keep_slash);
        if (has_space)
            buffer_append_char(out, '+');
    }
}

static void put_form(struct buffer *out, struct text value)
{
    put_urlencoded(out, value, true);
}

static void put_query(struct buffer *out, struct text value)
{
    put_urlencoded(out, value, false);
}

static void put_base64(struct buffer *out, struct text value)
{
    buffer_append_base64(out, value.ptr, value.len);
}

/* A path without the slash before it. */
static void put_unrooted(struct buffer *out, struct text value)
{
    size_t from = text_starts_with(value, TEXT("/")) ? 1 : 0;
    buffer_append_json_escaped(out, text_slice(value, from, value.len));
}

static void put_rooted(struct buffer *out, struct text value)
{
    buffer_append_char(out, '/');
    put_unrooted(out, value);
}

static void put_md5(struct buffer *out, struct text value)
{
    uint8_t digest[MD5_BYTES];
    md5(value.ptr, value.len, digest);
    buffer_append_hex(out, digest, sizeof(digest));
}

static const struct {
    const char *name;
    void (*put)(struct buffer *out, struct text value);
} ways[] = {
    {"", buffer_append_json_escaped}, {"form", put_form}, {"query", put_query},
    {"base64", put_base64},           {"md5", put_md5},   {"unrooted", put_unrooted},
    {"rooted", put_rooted},
};

/* "{key}" or "{form:key}", without braces. */
static bool put_value(struct filling *f, struct text inside)
{
    struct text way = TEXT(""), name = inside, value;
    if (text_find(inside, ':') < inside.len)
        way = text_cut(&name, ':');
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        if (text_is(way, ways[i].name) && find_value(f, name, &value)) {
            ways[i].put(f->out, value);
            return true;
        }
    }
    return false;
}

static bool put_of_event(struct filling *f, struct text name)
{
    if (f->event == NULL)
        return false;
    if (text_is(name, "name"))
        buffer_append_string(f->out, f->event->name);
    else if (text_is(name, "object"))
        buffer_append_string(f->out, f->event->has_object ? f->object : "");
    else
        return false;
    return true;
}

static void fill(struct filling *f, const char *template)
{
    struct text rest = text_of(template);
    while (rest.len > 0) {
        size_t open = text_find(rest, '{');
        buffer_append_text(f->out, text_slice(rest, 0, open));
        rest = text_slice(rest, open, rest.len);
        size_t close = text_find(rest, '}');
        struct text inside = text_slice(rest, 1, close);
        if (close < rest.len && (put_of_event(f, inside) || put_value(f, inside))) {
            rest = text_slice(rest, close + 1, rest.len);
        } else {
            buffer_append_text(f->out, text_slice(rest, 0, 1));
            rest = text_slice(rest, 1, rest.len);
        }
    }
}

/* ---- which event ---- */

static bool is_common(const char *name)
{
    struct text rest = TEXT(SAMPLE_COMMON_VALUES);
    while (rest.len > 0) {
        if (text_is(text_cut(&rest, ' '), name))
            return true;
    }
    return false;
}

static int check_all_used(const struct filling *f, struct error *err)
{
    const struct sample_request *r = f->request;
    for (size_t i = 0; i < r->value_count; i++) {
        if ((f->used >> i & 1) == 0 && !is_common(r->values[i].name))
            return error_set(err, ERROR_INVALID, "the event %.*s %.*s has no %s",
                             TEXT_ARGS(r->service), TEXT_ARGS(r->event), r->values[i].name);
    }
    if (buffer_failed(f->out))
        return error_set(err, ERROR_LIMIT, "the values are longer than an event may be");
    return 0;
}

static const struct s3_store *find_store(const struct sample_request *r)
{
    for (size_t i = 0; i < sample_s3_store_count; i++) {
        if (text_is(r->store, sample_s3_stores[i].store))
            return &sample_s3_stores[i];
    }
    return NULL;
}

static const struct s3_event *find_s3_event(const struct sample_request *r)
{
    for (size_t i = 0; i < sample_s3_event_count; i++) {
        if (text_is(r->service, "s3") && text_is(r->event, sample_s3_events[i].event))
            return &sample_s3_events[i];
    }
    return NULL;
}

static bool is_meant(const struct sample_request *r, const struct sample *s)
{
    struct text service = text_is(r->service, "apigw") ? TEXT("apigateway") : r->service;
    bool any = r->event.len == 0 && !text_is(service, "s3");
    return text_is(service, s->service) &&
           (any || text_is(r->event, s->event) ||
            (s->short_event != NULL && text_is(r->event, s->short_event)));
}

static const struct sample *find_sample(const struct sample_request *r)
{
    for (size_t i = 0; i < sample_count; i++) {
        if (is_meant(r, &samples[i]))
            return &samples[i];
    }
    return NULL;
}

int sample_event_write(const struct sample_request *request, struct buffer *out, struct error *err)
{
    struct filling f = {.request = request, .event = find_s3_event(request), .out = out};
    const struct s3_store *store = find_store(request);
    const struct sample *sample = find_sample(request);
    BUG_ON(request->value_count > 64);
    if (f.event != NULL && store != NULL) {
        f.object = store->object;
        fill(&f, store->template);
    } else if (f.event == NULL && sample != NULL) {
        f.own_default = sample->own_default;
        fill(&f, sample->template);
    } else if (f.event != NULL) {
        return error_set(err, ERROR_NOT_FOUND, "there is no store %.*s", TEXT_ARGS(request->store));
    } else {
        return error_set(err, ERROR_NOT_FOUND, "there is no event %.*s of %.*s",
                         TEXT_ARGS(request->event), TEXT_ARGS(request->service));
    }
    return check_all_used(&f, err);
}

/* ---- what there is ---- */

static void list_values(struct buffer *out, const char *template)
{
    for (size_t i = 0; i < sample_default_count; i++) {
        const char *name = sample_defaults[i].name;
        char plain[64], written[64];
        snprintf(plain, sizeof(plain), "{%s}", name);
        snprintf(written, sizeof(written), ":%s}", name);
        if (!is_common(name) && (strstr(template, plain) || strstr(template, written)))
            buffer_appendf(out, " --%s", name);
    }
    buffer_append_char(out, '\n');
}

void sample_event_list(struct buffer *out)
{
    for (size_t i = 0; i < sample_s3_event_count; i++) {
        buffer_appendf(out, "  s3 %s --store", sample_s3_events[i].event);
        list_values(out, sample_s3_stores[0].template);
    }
    for (size_t i = 0; i < sample_count; i++) {
        buffer_appendf(out, "  %s %s", samples[i].service, samples[i].event);
        list_values(out, samples[i].template);
    }
}
