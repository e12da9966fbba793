/*
 * permissions.c - AddPermission, RemovePermission, GetPolicy: a function's resource policies, one
 * for each qualifier. The statements of the configuration stand in the same row; the row's
 * "_Declared" names them (see functions). Who may be a principal is in principal.c.
 */
#include "lambda_private.h"

#include <inttypes.h>

#include "onput/attributes.h"

enum { ROW_MAX_BYTES = 2 * POLICY_MAX_BYTES };

/* $LATEST has no policy of its own: it is the unqualified function's. */
static struct text policy_qualifier(const struct lambda_call *call)
{
    return text_is(call->id.qualifier, "$LATEST") ? TEXT("") : call->id.qualifier;
}

/* The policy as GetPolicy shows it, compact, in the arena. */
static struct text policy_document(struct lambda_call *call, struct json_object *statements)
{
    AUTO_JSON struct json_object *document = json_object_new_object();
    json_object_object_add(document, "Version", json_object_new_string("2012-10-17"));
    json_object_object_add(document, "Id", json_object_new_string("default"));
    json_object_object_add(document, "Statement", json_object_get(statements));
    return call_json_text(call, document);
}

/* Where the statement stands, or the array's length. Statements need no Sid. */
static size_t find_statement(struct json_object *statements, struct text sid)
{
    size_t count = json_object_array_length(statements);
    for (size_t i = 0; i < count; i++) {
        struct json_object *own = json_at(json_object_array_get_idx(statements, i), "Sid");
        if (own != NULL && text_equal(json_text(own), sid))
            return i;
    }
    return count;
}

/* False when the qualifier stands for nothing: the call was answered. */
static bool qualifier_fits(struct lambda_call *call)
{
    struct text qualifier = call->id.qualifier;
    if (edit_has_qualifier(call->edit, qualifier))
        return true;
    if (qualifier_is_version(qualifier) || text_find(qualifier, '$') < qualifier.len)
        call_no_function(call, call->id.qualified_arn);
    else
        call_fail(call, ERR_NOT_FOUND, "Cannot find alias arn: %.*s",
                  TEXT_ARGS(call->id.qualified_arn));
    return false;
}

/* The row's object, or a new one; yours. */
static struct json_object *policy_object(const struct row *row)
{
    if (row != NULL)
        return row_parse_all(row);
    struct json_object *policy = json_object_new_object();
    json_object_object_add(policy, "Statement", json_object_new_array());
    return policy;
}

/* While there is no policy, the revision is that of what it will belong to. */
static struct text current_revision(struct lambda_call *call, struct json_object *policy)
{
    struct json_object *own = json_at(policy, "RevisionId");
    if (own != NULL)
        return json_text(own);
    struct text qualifier = policy_qualifier(call);
    const struct row *row = registry_edit_row(call->edit, ROW_ALIAS, qualifier);
    if (row == NULL)
        row = registry_edit_row(call->edit, ROW_FUNCTION,
                                qualifier.len > 0 ? qualifier : TEXT("$LATEST"));
    if (row == NULL)
        return TEXT("");
    AUTO_JSON struct json_object *target = row_parse(row);
    return arena_text(call->arena, json_text(json_at(target, "RevisionId")));
}

/* With a new revision; false when the call was answered. */
static bool store_policy(struct lambda_call *call, struct json_object *policy)
{
    member_set_text(policy, "RevisionId", call_uuid(call));
    registry_edit_put(call->edit, ROW_POLICY, policy_qualifier(call), call_json_text(call, policy));
    return call_commit(call);
}

/* The statement that the parameters make, in the arena; false when the call was answered. */
static bool make_statement(struct lambda_call *call, struct text *out)
{
    struct policy_permission permission = {
        .statement_id = call_text_or(call, "StatementId", ""),
        .action = call_text_or(call, "Action", ""),
        .principal = call_text_or(call, "Principal", ""),
        .source_arn = call_text_or(call, "SourceArn", ""),
        .source_account = call_text_or(call, "SourceAccount", ""),
        .event_source_token = call_text_or(call, "EventSourceToken", ""),
        .principal_org_id = call_text_or(call, "PrincipalOrgID", ""),
        .function_url_auth_type = call_text_or(call, "FunctionUrlAuthType", ""),
        .invoked_via_function_url = call_bool(call, "InvokedViaFunctionUrl"),
        .resource = call->id.qualified_arn,
    };
    AUTO_BUFFER struct buffer statement;
    struct error err = {0};
    buffer_init(&statement, ROW_MAX_BYTES);
    if (!principal_is_known(call->catalog, permission.principal)) {
        call_fail(call, ERR_INVALID_PARAMETER,
                  "The provided principal was invalid. Please check the principal and try again.");
        return false;
    }
    if (policy_write_permission(&permission, &statement, &err)) {
        call_fail(call, ERR_INVALID_PARAMETER, "%s", err.message);
        return false;
    }
    *out = arena_text(call->arena, buffer_text(&statement));
    return true;
}

