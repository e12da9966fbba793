/*
 * invoker_private.h - the invoker's threads, and one call on one of them.
 */
#ifndef ONPUT_INVOKER_PRIVATE_H
#define ONPUT_INVOKER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "onput/invoker.h"

enum { INVOKER_MAX_THREADS = 1024 };

struct invoker_thread {
    struct invoker *invoker;
    pthread_t thread;
    bool started;
    struct executor_lane *lane;
};

struct invoker {
    struct invoker_options options;
    pthread_mutex_t lock; /* guards what follows, but not `canceled` */
    pthread_cond_t wake;  /* to threads: a call, or the end */
    pthread_cond_t idle;  /* to a drain: nothing waits and nothing runs */
    struct invoker_call *first;
    struct invoker_call **last; /* where the next one is hung */
    size_t queued;
    int running;
    int sleeping; /* threads that wait for a call */
    bool closed;  /* no new calls */
    bool stopping;
    struct invoker_thread threads[INVOKER_MAX_THREADS];
    int thread_count;
    pthread_mutex_t instant_lock; /* whoever has it uses instant_lane */
    struct executor_lane *instant_lane;
    atomic_bool canceled; /* running calls end soon, waiting ones do not run */
};

/* run.c: invokes. Memory of the outcome comes from the arena. */
void call_invoke(struct invoker *inv, struct executor_lane *lane, struct invoker_call *call,
                 struct arena *arena, struct outcome *out);
/* Gives the slot back, counts, logs, and calls done(). */
void call_finish(struct invoker *inv, struct invoker_call *call, const struct outcome *outcome);

#endif
