/*
 * notify.c - writes the record of one change and gives it to the targets that the rules name.
 */
#include "devstore_private.h"

#include <inttypes.h>
#include <string.h>

#include "onput/encoding.h"
#include "onput/json.h"

enum { MAX_RECORD_BYTES = 256 * 1024 };

/* As S3 writes keys in events: form-encoded, "/" kept. */
static struct text encode_key(struct arena *arena, struct text key)
{
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, MAX_KEY_BYTES * 3);
    while (key.len > 0) {
        size_t plain = text_find(key, ' ');
        buffer_append_uri(&out, text_slice(key, 0, plain), true);
        if (plain < key.len)
            buffer_append_char(&out, '+');
        key = text_slice(key, plain + 1, key.len);
    }
    return arena_text(arena, buffer_text(&out));
}

/* "x-amz-meta-taken-by" becomes "X-Amz-Meta-Taken-By". */
static const char *title_case(struct arena *arena, const char *name)
{
    char *copy = arena_strdup(arena, name);
    for (size_t i = 0; copy[i]; i++) {
        if (copy[i] >= 'a' && copy[i] <= 'z' && (i == 0 || copy[i - 1] == '-'))
            copy[i] = (char)(copy[i] - 0x20);
    }
    return copy;
}

static void put_metadata(struct json_writer *w, struct arena *arena, const struct object *object)
{
    bool begun = false;
    for (size_t i = 0; i < object->header_count; i++) {
        const struct stored_header *h = &object->headers[i];
        if (!text_starts_with(text_of(h->name), TEXT("x-amz-meta-")))
            continue;
        if (!begun) {
            json_key(w, "userMetadata");
            json_object_begin(w);
            begun = true;
        }
        json_pair_string(w, title_case(arena, h->name), h->value);
    }
    if (begun)
        json_object_finish(w);
}

static void put_owner(struct json_writer *w, const char *key, const char *principal)
{
    json_key(w, key);
    json_object_begin(w);
    json_pair_string(w, "principalId", principal);
    json_object_finish(w);
}

static void put_pair(struct json_writer *w, const char *key, const char *name, struct text value)
{
    json_key(w, key);
    json_object_begin(w);
    json_pair_text(w, name, value);
    json_object_finish(w);
}

static void put_object(struct json_writer *w, struct exchange *x, const struct object *object,
                       bool created)
{
    char sequencer[17];
    snprintf(sequencer, sizeof(sequencer), "%016" PRIX64, object->sequencer);
    json_key(w, "object");
    json_object_begin(w);
    json_pair_text(w, "key", encode_key(x->arena, object_key(object)));
    if (created) {
        json_pair_i64(w, "size", object->size);
        json_pair_string(w, "eTag", object->etag);
    }
    json_pair_string(w, "sequencer", sequencer);
    put_metadata(w, x->arena, object);
    json_object_finish(w);
}

static void put_s3(struct json_writer *w, struct exchange *x, const struct rule *rule,
                   const struct bucket *bucket, const struct object *object, bool created)
{
    json_key(w, "s3");
    json_object_begin(w);
    json_pair_string(w, "s3SchemaVersion", "1.0");
    json_pair_string(w, "configurationId", rule->id);
    json_key(w, "bucket");
    json_object_begin(w);
    json_pair_string(w, "name", bucket->name);
    put_owner(w, "ownerIdentity", x->store->access_key);
    json_pair_string(w, "arn", arena_printf(x->arena, "arn:aws:s3:::%s", bucket->name));
    json_object_finish(w);
    put_object(w, x, object, created);
    json_object_finish(w);
}

static void put_record(struct buffer *out, struct exchange *x, const struct rule *rule,
                       const struct bucket *bucket, const struct object *object,
                       const char *event_name)
{
    struct json_writer w;
    char time[TIME_TEXT_BYTES];
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_key(&w, "Records");
    json_array_begin(&w);
    json_object_begin(&w);
    json_pair_string(&w, "eventVersion", "2.1");
    json_pair_string(&w, "eventSource", "onput:s3");
    json_pair_string(&w, "awsRegion", x->store->region);
    json_pair_string(&w, "eventTime", time_format_rfc3339(now_ms(x), time));
    json_pair_string(&w, "eventName", event_name);
    put_owner(&w, "userIdentity", x->store->access_key);
    put_pair(&w, "requestParameters", "sourceIPAddress", http_request_peer(x->http));
    put_pair(&w, "responseElements", "x-amz-request-id", text_of(x->request_id));
    put_s3(&w, x, rule, bucket, object, strncmp(event_name, "ObjectCreated", 13) == 0);
    put_pair(&w, "source", "userAgent", http_request_header(x->http, "user-agent"));
    json_object_finish(&w);
    json_array_finish(&w);
    json_object_finish(&w);
}

static bool rule_covers(const struct rule *rule, struct text key, const char *event_name)
{
    if (!text_starts_with(key, text_of(rule->prefix)) ||
        !text_ends_with(key, text_of(rule->suffix)))
        return false;
    for (size_t i = 0; i < rule->event_count; i++) {
        if (event_pattern_covers(rule->events[i], event_name))
            return true;
    }
    return false;
}

void notify(struct exchange *x, const struct bucket *bucket, const struct object *object,
            const char *event_name)
{
    for (size_t i = 0; i < bucket->rule_count; i++) {
        const struct rule *rule = &bucket->rules[i];
        if (!rule_covers(rule, object_key(object), event_name))
            continue;
        struct target *target = target_find(x->store->targets, rule->arn);
        if (!target)
            continue; /* the rule is of an earlier run that had this target */
        AUTO_BUFFER struct buffer body;
        buffer_init(&body, MAX_RECORD_BYTES);
        put_record(&body, x, rule, bucket, object, event_name);
        BUG_ON(buffer_failed(&body)); /* every part of it is limited */
        target_post(target, buffer_text(&body));
    }
}
