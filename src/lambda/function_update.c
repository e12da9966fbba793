/*
 * UpdateFunctionCode and UpdateFunctionConfiguration: a changed $LATEST. The code was read before,
 * by function_deploy.c.
 */
#include "function_shape.h"

#include "onput/function_row.h"

/* Of the call's members only those that belong to code. */
static void change_code(struct lambda_call *call, struct json_object *latest,
                        const struct function_code *code)
{
    AUTO_JSON struct json_object *given = json_object_new_object();
    struct json_object *architectures = call_json(call, "Architectures");
    if (architectures != NULL)
        json_object_object_add(given, "Architectures", json_object_get(architectures));
    function_row_update(latest, given, clock_wall_ms(call->api->clock));
    code_store(latest, code);
}

/* What the function would be, under the revision that it has and keeps. */
static void answer_dry_run(struct lambda_call *call, struct json_object *latest,
                           const struct function_code *code)
{
    struct text revision = arena_text(call->arena, member_text(latest, "RevisionId"));
    struct text modified = arena_text(call->arena, member_text(latest, "LastModified"));
    change_code(call, latest, code);
    member_set_text(latest, "RevisionId", revision);
    member_set_text(latest, "LastModified", modified);
    call_answer(call, 200, function_show_text(call, latest, call->id.arn, VIEW_STORED));
}

static struct text publish_change(struct lambda_call *call, struct json_object *latest)
{
    struct published version;
    version_publish(call, latest, member_text(latest, "Description"), &version);
    struct text answer =
        function_show_text(call, version.row, function_arn(call, call->id.name, version.qualifier),
                           version.is_new ? VIEW_CREATING : VIEW_STORED);
    json_release(&version.row);
    return answer;
}

void run_update_function_code(struct lambda_call *call)
{
    AUTO_JSON struct json_object *latest = edited_latest(call);
    if (latest == NULL ||
        !call_revision_fits(call, member_text(latest, "RevisionId"), ITS_REVISION_OF))
        return;
    if (call_bool(call, "DryRun")) {
        answer_dry_run(call, latest, call->code);
        return;
    }
    change_code(call, latest, call->code);
    struct text answer = call_bool(call, "Publish")
                             ? publish_change(call, latest)
                             : function_show_text(call, latest, call->id.arn, VIEW_UPDATING);
    edited_put(call, ROW_FUNCTION, TEXT(LATEST), latest);
    if (call_commit(call))
        call_answer(call, 200, answer);
}

/* The hash of a deployment package stays. */
static void change_configuration(struct lambda_call *call, struct json_object *latest)
{
    struct function_code code = row_code(call, latest);
    function_row_update(latest, call->input, clock_wall_ms(call->api->clock));
    settle_members(latest);
    code_store(latest, &code);
}

void run_update_function_configuration(struct lambda_call *call)
{
    if (!call_names_function(call))
        return;
    AUTO_JSON struct json_object *latest = edited_latest(call);
    if (latest == NULL || !check_function_members(call) ||
        !call_revision_fits(call, member_text(latest, "RevisionId"), ITS_REVISION_OF))
        return;
    change_configuration(call, latest);
    edited_put(call, ROW_FUNCTION, TEXT(LATEST), latest);
    struct text answer = function_show_text(call, latest, call->id.arn, VIEW_UPDATING);
    if (call_commit(call))
        call_answer(call, 200, answer);
}
