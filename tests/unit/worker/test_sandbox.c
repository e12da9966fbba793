/*
 * test_sandbox.c - what a process in onput-worker's sandbox can still do, tried out one by one.
 */
#include "prisoner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onput/memory.h"

#ifdef ONPUT_SANITIZED
enum { HAS_FILTER = false };
#else
enum { HAS_FILTER = true };
#endif

/* A file name that nobody else uses. */
static char outside[64];
/* getppid() is not allowed inside. */
static pid_t parent;

static int errno_if(bool failed)
{
    return failed ? errno : 0;
}

static int try_read_file(void)
{
    return errno_if(open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0);
}

static int try_write_file(void)
{
    return errno_if(open(outside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0);
}

static int try_list_folder(void)
{
    return errno_if(open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0);
}

static int try_remove_file(void)
{
    return errno_if(unlink(outside) != 0);
}

static int try_write_to_other_descriptor(void)
{
    return errno_if(write(WORKER_CHANNEL_FD, "x", 1) < 0);
}

static int try_socket(void)
{
    return errno_if(socket(AF_INET, SOCK_STREAM, 0) < 0);
}

static int try_unix_socket(void)
{
    return errno_if(socket(AF_UNIX, SOCK_STREAM, 0) < 0);
}

static int try_execve(void)
{
    char *const argv[] = {(char *)(uintptr_t) "/bin/true", NULL};
    execve(argv[0], argv, argv + 1);
    return errno;
}

static int try_ptrace(void)
{
    return errno_if(ptrace(PTRACE_SEIZE, parent, NULL, NULL) != 0);
}

static int try_read_memory_of_parent(void)
{
    char byte;
    struct iovec mine = {&byte, 1}, theirs = {&byte, 1};
    return errno_if(process_vm_readv(parent, &mine, 1, &theirs, 1, 0) < 0);
}

static int try_kill_parent(void)
{
    return errno_if(kill(parent, SIGURG) != 0);
}

static int try_signal_parent_thread(void)
{
    return errno_if(syscall(SYS_tgkill, parent, parent, SIGURG) != 0);
}

static int try_fork(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return errno_if(pid < 0);
}

static int try_new_namespace(void)
{
    return errno_if(unshare(CLONE_NEWUSER) != 0);
}

static int try_executable_memory(void)
{
    return errno_if(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                    MAP_FAILED);
}

static int try_make_memory_executable(void)
{
    void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return errno_if(mprotect(page, 4096, PROT_READ | PROT_EXEC) != 0);
}

static int try_memory_file(void)
{
    return errno_if(memfd_create("more", MFD_CLOEXEC) < 0);
}

static int try_io_uring(void)
{
    return errno_if(syscall(425, 1, NULL) < 0);
}

static int try_become_dumpable(void)
{
    return errno_if(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0);
}

static int try_change_seals(void)
{
    return errno_if(fcntl(WORKER_CHANNEL_FD, F_ADD_SEALS, F_SEAL_SEAL) != 0);
}

static int try_stat(void)
{
    struct stat st;
    return errno_if(stat("/etc/passwd", &st) != 0);
}

static int try_terminal(void)
{
    struct winsize size;
    return errno_if(ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0);
}

static int try_clone3(void)
{
    return errno_if(syscall(SYS_clone3, NULL, 0) < 0);
}

static void *return_argument(void *argument)
{
    return argument;
}

/* What decoding needs: memory, threads, the clock, standard error, the channel. */
static int try_to_work(void)
{
    struct timespec now;
    pthread_t thread;
    void *block = malloc(50 << 20), *joined = NULL;
    if (block == NULL || clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return 1;
    memset(block, 1, 50 << 20);
    if (pthread_create(&thread, NULL, return_argument, block) != 0)
        return 2;
    pthread_join(thread, &joined);
    free(block);
    prctl(PR_SET_NAME, "renamed");
    if (joined != block || write(STDERR_FILENO, "ok", 2) != 2)
        return 3;
    struct iovec part = {&now, sizeof(now)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    return errno_if(sendmsg(WORKER_CHANNEL_FD, &message, MSG_NOSIGNAL) < 0);
}

static void test_sandbox__leaves_what_a_worker_needs(void **state)
{
    (void)state;
    struct prisoner_end end = imprison(enter_all, try_to_work);
    assert_int_equal(end.signal, 0);
    assert_int_equal(end.status, 0);
    assert_string_equal(end.printed, "ok");
}

/* Whatever the filter stops is possible outside, so that these tests would notice a test that
 * tries nothing; some things need rights that not everybody has. */
static void test_sandbox__is_what_stops_the_attempts(void **state)
{
    static const attempt_fn possible[] = {
        try_read_file,
        try_write_file,
        try_remove_file,
        try_list_folder,
        try_unix_socket,
        try_execve,
        try_fork,
        try_kill_parent,
        try_memory_file,
        try_executable_memory,
        try_write_to_other_descriptor,
        try_become_dumpable,
        try_make_memory_executable,
        try_stat,
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(possible); i++) {
        struct prisoner_end end = imprison(enter_nothing, possible[i]);
        assert_int_equal(end.signal, 0);
        assert_int_equal(end.status, 0);
    }
}

struct forbidden {
    attempt_fn attempt;
    const char *call; /* as debug mode names it */
};

static const struct forbidden forbidden[] = {
    {try_read_file, "openat"},
    {try_write_file, "openat"},
    {try_list_folder, "openat"},
    {try_remove_file, "unlink"},
    {try_write_to_other_descriptor, "write"},
    {try_socket, "socket"},
    {try_unix_socket, "socket"},
    {try_execve, "execve"},
    {try_ptrace, "ptrace"},
    {try_read_memory_of_parent, "process_vm_readv"},
    {try_signal_parent_thread, "tgkill"},
    {try_fork, "clone"},
    {try_new_namespace, "unshare"},
    {try_executable_memory, "mmap"},
    {try_make_memory_executable, "mprotect"},
    {try_memory_file, "memfd_create"},
    {try_io_uring, "io_uring_setup"},
    {try_become_dumpable, "prctl"},
    {try_change_seals, "fcntl"},
};

static void test_sandbox_filter__kills_with_sigsys(void **state)
{
    (void)state;
    if (!HAS_FILTER)
        skip();
    for (size_t i = 0; i < ARRAY_LEN(forbidden); i++) {
        struct prisoner_end end = imprison(enter_all, forbidden[i].attempt);
        if (end.signal != SIGSYS)
            fail_msg("%s gave signal %d, status %d", forbidden[i].call, end.signal, end.status);
        assert_string_equal(end.printed, "");
    }
}

static void test_sandbox_filter__names_the_call_in_debug_mode(void **state)
{
    (void)state;
    if (!HAS_FILTER)
        skip();
    for (size_t i = 0; i < ARRAY_LEN(forbidden); i++) {
        AUTO_FREE char *expected = xasprintf("refused system call: %s\n", forbidden[i].call);
        struct prisoner_end end = imprison(enter_all_in_debug_mode, forbidden[i].attempt);
        assert_int_equal(end.signal, SIGSYS);
        assert_string_equal(end.printed, expected);
    }
}

static void check_refused(attempt_fn attempt, int error)
{
    struct prisoner_end end = imprison(enter_all, attempt);
    assert_int_equal(end.signal, 0);
    assert_int_equal(end.status, error);
}

static void test_sandbox_filter__answers_harmless_questions_with_an_error(void **state)
{
    (void)state;
    if (!HAS_FILTER)
        skip();
    check_refused(try_stat, EACCES);
    check_refused(try_terminal, ENOTTY);
    check_refused(try_clone3, ENOSYS);
}

static atomic_bool may_go;

static void *open_when_told(void *argument)
{
    while (!may_go)
        sched_yield();
    try_socket();
    return argument;
}

/* libvips keeps threads from its warm-up. */
static int enter_with_a_thread(struct error *err)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, open_when_told, NULL) != 0)
        return -1;
    return enter_all(err);
}

