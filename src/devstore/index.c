/*
 * index.c - objects of a bucket in memory, in the order of their key bytes.
 */
#include "devstore_private.h"

#include <string.h>

#include "onput/memory.h"

struct object *object_new(struct text key)
{
    struct object *object = xcalloc(1, sizeof(*object));
    object->key = xmemdup_text(key);
    object->key_len = key.len;
    object->user_agent = xstrdup("");
    return object;
}

void object_free(struct object *object)
{
    if (!object)
        return;
    for (size_t i = 0; i < object->header_count; i++) {
        free(object->headers[i].name);
        free(object->headers[i].value);
    }
    free(object->headers);
    free(object->user_agent);
    free(object->key);
    free(object);
}

struct text object_key(const struct object *object)
{
    return (struct text){object->key, object->key_len};
}

void object_add_header(struct object *object, struct text name, struct text value)
{
    object->headers =
        xrealloc_array(object->headers, object->header_count + 1, sizeof(*object->headers));
    object->headers[object->header_count++] =
        (struct stored_header){xmemdup_text(name), xmemdup_text(value)};
}

struct text object_header(const struct object *object, const char *name)
{
    for (size_t i = 0; i < object->header_count; i++) {
        if (strcmp(object->headers[i].name, name) == 0)
            return text_of(object->headers[i].value);
    }
    return TEXT("");
}

size_t index_lower_bound(const struct bucket *bucket, struct text key)
{
    size_t low = 0;
    size_t high = bucket->object_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (text_compare(object_key(bucket->objects[middle]), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct object *index_find(const struct bucket *bucket, struct text key)
{
    size_t at = index_lower_bound(bucket, key);
    if (at < bucket->object_count && text_equal(object_key(bucket->objects[at]), key))
        return bucket->objects[at];
    return NULL;
}

void index_put(struct bucket *bucket, struct object *object)
{
    size_t at = index_lower_bound(bucket, object_key(object));
    if (at < bucket->object_count &&
        text_equal(object_key(bucket->objects[at]), object_key(object))) {
        object_free(bucket->objects[at]);
        bucket->objects[at] = object;
        return;
    }
    if (bucket->object_count == bucket->object_room) {
        bucket->object_room = bucket->object_room ? bucket->object_room * 2 : 16;
        bucket->objects =
            xrealloc_array(bucket->objects, bucket->object_room, sizeof(*bucket->objects));
    }
    memmove(bucket->objects + at + 1, bucket->objects + at,
            (bucket->object_count - at) * sizeof(*bucket->objects));
    bucket->objects[at] = object;
    bucket->object_count++;
}

void index_remove(struct bucket *bucket, struct object *object)
{
    size_t at = index_lower_bound(bucket, object_key(object));
    BUG_ON(at == bucket->object_count || bucket->objects[at] != object);
    object_free(object);
    bucket->object_count--;
    memmove(bucket->objects + at, bucket->objects + at + 1,
            (bucket->object_count - at) * sizeof(*bucket->objects));
}
