/*
 * What an invocation returns when its process fails, in AWS's words. See invoke.c for when.
 *
 * Failures may be retried, as Lambda does with asynchronous invocations: a timeout or a crash need
 * not come again. A command that cannot be executed will.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "api_text.h"
#include "onput/json.h"
#include "runtime_private.h"

enum { PAYLOAD_BYTES = 4096, DETAIL_BYTES = 256 };

static void set_payload(struct failure *out, struct arena *arena, const char *type,
                        const char *message)
{
    AUTO_BUFFER struct buffer json;
    buffer_init(&json, PAYLOAD_BYTES);
    api_append_error(&json, text_of(type), text_of(message));
    out->payload = arena_text(arena, buffer_text(&json));
}

/* {"errorType":type,"errorMessage":"RequestId: <id> Error: <what>"}, and the same as the error. */
static void fail(struct failure *out, struct arena *arena, enum error_code code, const char *type,
                 const char *request_id, const char *what)
{
    char message[DETAIL_BYTES + 128];
    snprintf(message, sizeof(message), "RequestId: %s Error: %s", request_id, what);
    set_payload(out, arena, type, message);
    error_set_retryable(&out->error, code, "%s: %s", type, what);
}

/* As Go's os package names them, which is what Lambda prints. */
static const char *signal_name(int number, char buffer[DETAIL_BYTES])
{
    static const char *const names[] = {
        [SIGHUP] = "hangup",
        [SIGINT] = "interrupt",
        [SIGQUIT] = "quit",
        [SIGILL] = "illegal instruction",
        [SIGTRAP] = "trace/breakpoint trap",
        [SIGABRT] = "aborted",
        [SIGBUS] = "bus error",
        [SIGFPE] = "floating point exception",
        [SIGKILL] = "killed",
        [SIGUSR1] = "user defined signal 1",
        [SIGSEGV] = "segmentation fault",
        [SIGUSR2] = "user defined signal 2",
        [SIGPIPE] = "broken pipe",
        [SIGALRM] = "alarm clock",
        [SIGTERM] = "terminated",
    };
    if (number > 0 && (size_t)number < ARRAY_LEN(names) && names[number] != NULL)
        return names[number];
    snprintf(buffer, DETAIL_BYTES, "signal %d", number);
    return buffer;
}

/* "no such file or directory": Go's texts begin with a small letter. */
static const char *errno_name(int number, char buffer[DETAIL_BYTES])
{
    const char *text = strerrordesc_np(number);
    snprintf(buffer, DETAIL_BYTES, "%s", text != NULL ? text : "unknown error");
    if (buffer[0] >= 'A' && buffer[0] <= 'Z' && buffer[1] >= 'a')
        buffer[0] = (char)(buffer[0] - 'A' + 'a');
    return buffer;
}

void failure_of_exit(const struct runner_report *report, const char *request_id,
                     struct arena *arena, struct failure *out)
{
    char what[DETAIL_BYTES], name[DETAIL_BYTES];
    const char *type = "Runtime.ExitError";
    enum error_code code = ERROR_INTERNAL;
    bool comes_again = false;
    snprintf(what, sizeof(what), "Runtime exited with error: signal: killed");
    switch (report->end) {
    case RUNNER_EXITED:
        if (report->code == 0)
            snprintf(what, sizeof(what), "Runtime exited without providing a reason");
        else
            snprintf(what, sizeof(what), "Runtime exited with error: exit status %" PRId32,
                     report->code);
        break;
    case RUNNER_SIGNALED:
        snprintf(what, sizeof(what), "Runtime exited with error: signal: %.100s",
                 signal_name(report->code, name));
        break;
    case RUNNER_NO_EXEC:
        type = "Runtime.InvalidEntrypoint";
        snprintf(what, sizeof(what), "fork/exec%s%.100s: %.100s", report->text[0] ? " " : "",
                 report->text, errno_name(report->code, name));
        comes_again = true;
        break;
    case RUNNER_NO_START:
        type = "Sandbox.Failure";
        snprintf(what, sizeof(what), "%.120s: %.100s", report->text,
                 errno_name(report->code, name));
        break;
    case RUNNER_MEMORY:
        type = "Runtime.OutOfMemory";
        code = ERROR_LIMIT;
        break;
    case RUNNER_PIDS:
        code = ERROR_LIMIT;
        break;
    case RUNNER_END_COUNT:
        break;
    }
    fail(out, arena, code, type, request_id, what);
    if (report->end == RUNNER_PIDS)
        error_set_retryable(&out->error, code, "%s: it had more processes than it may", type);
    out->error.retryable = !comes_again;
}

