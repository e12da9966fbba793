/*
 * The context function: returns what a function is told about its invocation.
 */
#include "executors_private.h"

#include "onput/catalog.h"

enum { MEMORY_MB_DEFAULT = 128, RESULT_ROOM = 64 * 1024 };

/* Built-in functions share the daemon; the number is what the function's settings say. */
static int64_t memory_mb(const struct function *function)
{
    AUTO_JSON struct json_object *settings = NULL;
    struct error err = {0};
    int64_t mb = MEMORY_MB_DEFAULT;
    const struct row *row = function->record != NULL
                                ? record_row(function->record, ROW_FUNCTION, function->version)
                                : NULL;
    if (row == NULL || json_parse(row->json, &settings, &err) < 0 ||
        json_find_i64(settings, "MemorySize", MEMORY_MB_DEFAULT, &mb, &err) < 0)
        return MEMORY_MB_DEFAULT;
    return mb;
}

/* Null when it is empty, or no JSON after all: the whole must stay readable. */
static void put_json(struct json_writer *w, const char *key, struct text json)
{
    AUTO_JSON struct json_object *tree = NULL;
    struct error err = {0};
    json_key(w, key);
    if (json.len > 0 && json_parse(json, &tree, &err) == 0)
        json_put_raw(w, json);
    else
        json_put_null(w);
}

static void put_context(struct json_writer *w, const struct builtin_call *call)
{
    const struct function *f = call->function;
    const struct invocation *inv = call->invocation;
    int64_t left = call->deadline_ms - clock_mono_ms(call->lane->jobs->clock);
    json_object_begin(w);
    json_pair_string(w, "aws_request_id", inv->request_id);
    json_pair_text(w, "function_name", f->name);
    json_pair_text(w, "function_version", f->version.len > 0 ? f->version : TEXT("$LATEST"));
    json_pair_text(w, "invoked_function_arn", inv->invoked_arn.len > 0 ? inv->invoked_arn : f->arn);
    json_pair_i64(w, "memory_limit_in_mb", memory_mb(f));
    json_pair_i64(w, "remaining_time_in_millis", left > 0 ? left : 0);
    put_json(w, "client_context", inv->client_context);
    json_object_finish(w);
}

void context_run(struct builtin_call *call, struct outcome *out)
{
    const struct invocation *inv = call->invocation;
    AUTO_BUFFER struct buffer result;
    struct json_writer w;
    buffer_init(&result, inv->payload.len + inv->client_context.len + RESULT_ROOM);
    json_writer_init(&w, &result);
    json_object_begin(&w);
    put_json(&w, "event", inv->payload);
    json_key(&w, "context");
    put_context(&w, call);
    json_object_finish(&w);
    out->status = OUTCOME_DONE;
    out->result = arena_text(call->arena, buffer_text(&result));
}
