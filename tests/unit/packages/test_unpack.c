/*
 * Every archive of fixtures/packages goes through package_add(): the good ones give exactly the
 * files that they should, the bad ones an error and nothing else.
 */
#include "support/test.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onput/encoding.h"
#include "onput/package_store.h"

enum { LISTING_MAX = 1024 * 1024 };

struct one {
    struct package_store *store;
    char *directory;
    char *expected;
    char *archive;
    size_t len;
};

static void open_case(struct one *c, const char *dir, const char *kind, const char *name)
{
    AUTO_FREE char *archive = xasprintf("packages/%s/%s/archive.zip", kind, name);
    AUTO_FREE char *expected = xasprintf("packages/%s/%s/expected", kind, name);
    struct error err = {0};
    c->directory = test_path(dir, name);
    c->archive = test_read_fixture(archive, &c->len);
    c->expected = test_read_fixture(expected, NULL);
    assert_ok(package_store_open(c->directory, &c->store, &err), &err);
}

static void close_case(struct one *c)
{
    package_store_close(c->store);
    free(c->directory);
    free(c->archive);
    free(c->expected);
}

/* ---- what was unpacked ---- */

static void list_below(const char *root, const char *relative, struct buffer *out);

static void list_one(const char *root, const char *name, struct buffer *out)
{
    AUTO_FREE char *path = test_path(root, name);
    char target[4096] = "";
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    if (S_ISLNK(st.st_mode)) {
        assert_true(readlink(path, target, sizeof(target) - 1) > 0);
        buffer_appendf(out, "link %s %s\n", name, target);
    } else if (S_ISDIR(st.st_mode)) {
        buffer_appendf(out, "%o %s\n", st.st_mode & 07777, name);
        list_below(root, name, out);
    } else {
        assert_true(S_ISREG(st.st_mode));
        buffer_appendf(out, "%o %s %lld\n", st.st_mode & 07777, name, (long long)st.st_size);
    }
}

static void list_below(const char *root, const char *relative, struct buffer *out)
{
    AUTO_FREE char *path = test_path(root, relative);
    char **names = test_list_dir(path);
    for (size_t i = 0; names[i] != NULL; i++) {
        AUTO_FREE char *name =
            relative[0] != '\0' ? test_path(relative, names[i]) : xstrdup(names[i]);
        list_one(root, name, out);
    }
    test_names_free(names);
}

static void check_good(const char *dir, const char *name)
{
    struct one c;
    struct package package;
    struct error err = {0};
    AUTO_BUFFER struct buffer listing = {0};
    open_case(&c, dir, "good", name);
    if (package_add(c.store, (struct text){c.archive, c.len}, &package, &err) != 0)
        fail_msg("%s: %s", name, err.message);
    AUTO_FREE char *path = package_path(c.directory, package.sha256);
    buffer_init(&listing, LISTING_MAX);
    list_below(path, "", &listing);
    if (strcmp(listing.data, c.expected) != 0)
        fail_msg("%s:\n%sinstead of\n%s", name, listing.data, c.expected);
    close_case(&c);
}

static void check_bad(const char *dir, const char *name)
{
    struct one c;
    struct package package = {.size = -1};
    struct error err = {0};
    open_case(&c, dir, "bad", name);
    int result = package_add(c.store, (struct text){c.archive, c.len}, &package, &err);
    if (result == 0)
        fail_msg("%s was taken", name);
    AUTO_FREE char *actual = xasprintf("%s: %s", error_code_name(err.code), err.message);
    c.expected[strcspn(c.expected, "\n")] = '\0';
    if (strncmp(actual, c.expected, strcspn(c.expected, ":")) != 0 ||
        strstr(actual, strchr(c.expected, ' ') + 1) == NULL)
        fail_msg("%s: \"%s\" instead of \"%s\"", name, actual, c.expected);
    assert_int_equal(package.size, -1);
    char **left = test_list_dir(c.directory);
    if (left[0] != NULL)
        fail_msg("%s left %s", name, left[0]);
    test_names_free(left);
    close_case(&c);
}

static void for_each(const char *dir, const char *kind, size_t at_least,
                     void (*check)(const char *dir, const char *name))
{
    AUTO_FREE char *fixtures = test_fixture("packages");
    AUTO_FREE char *folder = test_path(fixtures, kind);
    char **names = test_list_dir(folder);
    size_t count = 0;
    for (; names[count] != NULL; count++)
        check(dir, names[count]);
    test_names_free(names);
    assert_true(count >= at_least);
}

static void test_package_add__unpacks_every_good_package(void **state)
{
    for_each(*state, "good", 20, check_good);
}

