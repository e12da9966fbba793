/*
 * One page of ListObjectsV2.
 */
#include "storage_private.h"

enum { MAX_KEYS = 1000 };

int storage_list(struct storage_session *s, struct credentials *credentials, struct text bucket,
                 struct text prefix, struct text token, int max_keys, struct arena *arena,
                 struct storage_list_page *out, struct error *err)
{
    AUTO_ARENA struct arena scratch = {0};
    struct s3_call call = {
        .op = "list", .method = "GET", .bucket = bucket, .max_body_bytes = XML_MAX_BYTES};
    struct http_reply reply = {0};
    if (s3_check_bucket(bucket, err))
        return -1;
    if (max_keys < 1 || max_keys > MAX_KEYS)
        max_keys = MAX_KEYS;
    s3_call_parameter(&call, "list-type", TEXT("2"));
    s3_call_parameter(&call, "encoding-type", TEXT("url"));
    s3_call_parameter(&call, "max-keys", text_of(arena_printf(&scratch, "%d", max_keys)));
    if (prefix.len)
        s3_call_parameter(&call, "prefix", prefix);
    if (token.len)
        s3_call_parameter(&call, "continuation-token", token);
    if (s3_perform(s, credentials, &call, &reply, err))
        return -1;
    int rc = s3_xml_list(buffer_text(&reply.body), arena, out, err);
    http_reply_release(&reply);
    if (rc)
        return error_prefix(err, "list of %.*s", TEXT_ARGS(bucket));
    return 0;
}
