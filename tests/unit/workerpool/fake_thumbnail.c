/*
 * fake_thumbnail.c - stands in for src/thumbnail in a test worker. The name of a job's first
 * rendition says how to behave; any other name is rendered as a pattern made of the job's id.
 */
#include "onput/thumbnail.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include "onput/attributes.h"
#include "onput/ipc_frame.h"

enum { PATTERN_BYTES = 32, MANY_FDS = 1024, BLOCK_BYTES = 64 << 20, SHOUT_LINES = 20000 };

extern char **environ;
static uint64_t jobs_done;
static char description[48];
static pid_t parent; /* getppid() is not allowed later */

/* Before the sandbox closes: what did the pool leave to this process? */
int thumbnail_start(struct error *err)
{
    int fds = 0, variables = 0;
    (void)err;
    parent = getppid();
    for (int fd = 0; fd < MANY_FDS; fd++)
        fds += fcntl(fd, F_GETFD) >= 0;
    while (environ[variables] != NULL)
        variables++;
    snprintf(description, sizeof(description), "fds=%d variables=%d", fds, variables);
    return 0;
}

int thumbnail_warm_up(struct error *err)
{
    (void)err;
    return 0;
}

uint32_t thumbnail_formats(void)
{
    return 1u << IMAGE_FORMAT_JPEG;
}

const char *thumbnail_vips_version(void)
{
    return description;
}

static void render_pattern(const struct render_job *job, struct text input, uint8_t *output,
                           struct render_result *out)
{
    *out = (struct render_result){
        .id = job->id,
        .source_format = IMAGE_FORMAT_JPEG,
        .source_width = 1,
        .source_height = 1,
        .source_frames = 1,
        .source_orientation = 1,
        .decode_us = ++jobs_done,
        .encode_us = (uint64_t)getpid(),
        .output_count = job->rendition_count,
    };
    for (uint32_t i = 0; i < job->rendition_count; i++) {
        out->outputs[i] = (struct render_output){(uint64_t)i * PATTERN_BYTES, PATTERN_BYTES, 1, 1,
                                                 IMAGE_FORMAT_JPEG};
        memset(output + (size_t)i * PATTERN_BYTES,
               (int)(job->id + i + (input.len > 0 ? (uint8_t)input.ptr[0] : 0)), PATTERN_BYTES);
    }
}

static void answer_raw(const struct render_result *result, size_t extra, bool with_fd)
{
    AUTO_BUFFER struct buffer payload;
    struct error err = {0};
    int fd = STDERR_FILENO;
    buffer_init(&payload, IPC_MAX_PAYLOAD_BYTES);
    render_result_encode(result, &payload);
    buffer_append(&payload, "\0", extra);
    if (ipc_send(WORKER_CHANNEL_FD, WORKER_RESULT, payload.data, payload.len, &fd, with_fd, &err))
        abort();
}

static void send_garbage(void)
{
    static char bytes[] = "this is no frame";
    struct iovec part = {bytes, sizeof(bytes)};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (sendmsg(WORKER_CHANNEL_FD, &m, 0) < 0)
        abort();
}

/* As a library without memory ends: GLib raises SIGTRAP. */
static void take_all_memory(void)
{
    static char *volatile taken; /* or the compiler takes nothing */
    while ((taken = malloc(BLOCK_BYTES)) != NULL)
        memset(taken, 1, BLOCK_BYTES);
    raise(SIGTRAP);
}

static void hang(void)
{
    for (volatile int i = 0;; i++)
        ;
}

static void shout(void)
{
    for (int i = 0; i < SHOUT_LINES; i++)
        dprintf(STDERR_FILENO, "line %d of a worker that has much to say\n", i);
}

static void break_rules(const char *how)
{
    char *const argv[] = {NULL};
    if (strcmp(how, "open") == 0)
        open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    else if (strcmp(how, "socket") == 0)
        socket(AF_INET, SOCK_STREAM, 0);
    else if (strcmp(how, "execve") == 0)
        execve("/bin/true", argv, argv);
    else if (strcmp(how, "ptrace") == 0)
        ptrace(PTRACE_ATTACH, parent, NULL, NULL);
}

static void end_somehow(const char *how)
{
    if (strcmp(how, "crash") == 0)
        raise(SIGSEGV);
    else if (strcmp(how, "abort") == 0)
        abort();
    else if (strcmp(how, "leave") == 0)
        _exit(0);
    else if (strcmp(how, "memory") == 0)
        take_all_memory();
    else if (strcmp(how, "hang") == 0)
        hang();
    else if (strcmp(how, "close") == 0) {
        close(WORKER_CHANNEL_FD);
        hang();
    }
}

static void lie(const char *how, size_t capacity, struct render_result *out)
{
    if (strcmp(how, "other id") == 0)
        out->id++;
    else if (strcmp(how, "beyond") == 0)
        out->outputs[0].offset = capacity;
    else if (strcmp(how, "garbage") == 0)
        send_garbage();
    else if (strcmp(how, "trailing") == 0)
        answer_raw(out, 1, false);
    else if (strcmp(how, "descriptor") == 0)
        answer_raw(out, 0, true);
    else if (strcmp(how, "twice") == 0)
        answer_raw(out, 0, false);
    else if (strcmp(how, "shout") == 0)
        shout();
}

static int fail_as(enum error_code code, struct render_result *out, struct error *err)
{
    *out = (struct render_result){.id = out->id, .code = code};
    snprintf(out->message, sizeof(out->message), "The fake fails on request.");
    return error_set(err, code, "%s", out->message);
}

int thumbnail_render(const struct render_job *job, struct text input, uint8_t *output,
                     size_t capacity, struct render_result *out, struct error *err)
{
    const char *how = job->renditions[0].name;
    BUG_ON(capacity < (size_t)job->rendition_count * PATTERN_BYTES);
    end_somehow(how);
    break_rules(how);
    render_pattern(job, input, output, out);
    lie(how, capacity, out);
    if (strcmp(how, "invalid") == 0)
        return fail_as(ERROR_INVALID, out, err);
    if (strcmp(how, "internal") == 0)
        return fail_as(ERROR_INTERNAL, out, err);
    return 0;
}
