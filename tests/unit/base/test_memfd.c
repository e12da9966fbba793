/*
 * test_memfd.c - tests of the memory files of onput/fd.h.
 */
#include "support/test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "onput/fd.h"

static void test_memfd_create_fixed__cannot_change_its_size(void **state UNUSED)
{
    AUTO_MEMFD struct memfd m = MEMFD_NONE;
    struct error err = {0};

    assert_ok(memfd_create_fixed("picture", 10000, &m, &err), &err);
    assert_int_equal(m.capacity, 10000);
    assert_int_equal(m.len, 0);
    assert_int_equal(fcntl(m.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(lseek(m.fd, 0, SEEK_END), 10000);
    assert_int_equal(ftruncate(m.fd, 20000), -1);
    assert_int_equal(ftruncate(m.fd, 10), -1);
    m.map[9999] = 7;
}

static void test_memfd_seal__ends_all_writing(void **state UNUSED)
{
    AUTO_MEMFD struct memfd m = MEMFD_NONE;
    struct error err = {0};
    char read_back[5] = {0};

    assert_ok(memfd_create_fixed("picture", 4096, &m, &err), &err);
    memcpy(m.map, "image", 5);
    m.len = 5;
    assert_ok(memfd_seal(&m, &err), &err);
    assert_null(m.map);
    assert_int_equal(pread(m.fd, read_back, 5, 0), 5);
    assert_memory_equal(read_back, "image", 5);
    assert_int_equal(pwrite(m.fd, "x", 1, 0), -1);
    assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, m.fd, 0), MAP_FAILED);
}

static void test_memfd_seal__fails_while_somebody_can_write(void **state UNUSED)
{
    AUTO_MEMFD struct memfd m = MEMFD_NONE;
    struct error err = {0};
    void *second;

    assert_ok(memfd_create_fixed("picture", 4096, &m, &err), &err);
    second = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, m.fd, 0);
    assert_ptr_not_equal(second, MAP_FAILED);
    assert_fails(memfd_seal(&m, &err), &err, ERROR_IO);
    assert_int_equal(munmap(second, 4096), 0);
    assert_ok(memfd_seal(&m, &err), &err);
}

static void test_memfd_create_fixed__refuses_impossible_sizes(void **state UNUSED)
{
    struct memfd m = MEMFD_NONE;
    struct error err = {0};

    assert_fails(memfd_create_fixed("picture", 0, &m, &err), &err, ERROR_INVALID);
    assert_fails(memfd_create_fixed("picture", SIZE_MAX, &m, &err), &err, ERROR_INVALID);
    assert_int_equal(m.fd, -1);
    memfd_release(&m);
    memfd_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memfd_create_fixed__cannot_change_its_size),
        cmocka_unit_test(test_memfd_seal__ends_all_writing),
        cmocka_unit_test(test_memfd_seal__fails_while_somebody_can_write),
        cmocka_unit_test(test_memfd_create_fixed__refuses_impossible_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
