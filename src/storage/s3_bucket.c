/*
 * CreateBucket.
 */
#include <string.h>

#include "onput/encoding.h"
#include "storage_private.h"

/* us-east-1 is the default and may not be named. */
static void build_body(struct text region, struct buffer *body)
{
    if (text_is(region, "us-east-1"))
        return;
    buffer_append_string(body, "<CreateBucketConfiguration "
                               "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                               "<LocationConstraint>");
    buffer_append_xml(body, region);
    buffer_append_string(body, "</LocationConstraint></CreateBucketConfiguration>");
}

int storage_create_bucket(struct storage_session *s, struct credentials *credentials,
                          struct text bucket, struct error *err)
{
    AUTO_ARENA struct arena scratch = {0};
    AUTO_BUFFER struct buffer body = {0};
    struct http_reply reply = {0};
    struct error failure = {0};
    if (s3_check_bucket(bucket, err))
        return -1;
    buffer_init(&body, 1024);
    build_body(storage_region(s->storage, &scratch), &body);
    struct s3_call call = {.op = "create_bucket",
                           .method = "PUT",
                           .bucket = bucket,
                           .body = buffer_text(&body),
                           .max_body_bytes = S3_SMALL_REPLY_BYTES};
    if (s3_perform(s, credentials, &call, &reply, &failure)) {
        if (failure.http_status == 409 && strstr(failure.message, " BucketAlreadyOwnedByYou"))
            return 0;
        *err = failure;
        return -1;
    }
    http_reply_release(&reply);
    return 0;
}
