/*
 * decode.c - from a body to a batch: limits, envelopes, probes, and the table of dialects that says
 * who wrote a record. Every record is told apart by itself, so that the one-record body made of it
 * is recognised again. dialect_*.c read the records.
 */
#include "onput/event_decode.h"

#include <string.h>

#include "events_private.h"

/* Sniffed in this order: of the two that say "aws:s3", the one with a further condition is first.
 */
static const struct dialect *const DIALECTS[] = {
    &dialect_minio,     &dialect_devstore, &dialect_ceph_rgw,    &dialect_rustfs,
    &dialect_versitygw, &dialect_aws_s3,   &dialect_eventbridge,
};
_Static_assert(ARRAY_LEN(DIALECTS) == EVENT_DIALECT_COUNT, "a row for each dialect");

static const struct dialect *find_body_dialect(struct json_object *root)
{
    for (size_t i = 0; i < ARRAY_LEN(DIALECTS); i++)
        if (DIALECTS[i]->event_source == NULL && DIALECTS[i]->recognises(root))
            return DIALECTS[i];
    return NULL;
}

static bool is_of_dialect(const struct dialect *dialect, struct text source,
                          struct json_object *json)
{
    return dialect->event_source != NULL && text_is(source, dialect->event_source) &&
           (dialect->recognises == NULL || dialect->recognises(json));
}

/* An unknown sender is refused: whether its keys are encoded is not in the body, and a guess would
   name the wrong object. */
static int find_dialect(const struct record *record, const struct dialect **out, struct error *err)
{
    struct text source = TEXT_INIT("");

    if (record_text(record, record->json, "eventSource", &source, err) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(DIALECTS); i++) {
        if (is_of_dialect(DIALECTS[i], source, record->json)) {
            *out = DIALECTS[i];
            return 0;
        }
    }
    return error_set(err, ERROR_UNSUPPORTED,
                     "Records[%zu].eventSource: \"%.64s\" is not a sender that onput can read",
                     record->index, source.ptr);
}

void event_init(struct event *out, enum event_dialect dialect)
{
    const struct text none = TEXT_INIT("");

    *out = (struct event){
        .dialect = dialect,
        .size = -1,
        .name = none,
        .bucket = none,
        .key = none,
        .version_id = none,
        .etag = none,
        .order = none,
        .sequencer = none,
        .user_agent = none,
        .principal = none,
        .opaque_data = none,
    };
}

static int read_event(const struct record *record, const struct dialect *dialect, struct event *out,
                      struct error *err)
{
    event_init(out, dialect->id);
    return dialect->read(record, out, err);
}

int event_read_record(const struct record *record, struct event *out, struct error *err)
{
    const struct dialect *dialect = NULL;

    if (!json_object_is_type(record->json, json_type_object))
        return error_set(err, ERROR_INVALID, "Records[%zu]: expected an object, found %s",
                         record->index, json_type_label(record->json));
    if (find_dialect(record, &dialect, err) < 0)
        return -1;
    return read_event(record, dialect, out, err);
}

bool event_is_body(struct json_object *root)
{
    return find_body_dialect(root) != NULL;
}

int event_read_body(const struct record *record, struct event *out, struct error *err)
{
    return read_event(record, find_body_dialect(record->json), out, err);
}

/* {"Records":[record]} */
static struct text document_of(struct arena *arena, struct json_object *record)
{
    const struct text head = TEXT_INIT("{\"Records\":["), tail = TEXT_INIT("]}");
    size_t len = 0;
    const char *json = json_object_to_json_string_length(
        record, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
    char *document = arena_alloc(arena, head.len + len + tail.len + 1);

    memcpy(document, head.ptr, head.len);
    memcpy(document + head.len, json, len);
    memcpy(document + head.len + len, tail.ptr, tail.len);
    return (struct text){document, head.len + len + tail.len};
}

static void add_records(struct event_batch *batch, size_t count)
{
    batch->kind = EVENT_BATCH_RECORDS;
    batch->records = ARENA_ARRAY(&batch->arena, struct event_record, count);
    batch->count = count;
}

static int decode_whole_body(struct event_batch *batch, struct text body, struct error *err)
{
    struct record record = {.json = batch->tree, .arena = &batch->arena, .is_body = true};

    add_records(batch, 1);
    if (event_read_body(&record, &batch->records[0].event, err) < 0)
        return -1;
    batch->records[0].document = arena_text(&batch->arena, body);
    return 0;
}

static int decode_record(struct event_batch *batch, struct record *record, struct text body,
                         struct error *err)
{
    struct event_record *out = &batch->records[record->index];

