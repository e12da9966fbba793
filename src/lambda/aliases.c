/*
 * Aliases: names that point at a version, or at two with a weight for the second.
 */
#include "function_shape.h"

/* What the API shows of a row: members in their order, the ARN as functions are called now. */
static struct json_object *alias_show(struct lambda_call *call, struct text name,
                                      struct json_object *row)
{
    static const char *const members[] = {"Name", "FunctionVersion", "Description", "RoutingConfig",
                                          "RevisionId"};
    struct json_object *out = json_object_new_object();
    member_set_text(out, "AliasArn", function_arn(call, call->id.name, name));
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        struct json_object *value = json_object_object_get(row, members[i]);
        if (value != NULL)
            json_object_object_add(out, members[i], json_object_get(value));
    }
    return out;
}

static struct text alias_text(struct lambda_call *call, struct text name, struct json_object *row)
{
    AUTO_JSON struct json_object *shown = alias_show(call, name, row);
    return call_json_text(call, shown);
}

/* The weights that the call gives, or NULL: none were given or they are empty. */
static struct json_object *given_weights(struct lambda_call *call)
{
    struct json_object *routing = call_json(call, "RoutingConfig");
    struct json_object *weights =
        routing != NULL ? json_object_object_get(routing, "AdditionalVersionWeights") : NULL;
    return weights != NULL && json_object_object_length(weights) > 0 ? weights : NULL;
}

static bool check_weights(struct lambda_call *call, struct text version,
                          struct json_object *weights)
{
    if (json_object_object_length(weights) > 1) {
        call_fail(call, ERR_INVALID_PARAMETER,
                  "Number of items in AdditionalVersionWeights cannot be greater than 1");
        return false;
    }
    if (json_object_object_get_ex(weights, version.ptr, NULL)) {
        call_fail(call, ERR_INVALID_PARAMETER,
                  "Invalid function version %.*s. Function version %.*s is already included in "
                  "routing configuration.",
                  TEXT_ARGS(version), TEXT_ARGS(version));
        return false;
    }
    if (text_is(version, LATEST)) {
        call_fail(call, ERR_INVALID_PARAMETER_UNTYPED,
                  "$LATEST is not supported for an alias pointing to more than 1 version");
        return false;
    }
    return true;
}

static bool check_version(struct lambda_call *call, struct text version)
{
    if (registry_edit_row(call->edit, ROW_FUNCTION, version) != NULL)
        return true;
    call_no_function(call, function_arn(call, call->id.name, version));
    return false;
}

/* Where a row points must be possible. */
static bool check_target(struct lambda_call *call, struct json_object *row)
{
    struct text version = member_text(row, "FunctionVersion");
    struct json_object *weights = json_at(row, "RoutingConfig.AdditionalVersionWeights");
    if (weights != NULL && !check_weights(call, version, weights))
        return false;
    if (!check_version(call, version))
        return false;
    if (weights == NULL)
        return true;
    json_object_object_foreach(weights, name, value)
    {
        (void)value;
        if (!check_version(call, text_of(name)))
            return false;
    }
    return true;
}

static void set_routing(struct json_object *row, struct json_object *weights)
{
    json_object_object_del(row, "RoutingConfig");
    if (weights == NULL)
        return;
    struct json_object *routing = json_object_new_object();
    json_object_object_add(routing, "AdditionalVersionWeights", json_object_get(weights));
    json_object_object_add(row, "RoutingConfig", routing);
}

/* The call's members into the row, and a new revision. */
static void take_members(struct lambda_call *call, struct json_object *row)
{
    static const char *const texts[] = {"FunctionVersion", "Description"};
    struct text value;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (call_text(call, texts[i], &value))
            member_set_text(row, texts[i], value);
    if (call_json(call, "RoutingConfig") != NULL)
        set_routing(row, given_weights(call));
    member_set_text(row, "RevisionId", call_uuid(call));
}

static void store(struct lambda_call *call, struct text name, struct json_object *row, int status)
{
    struct text answer = alias_text(call, name, row);
    registry_edit_put(call->edit, ROW_ALIAS, name, answer);
    if (call_commit(call))
        call_answer(call, status, answer);
}

