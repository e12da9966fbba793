/*
 * watch.c - while the command runs: looks at what its family uses, listens to the daemon, and in
 * the end says how it ended. family.c does the ending.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onput/clock.h"
#include "runner_private.h"

/* Looks are close together first, since what starts allocates most. */
enum { FIRST_LOOK_MS = 5, LOOK_MS = 100 };

struct watch {
    const struct runner_options *options;
    struct family family;
    int child_ended;
    bool has_peak; /* of the control group: nothing is looked at */
    uint64_t oom_kills;
    uint64_t peak_bytes;
    int64_t look_at_ms;
    int64_t pause_ms;
    bool is_stopping; /* it was asked to end */
    int64_t kill_at_ms;
    bool must_die;
    enum runner_end limit; /* which one it broke; RUNNER_EXITED: none */
};

static int64_t now_ms(void)
{
    return clock_mono_ms(clock_system());
}

static void break_limit(struct watch *w, enum runner_end limit)
{
    w->limit = limit;
    w->must_die = true;
}

/* After a fork without exec, most pages are those of the parent: counting them twice would end what
 * is within its limit. */
static void check_usage(struct watch *w)
{
    const struct runner_options *o = w->options;
    struct process_tree_usage usage = process_tree_look(&w->family.tree);
    if (o->memory_bytes > 0 && usage.bytes > o->memory_bytes && w->family.tree.count > 1)
        usage.bytes = process_tree_memory_shared(&w->family.tree);
    if (usage.bytes > w->peak_bytes)
        w->peak_bytes = usage.bytes;
    if (o->pids > 0 && usage.tasks > o->pids)
        break_limit(w, RUNNER_PIDS);
    else if (o->memory_bytes > 0 && usage.bytes > o->memory_bytes)
        break_limit(w, RUNNER_MEMORY);
}

static void look(struct watch *w)
{
    uint64_t most = w->options->pids;
    family_look(&w->family);
    /* When they become more and more, there is no time to look at each. */
    if (most > 0 && (w->family.tree.count > most || w->family.tree.is_cut))
        break_limit(w, RUNNER_PIDS);
    else
        check_usage(w);
    w->pause_ms = w->pause_ms * 2 < LOOK_MS ? w->pause_ms * 2 : LOOK_MS;
    w->look_at_ms = now_ms() + w->pause_ms;
}

/* The daemon shut the channel down, or is gone. */
static void stop(struct watch *w)
{
    w->is_stopping = true;
    w->kill_at_ms = now_ms() + w->options->grace_ms;
    family_signal(&w->family, SIGTERM);
}

static void take_message(struct watch *w)
{
    char byte;
    ssize_t got = recv(RUNNER_CHANNEL_FD, &byte, 1, MSG_DONTWAIT);
    if (got > 0)
        w->must_die =
            true; /* RUNNER_KILL, and nothing else is safe to do for what we do not know */
    else
        stop(w);
}

static void drain(int fd)
{
    char bytes[512];
    while (read(fd, bytes, sizeof(bytes)) > 0)
        continue;
}

static int pause_of(const struct watch *w)
{
    int64_t at = INT64_MAX, now = now_ms();
    if (!w->has_peak)
        at = w->look_at_ms;
    if (w->is_stopping && w->kill_at_ms < at)
        at = w->kill_at_ms;
    if (at == INT64_MAX)
        return -1;
    return at > now ? (int)(at - now) : 0;
}

static void wait_for_something(struct watch *w)
{
    struct pollfd fds[] = {
        {.fd = w->child_ended, .events = POLLIN},
        /* Nothing comes behind its end. */
        {.fd = w->is_stopping ? -1 : RUNNER_CHANNEL_FD, .events = POLLIN},
    };
    poll(fds, ARRAY_LEN(fds), pause_of(w));
    if (fds[0].revents != 0)
        drain(w->child_ended);
    family_reap(&w->family);
    if (fds[1].revents != 0)
        take_message(w);
    if (!w->has_peak && now_ms() >= w->look_at_ms)
        look(w);
    if (w->is_stopping && now_ms() >= w->kill_at_ms)
        w->must_die = true;
}

/* What the command left behind ends with it, unless all of them were asked to end and have time. */
static bool is_over(const struct watch *w)
{
    return w->must_die || w->family.is_empty || (w->family.command_ended && !w->is_stopping);
}

static void end_all(struct watch *w)
{
    if (w->options->cgroup != NULL)
        group_kill(w->options->cgroup);
    family_end(&w->family, w->child_ended);
}

static bool ran_out_of_memory(const struct watch *w)
{
    return w->limit == RUNNER_MEMORY ||
           (w->options->cgroup != NULL && WIFSIGNALED(w->family.status) &&
            WTERMSIG(w->family.status) == SIGKILL &&
            group_oom_kills(w->options->cgroup) > w->oom_kills);
}

static void describe_end(struct watch *w, struct runner_report *report)
{
    int status = w->family.status;
    if (ran_out_of_memory(w)) {
        report->end = RUNNER_MEMORY;
    } else if (w->limit == RUNNER_PIDS) {
        report->end = RUNNER_PIDS;
    } else if (w->family.command_ended && WIFEXITED(status)) {
        report->end = RUNNER_EXITED;
        report->code = WEXITSTATUS(status);
    } else {
        report->end = RUNNER_SIGNALED;
        report->code = w->family.command_ended ? WTERMSIG(status) : SIGKILL;
    }
    if (!w->family.is_empty)
        snprintf(report->text, sizeof(report->text), "some of its processes do not end");
    if (w->options->cgroup == NULL || !group_peak(w->options->cgroup, &report->peak_bytes))
        report->peak_bytes = w->peak_bytes;
}

void watch(const struct runner_options *options, const struct watch_start *start,
           struct runner_report *report)
{
    uint64_t peak;
    struct watch w = {.options = options,
                      .family = {.command = start->command},
                      .child_ended = start->child_ended,
                      .has_peak = options->cgroup != NULL && group_peak(options->cgroup, &peak),
                      .oom_kills = start->oom_kills,
                      .pause_ms = FIRST_LOOK_MS / 2,
                      .limit = RUNNER_EXITED};
    while (!is_over(&w))
        wait_for_something(&w);
    end_all(&w);
    describe_end(&w, report);
}
