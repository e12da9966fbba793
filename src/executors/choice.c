/*
 * One executor over two: the functions that come with onput, and those in processes of their own.
 */
#include "onput/executors.h"

#include <stdlib.h>

#include "onput/memory.h"
#include "printable.h"

/* This file's lane; those of the two executors are theirs. */
struct executor_lane {
    const struct executors *both;
    struct executor_lane *builtin;
    struct executor_lane *custom;
};

static bool is_custom(const struct function *function)
{
    return function->config->builtin == NULL && function->config->command_count > 0;
}

static void lane_close(struct executor_lane *lane)
{
    if (lane == NULL)
        return;
    if (lane->builtin != NULL)
        lane->both->builtin.lane_close(lane->builtin);
    if (lane->custom != NULL)
        lane->both->custom.lane_close(lane->custom);
    free(lane);
}

static int lane_open(void *self, const atomic_bool *canceled, struct executor_lane **out,
                     struct error *err)
{
    const struct executors *both = self;
    struct executor_lane *lane = xcalloc(1, sizeof(*lane));
    lane->both = both;
    if (both->builtin.lane_open(both->builtin.self, canceled, &lane->builtin, err) < 0 ||
        both->custom.lane_open(both->custom.self, canceled, &lane->custom, err) < 0) {
        lane_close(lane);
        return -1;
    }
    *out = lane;
    return 0;
}

static void invoke(struct executor_lane *lane, const struct catalog *catalog,
                   const struct function *function, const struct invocation *invocation,
                   int64_t deadline_ms, struct arena *arena, struct outcome *out)
{
    if (!is_custom(function)) {
        lane->both->builtin.invoke(lane->builtin, catalog, function, invocation, deadline_ms, arena,
                                   out);
        return;
    }
    lane->both->custom.invoke(lane->custom, catalog, function, invocation, deadline_ms, arena, out);
    if (out->status == OUTCOME_FAILED)
        error_make_printable(&out->error);
}

static bool is_instant(void *self, const struct function *function)
{
    const struct executors *both = self;
    const struct executor *e = is_custom(function) ? &both->custom : &both->builtin;
    return e->is_instant != NULL && e->is_instant(e->self, function);
}

struct executor executor_of_both(struct executors *both)
{
    return (struct executor){.self = both,
                             .lane_open = lane_open,
                             .lane_close = lane_close,
                             .invoke = invoke,
                             .is_instant = is_instant};
}
