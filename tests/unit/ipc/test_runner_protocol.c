/*
 * test_runner_protocol.c - the report against fixtures/runner_report, whose bytes an encoder of its
 * own wrote (make.py there).
 */
#include "support/test.h"

#include "onput/runner_protocol.h"

static struct text read_sample(const char *path)
{
    size_t len;
    AUTO_FREE char *name = xasprintf("runner_report/%s", path);
    char *bytes = test_read_fixture(name, &len);
    return (struct text){bytes, len};
}

static void check_both_ways(const char *path, const struct runner_report *report)
{
    AUTO_BUFFER struct buffer written;
    struct runner_report read = {0};
    struct error err = {0};
    struct text sample = read_sample(path);
    buffer_init(&written, RUNNER_REPORT_MAX_BYTES);
    runner_report_write(report, &written);
    assert_text_equal(buffer_text(&written), sample);
    assert_ok(runner_report_read(sample, &read, &err), &err);
    assert_int_equal(read.end, report->end);
    assert_int_equal(read.code, report->code);
    assert_int_equal(read.peak_bytes, report->peak_bytes);
    assert_string_equal(read.text, report->text);
    free((char *)(uintptr_t)sample.ptr);
}

static void test_runner_report__is_written_and_read_as_specified(void **state)
{
    static const struct {
        const char *path;
        struct runner_report report;
    } samples[] = {
        {"good/exited", {RUNNER_EXITED, 3, 12345678, ""}},
        {"good/signaled", {RUNNER_SIGNALED, 9, 12345678, ""}},
        {"good/no_exec", {RUNNER_NO_EXEC, 2, 0, ""}},
        {"good/no_start", {RUNNER_NO_START, 13, 0, "cannot join its control group"}},
        {"good/memory", {RUNNER_MEMORY, 0, 140000000, ""}},
        {"good/pids", {RUNNER_PIDS, 0, 12345678, ""}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(samples); i++)
        check_both_ways(samples[i].path, &samples[i].report);
}

static void test_runner_report__may_fill_its_text(void **state)
{
    struct runner_report report = {RUNNER_NO_START, 1, UINT64_MAX, ""};
    (void)state;
    memset(report.text, 'x', sizeof(report.text) - 1);
    check_both_ways("good/longest_text", &report);
}

static void test_runner_report_write__replaces_what_may_not_be_read(void **state)
{
    AUTO_BUFFER struct buffer written;
    struct runner_report report = {RUNNER_NO_START, 1, 0, "two\nlines"}, read = {0};
    struct error err = {0};
    (void)state;
    buffer_init(&written, RUNNER_REPORT_MAX_BYTES);
    runner_report_write(&report, &written);
    assert_ok(runner_report_read(buffer_text(&written), &read, &err), &err);
    assert_string_equal(read.text, "two?lines");
}

static void test_runner_report_read__refuses_what_is_wrong(void **state)
{
    AUTO_FREE char *dir = test_fixture("runner_report/bad");
    char **names = test_list_dir(dir);
    size_t count = 0;
    (void)state;
    for (; names[count] != NULL; count++) {
        AUTO_FREE char *path = xasprintf("bad/%s", names[count]);
        struct text sample = read_sample(path);
        struct runner_report report = {.peak_bytes = 4711};
        struct error err = {0};
        if (runner_report_read(sample, &report, &err) == 0)
            fail_msg("%s was taken", path);
        assert_int_equal(err.code, ERROR_PROTOCOL);
        assert_int_equal(report.peak_bytes, 4711);
        free((char *)(uintptr_t)sample.ptr);
    }
    assert_int_equal(count, 16);
    test_names_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runner_report__is_written_and_read_as_specified),
        cmocka_unit_test(test_runner_report__may_fill_its_text),
        cmocka_unit_test(test_runner_report_write__replaces_what_may_not_be_read),
        cmocka_unit_test(test_runner_report_read__refuses_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
