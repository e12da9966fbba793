/*
 * runner_fixture.h - one onput-runner with the test as its daemon. The test is a subreaper:
 * whatever got away from a runner would become its child, and runner_finish() looks for that.
 */
#ifndef ONPUT_TESTS_UNIT_RUNNER_FIXTURE_H
#define ONPUT_TESTS_UNIT_RUNNER_FIXTURE_H

#include "support/test.h"

#include <sys/types.h>

#include "onput/runner_protocol.h"

#define ODD_FUNCTION ONPUT_BIN_DIR "/odd-function"
#define ODD(...)     ((const char *const[]){ODD_FUNCTION, __VA_ARGS__, NULL})
#define COMMAND(...) ((const char *const[]){__VA_ARGS__, NULL})
#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

enum { LONG_MS = 30000 };

struct runner {
    pid_t pid;
    int channel;
    int log;
};

/* Group setup: for runner_finish(). */
int runner_setup(void **state);

/* Options are strings ended by NULL, without --directory and --temporary, which are `directory`. */
struct runner runner_start(const char *directory, const char *const *options,
                           const char *const *command);
/* The next line that the function wrote, without its end; the caller frees it. */
char *runner_line(struct runner *r);
void runner_await_line(struct runner *r, const char *expected);
void runner_tell_kill(struct runner *r);
void runner_tell_end(struct runner *r);
void runner_close_channel(struct runner *r);
/* Waits for the report. */
struct runner_report runner_report(struct runner *r);
/* The rest of the log; returns when nobody holds it any more. The caller frees it. */
char *runner_log(struct runner *r);
/* The runner ends with status 0 and leaves no process. */
void runner_finish(struct runner *r);
/* All of it: starts, reports, ends. */
struct runner_report runner_run(const char *directory, const char *const *options,
                                const char *const *command);
/* No child is left, dead or alive. */
void runner_check_nobody_left(void);

#endif
