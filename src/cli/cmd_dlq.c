/*
 * onput dlq list, show, redrive: what is dead or held, through the daemon's admin listener.
 */
#include "cli_private.h"

#include <stdio.h>
#include <string.h>

#include "onput/encoding.h"
#include "onput/memory.h"

enum { DLQ_PAGE = 1000 };

static struct text field(struct json_object *row, const char *name)
{
    return json_text(json_at(row, name));
}

static void print_row(const struct cli_args *args, struct json_object *row)
{
    if (args->json) {
        printf("%s\n", json_object_to_json_string_ext(row, JSON_C_TO_STRING_PLAIN));
        return;
    }
    struct text bucket = field(row, "bucket");
    bool is_direct = bucket.len == 0; /* somebody's own call, about no object */
    printf("%lld  %.*s  %.*s  %.*s%s%.*s  attempts %lld\n    %.*s\n",
           (long long)json_object_get_int64(json_at(row, "id")), TEXT_ARGS(field(row, "accepted")),
           TEXT_ARGS(field(row, "function")), TEXT_ARGS(bucket),
           is_direct ? "(invoked directly)" : "/", TEXT_ARGS(field(row, "key")),
           (long long)json_object_get_int64(json_at(row, "attempts")),
           TEXT_ARGS(field(row, "reason")));
}

/* A name stands for all versions of the function, a name with a qualifier for itself. */
static bool wanted(const struct cli_args *args, struct json_object *row)
{
    struct text function = field(row, "function"), rest = function;
    return args->function == NULL || text_is(function, args->function) ||
           text_is(text_cut(&rest, ':'), args->function);
}

/* Prints one page; *after becomes the last id, *more whether there may be another page. */
static int list_page(const struct cli_args *args, const struct config *config, int64_t *after,
                     bool *more, size_t *printed, struct error *err)
{
    AUTO_JSON struct json_object *answer = NULL;
    AUTO_FREE char *path = xasprintf("/admin/invocations?state=%s&after=%lld&limit=%d",
                                     args->held ? "held" : "dead", (long long)*after, DLQ_PAGE);
    struct json_object *rows;
    if (admin_call(config, "GET", path, &answer, err) < 0 ||
        json_get_array(answer, "invocations", &rows, err) < 0)
        return -1;
    size_t count = json_object_array_length(rows);
    for (size_t i = 0; i < count; i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);
        *after = json_object_get_int64(json_at(row, "id"));
        if (wanted(args, row)) {
            print_row(args, row);
            (*printed)++;
        }
    }
    *more = count == DLQ_PAGE;
    return 0;
}

static int list(const struct cli_args *args, const struct config *config, struct error *err)
{
    int64_t after = 0;
    size_t printed = 0;
    bool more = true;
    while (more) {
        if (list_page(args, config, &after, &more, &printed, err) < 0)
            return -1;
    }
    if (printed == 0 && !args->json)
        puts(args->held ? "nothing is held" : "nothing is dead");
    return 0;
}

static int check_id(const char *operand, struct error *err)
{
    int64_t id;
    return text_to_i64(text_of(operand), 1, INT64_MAX, "the invocation's id", &id, err);
}

static int show(const struct cli_args *args, const struct config *config, struct error *err)
{
    AUTO_JSON struct json_object *answer = NULL;
    if (args->operand_count != 2)
        return error_set(err, ERROR_INVALID, "usage: onput dlq show ID");
    if (check_id(args->operands[1], err) < 0)
        return -1;
    AUTO_FREE char *path = xasprintf("/admin/invocations/%s", args->operands[1]);
    if (admin_call(config, "GET", path, &answer, err) < 0)
        return -1;
    printf("%s\n", json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PRETTY |
                                                              JSON_C_TO_STRING_NOSLASHESCAPE));
    return 0;
}

static int redrive_path(const struct config *config, const char *path, struct error *err)
{
    AUTO_JSON struct json_object *answer = NULL;
    int64_t count = 0;
    if (admin_call(config, "POST", path, &answer, err) < 0 ||
        json_get_i64(answer, "redriven", &count, err) < 0)
        return -1;
    printf("redriven: %lld\n", (long long)count);
    return 0;
}

static int redrive_all(const struct cli_args *args, const struct config *config, struct error *err)
{
    AUTO_BUFFER struct buffer path;
    buffer_init(&path, 4096);
    buffer_appendf(&path, "/admin/invocations/redrive?state=%s", args->held ? "held" : "dead");
    if (args->function != NULL) {
        buffer_append_string(&path, "&function=");
        buffer_append_uri(&path, text_of(args->function), false);
    }
    return redrive_path(config, path.data, err);
}

static int redrive(const struct cli_args *args, const struct config *config, struct error *err)
{
    if (args->all)
        return redrive_all(args, config, err);
    if (args->operand_count < 2)
        return error_set(err, ERROR_INVALID, "usage: onput dlq redrive ID... | --all");
    for (size_t i = 1; i < args->operand_count; i++) {
        if (check_id(args->operands[i], err) < 0)
            return -1;
        AUTO_FREE char *path = xasprintf("/admin/invocations/%s/redrive", args->operands[i]);
        if (redrive_path(config, path, err) < 0)
            return -1;
    }
    return 0;
}

static const struct {
    const char *name;
    int (*run)(const struct cli_args *args, const struct config *config, struct error *err);
} actions[] = {{"list", list}, {"show", show}, {"redrive", redrive}};

static int exit_code_of(const struct error *err)
{
    if (err->code == ERROR_INVALID || err->code == ERROR_LIMIT)
        return EXIT_CODE_USAGE;
    return err->code == ERROR_NOT_FOUND ? EXIT_CODE_FAILED : EXIT_CODE_UNREACHABLE;
}

int cmd_dlq(const struct cli_args *args)
{
    struct error err = {0};
    for (size_t i = 0; args->operand_count > 0 && i < ARRAY_LEN(actions); i++) {
        if (strcmp(args->operands[0], actions[i].name) != 0)
            continue;
        struct config *config = cli_load_config(args);
        if (config == NULL)
            return EXIT_CODE_CONFIG;
        int result = actions[i].run(args, config, &err);
        config_free(config);
        if (result == 0)
            return EXIT_CODE_OK;
        return cli_fail(exit_code_of(&err), &err);
    }
    cli_print_verb_help(cli_find_verb("dlq"));
    return EXIT_CODE_USAGE;
}
