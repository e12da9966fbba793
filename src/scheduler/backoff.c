/*
 * How long a failed attempt waits: doubling, capped, spread so that what failed together does not
 * come back together.
 */
#include "onput/scheduler.h"

int64_t backoff_delay_ms(int64_t base_ms, int64_t cap_ms, int attempt, uint64_t random)
{
    BUG_ON(attempt < 1 || base_ms < 0 || cap_ms < 0);
    int64_t delay = base_ms;
    for (int i = 1; i < attempt && delay < cap_ms; i++)
        delay *= 2;
    if (delay > cap_ms)
        delay = cap_ms;
    int64_t spread = delay / 2; /* from -25 % to +25 % */
    return delay - delay / 4 + (int64_t)(random % (uint64_t)(spread + 1));
}
