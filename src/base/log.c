/*
 * log.c - see onput/log.h. Formats a line on the stack and writes it with one write(2).
 *
 * The sink is process-wide on purpose: a log line must be possible from everywhere. Its three
 * values are atomic, so that changing the level never needs a lock.
 */
#include "onput/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base_private.h"
#include "onput/clock.h"

/* TAIL is kept free for what closes a line; a line that is full says so instead of growing. */
enum { LINE_BYTES = 16384, TAIL_BYTES = 32, TEXT_TIME_FROM = 11, TEXT_TIME_TO = 23 };

static _Atomic int sink_fd = STDERR_FILENO;
static _Atomic int sink_level = LOG_LEVEL_INFO;
static _Atomic int sink_format = LOG_FORMAT_TEXT;

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static const char *const level_labels[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};
_Static_assert(ARRAY_LEN(level_names) == LOG_LEVEL_COUNT, "every level has a name");
_Static_assert(ARRAY_LEN(level_labels) == LOG_LEVEL_COUNT, "every level has a label");

void log_open(int fd, enum log_level minimum, enum log_format format)
{
    if (format == LOG_FORMAT_AUTO)
        format = isatty(fd) ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON;
    atomic_store(&sink_fd, fd);
    atomic_store(&sink_level, (int)minimum);
    atomic_store(&sink_format, (int)format);
}

void log_set_level(enum log_level minimum)
{
    atomic_store(&sink_level, (int)minimum);
}

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&sink_level, memory_order_relaxed);
}

struct line {
    size_t len;
    bool full;
    char bytes[LINE_BYTES];
};

static void line_add(struct line *l, const char *bytes, size_t len)
{
    if (l->full || len > sizeof(l->bytes) - TAIL_BYTES - l->len) {
        l->full = true;
        return;
    }
    memcpy(l->bytes + l->len, bytes, len);
    l->len += len;
}

static void line_add_string(struct line *l, const char *string)
{
    line_add(l, string, strlen(string));
}

static void line_add_number(struct line *l, int64_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%lld", (long long)number);

    line_add(l, digits, (size_t)len);
}

/* Cuts a value to the bound without leaving half a UTF-8 sequence behind. */
static struct text cut_value(struct text t)
{
    size_t len = LOG_FIELD_MAX_BYTES;

    if (t.len <= LOG_FIELD_MAX_BYTES)
        return t;
    while (len > LOG_FIELD_MAX_BYTES - 4 && ((unsigned char)t.ptr[len] & 0xc0) == 0x80)
        len--;
    return text_slice(t, 0, len);
}

static void line_add_escaped(struct line *l, struct text t)
{
    size_t at = 0;

    while (at < t.len) {
        size_t plain = json_plain_until(t, at);
        char escape[JSON_ESCAPE_BYTES];
        size_t len;

        line_add(l, t.ptr + at, plain - at);
        at = plain;
        if (at == t.len)
            break;
        len = json_escape_one(t, &at, escape);
        line_add(l, escape, len);
    }
}

static void line_add_quoted(struct line *l, struct text t)
{
    struct text shown = cut_value(t);

    line_add(l, "\"", 1);
    line_add_escaped(l, shown);
    line_add(l, "...\"", 4);
    if (shown.len == t.len && !l->full) {
        l->len -= 4;
        line_add(l, "\"", 1);
    }
}

static void line_add_json_field(struct line *l, const struct log_field *f)
{
    line_add(l, ",\"", 2);
    line_add_escaped(l, text_of(f->key));
    line_add(l, "\":", 2);
    if (f->type == LOG_FIELD_TEXT)
        line_add_quoted(l, f->text);
    else if (f->type == LOG_FIELD_I64)
        line_add_number(l, f->number);
    else
        line_add_string(l, f->number != 0 ? "true" : "false");
}

/* Only a value that cannot be taken for anything else goes without quotes. */
static bool needs_quotes(struct text t)
{
    if (t.len == 0 || t.len > LOG_FIELD_MAX_BYTES)
        return true;
    return json_plain_until(t, 0) != t.len || text_find(t, ' ') != t.len ||
           text_find(t, '=') != t.len;
}

static void line_add_text_field(struct line *l, const struct log_field *f)
{
    line_add(l, " ", 1);
    line_add_string(l, f->key);
    line_add(l, "=", 1);
    if (f->type == LOG_FIELD_I64)
        line_add_number(l, f->number);
    else if (f->type == LOG_FIELD_BOOL)
        line_add_string(l, f->number != 0 ? "true" : "false");
    else if (needs_quotes(f->text))
        line_add_quoted(l, f->text);
    else
        line_add(l, f->text.ptr, f->text.len);
}

/* A field that does not fit is taken back whole; the line's end then tells that it was cut. */
static void line_add_fields(struct line *l, const struct log_field *fields,
                            void (*add)(struct line *, const struct log_field *))
{
    for (const struct log_field *f = fields; f->type != LOG_FIELD_END && !l->full; f++) {
        size_t before = l->len;

        add(l, f);
        if (l->full)
            l->len = before;
    }
}

/* Uses the room that line_add() keeps free. */
static void line_close(struct line *l, const char *when_cut, const char *end)
{
    if (l->full) {
        memcpy(l->bytes + l->len, when_cut, strlen(when_cut));
        l->len += strlen(when_cut);
    }
    memcpy(l->bytes + l->len, end, strlen(end));
    l->len += strlen(end);
}

static void format_json(struct line *l, enum log_level level, const char *now, const char *message,
                        const struct log_field *fields)
{
    line_add_string(l, "{\"ts\":\"");
    line_add_string(l, now);
    line_add_string(l, "\",\"level\":\"");
    line_add_string(l, level_names[level]);
    line_add_string(l, "\",\"msg\":");
    line_add_quoted(l, text_of(message));
    line_add_fields(l, fields, line_add_json_field);
    line_close(l, ",\"cut\":true", "}\n");
}

static void format_text(struct line *l, enum log_level level, const char *now, const char *message,
                        const struct log_field *fields)
{
    line_add(l, now + TEXT_TIME_FROM, TEXT_TIME_TO - TEXT_TIME_FROM);
    line_add(l, " ", 1);
    line_add_string(l, level_labels[level]);
    line_add(l, " ", 1);
    line_add_escaped(l, cut_value(text_of(message)));
    line_add_fields(l, fields, line_add_text_field);
    line_close(l, " cut=true", "\n");
}

/* There is nobody to tell when the log cannot be written, so errors other than EINTR end it. */
static void write_line(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        bytes += written;
        len -= (size_t)written;
    }
}

void log_write(enum log_level level, const char *message, const struct log_field *fields)
{
    int saved = errno;
    char now[TIME_TEXT_BYTES];
    struct line line;

    if (!log_enabled(level))
        return;
    BUG_ON((unsigned)level >= LOG_LEVEL_COUNT);
    line.len = 0;
    line.full = false;
    time_format_rfc3339(clock_wall_ms(clock_system()), now);
    if (atomic_load(&sink_format) == LOG_FORMAT_JSON)
        format_json(&line, level, now, message, fields);
    else
        format_text(&line, level, now, message, fields);
    write_line(atomic_load(&sink_fd), line.bytes, line.len);
    errno = saved;
}
