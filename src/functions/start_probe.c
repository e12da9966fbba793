/*
 * start_probe.c - a Python that is asked about itself: in isolated mode and in /, so that it sees
 * neither the function's code nor anybody's variables, and for a few seconds at most.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onput/clock.h"
#include "onput/fd.h"
#include "onput/memory.h"
#include "start_private.h"

enum { PROBE_MS = 5000, ANSWER_MAX_BYTES = 64 };

static const char script[] =
    "import sys, importlib.util\n"
    "client = importlib.util.find_spec('" START_PYTHON_CLIENT "')\n"
    "print(sys.version_info[0], sys.version_info[1], int(client is not None))\n";

/* A group of its own, so that a wrapper's child ends with it. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int rc = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                      POSIX_SPAWN_SETSIGDEF);
    if (rc == 0)
        rc = posix_spawnattr_setsigmask(attributes, &none);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attributes, &all);
    return rc;
}

static int set_actions(posix_spawn_file_actions_t *actions, int answer)
{
    int rc = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(actions, answer, STDOUT_FILENO);
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_addchdir_np(actions, "/");
    return rc;
}

static int spawn(const char *interpreter, int answer, pid_t *out)
{
    AUTO_FREE char *path = xasprintf("PATH=%s", getenv("PATH") != NULL ? getenv("PATH") : "");
    const char *const argv[] = {interpreter, "-I", "-c", script, NULL};
    const char *const environment[] = {path, "LANG=C.UTF-8", NULL};
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    int rc = set_attributes(&attributes);
    if (rc == 0)
        rc = set_actions(&actions, answer);
    if (rc == 0)
        rc = posix_spawnp(out, interpreter, &actions, &attributes, (char *const *)argv,
                          (char *const *)environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return rc;
}

/* True when it ended by itself in time. It is gone in any case. */
static bool wait_for(pid_t pid)
{
    int pidfd = pidfd_open(pid, 0);
    int64_t deadline = clock_mono_ms(clock_system()) + PROBE_MS;
    struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
    int ready = 0;
    do {
        int64_t left = deadline - clock_mono_ms(clock_system());
        ready = pidfd >= 0 && left > 0 ? poll(&poll_fd, 1, (int)left) : 0;
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0)
        kill(-pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    fd_close(&pidfd);
    return ready > 0;
}

/* What fits into a pipe is there when the process is gone. */
static int read_answer(int fd, const char *interpreter, struct python_probe *out, struct error *err)
{
    char answer[ANSWER_MAX_BYTES + 1] = "";
    ssize_t len = read(fd, answer, ANSWER_MAX_BYTES);
    struct text rest = {answer, len > 0 ? (size_t)len : 0};
    struct error ignored = {0};
    int64_t numbers[3];
    rest = text_trim(rest);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (text_to_i64(text_cut(&rest, ' '), 0, 1000, "number", &numbers[i], &ignored) < 0)
            return error_set(err, ERROR_INVALID, "%s does not run as a Python", interpreter);
    *out = (struct python_probe){(int)numbers[0], (int)numbers[1], numbers[2] == 1};
    return 0;
}

int start_probe_python(const char *interpreter, struct python_probe *out, struct error *err)
{
    int ends[2];
    pid_t pid;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return error_set_errno(err, ERROR_UNAVAILABLE, "cannot make a pipe");
    int rc = spawn(interpreter, ends[1], &pid);
    fd_close(&ends[1]);
    if (rc != 0) {
        errno = rc;
        rc = error_set_errno(err, ERROR_INVALID, "cannot run %s", interpreter);
    } else if (!wait_for(pid)) {
        rc = error_set(err, ERROR_INVALID, "%s did not answer within %d seconds", interpreter,
                       PROBE_MS / 1000);
    } else {
        rc = read_answer(ends[0], interpreter, out, err);
    }
    fd_close(&ends[0]);
    return rc;
}
