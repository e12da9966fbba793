/*
 * dialect_devstore.c - onput's own embedded store (src/devstore writes it): the AWS record with
 * eventSource "onput:s3", plus s3.object.userMetadata and source.userAgent as MinIO has them. The
 * sequencer is hex of one width and ordered.
 */
#include "events_private.h"

static int read(const struct record *record, struct event *out, struct error *err)
{
    struct json_object *object = NULL;

    if (record_read_s3(record, out, &object, err) < 0 ||
        record_key(record, object, "s3.object.key", EVENT_KEY_FORM, &out->key, err) < 0 ||
        record_read_mark(record, object, "s3.object.userMetadata", out, err) < 0 ||
        record_read_user_agent(record, out, err) < 0)
        return -1;
    out->order = order_of_hex_fraction(record->arena, out->sequencer);
    return 0;
}

const struct dialect dialect_devstore = {
    .id = EVENT_DIALECT_DEVSTORE,
    .event_source = "onput:s3",
    .read = read,
};
