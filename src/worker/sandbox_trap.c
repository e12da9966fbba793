/*
 * sandbox_trap.c - writes the name of a refused system call to standard error and lets the process
 * die of it. For finding what a library wants; without it the kernel kills at once.
 */
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "onput/attributes.h"
#include "worker_private.h"

enum { NAMES = 512, NAME_BYTES = 32 };

/* Looked up beforehand: a handler that may have interrupted malloc() cannot. */
static char names[NAMES][NAME_BYTES];

static void write_string(const char *string)
{
    ssize_t ignored = write(STDERR_FILENO, string, strlen(string));
    (void)ignored;
}

/* The signal comes back with its default action when the handler returns. */
static void on_refused(int signal_number, siginfo_t *info, void *context)
{
    unsigned number = (unsigned)info->si_syscall;
    (void)context;
    write_string("refused system call: ");
    write_string(number < NAMES && names[number][0] != '\0' ? names[number] : "unknown");
    write_string("\n");
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

int sandbox_name_refused_calls(struct error *err)
{
    struct sigaction action = {.sa_sigaction = on_refused, .sa_flags = SA_SIGINFO};
    for (int i = 0; i < NAMES; i++) {
        AUTO_FREE char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);
        snprintf(names[i], sizeof(names[i]), "%s", name != NULL ? name : "");
    }
    if (sigaction(SIGSYS, &action, NULL) != 0)
        return error_set_errno(err, ERROR_INTERNAL, "cannot watch for refused system calls");
    return 0;
}
