/*
 * error.h - the one error value that travels through the program.
 *
 * Every fallible function is `MUST_CHECK int f(..., T *out_x, struct error *err)` and returns 0 or
 * -1. Success leaves *err alone, failure leaves *out_x alone. `err` is never NULL. The function
 * that detects a failure writes a whole sentence for a person; callers may put context in front of
 * it with error_prefix(). Reporting never allocates.
 *
 * `retryable` says that the same call may succeed later, `uncertain` that its effect may or may not
 * have happened. Both are set where the knowledge is and decide an invocation's fate.
 *
 * Threads: a struct error belongs to one thread.
 */
#ifndef ONPUT_ERROR_H
#define ONPUT_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "onput/attributes.h"

enum { ERROR_MESSAGE_BYTES = 400 };

enum error_code {
    ERROR_NONE,
    ERROR_INVALID,     /* input that breaks its format or a rule */
    ERROR_LIMIT,       /* input beyond a configured bound; the message names the bound */
    ERROR_UNSUPPORTED, /* well-formed, but not something that onput handles */
    ERROR_DENIED,      /* authentication or authorisation refused */
    ERROR_NOT_FOUND,
    ERROR_CONFLICT,  /* a precondition failed: somebody else changed it first */
    ERROR_THROTTLED, /* the peer asks for fewer requests */
    ERROR_TIMEOUT,
    ERROR_UNAVAILABLE, /* the peer or a resource cannot be reached at the moment */
    ERROR_IO,          /* file system, database */
    ERROR_PROTOCOL,    /* a peer or a child said something that it may not say */
    ERROR_CANCELED,    /* we are shutting down */
    ERROR_INTERNAL,
    ERROR_CODE_COUNT
};

struct error {
    enum error_code code;
    int os_errno;    /* 0 when no system call is behind it */
    int http_status; /* status of the peer's answer, 0 when there was none */
    bool retryable;
    bool uncertain;
    char message[ERROR_MESSAGE_BYTES];
};

/* Stable lower-case name of a code for logs and metrics: "not_found". */
const char *error_code_name(enum error_code code);

/* Each sets *err anew and returns -1, so that a caller can `return error_set(...)`. Long messages
 * are cut. */
int error_set(struct error *err, enum error_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Same, and appends ": " and the text of the current errno. */
int error_set_errno(struct error *err, enum error_code code, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* Same as error_set() with retryable = true. */
int error_set_retryable(struct error *err, enum error_code code, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Puts "context: " in front of the message. Returns -1. */
int error_prefix(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Back to "no error". A `struct error err = {0}` needs no call. */
void error_clear(struct error *err);

#endif
