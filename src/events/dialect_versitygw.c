/*
 * dialect_versitygw.c - the Versity gateway: the AWS record with eventSource "aws:s3", told apart
 * by its fixed configurationId. The key is the path of the request, not encoded.
 */
#include "events_private.h"
#include "onput/json.h"

static bool recognises(struct json_object *json)
{
    struct json_object *s3 = json_member(json, "s3");
    struct json_object *id = NULL;

    if (!json_object_is_type(s3, json_type_object))
        return false;
    id = json_member(s3, "configurationId");
    return json_object_is_type(id, json_type_string) && text_is(json_text(id), "webhook-global");
}

/* The sequencer counts events since the gateway started, so it orders nothing: `order` stays empty.
 */
static int read(const struct record *record, struct event *out, struct error *err)
{
    struct json_object *object = NULL, *identity = NULL;

    if (record_read_s3(record, out, &object, err) < 0 ||
        record_key(record, object, "s3.object.key", EVENT_KEY_RAW, &out->key, err) < 0)
        return -1;
    identity = json_member(record->json, "userIdentity");
    if (out->principal.len > 0)
        return 0;
    return record_find_text(record, identity, "userIdentity.PrincipalId", &out->principal, err);
}

const struct dialect dialect_versitygw = {
    .id = EVENT_DIALECT_VERSITYGW,
    .event_source = "aws:s3",
    .recognises = recognises,
    .read = read,
};
