/*
 * Who may call a function: its permissions as one resource policy document, the question asked of
 * it, and the permission to suggest when the answer is no.
 */
#include "functions_private.h"

#include <stdio.h>

#include "onput/json.h"
#include "onput/memory.h"

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

struct policy_decision catalog_may_invoke(const struct store *store,
                                          const struct function *function, struct text bucket)
{
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

/* Service names that AddPermission does not know are fine in a whole statement. */
static bool has_short_form(const struct store *store, const struct function *function)
{
    AUTO_BUFFER struct buffer ignored;
    buffer_init(&ignored, POLICY_MAX_BYTES);
    struct error err = {0};
    struct policy_permission permission = {
        .statement_id = TEXT("x"),
        .action = TEXT(""),
        .principal = text_of(store->config->principal),
        .source_arn = TEXT(""),
        .source_account = TEXT(""),
        .event_source_token = TEXT(""),
        .principal_org_id = TEXT(""),
        .function_url_auth_type = TEXT(""),
        .resource = function->arn,
    };
    return policy_write_permission(&permission, &ignored, &err) == 0;
}

/* JSON is YAML, so that no name can break out of its place. */
static void put_short_form(struct json_writer *w, const struct store *store, const char *source_arn)
{
    json_pair_string(w, "principal", store->config->principal);
    json_pair_string(w, "source_arn", source_arn);
    json_pair_string(w, "source_account", store->config->account);
}

static void put_statement(struct json_writer *w, const struct store *store,
                          const struct function *function, const char *source_arn)
{
    json_key(w, "statement");
    json_object_begin(w);
    json_pair_string(w, "Effect", "Allow");
    json_key(w, "Principal");
    json_object_begin(w);
    json_pair_string(w, "Service", store->config->principal);
    json_object_finish(w);
    json_pair_string(w, "Action", "lambda:InvokeFunction");
    json_pair_text(w, "Resource", function->arn);
    json_key(w, "Condition");
    json_object_begin(w);
    json_key(w, "ArnLike");
    json_object_begin(w);
    json_pair_string(w, "aws:SourceArn", source_arn);
    json_object_finish(w);
    json_key(w, "StringEquals");
    json_object_begin(w);
    json_pair_string(w, "aws:SourceAccount", store->config->account);
    json_object_finish(w);
    json_object_finish(w);
    json_object_finish(w);
}

void catalog_suggest_permission(const struct store *store, const struct function *function,
                                struct text bucket, struct buffer *out)
{
    AUTO_FREE char *source_arn = xasprintf("arn:aws:s3:::%.*s", TEXT_ARGS(bucket));
    AUTO_BUFFER struct buffer permission;
    buffer_init(&permission, POLICY_MAX_BYTES);
    struct json_writer w;
    json_writer_init(&w, &permission);
    json_object_begin(&w);
    if (has_short_form(store, function))
        put_short_form(&w, store, source_arn);
    else
        put_statement(&w, store, function, source_arn);
    json_object_finish(&w);
    buffer_appendf(out, "functions: {%.*s: {permissions: [%.*s]}}", TEXT_ARGS(function->name),
                   TEXT_ARGS(buffer_text(&permission)));
}
