/*
 * The store's allowance for retries: a store that fails all the time is soon asked once per call
 * instead of three times, by all threads together. Numbers as in the AWS SDKs' "standard" mode.
 */
#include "onput/attributes.h"
#include "storage_private.h"

enum { FULL_TOKENS = 500, COST = 5, COST_AFTER_TIMEOUT = 10, REWARD = 1 };

void retry_quota_init(struct retry_quota *q)
{
    BUG_ON(pthread_mutex_init(&q->lock, NULL) != 0);
    q->tokens = FULL_TOKENS;
}

void retry_quota_release(struct retry_quota *q)
{
    pthread_mutex_destroy(&q->lock);
}

bool retry_quota_take(struct retry_quota *q, bool after_timeout, int *out_cost)
{
    int cost = after_timeout ? COST_AFTER_TIMEOUT : COST;
    pthread_mutex_lock(&q->lock);
    bool paid = q->tokens >= cost;
    if (paid)
        q->tokens -= cost;
    pthread_mutex_unlock(&q->lock);
    if (paid)
        *out_cost = cost;
    return paid;
}

void retry_quota_return(struct retry_quota *q, int cost)
{
    pthread_mutex_lock(&q->lock);
    q->tokens += cost > 0 ? cost : REWARD;
    if (q->tokens > FULL_TOKENS)
        q->tokens = FULL_TOKENS;
    pthread_mutex_unlock(&q->lock);
}
