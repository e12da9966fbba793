/*
 * account.c - what tells about the account, and settings that clients read besides: onput has none
 * of them, and says so in the form of Lambda's defaults.
 */
#include "lambda_private.h"

static const int64_t TOTAL_CODE_BYTES = 80530636800;

enum {
    UNZIPPED_CODE_BYTES = 262144000,
    ZIPPED_CODE_BYTES = 52428800,
};

struct usage {
    int64_t functions;
    int64_t code_bytes;
};

static void add_usage(const struct function_record *record, struct usage *usage)
{
    const struct row *rows = NULL;
    size_t count = record_rows(record, ROW_FUNCTION, &rows);
    usage->functions++;
    for (size_t i = 0; i < count; i++) {
        AUTO_JSON struct json_object *version = row_parse(&rows[i]);
        usage->code_bytes += member_i64(version, "CodeSize");
    }
}

static void write_account(const struct usage *usage, int64_t reserved, struct buffer *out)
{
    int64_t unreserved = ACCOUNT_CONCURRENCY - reserved;
    struct json_writer w;
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_key(&w, "AccountLimit");
    json_object_begin(&w);
    json_pair_i64(&w, "TotalCodeSize", TOTAL_CODE_BYTES);
    json_pair_i64(&w, "CodeSizeUnzipped", UNZIPPED_CODE_BYTES);
    json_pair_i64(&w, "CodeSizeZipped", ZIPPED_CODE_BYTES);
    json_pair_i64(&w, "ConcurrentExecutions", ACCOUNT_CONCURRENCY);
    json_pair_i64(&w, "UnreservedConcurrentExecutions", unreserved > 0 ? unreserved : 0);
    json_object_finish(&w);
    json_key(&w, "AccountUsage");
    json_object_begin(&w);
    json_pair_i64(&w, "TotalCodeSize", usage->code_bytes);
    json_pair_i64(&w, "FunctionCount", usage->functions);
    json_object_finish(&w);
    json_object_finish(&w);
}

void run_get_account_settings(struct lambda_call *call)
{
    const struct function_record *const *records = NULL;
    size_t count = catalog_records(call->catalog, &records);
    struct usage usage = {0};
    AUTO_BUFFER struct buffer json;
    for (size_t i = 0; i < count; i++)
        add_usage(records[i], &usage);
    buffer_init(&json, 1024);
    write_account(&usage, account_reserved(call->catalog), &json);
    call_answer(call, 200, buffer_text(&json));
}

static void answer_pairs(struct lambda_call *call, const char *key1, struct text value1,
                         const char *key2, struct text value2)
{
    AUTO_BUFFER struct buffer json;
    struct json_writer w;
    buffer_init(&json, 4096);
    json_writer_init(&w, &json);
    json_object_begin(&w);
    json_pair_text(&w, key1, value1);
    if (key2)
        json_pair_text(&w, key2, value2);
    json_object_finish(&w);
    call_answer(call, 200, buffer_text(&json));
}

/* False: there is no such function, and the call was answered. */
static bool function_exists(struct lambda_call *call)
{
    const struct function_record *record = call_record(call);
    if (record && record_resolve(record, call->id.qualifier, 0))
        return true;
    call_no_function(call, call->id.qualified_arn);
    return false;
}

void run_get_code_signing_config(struct lambda_call *call)
{
    if (function_exists(call))
        answer_pairs(call, "FunctionName", call->id.name, NULL, TEXT(""));
}

void run_get_runtime_management_config(struct lambda_call *call)
{
    if (!function_exists(call))
        return;
    struct text arn = call->id.qualified_arn;
    if (call->id.qualifier.len == 0)
        arn = call_printf(call, "%.*s:$LATEST", TEXT_ARGS(arn));
    answer_pairs(call, "UpdateRuntimeOn", TEXT("Auto"), "FunctionArn", arn);
}

void run_get_recursion_config(struct lambda_call *call)
{
    if (function_exists(call))
        answer_pairs(call, "RecursiveLoop", TEXT("Terminate"), NULL, TEXT(""));
}
