/*
 * test.h - what every unit test includes first: cmocka with the headers that it wants before it,
 * and a few helpers. All helpers end the running test when they fail; call them from its own thread
 * only.
 *
 *   static void test_json_parse__refuses_a_trailing_comma(void **state) { ... }
 *
 *   int main(void)
 *   {
 *       const struct CMUnitTest tests[] = {
 *           cmocka_unit_test(test_json_parse__refuses_a_trailing_comma),
 *           cmocka_unit_test_setup_teardown(test_db__..., test_dir_setup, test_dir_teardown),
 *       };
 *       return cmocka_run_group_tests(tests, NULL, NULL);
 *   }
 *
 * With test_dir_setup, *state is the path (const char *) of an empty folder of this test alone.
 */
#ifndef ONPUT_TESTS_SUPPORT_TEST_H
#define ONPUT_TESTS_SUPPORT_TEST_H

/* cmocka.h needs these four before it, in any order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onput/attributes.h"
#include "onput/buffer.h"
#include "onput/error.h"
#include "onput/memory.h"
#include "onput/text.h"

/* The call must return 0; otherwise the test fails with the message of `err`. */
#define assert_ok(call, err) test_check_ok((call), (err), #call, __FILE__, __LINE__)
/* The call must return -1 with this code and a message. */
#define assert_fails(call, err, code)                                                              \
    test_check_fails((call), (err), (code), #call, __FILE__, __LINE__)
/* Bytes of a struct text against a string; prints both when they differ. */
#define assert_text(actual, s)          test_check_text((actual), text_of(s), __FILE__, __LINE__)
#define assert_text_equal(actual, text) test_check_text((actual), (text), __FILE__, __LINE__)
/* `string` must hold `part`; both are NUL-terminated. */
#define assert_contains(string, part) test_check_contains((string), (part), __FILE__, __LINE__)

void test_check_ok(int result, const struct error *err, const char *call, const char *file,
                   int line);
void test_check_fails(int result, const struct error *err, enum error_code code, const char *call,
                      const char *file, int line);
void test_check_text(struct text actual, struct text expected, const char *file, int line);
void test_check_contains(const char *string, const char *part, const char *file, int line);

/* Setup and teardown of cmocka; the folder is removed with everything in it. */
int test_dir_setup(void **state);
int test_dir_teardown(void **state);

/* "<dir>/<name>"; the caller frees it. */
char *test_path(const char *dir, const char *name);
/* The path of a file below fixtures/; the caller frees it. */
#define test_fixture(name) test_path(ONPUT_FIXTURES, (name))

/* As root: can that user open the file? Not when it lies below a folder that is shut, such as
 * root's own. False for others than root, who cannot become anybody. */
bool test_is_open_to(unsigned user, const char *path);

/* The whole file as a NUL-terminated string; the caller frees it. At most 64 MiB. */
char *test_read_file(const char *path, size_t *out_len_or_null);
#define test_read_fixture(name, out_len) test_read_below(ONPUT_FIXTURES, (name), (out_len))
char *test_read_below(const char *dir, const char *name, size_t *out_len_or_null);
void test_write_file(const char *path, struct text content);
/* Sorted names in a folder without "." and "..", ended by NULL; free with test_names_free(). */
char **test_list_dir(const char *path);
void test_names_free(char **names);

#endif
