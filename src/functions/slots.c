/*
 * Slots: how many invocations of a function run. The count outlives snapshots: a record hands it to
 * the next one of its name, and an invocation gives its slot back where it took it.
 */
#include "functions_private.h"

#include <stdlib.h>

#include "onput/memory.h"

struct slots {
    atomic_int references;
    atomic_int_least64_t taken;
};

struct slots *slots_new(void)
{
    struct slots *s = xcalloc(1, sizeof(*s));
    atomic_init(&s->references, 1);
    atomic_init(&s->taken, 0);
    return s;
}

struct slots *slots_ref(struct slots *s)
{
    atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
    return s;
}

void slots_unref(struct slots *s)
{
    if (s != NULL && atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) == 1)
        free(s);
}

bool slots_take(struct slots *s, int64_t limit)
{
    int_least64_t taken = atomic_load(&s->taken);
    do {
        if (limit >= 0 && taken >= limit)
            return false;
    } while (!atomic_compare_exchange_weak(&s->taken, &taken, taken + 1));
    return true;
}

void slots_give(struct slots *s)
{
    BUG_ON(atomic_fetch_sub(&s->taken, 1) <= 0);
}

bool function_slot_take(const struct function *function)
{
    return slots_take(function->record->slots, function->record->reserved);
}

void function_slot_give(const struct function *function)
{
    slots_give(function->record->slots);
}

int64_t function_slot_limit(const struct function *function)
{
    return function->record->reserved;
}
