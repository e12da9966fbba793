/*
 * Who may call a function: its resource policies, one for each qualifier that has one, and the
 * question that an event asks.
 */
#include "functions_private.h"

#include <stdio.h>

#define EMPTY_POLICY "{\"Version\":\"2012-10-17\",\"Id\":\"default\",\"Statement\":[]}"

/* The document of GetPolicy. */
static int write_document(const struct row *row, struct buffer *out, struct error *err)
{
    AUTO_JSON struct json_object *json = NULL;
    struct json_object *statements;
    if (json_parse(row->json, &json, err) < 0 ||
        json_get_array(json, "Statement", &statements, err) < 0)
        return -1;
    int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
    buffer_append_string(out, "{\"Version\":\"2012-10-17\",\"Id\":\"default\",\"Statement\":");
    buffer_append_string(out, json_object_to_json_string_ext(statements, flags));
    buffer_append_char(out, '}');
    if (buffer_failed(out))
        return error_set(err, ERROR_LIMIT, "the policy is larger than %d bytes", POLICY_MAX_BYTES);
    return 0;
}

static int build_policy(struct function_record *r, const struct row *row, struct error *err)
{
    struct record_policy *p = &r->policies[r->policy_count];
    AUTO_BUFFER struct buffer document;
    buffer_init(&document, POLICY_MAX_BYTES);
    if (write_document(row, &document, err) < 0 ||
        policy_parse(buffer_text(&document), POLICY_RESOURCE, &p->policy, err) < 0)
        return error_prefix(err, "permissions");
    p->qualifier = row->qualifier;
    r->policy_count++;
    if (row->qualifier.len == 0) {
        r->unqualified = p->policy;
        r->unqualified_json = arena_text(&r->arena, buffer_text(&document));
    }
    return 0;
}

int permissions_build(struct function_record *r, struct error *err)
{
    const struct row *rows;
    size_t count = row_list_kind(&r->rows, ROW_POLICY, &rows);
    r->policies = ARENA_ARRAY(&r->arena, struct record_policy, count);
    for (size_t i = 0; i < count; i++) {
        if (build_policy(r, &rows[i], err) < 0)
            return -1;
    }
    if (r->unqualified != NULL)
        return 0;
    r->unqualified_json = TEXT(EMPTY_POLICY);
    if (policy_parse(r->unqualified_json, POLICY_RESOURCE, &r->no_policy, err) < 0)
        return -1;
    r->unqualified = r->no_policy;
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
