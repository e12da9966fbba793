#include "support/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "onput/encoding.h"
#include "onput/fd.h"
#include "onput/package_store.h"

struct rig {
    struct package_store *store;
    char *directory;
    char *zip;
    size_t len;
};

static struct package_store *open_store(const char *directory)
{
    struct package_store *store = NULL;
    struct error err = {0};
    assert_ok(package_store_open(directory, &store, &err), &err);
    return store;
}

static void rig_open(struct rig *r, const char *dir)
{
    r->directory = test_path(dir, "state/packages");
    r->zip = test_read_fixture("packages/good/function/archive.zip", &r->len);
    r->store = open_store(r->directory);
}

static void rig_close(struct rig *r)
{
    package_store_close(r->store);
    free(r->directory);
    free(r->zip);
}

static struct package add(struct rig *r)
{
    struct package package;
    struct error err = {0};
    assert_ok(package_add(r->store, (struct text){r->zip, r->len}, &package, &err), &err);
    return package;
}

static struct package add_fixture(struct rig *r, const char *name)
{
    AUTO_FREE char *path = xasprintf("packages/good/%s/archive.zip", name);
    free(r->zip);
    r->zip = test_read_fixture(path, &r->len);
    return add(r);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

static size_t count_names(const char *directory)
{
    char **names = test_list_dir(directory);
    size_t count = 0;
    while (names[count] != NULL)
        count++;
    test_names_free(names);
    return count;
}

static void test_store__lets_everybody_through_to_the_files(void **state)
{
    struct rig r;
    mode_t before = umask(0077);
    rig_open(&r, *state);
    struct package package = add(&r);
    AUTO_FREE char *path = package_path(r.directory, package.sha256);
    umask(before);
    assert_int_equal(mode_of(r.directory), 0711);
    assert_int_equal(mode_of(path), 0755);
    rig_close(&r);
}

static void test_package_path__is_the_hash(void **state)
{
    uint8_t hash[SHA256_BYTES] = {0x01, 0xab};
    (void)state;
    AUTO_FREE char *path = package_path("/var/lib/onput/packages", hash);
    assert_string_equal(path, "/var/lib/onput/packages/"
                              "01ab000000000000000000000000000000000000000000000000000000000000");
}

static void test_package_add__keeps_one_of_the_same(void **state)
{
    struct rig r;
    uint8_t hash[SHA256_BYTES];
    rig_open(&r, *state);
    sha256(r.zip, r.len, hash);
    assert_false(package_exists(r.store, hash));
    struct package first = add(&r);
    assert_memory_equal(first.sha256, hash, SHA256_BYTES);
    assert_int_equal(first.size, r.len);
    assert_true(package_exists(r.store, hash));
    AUTO_FREE char *path = package_path(r.directory, hash);
    AUTO_FREE char *file = test_path(path, "bootstrap");
    struct stat before, after;
    assert_int_equal(stat(file, &before), 0);
    add(&r);
    assert_int_equal(stat(file, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(count_names(r.directory), 2);
    rig_close(&r);
}

static void test_package_open__gives_it_as_it_came(void **state)
{
    struct rig r;
    struct error err = {0};
    AUTO_CLOSE int fd = -1;
    int64_t size = 0;
    AUTO_BUFFER struct buffer bytes = {0};
    rig_open(&r, *state);
    struct package package = add(&r);
    assert_ok(package_open(r.store, package.sha256, &fd, &size, &err), &err);
    assert_int_equal(size, r.len);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    buffer_init(&bytes, 1024 * 1024);
    assert_ok(fd_read_all(fd, &bytes, &err), &err);
    assert_text_equal(buffer_text(&bytes), ((struct text){r.zip, r.len}));
    rig_close(&r);
}

static void test_package_open__does_not_find_another_one(void **state)
{
    struct rig r;
    struct error err = {0};
    uint8_t hash[SHA256_BYTES] = {1};
    int64_t size = -1;
    int fd = -1;
    rig_open(&r, *state);
    add(&r);
    assert_fails(package_open(r.store, hash, &fd, &size, &err), &err, ERROR_NOT_FOUND);
    assert_int_equal(fd, -1);
    assert_int_equal(size, -1);
    rig_close(&r);
}

static void make_leftover(const char *directory, const char *name, bool is_folder)
{
    AUTO_FREE char *path = test_path(directory, name);
    struct error err = {0};
    if (is_folder)
        assert_ok(dir_create(path, &err), &err);
    else
        test_write_file(path, TEXT("half"));
}

#define HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_store__removes_what_was_interrupted(void **state)
{
    struct rig r;
    rig_open(&r, *state);
    struct package package = add(&r);
    make_leftover(r.directory, "new-1/lib", true);
    make_leftover(r.directory, "new-1.zip", false);
    make_leftover(r.directory, "old-" HEX, true);
    make_leftover(r.directory, HEX ".zip", false); /* its folder comes last and goes first */
    make_leftover(r.directory, "README", false);
    package_store_close(r.store);
    r.store = open_store(r.directory);
    assert_true(package_exists(r.store, package.sha256));
    assert_int_equal(count_names(r.directory), 3);
    rig_close(&r);
}

static void test_package_add__replaces_an_archive_without_its_folder(void **state)
{
    struct rig r;
    rig_open(&r, *state);
    struct package package = add(&r);
    AUTO_FREE char *path = package_path(r.directory, package.sha256);
    struct error err = {0};
    assert_ok(dir_remove(path, &err), &err);
    assert_false(package_exists(r.store, package.sha256));
    add(&r);
    assert_true(package_exists(r.store, package.sha256));
    rig_close(&r);
}

/* ---- sweep ---- */

static bool is_that_one(void *ctx, const uint8_t sha256[SHA256_BYTES])
{
    return memcmp(ctx, sha256, SHA256_BYTES) == 0;
}

static void test_sweep__removes_what_is_not_used(void **state)
{
    struct rig r;
    rig_open(&r, *state);
    struct package gone = add(&r);
    struct package kept = add_fixture(&r, "links");
    package_store_sweep(r.store, is_that_one, kept.sha256);
    assert_false(package_exists(r.store, gone.sha256));
    assert_true(package_exists(r.store, kept.sha256));
    assert_int_equal(count_names(r.directory), 2);
    struct error err = {0};
    int64_t size;
    int fd;
    assert_fails(package_open(r.store, gone.sha256, &fd, &size, &err), &err, ERROR_NOT_FOUND);
    rig_close(&r);
}

/* Whoever works in a folder that is swept keeps what is open. */
static void test_sweep__takes_no_open_file_away(void **state)
{
    struct rig r;
    uint8_t other[SHA256_BYTES] = {0};
    rig_open(&r, *state);
    struct package package = add(&r);
    AUTO_FREE char *path = package_path(r.directory, package.sha256);
    AUTO_FREE char *file = test_path(path, "bootstrap");
    AUTO_CLOSE int fd = open(file, O_RDONLY | O_CLOEXEC);
    char bytes[2] = "";
    package_store_sweep(r.store, is_that_one, other);
    assert_int_equal(read(fd, bytes, 2), 2);
    assert_memory_equal(bytes, "#!", 2);
    rig_close(&r);
}

/* ---- several at once ---- */

enum { THREADS = 4 };

static void *add_often(void *arg)
{
    struct rig *r = arg;
    static atomic_int failures;
    for (int i = 0; i < 5; i++) {
        struct package package;
        struct error err = {0};
        if (package_add(r->store, (struct text){r->zip, r->len}, &package, &err) != 0)
            atomic_fetch_add(&failures, 1);
    }
    return &failures;
}

static void test_package_add__may_run_in_several_threads(void **state)
{
    struct rig r;
    pthread_t threads[THREADS];
    rig_open(&r, *state);
    /* libzip asks mktime(), whose lock ThreadSanitizer does not see: then it is only read. */
    setenv("TZ", "UTC", 1);
    tzset();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_often, &r), 0);
    for (int i = 0; i < THREADS; i++) {
        void *failures;
        pthread_join(threads[i], &failures);
        assert_int_equal(atomic_load((atomic_int *)failures), 0);
    }
    assert_int_equal(count_names(r.directory), 2);
    rig_close(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_store__lets_everybody_through_to_the_files),
        TEST(test_package_path__is_the_hash),
        TEST(test_package_add__keeps_one_of_the_same),
        TEST(test_package_open__gives_it_as_it_came),
        TEST(test_package_open__does_not_find_another_one),
        TEST(test_store__removes_what_was_interrupted),
        TEST(test_package_add__replaces_an_archive_without_its_folder),
        TEST(test_sweep__removes_what_is_not_used),
        TEST(test_sweep__takes_no_open_file_away),
        TEST(test_package_add__may_run_in_several_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
