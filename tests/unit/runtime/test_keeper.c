/*
 * test_keeper.c - what the keeper lets in, reads and ends; processes with users of their own; and
 * that nothing is left when the runtime is freed.
 */
#include "runtime_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onput/fd.h"

enum { UID_BASE = 61000 };

static uint16_t port_of(struct runtime_fixture *f)
{
    pthread_mutex_lock(&f->rt->lock);
    uint16_t port = f->rt->pools->instances->port;
    pthread_mutex_unlock(&f->rt->lock);
    return port;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void test_keeper__serves_nobody_but_the_functions_processes(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    char byte;
    (void)state;
    fixture_expect(f, "fake", "echo 1", "1");
    int fd = connect_to(port_of(f));
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    fd_close(&fd);
    assert_int_equal(fixture_count(f, METRIC_RUNTIME_REFUSED, "stranger", NULL), 1);
    fixture_expect(f, "fake", "count", "2");
    fixture_free(f);
}

static void test_keeper__serves_a_process_no_more_connections_than_it_may_have(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    (void)state;
    fixture_expect(f, "fake", "connect 40", "\"connected\"");
    fixture_await(f, METRIC_RUNTIME_REFUSED, "too_many", NULL, 40 + 1 - INSTANCE_MAX_CONNECTIONS);
    fixture_expect(f, "fake", "count", "2");
    fixture_free(f);
}

static void test_keeper__forgets_connections_of_a_process_that_ended(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    struct reply r;
    (void)state;
    for (int i = 0; i < 3; i++) {
        fixture_expect(f, "fake", "connect 30", "\"connected\"");
        fixture_invoke(f, "fake", "exit 1", &r);
        reply_release(&r);
    }
    assert_int_equal(fixture_count(f, METRIC_RUNTIME_REFUSED, "too_many", NULL), 0);
    fixture_free(f);
}

static pid_t child_of(struct runtime_fixture *f, const char *function)
{
    struct reply r;
    struct error err = {0};
    int64_t pid = 0;
    fixture_invoke(f, function, "fork", &r);
    assert_ok(text_to_i64(r.outcome.result, 1, INT32_MAX, "pid", &pid, &err), &err);
    reply_release(&r);
    assert_true(is_alive((pid_t)pid));
    return (pid_t)pid;
}

static void test_keeper__ends_what_a_process_has_started(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    struct reply r;
    (void)state;
    pid_t child = child_of(f, "fake");
    fixture_invoke(f, "fake", "exit 0", &r);
    reply_release(&r);
    assert_false(is_alive(child));
    fixture_free(f);
}

static size_t open_fds(void)
{
    char **names = test_list_dir("/proc/self/fd");
    size_t count = 0;
    while (names[count] != NULL)
        count++;
    test_names_free(names);
    return count;
}

static void test_runtime_free__leaves_nothing_behind(void **state)
{
    size_t fds = open_fds();
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    (void)state;
    fixture_expect(f, "fake", "write a", "\"written\"");
    pid_t pids[] = {fixture_pid(f, "fake"), fixture_pid(f, "stubborn"), child_of(f, "other")};
    fixture_free(f);
    for (size_t i = 0; i < ARRAY_LEN(pids); i++)
        assert_false(is_alive(pids[i]));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(open_fds(), fds);
}

static void test_runtime_free__takes_nothing(void **state)
{
    (void)state;
    runtime_free(NULL);
}

static void expect_refused(const struct runtime_options *options, enum error_code code,
                           const char *message)
{
    struct runtime *rt = NULL;
    struct error err = {0};
    assert_fails(runtime_new(options, &rt, &err), &err, code);
    assert_contains(err.message, message);
    assert_null(rt);
}

static void test_runtime_new__says_what_is_wrong(void **state)
{
    AUTO_FREE char *file = test_path(*state, "file");
    test_write_file(file, TEXT(""));
    struct runtime_options options = {
        .runner_program = "/nowhere", .directory = file, .clock = clock_system()};
    expect_refused(&options, ERROR_IO, file);
    options.max_processes = RUNTIME_MAX_PROCESSES + 1;
    expect_refused(&options, ERROR_INVALID, "1 to 256 processes");
}

static void test_runtime_new__empties_its_directory(void **state)
{
    AUTO_FREE char *tmp = test_path(*state, "tmp");
    AUTO_FREE char *left = test_path(tmp, "99");
    struct error err = {0};
    struct runtime *rt = NULL;
    struct stat st;
    assert_int_equal(mkdir(tmp, 0700), 0);
    assert_int_equal(mkdir(left, 0700), 0);
    struct runtime_options options = {.runner_program = "/nowhere",
                                      .directory = tmp,
                                      .max_processes = 2,
                                      .clock = clock_system()};
    assert_ok(runtime_new(&options, &rt, &err), &err);
    assert_int_equal(access(left, F_OK), -1);
    assert_int_equal(stat(tmp, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0711);
    assert_int_equal(stat(rt->places[1].temporary, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    runtime_free(rt);
}

static void test_invoke__says_that_the_runner_cannot_be_started(void **state)
{
    struct runtime_fixture *f = fixture_new(&(struct runtime_options){0});
    struct reply r;
    (void)state;
    free((char *)f->rt->options.runner_program);
    f->rt->options.runner_program = xstrdup("/nowhere/onput-runner");
    fixture_invoke(f, "fake", "echo 1", &r);
    assert_int_equal(r.outcome.status, OUTCOME_FAILED);
    assert_int_equal(r.outcome.error.code, ERROR_UNAVAILABLE);
    assert_contains(r.outcome.error.message, "cannot start /nowhere/onput-runner");
    assert_contains(r.outcome.result.ptr, "Runtime.StartFailed");
    reply_release(&r);
    assert_int_equal(fixture_count(f, METRIC_RUNTIME_STARTS, "fake", "failed"), 1);
    fixture_free(f);
}

static void test_runtime__runs_each_process_as_a_user_of_its_own(void **state)
{
    (void)state;
    if (!test_is_open_to(UID_BASE, ONPUT_BIN_DIR "/fake-function"))
        skip();
    struct runtime_fixture *f =
        fixture_new(&(struct runtime_options){.uid_base = UID_BASE, .max_processes = 2});
    struct caller c = {.f = f, .function = "fake", .event = "sleep 500"};
    struct stat st;
    caller_start(&c);
    fixture_await_processes(f, 1);
    fixture_expect(f, "other", "uid", "61001");
    caller_join(&c);
    reply_release(&c.reply);
    fixture_expect(f, "fake", "uid", "61000");
    fixture_expect(f, "fake", "write a", "\"written\"");
    assert_int_equal(stat(f->rt->places[0].temporary, &st), 0);
    assert_int_equal(st.st_uid, UID_BASE);
    assert_int_equal(st.st_mode & 07777, 0700);
    fixture_free(f);
}

#define TEST(name)     cmocka_unit_test(name)
#define DIR_TEST(name) cmocka_unit_test_setup_teardown(name, test_dir_setup, test_dir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_keeper__serves_nobody_but_the_functions_processes),
        TEST(test_keeper__serves_a_process_no_more_connections_than_it_may_have),
        TEST(test_keeper__forgets_connections_of_a_process_that_ended),
        TEST(test_keeper__ends_what_a_process_has_started),
        TEST(test_runtime_free__leaves_nothing_behind),
        TEST(test_runtime_free__takes_nothing),
        DIR_TEST(test_runtime_new__says_what_is_wrong),
        DIR_TEST(test_runtime_new__empties_its_directory),
        TEST(test_invoke__says_that_the_runner_cannot_be_started),
        TEST(test_runtime__runs_each_process_as_a_user_of_its_own),
    };
    log_set_level(LOG_LEVEL_WARN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
