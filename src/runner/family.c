/*
 * family.c - the command and all that descends from it. The runner is a subreaper: who loses its
 * parent becomes the runner's child, so that nobody gets out of the tree, and a runner without
 * children has no descendants.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onput/clock.h"
#include "runner_private.h"

enum {
    STOP_ROUNDS = 100, /* a parent in vfork() cannot be stopped: then we go on */
    KILL_WAIT_MS = 20,
    KILL_LIMIT_MS = 5000, /* what waits for a broken disk or network file system does not die */
};

void family_reap(struct family *f)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0 && errno == ECHILD)
            f->is_empty = true;
        if (pid <= 0)
            return;
        if (pid == f->command) {
            f->command_ended = true;
            f->status = status;
        }
    }
}

void family_look(struct family *f, struct process_tree_usage *out)
{
    process_tree_read(getpid(), &f->tree);
    *out = process_tree_look(&f->tree);
}

void family_signal(struct family *f, int signal)
{
    process_tree_read(getpid(), &f->tree);
    process_tree_signal(&f->tree, signal);
}

/* Who is stopped makes no more children, and still has its parent. */
static void stop_all(struct family *f)
{
    for (int round = 0; round < STOP_ROUNDS; round++) {
        process_tree_read(getpid(), &f->tree);
        if (process_tree_signal(&f->tree, SIGSTOP) == 0 && !f->tree.is_cut)
            return;
        /* More than fit: room is made by those who are stopped already. */
        if (f->tree.is_cut)
            process_tree_signal(&f->tree, SIGKILL);
        family_reap(f);
        sched_yield();
    }
}

static void drain(int child_ended)
{
    char bytes[512];
    while (read(child_ended, bytes, sizeof(bytes)) > 0)
        continue;
}

void family_end(struct family *f, int child_ended)
{
    const struct clock *clock = clock_system();
    int64_t limit = clock_mono_ms(clock) + KILL_LIMIT_MS;
    stop_all(f);
    family_reap(f);
    while (!f->is_empty && clock_mono_ms(clock) < limit) {
        struct pollfd ended = {.fd = child_ended, .events = POLLIN};
        family_signal(f, SIGKILL);
        /* Where /proc does not show it. It is our child until we reap it. */
        if (!f->command_ended)
            kill(f->command, SIGKILL);
        poll(&ended, 1, KILL_WAIT_MS);
        drain(child_ended);
        family_reap(f);
    }
}
