/*
 * storage.h - the S3 API as onput uses it.
 *
 * struct storage is one store: endpoint, region, addressing, and what was learned about it (its
 * region, its clock). It is shared by threads and immutable from outside. struct storage_session is
 * one thread's keep-alive connection to it; all calls go through a session and block.
 *
 * Every call signs with the given credentials (SigV4, real payload digest), repairs clock skew and
 * a wrong region once, and retries transient answers inside the call: at most 3 attempts, delay
 * random(0,1) * min(2^i * base, 5 s), paid from the store's retry quota (500 tokens, 5 a retry, 10
 * a timeout), so that a broken store is not hammered. What is left over is classified in *err:
 *   ERROR_NOT_FOUND   404 NoSuchKey, NoSuchBucket (message says which), 405 on a delete marker
 *   ERROR_CONFLICT    412 precondition failed: the object changed
 *   ERROR_DENIED      403; not retryable: somebody must change a policy or a key
 *   ERROR_THROTTLED   SlowDown and friends after the attempts; retryable
 *   ERROR_UNAVAILABLE, ERROR_TIMEOUT   5xx, connection trouble; retryable
 *   ERROR_LIMIT       object larger than allowed
 *   ERROR_PROTOCOL    an answer that is not S3 (proxy page, bad XML)
 * err->http_status and the S3 error code in the message tell the rest.
 *
 * Source: Amazon S3 API Reference; retry numbers: AWS SDKs "standard" retry mode.
 */
#ifndef ONPUT_STORAGE_H
#define ONPUT_STORAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "onput/arena.h"
#include "onput/clock.h"
#include "onput/credentials.h"
#include "onput/error.h"
#include "onput/fd.h"
#include "onput/metrics.h"
#include "onput/text.h"

enum storage_addressing { STORAGE_ADDRESSING_PATH, STORAGE_ADDRESSING_VIRTUAL };

struct storage;
struct storage_session;

struct storage_options {
    const char *endpoint; /* "https://s3.eu-central-1.amazonaws.com", "http://127.0.0.1:9000" */
    const char *region;   /* first guess; learned from the store's answers */
    enum storage_addressing addressing;
    const char *ca_file;       /* NULL: the system's */
    const char *user_agent;    /* NULL: "onput/<version>" */
    int timeout_ms;            /* per attempt; 0: 60000 */
    int retry_base_ms;         /* 0: 100 */
    const struct clock *clock; /* NULL: the system's */
    struct metrics *metrics;   /* may be NULL */
};

MUST_CHECK int storage_new(const struct storage_options *options, struct storage **out,
                           struct error *err);
void storage_free(struct storage *storage); /* NULL-safe; sessions must be gone */

/* `canceled` may be NULL; when it becomes true running calls fail with ERROR_CANCELED. */
MUST_CHECK int storage_session_new(struct storage *storage, const atomic_bool *canceled,
                                   struct storage_session **out, struct error *err);
void storage_session_free(struct storage_session *session); /* NULL-safe */
/*
 * Calls end by this monotonic time of the options' clock, retries included, with a retryable
 * ERROR_TIMEOUT; 0: no such time. It stays until it is set anew.
 */
void storage_session_set_deadline(struct storage_session *session, int64_t deadline_ms);

struct storage_object {
    struct text bucket;
    struct text key;
    struct text version_id; /* empty: the current version */
};

struct storage_metadata {
    struct text name; /* lower case, without "x-amz-meta-" */
    struct text value;
};

/* What the store said about an object; texts in the arena that the call was given. */
struct storage_info {
    int64_t size;
    struct text etag; /* without quotes */
    struct text content_type;
    struct text version_id;
    int64_t last_modified_ms; /* 0 when absent */
    const struct storage_metadata *metadata;
    size_t metadata_count;
};

struct storage_get_options {
    struct text if_match_etag; /* empty: unconditional */
    size_t max_bytes;          /* > 0; more is ERROR_LIMIT before or while it arrives */
};

/*
 * GET into a memory file: into->len is the size. `into` has capacity >= max_bytes and stays the
 * caller's; after a failure it may hold a part of the object.
 */
MUST_CHECK int storage_get(struct storage_session *s, struct credentials *credentials,
                           const struct storage_object *object,
                           const struct storage_get_options *options, struct memfd *into,
                           struct arena *arena, struct storage_info *out, struct error *err);

MUST_CHECK int storage_head(struct storage_session *s, struct credentials *credentials,
                            const struct storage_object *object, struct arena *arena,
                            struct storage_info *out, struct error *err);

struct storage_put_options {
    struct text content_type;
    struct text cache_control;               /* may be empty */
    struct text tagging;                     /* "k=v&k2=v2", may be empty */
    bool if_none_match;                      /* create only; an existing object is ERROR_CONFLICT */
    const struct storage_metadata *metadata; /* ASCII values; encode others before */
    size_t metadata_count;
};

/* PUT of `body` (bytes of a memory file's map, or any others). out_etag (arena) may be NULL. */
MUST_CHECK int storage_put(struct storage_session *s, struct credentials *credentials,
                           const struct storage_object *object, struct text body,
                           const struct storage_put_options *options, struct arena *arena,
                           struct text *out_etag, struct error *err);

/* A missing object is success, as S3 says. */
MUST_CHECK int storage_delete(struct storage_session *s, struct credentials *credentials,
                              const struct storage_object *object, struct error *err);

/* A bucket that is there and ours is success. */
MUST_CHECK int storage_create_bucket(struct storage_session *s, struct credentials *credentials,
                                     struct text bucket, struct error *err);

struct storage_listed {
    struct text key;
    struct text etag;
    int64_t size;
    int64_t last_modified_ms;
};
struct storage_list_page {
    struct storage_listed *objects; /* arena */
    size_t count;
    struct text next_token; /* empty at the end */
};
/* One page of ListObjectsV2; keys come back decoded. An empty token begins at the start. */
MUST_CHECK int storage_list(struct storage_session *s, struct credentials *credentials,
                            struct text bucket, struct text prefix, struct text token, int max_keys,
                            struct arena *arena, struct storage_list_page *out, struct error *err);

struct storage_notification {
    struct text id;
    struct text target_arn;
    enum { STORAGE_TARGET_QUEUE, STORAGE_TARGET_TOPIC, STORAGE_TARGET_FUNCTION } target;
    const struct text *events; /* "s3:ObjectCreated:*" */
    size_t event_count;
    struct text prefix;
    struct text suffix;
};
MUST_CHECK int storage_put_notifications(struct storage_session *s, struct credentials *credentials,
                                         struct text bucket,
                                         const struct storage_notification *rows, size_t count,
                                         struct error *err);
MUST_CHECK int storage_get_notifications(struct storage_session *s, struct credentials *credentials,
                                         struct text bucket, struct arena *arena,
                                         struct storage_notification **out_rows, size_t *out_count,
                                         struct error *err);

#endif
