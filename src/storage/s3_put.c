/*
 * PUT of an object with its headers and metadata, everything of it signed.
 */
#include "storage_private.h"

/* 2 KiB is S3's limit for names and values together. */
static int check_metadata(const struct storage_put_options *options, struct error *err)
{
    size_t bytes = 0;
    if (options->metadata_count > S3_MAX_HEADERS / 2)
        return error_set(err, ERROR_LIMIT, "An object has at most %d metadata entries.",
                         S3_MAX_HEADERS / 2);
    for (size_t i = 0; i < options->metadata_count; i++) {
        const struct storage_metadata *row = &options->metadata[i];
        bytes += row->name.len + row->value.len;
        for (size_t k = 0; k < row->value.len; k++) {
            if (row->value.ptr[k] < ' ' || row->value.ptr[k] > '~')
                return error_set(err, ERROR_INVALID,
                                 "The metadata value \"%.*s\" is not printable ASCII.",
                                 TEXT_ARGS(text_slice(row->name, 0, 80)));
        }
    }
    if (bytes > S3_MAX_METADATA_BYTES)
        return error_set(err, ERROR_LIMIT,
                         "The object's metadata has %zu bytes, at most %d are allowed.", bytes,
                         S3_MAX_METADATA_BYTES);
    return 0;
}

static void add_headers(struct s3_call *call, const struct storage_put_options *options,
                        struct arena *scratch)
{
    if (options->content_type.len)
        s3_call_header(call, "content-type", options->content_type);
    if (options->cache_control.len)
        s3_call_header(call, "cache-control", options->cache_control);
    if (options->tagging.len)
        s3_call_header(call, "x-amz-tagging", options->tagging);
    if (options->if_none_match)
        s3_call_header(call, "if-none-match", TEXT("*"));
    for (size_t i = 0; i < options->metadata_count; i++) {
        const struct storage_metadata *row = &options->metadata[i];
        s3_call_header(call, arena_printf(scratch, "x-amz-meta-%.*s", TEXT_ARGS(row->name)),
                       row->value);
    }
}

int storage_put(struct storage_session *s, struct credentials *credentials,
                const struct storage_object *object, struct text body,
                const struct storage_put_options *options, struct arena *arena,
                struct text *out_etag, struct error *err)
{
    AUTO_ARENA struct arena scratch = {0};
    struct s3_call call = {.op = "put",
                           .method = "PUT",
                           .bucket = object->bucket,
                           .key = object->key,
                           .body = body,
                           .max_body_bytes = S3_SMALL_REPLY_BYTES};
    struct http_reply reply = {0};
    if (s3_check_object(object, err) || check_metadata(options, err))
        return -1;
    add_headers(&call, options, &scratch);
    if (s3_perform(s, credentials, &call, &reply, err))
        return -1;
    if (out_etag)
        *out_etag = arena_text(arena, s3_plain_etag(http_reply_header(&reply, "etag")));
    metrics_add(s->storage->metrics, METRIC_S3_BYTES, (double)body.len, "written", NULL, NULL);
    http_reply_release(&reply);
    return 0;
}
