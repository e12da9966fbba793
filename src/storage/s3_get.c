/*
 * GET of an object straight into the map of a memory file.
 */
#include <string.h>

#include "onput/attributes.h"
#include "storage_private.h"

static int to_memfd(void *ctx, const void *bytes, size_t len, struct error *err)
{
    struct memfd *into = ctx;
    if (len > into->capacity - into->len)
        return error_set(err, ERROR_LIMIT, "The object has more than %zu bytes.", into->capacity);
    memcpy(into->map + into->len, bytes, len);
    into->len += len;
    return 0;
}

static void begin_anew(void *ctx)
{
    struct memfd *into = ctx;
    into->len = 0;
}

static void build_call(const struct storage_object *object,
                       const struct storage_get_options *options, struct memfd *into,
                       struct arena *arena, struct s3_call *call)
{
    *call = (struct s3_call){.op = "get",
                             .method = "GET",
                             .bucket = object->bucket,
                             .key = object->key,
                             .sink = to_memfd,
                             .restart = begin_anew,
                             .sink_ctx = into,
                             .max_body_bytes = options->max_bytes};
    if (object->version_id.len)
        s3_call_parameter(call, "versionId", object->version_id);
    if (options->if_match_etag.len)
        s3_call_header(call, "if-match",
                       text_of(arena_printf(arena, "\"%.*s\"", TEXT_ARGS(options->if_match_etag))));
}

/* Only a length or chunks tell a whole object from one that was cut off; S3 always has one of them.
 */
static int check_reply(const struct http_reply *reply, const struct storage_get_options *options,
                       struct error *err)
{
    struct text etag = s3_plain_etag(http_reply_header(reply, "etag"));
    if (reply->status != 200)
        return error_set(err, ERROR_PROTOCOL, "The store answered GET with status %d.",
                         reply->status);
    if (reply->content_length < 0 && !http_reply_header(reply, "transfer-encoding").len)
        return error_set(err, ERROR_PROTOCOL, "The store sent an object without its length.");
    if (options->if_match_etag.len && etag.len == 0)
        return error_set(err, ERROR_PROTOCOL,
                         "The answer has no eTag: it does not come from the store.");
    if (options->if_match_etag.len && !text_equal(etag, options->if_match_etag))
        return error_set(err, ERROR_CONFLICT,
                         "The object's eTag is \"%.*s\" now; the store ignored If-Match.",
                         TEXT_ARGS(text_slice(etag, 0, 80)));
    return 0;
}

int storage_get(struct storage_session *s, struct credentials *credentials,
                const struct storage_object *object, const struct storage_get_options *options,
                struct memfd *into, struct arena *arena, struct storage_info *out,
                struct error *err)
{
    struct s3_call call;
    struct http_reply reply = {0};
    BUG_ON(options->max_bytes == 0 || into->capacity < options->max_bytes);
    if (s3_check_object(object, err))
        return -1;
    build_call(object, options, into, arena, &call);
    if (s3_perform(s, credentials, &call, &reply, err))
        return -1;
    int rc = check_reply(&reply, options, err);
    if (!rc) {
        s3_info_read(&reply, arena, out);
        out->size = (int64_t)into->len;
        metrics_add(s->storage->metrics, METRIC_S3_BYTES, (double)into->len, "read", NULL, NULL);
    } else {
        err->http_status = reply.status;
        error_prefix(err, "GET %.*s/%.*s", TEXT_ARGS(object->bucket),
                     TEXT_ARGS(text_slice(object->key, 0, 120)));
    }
    http_reply_release(&reply);
    return rc;
}
