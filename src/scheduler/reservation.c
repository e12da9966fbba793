/*
 * From a ticket to a slot of its function and a thread for its kind. Tickets know their function by
 * a hash; an index of the current catalog turns it back into the function. Called with the
 * scheduler's lock held.
 */
#include "scheduler_private.h"

#include <stdlib.h>

#include "onput/memory.h"

static int by_hash(const void *a, const void *b)
{
    const struct function_entry *x = a, *y = b;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

static void index_build(struct function_index *index, struct catalog *catalog)
{
    const struct function *functions;
    catalog_unref(index->catalog);
    index->catalog = catalog_ref(catalog);
    index->count = catalog_functions(catalog, &functions);
    index->entries = xrealloc_array(index->entries, index->count > 0 ? index->count : 1,
                                    sizeof(*index->entries));
    for (size_t i = 0; i < index->count; i++)
        index->entries[i] =
            (struct function_entry){queue_function_hash(functions[i].name), &functions[i]};
    qsort(index->entries, index->count, sizeof(*index->entries), by_hash);
}

static const struct function *index_find(const struct function_index *index, uint64_t hash)
{
    const struct function_entry wanted = {.hash = hash};
    const struct function_entry *found =
        bsearch(&wanted, index->entries, index->count, sizeof(wanted), by_hash);
    return found != NULL ? found->function : NULL;
}

void function_index_release(struct function_index *index)
{
    catalog_unref(index->catalog);
    free(index->entries);
    *index = (struct function_index){0};
}

static bool has_thread(const struct scheduler *s, enum function_kind kind)
{
    int threads = kind == KIND_BUILTIN ? s->options.job_threads : s->options.process_threads;
    return s->running_of_kind[kind] < threads;
}

/* Without a function there is nothing to limit: the attempt finds out what is wrong. */
bool reservation_take(struct scheduler *s, uint64_t function_hash, struct reservation *out)
{
    struct catalog *catalog = catalog_holder_get(s->options.catalogs);
    if (s->index.catalog != catalog)
        index_build(&s->index, catalog);
    const struct function *function = index_find(&s->index, function_hash);
    if (function != NULL && function_slot_limit(function) == 0)
        function = NULL; /* it may not run at all */
    bool is_process = function != NULL && function->config->command != NULL;
    enum function_kind kind = is_process ? KIND_PROCESS : KIND_BUILTIN;
    if (!has_thread(s, kind) || (function != NULL && !function_slot_take(function))) {
        catalog_unref(catalog);
        return false;
    }
    s->running_of_kind[kind]++;
    *out = (struct reservation){catalog, function, kind};
    return true;
}

void reservation_give(struct scheduler *s, struct reservation *r)
{
    s->running_of_kind[r->kind]--;
    if (r->function != NULL)
        function_slot_give(r->function);
    catalog_unref(r->catalog);
    *r = (struct reservation){0};
}
