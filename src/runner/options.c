/*
 * options.c - the command line of onput-runner as the daemon writes it: names with values, then
 * "--" and the command.
 */
#include <stddef.h>

#include "onput/text.h"
#include "runner_private.h"

enum { DEFAULT_GRACE_MS = 500, MAX_GRACE_MS = 60000 };

struct parsed {
    struct runner_options options;
    uint64_t uid;
    uint64_t grace_ms;
};

/* A row has a number or a text. */
struct option_row {
    const char *name;
    size_t number; /* offset in struct parsed */
    uint64_t max;
    size_t text;
};

static const struct option_row rows[] = {
    {"--uid", offsetof(struct parsed, uid), UINT32_MAX - 1, 0},
    {"--memory-bytes", offsetof(struct parsed, options.memory_bytes), INT64_MAX / 8, 0},
    {"--pids", offsetof(struct parsed, options.pids), INT32_MAX, 0},
    {"--grace-ms", offsetof(struct parsed, grace_ms), MAX_GRACE_MS, 0},
    {"--cgroup", 0, 0, offsetof(struct parsed, options.cgroup)},
    {"--directory", 0, 0, offsetof(struct parsed, options.directory)},
    {"--temporary", 0, 0, offsetof(struct parsed, options.temporary)},
};

static int read_option(const char *name, const char *value, struct parsed *p, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct option_row *row = &rows[i];
        if (strcmp(name, row->name) != 0)
            continue;
        if (row->max > 0)
            return text_to_u64(text_of(value), row->max, row->name,
                               (uint64_t *)(void *)((char *)p + row->number), err);
        *(const char **)(void *)((char *)p + row->text) = value;
        return 0;
    }
    return error_set(err, ERROR_INVALID, "there is no option %s", name);
}

int options_read(int argc, char **argv, struct runner_options *out, struct error *err)
{
    struct parsed p = {.grace_ms = DEFAULT_GRACE_MS};
    int i = 1;
    for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2) {
        if (read_option(argv[i], argv[i + 1], &p, err) != 0)
            return -1;
    }
    if (i + 1 >= argc || p.options.directory == NULL || p.options.temporary == NULL)
        return error_set(err, ERROR_INVALID,
                         "--directory, --temporary and a command behind -- are needed");
    p.options.uid = (uid_t)p.uid;
    p.options.grace_ms = (int64_t)p.grace_ms;
    p.options.command = argv + i + 1;
    *out = p.options;
    return 0;
}
