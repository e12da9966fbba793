/*
 * devstore_private.h - what the files of the development store share.
 *
 * One lock guards buckets, objects and uploads. It is held for look-ups and renames, never while
 * object bytes are hashed or written. Requests run on the HTTP server's threads.
 */
#ifndef ONPUT_DEVSTORE_PRIVATE_H
#define ONPUT_DEVSTORE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "onput/arena.h"
#include "onput/buffer.h"
#include "onput/devstore.h"
#include "onput/hash.h"
#include "onput/http_server.h"
#include "onput/sigv4.h"
#include "onput/xml_read.h"

enum {
    MAX_OBJECT_BODY_BYTES = 64 * 1024 * 1024,
    MAX_WIRE_BODY_BYTES = 66 * 1024 * 1024, /* with the overhead of aws-chunked */
    MAX_KEY_BYTES = 1024,
    MAX_METADATA_BYTES = 8 * 1024, /* S3 allows 2 KB of user metadata */
    MAX_LIST_KEYS = 1000,
    MAX_PARTS = 10000,
    MAX_RULES = 100,
    ETAG_BYTES = 48, /* 32 hex digits, "-", 5 digits, NUL */
};

/* ---- objects and buckets: index.c, bucket.c ---- */

struct stored_header {
    char *name; /* lower case: "content-type", "x-amz-meta-origin" */
    char *value;
};

/* Owned by its bucket's index; everything in it is heap memory of object_free(). */
struct object {
    char *key;
    size_t key_len;
    int64_t size;
    int64_t modified_ms;
    uint64_t sequencer;
    char etag[ETAG_BYTES];
    char *user_agent; /* of the writer */
    struct stored_header *headers;
    size_t header_count;
};

struct object *object_new(struct text key);
void object_free(struct object *object);
struct text object_key(const struct object *object);
void object_add_header(struct object *object, struct text name, struct text value);
struct text object_header(const struct object *object, const char *name);

enum rule_kind { RULE_QUEUE, RULE_TOPIC, RULE_FUNCTION, RULE_KIND_COUNT };

struct rule {
    enum rule_kind kind;
    char *id;
    char *arn;
    char **events;
    size_t event_count;
    char *prefix;
    char *suffix;
};

struct bucket {
    char *name;
    int64_t created_ms;
    struct object **objects; /* sorted by key bytes */
    size_t object_count;
    size_t object_room;
    struct rule *rules;
    size_t rule_count;
};

struct bucket_list {
    struct bucket **items; /* sorted by name */
    size_t count;
};

void bucket_free(struct bucket *bucket);
void rules_free(struct rule *rules, size_t count);
bool bucket_name_is_valid(struct text name);
struct bucket *bucket_find(const struct bucket_list *list, struct text name);
struct bucket *bucket_add(struct bucket_list *list, struct text name, int64_t created_ms);
void bucket_remove(struct bucket_list *list, struct bucket *bucket);
void bucket_list_release(struct bucket_list *list);

/* Position of the first object whose key is >= `key`. */
size_t index_lower_bound(const struct bucket *bucket, struct text key);
struct object *index_find(const struct bucket *bucket, struct text key);
void index_put(struct bucket *bucket, struct object *object); /* takes it; frees what it replaces */
void index_remove(struct bucket *bucket, struct object *object); /* frees it */

/* ---- uploads.c: multipart uploads, in memory but for the parts' bytes ---- */

struct upload_part {
    int64_t size;
    uint8_t md5[MD5_BYTES];
    bool is_there;
    int64_t modified_ms;
};

struct upload {
    char id[33];
    char *bucket;
    struct object *object; /* key, headers, user agent of what it will become */
    int64_t started_ms;
    struct upload_part *parts; /* [number - 1] */
    size_t part_room;
    struct upload *next;
};

struct upload *upload_add(struct upload **list, struct text bucket, struct object *object,
                          int64_t started_ms);
struct upload *upload_find(struct upload *list, struct text bucket, struct text key,
                           struct text id);
/* Room for part `number`; the array may move. */
struct upload_part *upload_part(struct upload *upload, size_t number);
void upload_remove(struct upload **list, struct upload *upload); /* frees it */

/* ---- the store ---- */

struct target;

struct devstore {
    char *directory;
    char *endpoint;
    char *access_key;
    char *secret_key;
    char *region;
    const struct clock *clock;
    struct http_server *server;
    pthread_mutex_t lock;
    struct bucket_list buckets;
    struct upload *uploads;
    struct target *targets; /* deliver.c */
    uint64_t last_sequencer;
    _Atomic uint64_t request_counter;
    _Atomic uint64_t file_counter;
};

/* ---- object_file.c, load.c: the disk ---- */

char *store_path(const struct devstore *store, struct arena *arena, struct text bucket,
                 const char *file);
char *object_path(const struct devstore *store, struct arena *arena, struct text bucket,
                  struct text key, const char *extension);
char *part_path(const struct devstore *store, struct arena *arena, const struct upload *upload,
                size_t number);
/* A new file for object bytes in the bucket's folder: the caller writes, closes and then commits or
 * unlinks it. */
MUST_CHECK int staged_create(struct devstore *store, struct arena *arena, struct text bucket,
                             char **out_path, int *out_fd, struct error *err);
/*
 * Under the lock: gives the object its sequencer, renames the staged data and its description into
 * place and puts it into the index. Takes the object in any case.
 */
MUST_CHECK int object_commit(struct devstore *store, struct bucket *bucket, struct object *object,
                             const char *staged, struct error *err);
