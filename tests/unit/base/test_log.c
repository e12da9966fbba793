/*
 * test_log.c - tests of onput/log.h. The log is written into a pipe and read back.
 */
#include "support/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "onput/fd.h"
#include "onput/json.h"
#include "onput/log.h"

enum { TIME_CHARS = 12, PIPE_BYTES = 1 << 20 };

struct capture {
    int ends[2];
};

static void capture_begin(struct capture *c, enum log_level minimum, enum log_format format)
{
    assert_int_equal(pipe2(c->ends, O_CLOEXEC), 0);
    assert_true(fcntl(c->ends[1], F_SETPIPE_SZ, PIPE_BYTES) >= PIPE_BYTES);
    log_open(c->ends[1], minimum, format);
}

/* Everything that was logged; the caller frees it. */
static char *capture_end(struct capture *c)
{
    struct error err = {0};
    struct buffer b;

    log_open(STDERR_FILENO, LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    fd_close(&c->ends[1]);
    buffer_init(&b, PIPE_BYTES);
    assert_ok(fd_read_all(c->ends[0], &b, &err), &err);
    fd_close(&c->ends[0]);
    return buffer_take(&b, NULL);
}

static void test_log_text__is_one_readable_line(void **state UNUSED)
{
    struct capture c;
    AUTO_FREE char *line = NULL;

    capture_begin(&c, LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    LOG(LOG_LEVEL_INFO, "attempt finished", LOG_STRING("bucket", "photos"), LOG_I64("attempt", 1),
        LOG_BOOL("ok", true));
    line = capture_end(&c);
    assert_int_equal(line[2], ':');
    assert_int_equal(line[8], '.');
    assert_string_equal(line + TIME_CHARS,
                        " INFO  attempt finished bucket=photos attempt=1 ok=true\n");
}

static void test_log_text__quotes_hostile_values(void **state UNUSED)
{
    struct capture c;
    AUTO_FREE char *line = NULL;

    capture_begin(&c, LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    LOG(LOG_LEVEL_WARN, "m\n", LOG_STRING("a", "x\n12:00 ERROR fake"), LOG_STRING("b", "\x1b[31m"),
        LOG_STRING("c", ""), LOG_STRING("d", "k=v"), LOG_STRING("e", "q\""),
        LOG_STRING("f", "\xff"), LOG_STRING("g", NULL));
    line = capture_end(&c);
    assert_string_equal(line + TIME_CHARS,
                        " WARN  m\\n a=\"x\\n12:00 ERROR fake\" b=\"\\u001b[31m\" c=\"\" d=\"k=v\" "
                        "e=\"q\\\"\" f=\"\xef\xbf\xbd\" g=\"\"\n");
}

static void test_log_json__is_one_object(void **state UNUSED)
{
    AUTO_JSON struct json_object *root = NULL;
    struct error err = {0};
    struct capture c;
    AUTO_FREE char *line = NULL;

    error_set(&err, ERROR_IO, "disk \"full\"");
    capture_begin(&c, LOG_LEVEL_INFO, LOG_FORMAT_AUTO);
    LOG(LOG_LEVEL_ERROR, "cannot write", LOG_ERROR_FIELD(&err), LOG_I64("n", -3),
        LOG_BOOL("last", false));
    line = capture_end(&c);
    assert_int_equal(line[strlen(line) - 1], '\n');
    line[strlen(line) - 1] = '\0';
    assert_ok(json_parse(text_of(line), &root, &err), &err);
    assert_text(json_text(json_at(root, "level")), "error");
    assert_text(json_text(json_at(root, "msg")), "cannot write");
    assert_text(json_text(json_at(root, "error")), "disk \"full\"");
    assert_int_equal(json_text(json_at(root, "ts")).len, 24);
    assert_int_equal(json_object_get_int(json_at(root, "n")), -3);
    assert_false(json_object_get_boolean(json_at(root, "last")));
}

static void test_log__drops_what_is_below_the_level(void **state UNUSED)
{
    struct capture c;
    AUTO_FREE char *lines = NULL;

    capture_begin(&c, LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
    assert_false(log_enabled(LOG_LEVEL_INFO));
    assert_true(log_enabled(LOG_LEVEL_WARN));
    LOG(LOG_LEVEL_INFO, "hidden");
    log_set_level(LOG_LEVEL_DEBUG);
    LOG(LOG_LEVEL_DEBUG, "shown");
    lines = capture_end(&c);
    assert_string_equal(lines + TIME_CHARS, " DEBUG shown\n");
}

static void test_log__cuts_a_long_value_at_a_character(void **state UNUSED)
{
    AUTO_JSON struct json_object *root = NULL;
    char value[LOG_FIELD_MAX_BYTES + 10];
    struct error err = {0};
    struct capture c;
    AUTO_FREE char *line = NULL;
    struct text shown;

    for (size_t i = 1; i + 1 < sizeof(value); i += 2)
        memcpy(value + i, "\xc3\xa9", 2);
    value[0] = 'a';
    value[sizeof(value) - 1] = '\0';
    capture_begin(&c, LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    LOG(LOG_LEVEL_INFO, "m", LOG_STRING("v", value));
    line = capture_end(&c);
    line[strlen(line) - 1] = '\0';
    assert_ok(json_parse(text_of(line), &root, &err), &err);
    assert_ok(json_get_text(root, "v", &shown, &err), &err);
    assert_int_equal(shown.len, LOG_FIELD_MAX_BYTES - 1 + 3);
    assert_true(text_ends_with(shown, TEXT("\xc3\xa9...")));
}

static void test_log__keeps_a_full_line_well_formed(void **state UNUSED)
{
    AUTO_JSON struct json_object *root = NULL;
    char value[LOG_FIELD_MAX_BYTES];
    struct error err = {0};
    struct capture c;
    AUTO_FREE char *line = NULL;

    memset(value, 1, sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    capture_begin(&c, LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    LOG(LOG_LEVEL_INFO, "m", LOG_STRING("a", value), LOG_STRING("b", value), LOG_I64("n", 1));
    line = capture_end(&c);
    line[strlen(line) - 1] = '\0';
    assert_ok(json_parse(text_of(line), &root, &err), &err);
    assert_non_null(json_at(root, "a"));
    assert_null(json_at(root, "b"));
    assert_true(json_object_get_boolean(json_at(root, "cut")));
}

static void *write_many(void *arg UNUSED)
{
    for (int i = 0; i < 500; i++)
        LOG(LOG_LEVEL_INFO, "from a thread", LOG_I64("i", i));
    return NULL;
}

static void test_log__never_mixes_lines_of_threads(void **state UNUSED)
{
    pthread_t threads[4];
    struct capture c;
    AUTO_FREE char *lines = NULL;
    struct text rest;
    int count = 0;

    capture_begin(&c, LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    lines = capture_end(&c);
    for (rest = text_of(lines); rest.len > 0; count++) {
        struct text line = text_cut(&rest, '\n');

        assert_true(text_starts_with(text_slice(line, TIME_CHARS, line.len),
                                     TEXT(" INFO  from a thread i=")));
    }
    assert_int_equal(count, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_text__is_one_readable_line),
        cmocka_unit_test(test_log_text__quotes_hostile_values),
        cmocka_unit_test(test_log_json__is_one_object),
        cmocka_unit_test(test_log__drops_what_is_below_the_level),
        cmocka_unit_test(test_log__cuts_a_long_value_at_a_character),
        cmocka_unit_test(test_log__keeps_a_full_line_well_formed),
        cmocka_unit_test(test_log__never_mixes_lines_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
