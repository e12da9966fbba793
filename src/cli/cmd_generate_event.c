/*
 * onput generate-event: a sample event on standard output, for onput invoke and for curl.
 */
#include "cli_private.h"

#include <stdio.h>

#include "sample_events.h"

enum { SAMPLE_MAX_BYTES = 64 * 1024 };

static int refuse(const struct error *err)
{
    AUTO_BUFFER struct buffer list;
    buffer_init(&list, SAMPLE_MAX_BYTES);
    sample_event_list(&list);
    int code = cli_fail(EXIT_CODE_USAGE, err);
    fprintf(stderr, "There are:\n%s", list.data);
    return code;
}

/* In lines, as a person would edit it. */
static int print(struct text json)
{
    AUTO_JSON struct json_object *event = NULL;
    struct error err = {0};
    if (json_parse(json, &event, &err) < 0)
        return cli_fail(EXIT_CODE_FAILED, &err);
    puts(json_object_to_json_string_ext(event, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                                   JSON_C_TO_STRING_NOSLASHESCAPE));
    return EXIT_CODE_OK;
}

int cmd_generate_event(const struct cli_args *args)
{
    if (args->operand_count == 0) {
        cli_print_verb_help(cli_find_verb("generate-event"));
        return EXIT_CODE_USAGE;
    }
    struct sample_request request = {
        .service = text_of(args->operands[0]),
        .event = cli_or_default(args->operand_count > 1 ? args->operands[1] : NULL, ""),
        .store = cli_or_default(args->store, "aws"),
        .bucket = cli_or_default(args->bucket, "example-bucket"),
        .key = cli_or_default(args->key, "test/key"),
        .region = cli_or_default(args->region, "us-east-1"),
    };
    AUTO_BUFFER struct buffer out;
    struct error err = {0};
    buffer_init(&out, SAMPLE_MAX_BYTES);
    if (sample_event_write(&request, &out, &err) < 0)
        return refuse(&err);
    if (buffer_failed(&out)) {
        error_set(&err, ERROR_LIMIT, "the names are too long");
        return cli_fail(EXIT_CODE_USAGE, &err);
    }
    return print(buffer_text(&out));
}
