/*
 * error.c - see onput/error.h. Formats into the fixed message of a struct error.
 */
#include "onput/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const code_names[] = {
    [ERROR_NONE] = "none",
    [ERROR_INVALID] = "invalid",
    [ERROR_LIMIT] = "limit",
    [ERROR_UNSUPPORTED] = "unsupported",
    [ERROR_DENIED] = "denied",
    [ERROR_NOT_FOUND] = "not_found",
    [ERROR_CONFLICT] = "conflict",
    [ERROR_THROTTLED] = "throttled",
    [ERROR_TIMEOUT] = "timeout",
    [ERROR_UNAVAILABLE] = "unavailable",
    [ERROR_IO] = "io",
    [ERROR_PROTOCOL] = "protocol",
    [ERROR_CANCELED] = "canceled",
    [ERROR_INTERNAL] = "internal",
};
_Static_assert(ARRAY_LEN(code_names) == ERROR_CODE_COUNT, "every code has a name");

const char *error_code_name(enum error_code code)
{
    return (unsigned)code < ERROR_CODE_COUNT ? code_names[code] : "unknown";
}

/* Arguments may point into err->message, so the text is made aside and copied in at the end. */
static void error_fill(struct error *err, enum error_code code, int os_errno, const char *fmt,
                       va_list args)
{
    char message[ERROR_MESSAGE_BYTES];
    int len = vsnprintf(message, sizeof(message), fmt, args);

    if (len < 0) {
        message[0] = '\0';
        len = 0;
    }
    if (os_errno != 0 && (size_t)len < sizeof(message)) {
        char room[128];
        snprintf(message + len, sizeof(message) - (size_t)len, ": %s",
                 strerror_r(os_errno, room, sizeof(room)));
    }
    *err = (struct error){.code = code, .os_errno = os_errno};
    memcpy(err->message, message, sizeof(message));
}

int error_set(struct error *err, enum error_code code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    error_fill(err, code, 0, fmt, args);
    va_end(args);
    return -1;
}

int error_set_errno(struct error *err, enum error_code code, const char *fmt, ...)
{
    int os_errno = errno;
    va_list args;

    va_start(args, fmt);
    error_fill(err, code, os_errno, fmt, args);
    va_end(args);
    return -1;
}

int error_set_retryable(struct error *err, enum error_code code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    error_fill(err, code, 0, fmt, args);
    va_end(args);
    err->retryable = true;
    return -1;
}

/* Appends what fits of `more` behind the first `len` bytes of a message. */
static void append_cut(char message[ERROR_MESSAGE_BYTES], size_t len, const char *more)
{
    size_t room = ERROR_MESSAGE_BYTES - 1 - len;
    size_t count = strnlen(more, room);

    memcpy(message + len, more, count);
    message[len + count] = '\0';
}

int error_prefix(struct error *err, const char *fmt, ...)
{
    char old[ERROR_MESSAGE_BYTES];
    va_list args;
    size_t len;

    memcpy(old, err->message, sizeof(old));
    va_start(args, fmt);
    vsnprintf(err->message, sizeof(err->message), fmt, args);
    va_end(args);
    len = strlen(err->message);
    append_cut(err->message, len, ": ");
    append_cut(err->message, strlen(err->message), old);
    return -1;
}

void error_clear(struct error *err)
{
    *err = (struct error){0};
}
