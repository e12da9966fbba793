/*
 * start_private.h - what start_command.c and start_check.c share.
 */
#ifndef ONPUT_START_PRIVATE_H
#define ONPUT_START_PRIVATE_H

#include <stdint.h>

#include "onput/start_command.h"

#define START_PYTHON_CLIENT "awslambdaric"
#define START_NODE_CLIENT   "aws-lambda-ric"

bool start_is_file(const char *path);
bool start_is_program(const char *path); /* a file that may be executed */
/* Its path on the daemon's PATH, or NULL. */
const char *start_find_program(const char *name, struct arena *arena);

/* start_check.c: the part of start_command_check() that looks at files only. */
MUST_CHECK int start_command_find(const char *const *command, const char *directory,
                                  struct text runtime, struct error *err);

/*
 * The same as another user sees them, when this is root and `uid` is not 0. Changes what this
 * thread may do with files for that long.
 */
MUST_CHECK int start_command_find_as(uint32_t uid, const char *const *command,
                                     const char *directory, struct text runtime, struct error *err);

/*
 * start_probe.c: asks a Python, as it is without the function's code, which version it is and
 * whether it has the runtime client.
 */
struct python_probe {
    int major, minor;
    bool has_client;
};
MUST_CHECK int start_probe_python(const char *interpreter, struct python_probe *out,
                                  struct error *err);

#endif
