/*
 * Lines of tickets that are due and cannot run yet, one line for each key: an object on which an
 * event is worked, or a function without a free slot. A long line is in nobody else's way.
 */
#include "scheduler_private.h"

#include <stdlib.h>

#include "onput/memory.h"

enum { FIRST_BUCKETS = 64 };

struct waiting_ticket {
    struct queue_ticket ticket;
    struct waiting_ticket *next;
};

struct waiting_line {
    uint64_t key;
    size_t index; /* in waiting.lines */
    struct waiting_ticket *first, *last;
    struct waiting_line *next; /* in its bucket */
};

static struct waiting_line **bucket_of(const struct waiting *w, uint64_t key)
{
    return &w->buckets[key & (w->bucket_count - 1)];
}

static struct waiting_line *find(const struct waiting *w, uint64_t key)
{
    if (w->bucket_count == 0)
        return NULL;
    struct waiting_line *line = *bucket_of(w, key);
    while (line != NULL && line->key != key)
        line = line->next;
    return line;
}

static void link_line(struct waiting *w, struct waiting_line *line)
{
    struct waiting_line **bucket = bucket_of(w, line->key);
    line->next = *bucket;
    *bucket = line;
}

/* As many buckets as there is room for lines. */
static void grow(struct waiting *w)
{
    size_t capacity = w->bucket_count == 0 ? FIRST_BUCKETS : w->bucket_count * 2;
    free(w->buckets);
    w->buckets = xcalloc(capacity, sizeof(struct waiting_line *));
    w->bucket_count = capacity;
    w->lines = xrealloc_array(w->lines, capacity, sizeof(struct waiting_line *));
    for (size_t i = 0; i < w->line_count; i++)
        link_line(w, w->lines[i]);
}

static struct waiting_line *add_line(struct waiting *w, uint64_t key)
{
    if (w->line_count == w->bucket_count)
        grow(w);
    struct waiting_line *line = xcalloc(1, sizeof(*line));
    line->key = key;
    line->index = w->line_count;
    w->lines[w->line_count++] = line;
    link_line(w, line);
    return line;
}

static void remove_line(struct waiting *w, struct waiting_line *line)
{
    struct waiting_line **link = bucket_of(w, line->key);
    while (*link != line)
        link = &(*link)->next;
    *link = line->next;
    struct waiting_line *moved = w->lines[--w->line_count];
    w->lines[line->index] = moved;
    moved->index = line->index;
    free(line);
}

void waiting_push(struct waiting *w, uint64_t key, const struct queue_ticket *ticket)
{
    struct waiting_line *line = find(w, key);
    struct waiting_ticket *last = xcalloc(1, sizeof(*last));
    last->ticket = *ticket;
    if (line == NULL)
        line = add_line(w, key);
    if (line->first == NULL)
        line->first = last;
    else
        line->last->next = last;
    line->last = last;
    w->tickets++;
}

const struct queue_ticket *waiting_first(const struct waiting *w, uint64_t key)
{
    const struct waiting_line *line = find(w, key);
    return line != NULL ? &line->first->ticket : NULL;
}

struct queue_ticket waiting_pop(struct waiting *w, uint64_t key)
{
    struct waiting_line *line = find(w, key);
    BUG_ON(line == NULL);
    struct waiting_ticket *first = line->first;
    struct queue_ticket ticket = first->ticket;
    line->first = first->next;
    free(first);
    w->tickets--;
    if (line->first == NULL)
        remove_line(w, line);
    return ticket;
}

uint64_t waiting_key(const struct waiting *w, size_t line)
{
    BUG_ON(line >= w->line_count);
    return w->lines[line]->key;
}

void waiting_release(struct waiting *w)
{
    while (w->line_count > 0)
        waiting_pop(w, w->lines[0]->key);
    free(w->lines);
    free(w->buckets);
    *w = (struct waiting){0};
}
