/*
 * daemon.h - the parts put together: start, reload, drain.
 *
 * Calling sequence: daemon_start() takes the configuration over; daemon_serve() waits for signals
 * (SIGTERM, SIGINT: drain and return; SIGHUP: reload, the old configuration stays on error);
 * daemon_stop() drains and frees. `onput demo` starts one in its own process and does without
 * daemon_serve().
 *
 * Signals: daemon_block_signals() must be called by main before any thread exists.
 */
#ifndef ONPUT_DAEMON_H
#define ONPUT_DAEMON_H

#include <stdint.h>

#include "onput/buffer.h"
#include "onput/config.h"
#include "onput/error.h"
#include "onput/executor.h"
#include "onput/invocation.h"
#include "onput/worker_pool.h"

struct daemon;

struct daemon_options {
    /* How to read the configuration again on SIGHUP; NULL: SIGHUP does nothing. */
    const struct config_source *source;
    void (*on_attempt)(void *ctx, const struct invocation *invocation,
                       const struct outcome *outcome, int64_t queue_ms);
    void *on_attempt_ctx;
};

void daemon_block_signals(void);

/* On failure everything that was started is stopped again, and the configuration is freed. */
MUST_CHECK int daemon_start(struct config *config, const struct daemon_options *options,
                            struct daemon **out, struct error *err);
uint16_t daemon_port(const struct daemon *d);
uint16_t daemon_admin_port(const struct daemon *d);
/* The daemon's workers, for `onput demo`; valid until daemon_stop(). */
struct worker_pool *daemon_worker_pool(struct daemon *d);
/* One block for people: what listens, which stores, which functions. */
void daemon_describe(struct daemon *d, struct buffer *out);
/* Returns 0 after a drain that a signal asked for, -1 when the queue failed. */
MUST_CHECK int daemon_serve(struct daemon *d, struct error *err);
void daemon_stop(struct daemon *d); /* NULL-safe */

#endif
