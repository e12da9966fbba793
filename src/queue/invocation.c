/*
 * States of an invocation, their names, and the table of legal transitions.
 */
#include "onput/invocation.h"

#include "onput/attributes.h"

static const char *const state_names[INVOCATION_STATE_COUNT] = {
    [INVOCATION_PENDING] = "pending", [INVOCATION_HELD] = "held", [INVOCATION_DEAD] = "dead",
    [INVOCATION_RUNNING] = "running", [INVOCATION_DONE] = "done",
};

static const bool transitions[INVOCATION_STATE_COUNT][INVOCATION_STATE_COUNT] = {
    [INVOCATION_PENDING] = {[INVOCATION_RUNNING] = true, [INVOCATION_DEAD] = true},
    [INVOCATION_HELD] = {[INVOCATION_PENDING] = true},
    [INVOCATION_DEAD] = {[INVOCATION_PENDING] = true},
    [INVOCATION_RUNNING] =
        {[INVOCATION_PENDING] = true, [INVOCATION_DEAD] = true, [INVOCATION_DONE] = true},
    [INVOCATION_DONE] = {false},
};

const char *invocation_state_name(enum invocation_state state)
{
    BUG_ON((unsigned)state >= INVOCATION_STATE_COUNT);
    return state_names[state];
}

bool invocation_may_become(enum invocation_state from, enum invocation_state to)
{
    BUG_ON((unsigned)from >= INVOCATION_STATE_COUNT || (unsigned)to >= INVOCATION_STATE_COUNT);
    return transitions[from][to];
}
