/*
 * Who may call a function: its permissions as one resource policy document, the question asked of
 * it, and the permission to suggest when the answer is no.
 */
#include "functions_private.h"

#include <stdio.h>

static int write_statement(struct catalog *c, const struct function *f, size_t index,
                           struct buffer *out, struct error *err)
{
    const struct config_permission *p = &f->config->permissions[index];
    if (p->statement_json != NULL) {
        buffer_append_string(out, p->statement_json);
        return 0;
    }
    struct policy_permission permission = {
        .statement_id = p->statement_id != NULL
                            ? text_of(p->statement_id)
                            : text_of(arena_printf(&c->arena, "permission-%zu", index + 1)),
        .action = text_of(p->action),
        .principal = text_of(p->principal),
        .source_arn = text_of(p->source_arn),
        .source_account = text_of(p->source_account),
        .event_source_token = TEXT(""),
        .principal_org_id = TEXT(""),
        .function_url_auth_type = TEXT(""),
        .resource = f->arn,
    };
    if (policy_write_permission(&permission, out, err) < 0)
        return error_prefix(err, "permissions[%zu]", index);
    return 0;
}

int permissions_build(struct catalog *c, struct function *f, struct error *err)
{
    AUTO_BUFFER struct buffer document;
    buffer_init(&document, POLICY_MAX_BYTES);
    buffer_append_string(&document,
                         "{\"Version\":\"2012-10-17\",\"Id\":\"default\",\"Statement\":[");
    for (size_t i = 0; i < f->config->permission_count; i++) {
        if (i > 0)
            buffer_append_char(&document, ',');
        if (write_statement(c, f, i, &document, err) < 0)
            return -1;
    }
    buffer_append_string(&document, "]}");
    if (buffer_failed(&document))
        return error_set(err, ERROR_LIMIT, "permissions: the policy is larger than %d bytes",
                         POLICY_MAX_BYTES);
    f->policy_json = arena_text(&c->arena, buffer_text(&document));
    if (policy_parse(f->policy_json, POLICY_RESOURCE, &f->policy, err) < 0)
        return error_prefix(err, "permissions");
    return 0;
}

struct policy_decision catalog_may_invoke(const struct catalog *c, const struct store *store,
                                          const struct function *function, struct text bucket)
{
    (void)c;
    char arn[EVENT_MAX_BUCKET_BYTES + 32];
    snprintf(arn, sizeof(arn), "arn:aws:s3:::%.*s", TEXT_ARGS(bucket));
    struct text source_arn = text_of(arn);
    struct text account = text_of(store->config->account);
    struct text principal = text_of(store->config->principal);
    struct text region = text_of(store->config->region);
    struct text yes = TEXT("true");
    const struct policy_context context[] = {
        {TEXT("aws:SourceArn"), &source_arn, 1},
        {TEXT("aws:SourceAccount"), &account, 1},
        {TEXT("aws:PrincipalIsAWSService"), &yes, 1},
        {TEXT("aws:PrincipalServiceName"), &principal, 1},
        {TEXT("aws:RequestedRegion"), &region, 1},
    };
    struct policy_request request = {
        .principal_type = POLICY_PRINCIPAL_SERVICE,
        .principal_name = principal,
        .principal_account = TEXT(""),
        .action = TEXT("lambda:InvokeFunction"),
        .resource = function->arn,
        .context = context,
        .context_count = ARRAY_LEN(context),
    };
    return policy_evaluate(function->policy, &request);
}

void catalog_suggest_permission(const struct store *store, const struct function *function,
                                struct text bucket, struct buffer *out)
{
    buffer_appendf(out,
                   "functions: {%.*s: {permissions: [{principal: %s, "
                   "source_arn: \"arn:aws:s3:::%.*s\", source_account: \"%s\"}]}}",
                   TEXT_ARGS(function->name), store->config->principal, TEXT_ARGS(bucket),
                   store->config->account);
}
