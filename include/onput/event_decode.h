/*
 * event_decode.h - a notification body becomes normalised events.
 *
 * Calling sequence: event_decode() with the whole body and a zeroed `struct event_batch`; read
 * `kind`, `records`; event_batch_release(). The batch owns its arena, and all texts are in it: the
 * body may go.
 *
 * Senders are told apart by what they wrote (a table of dialects, sniffed in order), never by
 * headers alone. A body without records that is a known test or probe gives EVENT_BATCH_PROBE. Each
 * record can be stored alone: `document` is a self-contained body of the same dialect with just
 * this record, which event_decode() reads back to an equal event.
 *
 * Errors: malformed JSON, wrong types, bad key escapes, limits: ERROR_INVALID or ERROR_LIMIT with
 * the path of the member ("Records[0].s3.bucket.name: expected a string, found a whole number"); a
 * sender that is in no table is ERROR_UNSUPPORTED. A bucket name has only letters, digits and
 * ".-_:". A time that cannot be read is no error. Of members with the same name the last one
 * counts. Unknown members are ignored. Pure: no I/O. Threads: any.
 *
 * Sources: AWS S3 "Event message structure"; MinIO internal/event; Ceph doc/radosgw/notifications;
 * Amazon SNS "HTTP/HTTPS notification JSON format"; EventBridge "Amazon S3 events".
 */
#ifndef ONPUT_EVENT_DECODE_H
#define ONPUT_EVENT_DECODE_H

#include <stddef.h>

#include "onput/arena.h"
#include "onput/error.h"
#include "onput/event.h"
#include "onput/json.h"

enum event_batch_kind {
    EVENT_BATCH_RECORDS,
    EVENT_BATCH_PROBE,                /* s3:TestEvent, empty body or list: answer 200, do nothing */
    EVENT_BATCH_SUBSCRIPTION_CONFIRM, /* SNS asks whether the topic may send; see subscribe_url */
    EVENT_BATCH_UNSUBSCRIBE_CONFIRM,
};

struct event_record {
    struct event event;
    struct text document; /* one-record body for the queue; owned by the batch */
};

struct event_batch {
    enum event_batch_kind kind;
    struct event_record *records;
    size_t count;
    struct text sns_topic_arn; /* of an SNS envelope, else empty */
    struct text
        subscribe_url; /* of either confirmation; whoever fetches it checks its host first */
    struct arena arena;
    struct json_object *tree; /* while it is decoded */
};

MUST_CHECK int event_decode(struct text body, struct event_batch *out, struct error *err);
void event_batch_release(struct event_batch *batch); /* safe on a zeroed struct */

/*
 * Key decoding in one place. FORM is application/x-www-form-urlencoded ("+" is a space), RAW takes
 * the bytes as they are. Refuses NUL, an empty key and more than EVENT_MAX_KEY_BYTES.
 */
enum event_key_encoding { EVENT_KEY_RAW, EVENT_KEY_FORM };
MUST_CHECK int event_decode_key(struct text encoded, enum event_key_encoding encoding,
                                struct arena *arena, struct text *out, struct error *err);

/* Identity of an event for deduplication: 16 bytes over (store, bucket, key, version or eTag,
 * sequencer, name, function). */
enum { EVENT_IDENTITY_BYTES = 16 };
void event_identity(const struct event *event, struct text store, struct text function,
                    unsigned char out[EVENT_IDENTITY_BYTES]);

#endif
