/*
 * family.c - the command and all that descends from it. The runner is a subreaper: who loses its
 * parent becomes the runner's child, so that nobody gets out of the tree, and a runner without
 * children has no descendants.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onput/clock.h"
#include "runner_private.h"

enum {
    STOP_ROUNDS = 20, /* some start between two looks; a parent in vfork() cannot be stopped */
    KILL_WAIT_MS = 20,
    GIVE_UP_MS = 5000, /* what waits for a broken disk or network file system does not die */
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
        f->reaped++;
        if (pid == f->command) {
            f->command_ended = true;
            f->status = status;
        }
    }
}

void family_look(struct family *f)
{
    process_tree_read(getpid(), &f->tree);
}

void family_signal(struct family *f, int signal)
{
    process_tree_read(getpid(), &f->tree);
    process_tree_signal(&f->tree, signal);
}

/* Who is stopped makes no more children, and none of its children gets another parent. */
static void stop_all(void)
{
    size_t before = 0, now = process_tree_sweep(getpid(), SIGSTOP);
    for (int round = 0; round < STOP_ROUNDS && now != before; round++) {
        before = now;
        now = process_tree_sweep(getpid(), SIGSTOP);
    }
}

static void drain(int child_ended)
{
    char bytes[512];
    while (read(child_ended, bytes, sizeof(bytes)) > 0)
        continue;
}

/* Where /proc does not show it, too: it is our child until we reap it. */
static void kill_all(struct family *f)
{
    process_tree_sweep(getpid(), SIGKILL);
    if (!f->command_ended)
        kill(f->command, SIGKILL);
}

void family_end(struct family *f, int child_ended)
{
    const struct clock *clock = clock_system();
    int64_t give_up_at = clock_mono_ms(clock) + GIVE_UP_MS;
    stop_all();
    family_reap(f);
    while (!f->is_empty && clock_mono_ms(clock) < give_up_at) {
        struct pollfd ended = {.fd = child_ended, .events = POLLIN};
        size_t before = f->reaped;
        kill_all(f);
        poll(&ended, 1, KILL_WAIT_MS);
        drain(child_ended);
        family_reap(f);
        if (f->reaped > before)
            give_up_at = clock_mono_ms(clock) + GIVE_UP_MS;
    }
}
