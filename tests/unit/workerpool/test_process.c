/*
 * test_process.c - what a worker's end is called, and how long is waited before the next start.
 */
#include "support/test.h"

#include <signal.h>
#include <sys/wait.h>

#include "workerpool_private.h"

struct ending {
    int code;
    int status;
    enum end_reason reason;
    const char *text;
};

static void test_process_describe_end__names_signal_and_exit_status(void **state)
{
    static const struct ending endings[] = {
        {CLD_KILLED, SIGSEGV, END_CRASH, "was killed by SIGSEGV"},
        {CLD_DUMPED, SIGABRT, END_CRASH, "was killed by SIGABRT"},
        {CLD_DUMPED, SIGSYS, END_SYSCALL, "a system call that its sandbox refuses"},
        {CLD_KILLED, SIGKILL, END_MEMORY, "memory ran out"},
        {CLD_DUMPED, SIGTRAP, END_MEMORY, "memory ran out"},
        {CLD_KILLED, 63, END_CRASH, "was killed by SIG"},
        {CLD_EXITED, WORKER_EXIT_DONE, END_CRASH, "exit status 0"},
        {CLD_EXITED, WORKER_EXIT_START, END_CRASH, "could not start libvips"},
        {CLD_EXITED, WORKER_EXIT_SANDBOX, END_CRASH, "could not close its sandbox"},
        {CLD_EXITED, WORKER_EXIT_PROTOCOL, END_PROTOCOL, "did not understand the daemon"},
        {CLD_EXITED, WORKER_EXIT_EXEC, END_CRASH, "could not be executed"},
        {CLD_EXITED, 1, END_CRASH, "ended by itself (exit status 1)"},
        {CLD_EXITED, 255, END_CRASH, "exit status 255"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        struct process_end end;
        process_describe_end(endings[i].code, endings[i].status, &end);
        assert_int_equal(end.reason, endings[i].reason);
        assert_contains(end.text, endings[i].text);
    }
}

static void test_supervise_backoff__doubles_from_100_ms_to_10_s(void **state)
{
    static const int64_t expected[] = {0, 100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000};
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(expected); i++)
        assert_int_equal(supervise_backoff_ms(i), expected[i]);
    assert_int_equal(supervise_backoff_ms(4000000000), 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_process_describe_end__names_signal_and_exit_status),
        cmocka_unit_test(test_supervise_backoff__doubles_from_100_ms_to_10_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
