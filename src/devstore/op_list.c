/*
 * op_list.c - ListObjects and ListObjectsV2: one walk over the index, two dialects of answer.
 *
 * A page goes on behind its marker: the last key, or the last common prefix, that was listed. The
 * continuation token is that marker in hex.
 */
#include "devstore_private.h"

#include "onput/encoding.h"

enum { MAX_ANSWER_BYTES = 16 * 1024 * 1024 };

struct listing {
    struct text prefix;
    struct text delimiter;
    struct text marker;
    bool url_encoded;
    int64_t max_keys;
    int64_t count;
    bool is_v2;
    bool truncated;
    struct text last; /* key or common prefix */
    struct buffer contents;
    struct buffer prefixes;
};

static void put_key(struct buffer *out, const struct listing *l, const char *tag, struct text key)
{
    buffer_appendf(out, "<%s>", tag);
    if (l->url_encoded)
        buffer_append_uri(out, key, true);
    else
        buffer_append_xml(out, key);
    buffer_appendf(out, "</%s>", tag);
}

static void put_object(struct exchange *x, struct listing *l, const struct object *object)
{
    char time[TIME_TEXT_BYTES];
    buffer_append_string(&l->contents, "<Contents>");
    put_key(&l->contents, l, "Key", object_key(object));
    xml_tag(&l->contents, "LastModified", text_of(time_format_rfc3339(object->modified_ms, time)));
    xml_tag(&l->contents, "ETag", quoted_etag(x->arena, object->etag));
    buffer_appendf(&l->contents, "<Size>%lld</Size>", (long long)object->size);
    if (!l->is_v2) {
        buffer_append_string(&l->contents, "<Owner>");
        xml_tag(&l->contents, "ID", text_of(x->store->access_key));
        buffer_append_string(&l->contents, "</Owner>");
    }
    buffer_append_string(&l->contents, "<StorageClass>STANDARD</StorageClass></Contents>");
}

/* The key's part up to and with the first delimiter behind the prefix, or empty. */
static struct text common_prefix(const struct listing *l, struct text key)
{
    size_t d = l->delimiter.len;
    for (size_t i = l->prefix.len; d > 0 && i + d <= key.len; i++) {
        if (text_equal(text_slice(key, i, i + d), l->delimiter))
            return text_slice(key, 0, i + d);
    }
    return TEXT("");
}

/* Lists what stands at `at` and returns the position behind it. */
static size_t list_one(struct exchange *x, struct listing *l, const struct bucket *bucket,
                       size_t at)
{
    struct text key = object_key(bucket->objects[at]);
    struct text group = common_prefix(l, key);
    struct text entry = group.len > 0 ? group : key;
    size_t next = at + 1;
    if (group.len > 0) {
        while (next < bucket->object_count &&
               text_starts_with(object_key(bucket->objects[next]), group))
            next++;
    }
    if (l->marker.len > 0 && text_compare(entry, l->marker) <= 0)
        return next;
    if (l->count == l->max_keys) {
        l->truncated = true;
        return bucket->object_count;
    }
    l->count++;
    l->last = arena_text(x->arena, entry);
    if (group.len > 0) {
        buffer_append_string(&l->prefixes, "<CommonPrefixes>");
        put_key(&l->prefixes, l, "Prefix", group);
        buffer_append_string(&l->prefixes, "</CommonPrefixes>");
    } else {
        put_object(x, l, bucket->objects[at]);
    }
    return next;
}

static bool list_all(struct exchange *x, struct listing *l)
{
    struct text from = text_compare(l->marker, l->prefix) > 0 ? l->marker : l->prefix;
    pthread_mutex_lock(&x->store->lock);
    const struct bucket *bucket = need_bucket(x);
    size_t at = bucket ? index_lower_bound(bucket, from) : 0;
    while (bucket && at < bucket->object_count && l->max_keys > 0 &&
           text_starts_with(object_key(bucket->objects[at]), l->prefix))
        at = list_one(x, l, bucket, at);
    pthread_mutex_unlock(&x->store->lock);
    return bucket != NULL;
}

