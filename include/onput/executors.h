/*
 * executors.h - one executor over those of the built-in functions and of the user's own.
 *
 * Which one runs a function is said by its settings: builtin or command. A lane has a lane of each.
 */
#ifndef ONPUT_EXECUTORS_H
#define ONPUT_EXECUTORS_H

#include "onput/executor.h"

struct executors {
    struct executor builtin;
    struct executor custom;
};

/* `both` must outlive it. */
struct executor executor_of_both(struct executors *both);

#endif
