/*
 * onput: finds the verb, parses its flags, runs it.
 */
#include "cli_private.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        cli_print_help();
        return EXIT_CODE_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0)
        name = "version";
    const struct cli_verb *verb = cli_find_verb(name);
    if (verb == NULL) {
        cli_suggest_verb(name);
        return EXIT_CODE_USAGE;
    }
    struct cli_args args;
    if (!cli_parse(verb, argc - 1, argv + 1, &args))
        return EXIT_CODE_USAGE;
    if (args.help) {
        cli_print_verb_help(verb);
        return EXIT_CODE_OK;
    }
    return verb->run(&args);
}
