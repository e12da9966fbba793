/*
 * versions.c - see runtime_private.h: pools as versions of functions. One is made when its version
 * is invoked, retired when the catalog has another version in its place, and freed when it has
 * neither processes, files nor failures to remember.
 */
#include "runtime_private.h"

#include <stdlib.h>

#include "onput/memory.h"

enum { REMEMBER_FAILURES_MS = 60000 };

static bool is_version(const struct pool *pool, const struct function *function)
{
    return text_equal(pool->name, function->name) && text_equal(pool->version, function->version);
}

static bool is_of(const struct pool *pool, const struct catalog *catalog,
                  const struct function *function)
{
    return is_version(pool, function) && text_equal(pool->revision, function_revision(function)) &&
           catalog_same_stores(pool->catalog, catalog);
}

static void retire(struct pool *pool)
{
    pool->is_retired = true;
    for (struct instance *i = pool->instances; i != NULL; i = i->next) {
        if (i->state == INSTANCE_IDLE)
            pool_end_idle(i, REASON_CHANGED);
    }
}

/* As that catalog sees it. */
static void review(struct pool *pool, struct catalog *catalog)
{
    const struct function_record *record = catalog_record(catalog, pool->name);
    const struct function *function =
        record != NULL ? record_resolve(record, pool->version, 0) : NULL;
    if (function == NULL || !is_of(pool, catalog, function)) {
        retire(pool);
        return;
    }
    pool->is_retired = false;
    catalog_unref(pool->catalog);
    pool->catalog = catalog_ref(catalog);
}

static struct text own_text(struct text t)
{
    return (struct text){xmemdup_text(t), t.len};
}

static struct pool *pool_new(struct runtime *rt, struct catalog *catalog,
                             const struct function *function)
{
    struct pool *pool = xcalloc(1, sizeof(*pool));
    pool->runtime = rt;
    pool->number = ++rt->pool_numbers;
    pool->name = own_text(function->name);
    pool->version = own_text(function->version);
    pool->revision = own_text(function_revision(function));
    pool->catalog = catalog_ref(catalog);
    pool->next = rt->pools;
    rt->pools = pool;
    return pool;
}

/* Whoever comes with another catalog than the current one comes with an older one. */
static void decide_between(struct runtime *rt, struct pool *fresh, const struct function *function)
{
    if (rt->current != NULL) {
        review(fresh, rt->current);
        return;
    }
    for (struct pool *p = rt->pools; p != NULL; p = p->next) {
        if (p != fresh && is_version(p, function))
            retire(p);
    }
}

struct pool *pools_find(struct runtime *rt, struct catalog *catalog,
                        const struct function *function)
{
    for (struct pool *p = rt->pools; p != NULL; p = p->next) {
        if (is_of(p, catalog, function))
            return p;
    }
    struct pool *fresh = pool_new(rt, catalog, function);
    decide_between(rt, fresh, function);
    return fresh;
}

struct pool *pools_numbered(const struct runtime *rt, uint64_t number)
{
    struct pool *p = rt->pools;
    while (p != NULL && p->number != number)
        p = p->next;
    return p;
}

static bool has_files(const struct pool *pool)
{
    const struct runtime *rt = pool->runtime;
    for (int i = 0; i < rt->options.max_processes; i++) {
        if (rt->places[i].last_pool == pool->number)
            return true;
    }
    return false;
}

static bool is_needed(const struct pool *pool)
{
    if (pool->instances != NULL || pool->users > 0)
        return true;
    if (pool->is_retired)
        return false;
    int64_t now = clock_mono_ms(pool->runtime->clock);
    return has_files(pool) ||
           (pool->failed_starts > 0 && now < pool->not_before_ms + REMEMBER_FAILURES_MS);
}

static void pool_free(struct pool *pool)
{
    catalog_unref(pool->catalog);
    free((char *)pool->name.ptr);
    free((char *)pool->version.ptr);
    free((char *)pool->revision.ptr);
    free(pool);
}

void pools_prune(struct runtime *rt)
{
    for (struct pool **at = &rt->pools; *at != NULL;) {
        struct pool *pool = *at;
        if (is_needed(pool)) {
            at = &pool->next;
            continue;
        }
        *at = pool->next;
        pool_free(pool);
    }
}

void pools_free(struct runtime *rt)
{
    struct pool *pool;
    while ((pool = rt->pools) != NULL) {
        rt->pools = pool->next;
        pool_free(pool);
    }
}

void runtime_refresh(struct runtime *rt, struct catalog *catalog)
{
    pthread_mutex_lock(&rt->lock);
    struct catalog *before = rt->current;
    rt->current = catalog_ref(catalog);
    for (struct pool *p = rt->pools; p != NULL; p = p->next)
        review(p, catalog);
    pools_prune(rt);
    pthread_mutex_unlock(&rt->lock);
    catalog_unref(before);
    keeper_wake(rt->keeper);
}
