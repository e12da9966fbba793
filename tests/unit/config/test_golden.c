/*
 * test_golden.c - every folder of fixtures/config is one file to load: onput.yaml, and if there,
 * environment and flags (one per line). Either expected.yaml is what config_print() writes, or
 * expected_error.txt the message. ONPUT_WRITE_EXPECTED=1 writes what comes out instead of
 * comparing.
 */
#include "support/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "onput/config.h"

enum { PRINTED_MAX_BYTES = 1024 * 1024, LINES_MAX = 64 };

/* Lines of a file in the current folder, ended by NULL; none when there is no such file. */
static char **read_lines(const char *name)
{
    char **lines = xcalloc(LINES_MAX + 1, sizeof(*lines));
    AUTO_FREE char *content = NULL;
    struct text rest;
    size_t count = 0;

    if (access(name, R_OK) != 0)
        return lines;
    content = test_read_file(name, NULL);
    rest = text_of(content);
    while (rest.len > 0 && count < LINES_MAX)
        lines[count++] = xmemdup_text(text_cut(&rest, '\n'));
    return lines;
}

/* Prints it into *out and returns true, or the message and returns false. */
static bool load(const struct config_source *source, struct buffer *out)
{
    struct config *config = NULL;
    struct error err = {0};

    if (config_load(source, &config, &err) != 0) {
        assert_null(config);
        buffer_appendf(out, "%s\n", err.message);
        return false;
    }
    config_print(config, out);
    assert_false(buffer_failed(out));
    config_free(config);
    return true;
}

/* Without what stands behind "  # ". */
static void append_without_origins(struct buffer *out, struct text printed)
{
    while (printed.len > 0) {
        struct text line = text_cut(&printed, '\n');
        size_t end = line.len;

        for (size_t i = 0; i + 4 <= line.len; i++)
            if (text_starts_with(text_slice(line, i, line.len), TEXT("  # ")))
                end = i;
        buffer_append_text(out, text_slice(line, 0, end));
        buffer_append_char(out, '\n');
    }
}

/* What is printed can be loaded and prints the same, unless a secret is hidden in it. */
static void check_reads_again(struct text printed)
{
    struct config_source nothing = {0};
    struct config *config = NULL;
    struct error err = {0};
    AUTO_BUFFER struct buffer again = {0};
    AUTO_BUFFER struct buffer first = {0};
    AUTO_BUFFER struct buffer second = {0};

    if (strstr(printed.ptr, "\"***\"") != NULL)
        return;
    buffer_init(&again, PRINTED_MAX_BYTES);
    buffer_init(&first, PRINTED_MAX_BYTES);
    buffer_init(&second, PRINTED_MAX_BYTES);
    assert_ok(config_load_text(printed, "printed", &nothing, &config, &err), &err);
    config_print(config, &again);
    config_free(config);
    append_without_origins(&first, printed);
    append_without_origins(&second, buffer_text(&again));
    assert_text_equal(buffer_text(&second), buffer_text(&first));
}

static bool compare(const char *expected_name, const char *other_name, struct text actual)
{
    AUTO_FREE char *expected = NULL;

    if (getenv("ONPUT_WRITE_EXPECTED") != NULL) {
        test_write_file(expected_name, actual);
        unlink(other_name);
        return true;
    }
    if (access(expected_name, R_OK) == 0) {
        expected = test_read_file(expected_name, NULL);
        if (text_equal(text_of(expected), actual))
            return true;
    }
    print_error("%s says\n%s\nbut this came out:\n%.*s\n", expected_name,
                expected == NULL ? "nothing" : expected, TEXT_ARGS(actual));
    return false;
}

static bool run_case(void)
{
    char **environment = read_lines("environment");
    char **flags = read_lines("flags");
    struct config_source source = {
        .path = access("onput.yaml", F_OK) == 0 ? "onput.yaml" : NULL,
        .environment = (const char *const *)environment,
        .flags = (const char *const *)flags,
    };
    AUTO_BUFFER struct buffer out = {0};
    bool is_right;

    buffer_init(&out, PRINTED_MAX_BYTES);
    if (load(&source, &out)) {
        is_right = compare("expected.yaml", "expected_error.txt", buffer_text(&out));
        check_reads_again(buffer_text(&out));
    } else {
        is_right = compare("expected_error.txt", "expected.yaml", buffer_text(&out));
    }
    test_names_free(environment);
    test_names_free(flags);
    return is_right;
}

static void test_config_load__gives_what_each_fixture_expects(void **state)
{
    AUTO_FREE char *root = test_fixture("config");
    char **cases = test_list_dir(root);
    unsigned wrong = 0;
    unsigned count = 0;

    (void)state;
    for (; cases[count] != NULL; count++) {
        AUTO_FREE char *folder = test_path(root, cases[count]);

        assert_int_equal(chdir(folder), 0);
        if (!run_case()) {
            print_error("in fixtures/config/%s\n", cases[count]);
            wrong++;
        }
    }
    test_names_free(cases);
    assert_true(count >= 50);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_load__gives_what_each_fixture_expects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
