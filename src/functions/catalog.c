/*
 * The catalog: a base and the records of its functions, immutable and reference-counted.
 */
#include "functions_private.h"

#include <stdlib.h>

#include "onput/memory.h"

struct catalog {
    atomic_int references;
    struct base *base;
    const struct function_record **records;
    struct function *functions; /* the $LATEST of each record */
    size_t count;
};

struct catalog *catalog_make(struct base *base, const struct record_list *records)
{
    struct catalog *c = xcalloc(1, sizeof(*c));
    atomic_init(&c->references, 1);
    c->base = base_ref(base);
    c->records = xcalloc(records->count + 1, sizeof(struct function_record *));
    c->functions = xcalloc(records->count + 1, sizeof(*c->functions));
    for (size_t i = 0; i < records->count; i++) {
        if (!records->records[i]->is_usable)
            continue;
        c->records[c->count] = record_ref(records->records[i]);
        c->functions[c->count] = c->records[c->count]->functions[0];
        c->count++;
    }
    return c;
}

static int build_declared(struct base *base, struct record_list *records, struct error *err)
{
    for (size_t i = 0; i < base->config->function_count; i++) {
        const struct config_function *f = &base->config->functions[i];
        AUTO_ARENA struct arena arena = {0};
        struct row_list rows = {0};
        struct function_record *record = NULL;
        int result = declared_put(base, f, &rows, &arena, err);
        if (result == 0)
            result =
                record_new(base, &(struct record_parts){.name = text_of(f->name), .rows = &rows},
                           &record, err);
        row_list_release(&rows);
        if (result < 0)
            return error_prefix(err, "functions.%s", f->name);
        record_list_put(records, record);
    }
    return 0;
}

int catalog_new(struct config *config, const struct clock *clock, struct metrics *metrics,
                struct catalog **out, struct error *err)
{
    struct base *base = NULL;
    if (base_new(config, clock, metrics, &base, err) < 0)
        return -1;
    struct record_list records = {0};
    int result = build_declared(base, &records, err);
    if (result == 0)
        *out = catalog_make(base, &records);
    record_list_release(&records);
    base_unref(base);
    return result;
}

int catalog_check_start(const struct catalog *c, struct error *err)
{
    for (size_t i = 0; i < c->count; i++) {
        if (record_check_start(c->records[i], err) < 0)
            return error_prefix(err, "functions.%.*s", TEXT_ARGS(c->records[i]->name));
    }
    return 0;
}

struct catalog *catalog_ref(struct catalog *c)
{
    atomic_fetch_add_explicit(&c->references, 1, memory_order_relaxed);
    return c;
}

static void destroy(struct catalog *c)
{
    for (size_t i = 0; i < c->count; i++)
        record_unref((struct function_record *)c->records[i]);
    free(c->records);
    free(c->functions);
    base_unref(c->base);
    free(c);
}

void catalog_unref(struct catalog *c)
{
    if (c != NULL && atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) == 1)
        destroy(c);
}

const struct config *catalog_config(const struct catalog *c)
{
    return c->base->config;
}

struct text catalog_region(const struct catalog *c)
{
    return c->base->region;
}

struct text catalog_account(const struct catalog *c)
{
    return c->base->account;
}

const struct user *catalog_user(const struct catalog *c, struct text access_key)
{
    return users_find(c->base->users, access_key);
}

size_t catalog_stores(const struct catalog *c, const struct store **out)
{
    *out = c->base->stores;
    return c->base->config->store_count;
}

bool catalog_same_stores(const struct catalog *a, const struct catalog *b)
{
    return a->base == b->base;
}

const struct store *catalog_store(const struct catalog *c, struct text name)
{
    for (size_t i = 0; i < c->base->config->store_count; i++) {
        if (text_equal(c->base->stores[i].name, name))
            return &c->base->stores[i];
    }
    return NULL;
}

/* c->count when there is none. */
static size_t find(const struct catalog *c, struct text name)
{
    size_t from = 0, to = c->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = text_compare(c->functions[middle].name, name);
        if (order == 0)
            return middle;
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return c->count;
}

size_t catalog_functions(const struct catalog *c, const struct function **out)
{
    *out = c->functions;
    return c->count;
}

const struct function *catalog_function(const struct catalog *c, struct text name)
{
    size_t at = find(c, name);
    return at < c->count ? &c->functions[at] : NULL;
}

size_t catalog_records(const struct catalog *c, const struct function_record *const **out)
{
    *out = c->records;
    return c->count;
}

const struct function_record *catalog_record(const struct catalog *c, struct text name)
{
    size_t at = find(c, name);
    return at < c->count ? c->records[at] : NULL;
}

const struct function *catalog_resolve(const struct catalog *c, struct text reference,
                                       uint64_t random)
{
    struct text qualifier = reference;
    const struct function_record *r = catalog_record(c, text_cut(&qualifier, ':'));
    return r != NULL ? record_resolve(r, qualifier, random) : NULL;
}

const struct function_record *catalog_url(const struct catalog *c, struct text url_id,
                                          struct text *out_qualifier)
{
    for (size_t i = 0; i < c->count; i++) {
        for (size_t u = 0; u < c->records[i]->url_count; u++) {
            if (!text_equal(c->records[i]->urls[u].id, url_id))
                continue;
            *out_qualifier = c->records[i]->urls[u].qualifier;
            return c->records[i];
        }
    }
    return NULL;
}
