/*
 * sandbox_landlock.c - a Landlock domain without a single exception. By plain system calls, because
 * neither glibc nor the headers of an older system know all that the running kernel can forbid.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "onput/attributes.h"
#include "onput/fd.h"
#include "worker_private.h"

/* The same numbers on every architecture. */
enum { CALL_CREATE_RULESET = 444, CALL_RESTRICT_SELF = 446, ASK_VERSION = 1 };

enum {
    FS_READ_FILE = 1 << 2,
    FS_READ_DIR = 1 << 3,
    FS_READING = FS_READ_FILE | FS_READ_DIR,
};

/* The kernel takes the struct in the size that its version knows. */
struct ruleset {
    uint64_t fs;
    uint64_t net;
    uint64_t scoped;
};

/* What each version can forbid; the last row stands for all later versions. */
static const struct version_row {
    struct ruleset forbid;
    size_t size;
} versions[] = {
    {{.fs = 0}, 0},
    {{.fs = (1 << 13) - 1}, 8},                         /* 1: files and folders */
    {{.fs = (1 << 14) - 1}, 8},                         /* 2: and renaming across folders */
    {{.fs = (1 << 15) - 1}, 8},                         /* 3: and truncating */
    {{.fs = (1 << 15) - 1, .net = 3}, 16},              /* 4: and TCP, bind and connect */
    {{.fs = (1 << 16) - 1, .net = 3}, 16},              /* 5: and ioctl on devices */
    {{.fs = (1 << 16) - 1, .net = 3, .scoped = 3}, 24}, /* 6: and abstract sockets, signals */
};

static bool is_unavailable(int error)
{
    /* Containers with older seccomp profiles answer EPERM. */
    return error == ENOSYS || error == EOPNOTSUPP || error == EPERM;
}

static int restrict_self(const struct version_row *row, enum landlock_scope scope)
{
    struct ruleset forbid = row->forbid;
    if (scope == LANDLOCK_ALL_BUT_READING)
        forbid.fs &= ~(uint64_t)FS_READING;
    AUTO_CLOSE int fd = (int)syscall(CALL_CREATE_RULESET, &forbid, row->size, 0);
    if (fd < 0)
        return -1;
    return (int)syscall(CALL_RESTRICT_SELF, fd, 0);
}

int sandbox_landlock(enum landlock_scope scope, bool *out_applied, struct error *err)
{
    long version = syscall(CALL_CREATE_RULESET, NULL, 0, ASK_VERSION);
    if (version >= (long)ARRAY_LEN(versions))
        version = (long)ARRAY_LEN(versions) - 1;
    if (version > 0 && restrict_self(&versions[version], scope) == 0) {
        *out_applied = true;
        return 0;
    }
    if (version == 0 || is_unavailable(errno)) {
        *out_applied = false;
        return 0;
    }
    return error_set_errno(err, ERROR_INTERNAL, "cannot enter a Landlock domain");
}
