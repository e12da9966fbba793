/*
 * main.c - onput-worker: turns bytes from strangers into thumbnails, with nothing to steal and
 * nowhere to go. Started by src/workerpool with the channel on descriptor 3, see
 * onput/worker_protocol.h.
 *
 *   onput-worker --memory-bytes=N
 *
 * For debugging, ONPUT_WORKER_SECCOMP=trap in the environment of onput makes a worker write the
 * name of a refused system call to standard error before it dies of it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "onput/ipc_frame.h"
#include "onput/thumbnail.h"
#include "worker_private.h"

static bool is_channel(int fd)
{
    int type;
    socklen_t len = sizeof(type);
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

static int parse_arguments(int argc, char **argv, uint64_t *out_memory_bytes, struct error *err)
{
    struct text option = TEXT("--memory-bytes=");
    struct text given = argc == 2 ? text_of(argv[1]) : TEXT("");
    if (!text_starts_with(given, option) || !is_channel(WORKER_CHANNEL_FD))
        return error_set(err, ERROR_INVALID, "this program is started by onput, not by hand");
    return text_to_u64(text_slice(given, option.len, given.len), INT64_MAX, "memory-bytes",
                       out_memory_bytes, err);
}

static int start_library(struct worker_ready *ready, struct error *err)
{
    if (thumbnail_start(err) != 0 || thumbnail_warm_up(err) != 0)
        return -1;
    ready->formats = thumbnail_formats();
    snprintf(ready->vips_version, sizeof(ready->vips_version), "%s", thumbnail_vips_version());
    return 0;
}

static int report_ready(const struct worker_ready *ready, struct error *err)
{
    AUTO_BUFFER struct buffer payload;
    buffer_init(&payload, IPC_MAX_PAYLOAD_BYTES);
    worker_ready_encode(ready, &payload);
    return ipc_send(WORKER_CHANNEL_FD, WORKER_READY, payload.data, payload.len, NULL, 0, err);
}

static int give_up(const struct error *err, enum worker_exit status)
{
    dprintf(STDERR_FILENO, "onput-worker: %s\n", err->message);
    return status;
}

int main(int argc, char **argv)
{
    struct worker_ready ready = {0};
    struct error err = {0};
    uint64_t memory_bytes;

    if (parse_arguments(argc, argv, &memory_bytes, &err) != 0)
        return give_up(&err, WORKER_EXIT_USAGE);
    if (sandbox_begin(&ready.layers, &err) != 0)
        return give_up(&err, WORKER_EXIT_SANDBOX);
    if (start_library(&ready, &err) != 0)
        return give_up(&err, WORKER_EXIT_START);
    if (sandbox_close(memory_bytes, &ready.layers, &err) != 0)
        return give_up(&err, WORKER_EXIT_SANDBOX);
    if (report_ready(&ready, &err) != 0)
        return give_up(&err, WORKER_EXIT_PROTOCOL);
    /* Nothing is left to tidy up that the end of a process does not, and exit handlers of a dozen
     * libraries would run inside the sandbox. */
    _exit(serve(WORKER_CHANNEL_FD));
}
