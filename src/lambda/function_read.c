/*
 * GetFunction, GetFunctionConfiguration and ListFunctions: the rows as they are.
 */
#include "function_shape.h"

static struct text alias_target(const struct row *alias, struct lambda_call *call)
{
    AUTO_JSON struct json_object *parsed = row_parse(alias);
    return arena_text(call->arena, member_text(parsed, "FunctionVersion"));
}

/* The row of the version that the call's qualifier stands for; an alias is its main version. */
static const struct row *find_version(struct lambda_call *call,
                                      const struct function_record *record)
{
    struct text qualifier = call->id.qualifier;
    if (record == NULL)
        return NULL;
    if (qualifier.len == 0)
        return record_row(record, ROW_FUNCTION, TEXT(LATEST));
    const struct row *alias = record_row(record, ROW_ALIAS, qualifier);
    return record_row(record, ROW_FUNCTION, alias != NULL ? alias_target(alias, call) : qualifier);
}

/* Parsed, or NULL and the call was answered. */
static struct json_object *asked_row(struct lambda_call *call)
{
    const struct row *row = find_version(call, call_record(call));
    if (row != NULL)
        return row_parse_all(row);
    call_no_function(call, call->id.qualified_arn);
    return NULL;
}

/* With the ARN that was asked for. */
static struct json_object *show_asked(struct lambda_call *call, struct json_object *row)
{
    return function_show(call, row, call->id.qualified_arn, VIEW_STORED);
}

void run_get_function_configuration(struct lambda_call *call)
{
    AUTO_JSON struct json_object *row = asked_row(call);
    if (row == NULL)
        return;
    AUTO_JSON struct json_object *configuration = show_asked(call, row);
    call_answer(call, 200, call_json_text(call, configuration));
}

static bool may_list_tags(const struct lambda_call *call)
{
    struct policy_decision decision = caller_decide(
        &call->caller, call->catalog, call->http, clock_wall_ms(call->api->clock),
        "lambda:ListTags", call->id.arn, record_policy(call_record(call), TEXT("")), NULL, 0);
    return decision.effect == POLICY_ALLOW;
}

static struct json_object *tags_error(void)
{
    struct json_object *error = json_object_new_object();
    member_set_text(error, "ErrorCode", TEXT("AccessDeniedException"));
    member_set_text(error, "Message", TEXT("The caller may not list the function's tags."));
    return error;
}

static void add_tags(struct lambda_call *call, struct json_object *answer)
{
    const struct row *row = record_row(call_record(call), ROW_TAGS, TEXT(""));
    if (row == NULL)
        return;
    if (may_list_tags(call))
        json_object_object_add(answer, "Tags", row_parse(row));
    else
        json_object_object_add(answer, "TagsError", tags_error());
}

static struct json_object *code_location(struct lambda_call *call, struct json_object *row)
{
    struct json_object *code = json_object_new_object();
    uint8_t sha256[SHA256_BYTES];
    member_set_text(code, "RepositoryType", TEXT("S3"));
    if (row_package(row, sha256))
        member_set_text(code, "Location", package_url(call, sha256));
    return code;
}

void run_get_function(struct lambda_call *call)
{
    AUTO_JSON struct json_object *row = asked_row(call);
    if (row == NULL)
        return;
    AUTO_JSON struct json_object *answer = json_object_new_object();
    json_object_object_add(answer, "Code", code_location(call, row));
    json_object_object_add(answer, "Configuration", show_asked(call, row));
    add_tags(call, answer);
    const struct row *concurrency = record_row(call_record(call), ROW_CONCURRENCY, TEXT(""));
    if (concurrency != NULL)
        json_object_object_add(answer, "Concurrency", row_parse(concurrency));
    call_answer(call, 200, call_json_text(call, answer));
}

/* ---- the list ---- */

/* What is listed: $LATEST of every function, or all versions of all. */
struct listing {
    struct lambda_call *call;
    bool all_versions;
    size_t from, to; /* the page */
    size_t at;       /* items seen */
    struct json_object *items;
};

static void list_row(struct listing *list, struct text name, const struct row *row)
{
    struct lambda_call *call = list->call;
    size_t at = list->at++;
    if (at < list->from || at >= list->to)
        return;
    AUTO_JSON struct json_object *parsed = row_parse_all(row);
    struct text qualifier = list->all_versions ? row->qualifier : TEXT("");
    json_object_array_add(
        list->items, function_show(call, parsed, function_arn(call, name, qualifier), VIEW_LISTED));
}

static size_t rows_to_list(const struct function_record *record, bool all_versions,
                           const struct row **out)
{
    if (all_versions)
        return record_rows(record, ROW_FUNCTION, out);
    *out = record_row(record, ROW_FUNCTION, TEXT(LATEST));
    return *out != NULL ? 1 : 0;
}

static size_t count_items(struct lambda_call *call, bool all_versions)
{
    const struct function_record *const *records;
    const struct row *rows;
    size_t total = 0;
    size_t count = catalog_records(call->catalog, &records);
    for (size_t i = 0; i < count; i++)
        total += rows_to_list(records[i], all_versions, &rows);
    return total;
}

static void list_page(struct listing *list)
{
    const struct function_record *const *records;
    const struct row *rows;
    size_t count = catalog_records(list->call->catalog, &records);
    for (size_t i = 0; i < count && list->at < list->to; i++) {
        size_t row_count = rows_to_list(records[i], list->all_versions, &rows);
        for (size_t j = 0; j < row_count; j++)
            list_row(list, record_name(records[i]), &rows[j]);
    }
}

void run_list_functions(struct lambda_call *call)
{
    struct listing list = {
        .call = call, .all_versions = text_is(call_text_or(call, "FunctionVersion", ""), "ALL")};
    struct text marker;
    if (!call_page(call, count_items(call, list.all_versions), &list.from, &list.to, &marker))
        return;
    AUTO_JSON struct json_object *answer = json_object_new_object();
    list.items = json_object_new_array();
    json_object_object_add(answer, "Functions", list.items);
    list_page(&list);
    if (marker.len > 0)
        member_set_text(answer, "NextMarker", marker);
    call_answer(call, 200, call_json_text(call, answer));
}
