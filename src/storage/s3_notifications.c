/*
 * Put and GetBucketNotificationConfiguration.
 */
#include "onput/encoding.h"
#include "storage_private.h"

enum { MAX_CONFIGURATION_BYTES = 1024 * 1024 };

struct target_names {
    const char *element;
    const char *arn;
};

static const struct target_names target_names[] = {
    [STORAGE_TARGET_QUEUE] = {"QueueConfiguration", "Queue"},
    [STORAGE_TARGET_TOPIC] = {"TopicConfiguration", "Topic"},
    [STORAGE_TARGET_FUNCTION] = {"CloudFunctionConfiguration", "CloudFunction"},
};

static void append_element(struct buffer *out, const char *name, struct text value)
{
    buffer_appendf(out, "<%s>", name);
    buffer_append_xml(out, value);
    buffer_appendf(out, "</%s>", name);
}

static void append_rule(struct buffer *out, const char *name, struct text value)
{
    if (!value.len)
        return;
    buffer_append_string(out, "<FilterRule>");
    append_element(out, "Name", text_of(name));
    append_element(out, "Value", value);
    buffer_append_string(out, "</FilterRule>");
}

static void append_notification(struct buffer *out, const struct storage_notification *row)
{
    const struct target_names *names = &target_names[row->target];
    buffer_appendf(out, "<%s>", names->element);
    if (row->id.len)
        append_element(out, "Id", row->id);
    append_element(out, names->arn, row->target_arn);
    for (size_t i = 0; i < row->event_count; i++)
        append_element(out, "Event", row->events[i]);
    if (row->prefix.len || row->suffix.len) {
        buffer_append_string(out, "<Filter><S3Key>");
        append_rule(out, "prefix", row->prefix);
        append_rule(out, "suffix", row->suffix);
        buffer_append_string(out, "</S3Key></Filter>");
    }
    buffer_appendf(out, "</%s>", names->element);
}

int storage_put_notifications(struct storage_session *s, struct credentials *credentials,
                              struct text bucket, const struct storage_notification *rows,
                              size_t count, struct error *err)
{
    AUTO_BUFFER struct buffer body = {0};
    struct http_reply reply = {0};
    if (s3_check_bucket(bucket, err))
        return -1;
    buffer_init(&body, MAX_CONFIGURATION_BYTES);
    buffer_append_string(&body, "<NotificationConfiguration "
                                "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (size_t i = 0; i < count; i++)
        append_notification(&body, &rows[i]);
    buffer_append_string(&body, "</NotificationConfiguration>");
    if (buffer_failed(&body))
        return error_set(err, ERROR_LIMIT, "The notification configuration has more than %d bytes.",
                         MAX_CONFIGURATION_BYTES);
    struct s3_call call = {.op = "put_notifications",
                           .method = "PUT",
                           .bucket = bucket,
                           .body = buffer_text(&body),
                           .max_body_bytes = S3_SMALL_REPLY_BYTES};
    s3_call_parameter(&call, "notification", TEXT(""));
    s3_call_header(&call, "content-type", TEXT("application/xml"));
    if (s3_perform(s, credentials, &call, &reply, err))
        return -1;
    http_reply_release(&reply);
    return 0;
}

int storage_get_notifications(struct storage_session *s, struct credentials *credentials,
                              struct text bucket, struct arena *arena,
                              struct storage_notification **out_rows, size_t *out_count,
                              struct error *err)
{
    struct s3_call call = {.op = "get_notifications",
                           .method = "GET",
                           .bucket = bucket,
                           .max_body_bytes = MAX_CONFIGURATION_BYTES};
    struct http_reply reply = {0};
    if (s3_check_bucket(bucket, err))
        return -1;
    s3_call_parameter(&call, "notification", TEXT(""));
    if (s3_perform(s, credentials, &call, &reply, err))
        return -1;
    int rc = s3_xml_notifications(buffer_text(&reply.body), arena, out_rows, out_count, err);
    http_reply_release(&reply);
    if (rc)
        return error_prefix(err, "notifications of %.*s", TEXT_ARGS(bucket));
    return 0;
}
