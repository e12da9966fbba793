/*
 * onput invoke: runs a function of the daemon once and shows what the console of a cloud shows: the
 * result on standard output; how it ended, what it took and the end of its log on standard error.
 */
#include "cli_private.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "onput/encoding.h"
#include "onput/fd.h"

enum { EVENT_MAX_BYTES = 6 * 1024 * 1024, LOG_MAX_BYTES = 64 * 1024 };

static int read_event(const struct cli_args *args, struct buffer *out, struct error *err)
{
    if (args->event == NULL) {
        buffer_append_string(out, "{}");
        return 0;
    }
    if (strcmp(args->event, "-") == 0)
        return fd_read_all(STDIN_FILENO, out, err);
    return file_read(args->event, out, err);
}

/* "Duration" of the REPORT line gives "34.12 ms"; empty when it is not there. */
static struct text report_value(struct text log, const char *name)
{
    struct text rest = log;
    while (rest.len > 0) {
        struct text line = text_cut(&rest, '\n');
        if (!text_starts_with(line, TEXT("REPORT ")))
            continue;
        while (line.len > 0) {
            struct text value = text_cut(&line, '\t');
            if (text_is(text_trim(text_cut(&value, ':')), name))
                return text_trim(value);
        }
    }
    return TEXT("");
}

/* Lines of the REPORT, in the order in which a person asks for them. */
static const char *const report_fields[] = {"Duration",    "Billed Duration", "Init Duration",
                                            "Memory Size", "Max Memory Used", "Error Type"};

static void print_field(const char *name, struct text value)
{
    if (value.len > 0)
        fprintf(stderr, "  %-16s %.*s\n", name, TEXT_ARGS(value));
}

static void print_summary(const struct http_reply *reply, bool failed, struct text log)
{
    struct text status = report_value(log, "Status");
    if (!failed)
        status = TEXT("succeeded");
    else if (!text_is(status, "timeout"))
        status = TEXT("failed");
    fprintf(stderr, "\n%.*s\n", TEXT_ARGS(status));
    for (size_t i = 0; i < ARRAY_LEN(report_fields); i++)
        print_field(report_fields[i], report_value(log, report_fields[i]));
    print_field("Version", http_reply_header(reply, "X-Amz-Executed-Version"));
    print_field("Request ID", http_reply_header(reply, "x-amzn-RequestId"));
    fprintf(stderr, "\nEnd of the log:\n%.*s", TEXT_ARGS(log));
}

static void print_result(struct text result)
{
    fwrite(result.ptr, 1, result.len, stdout);
    if (result.len == 0 || result.ptr[result.len - 1] != '\n')
        putchar('\n');
    fflush(stdout);
}

static int show(const struct http_reply *reply)
{
    AUTO_BUFFER struct buffer log;
    struct error ignored = {0};
    buffer_init(&log, LOG_MAX_BYTES);
    bool failed = http_reply_header(reply, "X-Amz-Function-Error").len > 0;
    if (base64_decode(http_reply_header(reply, "X-Amz-Log-Result"), &log, &ignored) < 0)
        buffer_append_string(&log, "the log cannot be read\n");
    print_result(buffer_text(&reply->body));
    print_summary(reply, failed, buffer_text(&log));
    return failed ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

/* What the API says when it does not run the function: {"message"} or {"Message"}. */
static int refuse(const struct http_reply *reply)
{
    struct json_object *answer = NULL;
    struct error err = {0};
    struct text message = TEXT("no reason given");
    if (json_parse(buffer_text(&reply->body), &answer, &err) == 0) {
        struct json_object *found = json_at(answer, "message");
        if (found == NULL)
            found = json_at(answer, "Message");
        if (found != NULL)
            message = json_text(found);
    }
    error_set(&err, ERROR_UNAVAILABLE, "the daemon answers %d %.*s: %.*s", reply->status,
              TEXT_ARGS(http_reply_header(reply, "x-amzn-ErrorType")), TEXT_ARGS(message));
    json_object_put(answer);
    return cli_fail(EXIT_CODE_UNREACHABLE, &err);
}

static int invoke(const struct cli_args *args, const struct catalog *catalog)
{
    AUTO_BUFFER struct buffer event;
    struct error err = {0};
    buffer_init(&event, EVENT_MAX_BYTES);
    if (read_event(args, &event, &err) < 0)
        return cli_fail(EXIT_CODE_USAGE, &err);
    const struct http_header tail = {TEXT("x-amz-log-type"), TEXT("Tail")};
    struct lambda_request request = {.user = args->user,
                                     .function = args->operands[0],
                                     .headers = &tail,
                                     .header_count = 1,
                                     .body = buffer_text(&event)};
    struct http_reply reply = {0};
    if (lambda_invoke(catalog, &request, &reply, &err) < 0)
        return cli_fail(err.code == ERROR_NOT_FOUND ? EXIT_CODE_CONFIG : EXIT_CODE_UNREACHABLE,
                        &err);
    int code = reply.status == 200 ? show(&reply) : refuse(&reply);
    http_reply_release(&reply);
    return code;
}

int cmd_invoke(const struct cli_args *args)
{
    if (args->operand_count != 1) {
        cli_print_verb_help(cli_find_verb("invoke"));
        return EXIT_CODE_USAGE;
    }
    struct catalog *catalog = cli_load_catalog(args);
    if (catalog == NULL)
        return EXIT_CODE_CONFIG;
    int code = invoke(args, catalog);
    catalog_unref(catalog);
    return code;
}
