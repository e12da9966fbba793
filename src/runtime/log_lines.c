/*
 * log_lines.c - what a process writes to its standard output and error: cut into lines that go to
 * the log, and remembered as the tail of its invocation.
 *
 * Its bytes are as hostile as the function: long lines, no lines, no UTF-8, no end. The caller has
 * the instance's log_lock.
 */
#include "runtime_private.h"

#include <stdlib.h>
#include <string.h>

#include "onput/encoding.h"
#include "onput/memory.h"

struct log_lines {
    char *function, *version;
    char request_id[UUID_TEXT_BYTES]; /* empty: of no invocation */
    size_t relayed;                   /* bytes, of this invocation */
    bool is_over;                     /* as much was relayed as may be */
    size_t line_len;
    char line[LOG_LINE_MAX_BYTES]; /* one that has not ended */
    uint64_t tail_total;           /* bytes of this invocation; the last of them are in the ring */
    char ring[LOG_TAIL_BYTES];
};

enum { UTF8_MAX = 4 };
static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

struct log_lines *log_lines_new(struct text function, struct text version)
{
    struct log_lines *l = xcalloc(1, sizeof(*l));
    l->function = xmemdup_text(function);
    l->version = xmemdup_text(version);
    return l;
}

void log_lines_free(struct log_lines *l)
{
    if (l == NULL)
        return;
    free(l->function);
    free(l->version);
    free(l);
}

static void stop_relaying(struct log_lines *l)
{
    l->is_over = true;
    LOG(LOG_LEVEL_WARN, "function wrote more than is relayed; the rest is left out",
        LOG_STRING("function", l->function), LOG_STRING("version", l->version),
        LOG_STRING("request_id", l->request_id), LOG_I64("limit_bytes", LOG_RELAY_MAX_BYTES));
}

/* Runtimes that keep a record of several lines together put carriage returns between them. */
static void show_inner_lines(char *line, size_t len)
{
    for (char *at = line; (at = memchr(at, '\r', len - (size_t)(at - line))) != NULL; at++)
        *at = '\n';
}

/* The first `len` bytes of the line that is being put together. */
static void relay(struct log_lines *l, size_t len)
{
    if (l->is_over)
        return;
    if (l->relayed + len > LOG_RELAY_MAX_BYTES) {
        stop_relaying(l);
        return;
    }
    l->relayed += len + 1;
    while (len > 0 && l->line[len - 1] == '\r')
        len--;
    if (len == 0)
        return;
    show_inner_lines(l->line, len);
    LOG(LOG_LEVEL_INFO, "function output", LOG_STRING("function", l->function),
        LOG_STRING("version", l->version), LOG_STRING("request_id", l->request_id),
        LOG_TEXT("line", ((struct text){l->line, len})));
}

