/*
 * runtime.h - the user's own functions: processes that speak the Lambda Runtime API.
 *
 * Each process works on one invocation at a time. It is started when an invocation finds no idle
 * one, serves further invocations of the same version of its function, and is ended when it has
 * been idle for long, when its function was changed or removed, when its place is needed by another
 * function, or when it broke: after a timeout, an exit or an error in its start the next invocation
 * gets a new one, with a pause that doubles from 100 ms to 5 s while starts fail.
 *
 * Every process is the child of an onput-runner (runner_protocol.h), has a Runtime API endpoint of
 * its own on 127.0.0.1 that serves nobody but it and its descendants, a temporary directory, an
 * environment made from nothing, and credentials of its function's role or none.
 *
 * The function's timeout counts from the moment it is given its event; its start has a limit of its
 * own. The caller's deadline bounds the wait for a process.
 *
 * Threads: one keeper (children, logs, idle timers) and the threads of an HTTP server. Invocations
 * wait on their caller's thread.
 *
 * Source: AWS Lambda Developer Guide, "Using the Lambda runtime API" and "Lambda execution
 * environment".
 */
#ifndef ONPUT_RUNTIME_H
#define ONPUT_RUNTIME_H

#include <stdint.h>

#include "onput/catalog.h"
#include "onput/clock.h"
#include "onput/error.h"
#include "onput/executor.h"
#include "onput/metrics.h"

struct runtime;

struct runtime_options {
    const char *runner_program; /* path of onput-runner */
    const char *directory;      /* for temporary directories: made when missing, emptied at start */
    int max_processes;          /* of all functions together; 0: 16 */
    int idle_timeout_ms;        /* 0: 300000 */
    int init_timeout_ms;        /* 0: 10000 */
    int pids;                   /* processes and threads of one function process; 0: 1024 */
    int cpu_percent;            /* of one core, where cgroups can be written; 0: no limit */
    uint32_t
        uid_base; /* as root: process i runs as user and group uid_base + i; 0: as the daemon */
    const struct clock *clock;
    struct metrics *metrics; /* may be NULL */
};

MUST_CHECK int runtime_new(const struct runtime_options *options, struct runtime **out,
                           struct error *err);

/* Runs functions whose config has a command. Lanes are light. */
struct executor runtime_executor(struct runtime *rt);

/* Functions changed: idle processes of what is no more are ended, busy ones after their work. */
void runtime_refresh(struct runtime *rt, struct catalog *catalog);

/* Ends all processes: SIGTERM, then SIGKILL; returns when they are gone. No invocation may run. */
void runtime_free(struct runtime *rt); /* NULL-safe */

#endif
