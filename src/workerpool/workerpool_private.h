/*
 * workerpool_private.h - how the files of this folder work together.
 *
 *   pool.c     the public functions: borrow, render, give back   process.c      start, kill, reap
 *   supervise.c  the pool's thread: start, watch, replace        channel.c      frames with a
 * worker slot.c     one worker's place and states                     stderr_tail.c  what workers
 * print
 *
 * A slot's `state` is read and changed under the pool's lock only. Everything else in a slot
 * belongs to one thread at a time: to the renderer while the state is BUSY, to the pool's thread
 * otherwise. Nobody waits or starts processes with the lock held.
 */
#ifndef ONPUT_WORKERPOOL_PRIVATE_H
#define ONPUT_WORKERPOOL_PRIVATE_H

#include <pthread.h>
#include <sys/types.h>

#include "onput/ipc_frame.h"
#include "onput/worker_pool.h"

/* Why a worker ended; the names are labels of onput_worker_exits_total. */
enum end_reason {
    END_CRASH,
    END_TIMEOUT,
    END_PROTOCOL,
    END_MEMORY,
    END_SYSCALL,
    END_RECYCLED, /* by us, without reproach */
    END_REASON_COUNT
};
const char *end_reason_name(enum end_reason reason);

/* process.c */
struct process {
    pid_t pid;
    int pidfd;     /* readable when it has ended */
    int channel;   /* our end */
    int stderr_fd; /* what it prints; never blocks */
};

struct process_end {
    enum end_reason reason;
    char text[160]; /* "was killed by signal 11 (Segmentation fault)" */
};

/* Call it from a thread that lives as long as the process shall: the kernel kills the child when
 * the thread that made it ends. */
MUST_CHECK int process_start(const char *program, uint64_t memory_bytes, struct process *out,
                             struct error *err);
void process_kill(const struct process *p);
/* A worker that closed its channel is dying; one that only pretends is killed after this. */
enum { PROCESS_DYING_MS = 1000 };
/* Waits for the end, -1: for ever, and reaps. False when it did not end in time. */
bool process_reap(const struct process *p, int timeout_ms, struct process_end *out);
void process_release(struct process *p); /* closes everything */
/* Pure: `code` and `status` as waitid() reports them. */
void process_describe_end(int code, int status, struct process_end *out);

/* channel.c */
MUST_CHECK int channel_read_ready(int channel, struct ipc_frame *frame, struct worker_ready *out,
                                  struct error *err);
/* An idle worker has nothing to say; fails when it does or is gone. */
MUST_CHECK int channel_check_quiet(int channel, struct ipc_frame *frame, struct error *err);
/* One job and its checked answer. ERROR_UNAVAILABLE: the worker ended meanwhile. */
MUST_CHECK int channel_render(int channel, struct ipc_frame *frame, const struct render_job *job,
                              const struct memfd *input, const struct memfd *output, int timeout_ms,
                              struct render_result *out, struct error *err);

/* stderr_tail.c */
enum { STDERR_LINE_BYTES = 256 };
struct stderr_tail {
    char line[STDERR_LINE_BYTES]; /* being read */
    size_t len;
    char last[STDERR_LINE_BYTES]; /* the last whole line, or "" */
    size_t seen;                  /* bytes in all */
};
/* Reads what there is without waiting and logs lines at debug, up to a bound. False at the end. */
bool stderr_tail_read(struct stderr_tail *tail, int fd, pid_t pid);

/* slot.c */
enum slot_state {
    SLOT_EMPTY,    /* starts again at `due_ms` */
    SLOT_STARTING, /* must be ready at `due_ms` */
    SLOT_IDLE,
    SLOT_BUSY,
    SLOT_ENDED, /* to be buried by the pool's thread */
};

struct slot {
    enum slot_state state;
    struct process process;
    struct ipc_frame frame;
    struct stderr_tail tail;
    int64_t due_ms;
    int jobs;          /* done by this process */
    unsigned failures; /* starts in a row that led nowhere */
    bool is_reaped;    /* `end` is known */
    bool start_failed; /* it ended without having been of use */
    struct process_end end;
};

struct waiter {
    pthread_cond_t is_served;
    struct slot *slot; /* BUSY and ours, once served */
    struct waiter *next;
};

struct worker_pool {
    char *program;
    int count;
    int ready_timeout_ms;
    int max_jobs;
    uint64_t memory_bytes;
    const struct clock *clock;
    struct metrics *metrics;

    pthread_t thread;
    int wake_fd; /* eventfd */

    pthread_mutex_t lock; /* all below */
    pthread_cond_t is_started;
    bool is_stopping;
    bool is_described;
    struct worker_ready description;
    char start_failure[STDERR_LINE_BYTES + 256]; /* why the last start failed, or "" */
    struct waiter *first_waiter;                 /* in arrival order */
    struct slot *slots;
};

/* All with the lock held. */
struct slot *slot_take_idle(struct worker_pool *pool);       /* BUSY; NULL when none is idle */
void slot_give(struct worker_pool *pool, struct slot *slot); /* to the first waiter, or IDLE */
void slot_end(struct worker_pool *pool, struct slot *slot, enum end_reason reason,
              const char *text);
int slot_count(const struct worker_pool *pool, enum slot_state state);
void slot_publish(struct worker_pool *pool); /* the gauges */

/* supervise.c */
void *supervise(void *pool);
void supervise_wake(struct worker_pool *pool);
/* How long to wait after so many failed starts in a row. */
int64_t supervise_backoff_ms(unsigned failures);

#endif
