/*
 * The rows of one function, sorted: by kind, then by qualifier. Versions stand as $LATEST, 1, 2,
 * ..., 10: numbers without leading zeros sort by length first.
 */
#include "functions_private.h"

#include <stdlib.h>
#include <string.h>

#include "onput/memory.h"

static int compare_versions(struct text a, struct text b)
{
    bool a_is_latest = text_is(a, "$LATEST"), b_is_latest = text_is(b, "$LATEST");
    if (a_is_latest || b_is_latest)
        return (int)b_is_latest - (int)a_is_latest;
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return text_compare(a, b);
}

static int compare(const struct row *row, enum row_kind kind, struct text qualifier)
{
    if (row->kind != kind)
        return row->kind < kind ? -1 : 1;
    return kind == ROW_FUNCTION ? compare_versions(row->qualifier, qualifier)
                                : text_compare(row->qualifier, qualifier);
}

/* Where the row is or would be. */
static size_t position(const struct row_list *l, enum row_kind kind, struct text qualifier,
                       bool *out_found)
{
    size_t from = 0, to = l->count;
    *out_found = false;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = compare(&l->rows[middle], kind, qualifier);
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

void row_list_release(struct row_list *l)
{
    free(l->rows);
    *l = (struct row_list){0};
}

void row_list_copy(struct row_list *l, const struct row_list *from)
{
    *l = (struct row_list){.count = from->count, .capacity = from->count};
    if (from->count == 0)
        return;
    l->rows = xcalloc(from->count, sizeof(*l->rows));
    memcpy(l->rows, from->rows, from->count * sizeof(*l->rows));
}

const struct row *row_list_find(const struct row_list *l, enum row_kind kind, struct text qualifier)
{
    bool found;
    size_t at = position(l, kind, qualifier, &found);
    return found ? &l->rows[at] : NULL;
}

size_t row_list_kind(const struct row_list *l, enum row_kind kind, const struct row **out)
{
    size_t from = 0, to;
    while (from < l->count && l->rows[from].kind < kind)
        from++;
    for (to = from; to < l->count && l->rows[to].kind == kind;)
        to++;
    *out = from < to ? &l->rows[from] : NULL;
    return to - from;
}

void row_list_put(struct row_list *l, struct row row)
{
    bool found;
    size_t at = position(l, row.kind, row.qualifier, &found);
    if (found) {
        l->rows[at] = row;
        return;
    }
    if (l->count == l->capacity) {
        l->capacity = l->capacity == 0 ? 8 : l->capacity * 2;
        l->rows = xrealloc_array(l->rows, l->capacity, sizeof(*l->rows));
    }
    memmove(&l->rows[at + 1], &l->rows[at], (l->count - at) * sizeof(*l->rows));
    l->rows[at] = row;
    l->count++;
}

void row_list_remove(struct row_list *l, enum row_kind kind, struct text qualifier)
{
    bool found;
    size_t at = position(l, kind, qualifier, &found);
    if (!found)
        return;
    l->count--;
    memmove(&l->rows[at], &l->rows[at + 1], (l->count - at) * sizeof(*l->rows));
}
