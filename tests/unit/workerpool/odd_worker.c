/*
 * odd_worker.c - a program that is no worker. The name under which it is started says how it
 * behaves.
 */
#include <string.h>
#include <unistd.h>

#include "onput/ipc_frame.h"
#include "onput/worker_protocol.h"

int main(int argc, char **argv)
{
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    struct error err = {0};
    if (slash == NULL)
        return 1;
    if (strcmp(slash, "/says-nothing") == 0)
        pause();
    if (strcmp(slash, "/closes") == 0) {
        close(WORKER_CHANNEL_FD);
        pause();
    }
    if (strcmp(slash, "/lies") == 0) {
        int rc = ipc_send(WORKER_CHANNEL_FD, WORKER_READY, "?", 1, NULL, 0, &err);
        pause();
        return rc;
    }
    dprintf(STDERR_FILENO, "first words\nlast words\n");
    return 4;
}
