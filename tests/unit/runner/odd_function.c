/*
 * odd_function.c - a function process that behaves as its first argument says. Built without
 * sanitizers: their reserved memory does not fit under RLIMIT_DATA.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A mistake in what is tested must not fill the machine. */
enum { LIFE_S = 60, MIB = 1 << 20 };

static void say(const char *words)
{
    dprintf(STDOUT_FILENO, "%s\n", words);
}

static void wait_for_ever(void)
{
    alarm(LIFE_S);
    for (;;)
        pause();
}

static void ignore_requests(void)
{
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
}

static void do_exit(const char *value)
{
    exit((int)strtol(value, NULL, 10));
}

static void do_signal(const char *value)
{
    raise((int)strtol(value, NULL, 10));
}

static void do_wait(const char *value)
{
    (void)value;
    say("ready");
    wait_for_ever();
}

static void do_ignore(const char *value)
{
    ignore_requests();
    do_wait(value);
}

/* As a service goes to the background, twice. With "leave" the first process ends. */
static void do_daemonise(const char *value)
{
    int lines[2];
    char byte;
    if (pipe2(lines, O_CLOEXEC) != 0)
        exit(99);
    if (fork() != 0) {
        (void)!read(lines[0], &byte, 1);
        if (strcmp(value, "leave") == 0)
            exit(7);
        do_ignore(value);
    }
    setsid();
    if (fork() != 0)
        exit(0);
    setsid();
    signal(SIGHUP, SIG_IGN);
    if (fork() != 0)
        wait_for_ever();
    ignore_requests();
    (void)!write(lines[1], "x", 1);
    wait_for_ever();
}

/* Doubles until as many as `value` were made; each dies by itself in the end. */
static void do_bomb(const char *value)
{
    atomic_int *made =
        mmap(NULL, sizeof(*made), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int most = (int)strtol(value, NULL, 10);
    ignore_requests();
    while (atomic_fetch_add(made, 1) < most) {
        if (fork() == 0)
            setsid();
        alarm(LIFE_S);
    }
    wait_for_ever();
}

static void use_memory(size_t bytes, int flags)
{
    char *room = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED)
        exit(98);
    memset(room, 1, bytes);
}

static void do_hog(const char *value)
{
    long mib = strtol(value, NULL, 10);
    for (long i = 0; i < mib; i++)
        use_memory(MIB, MAP_PRIVATE);
    do_wait(value);
}

static void do_hog_shared(const char *value)
{
    use_memory((size_t)strtol(value, NULL, 10) * MIB, MAP_SHARED);
    do_wait(value);
}

/* Four children with a quarter each. */
static void do_hog_together(const char *value)
{
    for (int i = 0; i < 4; i++) {
        if (fork() == 0) {
            use_memory((size_t)strtol(value, NULL, 10) * MIB / 4, MAP_PRIVATE);
            wait_for_ever();
        }
    }
    do_wait(value);
}

/* Three children that share all of it with their parent, for long enough to be looked at. */
static void do_hog_shared_by_fork(const char *value)
{
    use_memory((size_t)strtol(value, NULL, 10) * MIB, MAP_PRIVATE);
    for (int i = 0; i < 3; i++) {
        if (fork() == 0)
            wait_for_ever();
    }
    poll(NULL, 0, 400);
    do_wait(value);
}

static void *hog_thread(void *argument)
{
    do_hog(argument);
    return NULL;
}

/* What is left of the first thread looks like a zombie. */
static void do_hog_without_first_thread(const char *value)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, hog_thread, (void *)(uintptr_t)value) != 0)
        exit(97);
    pthread_exit(NULL);
}

static void *idle_thread(void *argument)
{
    wait_for_ever();
    return argument;
}

static void do_threads(const char *value)
{
    long count = strtol(value, NULL, 10);
    pthread_t thread;
    for (long i = 0; i < count; i++) {
        if (pthread_create(&thread, NULL, idle_thread, NULL) != 0) {
            say("no more threads");
            break;
        }
    }
    do_wait(value);
}

static void do_chatter(const char *value)
{
    (void)value;
    for (;;)
        say("words words words words words words words words words words words words words");
}

static void do_close(const char *value)
{
    say("ready");
    close_range(0, ~0U, 0);
    (void)value;
    wait_for_ever();
}

/* The parent waits in vfork() and cannot be stopped. */
static void do_vfork(const char *value)
{
    if (vfork() == 0) {
        signal(SIGTERM, SIG_IGN);
        (void)!write(STDOUT_FILENO, "ready\n", 6);
        for (;;)
            pause();
    }
    (void)value;
}

static void respond(int signal_number)
{
    (void)signal_number;
    if (fork() == 0) {
        setsid();
        signal(SIGTERM, SIG_IGN);
    }
}

/* Answers a request to end with children. */
static void do_fork_on_term(const char *value)
{
    signal(SIGTERM, respond);
    do_wait(value);
}

