/*
 * From an outcome to what becomes of the queue's row. Pure.
 */
#include "scheduler_private.h"

struct verdict outcome_verdict(const struct outcome *outcome, int attempt,
                               const struct config_function *config, int64_t now_ms,
                               uint64_t random)
{
    if (outcome->status != OUTCOME_FAILED)
        return (struct verdict){QUEUE_FINISH_DONE, 0, outcome_status_name(outcome->status)};
    if (outcome->error.code == ERROR_CANCELED)
        return (struct verdict){QUEUE_FINISH_RELEASE, 0, "released"};
    if (!outcome->error.retryable || attempt >= config->max_attempts)
        return (struct verdict){QUEUE_FINISH_DEAD, 0, "dead"};
    int64_t delay = backoff_delay_ms(config->backoff_ms, config->backoff_cap_ms, attempt, random);
    return (struct verdict){QUEUE_FINISH_RETRY, now_ms + delay, "retry"};
}
