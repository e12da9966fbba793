/*
 * event.h - the one normalised object event.
 *
 * Every sender's notification becomes an array of these. Texts are borrowed from the batch that the
 * decoder filled, and may hold any byte. Nothing in an event chooses an endpoint or a credential:
 * bucket and key are data.
 */
#ifndef ONPUT_EVENT_H
#define ONPUT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "onput/text.h"

/* Limits of what a decoder accepts; each error names the limit that was passed. */
enum {
    EVENT_MAX_BODY_BYTES = 1024 * 1024,
    EVENT_MAX_RECORDS = 1000,
    EVENT_MAX_KEY_BYTES = 1024,   /* decoded; S3's own limit */
    EVENT_MAX_BUCKET_BYTES = 255, /* old us-east-1 names */
};

/* Who wrote the notification. Decides how a key is encoded and how a sequencer is ordered. */
enum event_dialect {
    EVENT_DIALECT_MINIO,
    EVENT_DIALECT_RUSTFS,
    EVENT_DIALECT_AWS_S3,
    EVENT_DIALECT_CEPH_RGW,
    EVENT_DIALECT_VERSITYGW,
    EVENT_DIALECT_EVENTBRIDGE,
    EVENT_DIALECT_DEVSTORE,
    EVENT_DIALECT_COUNT
};

enum event_kind {
    EVENT_KIND_CREATED, /* ObjectCreated:{Put,Post,Copy,CompleteMultipartUpload} */
    /*
     * ObjectRemoved:*, lifecycle deletions. The event does not say whether it was the current
     * version that went: with a version_id, ask the store whether the object is still there.
     */
    EVENT_KIND_REMOVED,
    EVENT_KIND_OTHER, /* tags, ACLs, retention, access, replication, ...: nothing to render */
    EVENT_KIND_COUNT
};

struct event {
    enum event_dialect dialect;
    enum event_kind kind;
    struct text name; /* normalised: "ObjectCreated:Put", never with "s3:" */
    struct text bucket;
    struct text key;        /* decoded, as the S3 API takes it */
    struct text version_id; /* empty when the bucket is not versioned */
    struct text etag;       /* without quotes; empty when unknown */
    int64_t size;           /* -1 when the sender gave none */
    int64_t time_ms;        /* wall time of the change, 0 when unknown or unreadable */
    /*
     * Orders events of one key where the sender gives an order: compare as bytes. Empty when it
     * gives none that can be trusted (Ceph's sequencer is little-endian; its eventId is used
     * instead).
     */
    struct text order;
    struct text sequencer;  /* as received, for deduplication */
    struct text user_agent; /* of the request that changed the object, when told */
    struct text principal;
    bool made_by_onput;      /* the object carries onput's mark, or onput's user agent wrote it */
    struct text opaque_data; /* Ceph's opaqueData */
};

const char *event_dialect_name(enum event_dialect dialect); /* "minio", "ceph_rgw", ... */
const char *event_kind_name(enum event_kind kind);          /* "created", "removed", "other" */

/* Metadata key (lower case, without "x-amz-meta-") that marks an object as written by onput. */
#define EVENT_MARK_METADATA "onput-function"
/* Every request of onput to a store names itself with this prefix. */
#define EVENT_USER_AGENT_PREFIX "onput/"

/*
 * True when `pattern`, as a notification configuration writes it ("s3:ObjectCreated:*", with or
 * without "s3:"), covers the event's name. For "ObjectCreated:*" only kind CREATED counts: MinIO
 * files tag and retention writes under ObjectCreated, and a thumbnail must not be made again for
 * those.
 */
bool event_name_matches(struct text pattern, const struct event *event);

#endif
