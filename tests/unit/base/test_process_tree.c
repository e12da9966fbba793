/*
 * test_process_tree.c - trees of real processes. Each child says over a pipe that it is where the
 * test wants it, and waits for its end.
 */
#include "support/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_private.h"
#include "onput/fd.h"
#include "onput/process_tree.h"

enum { MIB = 1 << 20, SOME_PAGES = 256 * 1024, LIFE_S = 60 };

static int lines[2]; /* each process writes its number */

static void say_pid(void)
{
    pid_t pid = getpid();
    (void)!write(lines[1], &pid, sizeof(pid));
}

static pid_t hear_pid(void)
{
    pid_t pid = 0;
    assert_int_equal(read(lines[0], &pid, sizeof(pid)), sizeof(pid));
    return pid;
}

NORETURN static void live(void)
{
    alarm(LIFE_S);
    for (;;)
        pause();
}

/* A chain of `depth` processes. */
NORETURN static void be_chain(int depth)
{
    say_pid();
    if (depth > 1 && fork() == 0)
        be_chain(depth - 1);
    live();
}

static pid_t start_chain(int depth)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        be_chain(depth);
    return pid;
}

static int setup(void **state)
{
    (void)state;
    return pipe(lines) != 0 ? -1 : prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* Whatever the test left. */
static int teardown(void **state)
{
    struct process_tree tree;
    (void)state;
    do {
        process_tree_read(getpid(), &tree);
        process_tree_signal(&tree, SIGKILL);
    } while (wait(NULL) > 0);
    close(lines[0]);
    close(lines[1]);
    return 0;
}

typedef void read_fn(pid_t root, struct process_tree *out);

static void check_chain(read_fn *read_tree)
{
    struct process_tree tree;
    pid_t first = start_chain(3);
    pid_t pids[] = {hear_pid(), hear_pid(), hear_pid()};
    assert_int_equal(pids[0], first);
    read_tree(getpid(), &tree);
    assert_int_equal(tree.root, getpid());
    assert_false(tree.is_cut);
    assert_int_equal(tree.count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(tree.pids[i], pids[i]);
    read_tree(pids[1], &tree);
    assert_int_equal(tree.count, 1);
    assert_int_equal(tree.pids[0], pids[2]);
    read_tree(pids[2], &tree);
    assert_int_equal(tree.count, 0);
}

static void test_read__finds_parents_before_children(void **state)
{
    (void)state;
    check_chain(process_tree_read);
}

static void test_read_by_parents__finds_the_same(void **state)
{
    (void)state;
    check_chain(process_tree_read_by_parents);
}

static void test_read__finds_nothing_of_who_is_not_there(void **state)
{
    struct process_tree tree = {.count = 3};
    pid_t gone = fork();
    (void)state;
    if (gone == 0)
        _exit(0);
    assert_int_equal(waitpid(gone, NULL, 0), gone);
    process_tree_read(gone, &tree);
    assert_int_equal(tree.count, 0);
    assert_int_equal(process_tree_memory(&tree), 0);
    assert_int_equal(process_tree_signal(&tree, SIGKILL), 0);
}

static void test_read__finds_orphans_of_a_subreaper(void **state)
{
    struct process_tree tree;
    pid_t parent = start_chain(2);
    (void)state;
    hear_pid();
    pid_t orphan = hear_pid();
    kill(parent, SIGKILL);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    process_tree_read(getpid(), &tree);
    assert_int_equal(tree.count, 1);
    assert_int_equal(tree.pids[0], orphan);
}

static void *fork_in_a_thread(void *argument)
{
    if (fork() == 0)
        be_chain(1);
    live();
    return argument;
}

static void test_read__finds_children_of_all_threads(void **state)
{
    struct process_tree tree;
    pthread_t thread;
    pid_t parent = fork();
    (void)state;
    if (parent == 0) {
        pthread_create(&thread, NULL, fork_in_a_thread, NULL);
        live();
    }
    pid_t child = hear_pid();
    process_tree_read(parent, &tree);
    assert_int_equal(tree.count, 1);
    assert_int_equal(tree.pids[0], child);
}

static void take_memory(int flags, size_t bytes)
{
    char *room = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    memset(room, 1, bytes);
}

/* Maps a file, and touches each of its pages. */
static void read_program(void)
{
    struct stat file;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    fstat(fd, &file);
    const volatile char *bytes = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    for (off_t i = 0; i < file.st_size; i += 4096)
        (void)bytes[i];
}

/* Says when it is there, and again each time that it took what it was told to. */
NORETURN static void be_taker(int orders)
{
    char order;
    say_pid();
    while (read(orders, &order, 1) == 1) {
        if (order == 'p')
            take_memory(MAP_PRIVATE, 8 * MIB);
        else if (order == 's')
            take_memory(MAP_SHARED, 8 * MIB);
        else
            read_program();
        say_pid();
    }
    _exit(0);
}

static uint64_t bytes_now(void)
{
    struct process_tree tree;
    process_tree_read(getpid(), &tree);
    return process_tree_memory(&tree);
}

static void check_growth(int orders, const char *order, uint64_t expected)
{
    uint64_t before = bytes_now();
    assert_int_equal(write(orders, order, 1), 1);
    hear_pid();
    uint64_t grown = bytes_now() - before;
    /* Some pages of its own for a bigger table or a longer stack. */
    assert_in_range(grown, expected, expected + SOME_PAGES);
}

/* ThreadSanitizer has shadow memory and a thread of its own in every process. */
static void skip_where_it_cannot_be_measured(void)
{
#ifdef ONPUT_SANITIZE_THREAD
    skip();
#endif
}

static void test_memory__counts_private_and_shared_pages_but_no_files(void **state)
{
    int orders[2];
    (void)state;
    skip_where_it_cannot_be_measured();
    assert_int_equal(pipe(orders), 0);
    if (fork() == 0)
        be_taker(orders[0]);
    hear_pid();
    check_growth(orders[1], "p", 8 * MIB);
    check_growth(orders[1], "s", 8 * MIB);
    check_growth(orders[1], "f", 0);
    close(orders[0]);
    close(orders[1]);
}

static void test_memory_shared__counts_pages_once(void **state)
{
    struct process_tree tree;
    (void)state;
    skip_where_it_cannot_be_measured();
    if (fork() == 0) {
        take_memory(MAP_PRIVATE, 16 * MIB);
        be_chain(4);
    }
    for (int i = 0; i < 4; i++)
        hear_pid();
    process_tree_read(getpid(), &tree);
    assert_int_equal(tree.count, 4);
    assert_true(process_tree_memory(&tree) >= 4 * 16 * MIB);
    /* Private pages of all, and what they share with this test, are in it. */
    assert_in_range(process_tree_memory_shared(&tree), 16 * MIB, 48 * MIB);
}

static void *be_thread(void *argument)
{
    take_memory(MAP_PRIVATE, 8 * MIB);
    say_pid();
    live();
    return argument;
}

static void start_threads(int count, bool stays)
{
    pthread_t thread;
    if (fork() == 0) {
        for (int i = 0; i < count; i++)
            pthread_create(&thread, NULL, be_thread, NULL);
        if (!stays)
            pthread_exit(NULL);
        live();
    }
    for (int i = 0; i < count; i++)
        hear_pid();
}

static struct process_tree_usage look(void)
{
    struct process_tree tree;
    process_tree_read(getpid(), &tree);
    return process_tree_look(&tree);
}

static void test_look__counts_processes_and_threads(void **state)
{
    (void)state;
    skip_where_it_cannot_be_measured();
    start_chain(2);
    hear_pid();
    hear_pid();
    start_threads(3, true);
    assert_int_equal(look().tasks, 2 + 1 + 3);
}

static bool is_zombie(pid_t pid)
{
    AUTO_FREE char *path = xasprintf("/proc/%d/stat", (int)pid);
    AUTO_FREE char *line = test_read_file(path, NULL);
    return strstr(line, ") Z ") != NULL;
}

static void test_look__sees_through_a_first_thread_that_ended(void **state)
{
    struct process_tree tree;
    (void)state;
    start_threads(2, false);
    process_tree_read(getpid(), &tree);
    assert_int_equal(tree.count, 1);
    while (!is_zombie(tree.pids[0]))
        sched_yield();
    assert_true(look().bytes >= 16 * MIB);
    assert_int_equal(process_tree_signal(&tree, SIGKILL), 1);
    assert_int_equal(wait(NULL), tree.pids[0]);
}

static bool is_stopped(pid_t pid)
{
    AUTO_FREE char *path = xasprintf("/proc/%d/stat", (int)pid);
    AUTO_FREE char *line = test_read_file(path, NULL);
    return strstr(line, ") T ") != NULL;
}

static void test_signal__stops_only_who_is_not_stopped(void **state)
{
    struct process_tree tree;
    (void)state;
    start_chain(3);
    hear_pid();
    hear_pid();
    hear_pid();
    process_tree_read(getpid(), &tree);
    assert_int_equal(process_tree_signal(&tree, SIGSTOP), 3);
    for (size_t i = 0; i < tree.count; i++) {
        while (!is_stopped(tree.pids[i]))
            sched_yield();
    }
    assert_int_equal(process_tree_signal(&tree, SIGSTOP), 0);
    assert_int_equal(process_tree_signal(&tree, SIGCONT), 3);
}

static void test_sweep__reaches_all(void **state)
{
    struct process_tree tree;
    (void)state;
    start_chain(3);
    start_chain(1);
    for (int i = 0; i < 4; i++)
        hear_pid();
    process_tree_read(getpid(), &tree);
    assert_int_equal(process_tree_sweep(getpid(), SIGSTOP), 4);
    for (size_t i = 0; i < tree.count; i++) {
        while (!is_stopped(tree.pids[i]))
            sched_yield();
    }
    /* Who loses its parent meanwhile is found by the next one. */
    do {
        process_tree_sweep(getpid(), SIGKILL);
    } while (wait(NULL) > 0);
    assert_int_equal(process_tree_sweep(getpid(), SIGKILL), 0);
}

static void test_signal__counts_zombies_as_gone(void **state)
{
    struct process_tree tree;
    siginfo_t info;
    pid_t pid = start_chain(1);
    (void)state;
    hear_pid();
    process_tree_read(getpid(), &tree);
    assert_int_equal(process_tree_signal(&tree, SIGKILL), 1);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(process_tree_signal(&tree, SIGKILL), 0);
}

/* As when the number of one that ended was given to somebody else. */
static void test_signal__spares_who_is_no_descendant(void **state)
{
    struct process_tree tree;
    pid_t ours = start_chain(1), other = start_chain(1);
    (void)state;
    hear_pid();
    hear_pid();
    process_tree_read(ours, &tree);
    tree.pids[tree.count++] = other;
    assert_int_equal(process_tree_signal(&tree, SIGKILL), 0);
    assert_int_equal(waitpid(other, NULL, WNOHANG), 0);
}

static void test_has_socket__knows_whose_it_is(void **state)
{
    struct process_tree tree;
    struct stat theirs, nobodys;
    int pair[2], more[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    start_chain(2);
    hear_pid();
    hear_pid();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, more), 0);
    assert_int_equal(fstat(pair[0], &theirs), 0);
    assert_int_equal(fstat(more[0], &nobodys), 0);
    process_tree_read(getpid(), &tree);
    assert_true(process_tree_has_socket(&tree, theirs.st_ino));
    assert_false(process_tree_has_socket(&tree, nobodys.st_ino));
    assert_false(process_tree_has_socket(&tree, 0));
    for (int i = 0; i < 2; i++) {
        close(pair[i]);
        close(more[i]);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_read__finds_parents_before_children),
        TEST(test_read_by_parents__finds_the_same),
        TEST(test_read__finds_nothing_of_who_is_not_there),
        TEST(test_read__finds_orphans_of_a_subreaper),
        TEST(test_read__finds_children_of_all_threads),
        TEST(test_memory__counts_private_and_shared_pages_but_no_files),
        TEST(test_memory_shared__counts_pages_once),
        TEST(test_look__counts_processes_and_threads),
        TEST(test_look__sees_through_a_first_thread_that_ended),
        TEST(test_signal__stops_only_who_is_not_stopped),
        TEST(test_sweep__reaches_all),
        TEST(test_signal__counts_zombies_as_gone),
        TEST(test_signal__spares_who_is_no_descendant),
        TEST(test_has_socket__knows_whose_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
