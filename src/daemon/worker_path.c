/*
 * Where onput-worker is: as configured, else beside this very program.
 */
#include "daemon_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "onput/memory.h"

enum { PATH_BYTES = 4096 };

static int beside_this_program(char **out, struct error *err)
{
    char self[PATH_BYTES];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (len < 0)
        return error_set_errno(err, ERROR_IO, "cannot tell where this program is");
    self[len] = '\0';
    char *slash = strrchr(self, '/');
    if (slash != NULL)
        *slash = '\0';
    *out = xasprintf("%s/onput-worker", self);
    return 0;
}

int daemon_worker_path(const struct config *config, char **out, struct error *err)
{
    char *path = NULL;
    if (config->worker_program != NULL)
        path = xstrdup(config->worker_program);
    else if (beside_this_program(&path, err) < 0)
        return -1;
    if (access(path, X_OK) < 0) {
        error_set_errno(err, ERROR_NOT_FOUND,
                        "cannot run the worker %s (set workers.program to where it is)", path);
        free(path);
        return -1;
    }
    *out = path;
    return 0;
}
