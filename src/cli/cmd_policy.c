/*
 * onput policy simulate: would this source be allowed to invoke that function, and which statement
 * decides?
 */
#include "cli_private.h"

#include <stdio.h>
#include <string.h>

#include "onput/catalog.h"

static struct text or_default(const char *value, const char *fallback)
{
    return text_of(value != NULL ? value : fallback);
}

static struct policy_request make_request(const struct cli_args *args,
                                          const struct function *function,
                                          const struct policy_context *context, size_t count)
{
    struct text principal = or_default(args->principal, "s3.amazonaws.com");
    enum policy_principal_type type = POLICY_PRINCIPAL_SERVICE;
    if (text_starts_with(principal, TEXT("arn:")))
        type = POLICY_PRINCIPAL_AWS;
    if (text_is(principal, "*"))
        type = POLICY_PRINCIPAL_ANONYMOUS;
    struct text rest = principal, account = TEXT("");
    for (int i = 0; type == POLICY_PRINCIPAL_AWS && i < 5; i++)
        account = text_cut(&rest, ':');
    return (struct policy_request){
        .principal_type = type,
        .principal_name = principal,
        .principal_account = account,
        .action = or_default(args->action, "lambda:InvokeFunction"),
        .resource = function->arn,
        .context = context,
        .context_count = count,
    };
}

static void print_decision(const struct cli_args *args, const struct function *function,
                           const struct policy_request *request)
{
    struct policy_decision d = policy_evaluate(function->policy, request);
    const char *effect = d.effect == POLICY_ALLOW ? "allow" : "deny";
    struct text statement =
        d.statement < 0 ? TEXT("") : policy_statement_json(function->policy, (size_t)d.statement);
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 1024 * 1024);
    if (args->json) {
        struct json_writer w;
        json_writer_init(&w, &out);
        json_object_begin(&w);
        json_pair_string(&w, "decision", effect);
        json_pair_bool(&w, "explicit", d.effect != POLICY_IMPLICIT_DENY);
        json_pair_text(&w, "sid", d.sid);
        json_key(&w, "statement");
        if (statement.len > 0)
            json_put_raw(&w, statement);
        else
            json_put_null(&w);
        json_object_finish(&w);
        printf("%s\n", out.data);
        return;
    }
    printf("%s\n", effect);
    if (statement.len > 0)
        printf("decided by: %.*s\n", TEXT_ARGS(statement));
    else
        printf("no statement applies\n");
    policy_explain(function->policy, request, &out);
    fputs(out.data, stdout);
}

static int simulate(const struct cli_args *args, const struct catalog *catalog)
{
    const struct function *function = catalog_function(catalog, text_of(args->function));
    struct error err = {0};
    if (function == NULL) {
        error_set(&err, ERROR_NOT_FOUND, "there is no function %s in the configuration",
                  args->function);
        return cli_fail(EXIT_CODE_USAGE, &err);
    }
    const struct config *config = catalog_config(catalog);
    struct text arn = text_of(args->source_arn);
    struct text account = or_default(args->source_account, config->stores[0].account);
    const struct policy_context context[] = {
        {TEXT("aws:SourceArn"), &arn, 1},
        {TEXT("aws:SourceAccount"), &account, 1},
    };
    struct policy_request request = make_request(args, function, context, ARRAY_LEN(context));
    print_decision(args, function, &request);
    bool allowed = policy_evaluate(function->policy, &request).effect == POLICY_ALLOW;
    return allowed ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

int cmd_policy(const struct cli_args *args)
{
    bool is_simulate = args->operand_count == 1 && strcmp(args->operands[0], "simulate") == 0;
    if (!is_simulate || args->function == NULL || args->source_arn == NULL) {
        cli_print_verb_help(cli_find_verb("policy"));
        return EXIT_CODE_USAGE;
    }
    struct config *config = cli_load_config(args);
    if (config == NULL)
        return EXIT_CODE_CONFIG;
    struct catalog *catalog = NULL;
    struct error err = {0};
    if (catalog_new(config, clock_system(), NULL, &catalog, &err) < 0)
        return cli_fail(EXIT_CODE_CONFIG, &err);
    int code = simulate(args, catalog);
    catalog_unref(catalog);
    return code;
}
