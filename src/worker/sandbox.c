/*
 * sandbox.c - the order in which onput-worker gives up what it could do. The layers are in the
 * other sandbox_*.c files.
 *
 * Resource limits, no-new-privileges and the system call filter are mandatory and need no
 * privilege; Landlock is a second wall behind the filter where the kernel has it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "onput/fd.h"
#include "worker_private.h"

/* The pool leaves all signals blocked, and perhaps some ignored. */
static void reset_signals(void)
{
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int i = 1; i < NSIG; i++)
        sigaction(i, &by_default, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static const char OOM_SCORE_ADJ[] = "/proc/self/oom_score_adj";

/* When memory runs out the kernel shall take a worker, never the daemon. Without /proc it cannot
 * be asked; that is no reason not to work. */
static void volunteer_for_oom_killer(void)
{
    struct error ignored = {0};
    int fd = open(OOM_SCORE_ADJ, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fd_write_all(fd, "1000", 4, &ignored) != 0)
        error_clear(&ignored);
    fd_close(&fd);
}

static int add_landlock(enum landlock_scope scope, uint32_t *layers, struct error *err)
{
    bool applied = false;
    if (sandbox_landlock(scope, &applied, err) != 0)
        return -1;
    if (applied && scope == LANDLOCK_ALL)
        *layers |= WORKER_LAYER_LANDLOCK;
    return 0;
}

/*
 * Landlock binds a thread and those that it starts, and libvips keeps threads from its warm-up. So
 * it comes in two steps: now for all threads everything but reading, which loading libraries needs;
 * later for the thread that serves reading, too. The others cannot open files either way: the
 * filter reaches every thread.
 */
int sandbox_begin(uint32_t *layers, struct error *err)
{
    reset_signals();
    volunteer_for_oom_killer();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_set_errno(err, ERROR_INTERNAL, "cannot set no-new-privileges");
    *layers |= WORKER_LAYER_NO_NEW_PRIVS;
    return add_landlock(LANDLOCK_ALL_BUT_READING, layers, err);
}

#ifdef ONPUT_SANITIZED
/*
 * Sanitizers map terabytes of shadow, open files to report, and trace their own process for leaks,
 * so a filter and a bound on memory would only ever stop them. READY says that the layer is off.
 */
static int close_tracing(struct error *err)
{
    (void)err;
    return 0;
}

static int add_filter(uint32_t *layers, struct error *err)
{
    (void)layers;
    (void)err;
    return 0;
}
#else
/* No core file, and no ptrace or /proc/<pid>/mem from another process of the same user. */
static int close_tracing(struct error *err)
{
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return error_set_errno(err, ERROR_INTERNAL, "cannot forbid tracing");
    return 0;
}

static int add_filter(uint32_t *layers, struct error *err)
{
    const char *wanted = getenv("ONPUT_WORKER_SECCOMP");
    bool name_calls = wanted != NULL && strcmp(wanted, "trap") == 0;
    if (name_calls && sandbox_name_refused_calls(err) != 0)
        return -1;
    if (sandbox_filter_syscalls(name_calls ? SECCOMP_MODE_NAME : SECCOMP_MODE_KILL, err) != 0)
        return -1;
    *layers |= WORKER_LAYER_SECCOMP;
    return 0;
}
#endif

int sandbox_close(uint64_t memory_bytes, uint32_t *layers, struct error *err)
{
    if (sandbox_limit_resources(memory_bytes, err) != 0)
        return -1;
    *layers |= WORKER_LAYER_RLIMITS;
    if (close_tracing(err) != 0 || add_landlock(LANDLOCK_ALL, layers, err) != 0)
        return -1;
    return add_filter(layers, err);
}
