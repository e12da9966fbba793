/*
 * Flags: one table for all verbs; each verb takes the ones that it names.
 */
#include "cli_private.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct flag {
    const char *name;
    char letter;       /* a short form, or 0 */
    const char *value; /* name of its value in help; NULL: a switch */
    size_t offset;     /* of const char * or bool in struct cli_args */
    const char *help;
};

static const struct flag flags[] = {
    {"config", 0, "FILE", offsetof(struct cli_args, config),
     "the configuration (default: $ONPUT_CONFIG, ./onput.yaml, /etc/onput/onput.yaml)"},
    {"set", 0, "section.key=value", 0, "override one option; may be repeated"},
    {"json", 0, NULL, offsetof(struct cli_args, json), "print JSON"},
    {"print", 0, NULL, offsetof(struct cli_args, print),
     "print the effective configuration, secrets masked"},
    {"keep", 0, NULL, offsetof(struct cli_args, keep), "stay up until interrupted"},
    {"held", 0, NULL, offsetof(struct cli_args, held), "those that wait for a permission"},
    {"all", 0, NULL, offsetof(struct cli_args, all), "every one of them"},
    {"dir", 0, "DIR", offsetof(struct cli_args, dir), "a folder of photos"},
    {"function", 0, "NAME", offsetof(struct cli_args, function), "name of a function"},
    {"source-arn", 0, "ARN", offsetof(struct cli_args, source_arn), "arn:aws:s3:::<bucket>"},
    {"source-account", 0, "ID", offsetof(struct cli_args, source_account),
     "12 digits (default: the first store's account)"},
    {"principal", 0, "NAME", offsetof(struct cli_args, principal),
     "default: the first store's, s3.amazonaws.com"},
    {"action", 0, "NAME", offsetof(struct cli_args, action), "default: lambda:InvokeFunction"},
    {"event", 'e', "FILE", offsetof(struct cli_args, event),
     "the event, JSON; - is standard input (default: {})"},
    {"user", 0, "NAME", offsetof(struct cli_args, user),
     "of the configuration's users (default: the first with root: true)"},
    {"store", 0, "KIND", offsetof(struct cli_args, store),
     "whose way of writing: aws, minio, ceph or rustfs (default: aws)"},
    {"bucket", 0, "NAME", offsetof(struct cli_args, bucket), "default: example-bucket"},
    {"key", 0, "KEY", offsetof(struct cli_args, key), "as it is, not encoded (default: test/key)"},
    {"region", 0, "NAME", offsetof(struct cli_args, region), "default: us-east-1"},
    {"account-id", 0, "ID", offsetof(struct cli_args, account_id), "default: 123456789012"},
    {"partition", 0, "NAME", offsetof(struct cli_args, partition), "of ARNs (default: aws)"},
    {"dns-suffix", 0, "NAME", offsetof(struct cli_args, dns_suffix),
     "default: us-east-1.amazonaws.com"},
    {"queue-name", 0, "NAME", offsetof(struct cli_args, queue_name), "of sqs"},
    {"body", 0, "TEXT", offsetof(struct cli_args, body), "of sqs and apigateway"},
    {"topic", 0, "NAME", offsetof(struct cli_args, topic), "of sns"},
    {"subject", 0, "TEXT", offsetof(struct cli_args, subject), "of sns"},
    {"message", 0, "TEXT", offsetof(struct cli_args, message), "of sns"},
    {"stream", 0, "NAME", offsetof(struct cli_args, stream), "of kinesis"},
    {"partition-key", 0, "KEY", offsetof(struct cli_args, partition_key), "of kinesis"},
    {"sequence", 0, "NUMBER", offsetof(struct cli_args, sequence), "of kinesis"},
    {"data", 0, "TEXT", offsetof(struct cli_args, data), "of kinesis; it is encoded"},
    {"table", 0, "NAME", offsetof(struct cli_args, table), "of dynamodb"},
    {"method", 0, "NAME", offsetof(struct cli_args, method), "of apigateway"},
    {"resource", 0, "PATH", offsetof(struct cli_args, resource), "of apigateway aws-proxy"},
    {"path", 0, "PATH", offsetof(struct cli_args, path), "of apigateway"},
    {"stage", 0, "NAME", offsetof(struct cli_args, stage), "of apigateway"},
    {"rule", 0, "NAME", offsetof(struct cli_args, rule), "of cloudwatch"},
    {"help", 'h', NULL, offsetof(struct cli_args, help), "this text"},
};

