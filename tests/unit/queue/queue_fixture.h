/*
 * queue_fixture.h - a queue in its own folder on a fake clock, and batches of rows for it.
 */
#ifndef ONPUT_TESTS_QUEUE_FIXTURE_H
#define ONPUT_TESTS_QUEUE_FIXTURE_H

#include "support/test.h"

#include <pthread.h>

#include "onput/clock.h"
#include "onput/queue.h"
#include "support/crash_vfs.h"

enum { START_MS = 1700000000, BATCH_MAX = 64, READY_MAX = 4096 };

struct queue_fixture {
    char *dir;
    struct crash_vfs *vfs; /* NULL: the system's */
    struct fake_clock clock;
    struct metrics *metrics;
    struct queue_options options;
    struct queue *q;
    pthread_mutex_t lock;
    struct queue_ticket ready[READY_MAX];
    size_t ready_count;
    int fatal_count;
    struct error fatal;
};

/* cmocka's setup and teardown; *state is the fixture. The queue is open. */
int queue_fixture_setup(void **state);
int queue_fixture_setup_vfs(void **state); /* on a crash_vfs */
int queue_fixture_teardown(void **state);
#define ON_DISK(test)                                                                              \
    cmocka_unit_test_setup_teardown(test, queue_fixture_setup, queue_fixture_teardown)
#define IN_MEMORY(test)                                                                            \
    cmocka_unit_test_setup_teardown(test, queue_fixture_setup_vfs, queue_fixture_teardown)

/* Closes and opens it with f->options. */
void queue_fixture_reopen(struct queue_fixture *f);
/* Forgets tickets that on_ready brought so far. */
void queue_fixture_clear_ready(struct queue_fixture *f);
size_t queue_fixture_ready(struct queue_fixture *f);

/* Rows of one submission. Keys are "<name>-0", "<name>-1", ...; the identity is made of the key. */
struct batch {
    struct queue_submission submission;
    struct invocation rows[BATCH_MAX];
    enum queue_verdict verdicts[BATCH_MAX];
    char keys[BATCH_MAX][48];
    pthread_mutex_t lock;
    pthread_cond_t answered;
    int answers;
    bool refused; /* queue_submit() said -1 */
    struct error err;
};

struct batch *batch_new(const char *name, size_t count);
void batch_free(struct batch *b);
/* Identity of both is the same afterwards: another attempt to submit the same events. */
void batch_start(struct batch *b, struct queue *q);
void batch_wait(struct batch *b);
bool batch_is_answered(struct batch *b);

/* Submits one pending row, waits, returns its id. Fails the test when it is not accepted. */
int64_t submit_one(struct queue_fixture *f, const char *name);
enum queue_verdict submit_verdict(struct queue_fixture *f, const char *name);
int64_t submit_held(struct queue_fixture *f, const char *name);
void claim(struct queue_fixture *f, int64_t id);
void finish(struct queue_fixture *f, int64_t id, enum queue_finish how);
struct invocation show(struct queue_fixture *f, int64_t id, struct arena *arena);
bool is_there(struct queue_fixture *f, int64_t id);
void assert_counts(struct queue_fixture *f, int64_t pending, int64_t held, int64_t dead);

#endif
