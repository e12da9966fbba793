/*
 * clock.h - time, injectable.
 *
 * Wall time (ms since 1970 UTC) is for what leaves the process: signatures, logs, rows on disk.
 * Monotonic time is for deadlines and durations. Code takes a `const struct clock *`; tests pass a
 * fake one.
 */
#ifndef ONPUT_CLOCK_H
#define ONPUT_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "onput/attributes.h"
#include "onput/error.h"
#include "onput/text.h"

struct clock {
    int64_t (*wall_ms)(void *ctx);
    int64_t (*mono_ms)(void *ctx);
    void *ctx;
};

const struct clock *clock_system(void);
int64_t clock_wall_ms(const struct clock *c);
int64_t clock_mono_ms(const struct clock *c);
/* Monotonic nanoseconds of the system, for measuring only. */
int64_t clock_now_ns(void);
/* `ms` from now on the system's CLOCK_MONOTONIC, as pthread_cond_timedwait() takes it. ms >= 0. */
struct timespec clock_deadline(int64_t ms);

/* A clock that stands still until a test moves it. Both times start at the given values. */
struct fake_clock {
    struct clock clock;
    int64_t wall;
    int64_t mono;
};
void fake_clock_init(struct fake_clock *f, int64_t wall_ms, int64_t mono_ms);
void fake_clock_advance(struct fake_clock *f, int64_t ms);

enum { TIME_TEXT_BYTES = 40 };
/* "2026-11-21T19:14:20.468Z" (RFC 3339, UTC, milliseconds). Returns `out`. */
char *time_format_rfc3339(int64_t wall_ms, char out[TIME_TEXT_BYTES]);
/* "20261121T191420Z", as SigV4 wants it. */
char *time_format_basic(int64_t wall_ms, char out[TIME_TEXT_BYTES]);
/* "Sat, 21 Nov 2026 19:14:20 GMT" (RFC 9110 section 5.6.7, the form that is not obsolete). */
char *time_format_http(int64_t wall_ms, char out[TIME_TEXT_BYTES]);
/* RFC 3339 with "Z" or a numeric offset and any number of fraction digits; also a plain date. */
MUST_CHECK int time_parse_rfc3339(struct text t, int64_t *out_wall_ms, struct error *err);
MUST_CHECK int time_parse_basic(struct text t, int64_t *out_wall_ms, struct error *err);
MUST_CHECK int time_parse_http(struct text t, int64_t *out_wall_ms, struct error *err);

#endif
