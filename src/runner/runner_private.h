/*
 * runner_private.h - from a command line to a report, see onput/runner_protocol.h.
 *
 *   main.c     the recipe              options.c  the command line
 *   start.c    fork, and how exec went confine.c  what happens to the child between the two
 *   rights.c   what the runner gives up
 *   watch.c    until it is over        family.c   all that descends from the command: ending it
 *   group.c    what the kernel says about a control group
 *
 * What cannot be promised: when onput runs as an ordinary user, the function runs as that user,
 * too, and on kernels before 6.12 it may kill its runner. Then the command itself dies with it
 * (PR_SET_PDEATHSIG), but what the command started does not.
 */
#ifndef ONPUT_RUNNER_PRIVATE_H
#define ONPUT_RUNNER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "onput/process_tree.h"
#include "onput/runner_protocol.h"

enum { RUNNER_EXIT_USAGE = 2 };

struct runner_options {
    uid_t uid;             /* 0: whoever we are */
    uint64_t memory_bytes; /* 0: any */
    uint64_t pids;         /* 0: any */
    int64_t grace_ms;
    const char *cgroup; /* NULL: none */
    const char *directory;
    const char *temporary;
    char **command; /* ended by NULL */
};

MUST_CHECK int options_read(int argc, char **argv, struct runner_options *out, struct error *err);

/* ---- rights.c; both fill the report when they fail ---- */

/* Before the fork: can we end processes of another user at all? */
MUST_CHECK int rights_check(const struct runner_options *options, struct runner_report *report);
/* After it. Nothing that is left helps against the rest of the system. */
void rights_drop(void);

/* ---- start.c ---- */

/* Returns when the command runs. -1: it does not, see the report. */
MUST_CHECK int command_start(const struct runner_options *options, pid_t *out_command,
                             struct runner_report *report);

/* ---- confine.c: in the child ---- */

/* NULL, or what could not be done; then errno says why. */
const char *confine(const struct runner_options *options, pid_t runner);
/* Returns the error only. */
int execute(char **command);

/* ---- family.c ---- */

struct family {
    pid_t command;
    bool command_ended;
    bool is_empty; /* we have no child any more; since we adopt all orphans, there is nobody */
    int status;    /* of the command, as wait() gives it */
    size_t reaped;
    struct process_tree tree; /* as of the last family_look() */
};

/* Takes note of who ended. Never waits. */
void family_reap(struct family *f);
void family_look(struct family *f);
void family_signal(struct family *f, int signal);
/* Ends all of them, however they fork. `child_ended` becomes readable when a child ends. Gives up
 * on what does not die within seconds. */
void family_end(struct family *f, int child_ended);

/* ---- group.c: of a control group of version 2 ---- */

/* How many of its processes the kernel killed for memory; 0 when it does not say. */
uint64_t group_oom_kills(const char *cgroup);
/* The most memory it had. False on kernels before 5.19. */
bool group_peak(const char *cgroup, uint64_t *out_bytes);
/* Kills all in it at once, where the kernel can. */
void group_kill(const char *cgroup);

/* ---- watch.c ---- */

struct watch_start {
    pid_t command;
    int child_ended;    /* a signalfd of SIGCHLD */
    uint64_t oom_kills; /* in the control group, before the command was there */
};

/* Returns when the command and all that descends from it ended. */
void watch(const struct runner_options *options, const struct watch_start *start,
           struct runner_report *report);

#endif