static bool is_stopped(pid_t pid)
{
    char path[64], line[256] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
    close(fd);
    return got > 0 && strstr(line, ") T ") != NULL;
}

static void do_stop_itself(const char *value)
{
    pid_t first = getpid();
    (void)value;
    if (fork() == 0) {
        while (!is_stopped(first))
            sched_yield();
        say("ready");
        wait_for_ever();
    }
    raise(SIGSTOP);
    wait_for_ever();
}

/* As a shell around a function: it ends at once, its child needs a moment. */
static void do_wrap(const char *value)
{
    pid_t wrapper = getpid();
    if (fork() == 0) {
        sigset_t term;
        int got;
        sigemptyset(&term);
        sigaddset(&term, SIGTERM);
        sigprocmask(SIG_BLOCK, &term, NULL);
        say("ready");
        sigwait(&term, &got);
        while (kill(wrapper, 0) == 0)
            sched_yield();
        poll(NULL, 0, 50);
        say("bye");
        exit(0);
    }
    (void)value;
    wait_for_ever();
}

static void show_limit(const char *name, int resource)
{
    struct rlimit limit = {0};
    getrlimit((unsigned)resource, &limit);
    dprintf(STDOUT_FILENO, "%s=%lld/%lld\n", name, (long long)limit.rlim_cur,
            (long long)limit.rlim_max);
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 4096; fd++)
        count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return count;
}

static int default_signals(void)
{
    int count = 0;
    for (int i = 1; i < NSIG; i++) {
        struct sigaction action;
        count += sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_DFL ? 1 : 0;
    }
    return count;
}

static void do_show(const char *value)
{
    char directory[4096] = "";
    sigset_t mask;
    int death = 0;
    const char *variable = getenv(value);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    prctl(PR_GET_PDEATHSIG, &death);
    dprintf(STDOUT_FILENO, "%s=%s\n", value, variable != NULL ? variable : "(none)");
    dprintf(STDOUT_FILENO, "directory=%s\n", getcwd(directory, sizeof(directory)));
    dprintf(STDOUT_FILENO, "descriptors=%d\n", open_descriptors());
    dprintf(STDOUT_FILENO, "session=%d group=%d\n", getsid(0) == getpid(), getpgrp() == getpid());
    dprintf(STDOUT_FILENO, "signals=%d blocked=%d death=%d\n", default_signals(),
            !sigisemptyset(&mask), death);
    dprintf(STDOUT_FILENO, "umask=%03o privileges=%d\n", (unsigned)umask(0),
            prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    dprintf(STDOUT_FILENO, "user=%d/%d group=%d/%d groups=%d\n", (int)getuid(), (int)geteuid(),
            (int)getgid(), (int)getegid(), getgroups(0, NULL));
    show_limit("core", RLIMIT_CORE);
    show_limit("nofile", RLIMIT_NOFILE);
    show_limit("nproc", RLIMIT_NPROC);
    show_limit("data", RLIMIT_DATA);
}

static void say_outcome(const char *what, long result)
{
    dprintf(STDOUT_FILENO, "%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "done");
}

/* Everything that it should not be able to do to who watches it. */
static void do_attack(const char *value)
{
    char path[64];
    pid_t runner = getppid();
    say_outcome("signal", kill(runner, 0));
    say_outcome("trace", ptrace(PTRACE_SEIZE, runner, NULL, NULL));
    snprintf(path, sizeof(path), "/proc/%d/environ", (int)runner);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    say_outcome("environment", fd);
    snprintf(path, sizeof(path), "/proc/%d/fd/3", (int)runner);
    say_outcome("channel", open(path, O_RDWR | O_CLOEXEC));
    say_outcome("write", open(value, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    say_outcome("root", setuid(0));
}

static const struct behaviour {
    const char *name;
    void (*run)(const char *value);
} behaviours[] = {
    {"exit", do_exit},
    {"signal", do_signal},
    {"wait", do_wait},
    {"ignore", do_ignore},
    {"daemonise", do_daemonise},
    {"bomb", do_bomb},
    {"hog", do_hog},
    {"hog-shared", do_hog_shared},
    {"hog-together", do_hog_together},
    {"hog-shared-by-fork", do_hog_shared_by_fork},
    {"hog-without-first-thread", do_hog_without_first_thread},
    {"threads", do_threads},
    {"chatter", do_chatter},
    {"close", do_close},
    {"vfork", do_vfork},
    {"fork-on-term", do_fork_on_term},
    {"stop-itself", do_stop_itself},
    {"wrap", do_wrap},
    {"show", do_show},
    {"attack", do_attack},
};

int main(int argc, char **argv)
{
    if (argc < 2)
        return 100;
    for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++) {
        if (strcmp(argv[1], behaviours[i].name) != 0)
            continue;
        alarm(LIFE_S);
        behaviours[i].run(argc > 2 ? argv[2] : "");
        return 0;
    }
    return 101;
}
