/*
 * test_place.c - temporary directories: how a function's files go, and what stays when they do.
 */
#include "support/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onput/fd.h"
#include "runtime_private.h"

enum { DEEP = 3000, MANY = 700 };

static struct place make_place(const char *dir)
{
    struct place place = {0};
    struct error err = {0};
    assert_ok(place_init(&place, dir, 3, 0, &err), &err);
    return place;
}

static size_t count(const char *path)
{
    char **names = test_list_dir(path);
    size_t n = 0;
    while (names[n] != NULL)
        n++;
    test_names_free(names);
    return n;
}

static void write_file(const char *dir, const char *name)
{
    AUTO_FREE char *path = test_path(dir, name);
    test_write_file(path, TEXT("x"));
}

static void make_dir(const char *dir, const char *name, mode_t mode)
{
    AUTO_FREE char *path = test_path(dir, name);
    assert_int_equal(mkdir(path, mode), 0);
}

static void expect_sweep(const struct place *place)
{
    struct error err = {0};
    assert_int_equal(place_sweep(place, PLACE_SWEEP_ALL, &err), 1);
    assert_int_equal(count(place->temporary), 0);
}

static void test_place_init__makes_a_private_directory_and_empties_it(void **state)
{
    struct place place = make_place(*state);
    AUTO_FREE char *path = test_path(*state, "3");
    struct stat st;
    assert_string_equal(place.temporary, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    write_file(path, "left");
    free(place.temporary);
    place = make_place(*state);
    assert_int_equal(count(path), 0);
    place_release(&place);
    assert_int_equal(access(path, F_OK), -1);
}

static void test_place_sweep__removes_files_folders_and_links(void **state)
{
    struct place place = make_place(*state);
    AUTO_FREE char *link = test_path(place.temporary, "a/link");
    AUTO_FREE char *fifo = test_path(place.temporary, "fifo");
    write_file(*state, "outside");
    make_dir(*state, "outside-folder", 0700);
    AUTO_FREE char *outside = test_path(*state, "outside-folder");
    write_file(outside, "stays");
    make_dir(place.temporary, "a", 0700);
    make_dir(place.temporary, "a/b", 0700);
    write_file(place.temporary, "a/b/file");
    write_file(place.temporary, ".hidden");
    assert_int_equal(symlink(outside, link), 0);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    expect_sweep(&place);
    assert_int_equal(count(outside), 1);
    place_release(&place);
}

static void test_place_sweep__opens_folders_that_are_shut(void **state)
{
    struct place place = make_place(*state);
    AUTO_FREE char *shut = test_path(place.temporary, "a/shut");
    AUTO_FREE char *a = test_path(place.temporary, "a");
    make_dir(place.temporary, "a", 0700);
    make_dir(place.temporary, "a/shut", 0700);
    make_dir(place.temporary, "a/shut/b", 0700);
    write_file(place.temporary, "a/shut/b/file");
    assert_int_equal(chmod(shut, 0), 0);
    assert_int_equal(chmod(a, 0), 0);
    expect_sweep(&place);
    place_release(&place);
}

/* Far deeper than a path may be long. */
static void test_place_sweep__removes_what_lies_very_deep(void **state)
{
    struct place place = make_place(*state);
    int fd = open(place.temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < DEEP; i++) {
        assert_int_equal(mkdirat(fd, "deep", 0700), 0);
        int below = openat(fd, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(below >= 0);
        fd_close(&fd);
        fd = below;
    }
    fd_close(&fd);
    expect_sweep(&place);
    place_release(&place);
}

static void test_place_sweep__stops_after_as_much_as_it_may_remove(void **state)
{
    struct place place = make_place(*state);
    struct error err = {0};
    char name[32];
    make_dir(place.temporary, "folder", 0700);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), i % 2 == 0 ? "%d" : "folder/%d", i);
        write_file(place.temporary, name);
    }
    int turns = 1, rc;
    while ((rc = place_sweep(&place, 100, &err)) == 0)
        turns++;
    assert_int_equal(rc, 1);
    assert_in_range(turns, MANY / 100, 2 * MANY / 100);
    assert_int_equal(count(place.temporary), 0);
    place_release(&place);
}

static void test_place_sweep__says_what_it_cannot_remove(void **state)
{
    struct place place = make_place(*state);
    struct error err = {0};
    assert_int_equal(rmdir(place.temporary), 0);
    assert_int_equal(place_sweep(&place, 1, &err), -1);
    assert_contains(err.message, place.temporary);
    /* A link in its stead is not followed. */
    make_dir(*state, "elsewhere", 0700);
    AUTO_FREE char *elsewhere = test_path(*state, "elsewhere");
    write_file(elsewhere, "stays");
    assert_int_equal(symlink(elsewhere, place.temporary), 0);
    assert_int_equal(place_sweep(&place, 1, &err), -1);
    assert_int_equal(count(elsewhere), 1);
    place_release(&place);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_dir_setup, test_dir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_place_init__makes_a_private_directory_and_empties_it),
        TEST(test_place_sweep__removes_files_folders_and_links),
        TEST(test_place_sweep__opens_folders_that_are_shut),
        TEST(test_place_sweep__removes_what_lies_very_deep),
        TEST(test_place_sweep__stops_after_as_much_as_it_may_remove),
        TEST(test_place_sweep__says_what_it_cannot_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
