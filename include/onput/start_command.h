/*
 * start_command.h - from a Lambda runtime's name to the command that runs its functions here.
 *
 *   provided.al2, provided.al2023   {directory}/bootstrap
 *   python3.N                       python3.N (else python3) -m awslambdaric {handler}
 *   nodejsN.x                       aws-lambda-ric {handler}, or node with the one in node_modules
 *
 * The configuration's runtimes.NAME.command replaces a row and may add names; {handler} and
 * {directory} in its words are replaced. A command is refused when it cannot work, with an error
 * that says what to install or set: the interpreter is not on PATH, the runtime client is neither
 * in the package nor installed, bootstrap is missing or not executable. No code of the package is
 * executed to find out.
 */
#ifndef ONPUT_START_COMMAND_H
#define ONPUT_START_COMMAND_H

#include <stdbool.h>

#include "onput/arena.h"
#include "onput/config.h"
#include "onput/error.h"
#include "onput/text.h"

/* Is there a row of that name in the table or the configuration? */
bool start_command_has(const struct config *config, struct text runtime);

/*
 * The command for a function, ended by NULL, in the arena; word 0 is a path: that of a program on
 * the daemon's PATH, too, unless it is not there.
 * Pure: it looks at no file, except to choose between variants of a row. In the words `directory`
 * is absolute.
 */
MUST_CHECK int start_command_resolve(const struct config *config, struct text runtime,
                                     struct text handler, const char *directory,
                                     struct arena *arena, const char *const **out,
                                     struct error *err);

/* Can that command be started? May run an interpreter of the system for a moment, so not on a
 * thread that must not wait. */
MUST_CHECK int start_command_check(const char *const *command, const char *directory,
                                   struct text runtime, struct error *err);

#endif
