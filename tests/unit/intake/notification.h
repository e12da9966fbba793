/*
 * notification.h - notification bodies as MinIO writes them, as small as they can be.
 */
#ifndef ONPUT_TESTS_NOTIFICATION_H
#define ONPUT_TESTS_NOTIFICATION_H

#include "support/test.h"

/* One record; `more` are further members of s3.object, beginning with "," (or ""). */
static inline void notification_record(struct buffer *out, const char *event, const char *bucket,
                                       const char *key, const char *more)
{
    buffer_appendf(out,
                   "{\"eventSource\":\"minio:s3\",\"eventName\":\"s3:%s\",\"s3\":{\"bucket\":"
                   "{\"name\":\"%s\"},\"object\":{\"key\":\"%s\",\"eTag\":\"e1\",\"sequencer\":"
                   "\"1A\"%s}}}",
                   event, bucket, key, more);
}

static inline char *notification_of(const char *event, const char *bucket, const char *key)
{
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 64 * 1024);
    buffer_append_string(&out, "{\"Records\":[");
    notification_record(&out, event, bucket, key, "");
    buffer_append_string(&out, "]}");
    return buffer_take(&out, NULL);
}

#endif
