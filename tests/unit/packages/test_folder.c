#include "support/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onput/fd.h"
#include "packages_private.h"

static int open_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static bool exists(const char *dir, const char *name)
{
    AUTO_FREE char *path = test_path(dir, name);
    struct stat st;
    return lstat(path, &st) == 0;
}

static void test_folder_make__counts_what_it_makes(void **state)
{
    AUTO_CLOSE int root = open_dir(*state);
    AUTO_CLOSE int first = -1;
    AUTO_CLOSE int again = -1;
    struct allowance left = {.entries = 3};
    struct error err = {0};
    assert_ok(folder_make(root, TEXT("a/b/c"), &left, &first, &err), &err);
    assert_int_equal(left.entries, 0);
    assert_ok(folder_make(root, TEXT("a/b/c/"), &left, &again, &err), &err);
    assert_int_equal(left.entries, 0);
}

static void test_folder_make__stops_when_there_are_too_many(void **state)
{
    AUTO_CLOSE int root = open_dir(*state);
    struct allowance left = {.entries = 2};
    struct error err = {0};
    int fd = -1;
    assert_fails(folder_make(root, TEXT("a/b/c"), &left, &fd, &err), &err, ERROR_UNSUPPORTED);
    assert_string_equal(err.message, "it has more than 50000 files and folders");
    assert_int_equal(fd, -1);
    assert_true(exists(*state, "a/b"));
    assert_false(exists(*state, "a/b/c"));
}

static void test_folder_make_parent__counts_the_member_itself(void **state)
{
    AUTO_CLOSE int root = open_dir(*state);
    char name[COMPONENT_MAX + 1];
    struct allowance left = {.entries = 2};
    struct error err = {0};
    int fd = -1;
    assert_ok(folder_make_parent(root, TEXT("a/f"), &left, &fd, name, &err), &err);
    assert_string_equal(name, "f");
    assert_int_equal(left.entries, 0);
    fd_close(&fd);
    assert_fails(folder_make_parent(root, TEXT("a/g"), &left, &fd, name, &err), &err,
                 ERROR_UNSUPPORTED);
}

/* Whatever was there before, by whomever: no step goes through a link. */
static void test_folder_make__follows_no_link(void **state)
{
    AUTO_FREE char *inside = test_path(*state, "inside");
    AUTO_FREE char *link = test_path(inside, "l");
    struct allowance left = {.entries = 10};
    struct error err = {0};
    int fd = -1;
    assert_int_equal(mkdir(inside, 0700), 0);
    assert_int_equal(symlink("..", link), 0);
    AUTO_CLOSE int root = open_dir(inside);
    assert_fails(folder_make(root, TEXT("l/x"), &left, &fd, &err), &err, ERROR_UNSUPPORTED);
    assert_fails(folder_add_file(root, "l", false, &fd, &err), &err, ERROR_UNSUPPORTED);
    assert_fails(folder_add_link(root, "l", "f", &err), &err, ERROR_UNSUPPORTED);
    assert_int_equal(fd, -1);
    assert_false(exists(*state, "x"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_folder_make__counts_what_it_makes),
        TEST(test_folder_make__stops_when_there_are_too_many),
        TEST(test_folder_make_parent__counts_the_member_itself),
        TEST(test_folder_make__follows_no_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
