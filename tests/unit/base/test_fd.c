/*
 * test_fd.c - tests of the descriptors, files and folders of onput/fd.h.
 */
#include "support/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onput/fd.h"

static void test_fd_close__sets_it_to_minus_one(void **state UNUSED)
{
    int fd = dup(0);

    assert_true(fd >= 0);
    fd_close(&fd);
    assert_int_equal(fd, -1);
    fd_close(&fd);
}

static void test_fd_read_all__takes_a_full_buffer_and_no_more(void **state UNUSED)
{
    AUTO_BUFFER struct buffer b;
    struct error err = {0};
    int ends[2];

    buffer_init(&b, 10);
    buffer_append_char(&b, 'x');
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_ok(fd_write_all(ends[1], "123456789", 9, &err), &err);
    fd_close(&ends[1]);
    assert_ok(fd_read_all(ends[0], &b, &err), &err);
    assert_text(buffer_text(&b), "x123456789");
    fd_close(&ends[0]);
    buffer_truncate(&b, 1);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_ok(fd_write_all(ends[1], "1234567890", 10, &err), &err);
    fd_close(&ends[1]);
    assert_fails(fd_read_all(ends[0], &b, &err), &err, ERROR_LIMIT);
    assert_text(buffer_text(&b), "x");
    fd_close(&ends[0]);
}

static void test_file_write_atomic__replaces_and_leaves_nothing_behind(void **state)
{
    AUTO_FREE char *path = test_path(*state, "settings");
    AUTO_FREE char *content = NULL;
    struct error err = {0};
    char **names;
    struct stat st;

    assert_ok(file_write_atomic(path, TEXT("old"), 0644, &err), &err);
    assert_ok(file_write_atomic(path, TEXT("new content"), 0640, &err), &err);
    content = test_read_file(path, NULL);
    assert_string_equal(content, "new content");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    names = test_list_dir(*state);
    assert_string_equal(names[0], "settings");
    assert_null(names[1]);
    test_names_free(names);
}

static void test_file_write_atomic__leaves_nothing_behind_on_failure(void **state)
{
    AUTO_FREE char *folder = test_path(*state, "taken");
    AUTO_FREE char *inside = test_path(folder, "x");
    struct error err = {0};
    char **names;

    assert_ok(dir_create(folder, &err), &err);
    test_write_file(inside, TEXT(""));
    assert_fails(file_write_atomic(folder, TEXT("content"), 0600, &err), &err, ERROR_IO);
    names = test_list_dir(*state);
    assert_string_equal(names[0], "taken");
    assert_null(names[1]);
    test_names_free(names);
}

static void test_file_read__says_what_is_missing(void **state)
{
    AUTO_FREE char *path = test_path(*state, "nowhere");
    AUTO_BUFFER struct buffer b;
    struct error err = {0};

    buffer_init(&b, 10);
    assert_fails(file_read(path, &b, &err), &err, ERROR_NOT_FOUND);
    assert_contains(err.message, "nowhere");
}

static void test_dir_create__makes_all_levels_and_takes_what_exists(void **state)
{
    AUTO_FREE char *path = test_path(*state, "a/b//c/");
    AUTO_FREE char *file = test_path(*state, "file");
    AUTO_FREE char *below = test_path(file, "d");
    struct error err = {0};
    struct stat st;

    assert_ok(dir_create(path, &err), &err);
    assert_ok(dir_create(path, &err), &err);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    test_write_file(file, TEXT(""));
    assert_fails(dir_create(below, &err), &err, ERROR_IO);
}

static void test_dir_remove__does_not_follow_links(void **state)
{
    AUTO_FREE char *kept = test_path(*state, "kept");
    AUTO_FREE char *kept_file = test_path(kept, "file");
    AUTO_FREE char *gone = test_path(*state, "gone");
    AUTO_FREE char *deep = test_path(gone, "x/y/z");
    AUTO_FREE char *link = test_path(deep, "link");
    AUTO_FREE char *root_link = test_path(*state, "root_link");
    struct error err = {0};

    assert_ok(dir_create(kept, &err), &err);
    assert_ok(dir_create(deep, &err), &err);
    test_write_file(kept_file, TEXT("still here"));
    assert_int_equal(symlink(kept, link), 0);
    assert_int_equal(symlink(kept, root_link), 0);
    assert_ok(dir_remove(gone, &err), &err);
    assert_int_equal(access(gone, F_OK), -1);
    assert_int_equal(access(kept_file, F_OK), 0);
    assert_int_equal(dir_remove(root_link, &err), -1);
    assert_int_equal(access(kept_file, F_OK), 0);
    assert_fails(dir_remove(gone, &err), &err, ERROR_NOT_FOUND);
}

static void test_dir_make_temporary__is_private(void **state)
{
    struct error err = {0};
    char *path = NULL;
    struct stat st;

    assert_int_equal(setenv("TMPDIR", *state, 1), 0);
    assert_ok(dir_make_temporary("job-", &path, &err), &err);
    assert_int_equal(unsetenv("TMPDIR"), 0);
    assert_contains(path, "/job-");
    assert_int_equal(strncmp(path, *state, strlen(*state)), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fd_close__sets_it_to_minus_one),
        cmocka_unit_test(test_fd_read_all__takes_a_full_buffer_and_no_more),
        cmocka_unit_test_setup_teardown(test_file_write_atomic__replaces_and_leaves_nothing_behind,
                                        test_dir_setup, test_dir_teardown),
        cmocka_unit_test_setup_teardown(test_file_write_atomic__leaves_nothing_behind_on_failure,
                                        test_dir_setup, test_dir_teardown),
        cmocka_unit_test_setup_teardown(test_file_read__says_what_is_missing, test_dir_setup,
                                        test_dir_teardown),
        cmocka_unit_test_setup_teardown(test_dir_create__makes_all_levels_and_takes_what_exists,
                                        test_dir_setup, test_dir_teardown),
        cmocka_unit_test_setup_teardown(test_dir_remove__does_not_follow_links, test_dir_setup,
                                        test_dir_teardown),
        cmocka_unit_test_setup_teardown(test_dir_make_temporary__is_private, test_dir_setup,
                                        test_dir_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
