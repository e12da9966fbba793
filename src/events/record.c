/*
 * record.c - reads the members of one S3 event record. Lenient where real senders are: null counts
 * as missing, a size may be a string, a time may be unreadable. Strict about types otherwise.
 */
#include <string.h>

#include "events_private.h"
#include "onput/clock.h"
#include "onput/json.h"

struct json_object *json_member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    return json_object_object_get_ex(object, name, &value) ? value : NULL;
}

static const char *last_part(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot != NULL ? dot + 1 : path;
}

int record_error(const struct record *record, const char *path, const char *problem,
                 struct error *err)
{
    if (record->is_body)
        return error_set(err, ERROR_INVALID, "%s: %s", path, problem);
    return error_set(err, ERROR_INVALID, "Records[%zu].%s: %s", record->index, path, problem);
}

static int prefix_path(const struct record *record, const char *path, struct error *err)
{
    if (record->is_body)
        return error_prefix(err, "%s", path);
    return error_prefix(err, "Records[%zu].%s", record->index, path);
}

static int wrong_type(const struct record *record, const char *path, const char *expected,
                      struct json_object *found, struct error *err)
{
    error_set(err, ERROR_INVALID, "expected %s, found %s", expected, json_type_label(found));
    return prefix_path(record, path, err);
}

/* The member of `parent`, NULL when there is none, -1 with another type than `type`. */
static int find_member(const struct record *record, struct json_object *parent, const char *path,
                       enum json_type type, struct json_object **out, struct error *err)
{
    struct json_object *value = parent != NULL ? json_member(parent, last_part(path)) : NULL;
    const char *expected = type == json_type_object ? "an object" : "a string";

    if (value != NULL && !json_object_is_type(value, type))
        return wrong_type(record, path, expected, value, err);
    *out = value;
    return 0;
}

int record_find_object(const struct record *record, struct json_object *parent, const char *path,
                       struct json_object **out, struct error *err)
{
    return find_member(record, parent, path, json_type_object, out, err);
}

int record_object(const struct record *record, struct json_object *parent, const char *path,
                  struct json_object **out, struct error *err)
{
    struct json_object *value = NULL;

    if (record_find_object(record, parent, path, &value, err) < 0)
        return -1;
    if (value == NULL)
        return record_error(record, path, "missing", err);
    *out = value;
    return 0;
}

int record_find_text(const struct record *record, struct json_object *parent, const char *path,
                     struct text *out, struct error *err)
{
    struct json_object *value = NULL;

    if (find_member(record, parent, path, json_type_string, &value, err) < 0)
        return -1;
    if (value != NULL)
        *out = arena_text(record->arena, json_text(value));
    return 0;
}

int record_text(const struct record *record, struct json_object *parent, const char *path,
                struct text *out, struct error *err)
{
    struct text value = TEXT_INIT("");

    if (record_find_text(record, parent, path, &value, err) < 0)
        return -1;
    if (value.len == 0)
        return record_error(record, path, "missing or empty", err);
    *out = value;
    return 0;
}

/* Go's senders write a negative size when they do not know it, Ceph's manual shows sizes as
 * strings. */
static int parse_size(struct json_object *value, int64_t *out, struct error *err)
{
    int64_t size = -1;

    if (json_object_is_type(value, json_type_string)) {
        struct text digits = json_text(value);
        if (digits.len > 0 && text_to_i64(digits, INT64_MIN, INT64_MAX, "size", &size, err) < 0)
            return -1;
    } else {
        size = json_object_get_int64(value);
        if (size == INT64_MAX && json_object_get_uint64(value) > INT64_MAX)
            return error_set(err, ERROR_INVALID, "does not fit into 63 bits");
    }
    *out = size < 0 ? -1 : size;
    return 0;
}

int record_find_size(const struct record *record, struct json_object *parent, const char *path,
                     int64_t *out, struct error *err)
{
    struct json_object *value = parent != NULL ? json_member(parent, last_part(path)) : NULL;

    if (value == NULL)
        return 0;
    if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_string))
        return wrong_type(record, path, "a whole number", value, err);
    if (parse_size(value, out, err) < 0)
        return prefix_path(record, path, err);
    return 0;
}

int record_find_time(const struct record *record, struct json_object *parent, const char *path,
                     int64_t *out, struct error *err)
{
    struct text time = TEXT_INIT("");
    struct error ignored = {0};

    if (record_find_text(record, parent, path, &time, err) < 0)
        return -1;
    /* A time that nobody can read is no reason to lose the event. */
    if (time.len == 0 || time_parse_rfc3339(time, out, &ignored) < 0)
        *out = 0;
    return 0;
}

/* What names of buckets are made of, with the ":" of Ceph's tenants. Everything else would need
   care wherever a bucket becomes part of a URL, an ARN or a log line. */
static bool is_bucket_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == ':';
}

int record_bucket(const struct record *record, struct json_object *parent, const char *path,
                  struct text *out, struct error *err)
{
    struct text name = TEXT_INIT("");

    if (record_text(record, parent, path, &name, err) < 0)
        return -1;
    if (name.len > EVENT_MAX_BUCKET_BYTES) {
        error_set(err, ERROR_LIMIT, "the bucket name has %zu bytes, the limit is %d", name.len,
                  EVENT_MAX_BUCKET_BYTES);
        return prefix_path(record, path, err);
    }
    for (size_t i = 0; i < name.len; i++)
        if (!is_bucket_byte(name.ptr[i]))
            return record_error(record, path, "a byte that no bucket name has", err);
    if (text_is(name, ".") || text_is(name, ".."))
        return record_error(record, path, "not a bucket name", err);
    *out = name;
    return 0;
}

