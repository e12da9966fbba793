/*
 * process.c - an onput-worker process from clone to waitid. Nothing of the daemon goes into it: no
 * descriptor but four, no environment, no terminal. It undoes signal settings itself.
 *
 * Not fork(): that copies, until exec, every mapping of the daemon, and a memory file that another
 * thread is about to seal cannot be sealed while somebody else, too, has it mapped for writing. So
 * the child borrows the daemon's memory instead, on a stack of its own, as posix_spawn() does.
 */
#include "workerpool_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onput/memory.h"

enum { FIRST_FREE_FD = WORKER_CHANNEL_FD + 1, CHILD_FDS = FIRST_FREE_FD, STACK_BYTES = 64 * 1024 };

/* One arena: memory that one thread frees is then there for the next. */
static char malloc_setting[] = "MALLOC_ARENA_MAX=1";

/* Variables that a worker may see. None of them is a secret. */
static const char *const passed_on[] = {
    "LD_LIBRARY_PATH", /* a libvips of one's own */
    "ONPUT_WORKER_SECCOMP", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS",
};

enum { ENVIRONMENT_MAX = ARRAY_LEN(passed_on) + 2 };

/* Everything that the child needs, made beforehand: it may only make system calls, since another
 * thread may hold any lock and all memory is shared. */
struct plan {
    const char *program;
    char *argv[3];
    char *environment[ENVIRONMENT_MAX];
    int fds[CHILD_FDS]; /* what becomes descriptor 0, 1, 2, 3 */
    pid_t parent;
};

static void fill_environment(struct plan *plan)
{
    size_t n = 0;
    plan->environment[n++] = xstrdup(malloc_setting);
    for (size_t i = 0; i < ARRAY_LEN(passed_on); i++) {
        const char *value = getenv(passed_on[i]);
        if (value != NULL)
            plan->environment[n++] = xasprintf("%s=%s", passed_on[i], value);
    }
    plan->environment[n] = NULL;
}

static void plan_release(struct plan *plan)
{
    free(plan->argv[0]);
    free(plan->argv[1]);
    for (size_t i = 0; plan->environment[i] != NULL; i++)
        free(plan->environment[i]);
}

/* Writes "error 2" without any library. */
static void report_errno(int error)
{
    char text[] = "cannot be executed: error 000\n";
    char *digit = strrchr(text, '0');
    for (int i = 0; i < 3; i++, error /= 10)
        *digit-- = (char)('0' + error % 10);
    syscall(SYS_write, STDERR_FILENO, text, sizeof(text) - 1);
}

/* In two steps, since a source may have the number of another's target. By plain system calls, as a
 * sanitizer would take these descriptors for those of the daemon. */
static bool place_fds(const int fds[CHILD_FDS])
{
    int high[CHILD_FDS];
    for (int i = 0; i < CHILD_FDS; i++) {
        high[i] = (int)syscall(SYS_fcntl, fds[i], F_DUPFD, FIRST_FREE_FD);
        if (high[i] < 0)
            return false;
    }
    for (int i = 0; i < CHILD_FDS; i++) {
        if (syscall(SYS_dup3, high[i], i, 0) < 0)
            return false;
    }
    return true;
}

static int become_worker(void *argument)
{
    const struct plan *plan = argument;
    /* Own session: Ctrl-C in the daemon's terminal must not interrupt work that is drained. */
    setsid();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != plan->parent || !place_fds(plan->fds))
        _exit(WORKER_EXIT_EXEC);
    /* All our descriptors are close-on-exec; this is for those of libraries. */
    close_range(FIRST_FREE_FD, ~0U, 0);
    execve(plan->program, plan->argv, plan->environment);
    report_errno(errno);
    _exit(WORKER_EXIT_EXEC);
}

#ifdef ONPUT_SANITIZED
/* ThreadSanitizer takes every clone() for a fork and resets itself, in memory that is shared here.
 * The same function of glibc has a second name. */
int __clone(int (*run)(void *), void *stack, int flags, void *argument, ...);
#define clone __clone
#endif

/* Returns when the child has its own memory. No handler of the daemon may run in it before, so all
 * signals are blocked; the worker opens its mask itself. */
static pid_t clone_worker(struct plan *plan, int *out_pidfd)
{
    AUTO_FREE uint8_t *stack = xmalloc(STACK_BYTES);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = clone(become_worker, stack + STACK_BYTES,
                      CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, plan, out_pidfd);
    int saved = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = saved;
    return pid;
}

static int start_process(struct plan *plan, struct process *p, struct error *err)
{
    p->pid = clone_worker(plan, &p->pidfd);
    if (p->pid < 0)
        return error_set_errno(err, ERROR_UNAVAILABLE, "cannot make a process");
    return 0;
}