static void test_package_add__refuses_every_bad_package_and_leaves_nothing(void **state)
{
    for_each(*state, "bad", 40, check_bad);
}

/* The caller's umask must not take from others what they need. */
static void test_package_add__sets_modes_under_any_umask(void **state)
{
    mode_t before = umask(0077);
    check_good(*state, "function");
    check_good(*state, "modes");
    umask(before);
}

static void test_package_add__writes_nothing_outside_through_links(void **state)
{
    AUTO_FREE char *secret = test_path(*state, "secret");
    test_write_file(secret, TEXT("untouched"));
    for (size_t i = 0; i < 3; i++) {
        static const char *const names[] = {"link_out", "link_as_folder",
                                            "link_out_through_a_link"};
        check_bad(*state, names[i]);
    }
    AUTO_FREE char *content = test_read_file(secret, NULL);
    assert_string_equal(content, "untouched");
}

/* ---- archives too large for a fixture ---- */

static void put(struct buffer *b, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buffer_append_char(b, i < 8 ? (char)(value >> 8 * i) : 0);
}

/* `count` members without a byte, all of one place. */
static void write_members(struct buffer *b, unsigned count)
{
    static const char local[31] = "PK\3\4\24";
    buffer_append(b, local, 26);
    put(b, 1, 2);
    put(b, 0, 2);
    buffer_append_char(b, 'm');
    size_t start = b->len;
    for (unsigned i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%u", i);
        buffer_append_string(b, "PK\1\2");
        put(b, 0x031400140000, 8);
        put(b, 0, 8);
        put(b, 0, 8);
        put(b, strlen(name), 2);
        put(b, 0, 12);
        put(b, 0, 4);
        buffer_append_string(b, name);
    }
    size_t end = b->len;
    buffer_append_string(b, "PK\5\6");
    put(b, 0, 4);
    put(b, count, 2);
    put(b, count, 2);
    put(b, end - start, 4);
    put(b, start, 4);
    put(b, 0, 2);
}

static int check_members(unsigned count, struct error *err)
{
    AUTO_BUFFER struct buffer b = {0};
    struct package package;
    buffer_init(&b, 32 * 1024 * 1024);
    write_members(&b, count);
    return package_check(buffer_text(&b), &package, err);
}

static void test_package_check__counts_members(void **state)
{
    struct error err = {0};
    (void)state;
    assert_ok(check_members(50000, &err), &err);
    assert_fails(check_members(50001, &err), &err, ERROR_UNSUPPORTED);
    assert_string_equal(err.message, "it has more than 50000 members");
    error_clear(&err);
    /* Counted modulo 65536, as some packers do it. */
    assert_fails(check_members(65536 + 10, &err), &err, ERROR_UNSUPPORTED);
    assert_fails(check_members(300000, &err), &err, ERROR_UNSUPPORTED);
}

static void test_package_check__finds_what_package_add_finds(void **state)
{
    size_t len;
    AUTO_FREE char *zip = test_read_fixture("packages/good/function/archive.zip", &len);
    AUTO_FREE char *directory = test_path(*state, "packages");
    struct package checked, added;
    struct package_store *store = NULL;
    struct error err = {0};
    assert_ok(package_store_open(directory, &store, &err), &err);
    assert_ok(package_check((struct text){zip, len}, &checked, &err), &err);
    assert_false(package_exists(store, checked.sha256));
    assert_ok(package_add(store, (struct text){zip, len}, &added, &err), &err);
    assert_memory_equal(checked.sha256, added.sha256, SHA256_BYTES);
    assert_int_equal(checked.size, added.size);
    assert_int_equal(checked.size, len);
    package_store_close(store);
}

static void test_package_add__refuses_too_many_bytes_before_it_looks_at_them(void **state)
{
    AUTO_FREE char *directory = test_path(*state, "packages");
    size_t len = PACKAGE_MAX_BYTES + 1;
    AUTO_FREE char *zeros = xcalloc(len, 1);
    struct package_store *store = NULL;
    struct package package;
    struct error err = {0};
    assert_ok(package_store_open(directory, &store, &err), &err);
    assert_fails(package_add(store, (struct text){zeros, len}, &package, &err), &err, ERROR_LIMIT);
    assert_string_equal(err.message, "Zipped size must be smaller than 52428800 bytes");
    package_store_close(store);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_package_add__unpacks_every_good_package),
        TEST(test_package_add__refuses_every_bad_package_and_leaves_nothing),
        TEST(test_package_add__sets_modes_under_any_umask),
        TEST(test_package_add__writes_nothing_outside_through_links),
        TEST(test_package_check__counts_members),
        TEST(test_package_check__finds_what_package_add_finds),
        TEST(test_package_add__refuses_too_many_bytes_before_it_looks_at_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
