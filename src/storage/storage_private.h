/* storage_private.h - what the files of the S3 client share. */
#ifndef ONPUT_STORAGE_PRIVATE_H
#define ONPUT_STORAGE_PRIVATE_H

#include <pthread.h>

#include "onput/http_client.h"
#include "onput/storage.h"
#include "onput/xml_read.h"

enum {
    S3_MAX_KEY_BYTES = 1024,
    S3_MAX_ATTEMPTS = 3,
    S3_MAX_DELAY_MS = 5000,
    S3_MAX_HEADERS = 64,
    S3_MAX_METADATA_BYTES = 2048,
    S3_MAX_REGION_BYTES = 64,
    S3_SMALL_REPLY_BYTES = 64 * 1024,
};

/* ---- retry_quota.c ---- */

/* Tokens that retries are paid from; threads: any. */
struct retry_quota {
    pthread_mutex_t lock;
    int tokens;
};
void retry_quota_init(struct retry_quota *q);
void retry_quota_release(struct retry_quota *q);
/* Pays for one retry: false when the store has failed too often lately. *out_cost is what was paid.
 */
bool retry_quota_take(struct retry_quota *q, bool after_timeout, int *out_cost);
/* After a success: gives back what the last retry cost, or 1 when there was none. */
void retry_quota_return(struct retry_quota *q, int cost);

/* ---- storage.c ---- */

struct storage {
    bool is_https;
    char *host; /* as in the Host header: with its port unless that is the scheme's */
    bool needs_path_style;
    char *ca_file;
    char *user_agent;
    int timeout_ms;
    int retry_base_ms;
    const struct clock *clock;
    struct metrics *metrics;
    struct retry_quota quota;
    atomic_llong clock_offset_ms; /* the store's clock minus ours, as learned */
    pthread_mutex_t lock;         /* guards the region */
    char region[S3_MAX_REGION_BYTES];
};

struct storage_session {
    struct storage *storage;
    struct http_client *client;
    const atomic_bool *canceled;
    int64_t deadline_ms; /* monotonic; 0: none */
};

struct text storage_region(struct storage *storage, struct arena *arena);
/* Takes over a region that an answer named. False: malformed, or the one we used. */
bool storage_learn_region(struct storage *storage, struct text region, struct text used);
/* True when the store's clock differs from the time that we signed with, which is now repaired. */
bool storage_learn_clock(struct storage *storage, struct text date, int64_t signed_ms);

/* ---- s3_request.c ---- */

struct s3_parameter {
    const char *name;
    struct text value;
};

struct s3_call {
    const char *op; /* the metrics' name of it */
    const char *method;
    struct text bucket;
    struct text key; /* empty: a call on the bucket */
    struct s3_parameter parameters[8];
    size_t parameter_count;
    struct http_header headers[S3_MAX_HEADERS]; /* without those that signing adds */
    size_t header_count;
    struct text body;
    http_body_sink sink;
    void (*restart)(void *ctx); /* before every attempt: the sink begins anew */
    void *sink_ctx;
    size_t max_body_bytes;
};

void s3_call_parameter(struct s3_call *call, const char *name, struct text value);
void s3_call_header(struct s3_call *call, const char *name, struct text value);
/* Sends it, with repairs and retries. Success is an answer 2xx, which the caller releases. */
int s3_perform(struct storage_session *s, struct credentials *credentials,
               const struct s3_call *call, struct http_reply *out, struct error *err);
int s3_check_object(const struct storage_object *object, struct error *err);
int s3_check_bucket(struct text bucket, struct error *err);

/* ---- s3_sign.c ---- */

/* The finished request of one attempt; everything lives in the arena. */
struct s3_wire {
    const char *url;
    struct http_header *headers;
    size_t header_count;
    struct text region; /* it was signed for this one, */
    int64_t time_ms;    /* at this time of the store */
};
int s3_sign(struct storage *storage, const struct sigv4_key *key, const struct s3_call *call,
            struct text payload_hash, struct arena *arena, struct s3_wire *out, struct error *err);

/* ---- s3_error.c ---- */

enum s3_class {
    S3_CLASS_TRANSIENT,
    S3_CLASS_THROTTLE,
    S3_CLASS_CONFLICT_RETRY, /* two writers met: simply again */
    S3_CLASS_CLOCK,
    S3_CLASS_CREDENTIALS,
    S3_CLASS_KEY, /* InvalidAccessKeyId: refresh it when it is a temporary one */
    S3_CLASS_REGION,
    S3_CLASS_NOT_FOUND,
    S3_CLASS_PRECONDITION,
    S3_CLASS_DENIED,
    S3_CLASS_INVALID,
    S3_CLASS_UNSUPPORTED,
    S3_CLASS_PROTOCOL,
    S3_CLASS_COUNT,
};

struct s3_failure {
    enum s3_class class;
    int status;
    char code[64]; /* S3's, or empty */
    char message[160];
    char region[S3_MAX_REGION_BYTES]; /* that the answer names, or empty */
    int retry_after_ms;
};
/* Reads an answer that is not 2xx. */
void s3_failure_read(const struct http_reply *reply, struct s3_failure *out);
/* Puts it into *err as storage.h promises. */
void s3_failure_to_error(const struct s3_failure *failure, const struct s3_call *call,
                         struct error *err);

/* ---- s3_xml.c ---- */

int s3_xml_list(struct text document, struct arena *arena, struct storage_list_page *out,
                struct error *err);
int s3_xml_notifications(struct text document, struct arena *arena,
                         struct storage_notification **out_rows, size_t *out_count,
                         struct error *err);
/* Fills in code, message and region; a body that is no S3 error leaves them empty. */
void s3_xml_error(struct text document, struct s3_failure *out);

/* ---- s3_info.c ---- */

void s3_info_read(const struct http_reply *reply, struct arena *arena, struct storage_info *out);
/* Without the quotes and the weak mark. */
struct text s3_plain_etag(struct text etag);

#endif