MUST_CHECK int object_erase(struct devstore *store, struct bucket *bucket, struct object *object,
                            struct error *err);
MUST_CHECK int bucket_save(struct devstore *store, const struct bucket *bucket, struct error *err);
MUST_CHECK int store_load(struct devstore *store, struct error *err);
/* Reads a description from outside. */
MUST_CHECK int object_parse(struct text json, struct object **out, struct error *err);

/* ---- one request ---- */

struct exchange {
    struct devstore *store;
    struct http_request *http;
    struct arena *arena;
    struct text bucket;
    struct text key;  /* decoded; empty for a bucket's or the service's own */
    struct text body; /* decoded from aws-chunked */
    char request_id[17];
    bool answered;
};

/* ---- answer.c ---- */

enum s3_error {
    S3_ACCESS_DENIED,
    S3_AUTHORIZATION_MALFORMED,
    S3_BAD_DIGEST,
    S3_BUCKET_ALREADY_OWNED,
    S3_BUCKET_NOT_EMPTY,
    S3_CONTENT_SHA256_MISMATCH,
    S3_ENTITY_TOO_LARGE,
    S3_ENTITY_TOO_SMALL,
    S3_INCOMPLETE_BODY,
    S3_INTERNAL_ERROR,
    S3_INVALID_ACCESS_KEY,
    S3_INVALID_ARGUMENT,
    S3_INVALID_BUCKET_NAME,
    S3_INVALID_DIGEST,
    S3_INVALID_PART,
    S3_INVALID_PART_ORDER,
    S3_INVALID_RANGE,
    S3_INVALID_REQUEST,
    S3_KEY_TOO_LONG,
    S3_MALFORMED_XML,
    S3_METADATA_TOO_LARGE,
    S3_NO_SUCH_BUCKET,
    S3_NO_SUCH_KEY,
    S3_NO_SUCH_UPLOAD,
    S3_NOT_IMPLEMENTED,
    S3_PRECONDITION_FAILED,
    S3_REQUEST_TIME_SKEWED,
    S3_SIGNATURE_MISMATCH,
    S3_ERROR_COUNT
};

void answer_error(struct exchange *x, enum s3_error error, const char *fmt, ...) PRINTF_LIKE(3, 4);
void answer_internal(struct exchange *x, const struct error *err);
void answer_xml(struct exchange *x, const struct buffer *xml);
void answer_empty(struct exchange *x, int status, const struct http_header *headers, size_t count);
/* Sends it with the store's own headers added. */
void answer_send(struct exchange *x, struct http_response *response);
void xml_begin(struct buffer *out, const char *root);
void xml_tag(struct buffer *out, const char *name, struct text value);
struct text quoted_etag(struct arena *arena, const char *etag);

/* ---- auth.c, aws_chunked.c, range.c ---- */

/* False when the request has been answered with an error. */
bool auth_check(struct exchange *x);
/* Decodes and verifies the body into x->body; false when the request has been answered. */
bool auth_take_body(struct exchange *x);

MUST_CHECK int aws_chunked_decode(struct text coded, size_t max_bytes, struct buffer *out,
                                  struct error *err);

enum range_result { RANGE_NONE, RANGE_PART, RANGE_UNSATISFIABLE };
/* RFC 9110 section 14: one range of bytes; anything else is as if there were none. */
enum range_result range_parse(struct text header, int64_t size, int64_t *out_first,
                              int64_t *out_len);

/* ---- operations; each answers ---- */

void op_list_buckets(struct exchange *x);
void op_create_bucket(struct exchange *x);
void op_head_bucket(struct exchange *x);
void op_delete_bucket(struct exchange *x);
void op_get_location(struct exchange *x);
void op_list_objects(struct exchange *x);
void op_list_objects_v2(struct exchange *x);
void op_get_notification(struct exchange *x);
void op_put_notification(struct exchange *x);
void op_put_object(struct exchange *x);
void op_copy_object(struct exchange *x);
void op_get_object(struct exchange *x); /* and HeadObject */
void op_delete_object(struct exchange *x);
void op_delete_objects(struct exchange *x);
void op_create_upload(struct exchange *x);
void op_upload_part(struct exchange *x);
void op_complete_upload(struct exchange *x);
void op_abort_upload(struct exchange *x);
void op_list_parts(struct exchange *x);
void op_list_uploads(struct exchange *x);

/* The bucket of the exchange, or NULL and answered. Call with the lock held. */
struct bucket *need_bucket(struct exchange *x);
/* A new object with the headers of this request that are kept; NULL and answered when they are too
 * large. */
struct object *object_from_request(struct exchange *x);
struct text query_text(const struct exchange *x, const char *name);
bool query_has(const struct exchange *x, const char *name);
int64_t now_ms(const struct exchange *x);

/* ---- notify.c, deliver.c, notification.c ---- */

/* Under the lock, after the change: queues what the bucket's rules ask for. */
void notify(struct exchange *x, const struct bucket *bucket, const struct object *object,
            const char *event_name);
/* Under the lock: the answer has been decided by the rules in `xml`. */
MUST_CHECK int rules_parse(struct text xml, struct arena *arena, struct rule **out,
                           size_t *out_count, struct error *err);
bool event_name_is_known(struct text name);
bool event_pattern_covers(const char *pattern, const char *event_name);

struct target *target_add(struct target **list, const struct devstore_target *options);
struct target *target_find(struct target *list, const char *arn);
void target_post(struct target *target, struct text body); /* copied */
size_t targets_undelivered(struct target *list);
void targets_free(struct target *list); /* ends the threads */

#endif
