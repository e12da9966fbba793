/*
 * test_cgroup.c - what is written where, in a folder that looks like a control group. Its files do
 * not act: nothing moves, and a folder with files cannot be removed. Where the kernel has a real
 * group for us, the last test uses that.
 */
#include "support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onput/fd.h"
#include "runtime_private.h"

static void put(const char *dir, const char *name, const char *content)
{
    AUTO_FREE char *path = test_path(dir, name);
    test_write_file(path, text_of(content));
}

static char *get(const char *dir, const char *name)
{
    AUTO_FREE char *path = test_path(dir, name);
    return test_read_file(path, NULL);
}

static void check(const char *dir, const char *name, const char *content)
{
    AUTO_FREE char *actual = get(dir, name);
    assert_string_equal(actual, content);
}

static char *make_dir(const char *dir, const char *name)
{
    char *path = test_path(dir, name);
    assert_int_equal(mkdir(path, 0755), 0);
    return path;
}

/* A group that holds nobody, with a predecessor's group for the daemon. */
static void make_root(const char *dir, const char *controllers)
{
    AUTO_FREE char *daemon = make_dir(dir, "onput-daemon");
    put(daemon, "cgroup.procs", "");
    put(dir, "cgroup.type", "domain\n");
    put(dir, "cgroup.controllers", controllers);
    put(dir, "cgroup.procs", "");
    put(dir, "cgroup.subtree_control", "");
}

/* "cgroup.kill" and its like are there as soon as a real group is. */
static void make_group(const char *dir, const char *name, bool has_swap)
{
    AUTO_FREE char *group = make_dir(dir, name);
    put(group, "cgroup.kill", "");
    put(group, "memory.max", "");
    put(group, "memory.oom.group", "");
    put(group, "pids.max", "");
    put(group, "cpu.max", "");
    if (has_swap)
        put(group, "memory.swap.max", "");
}

static void test_open__enables_controllers_for_its_groups(void **state)
{
    make_root(*state, "cpuset cpu io memory pids\n");
    struct cgroups *c = cgroups_open(*state, 0);
    assert_non_null(c);
    check(*state, "cgroup.subtree_control", "+memory +pids");
    cgroups_close(c);
}

static void test_open__takes_processors_only_for_a_limit(void **state)
{
    make_root(*state, "cpuset cpu io memory pids\n");
    struct cgroups *c = cgroups_open(*state, 50);
    assert_non_null(c);
    check(*state, "cgroup.subtree_control", "+memory +pids +cpu");
    cgroups_close(c);
}

static void test_open__does_without_a_limit_of_processors(void **state)
{
    make_root(*state, "memory pids\n");
    make_group(*state, "function-0", true);
    struct cgroups *c = cgroups_open(*state, 50);
    assert_non_null(c);
    check(*state, "cgroup.subtree_control", "+memory +pids");
    AUTO_FREE char *group = cgroups_enter(c, 0, 1 << 20, 10);
    check(group, "cpu.max", "");
    cgroups_close(c);
}

static void test_open__wants_both_controllers(void **state)
{
    make_root(*state, "cpu hugetlb memory\n");
    assert_null(cgroups_open(*state, 0));
    check(*state, "cgroup.subtree_control", "");
    put(*state, "cgroup.controllers", "pids memory_recursiveprot\n");
    assert_null(cgroups_open(*state, 0));
    assert_null(cgroups_open("/nowhere", 0));
}

/* They have a reason to be where they are. */
static void test_open__leaves_groups_with_others_alone(void **state)
{
    AUTO_FREE char *other = xasprintf("%d\n", (int)getppid());
    AUTO_FREE char *both = xasprintf("%d\n%d\n", (int)getpid(), (int)getppid());
    AUTO_FREE char *daemon = test_path(*state, "onput-daemon");
    make_root(*state, "memory pids\n");
    put(*state, "cgroup.procs", other);
    assert_null(cgroups_open(*state, 0));
    put(*state, "cgroup.procs", both);
    assert_null(cgroups_open(*state, 0));
    check(daemon, "cgroup.procs", "");
    /* A process that this one cannot even see. */
    put(*state, "cgroup.procs", "0\n");
    assert_null(cgroups_open(*state, 0));
}

static void test_open__moves_the_daemon(void **state)
{
    AUTO_FREE char *own = xasprintf("%d\n", (int)getpid());
    AUTO_FREE char *expected = xasprintf("%d", (int)getpid());
    AUTO_FREE char *daemon = test_path(*state, "onput-daemon");
    make_root(*state, "memory pids\n");
    put(*state, "cgroup.procs", own);
    /* It is written where it has to be, but does not get there. */
    assert_null(cgroups_open(*state, 0));
    check(daemon, "cgroup.procs", expected);
}

static void test_open__moves_nobody_in_the_first_group_of_all(void **state)
{
    AUTO_FREE char *other = xasprintf("%d\n", (int)getppid());
    put(*state, "cgroup.controllers", "memory pids\n");
    put(*state, "cgroup.procs", other);
    put(*state, "cgroup.subtree_control", "");
    struct cgroups *c = cgroups_open(*state, 0);
    assert_non_null(c);
    check(*state, "cgroup.subtree_control", "+memory +pids");
    cgroups_close(c);
}

