/*
 * dialect_rustfs.c - RustFS: MinIO's shape with eventSource "rustfs:s3". Earlier releases wrote the
 * members of object and userIdentity in snake_case.
 */
#include "events_private.h"

static int read_earlier_names(const struct record *record, struct json_object *object,
                              struct event *out, struct error *err)
{
    struct json_object *identity = json_member(record->json, "userIdentity");

    if (out->etag.len == 0 &&
        record_find_text(record, object, "s3.object.etag", &out->etag, err) < 0)
        return -1;
    if (out->version_id.len == 0 &&
        record_find_text(record, object, "s3.object.version_id", &out->version_id, err) < 0)
        return -1;
    if (out->principal.len == 0 &&
        record_find_text(record, identity, "userIdentity.principal_id", &out->principal, err) < 0)
        return -1;
    return record_read_mark(record, object, "s3.object.user_metadata", out, err);
}

/* `Key` beside the record says nothing that counts here: releases have left "+" for a space in it.
 */
static int read(const struct record *record, struct event *out, struct error *err)
{
    struct json_object *object = NULL;

    if (record_read_s3(record, out, &object, err) < 0 ||
        record_key(record, object, "s3.object.key", EVENT_KEY_FORM, &out->key, err) < 0 ||
        record_read_mark(record, object, "s3.object.userMetadata", out, err) < 0 ||
        record_read_user_agent(record, out, err) < 0 ||
        read_earlier_names(record, object, out, err) < 0)
        return -1;
    out->order = order_of_hex_number(record->arena, out->sequencer);
    return 0;
}

const struct dialect dialect_rustfs = {
    .id = EVENT_DIALECT_RUSTFS,
    .event_source = "rustfs:s3",
    .read = read,
};
