/*
 * confine.c - between fork and exec: what a function process may use, who it is, and that it takes
 * nothing of ours along. start.c calls it and says what failed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "onput/fd.h"
#include "runner_private.h"

enum {
    MAX_OPEN_FILES = 1024, /* as in Lambda */
    OOM_SCORE = 500,       /* it goes before any of onput does */
    FILE_MASK = 022,
    SHARED_TASKS_FACTOR = 4,
    PATH_BYTES = 4096,
};

/* PROC_PID_INIT_INO of the kernel. */
static const ino_t first_pid_namespace = 0xEFFFFFFC;

/* Landlock, by system call: neither glibc nor the headers of an older system know it. */
enum { CALL_CREATE_RULESET = 444, CALL_RESTRICT_SELF = 446, SCOPE_SIGNAL = 1 << 1 };

/* RLIMIT_DATA of one process, where no control group holds its memory: what it may allocate between
 * two looks. It counts all that could be written, so it has to be much more than what may be used:
 * at its start Node.js has 50 MiB of it, Go 110, Java 500, and a hundred threads of Python 800. */
static const uint64_t data_at_least = (uint64_t)2 << 30;
enum { DATA_FACTOR = 4 };

static int write_file(const char *path, const char *content)
{
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    return write(fd, content, strlen(content)) < 0 ? -1 : 0;
}

/* A group of its own: a kill(0, ...) in the function does not mean us. */
static int begin_session(const struct runner_options *options)
{
    (void)options;
    return setsid() < 0 ? -1 : 0;
}

static int join_cgroup(const struct runner_options *options)
{
    char path[PATH_BYTES];
    if (options->cgroup == NULL)
        return 0;
    snprintf(path, sizeof(path), "%s/cgroup.procs", options->cgroup);
    return write_file(path, "0");
}

/* Never above what is allowed already; so no privilege is needed. */
static int lower_limit(int resource, uint64_t value)
{
    struct rlimit limit;
    if (getrlimit((unsigned)resource, &limit) != 0)
        return -1;
    if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > value)
        limit.rlim_max = value;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit((unsigned)resource, &limit);
}

static int limit_data(const struct runner_options *options)
{
    uint64_t most = options->memory_bytes * DATA_FACTOR;
    if (options->memory_bytes == 0 || options->cgroup != NULL)
        return 0;
    return lower_limit(RLIMIT_DATA, most > data_at_least ? most : data_at_least);
}

/* Containers have users of the same number, which the kernel counts as one, and do not see each
 * other's processes. The first namespace has a number of its own. */
static bool sees_all_processes(void)
{
    struct stat st;
    return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == first_pid_namespace;
}

/* Processes and threads that our user has now. Those that nobody may look into seem to be root's.
 */
static uint64_t tasks_of_user(void)
{
    uint64_t count = 0;
    DIR *processes = opendir("/proc");
    if (processes == NULL)
        return 0;
    for (struct dirent *e = readdir(processes); e != NULL; e = readdir(processes)) {
        char path[64];
        struct stat st;
        if (e->d_name[0] < '1' || e->d_name[0] > '9')
            continue;
        snprintf(path, sizeof(path), "/proc/%.20s/task", e->d_name);
        /* A folder with n folders in it has n + 2 links. */
        if (stat(path, &st) == 0 && st.st_uid == geteuid() && st.st_nlink > 2)
            count += st.st_nlink - 2;
    }
    closedir(processes);
    return count;
}

/* The kernel counts tasks by user. Of a user that only this function has, that is the limit, and a
 * fork beyond it fails. Otherwise the runner counts and ends the function, and this is for a
 * function that forks faster than the runner can look; it leaves room for what others of the user
 * do. It means nothing to root, but as root the runner goes first. */
static int limit_tasks(const struct runner_options *options)
{
    uint64_t most = options->pids;
    if (most == 0 || (options->uid == 0 && !sees_all_processes()))
        return 0;
    if (options->uid == 0)
        most = tasks_of_user() + most * SHARED_TASKS_FACTOR;
    return lower_limit(RLIMIT_NPROC, most);
}

