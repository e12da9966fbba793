/*
 * event_unwrap.c - walks from a function's event through messages and lists down to the records,
 * which decode.c reads. Each step down is counted, whether it is a list or a text that holds JSON.
 */
#include "onput/event_unwrap.h"

#include <stdlib.h>
#include <string.h>

#include "events_private.h"
#include "onput/event_decode.h"
#include "onput/json.h"
#include "onput/memory.h"

struct walk {
    struct event_requests *out;
    size_t capacity;
    unsigned depth;  /* messages and lists around the value */
    bool in_message; /* somebody else wrote it */
};

static int walk_value(struct walk *w, struct json_object *value, struct error *err);

static int no_known_shape(struct error *err)
{
    return error_set(err, ERROR_INVALID,
                     "this is no event about an object; it may be the notification of a store "
                     "({\"Records\":[{\"eventSource\":\"aws:s3\",...}]}), also inside SNS or SQS "
                     "messages or from EventBridge, or {\"bucket\":\"b\",\"key\":\"k\"}");
}

static int too_deep(struct error *err)
{
    return error_set(err, ERROR_LIMIT, "more than %d messages and lists within each other",
                     EVENT_MAX_WRAPPINGS);
}

static int add(struct walk *w, const struct event_request *request, struct error *err)
{
    struct event_requests *out = w->out;

    if (out->count == EVENT_MAX_RECORDS)
        return error_set(err, ERROR_LIMIT, "more than %d records", EVENT_MAX_RECORDS);
    if (out->count == w->capacity) {
        w->capacity = w->capacity == 0 ? 4 : w->capacity * 2;
        out->items = xrealloc_array(out->items, w->capacity, sizeof(*out->items));
    }
    out->items[out->count++] = *request;
    return 0;
}

/* The JSON text inside a message. */
static int walk_message(struct walk *w, struct text message, struct error *err)
{
    AUTO_JSON struct json_object *value = NULL;
    struct walk inner = *w;
    int result = 0;

    if (w->depth == EVENT_MAX_WRAPPINGS)
        return too_deep(err);
    if (json_parse(message, &value, err) < 0)
        return -1;
    inner.depth++;
    inner.in_message = true;
    result = walk_value(&inner, value, err);
    w->capacity = inner.capacity;
    return result;
}

static int walk_list(struct walk *w, struct json_object *list, struct error *err)
{
    size_t count = json_object_array_length(list);

    if (w->depth == EVENT_MAX_WRAPPINGS)
        return too_deep(err);
    w->depth++;
    for (size_t i = 0; i < count; i++)
        if (walk_value(w, json_object_array_get_idx(list, i), err) < 0)
            return error_prefix(err, "[%zu]", i);
    w->depth--;
    return 0;
}

/* Records[] of SQS: the message is the text of "body". */
static int walk_sqs(struct walk *w, const struct record *record, struct error *err)
{
    struct text body = TEXT_INIT("");

    if (record_text(record, record->json, "body", &body, err) < 0)
        return -1;
    if (walk_message(w, body, err) < 0)
        return error_prefix(err, "Records[%zu].body", record->index);
    return 0;
}

/* Records[] of SNS as a function is handed it. */
static int walk_sns(struct walk *w, const struct record *record, struct error *err)
{
    struct json_object *sns = NULL;
    struct text message = TEXT_INIT("");

    if (record_object(record, record->json, "Sns", &sns, err) < 0 ||
        record_text(record, sns, "Sns.Message", &message, err) < 0)
        return -1;
    if (walk_message(w, message, err) < 0)
        return error_prefix(err, "Records[%zu].Sns.Message", record->index);
    return 0;
}

struct carrier {
    const char *source_member; /* SNS writes it with a capital */
    const char *source;
    int (*walk)(struct walk *w, const struct record *record, struct error *err);
};

static const struct carrier CARRIERS[] = {
    {"eventSource", "aws:sqs", walk_sqs},
    {"EventSource", "aws:sns", walk_sns},
};

/* What names a store as its source is no message, whatever else it says. */
static const struct carrier *find_carrier(struct json_object *record)
{
    const char *member = json_member(record, "eventSource") != NULL ? "eventSource" : "EventSource";
    struct text source = json_text(json_member(record, member));

    for (size_t i = 0; i < ARRAY_LEN(CARRIERS); i++)
        if (strcmp(CARRIERS[i].source_member, member) == 0 && text_is(source, CARRIERS[i].source))
            return &CARRIERS[i];
    return NULL;
}

static int walk_record(struct walk *w, const struct record *record, struct error *err)
{
    const struct carrier *carrier = NULL;
    struct event_request request = {.store = TEXT_INIT("")};

    if (json_object_is_type(record->json, json_type_object))
        carrier = find_carrier(record->json);
    if (carrier != NULL)
        return carrier->walk(w, record, err);
    if (event_read_record(record, &request.event, err) < 0)
        return -1;
    return add(w, &request, err);
}

