/*
 * devstore_server.c - the development store as a program, for tests/system/devstore.
 *
 *   devstore-server DIRECTORY [ARN URL [TOKEN]]
 *
 * Keys are "dev-access" and "dev-secret". Prints the endpoint and runs until its standard input
 * ends.
 */
#include <stdio.h>
#include <unistd.h>

#include "onput/devstore.h"

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: devstore-server DIRECTORY [ARN URL [TOKEN]]\n");
        return 2;
    }
    struct devstore_target target = {.arn = argc > 3 ? argv[2] : NULL,
                                     .url = argc > 3 ? argv[3] : NULL,
                                     .bearer_token = argc > 4 ? argv[4] : NULL};
    struct devstore_options options = {.directory = argv[1],
                                       .access_key = "dev-access",
                                       .secret_key = "dev-secret",
                                       .targets = &target,
                                       .target_count = argc > 3};
    struct devstore *store;
    struct error err = {0};
    char byte;
    if (devstore_start(&options, &store, &err) != 0) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    printf("%s\n", devstore_endpoint(store));
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    devstore_free(store);
    return 0;
}
