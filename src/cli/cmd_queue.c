/*
 * onput queue stats, onput health.
 */
#include "cli_private.h"

#include <stdio.h>
#include <string.h>

static void print_stats(const struct cli_args *args, struct json_object *answer)
{
    static const char *const names[] = {"pending", "running", "held", "dead"};
    if (args->json) {
        printf("%s\n", json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN));
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        int64_t value = 0;
        struct error err = {0};
        if (json_find_i64(answer, names[i], 0, &value, &err) == 0)
            printf("%-8s %lld\n", names[i], (long long)value);
    }
}

int cmd_queue(const struct cli_args *args)
{
    if (args->operand_count != 1 || strcmp(args->operands[0], "stats") != 0) {
        cli_print_verb_help(cli_find_verb("queue"));
        return EXIT_CODE_USAGE;
    }
    struct config *config = cli_load_config(args);
    if (config == NULL)
        return EXIT_CODE_CONFIG;
    struct json_object *answer = NULL;
    struct error err = {0};
    int result = admin_call(config, "GET", "/admin/queue", &answer, &err);
    if (result == 0)
        print_stats(args, answer);
    json_object_put(answer);
    config_free(config);
    return result == 0 ? EXIT_CODE_OK : cli_fail(EXIT_CODE_UNREACHABLE, &err);
}

int cmd_health(const struct cli_args *args)
{
    struct config *config = cli_load_config(args);
    if (config == NULL)
        return EXIT_CODE_CONFIG;
    struct json_object *answer = NULL;
    struct error err = {0};
    int result = admin_call(config, "GET", "/readyz", &answer, &err);
    if (result == 0)
        puts("ready");
    json_object_put(answer);
    config_free(config);
    return result == 0 ? EXIT_CODE_OK : cli_fail(EXIT_CODE_FAILED, &err);
}
