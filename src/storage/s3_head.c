/*
 * HEAD and DELETE of an object. An answer to HEAD has no body: its status says it all.
 */
#include <string.h>

#include "storage_private.h"

int storage_head(struct storage_session *s, struct credentials *credentials,
                 const struct storage_object *object, struct arena *arena, struct storage_info *out,
                 struct error *err)
{
    struct s3_call call = {
        .op = "head", .method = "HEAD", .bucket = object->bucket, .key = object->key};
    struct http_reply reply = {0};
    if (s3_check_object(object, err))
        return -1;
    if (object->version_id.len)
        s3_call_parameter(&call, "versionId", object->version_id);
    if (s3_perform(s, credentials, &call, &reply, err))
        return -1;
    int rc = 0;
    if (reply.content_length < 0)
        rc = error_set(err, ERROR_PROTOCOL, "The store did not say how long the object is.");
    else
        s3_info_read(&reply, arena, out);
    http_reply_release(&reply);
    return rc;
}

int storage_delete(struct storage_session *s, struct credentials *credentials,
                   const struct storage_object *object, struct error *err)
{
    struct s3_call call = {.op = "delete",
                           .method = "DELETE",
                           .bucket = object->bucket,
                           .key = object->key,
                           .max_body_bytes = S3_SMALL_REPLY_BYTES};
    struct http_reply reply = {0};
    struct error failure = {0};
    if (s3_check_object(object, err))
        return -1;
    if (object->version_id.len)
        s3_call_parameter(&call, "versionId", object->version_id);
    if (s3_perform(s, credentials, &call, &reply, &failure)) {
        /* Some stores answer 404 NoSuchKey where S3 answers 204. */
        if (failure.code == ERROR_NOT_FOUND && strstr(failure.message, ": 404 NoSuchKey"))
            return 0;
        *err = failure;
        return -1;
    }
    http_reply_release(&reply);
    return 0;
}
