#include "support/test.h"

#include "zip_size.h"

static void check_case(const char *name)
{
    AUTO_FREE char *dir = test_fixture("zip");
    AUTO_FREE char *folder = test_path(dir, name);
    AUTO_FREE char *archive_path = test_path(folder, "archive.zip");
    AUTO_FREE char *expected_path = test_path(folder, "expected");
    size_t len;
    AUTO_FREE char *archive = test_read_file(archive_path, &len);
    AUTO_FREE char *expected = test_read_file(expected_path, NULL);
    struct error err = {0};
    uint64_t size;
    char actual[ERROR_MESSAGE_BYTES + 1];
    if (zip_unpacked_bytes((struct text){archive, len}, &size, &err) == 0)
        snprintf(actual, sizeof(actual), "%llu\n", (unsigned long long)size);
    else
        snprintf(actual, sizeof(actual), "%s\n", err.message);
    if (strcmp(actual, expected) != 0)
        fail_msg("%s: %s instead of %s", name, actual, expected);
}

static void test_zip_unpacked_bytes__is_as_every_fixture_says(void **state)
{
    (void)state;
    AUTO_FREE char *dir = test_fixture("zip");
    char **names = test_list_dir(dir);
    size_t cases = 0;
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], "make.py") == 0)
            continue;
        check_case(names[i]);
        cases++;
    }
    test_names_free(names);
    assert_true(cases >= 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zip_unpacked_bytes__is_as_every_fixture_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
