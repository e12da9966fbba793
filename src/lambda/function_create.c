/*
 * CreateFunction: a new $LATEST, its tags, and version 1 when it is published at once.
 */
#include "function_shape.h"

#include "onput/function_row.h"

/* Everything else was checked before, off this thread. */
static bool check_new(struct lambda_call *call)
{
    if (!registry_edit_exists(call->edit))
        return true;
    call_fail(call, ERR_CONFLICT, "Function already exist: %.*s", TEXT_ARGS(call->id.name));
    return false;
}

static struct json_object *new_latest(struct lambda_call *call, const struct function_code *code)
{
    struct function_place place = {.name = call->id.name,
                                   .region = catalog_region(call->catalog),
                                   .account = catalog_account(call->catalog),
                                   .now_ms = clock_wall_ms(call->api->clock)};
    struct json_object *row = function_row_new(call->input, &place);
    settle_members(row);
    code_store(row, code);
    return row;
}

/* Stores the rows; the answer is that of the version when there is one. */
static struct text put_rows(struct lambda_call *call, struct json_object *latest)
{
    struct json_object *tags = call_json(call, "Tags");
    struct published version = {0};
    if (call_bool(call, "Publish"))
        version_publish(call, latest, member_text(latest, "Description"), &version);
    edited_put(call, ROW_FUNCTION, TEXT(LATEST), latest);
    if (tags != NULL && json_object_object_length(tags) > 0)
        edited_put(call, ROW_TAGS, TEXT(""), tags);
    struct text answer = function_show_text(call, version.row != NULL ? version.row : latest,
                                            call->id.arn, VIEW_CREATING);
    json_release(&version.row);
    return answer;
}

void run_create_function(struct lambda_call *call)
{
    if (!check_new(call))
        return;
    AUTO_JSON struct json_object *latest = new_latest(call, call->code);
    struct text answer = put_rows(call, latest);
    if (call_commit(call))
        call_answer(call, 201, answer);
}
