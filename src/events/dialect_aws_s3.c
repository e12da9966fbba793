/*
 * dialect_aws_s3.c - AWS S3 itself and what speaks exactly like it, directly, through SQS or in an
 * SNS message (sns_envelope.c). Its table row comes after versitygw's, which claims "aws:s3" as
 * well.
 */
#include "events_private.h"

static int read(const struct record *record, struct event *out, struct error *err)
{
    struct json_object *object = NULL;

    if (record_read_s3(record, out, &object, err) < 0 ||
        record_key(record, object, "s3.object.key", EVENT_KEY_FORM, &out->key, err) < 0)
        return -1;
    /* Documented: pad the shorter one with zeros on the right, then compare. */
    out->order = order_of_hex_fraction(record->arena, out->sequencer);
    return 0;
}

const struct dialect dialect_aws_s3 = {
    .id = EVENT_DIALECT_AWS_S3,
    .event_source = "aws:s3",
    .read = read,
};
