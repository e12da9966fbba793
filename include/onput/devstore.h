/*
 * devstore.h - a small S3-compatible store inside the program, for `onput demo` and for tests.
 *
 * It is not for production and says so in the log on every start: one access key that may do
 * everything, no versions, no replication, no sync to disk. What it does, it does as S3 does, so
 * that AWS SDKs, the AWS CLI and curl --aws-sigv4 work with it: Create/Head/Delete/ListBuckets,
 * GetBucketLocation Put/Get/Head/Delete/CopyObject, DeleteObjects; Range, If-Match, If-None-Match,
 * If-None-Match: * on PUT ListObjects, ListObjectsV2 (prefix, delimiter, encoding-type,
 * continuation) Create/UploadPart/Complete/AbortMultipartUpload, ListParts, ListMultipartUploads
 *   Put/GetBucketNotificationConfiguration
 * Path-style addressing only. Signature Version 4 in header or query, of any region; a body is
 * checked against x-amz-content-sha256 and Content-MD5. Bodies in aws-chunked coding are decoded,
 * but the signatures of single chunks and x-amz-checksum-* values are accepted unverified. Without
 * x-amz-content-sha256 the body may have been signed as UNSIGNED-PAYLOAD or, as old curls do, as if
 * it were empty. A body has at most 64 MiB; larger objects are uploaded in parts. Anything else is
 * answered with 501 NotImplemented.
 *
 * On disk: <directory>/<bucket>/<sha256 of key>.data and .json, each renamed into place; a key is
 * never a file name. The index is in memory and rebuilt at start; unfinished uploads do not
 * survive.
 *
 * Notifications: each target has a thread and a queue in memory; bodies are POSTed in order until
 * the answer is 2xx, with growing pauses. Records have eventSource "onput:s3". They are lost when
 * the store ends.
 *
 * Calling sequence: devstore_start(); ... devstore_free(). Threads: any after start.
 */
#ifndef ONPUT_DEVSTORE_H
#define ONPUT_DEVSTORE_H

#include <stddef.h>
#include <stdint.h>

#include "onput/clock.h"
#include "onput/error.h"

struct devstore;

/* Where notifications go; a bucket's configuration names it by its ARN. */
struct devstore_target {
    const char *arn;          /* "arn:onput:sqs::demo:webhook" */
    const char *url;          /* "http://127.0.0.1:8080/events/demo" */
    const char *bearer_token; /* NULL: no Authorization header */
};

struct devstore_options {
    const char *directory; /* created when missing */
    const char *address;   /* NULL: 127.0.0.1 */
    uint16_t port;         /* 0: the kernel chooses */
    int threads;           /* 0: 4 */
    const char *access_key;
    const char *secret_key;
    const char *region;                    /* NULL: us-east-1 */
    const struct clock *clock;             /* NULL: the system's */
    const struct devstore_target *targets; /* copied */
    size_t target_count;
};

MUST_CHECK int devstore_start(const struct devstore_options *options, struct devstore **out,
                              struct error *err);
uint16_t devstore_port(const struct devstore *store);
const char *devstore_endpoint(const struct devstore *store); /* "http://127.0.0.1:4711" */
/*
 * Adds a target after start: a receiver often learns its own port later than the store. The same
 * ARN again replaces the URL and the token.
 */
void devstore_add_target(struct devstore *store, const struct devstore_target *target);
/* Notifications that no target has taken yet. */
size_t devstore_undelivered(struct devstore *store);
void devstore_free(struct devstore *store); /* NULL-safe */

#endif
