/*
 * Where the programs are that the daemon starts: as configured, else beside this very program.
 */
#include "daemon_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "onput/memory.h"

enum { PATH_BYTES = 4096 };

static int beside_this_program(const char *name, char **out, struct error *err)
{
    char self[PATH_BYTES];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (len < 0)
        return error_set_errno(err, ERROR_IO, "cannot tell where this program is");
    self[len] = '\0';
    char *slash = strrchr(self, '/');
    if (slash != NULL)
        *slash = '\0';
    *out = xasprintf("%s/%s", self, name);
    return 0;
}

int daemon_program_path(const char *configured, const char *name, const char *option, char **out,
                        struct error *err)
{
    char *path = NULL;
    if (configured != NULL)
        path = xstrdup(configured);
    else if (beside_this_program(name, &path, err) < 0)
        return -1;
    if (access(path, X_OK) < 0) {
        error_set_errno(err, ERROR_NOT_FOUND, "cannot run %s (set %s to where it is)", path,
                        option);
        free(path);
        return -1;
    }
    *out = path;
    return 0;
}
