/*
 * From decoded records to decisions: loop, route, act on it at all, permission. Pure.
 */
#include "intake_private.h"

static const char *const decision_names[INTAKE_DECISION_COUNT] = {
    [INTAKE_QUEUED] = "queued",       [INTAKE_HELD] = "held", [INTAKE_DENIED] = "denied",
    [INTAKE_DUPLICATE] = "duplicate", [INTAKE_LOOP] = "loop", [INTAKE_IGNORED] = "ignored",
};

const char *intake_decision_name(enum intake_decision decision)
{
    BUG_ON((unsigned)decision >= INTAKE_DECISION_COUNT);
    return decision_names[decision];
}

static struct text reason_of_deny(const struct function *function, struct policy_decision p,
                                  struct arena *arena)
{
    if (p.sid.len > 0)
        return text_of(arena_printf(arena, "statement \"%.*s\" of function %.*s denies it",
                                    TEXT_ARGS(p.sid), TEXT_ARGS(function->name)));
    return text_of(arena_printf(arena, "permissions[%d] of function %.*s denies it", p.statement,
                                TEXT_ARGS(function->name)));
}

static void decide_pair(const struct store *store, struct arena *arena, struct decided *d)
{
    const struct event *event = &d->record->event;
    struct policy_decision p = catalog_may_invoke(store, d->function, event->bucket);
    d->effect = p.effect;
    if (p.effect == POLICY_ALLOW) {
        d->decision = INTAKE_QUEUED;
        return;
    }
    d->decision = store->config->on_denied == CONFIG_DENIED_REJECT ? INTAKE_DENIED : INTAKE_HELD;
    if (p.effect == POLICY_EXPLICIT_DENY)
        d->reason = reason_of_deny(d->function, p, arena);
    else
        d->reason = text_of(arena_printf(
            arena, "no permission of function %.*s lets %s invoke it for bucket %.*s of account %s",
            TEXT_ARGS(d->function->name), store->config->principal, TEXT_ARGS(event->bucket),
            store->config->account));
}

/* What needs no function: onput's own writes, and kinds that no function acts on. */
static bool settle_early(struct decided *d)
{
    const struct event *event = &d->record->event;
    if (event->made_by_onput) {
        d->decision = INTAKE_LOOP;
        d->reason = TEXT("the object was written by onput itself");
        return true;
    }
    if (event->kind == EVENT_KIND_OTHER) {
        d->decision = INTAKE_IGNORED;
        d->reason = TEXT("nothing is done for events of this kind");
        return true;
    }
    return false;
}

static size_t targets(const struct catalog *catalog, const struct store *store,
                      const struct function *named, const struct event *event,
                      const struct function *out[CATALOG_MAX_TARGETS])
{
    if (named == NULL)
        return catalog_route(catalog, store, event, out);
    out[0] = named;
    return 1;
}

int intake_decide(const struct catalog *catalog, const struct store *store,
                  const struct function *named, const struct event_batch *batch,
                  struct arena *arena, struct decided **out, size_t *out_count, struct error *err)
{
    size_t capacity = batch->count * CATALOG_MAX_TARGETS, count = 0;
    if (capacity > INTAKE_MAX_PAIRS)
        capacity = INTAKE_MAX_PAIRS;
    struct decided *rows = ARENA_ARRAY(arena, struct decided, capacity);
    for (size_t i = 0; i < batch->count; i++) {
        struct decided first = {.record = &batch->records[i], .reason = TEXT("")};
        const struct function *chosen[CATALOG_MAX_TARGETS];
        size_t n = 0;
        if (!settle_early(&first))
            n = targets(catalog, store, named, &batch->records[i].event, chosen);
        if (count + (n > 0 ? n : 1) + (batch->count - i - 1) > capacity)
            return error_set(err, ERROR_LIMIT,
                             "the notification asks for more than %zu invocations", capacity);
        if (n == 0) {
            if (first.reason.len == 0)
                first.reason = TEXT("no notification matches");
            if (first.decision != INTAKE_LOOP)
                first.decision = INTAKE_IGNORED;
            rows[count++] = first;
        }
        for (size_t k = 0; k < n; k++) {
            rows[count] = first;
            rows[count].function = chosen[k];
            decide_pair(store, arena, &rows[count++]);
        }
    }
    *out = rows;
    *out_count = count;
    return 0;
}