/*
 * A statement that replaces a removed one of the configuration is the API's own. Until then the id
 * stays on the list, so that the next start can say that it was restored.
 */
static void forget_declared(struct json_object *policy, struct text sid)
{
    struct json_object *declared = json_at(policy, "_Declared");
    if (!json_object_is_type(declared, json_type_array))
        return;
    for (size_t i = json_object_array_length(declared); i-- > 0;) {
        if (text_equal(json_text(json_object_array_get_idx(declared, i)), sid))
            json_object_array_del_idx(declared, i, 1);
    }
}

/* False when the policy became too long: the call was answered. */
static bool append_statement(struct lambda_call *call, struct json_object *policy,
                             struct text statement)
{
    struct error err = {0};
    struct json_object *parsed, *statements = json_at(policy, "Statement");
    BUG_ON(json_parse(statement, &parsed, &err));
    json_object_array_add(statements, parsed);
    forget_declared(policy, json_text(json_at(parsed, "Sid")));
    size_t bytes = policy_document(call, statements).len;
    if (bytes <= POLICY_MAX_BYTES)
        return true;
    call_fail(call, ERR_POLICY_LENGTH, "The final policy size (%zu) is bigger than the limit (%d).",
              bytes, POLICY_MAX_BYTES);
    return false;
}

static void answer_statement(struct lambda_call *call, struct text statement)
{
    AUTO_JSON struct json_object *answer = json_object_new_object();
    member_set_text(answer, "Statement", statement);
    call_answer(call, 201, call_json_text(call, answer));
}

void run_add_permission(struct lambda_call *call)
{
    if (text_is(call->id.qualifier, "$LATEST")) {
        call_fail(call, ERR_INVALID_PARAMETER,
                  "We currently do not support adding policies for $LATEST.");
        return;
    }
    if (!registry_edit_exists(call->edit)) {
        call_no_function(call, call->id.arn);
        return;
    }
    if (!qualifier_fits(call))
        return;
    AUTO_JSON struct json_object *policy =
        policy_object(registry_edit_row(call->edit, ROW_POLICY, call->id.qualifier));
    struct json_object *statements = json_at(policy, "Statement");
    struct text sid = call_text_or(call, "StatementId", ""), statement;
    if (find_statement(statements, sid) < json_object_array_length(statements)) {
        call_fail(call, ERR_CONFLICT,
                  "The statement id (%.*s) provided already exists. Please provide a new statement "
                  "id, or remove the existing statement.",
                  TEXT_ARGS(sid));
        return;
    }
    if (make_statement(call, &statement) &&
        call_revision_fits(call, current_revision(call, policy), "GetPolicy") &&
        append_statement(call, policy, statement) && store_policy(call, policy))
        answer_statement(call, statement);
}

/* The last statement takes the policy with it. */
static bool store_without(struct lambda_call *call, struct json_object *policy, size_t index)
{
    struct json_object *statements = json_at(policy, "Statement");
    json_object_array_del_idx(statements, index, 1);
    if (json_object_array_length(statements) > 0)
        return store_policy(call, policy);
    registry_edit_remove(call->edit, ROW_POLICY, policy_qualifier(call));
    return call_commit(call);
}

void run_remove_permission(struct lambda_call *call)
{
    if (!registry_edit_exists(call->edit)) {
        call_fail(call, ERR_NOT_FOUND, "No policy found for: %.*s", TEXT_ARGS(call->id.arn));
        return;
    }
    if (!qualifier_fits(call))
        return;
    const struct row *row = registry_edit_row(call->edit, ROW_POLICY, policy_qualifier(call));
    if (row == NULL) {
        call_fail(call, ERR_NOT_FOUND, "No policy is associated with the given resource.");
        return;
    }
    AUTO_JSON struct json_object *policy = row_parse_all(row);
    struct json_object *statements = json_at(policy, "Statement");
    struct text sid = call_text_or(call, "StatementId", "");
    size_t index = find_statement(statements, sid);
    if (index == json_object_array_length(statements)) {
        call_fail(call, ERR_NOT_FOUND, "Statement %.*s is not found in resource policy.",
                  TEXT_ARGS(sid));
        return;
    }
    if (call_revision_fits(call, json_text(json_at(policy, "RevisionId")), "GetPolicy") &&
        store_without(call, policy, index))
        call_answer_empty(call, 204);
}

void run_get_policy(struct lambda_call *call)
{
    const struct function_record *record = call_record(call);
    const struct row *row =
        record != NULL ? record_row(record, ROW_POLICY, policy_qualifier(call)) : NULL;
    if (row == NULL) {
        call_fail(call, ERR_NOT_FOUND, "The resource you requested does not exist.");
        return;
    }
    AUTO_JSON struct json_object *policy = row_parse(row);
    AUTO_JSON struct json_object *answer = json_object_new_object();
    struct text document = policy_document(call, json_at(policy, "Statement"));
    member_set_text(answer, "Policy", document);
    json_object_object_add(answer, "RevisionId", json_object_get(json_at(policy, "RevisionId")));
    call_answer(call, 200, call_json_text(call, answer));
}
