/*
 * url_config.c - function URLs as resources: one for the unqualified function and one for each
 * alias. A row has the URL's id; FunctionUrl and FunctionArn are made where it is shown, because
 * host and port of a URL are the configuration's. What a URL does is in url_front.c.
 */
#include "lambda_private.h"

#include "onput/attributes.h"
#include "onput/encoding.h"

enum { URL_ID_BYTES = 32 };

static const char id_member[] = "UrlId"; /* as catalog_url() knows it; never shown */

static struct text new_id(struct lambda_call *call)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    char *id = arena_alloc(call->arena, URL_ID_BYTES + 1);
    for (size_t i = 0; i < URL_ID_BYTES; i++)
        id[i] = digits[random_u64() % (sizeof(digits) - 1)];
    return text_of(id);
}

/* "AuthType" and so on of the row, FunctionUrl and FunctionArn made for it; yours. */
static struct json_object *show(struct lambda_call *call, const struct row *row)
{
    struct json_object *url = row_parse(row);
    struct text id = arena_text(call->arena, json_text(json_at(url, id_member)));
    struct text arn = call->id.arn;
    if (row->qualifier.len > 0)
        arn = call_printf(call, "%.*s:%.*s", TEXT_ARGS(arn), TEXT_ARGS(row->qualifier));
    json_object_object_del(url, id_member);
    member_set_text(url, "FunctionUrl", url_front_address(call, id));
    member_set_text(url, "FunctionArn", arn);
    return url;
}

/* Answers to changes have InvokeMode only when it was asked for. */
static struct json_object *show_change(struct lambda_call *call, const struct row *row)
{
    struct json_object *url = show(call, row);
    if (call_json(call, "InvokeMode") == NULL)
        json_object_object_del(url, "InvokeMode");
    return url;
}

static void fail_no_function(struct lambda_call *call)
{
    call_fail(call, ERR_NOT_FOUND, "Function does not exist");
}

static void fail_no_url(struct lambda_call *call)
{
    call_fail(call, ERR_NOT_FOUND, "The resource you requested does not exist.");
}

static void take(struct lambda_call *call, struct json_object *url, const char *name)
{
    struct json_object *given = call_json(call, name);
    if (given != NULL)
        json_object_object_add(url, name, json_object_get(given));
}

/* An empty Cors is none. */
static void take_cors(struct lambda_call *call, struct json_object *url)
{
    take(call, url, "Cors");
    struct json_object *cors = json_at(url, "Cors");
    if (cors != NULL && json_object_object_length(cors) == 0)
        json_object_object_del(url, "Cors");
}

static void store(struct lambda_call *call, struct json_object *url, struct row *out)
{
    *out = (struct row){ROW_URL, call->id.qualifier, call_json_text(call, url)};
    registry_edit_put(call->edit, ROW_URL, call->id.qualifier, out->json);
}

static void put_new(struct lambda_call *call, struct row *out)
{
    AUTO_JSON struct json_object *url = json_object_new_object();
    struct text now = call_time_iso(call);
    member_set_text(url, id_member, new_id(call));
    take(call, url, "AuthType");
    take_cors(call, url);
    member_set_text(url, "CreationTime", now);
    member_set_text(url, "LastModifiedTime", now);
    json_object_object_add(url, "InvokeMode", json_object_new_string("BUFFERED"));
    take(call, url, "InvokeMode");
    store(call, url, out);
}

void run_create_url(struct lambda_call *call)
{
    struct row row;
    if (!edit_has_qualifier(call->edit, call->id.qualifier)) {
        fail_no_function(call);
        return;
    }
    if (registry_edit_row(call->edit, ROW_URL, call->id.qualifier) != NULL) {
        call_fail(call, ERR_CONFLICT,
                  "Failed to create function url config for [functionArn = %.*s]. Error message:  "
                  "FunctionUrlConfig exists for this Lambda function",
                  TEXT_ARGS(call->id.qualified_arn));
        return;
    }
    put_new(call, &row);
    if (!call_commit(call))
        return;
    AUTO_JSON struct json_object *answer = show_change(call, &row);
    json_object_object_del(answer, "LastModifiedTime");
    call_answer(call, 201, call_json_text(call, answer));
}

static void put_changed(struct lambda_call *call, const struct row *old, struct row *out)
{
    AUTO_JSON struct json_object *url = row_parse_all(old);
    take(call, url, "AuthType");
    take_cors(call, url);
    take(call, url, "InvokeMode");
    member_set_text(url, "LastModifiedTime", call_time_iso(call));
    store(call, url, out);
}

void run_update_url(struct lambda_call *call)
{
    struct row row;
    if (!edit_has_qualifier(call->edit, call->id.qualifier)) {
        fail_no_function(call);
        return;
    }
    const struct row *old = registry_edit_row(call->edit, ROW_URL, call->id.qualifier);
    if (old == NULL) {
        fail_no_url(call);
        return;
    }
    put_changed(call, old, &row);
    if (!call_commit(call))
        return;
    AUTO_JSON struct json_object *answer = show_change(call, &row);
    call_answer(call, 200, call_json_text(call, answer));
}

void run_get_url(struct lambda_call *call)
{
    const struct function_record *record = call_record(call);
    const struct row *row = record != NULL ? record_row(record, ROW_URL, call->id.qualifier) : NULL;
    if (row == NULL) {
        fail_no_url(call);
        return;
    }
    AUTO_JSON struct json_object *answer = show(call, row);
    call_answer(call, 200, call_json_text(call, answer));
}

void run_delete_url(struct lambda_call *call)
{
    if (registry_edit_row(call->edit, ROW_URL, call->id.qualifier) == NULL) {
        fail_no_url(call);
        return;
    }
    registry_edit_remove(call->edit, ROW_URL, call->id.qualifier);
    if (call_commit(call))
        call_answer_empty(call, 204);
}

/* An alias in the identifier has to be there; all URLs of the function are listed all the same. */
static bool is_listable(const struct lambda_call *call, const struct function_record *record)
{
    struct text qualifier = call->id.qualifier;
    return record != NULL &&
           (qualifier.len == 0 || record_row(record, ROW_ALIAS, qualifier) != NULL);
}

void run_list_urls(struct lambda_call *call)
{
    const struct function_record *record = call_record(call);
    if (!is_listable(call, record)) {
        fail_no_function(call);
        return;
    }
    const struct row *rows;
    size_t count = record_rows(record, ROW_URL, &rows);
    call_answer_rows(call, "FunctionUrlConfigs", rows, count, show);
}
