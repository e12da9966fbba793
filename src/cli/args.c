/*
 * Flags: one table for all verbs; each verb takes the ones that it names.
 */
#include "cli_private.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct flag {
    const char *name;
    const char *value; /* name of its value in help; NULL: a switch */
    size_t offset;     /* of const char * or bool in struct cli_args */
    const char *help;
};

static const struct flag flags[] = {
    {"config", "FILE", offsetof(struct cli_args, config),
     "the configuration (default: $ONPUT_CONFIG, ./onput.yaml, /etc/onput/onput.yaml)"},
    {"set", "section.key=value", 0, "override one option; may be repeated"},
    {"json", NULL, offsetof(struct cli_args, json), "print JSON"},
    {"print", NULL, offsetof(struct cli_args, print),
     "print the effective configuration, secrets masked"},
    {"keep", NULL, offsetof(struct cli_args, keep), "stay up until interrupted"},
    {"held", NULL, offsetof(struct cli_args, held), "those that wait for a permission"},
    {"all", NULL, offsetof(struct cli_args, all), "every one of them"},
    {"dir", "DIR", offsetof(struct cli_args, dir), "a folder of photos"},
    {"function", "NAME", offsetof(struct cli_args, function), "name of a function"},
    {"source-arn", "ARN", offsetof(struct cli_args, source_arn), "arn:aws:s3:::<bucket>"},
    {"source-account", "ID", offsetof(struct cli_args, source_account),
     "12 digits (default: the first store's account)"},
    {"principal", "NAME", offsetof(struct cli_args, principal),
     "default: the first store's, s3.amazonaws.com"},
    {"action", "NAME", offsetof(struct cli_args, action), "default: lambda:InvokeFunction"},
    {"help", NULL, offsetof(struct cli_args, help), "this text"},
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

static const struct flag *find_flag(const struct cli_verb *verb, struct text name)
{
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        if (text_is(name, flags[i].name) && verb_takes(verb, flags[i].name))
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
    const struct flag *flag = is_long ? find_flag(verb, text_slice(word, 0, equals)) : NULL;
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
        return store_value(args, flag, argv[*at] + 2 + equals + 1);
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
        else if (strcmp(argv[i], "-h") == 0)
            out->help = true;
        else
            ok = parse_flag(verb, argc, argv, &i, out);
        if (!ok)
            return false;
    }
    return true;
}

void cli_print_flags(const struct cli_verb *verb)
{
    puts("\nFlags:");
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        char left[64];
        if (!verb_takes(verb, flags[i].name))
            continue;
        snprintf(left, sizeof(left), "--%s%s%s", flags[i].name, flags[i].value != NULL ? " " : "",
                 flags[i].value != NULL ? flags[i].value : "");
        printf("  %-26s %s\n", left, flags[i].help);
    }
}
