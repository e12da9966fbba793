/*
 * The log of one invocation as Lambda writes it, for LogType Tail.
 *
 * Source: AWS Lambda Developer Guide, "Lambda function logs"; field order and tabs as recorded from
 * the service.
 */
#include "onput/invoker.h"

#include <sys/resource.h>

#include "onput/json.h"

enum {
    DEFAULT_MEMORY_MB = 128,
    FRAME_MAX_BYTES = 1024,
    ERROR_TYPE_MAX_BYTES = 128,
    MB = 1024 * 1024
};

static int64_t memory_size(const struct function *f)
{
    const struct row *row =
        f->record == NULL ? NULL : record_row(f->record, ROW_FUNCTION, f->version);
    struct error err = {0};
    AUTO_JSON struct json_object *json = NULL;
    int64_t mb = DEFAULT_MEMORY_MB;
    if (row == NULL || json_parse(row->json, &json, &err) < 0 ||
        json_find_i64(json, "MemorySize", DEFAULT_MEMORY_MB, &mb, &err) < 0)
        return DEFAULT_MEMORY_MB;
    return mb;
}

/* In MB. Built-in functions run within this process or in its workers: it is what is measured. */
static int64_t memory_used(const struct outcome *outcome)
{
    struct rusage usage;
    if (outcome->memory_bytes >= 0)
        return (outcome->memory_bytes + MB - 1) / MB;
    if (getrusage(RUSAGE_SELF, &usage) < 0)
        return 0;
    return (usage.ru_maxrss + 1023) / 1024;
}

static void append_error_type(struct buffer *out, struct text result)
{
    struct error err = {0};
    AUTO_JSON struct json_object *json = NULL;
    struct text type = TEXT("");
    if (json_parse(result, &json, &err) < 0 ||
        json_find_text(json, "errorType", TEXT(""), &type, &err) < 0 || type.len == 0)
        return;
    buffer_append_string(out, "\tError Type: ");
    for (size_t i = 0; i < type.len && i < ERROR_TYPE_MAX_BYTES; i++)
        buffer_append_char(out, (unsigned char)type.ptr[i] < 0x20 ? ' ' : type.ptr[i]);
}

static void append_status(struct buffer *out, const struct outcome *outcome)
{
    if (outcome->status != OUTCOME_FAILED)
        return;
    if (outcome->error.code == ERROR_TIMEOUT) {
        buffer_append_string(out, "Status: timeout");
        return;
    }
    buffer_append_string(out, "Status: error");
    append_error_type(out, outcome->result);
}

static void append_ms(struct buffer *out, const char *name, int64_t us)
{
    buffer_appendf(out, "%s: %lld.%02lld ms\t", name, (long long)(us / 1000),
                   (long long)(us % 1000 / 10));
}

static void append_timeout(struct buffer *out, const struct invoker_call *call)
{
    char when[TIME_TEXT_BYTES];
    int64_t ms = call->function->config->timeout_ms;
    buffer_appendf(out, "%s %s Task timed out after %lld.%02lld seconds\n\n",
                   time_format_rfc3339(call->ended_ms, when), call->invocation.request_id,
                   (long long)(ms / 1000), (long long)(ms % 1000 / 10));
}

static void append_end(struct buffer *out, const struct invoker_call *call,
                       const struct outcome *outcome)
{
    const char *id = call->invocation.request_id;
    if (outcome->status == OUTCOME_FAILED && outcome->error.code == ERROR_TIMEOUT)
        append_timeout(out, call);
    buffer_appendf(out, "END RequestId: %s\nREPORT RequestId: %s\t", id, id);
    int64_t us = call->duration_us;
    append_ms(out, "Duration", us);
    buffer_appendf(out,
                   "Billed Duration: %lld ms\tMemory Size: %lld MB\tMax Memory Used: %lld MB\t",
                   (long long)(us <= 0 ? 1 : (us + 999) / 1000),
                   (long long)memory_size(call->function), (long long)memory_used(outcome));
    if (outcome->init_us >= 0)
        append_ms(out, "Init Duration", outcome->init_us);
    append_status(out, outcome);
    buffer_append_char(out, '\n');
}

/* What is left of a part when so much of the log's beginning is cut, from a whole character on. */
static void append_rest(struct buffer *out, struct text part, size_t *cut)
{
    size_t skip = *cut < part.len ? *cut : part.len;
    *cut -= skip;
    while (skip > 0 && skip < part.len && ((unsigned char)part.ptr[skip] & 0xC0) == 0x80)
        skip++;
    buffer_append_text(out, text_slice(part, skip, part.len));
}

void invoker_write_log(const struct invoker_call *call, const struct outcome *outcome,
                       size_t max_bytes, struct buffer *out)
{
    AUTO_BUFFER struct buffer start, end;
    buffer_init(&start, FRAME_MAX_BYTES);
    buffer_init(&end, FRAME_MAX_BYTES);
    buffer_appendf(&start, "START RequestId: %s Version: %.*s\n", call->invocation.request_id,
                   TEXT_ARGS(call->function->version));
    append_end(&end, call, outcome);
    struct text own = outcome->log.ptr == NULL ? TEXT("") : outcome->log;
    struct text newline = own.len > 0 && own.ptr[own.len - 1] != '\n' ? TEXT("\n") : TEXT("");
    struct text parts[] = {buffer_text(&start), own, newline, buffer_text(&end)};
    size_t total = 0;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        total += parts[i].len;
    size_t cut = total > max_bytes ? total - max_bytes : 0;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        append_rest(out, parts[i], &cut);
}
