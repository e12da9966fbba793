/*
 * sandbox_rlimits.c - how much a worker may use of what it keeps. Processor time is not in the
 * table: one worker does hundreds of jobs, and the pool's deadline bounds each of them.
 */
#include <sys/resource.h>

#include "onput/attributes.h"
#include "worker_private.h"

struct limit_row {
    int resource;
    const char *name;
    uint64_t value;
};

/* Never above what is allowed already; so no privilege is needed. */
static int lower_limit(const struct limit_row *row, struct error *err)
{
    struct rlimit limit;
    if (getrlimit(row->resource, &limit) != 0)
        return error_set_errno(err, ERROR_INTERNAL, "cannot read the limit %s", row->name);
    if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > row->value)
        limit.rlim_max = row->value;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(row->resource, &limit) != 0)
        return error_set_errno(err, ERROR_INTERNAL, "cannot set the limit %s", row->name);
    return 0;
}

int sandbox_limit_resources(uint64_t memory_bytes, struct error *err)
{
    const struct limit_row rows[] = {
        /* Pictures in memory must not land on a disk. */
        {RLIMIT_CORE, "core", 0},
        /* The output file has its size; mapped writes do not count. */
        {RLIMIT_FSIZE, "fsize", 0},
        /* The channel, stderr and two memory files, with some air for what frames may bring. */
        {RLIMIT_NOFILE, "nofile", 16},
#ifndef ONPUT_SANITIZED
        {RLIMIT_AS, "as", memory_bytes},
        /* Address space also counts what is only reserved. This is nearer to what is touched: a
         * full-frame decode of 100 megapixels takes 400 MiB of it. */
        {RLIMIT_DATA, "data", memory_bytes / 2},
#endif
    };
    (void)memory_bytes;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (lower_limit(&rows[i], err) != 0)
            return -1;
    }
    return 0;
}
