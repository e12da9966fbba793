/*
 * invoke_config.c - retries, age and destinations of asynchronous invocations, for each qualifier
 * of a function. A row has no FunctionArn: it is added where the row is shown.
 */
#include "lambda_private.h"

#include "onput/attributes.h"

static struct text config_qualifier(const struct lambda_call *call)
{
    return call->id.qualifier.len > 0 ? call->id.qualifier : TEXT("$LATEST");
}

static struct text config_arn(struct lambda_call *call, struct text qualifier)
{
    return call_printf(call, "%.*s:%.*s", TEXT_ARGS(call->id.arn), TEXT_ARGS(qualifier));
}

static void fail_no_config(struct lambda_call *call)
{
    struct text arn = config_arn(call, config_qualifier(call));
    call_fail(call, ERR_NOT_FOUND, "The function %.*s doesn't have an EventInvokeConfig",
              TEXT_ARGS(arn));
}

/* As AWS shows it; takes the object over and gives it back. */
static struct json_object *show(struct lambda_call *call, struct json_object *config,
                                struct text qualifier)
{
    member_set_text(config, "FunctionArn", config_arn(call, qualifier));
    return config;
}

static struct text destination_of(struct json_object *destinations, const char *path)
{
    struct json_object *own = json_at(destinations, path);
    return own != NULL ? json_text(own) : TEXT("");
}

static void add_destination(struct json_object *destinations, const char *name,
                            struct text destination)
{
    struct json_object *one = json_object_new_object();
    if (destination.len > 0)
        member_set_text(one, "Destination", destination);
    json_object_object_add(destinations, name, one);
}

/* Both are always shown; an empty destination is none. */
static struct json_object *destinations_object(struct json_object *given)
{
    struct json_object *both = json_object_new_object();
    add_destination(both, "OnFailure", destination_of(given, "OnFailure.Destination"));
    add_destination(both, "OnSuccess", destination_of(given, "OnSuccess.Destination"));
    return both;
}

static void take_number(struct lambda_call *call, struct json_object *config, const char *name)
{
    struct json_object *given = call_json(call, name);
    if (given != NULL)
        json_object_object_add(config, name, json_object_get(given));
}

/* json-c would write all digits of the double. */
static struct json_object *time_object(struct lambda_call *call)
{
    double now = call_time_epoch(call);
    return json_object_new_double_s(now, call_printf(call, "%.3f", now).ptr);
}

/* What the call gives, over what `config` has. */
static void apply(struct lambda_call *call, struct json_object *config)
{
    struct json_object *given = call_json(call, "DestinationConfig");
    if (given != NULL || json_at(config, "DestinationConfig") == NULL)
        json_object_object_add(config, "DestinationConfig", destinations_object(given));
    json_object_object_add(config, "LastModified", time_object(call));
    take_number(call, config, "MaximumEventAgeInSeconds");
    take_number(call, config, "MaximumRetryAttempts");
}

/* False when the call was answered. */
static bool request_fits(struct lambda_call *call)
{
    if (call_json(call, "DestinationConfig") == NULL &&
        call_json(call, "MaximumEventAgeInSeconds") == NULL &&
        call_json(call, "MaximumRetryAttempts") == NULL) {
        call_fail(call, ERR_INVALID_PARAMETER,
                  "You must specify at least one of error handling or destination setting.");
        return false;
    }
    if (!edit_has_qualifier(call->edit, call->id.qualifier)) {
        call_fail(call, ERR_NOT_FOUND, "The function doesn't exist.");
        return false;
    }
    return true;
}

static bool request_destinations_fit(struct lambda_call *call)
{
    struct json_object *given = call_json(call, "DestinationConfig");
    return destinations_fit(call, destination_of(given, "OnSuccess.Destination"),
                            destination_of(given, "OnFailure.Destination"));
}

static void store_and_answer(struct lambda_call *call, struct json_object *config)
{
    struct text qualifier = config_qualifier(call);
    apply(call, config);
    registry_edit_put(call->edit, ROW_INVOKE_CONFIG, qualifier, call_json_text(call, config));
    if (call_commit(call))
        call_answer(call, 200, call_json_text(call, show(call, config, qualifier)));
}

void run_put_invoke_config(struct lambda_call *call)
{
    if (!request_fits(call) || !request_destinations_fit(call))
        return;
    AUTO_JSON struct json_object *config = json_object_new_object();
    store_and_answer(call, config);
}

void run_update_invoke_config(struct lambda_call *call)
{
    if (!request_fits(call))
        return;
    const struct row *row =
        registry_edit_row(call->edit, ROW_INVOKE_CONFIG, config_qualifier(call));
    if (row == NULL) {
        fail_no_config(call);
        return;
    }
    if (!request_destinations_fit(call))
        return;
    AUTO_JSON struct json_object *config = row_parse_all(row);
    store_and_answer(call, config);
}

void run_get_invoke_config(struct lambda_call *call)
{
    struct text qualifier = config_qualifier(call);
    const struct function_record *record = call_record(call);
    const struct row *row =
        record != NULL ? record_row(record, ROW_INVOKE_CONFIG, qualifier) : NULL;
    if (row == NULL) {
        fail_no_config(call);
        return;
    }
    AUTO_JSON struct json_object *config = show(call, row_parse(row), qualifier);
    call_answer(call, 200, call_json_text(call, config));
}

void run_delete_invoke_config(struct lambda_call *call)
{
    struct text qualifier = config_qualifier(call);
    if (registry_edit_row(call->edit, ROW_INVOKE_CONFIG, qualifier) == NULL) {
        fail_no_config(call);
        return;
    }
    registry_edit_remove(call->edit, ROW_INVOKE_CONFIG, qualifier);
    if (call_commit(call))
        call_answer_empty(call, 204);
}

static struct json_object *show_row(struct lambda_call *call, const struct row *row)
{
    return show(call, row_parse(row), row->qualifier);
}

void run_list_invoke_configs(struct lambda_call *call)
{
    const struct function_record *record = call_record(call);
    if (record == NULL) {
        call_fail(call, ERR_NOT_FOUND, "The function doesn't exist.");
        return;
    }
    const struct row *rows;
    size_t count = record_rows(record, ROW_INVOKE_CONFIG, &rows);
    call_answer_rows(call, "FunctionEventInvokeConfigs", rows, count, show_row);
}