static int walk_records(struct walk *w, struct json_object *body, struct json_object *records,
                        struct error *err)
{
    struct record record = {.arena = &w->out->arena, .body_key = TEXT_INIT("")};
    size_t count = 0;

    if (!json_object_is_type(records, json_type_array))
        return error_set(err, ERROR_INVALID, "Records: expected an array, found %s",
                         json_type_label(records));
    count = json_object_array_length(records);
    if (count == 1)
        record.body_key = json_text(json_member(body, "Key"));
    for (record.index = 0; record.index < count; record.index++) {
        record.json = json_object_array_get_idx(records, record.index);
        if (walk_record(w, &record, err) < 0)
            return -1;
    }
    return 0;
}

/* A message as SNS POSTs it; questions about subscriptions are nobody's event. */
static int walk_envelope(struct walk *w, const struct record *envelope, struct error *err)
{
    struct text type = TEXT_INIT(""), message = TEXT_INIT("");

    if (record_text(envelope, envelope->json, "Type", &type, err) < 0)
        return -1;
    if (!text_is(type, "Notification"))
        return error_set(err, ERROR_UNSUPPORTED, "Type: \"%.64s\" is no notification of SNS",
                         type.ptr);
    if (record_text(envelope, envelope->json, "Message", &message, err) < 0)
        return -1;
    return walk_message(w, message, err) < 0 ? error_prefix(err, "Message") : 0;
}

static int walk_event_body(struct walk *w, const struct record *body, struct error *err)
{
    struct event_request request = {.store = TEXT_INIT("")};

    if (event_read_body(body, &request.event, err) < 0)
        return -1;
    return add(w, &request, err);
}

/* {"bucket","key"} */
static int walk_short_form(struct walk *w, const struct record *form, struct error *err)
{
    struct event_request request = {.store = TEXT_INIT(""), .is_direct = true};
    struct event *event = &request.event;

    event_init(event, EVENT_DIALECT_AWS_S3);
    event->kind = EVENT_KIND_CREATED;
    event->name = TEXT("ObjectCreated:Put");
    if (record_bucket(form, form->json, "bucket", &event->bucket, err) < 0 ||
        record_key(form, form->json, "key", EVENT_KEY_RAW, &event->key, err) < 0 ||
        record_find_text(form, form->json, "store", &request.store, err) < 0 ||
        record_find_text(form, form->json, "version_id", &event->version_id, err) < 0 ||
        record_find_text(form, form->json, "etag", &event->etag, err) < 0)
        return -1;
    event->etag = etag_without_quotes(event->etag);
    return add(w, &request, err);
}

static int walk_object(struct walk *w, struct json_object *object, struct error *err)
{
    struct record whole = {.json = object, .arena = &w->out->arena, .is_body = true};
    struct json_object *records = json_member(object, "Records");

    if (sns_is_envelope(object))
        return walk_envelope(w, &whole, err);
    if (records != NULL)
        return walk_records(w, object, records, err);
    if (event_is_body(object))
        return walk_event_body(w, &whole, err);
    if (is_test_event(object))
        return 0;
    if (!w->in_message &&
        (json_member(object, "bucket") != NULL || json_member(object, "key") != NULL))
        return walk_short_form(w, &whole, err);
    return no_known_shape(err);
}

static int walk_value(struct walk *w, struct json_object *value, struct error *err)
{
    if (json_object_is_type(value, json_type_array))
        return walk_list(w, value, err);
    if (json_object_is_type(value, json_type_object))
        return walk_object(w, value, err);
    return no_known_shape(err);
}

static int walk_payload(struct walk *w, struct text payload, struct error *err)
{
    AUTO_JSON struct json_object *value = NULL;

    if (payload.len > EVENT_MAX_BODY_BYTES)
        return error_set(err, ERROR_LIMIT, "the event has %zu bytes, the limit is %d", payload.len,
                         EVENT_MAX_BODY_BYTES);
    if (text_trim(payload).len == 0)
        return no_known_shape(err);
    if (json_parse(payload, &value, err) < 0)
        return -1;
    return walk_value(w, value, err);
}

int event_unwrap(struct text payload, struct event_requests *out, struct error *err)
{
    struct event_requests requests = {0};
    struct walk w = {.out = &requests};

    arena_init(&requests.arena);
    if (walk_payload(&w, payload, err) < 0) {
        event_requests_release(&requests);
        return -1;
    }
    *out = requests;
    return 0;
}

void event_requests_release(struct event_requests *requests)
{
    free(requests->items);
    arena_release(&requests->arena);
    *requests = (struct event_requests){0};
}