static int let_the_thread_go(void)
{
    may_go = true;
    while (may_go)
        sched_yield();
    return 0;
}

static void test_sandbox_filter__reaches_threads_that_were_there_before(void **state)
{
    (void)state;
    if (!HAS_FILTER)
        skip();
    struct prisoner_end end = imprison(enter_with_a_thread, let_the_thread_go);
    assert_int_equal(end.signal, SIGSYS);
}

static int enter_landlock(struct error *err)
{
    bool applied = false;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return sandbox_landlock(LANDLOCK_ALL, &applied, err) == 0 && applied ? 0 : -1;
}

static void check_landlock(enter_fn enter, attempt_fn attempt, int error)
{
    struct prisoner_end end = imprison(enter, attempt);
    assert_string_equal(end.printed, "");
    assert_int_equal(end.signal, 0);
    assert_int_equal(end.status, error);
}

/* The second wall alone. */
static void test_sandbox_landlock__refuses_files_and_programs(void **state)
{
    (void)state;
    if (!has_landlock(1))
        skip();
    check_landlock(enter_landlock, try_read_file, EACCES);
    check_landlock(enter_landlock, try_write_file, EACCES);
    check_landlock(enter_landlock, try_list_folder, EACCES);
    check_landlock(enter_landlock, try_execve, EACCES);
    check_landlock(enter_landlock, try_ptrace, EPERM);
}