static bool listing_init(struct exchange *x, struct listing *l)
{
    struct text max = query_text(x, "max-keys");
    struct error err = {0};
    l->prefix = query_text(x, "prefix");
    l->delimiter = query_text(x, "delimiter");
    l->url_encoded = text_is(query_text(x, "encoding-type"), "url");
    l->max_keys = MAX_LIST_KEYS;
    if (max.len > 0 && text_to_i64(max, 0, INT32_MAX, "max-keys", &l->max_keys, &err) != 0) {
        answer_error(x, S3_INVALID_ARGUMENT, "%s", err.message);
        return false;
    }
    if (l->max_keys > MAX_LIST_KEYS)
        l->max_keys = MAX_LIST_KEYS;
    buffer_init(&l->contents, MAX_ANSWER_BYTES);
    buffer_init(&l->prefixes, MAX_ANSWER_BYTES);
    return true;
}

static void put_common(struct exchange *x, const struct listing *l, struct buffer *xml)
{
    xml_begin(xml, "ListBucketResult");
    xml_tag(xml, "Name", x->bucket);
    put_key(xml, l, "Prefix", l->prefix);
    if (l->delimiter.len > 0)
        put_key(xml, l, "Delimiter", l->delimiter);
    if (l->url_encoded)
        buffer_append_string(xml, "<EncodingType>url</EncodingType>");
    buffer_appendf(xml, "<MaxKeys>%lld</MaxKeys><IsTruncated>%s</IsTruncated>",
                   (long long)l->max_keys, l->truncated ? "true" : "false");
}

static void finish(struct exchange *x, struct listing *l, struct buffer *xml)
{
    buffer_append_text(xml, buffer_text(&l->contents));
    buffer_append_text(xml, buffer_text(&l->prefixes));
    buffer_append_string(xml, "</ListBucketResult>");
    answer_xml(x, xml);
}

static void listing_release(struct listing *l)
{
    buffer_release(&l->contents);
    buffer_release(&l->prefixes);
}

void op_list_objects(struct exchange *x)
{
    AUTO_BUFFER struct buffer xml;
    struct listing l = {.marker = query_text(x, "marker")};
    buffer_init(&xml, MAX_ANSWER_BYTES);
    if (!listing_init(x, &l))
        return;
    if (list_all(x, &l)) {
        put_common(x, &l, &xml);
        put_key(&xml, &l, "Marker", l.marker);
        if (l.truncated)
            put_key(&xml, &l, "NextMarker", l.last);
        finish(x, &l, &xml);
    }
    listing_release(&l);
}

static bool take_token(struct exchange *x, struct listing *l)
{
    struct text token = query_text(x, "continuation-token");
    AUTO_BUFFER struct buffer marker;
    struct error err = {0};
    buffer_init(&marker, MAX_KEY_BYTES);
    if (hex_decode(token, &marker, &err) != 0 || buffer_failed(&marker)) {
        answer_error(x, S3_INVALID_ARGUMENT, "The continuation token is malformed.");
        return false;
    }
    l->marker =
        token.len > 0 ? arena_text(x->arena, buffer_text(&marker)) : query_text(x, "start-after");
    return true;
}

static void put_v2(struct exchange *x, const struct listing *l, struct buffer *xml)
{
    struct text token = query_text(x, "continuation-token");
    struct text start_after = query_text(x, "start-after");
    buffer_appendf(xml, "<KeyCount>%lld</KeyCount>", (long long)l->count);
    if (token.len > 0)
        xml_tag(xml, "ContinuationToken", token);
    if (start_after.len > 0)
        put_key(xml, l, "StartAfter", start_after);
    if (l->truncated) {
        buffer_append_string(xml, "<NextContinuationToken>");
        buffer_append_hex(xml, l->last.ptr, l->last.len);
        buffer_append_string(xml, "</NextContinuationToken>");
    }
}

void op_list_objects_v2(struct exchange *x)
{
    AUTO_BUFFER struct buffer xml;
    struct listing l = {.is_v2 = true};
    buffer_init(&xml, MAX_ANSWER_BYTES);
    if (!take_token(x, &l) || !listing_init(x, &l))
        return;
    if (list_all(x, &l)) {
        put_common(x, &l, &xml);
        put_v2(x, &l, &xml);
        finish(x, &l, &xml);
    }
    listing_release(&l);
}
