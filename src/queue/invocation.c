/*
 * States of an invocation, their names, the table of legal transitions, and trace ids.
 */
#include "onput/invocation.h"

#include <stdio.h>

#include "onput/attributes.h"
#include "onput/encoding.h"

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

char *invocation_trace_id(int64_t now_ms, char out[TRACE_ID_BYTES])
{
    unsigned char random[20];
    char hex[2 * sizeof(random) + 1];
    random_bytes(random, sizeof(random));
    hex_encode(random, sizeof(random), hex);
    snprintf(out, TRACE_ID_BYTES, "Root=1-%08llx-%.24s;Parent=%.16s;Sampled=0",
             (unsigned long long)(now_ms / 1000), hex, hex + 24);
    return out;
}