static int limit_resources(const struct runner_options *options)
{
    if (lower_limit(RLIMIT_CORE, 0) != 0 || lower_limit(RLIMIT_NOFILE, MAX_OPEN_FILES) != 0)
        return -1;
    /* Memory last: a sanitizer reserves so much that nothing can be allocated behind that. */
    return limit_tasks(options) != 0 ? -1 : limit_data(options);
}

static int offer_to_oom_killer(const struct runner_options *options)
{
    char score[8];
    (void)options;
    snprintf(score, sizeof(score), "%d", OOM_SCORE);
    /* It would be better so, but is not needed. */
    (void)!write_file("/proc/self/oom_score_adj", score);
    return 0;
}

static int change_user(const struct runner_options *options)
{
    uid_t id = options->uid;
    if (id == 0)
        return 0;
    if (setgroups(0, NULL) != 0 || setresgid(id, id, id) != 0)
        return -1;
    return setresuid(id, id, id);
}

static int give_up_privileges(const struct runner_options *options)
{
    (void)options;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Kernels since 6.12 can keep signals and tracing within a tree of processes. It matters most where
 * the function runs as our own user. */
static int keep_signals_in(const struct runner_options *options)
{
    /* As linux/landlock.h of such a kernel has it; no file or address is forbidden. */
    const struct {
        uint64_t files;
        uint64_t net;
        uint64_t scoped;
    } ruleset = {.scoped = SCOPE_SIGNAL};
    (void)options;
    AUTO_CLOSE int fd = (int)syscall(CALL_CREATE_RULESET, &ruleset, sizeof(ruleset), 0);
    if (fd >= 0)
        syscall(CALL_RESTRICT_SELF, fd, 0);
    return 0;
}

static int check_temporary(const struct runner_options *options)
{
    return access(options->temporary, W_OK | X_OK);
}

static int enter_directory(const struct runner_options *options)
{
    return chdir(options->directory);
}

static int reset_signals(const struct runner_options *options)
{
    sigset_t none;
    (void)options;
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL); /* some cannot be set, and need not be */
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL);
}

static const struct step {
    int (*take)(const struct runner_options *options);
    const char *what;
} steps[] = {
    {begin_session, "begin a session"},
    {join_cgroup, "join its control group"},
    {limit_resources, "limit its resources"},
    {offer_to_oom_killer, "offer itself to the OOM killer"},
    {change_user, "change to its user"},
    {give_up_privileges, "give up privileges"},
    {keep_signals_in, "keep its signals in"},
    {check_temporary, "write to its temporary directory"},
    {enter_directory, "enter its directory"},
    {reset_signals, "reset signals"},
};

const char *confine(const struct runner_options *options, pid_t runner)
{
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        if (steps[i].take(options) != 0)
            return steps[i].what;
    }
    umask(FILE_MASK);
    /* Changing the user would have undone it. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return "die with its runner";
    if (getppid() != runner) {
        errno = ESRCH;
        return "find its runner";
    }
    return NULL;
}

static const char default_path[] = "/usr/local/bin:/usr/bin:/bin";

/* Not execvp(): that hands a file which is no program to a shell. */
int execute(char **command)
{
    const char *given = getenv("PATH");
    struct text rest = text_of(given != NULL ? given : default_path);
    int error = ENOENT;
    if (strchr(command[0], '/') != NULL || command[0][0] == '\0') {
        execv(command[0], command);
        return errno;
    }
    while (rest.len > 0) {
        char path[PATH_BYTES];
        struct text folder = text_cut(&rest, ':');
        int len = snprintf(path, sizeof(path), "%.*s/%s", TEXT_ARGS(folder), command[0]);
        if (folder.len == 0 || len >= (int)sizeof(path))
            continue;
        execv(path, command);
        /* What is there but cannot be executed is worth more than what is not there. */
        if (errno != ENOENT && errno != ENOTDIR)
            error = errno;
    }
    return error;
}
