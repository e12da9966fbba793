/*
 * serve.c - onput-worker's life after the sandbox has closed: take a job, map its two memory files,
 * render, let go of everything, answer. main.c set the scene; thumbnail.h does the pixels.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "onput/ipc_frame.h"
#include "onput/memory.h"
#include "onput/thumbnail.h"
#include "worker_private.h"

enum { INPUT = 0, OUTPUT = 1 };

struct mapping {
    uint8_t *bytes; /* NULL when there is none */
    size_t len;
};

static void unmap(struct mapping *m)
{
    if (m->bytes != NULL)
        munmap(m->bytes, m->len);
    m->bytes = NULL;
}

/* lseek(), because fstat() of glibc is a system call that could name a path. */
static int file_size(int fd, uint64_t *out, struct error *err)
{
    off_t size = lseek(fd, 0, SEEK_END);
    if (size < 0)
        return error_set_errno(err, ERROR_PROTOCOL, "a memory file has no size");
    *out = (uint64_t)size;
    return 0;
}

static int check_seals(int fd, int wanted, struct error *err)
{
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & wanted) != wanted)
        return error_set(err, ERROR_PROTOCOL, "a memory file is not sealed as it must be");
    return 0;
}

/*
 * The picture must not change between the check of its headers and its decoding. Private, because
 * kernels before 6.7 refuse shared mappings of a file that is sealed against writing.
 */
static int map_input(int fd, uint64_t len, struct mapping *out, struct error *err)
{
    uint64_t size = 0;
    if (check_seals(fd, F_SEAL_WRITE | F_SEAL_SHRINK, err) != 0 || file_size(fd, &size, err) != 0)
        return -1;
    if (size < len)
        return error_set(err, ERROR_PROTOCOL, "the input file is shorter than the job says");
    if (len == 0)
        return 0;
    void *bytes = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return error_set_errno(err, ERROR_INTERNAL, "cannot map the input");
    *out = (struct mapping){bytes, (size_t)len};
    return 0;
}

static int map_output(int fd, struct mapping *out, struct error *err)
{
    uint64_t size = 0;
    if (check_seals(fd, F_SEAL_SHRINK | F_SEAL_GROW, err) != 0 || file_size(fd, &size, err) != 0)
        return -1;
    void *bytes = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return error_set_errno(err, ERROR_INTERNAL, "cannot map the output");
    *out = (struct mapping){bytes, (size_t)size};
    return 0;
}

static void report_failure(const struct render_job *job, const struct error *err,
                           struct render_result *out)
{
    *out = (struct render_result){.id = job->id, .code = ERROR_INTERNAL};
    snprintf(out->message, sizeof(out->message), "%.*s", (int)sizeof(out->message) - 1,
             err->message);
}

/* Fails only when the daemon's files are wrong; a picture that cannot be rendered is a result. */
static int render(const struct render_job *job, const int fds[], struct render_result *out,
                  struct error *err)
{
    struct mapping input = {0}, output = {0};
    struct error failure = {0};
    int rc = -1;
    if (map_input(fds[INPUT], job->input_bytes, &input, err) == 0 &&
        map_output(fds[OUTPUT], &output, err) == 0) {
        struct text bytes = {input.len > 0 ? (const char *)input.bytes : "", input.len};
        rc = 0;
        if (thumbnail_render(job, bytes, output.bytes, output.len, out, &failure) != 0 &&
            out->code == ERROR_NONE)
            report_failure(job, &failure, out);
    } else if (err->code == ERROR_INTERNAL) {
        report_failure(job, err, out);
        rc = 0;
    }
    unmap(&input);
    unmap(&output);
    return rc;
}

static int take_job(int channel, struct ipc_frame *frame, struct render_job *out, struct error *err)
{
    if (ipc_receive(channel, -1, frame, err) != 0)
        return -1;
    struct text payload = {(const char *)frame->payload, frame->len};
    if (frame->type != WORKER_RENDER || frame->fd_count != IPC_MAX_FDS)
        return error_set(err, ERROR_PROTOCOL, "the daemon sent something that is no job");
    return render_job_decode(payload, out, err);
}

static int send_result(int channel, const struct render_result *result, struct error *err)
{
    AUTO_BUFFER struct buffer payload;
    buffer_init(&payload, IPC_MAX_PAYLOAD_BYTES);
    render_result_encode(result, &payload);
    return ipc_send(channel, WORKER_RESULT, payload.data, payload.len, NULL, 0, err);
}

static int serve_one(int channel, struct ipc_frame *frame, struct error *err)
{
    struct render_job job;
    struct render_result result;
    int rc = take_job(channel, frame, &job, err);
    if (rc == 0)
        rc = render(&job, frame->fds, &result, err);
    ipc_frame_close_fds(frame);
    return rc == 0 ? send_result(channel, &result, err) : rc;
}

int serve(int channel)
{
    AUTO_FREE struct ipc_frame *frame = xmalloc(sizeof(*frame));
    struct error err = {0};
    frame->fd_count = 0;
    while (serve_one(channel, frame, &err) == 0)
        ;
    if (err.code == ERROR_UNAVAILABLE)
        return WORKER_EXIT_DONE;
    dprintf(STDERR_FILENO, "onput-worker: %s\n", err.message);
    return WORKER_EXIT_PROTOCOL;
}
