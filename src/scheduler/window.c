/*
 * The window: a binary heap of the next due tickets, bounded however long the queue is.
 */
#include "scheduler_private.h"

#include <stdlib.h>
#include <string.h>

#include "onput/memory.h"

void window_init(struct window *w, size_t target)
{
    *w = (struct window){.target = target, .horizon_due_ms = INT64_MIN, .horizon_id = INT64_MIN};
}

void window_release(struct window *w)
{
    free(w->heap);
    *w = (struct window){0};
}

static int compare(int64_t due_a, int64_t id_a, int64_t due_b, int64_t id_b)
{
    if (due_a != due_b)
        return due_a < due_b ? -1 : 1;
    return (id_a > id_b) - (id_a < id_b);
}

static bool before(const struct queue_ticket *a, const struct queue_ticket *b)
{
    return compare(a->due_ms, a->id, b->due_ms, b->id) < 0;
}

static int order(const void *a, const void *b)
{
    const struct queue_ticket *x = a, *y = b;
    return compare(x->due_ms, x->id, y->due_ms, y->id);
}

static void push(struct window *w, const struct queue_ticket *ticket)
{
    if (w->count == w->capacity) {
        w->capacity = w->capacity == 0 ? 64 : w->capacity * 2;
        w->heap = xrealloc_array(w->heap, w->capacity, sizeof(*w->heap));
    }
    size_t at = w->count++;
    while (at > 0 && before(ticket, &w->heap[(at - 1) / 2])) {
        w->heap[at] = w->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    w->heap[at] = *ticket;
}

/* Keeps the first `target` tickets and moves the horizon to the last of them. A sorted array is a
 * heap. */
static void shrink(struct window *w)
{
    qsort(w->heap, w->count, sizeof(*w->heap), order);
    w->count = w->target;
    w->horizon_due_ms = w->heap[w->count - 1].due_ms;
    w->horizon_id = w->heap[w->count - 1].id;
    w->unbounded = false;
}

void window_offer(struct window *w, const struct queue_ticket *ticket)
{
    bool behind = compare(ticket->due_ms, ticket->id, w->horizon_due_ms, w->horizon_id) > 0;
    if (behind && !w->unbounded && !w->refilling)
        return;
    push(w, ticket);
    if (w->count >= 4 * w->target && !w->refilling)
        shrink(w);
}

void window_return(struct window *w, const struct queue_ticket *ticket)
{
    push(w, ticket);
}

const struct queue_ticket *window_first(const struct window *w)
{
    return w->count > 0 ? &w->heap[0] : NULL;
}

struct queue_ticket window_pop(struct window *w)
{
    BUG_ON(w->count == 0);
    struct queue_ticket first = w->heap[0];
    struct queue_ticket last = w->heap[--w->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= w->count)
            break;
        if (child + 1 < w->count && before(&w->heap[child + 1], &w->heap[child]))
            child++;
        if (!before(&w->heap[child], &last))
            break;
        w->heap[at] = w->heap[child];
        at = child;
    }
    if (w->count > 0)
        w->heap[at] = last;
    return first;
}

bool window_wants_refill(const struct window *w)
{
    return !w->unbounded && !w->refilling && w->count < w->target / 4 + 1;
}

void window_refill_begin(struct window *w)
{
    w->refilling = true;
}

void window_refill_end(struct window *w, const struct queue_ticket *tickets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        push(w, &tickets[i]);
    w->refilling = false;
    w->unbounded = count < w->target;
    if (count > 0) {
        w->horizon_due_ms = tickets[count - 1].due_ms;
        w->horizon_id = tickets[count - 1].id;
    }
}