static void end_line(struct log_lines *l)
{
    relay(l, l->line_len);
    l->line_len = 0;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* A line as long as it may be, without its end: the rest becomes a line of its own, but no
 * character is torn apart. */
static void cut_line(struct log_lines *l)
{
    size_t at = l->line_len;
    while (at > l->line_len - UTF8_MAX && ((unsigned char)l->line[at - 1] & 0xc0) == 0x80)
        at--;
    if (at > 0 && ((unsigned char)l->line[at - 1] & 0xc0) == 0xc0)
        at--;
    else
        at = l->line_len;
    char rest[UTF8_MAX + 1];
    size_t rest_len = l->line_len - at;
    memcpy(rest, l->line + at, rest_len);
    relay(l, at);
    memcpy(l->line, rest, rest_len);
    l->line_len = rest_len;
}

static void add_to_line(struct log_lines *l, struct text part)
{
    while (part.len > 0) {
        size_t room = sizeof(l->line) - l->line_len;
        size_t step = part.len < room ? part.len : room;
        memcpy(l->line + l->line_len, part.ptr, step);
        l->line_len += step;
        part = text_slice(part, step, part.len);
        if (l->line_len == sizeof(l->line) && part.len > 0)
            cut_line(l);
    }
}

static void take_lines(struct log_lines *l, struct text bytes)
{
    while (bytes.len > 0 && !l->is_over) {
        size_t end = text_find(bytes, '\n');
        add_to_line(l, text_slice(bytes, 0, end));
        if (end == bytes.len)
            return;
        end_line(l);
        bytes = text_slice(bytes, end + 1, bytes.len);
    }
}

static void take_tail(struct log_lines *l, struct text bytes)
{
    size_t skipped = bytes.len > LOG_TAIL_BYTES ? bytes.len - LOG_TAIL_BYTES : 0;
    struct text last = text_slice(bytes, skipped, bytes.len);
    size_t at = (size_t)((l->tail_total + skipped) % LOG_TAIL_BYTES);
    size_t before_end = LOG_TAIL_BYTES - at;
    if (before_end > last.len)
        before_end = last.len;
    memcpy(l->ring + at, last.ptr, before_end);
    memcpy(l->ring, last.ptr + before_end, last.len - before_end);
    l->tail_total += bytes.len;
}

void log_lines_take(struct log_lines *l, struct text bytes)
{
    take_tail(l, bytes);
    if (!l->is_over && log_enabled(LOG_LEVEL_INFO))
        take_lines(l, bytes);
}

bool log_lines_are_flood(const struct log_lines *l)
{
    return l->tail_total > LOG_RELAY_MAX_BYTES;
}

void log_lines_begin(struct log_lines *l, const char *request_id)
{
    if (l->line_len > 0)
        end_line(l);
    l->line_len = 0;
    l->relayed = 0;
    l->is_over = false;
    l->tail_total = 0;
    snprintf(l->request_id, sizeof(l->request_id), "%s", request_id != NULL ? request_id : "");
}

/* How many bytes the character at `at` has; 0 when it is none that may stand there. */
static size_t character_len(struct text t, size_t at)
{
    if (t.ptr[at] == '\0')
        return 0;
    for (size_t len = 1; len <= UTF8_MAX && at + len <= t.len; len++) {
        if (text_is_utf8(text_slice(t, at, at + len)))
            return len;
    }
    return 0;
}

static void append_valid(struct buffer *out, struct text t)
{
    for (size_t at = 0; at < t.len;) {
        size_t len = character_len(t, at);
        if (len > 0)
            buffer_append(out, t.ptr + at, len);
        else
            buffer_append_string(out, replacement);
        at += len > 0 ? len : 1;
    }
}

/* Behind what is left of a character whose beginning is no more there. */
static struct text from_character(struct text t)
{
    size_t at = 0;
    while (at < t.len && at < UTF8_MAX - 1 && is_continuation(t.ptr[at]))
        at++;
    return text_slice(t, at, t.len);
}

struct text log_lines_tail(struct log_lines *l, struct arena *arena)
{
    if (l->tail_total == 0)
        return TEXT("");
    char *raw = arena_alloc(arena, LOG_TAIL_BYTES);
    size_t len = l->tail_total < LOG_TAIL_BYTES ? (size_t)l->tail_total : LOG_TAIL_BYTES;
    size_t start = (size_t)((l->tail_total - len) % LOG_TAIL_BYTES);
    size_t before_end = LOG_TAIL_BYTES - start < len ? LOG_TAIL_BYTES - start : len;
    memcpy(raw, l->ring + start, before_end);
    memcpy(raw + before_end, l->ring, len - before_end);
    struct text bytes = {raw, len};
    if (l->tail_total > LOG_TAIL_BYTES)
        bytes = from_character(bytes);
    if (text_is_utf8(bytes) && memchr(bytes.ptr, '\0', bytes.len) == NULL)
        return bytes;
    AUTO_BUFFER struct buffer valid;
    buffer_init(&valid, LOG_TAIL_BYTES * (sizeof(replacement) - 1));
    append_valid(&valid, bytes);
    bytes = buffer_text(&valid);
    if (bytes.len > LOG_TAIL_BYTES)
        bytes = from_character(text_slice(bytes, bytes.len - LOG_TAIL_BYTES, bytes.len));
    return arena_text(arena, bytes);
}
