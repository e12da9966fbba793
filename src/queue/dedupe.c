/*
 * Identities of events that are in the queue or were finished lately: a ring of bounded size with a
 * hash index into it. When the ring is full the oldest identity is forgotten.
 */
#include "queue_private.h"

#include <stdlib.h>
#include <string.h>

#include "onput/memory.h"

void dedupe_init(struct dedupe *d, size_t capacity, int64_t window_ms)
{
    size_t buckets = 1;
    while (buckets < capacity)
        buckets *= 2;
    *d = (struct dedupe){.entries = xcalloc(capacity, sizeof(*d->entries)),
                         .buckets = xcalloc(buckets, sizeof(*d->buckets)),
                         .capacity = capacity,
                         .bucket_mask = buckets - 1,
                         .window_ms = window_ms};
}

void dedupe_release(struct dedupe *d)
{
    free(d->entries);
    free(d->buckets);
    *d = (struct dedupe){0};
}

/* An identity is a piece of a cryptographic hash: any bytes of it spread well. */
static uint32_t *bucket_of(const struct dedupe *d, const unsigned char identity[16])
{
    uint64_t hash;
    memcpy(&hash, identity, sizeof(hash));
    return &d->buckets[hash & d->bucket_mask];
}

static struct dedupe_entry *find(const struct dedupe *d, const unsigned char identity[16])
{
    for (uint32_t at = *bucket_of(d, identity); at != 0; at = d->entries[at - 1].next) {
        if (memcmp(d->entries[at - 1].identity, identity, 16) == 0)
            return &d->entries[at - 1];
    }
    return NULL;
}

bool dedupe_seen(const struct dedupe *d, const unsigned char identity[16], int64_t now_ms)
{
    const struct dedupe_entry *e = find(d, identity);
    if (e == NULL)
        return false;
    return e->finished_ms == 0 || now_ms - e->finished_ms < d->window_ms;
}

static void forget(struct dedupe *d, struct dedupe_entry *e)
{
    uint32_t index = (uint32_t)(e - d->entries) + 1;
    uint32_t *link = bucket_of(d, e->identity);
    while (*link != index)
        link = &d->entries[*link - 1].next;
    *link = e->next;
    e->used = false;
}

void dedupe_add(struct dedupe *d, const unsigned char identity[16])
{
    struct dedupe_entry *e = find(d, identity);
    if (e != NULL) {
        e->finished_ms = 0;
        return;
    }
    e = &d->entries[d->head];
    d->head = (d->head + 1) % d->capacity;
    if (e->used)
        forget(d, e);
    uint32_t *bucket = bucket_of(d, identity);
    *e = (struct dedupe_entry){.next = *bucket, .used = true};
    memcpy(e->identity, identity, 16);
    *bucket = (uint32_t)(e - d->entries) + 1;
}

void dedupe_finish(struct dedupe *d, const unsigned char identity[16], int64_t now_ms)
{
    struct dedupe_entry *e = find(d, identity);
    if (e != NULL)
        e->finished_ms = now_ms;
}
