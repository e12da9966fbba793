/*
 * Which functions an event is for, by the store's notifications. Filters look at the decoded key.
 */
#include "functions_private.h"

static bool matches(const struct config_notification *n, const struct event *event)
{
    if (!policy_glob(text_of(n->bucket), event->bucket))
        return false;
    if (!text_starts_with(event->key, text_of(n->prefix)) ||
        !text_ends_with(event->key, text_of(n->suffix)))
        return false;
    for (size_t i = 0; i < n->event_count; i++) {
        if (event_name_matches(text_of(n->events[i]), event))
            return true;
    }
    return false;
}

size_t catalog_route(const struct catalog *c, const struct store *store, const struct event *event,
                     const struct function *out[CATALOG_MAX_TARGETS])
{
    size_t count = 0;
    for (size_t i = 0; i < store->config->notification_count; i++) {
        const struct config_notification *n = &store->config->notifications[i];
        if (count == CATALOG_MAX_TARGETS || !matches(n, event))
            continue;
        const struct function *f = catalog_function(c, text_of(n->function));
        size_t seen = 0;
        while (seen < count && out[seen] != f)
            seen++;
        if (f != NULL && seen == count)
            out[count++] = f;
    }
    return count;
}
