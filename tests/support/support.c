/*
 * support.c - see tests/support/test.h. Helpers that every unit test shares.
 */
#include "support/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "onput/fd.h"

enum { FILE_MAX_BYTES = 64 * 1024 * 1024 };

void test_check_ok(int result, const struct error *err, const char *call, const char *file,
                   int line)
{
    if (result == 0)
        return;
    print_error("%s\n  returned %d: %s (%s)\n", call, result, err->message,
                error_code_name(err->code));
    _fail(file, line);
}

void test_check_fails(int result, const struct error *err, enum error_code code, const char *call,
                      const char *file, int line)
{
    if (result == -1 && err->code == code && err->message[0] != '\0')
        return;
    print_error("%s\n  returned %d with code %s, not -1 with %s; message: %s\n", call, result,
                error_code_name(err->code), error_code_name(code), err->message);
    _fail(file, line);
}

void test_check_text(struct text actual, struct text expected, const char *file, int line)
{
    if (text_equal(actual, expected))
        return;
    print_error("got      (%zu bytes): %.*s\nexpected (%zu bytes): %.*s\n", actual.len,
                TEXT_ARGS(actual), expected.len, TEXT_ARGS(expected));
    _fail(file, line);
}

void test_check_contains(const char *string, const char *part, const char *file, int line)
{
    if (string != NULL && strstr(string, part) != NULL)
        return;
    print_error("\"%s\"\n  does not hold \"%s\"\n", string == NULL ? "(null)" : string, part);
    _fail(file, line);
}

int test_dir_setup(void **state)
{
    struct error err = {0};
    char *path;

    if (dir_make_temporary("onput-test-", &path, &err) != 0) {
        print_error("%s\n", err.message);
        return -1;
    }
    *state = path;
    return 0;
}

int test_dir_teardown(void **state)
{
    struct error err = {0};
    int result = dir_remove(*state, &err);

    if (result != 0)
        print_error("%s\n", err.message);
    free(*state);
    *state = NULL;
    return result;
}

char *test_path(const char *dir, const char *name)
{
    return xasprintf("%s/%s", dir, name);
}

bool test_is_open_to(unsigned user, const char *path)
{
    if (geteuid() != 0)
        return false;
    int own_group = setfsgid(user), own_user = setfsuid(user);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    setfsuid((uid_t)own_user);
    setfsgid((gid_t)own_group);
    return fd >= 0;
}

char *test_read_file(const char *path, size_t *out_len_or_null)
{
    struct error err = {0};
    struct buffer content;

    buffer_init(&content, FILE_MAX_BYTES);
    assert_ok(file_read(path, &content, &err), &err);
    return buffer_take(&content, out_len_or_null);
}

char *test_read_below(const char *dir, const char *name, size_t *out_len_or_null)
{
    AUTO_FREE char *path = test_path(dir, name);

    return test_read_file(path, out_len_or_null);
}

void test_write_file(const char *path, struct text content)
{
    struct error err = {0};

    assert_ok(file_write_atomic(path, content, 0600, &err), &err);
}

static int is_no_dot(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

char **test_list_dir(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_no_dot, alphasort);
    char **names;

    if (count < 0)
        fail_msg("cannot list %s", path);
    names = xcalloc((size_t)count + 1, sizeof(*names));
    for (int i = 0; i < count; i++) {
        names[i] = xstrdup(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return names;
}

void test_names_free(char **names)
{
    for (size_t i = 0; names[i] != NULL; i++)
        free(names[i]);
    free(names);
}