static int try_connect(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return errno_if(connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0);
}

static void test_sandbox_landlock__refuses_connections_and_signals(void **state)
{
    (void)state;
    if (!has_landlock(4))
        skip();
    check_landlock(enter_landlock, try_connect, EACCES);
    if (has_landlock(6))
        check_landlock(enter_landlock, try_kill_parent, EPERM);
}

/* While libraries are loaded. */
static void test_sandbox_begin__leaves_only_reading(void **state)
{
    (void)state;
    if (!has_landlock(1))
        skip();
    check_landlock(enter_first_step, try_read_file, 0);
    check_landlock(enter_first_step, try_list_folder, 0);
    check_landlock(enter_first_step, try_write_file, EACCES);
    check_landlock(enter_first_step, try_execve, EACCES);
}

static int enter_limits(struct error *err)
{
    return sandbox_limit_resources((uint64_t)1 << 30, err);
}

static bool is_limit(int resource, rlim_t value)
{
    struct rlimit limit;
    return getrlimit(resource, &limit) == 0 && limit.rlim_cur == value && limit.rlim_max == value;
}

static int look_at_limits(void)
{
    if (!is_limit(RLIMIT_CORE, 0) || !is_limit(RLIMIT_FSIZE, 0) || !is_limit(RLIMIT_NOFILE, 16))
        return 1;
    if (HAS_FILTER &&
        (!is_limit(RLIMIT_AS, (rlim_t)1 << 30) || !is_limit(RLIMIT_DATA, (rlim_t)1 << 29)))
        return 2;
    return 0;
}

static void test_sandbox_limit_resources__lowers_both_limits(void **state)
{
    (void)state;
    struct prisoner_end end = imprison(enter_limits, look_at_limits);
    assert_int_equal(end.status, 0);
}

static int look_at_state(void)
{
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return 1;
    return 0;
}

static void test_sandbox_begin__sets_no_new_privileges(void **state)
{
    (void)state;
    assert_int_equal(imprison(enter_nothing, look_at_state).status, 1);
    assert_int_equal(imprison(enter_first_step, look_at_state).status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sandbox__leaves_what_a_worker_needs),
        cmocka_unit_test(test_sandbox__is_what_stops_the_attempts),
        cmocka_unit_test(test_sandbox_filter__kills_with_sigsys),
        cmocka_unit_test(test_sandbox_filter__names_the_call_in_debug_mode),
        cmocka_unit_test(test_sandbox_filter__answers_harmless_questions_with_an_error),
        cmocka_unit_test(test_sandbox_filter__reaches_threads_that_were_there_before),
        cmocka_unit_test(test_sandbox_landlock__refuses_files_and_programs),
        cmocka_unit_test(test_sandbox_landlock__refuses_connections_and_signals),
        cmocka_unit_test(test_sandbox_begin__leaves_only_reading),
        cmocka_unit_test(test_sandbox_limit_resources__lowers_both_limits),
        cmocka_unit_test(test_sandbox_begin__sets_no_new_privileges),
    };
    parent = getpid();
    snprintf(outside, sizeof(outside), "/tmp/onput-test-%d", (int)getpid());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
