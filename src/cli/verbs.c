/*
 * The table of verbs, and the help that comes from it.
 */
#include "cli_private.h"

#include <stdio.h>
#include <string.h>

static const struct cli_verb verbs[] = {
    {"demo", "demo [--keep] [--dir DIR] [--json]",
     "show it: an embedded store, real photos, thumbnails", "keep dir json", 0,
     "  onput demo                     run once with the photos that come with onput\n"
     "  onput demo --dir ~/Pictures    with your own\n"
     "  onput demo --keep              stay up and take your uploads\n",
     cmd_demo},
    {"serve", "serve [--config FILE] [--set section.key=value]...", "run the daemon", "config set",
     0,
     "  onput serve --config onput.yaml\n"
     "  onput serve --config onput.yaml --set listen.port=9000\n",
     cmd_serve},
    {"check", "check [--config FILE] [--print]", "check a configuration without starting",
     "config set print", 0,
     "  onput check --config onput.yaml            exit code 3 and file:line:column when it is "
     "wrong\n"
     "  onput check --config onput.yaml --print    the effective values and where they come from\n",
     cmd_check},
    {"policy",
     "policy simulate --function F --source-arn ARN [--source-account ID] [--principal P] "
     "[--action A]",
     "ask a function's permission policy",
     "config set function source-arn source-account "
     "principal action json",
     1,
     "  onput policy simulate --function thumbs --source-arn arn:aws:s3:::photos \\\n"
     "      --source-account 000000000000\n",
     cmd_policy},
    {"invoke", "invoke NAME [-e FILE|-] [--user NAME]", "run a function of the running daemon once",
     "config set event user", 1,
     "  onput invoke thumbs -e event.json\n"
     "  onput generate-event s3 put --bucket photos --key a.jpg | onput invoke thumbs -e -\n"
     "\n  The result goes to standard output; a summary and the end of the log to standard error. "
     "Exit\n  code 1 when the function failed. NAME may be name:version or name:alias.\n",
     cmd_invoke},
    {"generate-event",
     "generate-event s3 put|post|copy|multipart|delete [--store KIND] [--bucket B] [--key K]\n"
     "       onput generate-event s3|sqs|sns|kinesis|dynamodb|apigateway|cloudwatch [EVENT]",
     "print a sample event",
     "store bucket key region account-id partition dns-suffix queue-name body topic subject "
     "message stream partition-key sequence data table method resource path stage rule",
     2,
     "  onput generate-event s3 put --store minio --bucket photos --key 'summer 2026/a.jpg'\n"
     "  onput generate-event sqs receive-message --queue-name jobs --body '{\"id\":1}'\n"
     "  onput generate-event apigateway http-api-proxy --method GET --path /photos\n"
     "\n  Services, events and flags have the names of \"sam local generate-event\"; without "
     "arguments"
     "\n  all events are listed with their flags.\n",
     cmd_generate_event},
    {"queue", "queue stats [--json]", "numbers of the running daemon's queue", "config set json", 1,
     "  onput queue stats\n", cmd_queue},
    {"dlq", "dlq list|show ID|redrive [ID...|--all] [--held] [--function F] [--json]",
     "dead and held invocations: look at them, run them again", "config set json held all function",
     CLI_MAX_OPERANDS,
     "  onput dlq list                 what failed for good, and why\n"
     "  onput dlq list --held          what waits for a permission\n"
     "  onput dlq show 17\n"
     "  onput dlq redrive 17\n"
     "  onput dlq redrive --all --function thumbs\n",
     cmd_dlq},
    {"health", "health", "ask the running daemon whether it is ready (for HEALTHCHECK)",
     "config set", 0, "  onput health\n", cmd_health},
    {"version", "version", "print the version", "", 0, "", cmd_version},
    {"help", "help [VERB]", "this text, or a verb's", "", 1, "  onput help serve\n", cmd_help},
};

const struct cli_verb *cli_find_verb(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    }
    return NULL;
}

void cli_print_help(void)
{
    puts("onput turns object-store events into thumbnails and function calls.\n");
    puts("  onput demo                          see it work, with nothing else installed");
    puts("  onput serve --config onput.yaml     run it for your store\n");
    puts("Verbs:");
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        printf("  %-14s  %s\n", verbs[i].name, verbs[i].help);
    puts("\nonput help VERB tells more.");
}

void cli_print_verb_help(const struct cli_verb *verb)
{
    printf("Usage: onput %s\n\n%s\n", verb->usage, verb->help);
    if (verb->examples[0] != '\0')
        printf("\nExamples:\n%s", verb->examples);
    cli_print_flags(verb);
    if (strcmp(verb->name, "serve") == 0) {
        AUTO_BUFFER struct buffer options;
        buffer_init(&options, 1024 * 1024);
        config_help(&options);
        printf("\nConfiguration:\n%s", options.data);
    }
}

static size_t common_prefix(const char *a, const char *b)
{
    size_t n = 0;
    while (a[n] != '\0' && a[n] == b[n])
        n++;
    return n;
}

void cli_suggest_verb(const char *name)
{
    const char *best = NULL;
    size_t best_len = 0;
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        size_t n = common_prefix(name, verbs[i].name);
        if (n > best_len) {
            best_len = n;
            best = verbs[i].name;
        }
    }
    fprintf(stderr, "onput: there is no verb \"%s\"", name);
    if (best != NULL)
        fprintf(stderr, "; did you mean \"%s\"?", best);
    fputs("\nonput help lists them.\n", stderr);
}

int cmd_version(const struct cli_args *args)
{
    (void)args;
    puts("onput " ONPUT_VERSION);
    return EXIT_CODE_OK;
}

int cmd_help(const struct cli_args *args)
{
    if (args->operand_count == 0) {
        cli_print_help();
        return EXIT_CODE_OK;
    }
    const struct cli_verb *verb = cli_find_verb(args->operands[0]);
    if (verb == NULL) {
        cli_suggest_verb(args->operands[0]);
        return EXIT_CODE_USAGE;
    }
    cli_print_verb_help(verb);
    return EXIT_CODE_OK;
}
