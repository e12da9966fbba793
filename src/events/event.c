/*
 * event.c - names of dialects and kinds, what kind an event name is, and whether a notification
 * configuration covers it. decode.c and the dialects fill the events.
 */
#include "onput/event.h"

#include <stddef.h>

#include "events_private.h"
#include "onput/attributes.h"

static const char *const DIALECT_NAMES[] = {
    [EVENT_DIALECT_MINIO] = "minio",         [EVENT_DIALECT_RUSTFS] = "rustfs",
    [EVENT_DIALECT_AWS_S3] = "aws_s3",       [EVENT_DIALECT_CEPH_RGW] = "ceph_rgw",
    [EVENT_DIALECT_VERSITYGW] = "versitygw", [EVENT_DIALECT_EVENTBRIDGE] = "eventbridge",
    [EVENT_DIALECT_DEVSTORE] = "devstore",
};
_Static_assert(ARRAY_LEN(DIALECT_NAMES) == EVENT_DIALECT_COUNT, "a name for each dialect");

static const char *const KIND_NAMES[] = {
    [EVENT_KIND_CREATED] = "created",
    [EVENT_KIND_REMOVED] = "removed",
    [EVENT_KIND_OTHER] = "other",
};
_Static_assert(ARRAY_LEN(KIND_NAMES) == EVENT_KIND_COUNT, "a name for each kind");

static const struct text CREATED_NAMES[] = {
    TEXT_INIT("ObjectCreated:Put"),
    TEXT_INIT("ObjectCreated:Post"),
    TEXT_INIT("ObjectCreated:Copy"),
    TEXT_INIT("ObjectCreated:CompleteMultipartUpload"),
};

/*
 * Lifecycle rules remove objects under names of their own: AWS, RustFS and newer Ceph say
 * LifecycleExpiration, MinIO has one more for markers, older Ceph says ObjectLifecycle. Ceph's
 * Noncurrent and AbortMPU leave the current object as it is and are therefore not here.
 */
static const struct text REMOVED_NAMES[] = {
    TEXT_INIT("LifecycleExpiration:Delete"),
    TEXT_INIT("LifecycleExpiration:DeleteMarkerCreated"),
    TEXT_INIT("LifecycleDelMarkerExpiration:Delete"),
    TEXT_INIT("ObjectLifecycle:Expiration:Current"),
};

const char *event_dialect_name(enum event_dialect dialect)
{
    BUG_ON((unsigned)dialect >= EVENT_DIALECT_COUNT);
    return DIALECT_NAMES[dialect];
}

const char *event_kind_name(enum event_kind kind)
{
    BUG_ON((unsigned)kind >= EVENT_KIND_COUNT);
    return KIND_NAMES[kind];
}

struct text event_name_without_prefix(struct text name)
{
    const struct text prefix = TEXT_INIT("s3:");

    return text_starts_with(name, prefix) ? text_slice(name, prefix.len, name.len) : name;
}

static bool is_one_of(struct text name, const struct text *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(name, names[i]))
            return true;
    return false;
}

enum event_kind event_kind_of_name(struct text name)
{
    if (is_one_of(name, CREATED_NAMES, ARRAY_LEN(CREATED_NAMES)))
        return EVENT_KIND_CREATED;
    if (text_starts_with(name, TEXT("ObjectRemoved:")) ||
        is_one_of(name, REMOVED_NAMES, ARRAY_LEN(REMOVED_NAMES)))
        return EVENT_KIND_REMOVED;
    return EVENT_KIND_OTHER;
}

bool event_name_matches(struct text pattern, const struct event *event)
{
    struct text wanted = event_name_without_prefix(pattern);

    if (text_is(wanted, "ObjectCreated:*"))
        return event->kind == EVENT_KIND_CREATED;
    if (text_ends_with(wanted, TEXT(":*")))
        return text_starts_with(event->name, text_slice(wanted, 0, wanted.len - 1));
    return text_equal(wanted, event->name);
}
