/*
 * channel.c - what the daemon says to a worker and takes from it. Everything that comes is checked
 * here, before pool.c and supervise.c see it.
 */
#include "workerpool_private.h"

static struct text payload_of(const struct ipc_frame *frame)
{
    return (struct text){(const char *)frame->payload, frame->len};
}

/* Workers send no descriptors, so one that does is not ours any more. */
static int receive(int channel, int timeout_ms, enum worker_message wanted, struct ipc_frame *frame,
                   struct error *err)
{
    if (ipc_receive(channel, timeout_ms, frame, err) != 0)
        return -1;
    if (frame->type == wanted && frame->fd_count == 0)
        return 0;
    int fd_count = frame->fd_count;
    ipc_frame_close_fds(frame);
    return error_set(
        err, ERROR_PROTOCOL,
        "the worker sent a message of type %u with %d descriptors where type %d was due",
        frame->type, fd_count, wanted);
}

int channel_read_ready(int channel, struct ipc_frame *frame, struct worker_ready *out,
                       struct error *err)
{
    if (receive(channel, 0, WORKER_READY, frame, err) != 0)
        return -1;
    return worker_ready_decode(payload_of(frame), out, err);
}

int channel_check_quiet(int channel, struct ipc_frame *frame, struct error *err)
{
    struct error seen = {0};
    if (ipc_receive(channel, 0, frame, &seen) == 0) {
        ipc_frame_close_fds(frame);
        return error_set(err, ERROR_PROTOCOL, "the worker spoke without being asked");
    }
    if (seen.code == ERROR_TIMEOUT)
        return 0;
    *err = seen;
    return -1;
}

int channel_render(int channel, struct ipc_frame *frame, const struct render_job *job,
                   const struct memfd *input, const struct memfd *output, int timeout_ms,
                   struct render_result *out, struct error *err)
{
    const int fds[] = {input->fd, output->fd};
    AUTO_BUFFER struct buffer payload;
    buffer_init(&payload, IPC_MAX_PAYLOAD_BYTES);
    render_job_encode(job, &payload);
    if (ipc_send(channel, WORKER_RENDER, payload.data, payload.len, fds, 2, err) != 0 ||
        receive(channel, timeout_ms, WORKER_RESULT, frame, err) != 0)
        return -1;
    return render_result_decode(payload_of(frame), job, output->capacity, out, err);
}