    if (event_read_record(record, &out->event, err) < 0)
        return -1;
    /* The only record keeps the body as it came, which costs nothing and keeps what stands beside
     * it. */
    out->document = batch->count == 1 ? arena_text(&batch->arena, body)
                                      : document_of(&batch->arena, record->json);
    return 0;
}

static int decode_records(struct event_batch *batch, struct json_object *records, struct text body,
                          struct error *err)
{
    size_t count = json_object_array_length(records);
    struct record record = {.arena = &batch->arena, .body_key = TEXT_INIT("")};

    if (count > EVENT_MAX_RECORDS)
        return error_set(err, ERROR_LIMIT, "Records: %zu records, the limit is %d", count,
                         EVENT_MAX_RECORDS);
    if (count == 0) {
        batch->kind = EVENT_BATCH_PROBE;
        return 0;
    }
    add_records(batch, count);
    if (count == 1)
        record.body_key = json_text(json_member(batch->tree, "Key"));
    for (record.index = 0; record.index < count; record.index++) {
        record.json = json_object_array_get_idx(records, record.index);
        if (decode_record(batch, &record, body, err) < 0)
            return -1;
    }
    return 0;
}

bool is_test_event(struct json_object *root)
{
    return text_is(json_text(json_member(root, "Event")), "s3:TestEvent");
}

/* `body` is what batch->tree was parsed from. */
static int decode_tree(struct event_batch *batch, struct text body, struct error *err)
{
    struct json_object *records = json_member(batch->tree, "Records");

    if (records != NULL) {
        if (!json_object_is_type(records, json_type_array))
            return error_set(err, ERROR_INVALID, "Records: expected an array, found %s",
                             json_type_label(records));
        return decode_records(batch, records, body, err);
    }
    if (event_is_body(batch->tree))
        return decode_whole_body(batch, body, err);
    if (!is_test_event(batch->tree))
        return error_set(err, ERROR_INVALID, "Records: missing");
    batch->kind = EVENT_BATCH_PROBE;
    return 0;
}

static int parse_object(struct text body, struct json_object **out, struct error *err)
{
    struct json_object *tree = NULL;

    if (json_parse(body, &tree, err) < 0)
        return -1;
    if (!json_object_is_type(tree, json_type_object)) {
        error_set(err, ERROR_INVALID, "expected an object, found %s", json_type_label(tree));
        json_object_put(tree);
        return -1;
    }
    *out = tree;
    return 0;
}

static void release_tree(struct event_batch *batch)
{
    json_object_put(batch->tree);
    batch->tree = NULL;
}

static int decode_sns(struct event_batch *batch, struct error *err)
{
    struct text message = TEXT_INIT("");

    if (sns_read_envelope(batch, &message, err) < 0)
        return -1;
    if (batch->kind != EVENT_BATCH_RECORDS)
        return 0;
    release_tree(batch);
    if (parse_object(message, &batch->tree, err) < 0)
        return error_prefix(err, "Message");
    if (sns_is_envelope(batch->tree))
        return error_set(err, ERROR_INVALID, "Message: an SNS message within an SNS message");
    return decode_tree(batch, message, err) < 0 ? error_prefix(err, "Message") : 0;
}

static int decode_body(struct event_batch *batch, struct text body, struct error *err)
{
    if (body.len > EVENT_MAX_BODY_BYTES)
        return error_set(err, ERROR_LIMIT, "the body has %zu bytes, the limit is %d", body.len,
                         EVENT_MAX_BODY_BYTES);
    if (text_trim(body).len == 0) {
        batch->kind = EVENT_BATCH_PROBE;
        return 0;
    }
    if (parse_object(body, &batch->tree, err) < 0)
        return -1;
    return sns_is_envelope(batch->tree) ? decode_sns(batch, err) : decode_tree(batch, body, err);
}

int event_decode(struct text body, struct event_batch *out, struct error *err)
{
    struct event_batch batch = {.sns_topic_arn = TEXT_INIT(""), .subscribe_url = TEXT_INIT("")};

    arena_init(&batch.arena);
    if (decode_body(&batch, body, err) < 0) {
        event_batch_release(&batch);
        return -1;
    }
    release_tree(&batch);
    *out = batch;
    return 0;
}

void event_batch_release(struct event_batch *batch)
{
    release_tree(batch);
    arena_release(&batch->arena);
    *batch = (struct event_batch){0};
}
