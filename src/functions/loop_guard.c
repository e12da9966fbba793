/*
 * Refuses a function whose output would trigger the same function again.
 *
 * A rendition's key is known at both ends, up to what depends on the source object. It can meet a
 * notification's prefix and suffix when the known ends agree with them as far as both reach.
 */
#include "functions_private.h"

#include <string.h>

static bool prefixes_agree(struct text a, struct text b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    return memcmp(a.ptr, b.ptr, shared) == 0;
}

static bool suffixes_agree(struct text a, struct text b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    return memcmp(a.ptr + a.len - shared, b.ptr + b.len - shared, shared) == 0;
}

static bool can_trigger(const struct config_function *f, const struct config_notification *n,
                        struct arena *arena)
{
    if (f->output_bucket == NULL || !policy_glob(text_of(n->bucket), text_of(f->output_bucket)))
        return false;
    for (size_t i = 0; i < f->rendition_count; i++) {
        struct text prefix, suffix;
        output_fixed_ends(f, &f->renditions[i], arena, &prefix, &suffix);
        if (prefixes_agree(prefix, text_of(n->prefix)) &&
            suffixes_agree(suffix, text_of(n->suffix)))
            return true;
    }
    return false;
}

static int check_pair(const struct config_function *f, const struct config_store *s,
                      const struct config_notification *n, struct arena *arena, struct error *err)
{
    bool same_store = f->output_store == NULL || strcmp(f->output_store, s->name) == 0;
    if (!same_store || strcmp(n->function, f->name) != 0 || !can_trigger(f, n, arena))
        return 0;
    return error_set(err, ERROR_INVALID,
                     "the function writes to bucket %s, and stores.%s has a notification for %s "
                     "that its output would trigger again: an endless loop. Write to another "
                     "bucket, or begin the output's key with a prefix that the notification's "
                     "prefix (\"%s\") excludes",
                     f->output_bucket, s->name, n->bucket, n->prefix);
}

int loop_guard_check(const struct config *config, const struct config_function *f,
                     struct error *err)
{
    AUTO_ARENA struct arena arena;
    arena_init(&arena);
    for (size_t s = 0; s < config->store_count; s++) {
        const struct config_store *store = &config->stores[s];
        for (size_t n = 0; n < store->notification_count; n++) {
            if (check_pair(f, store, &store->notifications[n], &arena, err) < 0)
                return -1;
        }
    }
    return 0;
}
