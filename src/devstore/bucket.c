/*
 * bucket.c - buckets in memory, sorted by name.
 */
#include "devstore_private.h"

#include <string.h>

#include "onput/memory.h"

/* S3's rules for new buckets. They also keep a name from being anything but one path component. */
bool bucket_name_is_valid(struct text name)
{
    if (name.len < 3 || name.len > 63)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        bool edge = i == 0 || i + 1 == name.len;
        if (!alphanumeric && (edge || (c != '-' && c != '.')))
            return false;
        if (c == '.' && name.ptr[i - 1] == '.')
            return false;
    }
    return true;
}

void rules_free(struct rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < rules[i].event_count; j++)
            free(rules[i].events[j]);
        free(rules[i].events);
        free(rules[i].id);
        free(rules[i].arn);
        free(rules[i].prefix);
        free(rules[i].suffix);
    }
    free(rules);
}

void bucket_free(struct bucket *bucket)
{
    for (size_t i = 0; i < bucket->object_count; i++)
        object_free(bucket->objects[i]);
    free(bucket->objects);
    rules_free(bucket->rules, bucket->rule_count);
    free(bucket->name);
    free(bucket);
}

static size_t position(const struct bucket_list *list, struct text name)
{
    size_t at = 0;
    while (at < list->count && text_compare(text_of(list->items[at]->name), name) < 0)
        at++;
    return at;
}

struct bucket *bucket_find(const struct bucket_list *list, struct text name)
{
    size_t at = position(list, name);
    if (at < list->count && text_is(name, list->items[at]->name))
        return list->items[at];
    return NULL;
}

struct bucket *bucket_add(struct bucket_list *list, struct text name, int64_t created_ms)
{
    size_t at = position(list, name);
    struct bucket *bucket = xcalloc(1, sizeof(*bucket));
    bucket->name = xmemdup_text(name);
    bucket->created_ms = created_ms;
    list->items = xrealloc_array(list->items, list->count + 1, sizeof(*list->items));
    memmove(list->items + at + 1, list->items + at, (list->count - at) * sizeof(*list->items));
    list->items[at] = bucket;
    list->count++;
    return bucket;
}

void bucket_remove(struct bucket_list *list, struct bucket *bucket)
{
    size_t at = position(list, text_of(bucket->name));
    BUG_ON(list->items[at] != bucket);
    bucket_free(bucket);
    list->count--;
    memmove(list->items + at, list->items + at + 1, (list->count - at) * sizeof(*list->items));
}

void bucket_list_release(struct bucket_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        bucket_free(list->items[i]);
    free(list->items);
}
