/*
 * onput generate-event: a sample event on standard output, for onput invoke and for curl.
 */
#include "cli_private.h"

#include <stdio.h>
#include <string.h>

#include "sample_events.h"

enum { SAMPLE_MAX_BYTES = 2 * 1024 * 1024 };

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

static const struct {
    const char *name;
    size_t offset; /* of const char * in struct cli_args */
} value_flags[] = {
    {"bucket", offsetof(struct cli_args, bucket)},
    {"key", offsetof(struct cli_args, key)},
    {"region", offsetof(struct cli_args, region)},
    {"account-id", offsetof(struct cli_args, account_id)},
    {"partition", offsetof(struct cli_args, partition)},
    {"dns-suffix", offsetof(struct cli_args, dns_suffix)},
    {"queue-name", offsetof(struct cli_args, queue_name)},
    {"body", offsetof(struct cli_args, body)},
    {"topic", offsetof(struct cli_args, topic)},
    {"subject", offsetof(struct cli_args, subject)},
    {"message", offsetof(struct cli_args, message)},
    {"stream", offsetof(struct cli_args, stream)},
    {"partition-key", offsetof(struct cli_args, partition_key)},
    {"sequence", offsetof(struct cli_args, sequence)},
    {"data", offsetof(struct cli_args, data)},
    {"table", offsetof(struct cli_args, table)},
    {"method", offsetof(struct cli_args, method)},
    {"resource", offsetof(struct cli_args, resource)},
    {"path", offsetof(struct cli_args, path)},
    {"stage", offsetof(struct cli_args, stage)},
    {"rule", offsetof(struct cli_args, rule)},
};

static size_t collect_values(const struct cli_args *args,
                             struct sample_value out[ARRAY_LEN(value_flags)])
{
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LEN(value_flags); i++) {
        const char *value;
        memcpy(&value, (const char *)args + value_flags[i].offset, sizeof(value));
        if (value != NULL)
            out[count++] = (struct sample_value){value_flags[i].name, text_of(value)};
    }
    return count;
}

static int list_all(void)
{
    AUTO_BUFFER struct buffer list;
    buffer_init(&list, SAMPLE_MAX_BYTES);
    sample_event_list(&list);
    cli_print_verb_help(cli_find_verb("generate-event"));
    printf("\nEvents and their flags:\n%s", list.data);
    return EXIT_CODE_USAGE;
}

int cmd_generate_event(const struct cli_args *args)
{
    struct sample_value values[ARRAY_LEN(value_flags)];
    if (args->operand_count == 0)
        return list_all();
    struct sample_request request = {
        .service = text_of(args->operands[0]),
        .event = cli_or_default(args->operand_count > 1 ? args->operands[1] : NULL, ""),
        .store = cli_or_default(args->store, "aws"),
        .values = values,
        .value_count = collect_values(args, values),
    };
    AUTO_BUFFER struct buffer out;
    struct error err = {0};
    buffer_init(&out, SAMPLE_MAX_BYTES);
    if (sample_event_write(&request, &out, &err) < 0)
        return refuse(&err);
    return print(buffer_text(&out));
}
