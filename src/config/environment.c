/*
 * environment.c - variables by name. Where NAME is missing or empty, NAME_FILE may stand for it:
 * the value is that file's content, the way in which containers get their secrets.
 */
#include "config_private.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 256 };

static const char *look_up(const char *const *environment, const char *name)
{
    size_t len = strlen(name);

    for (; *environment != NULL; environment++)
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
            return *environment + len + 1;
    return NULL;
}

int environment_find(const char *const *environment, const char *name, struct arena *a,
                     struct text *out, const char **out_variable, struct error *err)
{
    const char *value = look_up(environment, name);
    char file_variable[NAME_MAX_BYTES + sizeof("_FILE")];
    const char *path;

    *out = (struct text){NULL, 0};
    *out_variable = name;
    if (value != NULL && value[0] != '\0') {
        *out = arena_text(a, text_of(value));
        return 0;
    }
    if (strlen(name) <= NAME_MAX_BYTES) {
        snprintf(file_variable, sizeof(file_variable), "%s_FILE", name);
        path = look_up(environment, file_variable);
        if (path != NULL && path[0] != '\0') {
            *out_variable = arena_strdup(a, file_variable);
            if (secret_file_read(path, a, out, err) != 0)
                return error_prefix(err, "environment %s", *out_variable);
            return 0;
        }
    }
    if (value != NULL)
        *out = TEXT("");
    return 0;
}
