/*
 * rig.h - the scheduler with a real queue and an executor that does what the rows say.
 *
 * Function "steady" has no limit, "narrow" runs at most two at a time, "single" one, and
 * "patient" waits an hour before it tries again; "own" is no built-in function. The key of a row,
 * or the payload of a direct one, tells the executor what to do: "retry..." fails once, "stuck..."
 * fails always, "bad..." fails for good, "full..." finds no room, "wait..." runs until it is let go
 * or canceled. Behind the last "-" is a number up to ROWS_MAX.
 */
#ifndef ONPUT_TESTS_SCHEDULER_RIG_H
#define ONPUT_TESTS_SCHEDULER_RIG_H

#include "support/test.h"

#include <pthread.h>

#include "onput/registry.h"
#include "onput/scheduler.h"

enum { ROWS_MAX = 10000 };

struct rig {
    char *dir;
    struct registry *registry;
    struct catalog_holder *catalogs; /* the registry's */
    struct executor executor;
    struct queue *queue;
    struct scheduler *scheduler;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int lanes; /* open ones */
    int finished, running, waiting;
    bool let_go;
    int runs[ROWS_MAX + 1]; /* by number in the key, behind the last '-' */
    bool object_busy[ROWS_MAX + 1];
    char arn[128], version[32], trace_id[TRACE_ID_BYTES]; /* of the last run */
    int narrow_running, narrow_most, object_overlaps;
};

/* cmocka's; *state is the rig. The queue is open. */
int rig_setup(void **state);
int rig_teardown(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

void rig_open_queue(struct rig *r);
void rig_start(struct rig *r, int threads, size_t window);
void rig_start_with_processes(struct rig *r, int threads, int process_threads, size_t window);
/* As the daemon stops: nothing is offered to a scheduler that is gone. */
void rig_stop(struct rig *r, int timeout_ms);

/* Puts a row of the registry, or removes it when `json` is NULL. */
void rig_edit(struct rig *r, const char *function, enum row_kind kind, const char *qualifier,
              const char *json);

/* Up to 50 rows "<what>-<from>", "<what>-<from + 1>", ...; waits for the commit. */
void rig_submit(struct rig *r, const char *function, const char *what, int from, int count);
/* The same as direct invocations of "name" or "name:qualifier". */
void rig_submit_direct(struct rig *r, const char *reference, const char *what, int from, int count);

/* Waits until the number, which is one of the rig's, is there. */
void rig_await(struct rig *r, const int *value, int wanted);
int rig_read(struct rig *r, const int *value);
void rig_let_go(struct rig *r);
/* Runs a last row behind everything that is due, and stops dispatching. */
void rig_finish_with_sentinel(struct rig *r);

struct queue_stats rig_stats(struct rig *r);
void rig_wait_for_dead(struct rig *r);
void rig_list_dead(struct rig *r, struct arena *arena, struct invocation **out, size_t wanted);

#endif