static int open_ends(struct process *p, int child_fds[CHILD_FDS], struct error *err)
{
    int pair[2], pipe_fds[2];
    if (ipc_pair(pair, err) != 0)
        return -1;
    p->channel = pair[0];
    child_fds[WORKER_CHANNEL_FD] = pair[1];
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return error_set_errno(err, ERROR_IO, "cannot make a pipe");
    p->stderr_fd = pipe_fds[0];
    child_fds[STDERR_FILENO] = pipe_fds[1];
    if (fcntl(p->stderr_fd, F_SETFL, O_NONBLOCK) != 0)
        return error_set_errno(err, ERROR_IO, "cannot set up a pipe");
    child_fds[STDIN_FILENO] = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (child_fds[STDIN_FILENO] < 0)
        return error_set_errno(err, ERROR_IO, "cannot open /dev/null");
    return 0;
}

int process_start(const char *program, uint64_t memory_bytes, struct process *out,
                  struct error *err)
{
    struct process p = {.pid = -1, .pidfd = -1, .channel = -1, .stderr_fd = -1};
    struct plan plan = {.program = program, .fds = {-1, -1, -1, -1}, .parent = getpid()};
    int rc = open_ends(&p, plan.fds, err);
    if (rc == 0) {
        int null_fd = plan.fds[STDIN_FILENO];
        plan.fds[STDOUT_FILENO] = null_fd;
        plan.argv[0] = xstrdup(program);
        plan.argv[1] = xasprintf("--memory-bytes=%llu", (unsigned long long)memory_bytes);
        fill_environment(&plan);
        rc = start_process(&plan, &p, err);
        plan_release(&plan);
    }
    fd_close(&plan.fds[STDIN_FILENO]);
    fd_close(&plan.fds[STDERR_FILENO]);
    fd_close(&plan.fds[WORKER_CHANNEL_FD]);
    if (rc == 0)
        *out = p;
    else
        process_release(&p);
    return rc;
}

void process_kill(const struct process *p)
{
    pidfd_send_signal(p->pidfd, SIGKILL, NULL, 0);
}

static void describe_signal(int number, struct process_end *out)
{
    const char *name = sigabbrev_np(number);
    out->reason = END_CRASH;
    if (number == SIGSYS) {
        out->reason = END_SYSCALL;
        snprintf(out->text, sizeof(out->text),
                 "was killed because it made a system call that its sandbox refuses (SIGSYS)");
        return;
    }
    /* GLib raises SIGTRAP when it gets no memory; we are not the sender of an unexpected SIGKILL.
     */
    if (number == SIGKILL || number == SIGTRAP)
        out->reason = END_MEMORY;
    snprintf(out->text, sizeof(out->text), "was killed by SIG%s%s", name != NULL ? name : "?",
             out->reason == END_MEMORY ? ", most likely because memory ran out" : "");
}

static void describe_exit(int status, struct process_end *out)
{
    static const char *const meanings[] = {
        [WORKER_EXIT_DONE] = "ended as if it had nothing to do",
        [WORKER_EXIT_USAGE] = "refused its arguments",
        [WORKER_EXIT_START] = "could not start libvips",
        [WORKER_EXIT_SANDBOX] = "could not close its sandbox",
        [WORKER_EXIT_PROTOCOL] = "did not understand the daemon",
        [WORKER_EXIT_EXEC] = "could not be executed",
    };
    const char *meaning = NULL;
    if (status >= 0 && status < (int)ARRAY_LEN(meanings))
        meaning = meanings[status];
    out->reason = status == WORKER_EXIT_PROTOCOL ? END_PROTOCOL : END_CRASH;
    snprintf(out->text, sizeof(out->text), "%s (exit status %d)",
             meaning != NULL ? meaning : "ended by itself", status);
}

void process_describe_end(int code, int status, struct process_end *out)
{
    if (code == CLD_EXITED)
        describe_exit(status, out);
    else
        describe_signal(status, out);
}

bool process_reap(const struct process *p, int timeout_ms, struct process_end *out)
{
    struct pollfd ended = {.fd = p->pidfd, .events = POLLIN};
    siginfo_t info = {0};
    int rc;
    do {
        rc = poll(&ended, 1, timeout_ms);
    } while (rc < 0 && errno == EINTR);
    if (rc == 0)
        return false;
    do {
        rc = waitid(P_PID, (id_t)p->pid, &info, WEXITED);
    } while (rc < 0 && errno == EINTR);
    process_describe_end(info.si_code, info.si_status, out);
    return true;
}

void process_release(struct process *p)
{
    fd_close(&p->channel);
    fd_close(&p->stderr_fd);
    fd_close(&p->pidfd);
    p->pid = -1;
}
