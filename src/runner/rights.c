/*
 * rights.c - what the runner may do once the command runs.
 *
 * Started as root with a user for the function, it stays user 0: as the function's user it could be
 * killed and traced by the function. Of what makes root mighty it keeps two capabilities: to end
 * processes of that user, and to see them where /proc hides those of others.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runner_private.h"

enum { PRIORITY = -10 };

static const uint32_t kept = 1U << CAP_KILL | 1U << CAP_SYS_PTRACE;

/* By system call: libcap would be a library more for two calls. The second element is for
 * capabilities above 31. */
static bool read_capabilities(struct __user_cap_header_struct *header,
                              struct __user_cap_data_struct sets[2])
{
    *header = (struct __user_cap_header_struct){.version = _LINUX_CAPABILITY_VERSION_3};
    return syscall(SYS_capget, header, sets) == 0;
}

int rights_check(const struct runner_options *options, struct runner_report *report)
{
    struct __user_cap_header_struct header;
    struct __user_cap_data_struct sets[2];
    if (options->uid == 0 || options->uid == geteuid())
        return 0;
    if (read_capabilities(&header, sets) && (sets[0].effective & 1U << CAP_KILL) != 0)
        return 0;
    report->end = RUNNER_NO_START;
    report->code = EPERM;
    snprintf(report->text, sizeof(report->text),
             "cannot end processes of another user without the capability CAP_KILL");
    return -1;
}

/* For when the function takes all processors, with thousands of processes. Only root may, and not
 * in every container. A look takes far less time than the pause behind it. */
static void take_precedence(void)
{
    struct sched_param lowest = {.sched_priority = 1};
    if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest) != 0)
        setpriority(PRIO_PROCESS, 0, PRIORITY);
}

void rights_drop(void)
{
    struct __user_cap_header_struct header;
    struct __user_cap_data_struct sets[2];
    take_precedence();
    /* Nobody of the same user can trace us, or read our memory or descriptors. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (!read_capabilities(&header, sets))
        return;
    for (int i = 0; i < 2; i++) {
        sets[i].permitted &= i == 0 ? kept : 0;
        sets[i].effective = sets[i].permitted;
        sets[i].inheritable = 0;
    }
    syscall(SYS_capset, &header, sets);
}
