/*
 * log.h - one line per thing that happened, for people or for machines.
 *
 * log_open() is called once by main before threads start; until then lines go to stderr as text at
 * level info. A line is one write(2). Values are hostile: they are escaped and cut to a bound.
 * Layers below executors do not log above debug; who swallows an error logs it, once.
 *
 *   LOG(LOG_LEVEL_INFO, "attempt finished", LOG_TEXT("bucket", bucket), LOG_I64("attempt", n));
 *
 * Text: "12:04:05.123 INFO  attempt finished bucket=photos attempt=1"; JSON: one object with ts
 * (RFC 3339), level, msg and the fields. Threads: any.
 */
#ifndef ONPUT_LOG_H
#define ONPUT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "onput/attributes.h"
#include "onput/error.h"
#include "onput/text.h"

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_COUNT
};
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_JSON, LOG_FORMAT_COUNT };

enum { LOG_FIELD_MAX_BYTES = 2048 };

enum log_field_type { LOG_FIELD_END, LOG_FIELD_TEXT, LOG_FIELD_I64, LOG_FIELD_BOOL };

struct log_field {
    enum log_field_type type;
    const char *key;
    struct text text;
    int64_t number;
};

#define LOG_TEXT(k, v)     ((struct log_field){LOG_FIELD_TEXT, (k), (v), 0})
#define LOG_STRING(k, v)   ((struct log_field){LOG_FIELD_TEXT, (k), text_of(v), 0})
#define LOG_I64(k, v)      ((struct log_field){LOG_FIELD_I64, (k), {"", 0}, (v)})
#define LOG_BOOL(k, v)     ((struct log_field){LOG_FIELD_BOOL, (k), {"", 0}, (v)})
#define LOG_ERROR_FIELD(e) LOG_STRING("error", (e)->message)

#define LOG(level, message, ...)                                                                   \
    log_write((level), (message),                                                                  \
              (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){LOG_FIELD_END, 0, {0}, 0}})

/* `fd` stays the caller's. AUTO is text on a terminal, JSON elsewhere. */
void log_open(int fd, enum log_level minimum, enum log_format format);
void log_set_level(enum log_level minimum);
bool log_enabled(enum log_level level);
void log_write(enum log_level level, const char *message, const struct log_field *fields);

#endif
