/*
 * package_sweep.c - packages that no row names any more are removed: of no function and no version,
 * whether it can be used or not.
 */
#include "deploy_private.h"

#include <stdlib.h>
#include <string.h>

#include "function_shape.h"
#include "onput/log.h"
#include "onput/memory.h"

struct hashes {
    uint8_t (*rows)[SHA256_BYTES];
    size_t count;
    size_t capacity;
};

struct package_sweep {
    struct lambda_api *api;
    struct deployer *deployer;
    enum package_sweep_when when;
    struct hashes used;
    bool is_complete;      /* every row was looked at */
    struct hashes unused;  /* as the last sweep found them */
    struct hashes waiting; /* the same of the running one */
};

/* ---- sets of hashes ---- */

static void hashes_add(struct hashes *h, const uint8_t sha256[SHA256_BYTES])
{
    if (h->count == h->capacity) {
        h->capacity = h->capacity > 0 ? 2 * h->capacity : 64;
        h->rows = xrealloc_array(h->rows, h->capacity, sizeof(*h->rows));
    }
    memcpy(h->rows[h->count++], sha256, SHA256_BYTES);
}

static void hashes_release(struct hashes *h)
{
    free(h->rows);
    *h = (struct hashes){0};
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, SHA256_BYTES);
}

static void hashes_sort(struct hashes *h)
{
    if (h->count > 0)
        qsort(h->rows, h->count, sizeof(*h->rows), compare);
}

static bool hashes_have(const struct hashes *h, const uint8_t sha256[SHA256_BYTES])
{
    return h->count > 0 && bsearch(sha256, h->rows, h->count, sizeof(*h->rows), compare) != NULL;
}

/* ---- on the registry's thread: what is used ---- */

static void note_row(void *ctx, const struct row *row)
{
    struct package_sweep *s = ctx;
    uint8_t sha256[SHA256_BYTES];
    if (row->kind != ROW_FUNCTION)
        return;
    AUTO_JSON struct json_object *parsed = row_parse_all(row);
    if (row_package(parsed, sha256))
        hashes_add(&s->used, sha256);
}

static void note_rows(void *ctx)
{
    struct package_sweep *s = ctx;
    s->is_complete = registry_each_row(s->api->registry, note_row, s);
}

/* ---- on the deployment thread ---- */

static bool is_kept(void *ctx, const uint8_t sha256[SHA256_BYTES])
{
    struct package_sweep *s = ctx;
    if (hashes_have(&s->used, sha256))
        return true;
    if (s->when == PACKAGE_SWEEP_LATER && !hashes_have(&s->unused, sha256)) {
        hashes_add(&s->waiting, sha256);
        return true;
    }
    return false;
}

static void sweep(struct package_sweep *s)
{
    hashes_sort(&s->used);
    package_store_sweep(s->api->packages, is_kept, s);
    hashes_release(&s->unused);
    s->unused = s->waiting;
    s->waiting = (struct hashes){0};
    hashes_sort(&s->unused);
}

void package_sweep_run(struct package_sweep *s, enum package_sweep_when when)
{
    s->when = when;
    if (s->api->packages == NULL || !deployer_on_registry(s->deployer, note_rows, s))
        return;
    if (s->is_complete)
        sweep(s);
    else
        LOG(LOG_LEVEL_WARN, "unused packages stay: a stored function cannot be read");
    hashes_release(&s->used);
}

struct package_sweep *package_sweep_new(struct lambda_api *api, struct deployer *d)
{
    struct package_sweep *s = xcalloc(1, sizeof(*s));
    s->api = api;
    s->deployer = d;
    return s;
}

void package_sweep_free(struct package_sweep *s)
{
    hashes_release(&s->used);
    hashes_release(&s->unused);
    hashes_release(&s->waiting);
    free(s);
}
