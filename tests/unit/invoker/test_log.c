/*
 * test_log.c - the log of one invocation, line by line.
 */
#include "unit/functions/catalog_fixture.h"

#include "onput/invoker.h"

static const char id[] = "6f9a3c1e-5b3f-4c55-9d57-1f2f3a4b5c6d";

struct rig {
    struct catalog *catalog;
    struct invoker_call call;
    struct outcome outcome;
    struct buffer log;
};

static int setup(void **state)
{
    struct catalog_parts parts = {.functions = "  f: {builtin: echo, timeout: 1500ms}\n"};
    struct rig *r = xcalloc(1, sizeof(*r));
    r->catalog = catalog_of(&parts);
    r->call.function = catalog_function(r->catalog, TEXT("f"));
    r->call.duration_us = 1230;
    r->outcome = outcome_none();
    r->call.ended_ms = 1712610982123;
    memcpy(r->call.invocation.request_id, id, sizeof(id));
    buffer_init(&r->log, 16 * 1024);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;
    catalog_unref(r->catalog);
    buffer_release(&r->log);
    free(r);
    return 0;
}

/* What the process uses is different every time: its digits become N. */
static void write_log(struct rig *r, size_t max_bytes)
{
    invoker_write_log(&r->call, &r->outcome, max_bytes, &r->log);
    char *used = strstr(r->log.data, "Memory Used: ");
    assert_non_null(used);
    used += strlen("Memory Used: ");
    size_t digits = strspn(used, "0123456789");
    assert_true(digits > 0 && *used != '0');
    memmove(used + 1, used + digits, strlen(used + digits) + 1);
    *used = 'N';
    r->log.len -= digits - 1;
}

#define START "START RequestId: 6f9a3c1e-5b3f-4c55-9d57-1f2f3a4b5c6d Version: $LATEST\n"
#define END   "END RequestId: 6f9a3c1e-5b3f-4c55-9d57-1f2f3a4b5c6d\n"
#define REPORT                                                                                     \
    "REPORT RequestId: 6f9a3c1e-5b3f-4c55-9d57-1f2f3a4b5c6d\tDuration: 1.23 ms\t"                  \
    "Billed Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: N MB\t"

static void test_write_log__has_start_end_and_report(void **state)
{
    struct rig *r = *state;
    write_log(r, 4096);
    assert_string_equal(r->log.data, START END REPORT "\n");
}

static void test_write_log__has_the_functions_lines_between(void **state)
{
    struct rig *r = *state;
    r->outcome.log = TEXT("one\ntwo");
    write_log(r, 4096);
    assert_string_equal(r->log.data, START "one\ntwo\n" END REPORT "\n");
}

static void test_write_log__names_the_type_of_an_error(void **state)
{
    struct rig *r = *state;
    r->outcome.status = OUTCOME_FAILED;
    r->outcome.result = TEXT("{\"errorMessage\":\"m\",\"errorType\":\"Bad\\nType\"}");
    write_log(r, 4096);
    assert_string_equal(r->log.data, START END REPORT "Status: error\tError Type: Bad Type\n");
}

static void test_write_log__tells_about_a_process(void **state)
{
    struct rig *r = *state;
    r->outcome.init_us = 99127;
    r->outcome.memory_bytes = 33 * 1024 * 1024 + 1;
    invoker_write_log(&r->call, &r->outcome, 4096, &r->log);
    assert_contains(r->log.data,
                    "\tMemory Size: 128 MB\tMax Memory Used: 34 MB\tInit Duration: 99.12 ms\t\n");
    buffer_reset(&r->log);
    r->outcome.init_us = -1; /* its process was there already */
    r->outcome.status = OUTCOME_FAILED;
    r->outcome.result = TEXT("{\"errorMessage\":\"m\",\"errorType\":\"Runtime.ExitError\"}");
    invoker_write_log(&r->call, &r->outcome, 4096, &r->log);
    assert_contains(r->log.data, "\tMax Memory Used: 34 MB\tStatus: error\tError Type: "
                                 "Runtime.ExitError\n");
}

static void test_write_log__says_that_time_was_up(void **state)
{
    struct rig *r = *state;
    struct error err = {0};
    r->outcome.status = OUTCOME_FAILED;
    assert_int_equal(error_set(&err, ERROR_TIMEOUT, "too late"), -1);
    r->outcome.error = err;
    write_log(r, 4096);
    assert_string_equal(r->log.data,
                        START "2024-04-08T21:16:22.123Z 6f9a3c1e-5b3f-4c55-9d57-1f2f3a4b5c6d Task "
                              "timed out after 1.50 seconds\n\n" END REPORT "Status: timeout\n");
}

static void test_write_log__keeps_the_last_bytes(void **state)
{
    struct rig *r = *state;
    char lines[9000];
    memset(lines, 'x', sizeof(lines));
    r->outcome.log = (struct text){lines, sizeof(lines)};
    invoker_write_log(&r->call, &r->outcome, 4096, &r->log);
    assert_int_equal(r->log.len, 4096);
    assert_int_equal(r->log.data[0], 'x');
    assert_contains(r->log.data, "x\n" END "REPORT RequestId: ");
    assert_int_equal(r->log.data[r->log.len - 1], '\n');
}

static void test_write_log__cuts_a_first_line_too(void **state)
{
    struct rig *r = *state;
    AUTO_BUFFER struct buffer whole;
    buffer_init(&whole, 4096);
    r->outcome.memory_bytes = 1; /* what this process uses may grow meanwhile */
    invoker_write_log(&r->call, &r->outcome, 4096, &whole);
    invoker_write_log(&r->call, &r->outcome, whole.len - 6, &r->log);
    assert_text_equal(buffer_text(&r->log), text_slice(buffer_text(&whole), 6, whole.len));
}

static void test_write_log__begins_with_a_whole_character(void **state)
{
    struct rig *r = *state;
    char lines[9000];
    for (size_t i = 0; i < sizeof(lines); i++)
        lines[i] = "\xE2\x82\xAC"[i % 3];
    r->outcome.log = (struct text){lines, sizeof(lines)};
    for (size_t max = 4094; max <= 4096; max++) {
        buffer_reset(&r->log);
        invoker_write_log(&r->call, &r->outcome, max, &r->log);
        assert_in_range(r->log.len, max - 2, max);
        assert_true(text_is_utf8(buffer_text(&r->log)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_write_log__has_start_end_and_report, setup, teardown),
        cmocka_unit_test_setup_teardown(test_write_log__has_the_functions_lines_between, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_write_log__names_the_type_of_an_error, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_write_log__tells_about_a_process, setup, teardown),
        cmocka_unit_test_setup_teardown(test_write_log__says_that_time_was_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_write_log__keeps_the_last_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_write_log__cuts_a_first_line_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_write_log__begins_with_a_whole_character, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