void run_create_alias(struct lambda_call *call)
{
    struct text name = call_text_or(call, "Name", "");
    struct text arn = function_arn(call, call->id.name, name);
    AUTO_JSON struct json_object *row = json_object_new_object();
    if (!call_names_function(call))
        return;
    member_set_text(row, "Name", name);
    member_set_text(row, "Description", TEXT(""));
    take_members(call, row);
    if (!check_target(call, row))
        return;
    if (registry_edit_row(call->edit, ROW_ALIAS, name) != NULL) {
        call_fail(call, ERR_CONFLICT, "Alias already exists: %.*s", TEXT_ARGS(arn));
        return;
    }
    store(call, name, row, 201);
}

void run_get_alias(struct lambda_call *call)
{
    const struct function_record *record = call_record(call);
    struct text name = call_text_or(call, "Name", "");
    if (record == NULL) {
        call_no_function(call, call->id.arn);
        return;
    }
    const struct row *row = record_row(record, ROW_ALIAS, name);
    if (row == NULL) {
        struct text arn = function_arn(call, call->id.name, name);
        call_fail(call, ERR_NOT_FOUND, "Cannot find alias arn: %.*s", TEXT_ARGS(arn));
        return;
    }
    AUTO_JSON struct json_object *parsed = row_parse(row);
    call_answer(call, 200, alias_text(call, name, parsed));
}

void run_update_alias(struct lambda_call *call)
{
    struct text name = call_text_or(call, "Name", "");
    if (!call_names_function(call))
        return;
    if (!registry_edit_exists(call->edit)) {
        call_no_function(call, call->id.arn);
        return;
    }
    const struct row *row = registry_edit_row(call->edit, ROW_ALIAS, name);
    if (row == NULL) {
        struct text arn = function_arn(call, call->id.name, name);
        call_fail(call, ERR_NOT_FOUND, "Alias not found: %.*s", TEXT_ARGS(arn));
        return;
    }
    AUTO_JSON struct json_object *parsed = row_parse(row);
    struct text revision = arena_text(call->arena, member_text(parsed, "RevisionId"));
    take_members(call, parsed);
    if (check_target(call, parsed) && call_revision_fits(call, revision, ITS_REVISION_OF))
        store(call, name, parsed, 200);
}

/* What was said about calls under that name goes with it. An absent alias is as good as a deleted
 * one. */
void run_delete_alias(struct lambda_call *call)
{
    static const enum row_kind kinds[] = {ROW_ALIAS, ROW_POLICY, ROW_INVOKE_CONFIG, ROW_URL};
    struct text name = call_text_or(call, "Name", "");
    if (!call_names_function(call))
        return;
    if (!registry_edit_exists(call->edit)) {
        call_no_function(call, call->id.arn);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        registry_edit_remove(call->edit, kinds[i], name);
    if (call_commit(call))
        call_answer_empty(call, 204);
}

/* ---- the list ---- */

/* Those that point at the asked version, in their order; room for all of `count`. */
static size_t choose(struct lambda_call *call, const struct row *rows, size_t count,
                     struct row *out)
{
    struct text version = call_text_or(call, "FunctionVersion", "");
    size_t chosen = 0;
    for (size_t i = 0; i < count; i++) {
        AUTO_JSON struct json_object *row = row_parse(&rows[i]);
        if (version.len == 0 || text_equal(member_text(row, "FunctionVersion"), version))
            out[chosen++] = rows[i];
    }
    return chosen;
}

static struct json_object *show_row(struct lambda_call *call, const struct row *row)
{
    AUTO_JSON struct json_object *alias = row_parse(row);
    return alias_show(call, row->qualifier, alias);
}

void run_list_aliases(struct lambda_call *call)
{
    const struct function_record *record = call_record(call);
    const struct row *rows;
    if (record == NULL) {
        call_no_function(call, call->id.arn);
        return;
    }
    size_t count = record_rows(record, ROW_ALIAS, &rows);
    struct row *chosen = ARENA_ARRAY(call->arena, struct row, count + 1);
    call_answer_rows(call, "Aliases", chosen, choose(call, rows, count, chosen), show_row);
}
