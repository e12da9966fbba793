/*
 * test_log_lines.c - the tail of an invocation, and the lines that go to the log.
 */
#include "support/test.h"

#include <fcntl.h>
#include <unistd.h>

#include "onput/fd.h"
#include "runtime_private.h"

struct lines {
    struct log_lines *l;
    struct arena arena;
    char *path;
    int fd;
};

static struct lines open_lines(const char *dir)
{
    struct lines s = {.l = log_lines_new(TEXT("fn"), TEXT("7")), .path = test_path(dir, "log")};
    arena_init(&s.arena);
    s.fd = open(s.path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(s.fd >= 0);
    log_open(s.fd, LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    return s;
}

static void close_lines(struct lines *s)
{
    log_open(STDERR_FILENO, LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    log_lines_free(s->l);
    arena_release(&s->arena);
    fd_close(&s->fd);
    free(s->path);
}

static void take(struct lines *s, const char *bytes)
{
    log_lines_take(s->l, text_of(bytes));
}

static struct text tail(struct lines *s)
{
    return log_lines_tail(s->l, &s->arena);
}

/* How often the log has that. */
static int count(const struct lines *s, const char *part)
{
    AUTO_FREE char *log = test_read_file(s->path, NULL);
    int n = 0;
    for (const char *at = log; (at = strstr(at, part)) != NULL; at++)
        n++;
    return n;
}

static void test_log_lines__relays_each_line_with_its_invocation(void **state)
{
    struct lines s = open_lines(*state);
    log_lines_begin(s.l, "id-1");
    take(&s, "one\ntw");
    assert_int_equal(count(&s, "\"line\":\"tw"), 0);
    take(&s, "o\r\n\n");
    log_lines_begin(s.l, NULL);
    take(&s, "late\n");
    assert_int_equal(count(&s, "\"function\":\"fn\",\"version\":\"7\",\"request_id\":\"id-1\","
                               "\"line\":\"one\"}\n"),
                     1);
    assert_int_equal(count(&s, "\"request_id\":\"id-1\",\"line\":\"two\"}\n"), 1);
    assert_int_equal(count(&s, "\"request_id\":\"\",\"line\":\"late\"}\n"), 1);
    assert_int_equal(count(&s, "function output"), 3);
    close_lines(&s);
}

static void test_log_lines__ends_a_line_with_its_invocation(void **state)
{
    struct lines s = open_lines(*state);
    log_lines_begin(s.l, "id-1");
    take(&s, "no end");
    log_lines_begin(s.l, "id-2");
    take(&s, "of it\n");
    assert_int_equal(count(&s, "\"request_id\":\"id-1\",\"line\":\"no end\"}\n"), 1);
    assert_int_equal(count(&s, "\"request_id\":\"id-2\",\"line\":\"of it\"}\n"), 1);
    close_lines(&s);
}

static void test_log_lines__shows_records_of_several_lines_as_such(void **state)
{
    struct lines s = open_lines(*state);
    log_lines_begin(s.l, "id");
    take(&s, "Traceback:\r  File\r\n");
    assert_int_equal(count(&s, "\"line\":\"Traceback:\\n  File\"}\n"), 1);
    assert_text(tail(&s), "Traceback:\r  File\r\n");
    close_lines(&s);
}

static void fill(char *bytes, size_t len, char c)
{
    memset(bytes, c, len);
    bytes[len] = '\0';
}

static void test_log_lines__cuts_long_lines_between_characters(void **state)
{
    struct lines s = open_lines(*state);
    char bytes[LOG_LINE_MAX_BYTES + 1];
    log_lines_begin(s.l, "id");
    fill(bytes, LOG_LINE_MAX_BYTES - 1, 'a');
    take(&s, bytes);
    take(&s, "\xc3");
    take(&s, "\xa4"
             "b\n");
    assert_int_equal(count(&s, "aaa\"}\n"), 1);
    assert_int_equal(count(&s, "\"line\":\"\xc3\xa4"
                               "b\"}\n"),
                     1);
    fill(bytes, LOG_LINE_MAX_BYTES, 'c');
    take(&s, bytes);
    take(&s, "d\n");
    assert_int_equal(count(&s, "ccc\"}\n"), 1);
    assert_int_equal(count(&s, "\"line\":\"d\"}\n"), 1);
    fill(bytes, LOG_LINE_MAX_BYTES, '\xa0'); /* no character at all */
    take(&s, bytes);
    take(&s, "\xa0\n");
    assert_int_equal(count(&s, "function output"), 6);
    close_lines(&s);
}

static void test_log_lines__relays_no_more_than_its_limit_of_each_invocation(void **state)
{
    struct lines s = open_lines(*state);
    char line[1024];
    fill(line, sizeof(line) - 1, 'x');
    line[sizeof(line) - 2] = '\n';
    log_lines_begin(s.l, "id-1");
    for (int i = 0; i < 2 * LOG_RELAY_MAX_BYTES / 1023; i++)
        take(&s, line);
    assert_int_equal(count(&s, "function output"), LOG_RELAY_MAX_BYTES / 1023);
    assert_int_equal(count(&s, "the rest is left out"), 1);
    take(&s, "the end\n");
    assert_contains(tail(&s).ptr, "the end\n");
    log_lines_begin(s.l, "id-2");
    take(&s, "again\n");
    assert_int_equal(count(&s, "\"request_id\":\"id-2\",\"line\":\"again\"}\n"), 1);
    close_lines(&s);
}

static void test_log_lines_tail__is_what_was_written_in_this_invocation(void **state)
{
    struct lines s = open_lines(*state);
    take(&s, "before\n");
    log_lines_begin(s.l, "id");
    assert_text(tail(&s), "");
    take(&s, "a\n");
    take(&s, "b");
    assert_text(tail(&s), "a\nb");
    log_lines_begin(s.l, NULL);
    assert_text(tail(&s), "");
    close_lines(&s);
}

static void test_log_lines_tail__is_its_last_4096_bytes(void **state)
{
    struct lines s = open_lines(*state);
    char bytes[LOG_TAIL_BYTES * 2 + 1];
    log_lines_begin(s.l, "id");
    for (size_t len = 1; len <= LOG_TAIL_BYTES * 2; len += 977) {
        fill(bytes, len, 'y');
        take(&s, bytes);
    }
    take(&s, "end");
    struct text t = tail(&s);
    assert_int_equal(t.len, LOG_TAIL_BYTES);
    assert_true(text_ends_with(t, TEXT("yend")));
    close_lines(&s);
}

static void test_log_lines_tail__is_cut_between_characters(void **state)
{
    struct lines s = open_lines(*state);
    log_lines_begin(s.l, "id");
    for (int i = 0; i < LOG_TAIL_BYTES; i++)
        take(&s, "\xe2\x82\xac");
    struct text t = tail(&s);
    assert_int_equal(t.len, LOG_TAIL_BYTES / 3 * 3);
    assert_true(text_is_utf8(t));
    close_lines(&s);
}

static void test_log_lines_tail__replaces_what_is_no_utf8(void **state)
{
    struct lines s = open_lines(*state);
    log_lines_begin(s.l, "id");
    log_lines_take(s.l, TEXT("a\xff"
                             "b\0c\xe2\x82"));
    assert_text(tail(&s), "a\xef\xbf\xbd"
                          "b\xef\xbf\xbd"
                          "c\xef\xbf\xbd\xef\xbf\xbd");
    char bytes[LOG_TAIL_BYTES + 1];
    fill(bytes, LOG_TAIL_BYTES, '\xff');
    take(&s, bytes);
    struct text t = tail(&s);
    assert_in_range(t.len, LOG_TAIL_BYTES - 2, LOG_TAIL_BYTES);
    assert_true(text_is_utf8(t));
    close_lines(&s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_dir_setup, test_dir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_log_lines__relays_each_line_with_its_invocation),
        TEST(test_log_lines__ends_a_line_with_its_invocation),
        TEST(test_log_lines__shows_records_of_several_lines_as_such),
        TEST(test_log_lines__cuts_long_lines_between_characters),
        TEST(test_log_lines__relays_no_more_than_its_limit_of_each_invocation),
        TEST(test_log_lines_tail__is_what_was_written_in_this_invocation),
        TEST(test_log_lines_tail__is_its_last_4096_bytes),
        TEST(test_log_lines_tail__is_cut_between_characters),
        TEST(test_log_lines_tail__replaces_what_is_no_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
