/*
 * DeleteFunction: everything of a function, or one version of it.
 */
#include "function_shape.h"

/* What is refused by the look of the qualifier, whether the function exists or not. */
static bool check_qualifier(struct lambda_call *call)
{
    struct text qualifier = call->id.qualifier;
    if (text_is(qualifier, LATEST)) {
        call_fail(call, ERR_INVALID_PARAMETER,
                  "$LATEST version cannot be deleted without deleting the function.");
        return false;
    }
    if (qualifier.len == 0 || qualifier_is_version(qualifier))
        return true;
    call_fail(call, ERR_INVALID_PARAMETER, "Deletion of aliases is not currently supported.");
    return false;
}

static bool refers_to(const struct row *alias, struct text version)
{
    AUTO_JSON struct json_object *parsed = row_parse(alias);
    struct json_object *weights = json_at(parsed, "RoutingConfig.AdditionalVersionWeights");
    if (text_equal(member_text(parsed, "FunctionVersion"), version))
        return true;
    if (weights == NULL)
        return false;
    json_object_object_foreach(weights, name, value)
    {
        (void)value;
        if (text_equal(text_of(name), version))
            return true;
    }
    return false;
}

static bool check_unused(struct lambda_call *call, struct text version)
{
    const struct row *aliases;
    struct text found = TEXT("");
    size_t count = registry_edit_rows(call->edit, ROW_ALIAS, &aliases);
    for (size_t i = 0; i < count; i++)
        if (refers_to(&aliases[i], version))
            found = call_printf(call, "%.*s%s%.*s", TEXT_ARGS(found), found.len > 0 ? ", " : "",
                                TEXT_ARGS(aliases[i].qualifier));
    if (found.len == 0)
        return true;
    call_fail(call, ERR_CONFLICT,
              "Unable to delete version because the following aliases reference it: [%.*s]",
              TEXT_ARGS(found));
    return false;
}

/* An absent version is as good as a deleted one. */
static void delete_version(struct lambda_call *call, struct text version)
{
    if (!check_unused(call, version))
        return;
    registry_edit_remove(call->edit, ROW_FUNCTION, version);
    registry_edit_remove(call->edit, ROW_POLICY, version);
    registry_edit_remove(call->edit, ROW_INVOKE_CONFIG, version);
    if (call_commit(call))
        call_answer_empty(call, 204);
}

void run_delete_function(struct lambda_call *call)
{
    if (!check_qualifier(call))
        return;
    if (!registry_edit_exists(call->edit)) {
        call_no_function(call, call->id.arn);
        return;
    }
    if (call->id.qualifier.len > 0) {
        delete_version(call, call->id.qualifier);
        return;
    }
    registry_edit_remove_all(call->edit);
    if (call_commit(call))
        call_answer_empty(call, 204);
}
