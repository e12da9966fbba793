/*
 * intake_private.h - the pure part of intake, and the life of one submission.
 */
#ifndef ONPUT_INTAKE_PRIVATE_H
#define ONPUT_INTAKE_PRIVATE_H

#include "onput/intake.h"

struct intake {
    struct intake_options options;
};

/* One (record, function) pair and what was decided about it. */
struct decided {
    const struct event_record *record;
    const struct function *function; /* NULL when there is none */
    enum intake_decision decision;
    struct text reason;
    enum policy_effect effect; /* of HELD and DENIED */
};

/* At most this many pairs come out of one notification: four functions for each of its records. */
enum { INTAKE_MAX_PAIRS = 4 * EVENT_MAX_RECORDS };

/*
 * Everything that can be decided before the queue is asked. `named` is the function that the caller
 * addressed, or NULL to route. Pure. Results are in the arena.
 */
MUST_CHECK int intake_decide(const struct catalog *catalog, const struct store *store,
                             const struct function *named, const struct event_batch *batch,
                             struct arena *arena, struct decided **out, size_t *out_count,
                             struct error *err);

#endif