void failure_of_timeout(int64_t timeout_ms, const char *request_id, struct arena *arena,
                        struct failure *out)
{
    char what[DETAIL_BYTES];
    snprintf(what, sizeof(what), "Task timed out after %" PRId64 ".%02" PRId64 " seconds",
             timeout_ms / 1000, timeout_ms % 1000 / 10);
    fail(out, arena, ERROR_TIMEOUT, "Sandbox.Timedout", request_id, what);
}

/* What the function posted: for people, "Type: message" of it. */
static void describe_posted(const struct exchange_result *result, struct error *err)
{
    AUTO_JSON struct json_object *json = NULL;
    struct error ignored = {0};
    struct text type = result->error_type;
    struct text message = TEXT("");
    if (json_parse(result->body, &json, &ignored) == 0) {
        (void)!json_find_text(json, "errorType", type, &type, &ignored);
        (void)!json_find_text(json, "errorMessage", message, &message, &ignored);
    }
    error_set_retryable(err, ERROR_INTERNAL, "%s%.*s%s%.*s",
                        result->end == EXCHANGE_INIT_ERROR ? "at its start: " : "",
                        TEXT_ARGS(text_slice(type, 0, 100)),
                        type.len > 0 && message.len > 0 ? ": " : "",
                        TEXT_ARGS(text_slice(message, 0, 200)));
}

void failure_of_exchange(const struct exchange_result *result, const char *request_id,
                         struct arena *arena, struct failure *out)
{
    switch (result->end) {
    case EXCHANGE_ERROR:
    case EXCHANGE_INIT_ERROR:
        out->payload = result->body;
        describe_posted(result, &out->error);
        return;
    case EXCHANGE_TOO_LARGE: {
        char message[DETAIL_BYTES];
        snprintf(message, sizeof(message),
                 "Response payload size exceeded maximum allowed payload size (%d bytes).",
                 result->is_streamed ? STREAM_MAX_BYTES : RESULT_MAX_BYTES);
        AUTO_BUFFER struct buffer json;
        buffer_init(&json, PAYLOAD_BYTES);
        /* The other way round than elsewhere; AWS's own order. */
        buffer_appendf(&json,
                       "{\"errorMessage\":\"%s\",\"errorType\":\"Function.ResponseSizeTooLarge\"}",
                       message);
        out->payload = arena_text(arena, buffer_text(&json));
        error_set_retryable(&out->error, ERROR_LIMIT, "Function.ResponseSizeTooLarge: %s", message);
        return;
    }
    case EXCHANGE_BROKEN:
        fail(out, arena, ERROR_INTERNAL, "Runtime.TruncatedResponse", request_id,
             "The response ended before it was whole");
        return;
    case EXCHANGE_CANCELED:
        fail(out, arena, ERROR_CANCELED, "Sandbox.Failure", request_id,
             "The invocation was canceled");
        return;
    case EXCHANGE_TIMEOUT:
        fail(out, arena, ERROR_TIMEOUT, "Sandbox.Timedout", request_id, "Task timed out");
        return;
    case EXCHANGE_READY:
    case EXCHANGE_RESPONSE:
    case EXCHANGE_GONE:
        break;
    }
    fail(out, arena, ERROR_INTERNAL, "Runtime.ExitError", request_id,
         "Runtime exited without providing a reason");
}
