/*
 * prisoner.c - see prisoner.h.
 */
#include "prisoner.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onput/fd.h"
#include "onput/ipc_frame.h"

static const uint64_t MEMORY_BYTES = (uint64_t)2 << 30;

int enter_nothing(struct error *err)
{
    (void)err;
    return 0;
}

int enter_first_step(struct error *err)
{
    uint32_t layers = 0;
    return sandbox_begin(&layers, err);
}

int enter_all(struct error *err)
{
    uint32_t layers = 0;
    if (sandbox_begin(&layers, err) != 0)
        return -1;
    return sandbox_close(MEMORY_BYTES, &layers, err);
}

int enter_all_in_debug_mode(struct error *err)
{
    setenv("ONPUT_WORKER_SECCOMP", "trap", 1);
    return enter_all(err);
}

static NORETURN void live(const int pair[2], int printed, enter_fn enter, attempt_fn attempt)
{
    struct error err = {0};
    dup2(printed, STDERR_FILENO);
    dup2(pair[1], WORKER_CHANNEL_FD);
    if (enter(&err) != 0) {
        dprintf(STDERR_FILENO, "%s\n", err.message);
        _exit(PRISONER_CANNOT_ENTER);
    }
    _exit(attempt());
}

static void read_printed(int fd, struct prisoner_end *end)
{
    size_t len = 0;
    ssize_t got;
    while (len < sizeof(end->printed) - 1 &&
           (got = read(fd, end->printed + len, sizeof(end->printed) - 1 - len)) > 0)
        len += (size_t)got;
    end->printed[len] = '\0';
}

struct prisoner_end imprison(enter_fn enter, attempt_fn attempt)
{
    struct prisoner_end end = {0};
    struct error err = {0};
    int pair[2], printed[2], status;
    assert_ok(ipc_pair(pair, &err), &err);
    assert_int_equal(pipe2(printed, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        live(pair, printed[1], enter, attempt);
    fd_close(&printed[1]);
    read_printed(printed[0], &end);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    fd_close(&printed[0]);
    fd_close(&pair[0]);
    fd_close(&pair[1]);
    end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return end;
}

bool has_landlock(long version)
{
    return syscall(444, NULL, 0, 1) >= version;
}