static bool verb_takes(const struct cli_verb *verb, const char *name)
{
    struct text rest = text_of(verb->flags);
    if (strcmp(name, "help") == 0)
        return true;
    while (rest.len > 0) {
        if (text_is(text_cut(&rest, ' '), name))
            return true;
    }
    return false;
}

/* `name` as written behind "--", or one letter behind "-". */
static const struct flag *find_flag(const struct cli_verb *verb, struct text name, bool is_long)
{
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        bool matches = is_long ? text_is(name, flags[i].name)
                               : name.len == 1 && name.ptr[0] == flags[i].letter;
        if (matches && verb_takes(verb, flags[i].name))
            return &flags[i];
    }
    return NULL;
}

static bool store_value(struct cli_args *args, const struct flag *flag, const char *value)
{
    if (strcmp(flag->name, "set") != 0) {
        memcpy((char *)args + flag->offset, &value, sizeof(value));
        return true;
    }
    if (args->set_count == CLI_MAX_SETS) {
        fprintf(stderr, "onput: --set can be given %d times at most\n", CLI_MAX_SETS);
        return false;
    }
    args->sets[args->set_count++] = value;
    return true;
}

/* argv[*at] is a flag; moves *at to its last word. */
static bool parse_flag(const struct cli_verb *verb, int argc, char **argv, int *at,
                       struct cli_args *args)
{
    bool is_long = argv[*at][1] == '-';
    struct text word = text_of(argv[*at] + (is_long ? 2 : 1));
    size_t equals = text_find(word, '=');
    const struct flag *flag = find_flag(verb, text_slice(word, 0, equals), is_long);
    if (flag == NULL) {
        fprintf(stderr, "onput: %s takes no %s; see onput help %s\n", verb->name, argv[*at],
                verb->name);
        return false;
    }
    if (flag->value == NULL) {
        bool yes = true;
        memcpy((char *)args + flag->offset, &yes, sizeof(yes));
        if (equals < word.len)
            fprintf(stderr, "onput: --%s takes no value\n", flag->name);
        return equals == word.len;
    }
    if (equals < word.len)
        return store_value(args, flag, word.ptr + equals + 1);
    if (*at + 1 >= argc) {
        fprintf(stderr, "onput: --%s needs a value (%s)\n", flag->name, flag->value);
        return false;
    }
    return store_value(args, flag, argv[++*at]);
}

static bool add_operand(const struct cli_verb *verb, struct cli_args *args, const char *word)
{
    if (args->operand_count == verb->max_operands) {
        fprintf(stderr, "onput: %s cannot use \"%s\"; see onput help %s\n", verb->name, word,
                verb->name);
        return false;
    }
    args->operands[args->operand_count++] = word;
    return true;
}

static bool is_flag(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

bool cli_parse(const struct cli_verb *verb, int argc, char **argv, struct cli_args *out)
{
    *out = (struct cli_args){0};
    bool only_operands = false;
    for (int i = 1; i < argc; i++) {
        bool ok = true;
        if (only_operands || !is_flag(argv[i]))
            ok = add_operand(verb, out, argv[i]);
        else if (strcmp(argv[i], "--") == 0)
            only_operands = true;
        else
            ok = parse_flag(verb, argc, argv, &i, out);
        if (!ok)
            return false;
    }
    return true;
}

static void write_label(const struct flag *f, char *out, size_t size)
{
    const char *space = f->value != NULL ? " " : "", *value = f->value != NULL ? f->value : "";
    if (f->letter != 0)
        snprintf(out, size, "-%c, --%s%s%s", f->letter, f->name, space, value);
    else
        snprintf(out, size, "--%s%s%s", f->name, space, value);
}

void cli_print_flags(const struct cli_verb *verb)
{
    puts("\nFlags:");
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        char label[64];
        if (!verb_takes(verb, flags[i].name))
            continue;
        write_label(&flags[i], label, sizeof(label));
        printf("  %-26s %s\n", label, flags[i].help);
    }
}
