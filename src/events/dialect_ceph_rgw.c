/*
 * dialect_ceph_rgw.c - Ceph's RADOS gateway: the AWS record with eventSource "ceph:s3", keys that
 * are not encoded, metadata as an array of {"key":..,"val":..}, and eventId and opaqueData beside
 * s3.
 */
#include <inttypes.h>

#include "events_private.h"
#include "onput/json.h"

enum { MICROSECONDS_PER_SECOND = 1000000 };

/*
 * The sequencer is a little-endian number and orders nothing as text. eventId starts with the time
 * of the event, "seconds.microseconds.", of which only the widths have to be evened.
 */
static struct text order_of_event_id(struct arena *arena, struct text event_id)
{
    struct text rest = event_id;
    struct text seconds_text = text_cut(&rest, '.');
    struct text micros_text = text_cut(&rest, '.');
    struct error ignored = {0};
    uint64_t seconds = 0, micros = 0;

    if (text_to_u64(seconds_text, UINT64_MAX, "seconds", &seconds, &ignored) < 0 ||
        text_to_u64(micros_text, MICROSECONDS_PER_SECOND - 1, "microseconds", &micros, &ignored) <
            0)
        return TEXT("");
    return text_of(arena_printf(arena, "%020" PRIu64 "%06" PRIu64, seconds, micros));
}

static bool entry_is_mark(struct json_object *entry)
{
    if (!json_object_is_type(entry, json_type_object))
        return false;
    return metadata_name_is_mark(json_text(json_member(entry, "key")));
}

static int read_mark(const struct record *record, struct json_object *object, struct event *out,
                     struct error *err)
{
    struct json_object *metadata = json_member(object, "metadata");

    if (metadata == NULL)
        return 0;
    if (!json_object_is_type(metadata, json_type_array))
        return record_error(record, "s3.object.metadata", "expected an array", err);
    for (size_t i = 0; i < json_object_array_length(metadata); i++)
        if (entry_is_mark(json_object_array_get_idx(metadata, i)))
            out->made_by_onput = true;
    return 0;
}

static int read(const struct record *record, struct event *out, struct error *err)
{
    struct json_object *object = NULL;
    struct text event_id = TEXT_INIT("");

    if (record_read_s3(record, out, &object, err) < 0 ||
        record_key(record, object, "s3.object.key", EVENT_KEY_RAW, &out->key, err) < 0 ||
        read_mark(record, object, out, err) < 0 ||
        record_find_text(record, record->json, "opaqueData", &out->opaque_data, err) < 0 ||
        record_find_text(record, record->json, "eventId", &event_id, err) < 0)
        return -1;
    out->order = order_of_event_id(record->arena, event_id);
    return 0;
}

const struct dialect dialect_ceph_rgw = {
    .id = EVENT_DIALECT_CEPH_RGW,
    .event_source = "ceph:s3",
    .read = read,
};
