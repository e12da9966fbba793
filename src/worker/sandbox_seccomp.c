/*
 * sandbox_seccomp.c - the system calls that are left to a worker, as rows. Whatever is in no row
 * ends the process with SIGSYS, which the pool reports as a security event.
 *
 * To find what a new version of a library wants: run onput with ONPUT_WORKER_SECCOMP=trap, and read
 * the name in the log (sandbox_trap.c). A row goes in only with a reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "onput/attributes.h"
#include "worker_private.h"

struct call_row {
    int number;
    unsigned condition_count;
    struct scmp_arg_cmp condition;
};

/* What pthread_create() of glibc passes to clone(): a thread, never a process or a namespace. */
enum {
    THREAD_FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                   CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
};

#define FREE(call)                                                                                 \
    {                                                                                              \
        SCMP_SYS(call), 0,                                                                         \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }
#define ONLY_IF(call, ...)                                                                         \
    {                                                                                              \
        SCMP_SYS(call), 1,                                                                         \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define ONLY_ON_FD(call, fd) ONLY_IF(call, 0, SCMP_CMP_EQ, fd, 0)
#define WITHOUT_EXEC(call)   ONLY_IF(call, 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)

static const struct call_row allowed[] = {
    /* Jobs come and results go by the channel; descriptors are closed, never opened. */
    ONLY_ON_FD(recvmsg, WORKER_CHANNEL_FD),
    ONLY_ON_FD(sendmsg, WORKER_CHANNEL_FD),
    FREE(close),
    FREE(lseek),
    FREE(fstat),
    ONLY_IF(fcntl, 1, SCMP_CMP_EQ, F_GET_SEALS, 0),
    /* Last words. */
    ONLY_ON_FD(write, STDERR_FILENO),
    ONLY_ON_FD(writev, STDERR_FILENO),

    /* Memory, but never executable: no decoder here compiles code. */
    WITHOUT_EXEC(mmap),
    WITHOUT_EXEC(mprotect),
    FREE(munmap),
    FREE(mremap),
    FREE(madvise),
    FREE(brk),

    /* Threads of libvips, aom and dav1d. */
    ONLY_IF(clone, 0, SCMP_CMP_EQ, THREAD_FLAGS, 0),
    FREE(futex),
    FREE(rseq),
    FREE(set_robust_list),
    FREE(sched_getaffinity),
    FREE(sched_yield),
    FREE(exit),
    FREE(exit_group),
    /* aom and dav1d name their threads. */
    ONLY_IF(prctl, 0, SCMP_CMP_EQ, PR_SET_NAME, 0),

    /* The first pthread_create() installs a handler; abort() blocks, looks itself up and raises. */
    FREE(rt_sigaction),
    FREE(rt_sigprocmask),
    FREE(rt_sigreturn),
    FREE(restart_syscall),
    FREE(getpid),
    FREE(gettid),

    /* Where the vDSO does not answer, as under some hypervisors. */
    FREE(clock_gettime),
    FREE(gettimeofday),
    FREE(clock_nanosleep),
    /* For peak_rss_bytes. */
    FREE(getrusage),
    /* Seeds of hash tables. */
    FREE(getrandom),
};

/*
 * Calls that libraries try without needing them: refused with an error that they know, since a
 * killed worker would cost a picture that renders well without the answer.
 */
static const struct refusal_row {
    int number;
    int error;
    unsigned condition_count;
    struct scmp_arg_cmp condition;
} refused[] = {
    /* Its flags lie in memory, where a filter cannot look; glibc then uses clone(). */
    {SCMP_SYS(clone3), ENOSYS, 0, {0}},
    /* isatty() by whoever is about to print. */
    {SCMP_SYS(ioctl), ENOTTY, 0, {0}},
    /* stdio looks at its descriptor; could name any path, so it never gets an answer. */
    {SCMP_SYS(newfstatat), EACCES, 0, {0}},
    {SCMP_SYS(statx), EACCES, 0, {0}},
    /* qsort() and thread pools ask how much memory and how many processors there are. */
    {SCMP_SYS(sysinfo), EPERM, 0, {0}},
    {SCMP_SYS(prlimit64), EPERM, 0, {0}},
    {SCMP_SYS(getrlimit), EPERM, 0, {0}},
    /* Encoders look for NUMA nodes. */
    {SCMP_SYS(get_mempolicy), EPERM, 0, {0}},
    {SCMP_SYS(getcpu), EPERM, 0, {0}},
    /* Newer glibc names its mappings. */
    {SCMP_SYS(prctl), EINVAL, 1, {0, SCMP_CMP_EQ, 0x53564d41, 0}},
};

static int add_rows(scmp_filter_ctx filter)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(allowed); i++)
        rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, allowed[i].number,
                                    allowed[i].condition_count, &allowed[i].condition);
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(refused); i++)
        rc = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO((uint32_t)refused[i].error),
                                    refused[i].number, refused[i].condition_count,
                                    &refused[i].condition);
    return rc;
}

/* raise() and abort() may reach this process alone. */
static int add_own_signals(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_CMP64(0, SCMP_CMP_EQ, (scmp_datum_t)getpid()));
}

/* libvips keeps threads from its warm-up: TSYNC puts them under the filter, too. */
static int load_filter(scmp_filter_ctx filter)
{
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (rc == 0)
        rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (rc == 0)
        rc = add_rows(filter);
    if (rc == 0)
        rc = add_own_signals(filter);
    return rc == 0 ? seccomp_load(filter) : rc;
}

int sandbox_filter_syscalls(enum seccomp_mode mode, struct error *err)
{
    scmp_filter_ctx filter =
        seccomp_init(mode == SECCOMP_MODE_NAME ? SCMP_ACT_TRAP : SCMP_ACT_KILL_PROCESS);
    if (filter == NULL)
        return error_set(err, ERROR_INTERNAL, "cannot make a system call filter");
    int rc = load_filter(filter);
    seccomp_release(filter);
    if (rc == 0)
        return 0;
    errno = -rc;
    return error_set_errno(err, ERROR_INTERNAL, "cannot load the system call filter");
}
