/*
 * events_private.h - what the dialects share: one record while it is read, and the table row.
 *
 * decode.c finds the dialect of a record and calls its read(). A dialect fills a zeroed struct
 * event with the help of record.c, which knows the S3 record shape that all senders but EventBridge
 * follow. Paths in error messages are built only when an error is written.
 */
#ifndef ONPUT_EVENTS_PRIVATE_H
#define ONPUT_EVENTS_PRIVATE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "onput/arena.h"
#include "onput/attributes.h"
#include "onput/error.h"
#include "onput/event.h"
#include "onput/event_decode.h"
#include "onput/text.h"

struct record {
    struct json_object *json;
    struct arena *arena;
    bool is_body;         /* the record is the whole body, not an element of Records */
    size_t index;         /* in Records, for messages */
    struct text body_key; /* the member `Key` beside the only record; empty elsewhere */
};

struct dialect {
    enum event_dialect id;
    const char *event_source; /* what its records say; NULL for a dialect that is a whole body */
    /* A further condition on the record, or NULL. For a whole body: the condition. */
    bool (*recognises)(struct json_object *json);
    int (*read)(const struct record *record, struct event *out, struct error *err);
};

extern const struct dialect dialect_minio;
extern const struct dialect dialect_rustfs;
extern const struct dialect dialect_aws_s3;
extern const struct dialect dialect_ceph_rgw;
extern const struct dialect dialect_versitygw;
extern const struct dialect dialect_eventbridge;
extern const struct dialect dialect_devstore;

/* decode.c: for whoever walks a body himself */
void event_init(struct event *out, enum event_dialect dialect); /* all texts empty, size unknown */
/* An element of Records; whatever type it has. */
MUST_CHECK int event_read_record(const struct record *record, struct event *out, struct error *err);
/* Whether an object without Records is one event, and that event. */
bool event_is_body(struct json_object *root);
MUST_CHECK int event_read_body(const struct record *record, struct event *out, struct error *err);
bool is_test_event(struct json_object *root); /* S3 tries whether somebody listens */

/* event.c */
struct text event_name_without_prefix(struct text name); /* "s3:X" becomes "X" */
enum event_kind event_kind_of_name(struct text name);    /* of a name without prefix */

/*
 * record.c: members. `path` is the whole path below the record, its last part is the member of
 * `parent`. Missing and null are the same. A find leaves *out as it is when there is nothing, and
 * takes a NULL parent for "nothing"; another type than expected is ERROR_INVALID in all of them.
 * Texts are copies in the record's arena.
 */
struct json_object *json_member(struct json_object *object, const char *name);
int record_error(const struct record *record, const char *path, const char *problem,
                 struct error *err);
MUST_CHECK int record_object(const struct record *record, struct json_object *parent,
                             const char *path, struct json_object **out, struct error *err);
MUST_CHECK int record_find_object(const struct record *record, struct json_object *parent,
                                  const char *path, struct json_object **out, struct error *err);
MUST_CHECK int record_text(const struct record *record, struct json_object *parent,
                           const char *path, struct text *out, struct error *err);
MUST_CHECK int record_find_text(const struct record *record, struct json_object *parent,
                                const char *path, struct text *out, struct error *err);
MUST_CHECK int record_find_size(const struct record *record, struct json_object *parent,
                                const char *path, int64_t *out, struct error *err);
MUST_CHECK int record_find_time(const struct record *record, struct json_object *parent,
                                const char *path, int64_t *out, struct error *err);
MUST_CHECK int record_bucket(const struct record *record, struct json_object *parent,
                             const char *path, struct text *out, struct error *err);
MUST_CHECK int record_key(const struct record *record, struct json_object *parent, const char *path,
                          enum event_key_encoding encoding, struct text *out, struct error *err);

/*
 * record.c: the S3 record. Fills everything but key, order, user agent, mark and opaque data, which
 * differ between senders, and gives the member s3.object.
 */
MUST_CHECK int record_read_s3(const struct record *record, struct event *out,
                              struct json_object **out_object, struct error *err);
/* source.userAgent, and what it says about made_by_onput. */
MUST_CHECK int record_read_user_agent(const struct record *record, struct event *out,
                                      struct error *err);
/* The mark in a metadata object {"X-Amz-Meta-Name":"value"} at `path` in `parent`. */
MUST_CHECK int record_read_mark(const struct record *record, struct json_object *parent,
                                const char *path, struct event *out, struct error *err);
struct text etag_without_quotes(struct text etag);
/* True for a metadata name that is onput's mark, with or without "x-amz-meta-", in any case. */
bool metadata_name_is_mark(struct text name);

/*
 * Hex sequencers as texts of one width, so that bytes compare as the sender orders them. A fraction
 * grows to the right (AWS), a number to the left (MinIO). Empty for what is not hex or too long.
 */
enum { EVENT_ORDER_DIGITS = 32 };
struct text order_of_hex_fraction(struct arena *arena, struct text sequencer);
struct text order_of_hex_number(struct arena *arena, struct text sequencer);

/* sns_envelope.c */
bool sns_is_envelope(struct json_object *root);
/*
 * Reads the envelope in batch->tree: kind, topic, subscribe URL. For a notification *out_message is
 * a copy of Message in the batch's arena, for the others it is empty.
 */
MUST_CHECK int sns_read_envelope(struct event_batch *batch, struct text *out_message,
                                 struct error *err);

#endif
