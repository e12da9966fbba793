/*
 * Tags of a function: one object, key to value. Versions and aliases have none.
 */
#include "function_shape.h"

/* False and answered when the ARN is not that of a function as such. */
static bool check_resource(struct lambda_call *call)
{
    struct text resource = call_text_or(call, "Resource", "");
    struct text rest = resource;
    for (int i = 0; i < 5; i++)
        text_cut(&rest, ':');
    struct text type = text_cut(&rest, ':');
    if (text_is(type, "event-source-mapping"))
        call_fail(call, ERR_NOT_FOUND, "Event source mapping not found: %.*s", TEXT_ARGS(resource));
    else if (!text_is(type, "function"))
        call_fail(call, ERR_NOT_FOUND, "Resource not found: %.*s", TEXT_ARGS(resource));
    else if (call->id.qualifier.len > 0)
        call_fail(call, ERR_INVALID_PARAMETER,
                  "Tags on function aliases and versions are not supported. Please specify a "
                  "function ARN.");
    else
        return true;
    return false;
}

static struct json_object *edited_tags(struct lambda_call *call)
{
    const struct row *row = registry_edit_row(call->edit, ROW_TAGS, TEXT(""));
    return row != NULL ? row_parse(row) : json_object_new_object();
}

/* Other tags are another revision of the function. */
static void store(struct lambda_call *call, struct json_object *latest, struct json_object *tags)
{
    member_set_text(latest, "RevisionId", call_uuid(call));
    edited_put(call, ROW_FUNCTION, TEXT(LATEST), latest);
    if (json_object_object_length(tags) > 0)
        edited_put(call, ROW_TAGS, TEXT(""), tags);
    else
        registry_edit_remove(call->edit, ROW_TAGS, TEXT(""));
    if (call_commit(call))
        call_answer_empty(call, 204);
}

void run_tag_resource(struct lambda_call *call)
{
    struct json_object *given = call_json(call, "Tags");
    if (!check_resource(call))
        return;
    AUTO_JSON struct json_object *latest = edited_latest(call);
    if (latest == NULL)
        return;
    if (given == NULL || json_object_object_length(given) == 0) {
        call_fail(call, ERR_INVALID_PARAMETER,
                  "An error occurred and the request cannot be processed.");
        return;
    }
    AUTO_JSON struct json_object *tags = edited_tags(call);
    json_object_object_foreach(given, name, value)
    {
        json_object_object_add(tags, name, json_object_get(value));
    }
    if (check_tag_count(call, tags))
        store(call, latest, tags);
}

void run_untag_resource(struct lambda_call *call)
{
    struct json_object *keys = call_json(call, "TagKeys");
    if (!check_resource(call))
        return;
    AUTO_JSON struct json_object *latest = edited_latest(call);
    if (latest == NULL)
        return;
    AUTO_JSON struct json_object *tags = edited_tags(call);
    size_t count = keys != NULL ? json_object_array_length(keys) : 0;
    for (size_t i = 0; i < count; i++)
        json_object_object_del(tags, json_object_get_string(json_object_array_get_idx(keys, i)));
    store(call, latest, tags);
}

void run_list_tags(struct lambda_call *call)
{
    const struct function_record *record = call_record(call);
    if (!check_resource(call))
        return;
    if (record == NULL) {
        call_no_function(call, call->id.arn);
        return;
    }
    const struct row *row = record_row(record, ROW_TAGS, TEXT(""));
    AUTO_JSON struct json_object *answer = json_object_new_object();
    json_object_object_add(answer, "Tags", row != NULL ? row_parse(row) : json_object_new_object());
    call_answer(call, 200, call_json_text(call, answer));
}
