/*
 * runner_fixture.c - see runner_fixture.h.
 */
#include "runner_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onput/fd.h"

#define RUNNER_PROGRAM ONPUT_BIN_DIR "/onput-runner"

enum { ARGUMENTS_MAX = 40, LOG_MAX_BYTES = 1 << 20, HIGH_FD = 100 };

int runner_setup(void **state)
{
    (void)state;
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

static void fill_arguments(const char *argv[ARGUMENTS_MAX], const char *directory,
                           const char *const *options, const char *const *command)
{
    size_t n = 0;
    argv[n++] = RUNNER_PROGRAM;
    for (; options != NULL && *options != NULL; options++)
        argv[n++] = *options;
    argv[n++] = "--directory";
    argv[n++] = directory;
    argv[n++] = "--temporary";
    argv[n++] = directory;
    argv[n++] = "--";
    for (; *command != NULL; command++)
        argv[n++] = *command;
    argv[n] = NULL;
    assert_true(n < ARGUMENTS_MAX);
}

NORETURN static void become_runner(const char *const *argv, int channel, int log)
{
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    int from[] = {null_fd, log, log, channel};
    for (int i = 0; i < 4; i++)
        from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, HIGH_FD);
    for (int i = 0; i < 4; i++)
        dup2(from[i], i);
    /* A daemon's settings must not reach the function. */
    signal(SIGPIPE, SIG_IGN);
    execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(126);
}

struct runner runner_start(const char *directory, const char *const *options,
                           const char *const *command)
{
    const char *argv[ARGUMENTS_MAX];
    int pair[2], lines[2];
    fill_arguments(argv, directory, options, command);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(pipe2(lines, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        become_runner(argv, pair[1], lines[1]);
    close(pair[1]);
    close(lines[1]);
    return (struct runner){.pid = pid, .channel = pair[0], .log = lines[0]};
}

static void await_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, LONG_MS), 1);
}

char *runner_line(struct runner *r)
{
    struct buffer line;
    char c = 0;
    buffer_init(&line, 4096);
    for (;;) {
        await_readable(r->log);
        if (read(r->log, &c, 1) != 1 || c == '\n')
            return buffer_take(&line, NULL);
        buffer_append_char(&line, c);
    }
}

void runner_await_line(struct runner *r, const char *expected)
{
    AUTO_FREE char *line = runner_line(r);
    assert_string_equal(line, expected);
}

void runner_tell_kill(struct runner *r)
{
    char byte = RUNNER_KILL;
    assert_int_equal(send(r->channel, &byte, 1, MSG_NOSIGNAL), 1);
}

void runner_tell_end(struct runner *r)
{
    assert_int_equal(shutdown(r->channel, SHUT_WR), 0);
}

void runner_close_channel(struct runner *r)
{
    fd_close(&r->channel);
}

struct runner_report runner_report(struct runner *r)
{
    char bytes[RUNNER_REPORT_MAX_BYTES];
    struct runner_report report = {0};
    struct error err = {0};
    await_readable(r->channel);
    ssize_t got = recv(r->channel, bytes, sizeof(bytes), 0);
    assert_true(got > 0);
    assert_ok(runner_report_read((struct text){bytes, (size_t)got}, &report, &err), &err);
    return report;
}

char *runner_log(struct runner *r)
{
    struct buffer log;
    ssize_t got = 1;
    buffer_init(&log, LOG_MAX_BYTES);
    while (got > 0) {
        char *room = buffer_reserve(&log, 4096);
        assert_non_null(room);
        await_readable(r->log);
        got = read(r->log, room, 4096);
        buffer_commit(&log, got > 0 ? (size_t)got : 0);
    }
    return buffer_take(&log, NULL);
}

void runner_check_nobody_left(void)
{
    int status;
    pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid >= 0)
        fail_msg("process %d is left (0: it lives)", (int)pid);
    assert_int_equal(errno, ECHILD);
}

void runner_finish(struct runner *r)
{
    int status = -1;
    assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
    assert_int_equal(status, 0);
    runner_check_nobody_left();
    fd_close(&r->channel);
    fd_close(&r->log);
}

struct runner_report runner_run(const char *directory, const char *const *options,
                                const char *const *command)
{
    struct runner r = runner_start(directory, options, command);
    struct runner_report report = runner_report(&r);
    runner_finish(&r);
    return report;
}
