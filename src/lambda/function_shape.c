/*
 * Rows of functions on their way out: ARNs, qualifiers, and the states that a function passes
 * through on AWS before it is as the row says.
 */
#include "function_shape.h"

#include <string.h>

#define BEING_CREATED "The function is being created."

static void put_state(struct json_object *out, const char *name, const char *state,
                      const char *reason, const char *code)
{
    member_set_text(out, name, text_of(state));
    member_set_text(out, reason, TEXT(BEING_CREATED));
    member_set_text(out, code, TEXT("Creating"));
}

static bool is_unlisted(const char *name)
{
    return strncmp(name, "State", 5) == 0 || strncmp(name, "LastUpdateStatus", 16) == 0 ||
           strcmp(name, "RuntimeVersionConfig") == 0;
}

/* True when the view has something else in that member's place; it was written. */
static bool put_instead(struct lambda_call *call, struct json_object *out, const char *name,
                        enum function_view view)
{
    if (view == VIEW_LISTED)
        return is_unlisted(name);
    if (view == VIEW_CREATING && strcmp(name, "LastUpdateStatus") == 0)
        return true;
    if (view == VIEW_CREATING && strcmp(name, "State") == 0) {
        put_state(out, "State", "Pending", "StateReason", "StateReasonCode");
        return true;
    }
    if (view == VIEW_UPDATING && strcmp(name, "LastUpdateStatus") == 0) {
        put_state(out, "LastUpdateStatus", "InProgress", "LastUpdateStatusReason",
                  "LastUpdateStatusReasonCode");
        return true;
    }
    if (view != VIEW_STORED && strcmp(name, "RevisionId") == 0) {
        member_set_text(out, "RevisionId", call_uuid(call));
        return true;
    }
    return false;
}

struct json_object *function_show(struct lambda_call *call, struct json_object *row,
                                  struct text arn, enum function_view view)
{
    struct json_object *out = json_object_new_object();
    json_object_object_foreach(row, name, value)
    {
        if (name[0] == '_' || put_instead(call, out, name, view))
            continue;
        if (strcmp(name, "FunctionArn") == 0)
            member_set_text(out, name, arn);
        else
            json_object_object_add(out, name, json_object_get(value));
    }
    return out;
}

struct text function_show_text(struct lambda_call *call, struct json_object *row, struct text arn,
                               enum function_view view)
{
    AUTO_JSON struct json_object *shown = function_show(call, row, arn, view);
    return call_json_text(call, shown);
}

struct text function_arn(struct lambda_call *call, struct text name, struct text qualifier)
{
    struct text region = catalog_region(call->catalog);
    struct text account = catalog_account(call->catalog);
    return call_printf(call, "arn:aws:lambda:%.*s:%.*s:function:%.*s%s%.*s", TEXT_ARGS(region),
                       TEXT_ARGS(account), TEXT_ARGS(name), qualifier.len > 0 ? ":" : "",
                       TEXT_ARGS(qualifier));
}

struct json_object *edited_latest(struct lambda_call *call)
{
    const struct row *row = registry_edit_row(call->edit, ROW_FUNCTION, TEXT(LATEST));
    if (row == NULL) {
        call_no_function(call, call->id.arn);
        return NULL;
    }
    return row_parse_all(row);
}

void edited_put(struct lambda_call *call, enum row_kind kind, struct text qualifier,
                struct json_object *row)
{
    registry_edit_put(call->edit, kind, qualifier, call_json_text(call, row));
}

bool call_names_function(struct lambda_call *call)
{
    if (call->id.qualifier.len == 0 || text_is(call->id.qualifier, LATEST))
        return true;
    call_fail_function_only(call);
    return false;
}
