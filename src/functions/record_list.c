/*
 * Records in the order of their names.
 */
#include "functions_private.h"

#include <stdlib.h>
#include <string.h>

#include "onput/memory.h"

static size_t position(const struct record_list *l, struct text name, bool *out_found)
{
    size_t from = 0, to = l->count;
    *out_found = false;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = text_compare(l->records[middle]->name, name);
        if (order == 0) {
            *out_found = true;
            return middle;
        }
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

void record_list_release(struct record_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        record_unref(l->records[i]);
    free(l->records);
    *l = (struct record_list){0};
}

void record_list_copy(struct record_list *l, const struct record_list *from)
{
    *l = (struct record_list){.count = from->count, .capacity = from->count + 1};
    l->records = xcalloc(l->capacity, sizeof(*l->records));
    for (size_t i = 0; i < from->count; i++)
        l->records[i] = record_ref(from->records[i]);
}

struct function_record *record_list_find(const struct record_list *l, struct text name)
{
    bool found;
    size_t at = position(l, name, &found);
    return found ? l->records[at] : NULL;
}

void record_list_put(struct record_list *l, struct function_record *r)
{
    bool found;
    size_t at = position(l, r->name, &found);
    if (found) {
        record_unref(l->records[at]);
        l->records[at] = r;
        return;
    }
    if (l->count == l->capacity) {
        l->capacity = l->capacity == 0 ? 8 : l->capacity * 2;
        l->records = xrealloc_array(l->records, l->capacity, sizeof(struct function_record *));
    }
    memmove(&l->records[at + 1], &l->records[at],
            (l->count - at) * sizeof(struct function_record *));
    l->records[at] = r;
    l->count++;
}

void record_list_remove(struct record_list *l, struct text name)
{
    bool found;
    size_t at = position(l, name, &found);
    if (!found)
        return;
    record_unref(l->records[at]);
    l->count--;
    memmove(&l->records[at], &l->records[at + 1],
            (l->count - at) * sizeof(struct function_record *));
}
