/*
 * dialect_minio.c - MinIO's webhook, NATS, Kafka and other targets:
 * {"EventName":..,"Key":"bucket/raw key","Records":[one]}, eventSource "minio:s3".
 */
#include "events_private.h"

/* What `Key` beside the record says about the object: the text behind the first "/". A key may hold
   any number of further slashes. Empty when it speaks of another bucket. */
static struct text key_beside_record(const struct record *record, struct text bucket)
{
    struct text rest = record->body_key;

    return text_equal(text_cut(&rest, '/'), bucket) ? rest : TEXT("");
}

/*
 * object.key is the form-encoded name and `Key` is made from it by decoding, so object.key decides:
 * it keeps every byte, while `Key` has lost what is not UTF-8 to U+FFFD. One disagreement is told
 * the other way round. When `Key`, which is never encoded, is object.key to the letter, then
 * object.key is not encoded either (a bridge in between has decoded it) and "a+b" is a plus, not a
 * space.
 */
static enum event_key_encoding key_encoding(const struct record *record, struct json_object *object,
                                            struct text bucket)
{
    struct json_object *sent = json_member(object, "key");
    struct text beside = key_beside_record(record, bucket);

    return beside.len > 0 && text_equal(beside, json_text(sent)) ? EVENT_KEY_RAW : EVENT_KEY_FORM;
}

static int read(const struct record *record, struct event *out, struct error *err)
{
    struct json_object *object = NULL;

    if (record_read_s3(record, out, &object, err) < 0 ||
        record_key(record, object, "s3.object.key", key_encoding(record, object, out->bucket),
                   &out->key, err) < 0 ||
        record_read_mark(record, object, "s3.object.userMetadata", out, err) < 0 ||
        record_read_user_agent(record, out, err) < 0)
        return -1;
    /* Nanoseconds of the object's time as a hex number without leading zeros. */
    out->order = order_of_hex_number(record->arena, out->sequencer);
    return 0;
}

const struct dialect dialect_minio = {
    .id = EVENT_DIALECT_MINIO,
    .event_source = "minio:s3",
    .read = read,
};