static void test_open__takes_the_place_of_a_daemon_that_was_killed(void **state)
{
    AUTO_FREE char *daemon = test_path(*state, "onput-daemon");
    make_root(*state, "memory pids\n");
    struct cgroups *c = cgroups_open(daemon, 0);
    assert_non_null(c);
    check(*state, "cgroup.subtree_control", "+memory +pids");
    cgroups_close(c);
}

static void test_enter__sets_all_limits(void **state)
{
    AUTO_FREE char *expected = test_path(*state, "function-7");
    make_root(*state, "cpu memory pids\n");
    make_group(*state, "function-7", true);
    struct cgroups *c = cgroups_open(*state, 150);
    assert_non_null(c);
    AUTO_FREE char *group = cgroups_enter(c, 7, 134217728, 1024);
    assert_string_equal(group, expected);
    check(group, "memory.max", "134217728");
    check(group, "memory.swap.max", "0");
    check(group, "memory.oom.group", "1");
    check(group, "pids.max", "1024");
    check(group, "cpu.max", "150000 100000");
    cgroups_close(c);
}

static void test_enter__does_without_swap_accounting(void **state)
{
    make_root(*state, "memory pids\n");
    make_group(*state, "function-1", false);
    struct cgroups *c = cgroups_open(*state, 0);
    AUTO_FREE char *group = cgroups_enter(c, 1, 1000, 5);
    assert_non_null(group);
    check(group, "memory.max", "1000");
    check(group, "cpu.max", "");
    cgroups_close(c);
}

/* A new folder has no files here: there is no group that would hold anything. */
static void test_enter__fails_without_its_limits(void **state)
{
    AUTO_FREE char *group = test_path(*state, "function-2");
    make_root(*state, "memory pids\n");
    struct cgroups *c = cgroups_open(*state, 0);
    assert_null(cgroups_enter(c, 2, 1000, 5));
    assert_int_not_equal(access(group, F_OK), 0);
    cgroups_close(c);
}

static void test_leave__kills_who_is_left(void **state)
{
    AUTO_FREE char *group = test_path(*state, "function-3");
    make_root(*state, "memory pids\n");
    make_group(*state, "function-3", true);
    struct cgroups *c = cgroups_open(*state, 0);
    cgroups_leave(c, 3);
    check(group, "cgroup.kill", "1");
    cgroups_leave(c, 4);
    cgroups_close(c);
}

static void test_leave__removes_the_group(void **state)
{
    AUTO_FREE char *group = make_dir(*state, "function-5");
    make_root(*state, "memory pids\n");
    struct cgroups *c = cgroups_open(*state, 0);
    cgroups_leave(c, 5);
    assert_int_not_equal(access(group, F_OK), 0);
    cgroups_close(c);
}

static void test_close__takes_nothing(void **state)
{
    (void)state;
    cgroups_close(NULL);
}

static void enter_and_wait(const char *group)
{
    AUTO_FREE char *procs = test_path(group, "cgroup.procs");
    AUTO_CLOSE int fd = open(procs, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1)
        _exit(1);
    alarm(60);
    for (;;)
        pause();
}

/* Whoever has such a group for its tests names it in the environment. */
static void test_real_group__ends_who_is_in_it(void **state)
{
    const char *root = getenv("ONPUT_TEST_CGROUP");
    int status = 0;
    (void)state;
    if (root == NULL)
        skip();
    struct cgroups *c = cgroups_open(root, 0);
    assert_non_null(c);
    AUTO_FREE char *group = cgroups_enter(c, 0, 64 << 20, 10);
    assert_non_null(group);
    AUTO_FREE char *procs = test_path(group, "cgroup.procs");
    pid_t pid = fork();
    if (pid == 0)
        enter_and_wait(group);
    for (bool is_there = false; !is_there;) {
        AUTO_FREE char *pids = test_read_file(procs, NULL);
        is_there = pids[0] != '\0';
    }
    cgroups_leave(c, 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, SIGKILL);
    assert_int_not_equal(access(group, F_OK), 0);
    cgroups_close(c);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_dir_setup, test_dir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_open__enables_controllers_for_its_groups),
        TEST(test_open__takes_processors_only_for_a_limit),
        TEST(test_open__does_without_a_limit_of_processors),
        TEST(test_open__wants_both_controllers),
        TEST(test_open__leaves_groups_with_others_alone),
        TEST(test_open__moves_the_daemon),
        TEST(test_open__moves_nobody_in_the_first_group_of_all),
        TEST(test_open__takes_the_place_of_a_daemon_that_was_killed),
        TEST(test_enter__sets_all_limits),
        TEST(test_enter__does_without_swap_accounting),
        TEST(test_enter__fails_without_its_limits),
        TEST(test_leave__kills_who_is_left),
        TEST(test_leave__removes_the_group),
        TEST(test_close__takes_nothing),
        TEST(test_real_group__ends_who_is_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
