/*
 * prisoner.h - a child process in the sandbox that tries one thing.
 */
#ifndef ONPUT_TESTS_PRISONER_H
#define ONPUT_TESTS_PRISONER_H

#include "support/test.h"
#include "worker_private.h"

/* Tries something. 0 when it was allowed, otherwise the errno of the refusal. */
typedef int (*attempt_fn)(void);

/* Enters part of the sandbox; 0 or an error. */
typedef int (*enter_fn)(struct error *err);
int enter_nothing(struct error *err);
int enter_first_step(struct error *err); /* sandbox_begin() */
int enter_all(struct error *err);        /* what onput-worker does, without libvips between */
int enter_all_in_debug_mode(struct error *err);

enum { PRISONER_CANNOT_ENTER = 255 };
struct prisoner_end {
    int signal; /* that killed it, or 0 */
    int status; /* what the attempt returned */
    char printed[512];
};

/* Channel on descriptor 3, as a worker has it; what it prints is kept. */
struct prisoner_end imprison(enter_fn enter, attempt_fn attempt);

bool has_landlock(long version);

#endif
