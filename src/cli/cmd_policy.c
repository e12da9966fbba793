/*
 * onput policy simulate: would this source be allowed to invoke that function, and which statement
 * decides?
 */
#include "cli_private.h"

#include <stdio.h>
#include <string.h>

#include "onput/catalog.h"

/* "123456789012" is short for the account's root, as in a permission. */
static struct text whole_principal(struct text principal, struct arena *arena)
{
    bool is_account = principal.len == 12;
    for (size_t i = 0; i < principal.len; i++)
        is_account &= principal.ptr[i] >= '0' && principal.ptr[i] <= '9';
    if (!is_account)
        return principal;
    return text_of(arena_printf(arena, "arn:aws:iam::%.*s:root", TEXT_ARGS(principal)));
}

static void set_principal(struct policy_request *request, struct text principal)
{
    struct text rest = principal, account = TEXT("");
    request->principal_type = POLICY_PRINCIPAL_SERVICE;
    request->principal_name = principal;
    request->principal_account = account;
    if (text_is(principal, "*"))
        request->principal_type = POLICY_PRINCIPAL_ANONYMOUS;
    if (!text_starts_with(principal, TEXT("arn:")))
        return;
    for (int i = 0; i < 5; i++)
        account = text_cut(&rest, ':');
    request->principal_type = POLICY_PRINCIPAL_AWS;
    request->principal_account = account;
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
    AUTO_ARENA struct arena arena;
    arena_init(&arena);
    const struct config_store *home = &catalog_config(catalog)->stores[0];
    struct text arn = text_of(args->source_arn);
    struct text account = cli_or_default(args->source_account, home->account);
    struct text principal =
        whole_principal(cli_or_default(args->principal, home->principal), &arena);
    struct text region = text_of(home->region), yes = TEXT("true");
    /* The same as for an event, see catalog_may_invoke(). */
    const struct policy_context context[] = {
        {TEXT("aws:SourceArn"), &arn, 1},
        {TEXT("aws:SourceAccount"), &account, 1},
        {TEXT("aws:RequestedRegion"), &region, 1},
        {TEXT("aws:PrincipalIsAWSService"), &yes, 1},
        {TEXT("aws:PrincipalServiceName"), &principal, 1},
    };
    struct policy_request request = {.action =
                                         cli_or_default(args->action, "lambda:InvokeFunction"),
                                     .resource = function->arn,
                                     .context = context,
                                     .context_count = ARRAY_LEN(context)};
    set_principal(&request, principal);
    if (request.principal_type != POLICY_PRINCIPAL_SERVICE)
        request.context_count -= 2;
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
    struct catalog *catalog = cli_load_catalog(args);
    if (catalog == NULL)
        return EXIT_CODE_CONFIG;
    int code = simulate(args, catalog);
    catalog_unref(catalog);
    return code;
}
