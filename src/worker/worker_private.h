/*
 * worker_private.h - the parts of onput-worker.
 *
 *   main.c             the recipe               serve.c             one job after the other
 *   sandbox.c          the order of the layers  sandbox_rlimits.c   how much it may use
 *   sandbox_landlock.c no files, no network     sandbox_seccomp.c   the system calls that are left
 *   sandbox_trap.c     names a refused system call, for debugging
 *
 * sandbox_begin() comes first of all, while there is one thread; libvips is started and warmed up
 * between the two; after sandbox_close() nothing can be opened, connected, started or traced.
 */
#ifndef ONPUT_WORKER_PRIVATE_H
#define ONPUT_WORKER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "onput/error.h"
#include "onput/worker_protocol.h"

/* sandbox.c. Both add to *layers (enum worker_layer) what is on now. */
MUST_CHECK int sandbox_begin(uint32_t *layers, struct error *err);
/* `memory_bytes` bounds the address space. Fails when a mandatory layer cannot be had. */
MUST_CHECK int sandbox_close(uint64_t memory_bytes, uint32_t *layers, struct error *err);

/* sandbox_rlimits.c */
MUST_CHECK int sandbox_limit_resources(uint64_t memory_bytes, struct error *err);

/* sandbox_landlock.c. *out_applied is false where the kernel has no Landlock or forbids it. */
enum landlock_scope { LANDLOCK_ALL_BUT_READING, LANDLOCK_ALL };
MUST_CHECK int sandbox_landlock(enum landlock_scope scope, bool *out_applied, struct error *err);

/* sandbox_seccomp.c */
enum seccomp_mode { SECCOMP_MODE_KILL, SECCOMP_MODE_NAME };
MUST_CHECK int sandbox_filter_syscalls(enum seccomp_mode mode, struct error *err);

/* sandbox_trap.c: before the filter, since it looks the names up. */
MUST_CHECK int sandbox_name_refused_calls(struct error *err);

/* serve.c: until the daemon closes the channel. Returns the exit status. */
int serve(int channel);

#endif