int record_key(const struct record *record, struct json_object *parent, const char *path,
               enum event_key_encoding encoding, struct text *out, struct error *err)
{
    struct text sent = TEXT_INIT("");

    if (record_text(record, parent, path, &sent, err) < 0)
        return -1;
    if (event_decode_key(sent, encoding, record->arena, out, err) < 0)
        return prefix_path(record, path, err);
    return 0;
}

static int read_name(const struct record *record, struct event *out, struct error *err)
{
    struct text name = TEXT_INIT("");

    if (record_text(record, record->json, "eventName", &name, err) < 0)
        return -1;
    out->name = event_name_without_prefix(name);
    if (out->name.len == 0)
        return record_error(record, "eventName", "missing or empty", err);
    out->kind = event_kind_of_name(out->name);
    return 0;
}

static int read_principal(const struct record *record, struct event *out, struct error *err)
{
    struct json_object *identity = NULL;

    if (record_find_object(record, record->json, "userIdentity", &identity, err) < 0)
        return -1;
    return record_find_text(record, identity, "userIdentity.principalId", &out->principal, err);
}

struct text etag_without_quotes(struct text etag)
{
    if (etag.len >= 2 && etag.ptr[0] == '"' && etag.ptr[etag.len - 1] == '"')
        return text_slice(etag, 1, etag.len - 1);
    return etag;
}

static int read_object(const struct record *record, struct json_object *object, struct event *out,
                       struct error *err)
{
    if (record_find_text(record, object, "s3.object.versionId", &out->version_id, err) < 0 ||
        record_find_text(record, object, "s3.object.eTag", &out->etag, err) < 0 ||
        record_find_text(record, object, "s3.object.sequencer", &out->sequencer, err) < 0 ||
        record_find_size(record, object, "s3.object.size", &out->size, err) < 0)
        return -1;
    out->etag = etag_without_quotes(out->etag);
    return 0;
}

int record_read_s3(const struct record *record, struct event *out, struct json_object **out_object,
                   struct error *err)
{
    struct json_object *s3 = NULL, *bucket = NULL, *object = NULL;

    if (record_object(record, record->json, "s3", &s3, err) < 0 ||
        record_object(record, s3, "s3.bucket", &bucket, err) < 0 ||
        record_object(record, s3, "s3.object", &object, err) < 0 ||
        record_bucket(record, bucket, "s3.bucket.name", &out->bucket, err) < 0 ||
        read_name(record, out, err) < 0 || read_object(record, object, out, err) < 0 ||
        read_principal(record, out, err) < 0 ||
        record_find_time(record, record->json, "eventTime", &out->time_ms, err) < 0)
        return -1;
    *out_object = object;
    return 0;
}

int record_read_user_agent(const struct record *record, struct event *out, struct error *err)
{
    struct json_object *source = NULL;

    if (record_find_object(record, record->json, "source", &source, err) < 0 ||
        record_find_text(record, source, "source.userAgent", &out->user_agent, err) < 0)
        return -1;
    if (text_starts_with(out->user_agent, TEXT(EVENT_USER_AGENT_PREFIX)))
        out->made_by_onput = true;
    return 0;
}

bool metadata_name_is_mark(struct text name)
{
    const struct text prefix = TEXT_INIT("x-amz-meta-");

    if (text_equal_nocase(text_slice(name, 0, prefix.len), prefix))
        name = text_slice(name, prefix.len, name.len);
    return text_equal_nocase(name, TEXT(EVENT_MARK_METADATA));
}

int record_read_mark(const struct record *record, struct json_object *parent, const char *path,
                     struct event *out, struct error *err)
{
    struct json_object *metadata = NULL;

    if (record_find_object(record, parent, path, &metadata, err) < 0)
        return -1;
    if (metadata == NULL)
        return 0;
    json_object_object_foreach(metadata, name, value)
    {
        (void)value;
        if (metadata_name_is_mark(text_of(name)))
            out->made_by_onput = true;
    }
    return 0;
}

static bool is_hex(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f')))
            return false;
    }
    return t.len > 0;
}

static struct text padded_hex(struct arena *arena, struct text digits, size_t zeros_before)
{
    char *order = NULL;

    if (digits.len > EVENT_ORDER_DIGITS || !is_hex(digits))
        return TEXT("");
    order = arena_alloc(arena, EVENT_ORDER_DIGITS + 1);
    memset(order, '0', EVENT_ORDER_DIGITS);
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.ptr[i];
        order[zeros_before + i] = (char)(c >= 'a' ? c - 'a' + 'A' : c);
    }
    return (struct text){order, EVENT_ORDER_DIGITS};
}

struct text order_of_hex_fraction(struct arena *arena, struct text sequencer)
{
    return padded_hex(arena, sequencer, 0);
}

struct text order_of_hex_number(struct arena *arena, struct text sequencer)
{
    size_t len = sequencer.len < EVENT_ORDER_DIGITS ? sequencer.len : EVENT_ORDER_DIGITS;

    return padded_hex(arena, sequencer, EVENT_ORDER_DIGITS - len);
}
