/*
 * main.c - onput-runner: the parent of one function process. Started by src/runtime with the
 * channel on descriptor 3, see onput/runner_protocol.h.
 *
 * Signals for the daemon do not end it, so that whoever ends a whole service at once does not take
 * the watchers first: the daemon says when it is over, by its channel or by its death.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "onput/buffer.h"
#include "runner_private.h"

static bool is_channel(int fd)
{
    int type;
    socklen_t len = sizeof(type);
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

static int read_arguments(int argc, char **argv, struct runner_options *out, struct error *err)
{
    if (!is_channel(RUNNER_CHANNEL_FD))
        return error_set(err, ERROR_INVALID, "this program is started by onput, not by hand");
    return options_read(argc, argv, out, err);
}

/* Returns a descriptor that is readable after a child ended. */
static int prepare(void)
{
    static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2};
    sigset_t child;
    setsid(); /* fails when we lead one already */
    for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
        signal(ignored[i], SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* ignored, it would reap for us */
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_SETMASK, &child, NULL);
    fcntl(RUNNER_CHANNEL_FD, F_SETFD, FD_CLOEXEC);
    close_range(RUNNER_CHANNEL_FD + 1, ~0U, 0);
    return signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void run(const struct runner_options *options, struct runner_report *report)
{
    struct watch_start start = {.child_ended = prepare()};
    if (start.child_ended < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
        report->end = RUNNER_NO_START;
        snprintf(report->text, sizeof(report->text), "cannot prepare to watch processes");
        return;
    }
    if (options->cgroup != NULL)
        start.oom_kills = group_oom_kills(options->cgroup);
    if (rights_check(options, report) != 0 || command_start(options, &start.command, report) != 0)
        return;
    rights_drop();
    watch(options, &start, report);
}

/* Nobody may be there any more who reads it. */
static void send_report(const struct runner_report *report)
{
    AUTO_BUFFER struct buffer message;
    buffer_init(&message, RUNNER_REPORT_MAX_BYTES);
    runner_report_write(report, &message);
    (void)!send(RUNNER_CHANNEL_FD, message.data, message.len, MSG_NOSIGNAL);
}

int main(int argc, char **argv)
{
    struct runner_options options;
    struct runner_report report = {.end = RUNNER_EXITED};
    struct error err = {0};
    if (read_arguments(argc, argv, &options, &err) != 0) {
        dprintf(STDERR_FILENO, "onput-runner: %s\n", err.message);
        return RUNNER_EXIT_USAGE;
    }
    run(&options, &report);
    send_report(&report);
    /* A leak checker at exit would trace us, which nobody can. */
    _exit(0);
}
