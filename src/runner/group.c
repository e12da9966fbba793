/*
 * group.c - reads what the kernel says about the command's control group, which the runtime made
 * (src/runtime/cgroup.c), and tells it to kill. All of it may be missing on older kernels.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "onput/fd.h"
#include "runner_private.h"

enum { PATH_BYTES = 4096, FILE_BYTES = 1024 };

static bool read_file(const char *cgroup, const char *name, char out[FILE_BYTES])
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/%s", cgroup, name);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, out, FILE_BYTES - 1);
    out[got > 0 ? got : 0] = '\0';
    return got > 0;
}

uint64_t group_oom_kills(const char *cgroup)
{
    char text[FILE_BYTES];
    static const char name[] = "\noom_kill ";
    if (!read_file(cgroup, "memory.events", text))
        return 0;
    const char *line = strstr(text, name);
    return line == NULL ? 0 : strtoull(line + sizeof(name) - 1, NULL, 10);
}

bool group_peak(const char *cgroup, uint64_t *out_bytes)
{
    char text[FILE_BYTES];
    if (!read_file(cgroup, "memory.peak", text))
        return false;
    *out_bytes = strtoull(text, NULL, 10);
    return true;
}

void group_kill(const char *cgroup)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/cgroup.kill", cgroup);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0)
        (void)!write(fd, "1", 1);
}
