/*
 * From an outcome to what becomes of the queue's row. Pure.
 */
#include "scheduler_private.h"

/* Of an event for which there was no room: the longer it has waited, the less often it asks. */
enum { THROTTLED_MIN_MS = 1000, THROTTLED_MAX_MS = 5 * 60 * 1000 };

static int64_t throttled_delay_ms(int64_t waited_ms, uint64_t random)
{
    int64_t delay = waited_ms > THROTTLED_MIN_MS ? waited_ms : THROTTLED_MIN_MS;
    return backoff_delay_ms(delay, THROTTLED_MAX_MS, 1, random);
}

struct verdict outcome_verdict(const struct outcome *outcome, const struct invocation *inv,
                               const struct config_function *config, int64_t now_ms,
                               uint64_t random)
{
    int attempt = inv->attempts + 1;
    if (outcome->status != OUTCOME_FAILED)
        return (struct verdict){QUEUE_FINISH_DONE, 0, outcome_status_name(outcome->status)};
    if (outcome->error.code == ERROR_CANCELED)
        return (struct verdict){QUEUE_FINISH_RELEASE, 0, "released"};
    if (outcome->error.code == ERROR_THROTTLED)
        return (struct verdict){QUEUE_FINISH_LATER,
                                now_ms + throttled_delay_ms(now_ms - inv->accepted_ms, random),
                                "throttled"};
    if (!outcome->error.retryable || attempt >= config->max_attempts)
        return (struct verdict){QUEUE_FINISH_DEAD, 0, "dead"};
    int64_t delay = backoff_delay_ms(config->backoff_ms, config->backoff_cap_ms, attempt, random);
    return (struct verdict){QUEUE_FINISH_RETRY, now_ms + delay, "retry"};
}
