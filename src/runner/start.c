/*
 * start.c - makes the command's process and waits until it is the command. A pipe that exec closes
 * carries what went wrong; without a message, all went well.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onput/fd.h"
#include "runner_private.h"

/* Fits into a pipe at once. */
struct start_message {
    int error;
    char what[60]; /* could not be done; empty: exec */
};

enum { PIPE_FD = 3 };

/* The pipe takes the channel's place: there must be nothing of ours behind it. */
static const char *keep_only(int pipe_end)
{
    if (pipe_end != PIPE_FD && dup3(pipe_end, PIPE_FD, O_CLOEXEC) < 0)
        return "keep a pipe";
    if (close_range(PIPE_FD + 1, ~0U, 0) == 0)
        return NULL;
    long most = sysconf(_SC_OPEN_MAX);
    for (int fd = PIPE_FD + 1; fd < most; fd++)
        close(fd);
    return NULL;
}

/* "+NAME=value" was not meant for us; see onput/runner_protocol.h. */
static void unwrap_environment(void)
{
    for (char **v = environ; *v != NULL; v++) {
        if (**v == '+')
            (*v)++;
    }
}

NORETURN static void become_command(const struct runner_options *options, pid_t runner,
                                    int pipe_end)
{
    struct start_message m = {0};
    /* Ours may be off; files in /proc would belong to root. */
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    const char *failed = keep_only(pipe_end);
    if (failed == NULL)
        failed = confine(options, runner);
    if (failed == NULL) {
        unwrap_environment();
        m.error = execute(options->command);
    } else {
        m.error = errno;
        snprintf(m.what, sizeof(m.what), "%s", failed);
    }
    (void)!write(PIPE_FD, &m, sizeof(m));
    _exit(127);
}

static int fail(struct runner_report *report, int error, const char *what)
{
    report->end = RUNNER_NO_START;
    report->code = error;
    snprintf(report->text, sizeof(report->text), "cannot %s", what);
    return -1;
}

/* Its name goes into the report, unless it is none that a report may hold. */
static int fail_exec(struct runner_report *report, int error, const char *command)
{
    report->end = RUNNER_NO_EXEC;
    report->code = error;
    snprintf(report->text, sizeof(report->text), "%s", command);
    for (const char *at = report->text; *at != '\0'; at++) {
        if (*at < 0x20 || *at > 0x7E)
            report->text[0] = '\0';
    }
    return -1;
}

static int await_exec(int pipe_end, const char *command, struct runner_report *report)
{
    struct start_message m;
    ssize_t got;
    do {
        got = read(pipe_end, &m, sizeof(m));
    } while (got < 0 && errno == EINTR);
    if (got == 0)
        return 0;
    if (got != sizeof(m))
        return fail(report, EIO, "hear from its process");
    if (m.what[0] != '\0')
        return fail(report, m.error, m.what);
    return fail_exec(report, m.error, command);
}

int command_start(const struct runner_options *options, pid_t *out_command,
                  struct runner_report *report)
{
    int ends[2];
    pid_t runner = getpid();
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail(report, errno, "make a pipe");
    pid_t pid = fork();
    if (pid == 0)
        become_command(options, runner, ends[1]);
    int error = errno;
    fd_close(&ends[1]);
    int rc = pid < 0 ? fail(report, error, "make a process")
                     : await_exec(ends[0], options->command[0], report);
    fd_close(&ends[0]);
    if (rc == 0)
        *out_command = pid;
    else if (pid > 0)
        waitpid(pid, NULL, 0);
    return rc;
}
