/*
 * slot.c - the places of the workers: who has one, who waits for one. pool.c and supervise.c call
 * these with the lock held.
 */
#include "workerpool_private.h"

#include <stdio.h>

int slot_count(const struct worker_pool *pool, enum slot_state state)
{
    int count = 0;
    for (int i = 0; i < pool->count; i++)
        count += pool->slots[i].state == state;
    return count;
}

void slot_publish(struct worker_pool *pool)
{
    if (pool->metrics == NULL)
        return;
    metrics_set(pool->metrics, METRIC_WORKERS, slot_count(pool, SLOT_IDLE), "idle", NULL, NULL);
    metrics_set(pool->metrics, METRIC_WORKERS, slot_count(pool, SLOT_BUSY), "busy", NULL, NULL);
    metrics_set(pool->metrics, METRIC_WORKERS, slot_count(pool, SLOT_STARTING), "starting", NULL,
                NULL);
}

/* Always the first: what is used least is what the kernel can page out. */
struct slot *slot_take_idle(struct worker_pool *pool)
{
    for (int i = 0; i < pool->count; i++) {
        if (pool->slots[i].state == SLOT_IDLE) {
            pool->slots[i].state = SLOT_BUSY;
            slot_publish(pool);
            return &pool->slots[i];
        }
    }
    return NULL;
}

void slot_give(struct worker_pool *pool, struct slot *slot)
{
    struct waiter *first = pool->first_waiter;
    slot->state = first != NULL ? SLOT_BUSY : SLOT_IDLE;
    slot_publish(pool);
    if (first == NULL)
        return;
    pool->first_waiter = first->next;
    first->slot = slot;
    pthread_cond_signal(&first->is_served);
}

/* The end of a process that has been reaped is known better than what we think of it. */
void slot_end(struct worker_pool *pool, struct slot *slot, enum end_reason reason, const char *text)
{
    if (!slot->is_reaped) {
        slot->end.reason = reason;
        snprintf(slot->end.text, sizeof(slot->end.text), "%s", text);
    }
    slot->state = SLOT_ENDED;
    slot_publish(pool);
    supervise_wake(pool);
}
