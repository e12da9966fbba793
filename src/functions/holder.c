/*
 * The current catalog: readers take a reference, SIGHUP swaps it.
 */
#include "onput/catalog.h"

#include <pthread.h>
#include <stdlib.h>

#include "onput/memory.h"

struct catalog_holder {
    pthread_mutex_t lock;
    struct catalog *current;
};

struct catalog_holder *catalog_holder_new(struct catalog *first)
{
    struct catalog_holder *h = xcalloc(1, sizeof(*h));
    pthread_mutex_init(&h->lock, NULL);
    h->current = first;
    return h;
}

void catalog_holder_free(struct catalog_holder *h)
{
    if (h == NULL)
        return;
    catalog_unref(h->current);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

struct catalog *catalog_holder_get(struct catalog_holder *h)
{
    pthread_mutex_lock(&h->lock);
    struct catalog *c = catalog_ref(h->current);
    pthread_mutex_unlock(&h->lock);
    return c;
}

void catalog_holder_set(struct catalog_holder *h, struct catalog *next)
{
    pthread_mutex_lock(&h->lock);
    struct catalog *previous = h->current;
    h->current = next;
    pthread_mutex_unlock(&h->lock);
    catalog_unref(previous);
}
