/*
 * dialect_eventbridge.c - "Amazon S3 events" of EventBridge: the body is one event, with member
 * names of its own and words in place of event names, which the tables below turn into S3's names.
 */
#include <string.h>

#include "events_private.h"
#include "onput/json.h"

/* A row with a word counts only when the word is there; the first row that fits decides. */
struct name_row {
    const char *detail_type;
    const char *reason;        /* detail.reason, or NULL for any */
    const char *deletion_type; /* detail.deletion-type, or NULL for any */
    const char *name;
};

static const struct name_row NAMES[] = {
    {"Object Created", "POST Object", NULL, "ObjectCreated:Post"},
    {"Object Created", "CopyObject", NULL, "ObjectCreated:Copy"},
    {"Object Created", "CompleteMultipartUpload", NULL, "ObjectCreated:CompleteMultipartUpload"},
    {"Object Created", NULL, NULL, "ObjectCreated:Put"},
    {"Object Deleted", "Lifecycle Expiration", "Delete Marker Created",
     "LifecycleExpiration:DeleteMarkerCreated"},
    {"Object Deleted", "Lifecycle Expiration", NULL, "LifecycleExpiration:Delete"},
    {"Object Deleted", NULL, "Delete Marker Created", "ObjectRemoved:DeleteMarkerCreated"},
    {"Object Deleted", NULL, NULL, "ObjectRemoved:Delete"},
    {"Object Restore Initiated", NULL, NULL, "ObjectRestore:Post"},
    {"Object Restore Completed", NULL, NULL, "ObjectRestore:Completed"},
    {"Object Restore Expired", NULL, NULL, "ObjectRestore:Delete"},
    {"Object Storage Class Changed", NULL, NULL, "LifecycleTransition"},
    {"Object Access Tier Changed", NULL, NULL, "IntelligentTiering"},
    {"Object ACL Updated", NULL, NULL, "ObjectAcl:Put"},
    {"Object Tags Added", NULL, NULL, "ObjectTagging:Put"},
    {"Object Tags Deleted", NULL, NULL, "ObjectTagging:Delete"},
};

static bool fits(const char *wanted_or_null, struct text word)
{
    return wanted_or_null == NULL || text_is(word, wanted_or_null);
}

/* A detail-type of the future keeps its own words and is of kind OTHER. */
static struct text name_of(struct text detail_type, struct text reason, struct text deletion_type)
{
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        if (fits(NAMES[i].detail_type, detail_type) && fits(NAMES[i].reason, reason) &&
            fits(NAMES[i].deletion_type, deletion_type))
            return text_of(NAMES[i].name);
    return detail_type;
}

static bool recognises(struct json_object *json)
{
    return json_member(json, "detail-type") != NULL && json_member(json, "detail") != NULL;
}

static int check_source(const struct record *record, struct error *err)
{
    struct text source = TEXT_INIT("");

    if (record_text(record, record->json, "source", &source, err) < 0)
        return -1;
    if (!text_is(source, "aws.s3"))
        return error_set(err, ERROR_UNSUPPORTED, "source: \"%.64s\" is not aws.s3", source.ptr);
    return 0;
}

static int read_name(const struct record *record, struct json_object *detail, struct event *out,
                     struct error *err)
{
    struct text type = TEXT_INIT(""), reason = TEXT_INIT(""), deletion = TEXT_INIT("");

    if (record_text(record, record->json, "detail-type", &type, err) < 0 ||
        record_find_text(record, detail, "detail.reason", &reason, err) < 0 ||
        record_find_text(record, detail, "detail.deletion-type", &deletion, err) < 0)
        return -1;
    out->name = name_of(type, reason, deletion);
    out->kind = event_kind_of_name(out->name);
    return 0;
}

static int read_object(const struct record *record, struct json_object *object, struct event *out,
                       struct error *err)
{
    if (record_key(record, object, "detail.object.key", EVENT_KEY_RAW, &out->key, err) < 0 ||
        record_find_text(record, object, "detail.object.etag", &out->etag, err) < 0 ||
        record_find_text(record, object, "detail.object.version-id", &out->version_id, err) < 0 ||
        record_find_text(record, object, "detail.object.sequencer", &out->sequencer, err) < 0 ||
        record_find_size(record, object, "detail.object.size", &out->size, err) < 0)
        return -1;
    out->order = order_of_hex_fraction(record->arena, out->sequencer);
    return 0;
}

static int read(const struct record *record, struct event *out, struct error *err)
{
    struct json_object *detail = NULL, *bucket = NULL, *object = NULL;

    if (check_source(record, err) < 0 ||
        record_object(record, record->json, "detail", &detail, err) < 0 ||
        record_object(record, detail, "detail.bucket", &bucket, err) < 0 ||
        record_object(record, detail, "detail.object", &object, err) < 0 ||
        record_bucket(record, bucket, "detail.bucket.name", &out->bucket, err) < 0 ||
        read_name(record, detail, out, err) < 0 || read_object(record, object, out, err) < 0 ||
        record_find_text(record, detail, "detail.requester", &out->principal, err) < 0)
        return -1;
    return record_find_time(record, record->json, "time", &out->time_ms, err);
}

const struct dialect dialect_eventbridge = {
    .id = EVENT_DIALECT_EVENTBRIDGE,
    .recognises = recognises,
    .read = read,
};
