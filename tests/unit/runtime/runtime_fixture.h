/*
 * runtime_fixture.h - a runtime with real onput-runners and functions that are fake_function.c.
 */
#ifndef ONPUT_TESTS_RUNTIME_FIXTURE_H
#define ONPUT_TESTS_RUNTIME_FIXTURE_H

#include "support/test.h"

#include <pthread.h>

#include "runtime_private.h"

enum { LONG_MS = 30000 };

struct runtime_fixture {
    struct metrics *metrics;
    struct catalog *catalog;
    struct runtime *rt;
    struct executor executor;
    atomic_bool canceled;
    char *directory;
};

/* Functions "fake" and "other" that start well, and one for each way to start otherwise. What is 0
 * in the options has a default. */
struct runtime_fixture *fixture_new(const struct runtime_options *options);
void fixture_free(struct runtime_fixture *f);

/* A catalog like the fixture's whose function "fake" has another setting. */
struct catalog *fixture_changed_catalog(void);
struct catalog *fixture_catalog_without_fake(void);

struct reply {
    struct outcome outcome;
    struct arena arena;
};

/* Waits for the outcome. Counts nothing and asserts nothing, so that any thread may call it. */
void fixture_invoke(struct runtime_fixture *f, const char *function, const char *event,
                    struct reply *out);
void fixture_invoke_until(struct runtime_fixture *f, const char *function, const char *event,
                          int wait_ms, struct reply *out);
void fixture_invoke_in(struct runtime_fixture *f, const struct catalog *catalog,
                       const char *function, const char *event, int wait_ms, struct reply *out);
void reply_release(struct reply *r);

/* Fails the test unless it is done with that result. */
void fixture_expect(struct runtime_fixture *f, const char *function, const char *event,
                    const char *result);
/* The pid that the function's process says. */
pid_t fixture_pid(struct runtime_fixture *f, const char *function);

/* An invocation on a thread of its own. */
struct caller {
    struct runtime_fixture *f;
    const char *function;
    const char *event;
    int wait_ms;
    struct reply reply;
    pthread_t thread;
};
void caller_start(struct caller *c);
void caller_join(struct caller *c);

/* Waits until the metric has that value. */
void fixture_await(struct runtime_fixture *f, enum metric_id id, const char *function,
                   const char *label, double value);
int fixture_count(struct runtime_fixture *f, enum metric_id id, const char *function,
                  const char *label);
void fixture_await_processes(struct runtime_fixture *f, int count);
void fixture_await_busy(struct runtime_fixture *f); /* some process is */
bool is_alive(pid_t pid);

#endif
