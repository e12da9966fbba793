/*
 * concurrency.c - reserved concurrency: one number for a function, taken from the account's.
 */
#include "lambda_private.h"

#include <inttypes.h>

#include "onput/attributes.h"

/* Of the account, reserved or not; and what must stay for functions without a reservation. */
enum { ACCOUNT_CONCURRENCY = 1000, ACCOUNT_MIN_UNRESERVED = 100 };

static const char reserved_member[] = "ReservedConcurrentExecutions";

/* False when the identifier names a version or alias: the call was answered. */
static bool is_unqualified(struct lambda_call *call)
{
    if (call->id.qualifier.len == 0)
        return true;
    call_fail_function_only(call);
    return false;
}

static int64_t row_reserved(const struct row *row)
{
    if (row == NULL)
        return 0;
    AUTO_JSON struct json_object *concurrency = row_parse(row);
    return json_object_get_int64(json_at(concurrency, reserved_member));
}

/* What all functions but `except` have reserved. */
static int64_t reserved_by_others(const struct catalog *catalog, struct text except)
{
    const struct function_record *const *records;
    size_t count = catalog_records(catalog, &records);
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (!text_equal(record_name(records[i]), except))
            sum += row_reserved(record_row(records[i], ROW_CONCURRENCY, TEXT("")));
    }
    return sum;
}

/* Whether functions without a reservation keep their minimum; giving back is always fine. */
static bool leaves_enough(const struct lambda_call *call, int64_t wanted)
{
    int64_t own = row_reserved(registry_edit_row(call->edit, ROW_CONCURRENCY, TEXT("")));
    int64_t others = reserved_by_others(call->catalog, call->id.name);
    return wanted <= own || (wanted <= ACCOUNT_CONCURRENCY &&
                             ACCOUNT_CONCURRENCY - others - wanted >= ACCOUNT_MIN_UNRESERVED);
}

void run_put_concurrency(struct lambda_call *call)
{
    int64_t wanted = call_i64_or(call, reserved_member, 0);
    if (!is_unqualified(call))
        return;
    if (!registry_edit_exists(call->edit)) {
        call_no_function(call, call_printf(call, "%.*s:$LATEST", TEXT_ARGS(call->id.arn)));
        return;
    }
    if (!leaves_enough(call, wanted)) {
        call_fail(call, ERR_INVALID_PARAMETER_UNTYPED,
                  "Specified ReservedConcurrentExecutions for function decreases account's "
                  "UnreservedConcurrentExecution below its minimum value of [%d].",
                  ACCOUNT_MIN_UNRESERVED);
        return;
    }
    struct text json = call_printf(call, "{\"%s\":%" PRId64 "}", reserved_member, wanted);
    registry_edit_put(call->edit, ROW_CONCURRENCY, TEXT(""), json);
    if (call_commit(call))
        call_answer(call, 200, json);
}

void run_get_concurrency(struct lambda_call *call)
{
    const struct function_record *record = call_record(call);
    if (!is_unqualified(call))
        return;
    if (record == NULL) {
        call_no_function(call, call->id.arn);
        return;
    }
    const struct row *row = record_row(record, ROW_CONCURRENCY, TEXT(""));
    if (row == NULL) {
        call_answer(call, 200, TEXT("{}"));
        return;
    }
    AUTO_JSON struct json_object *concurrency = row_parse(row);
    call_answer(call, 200, call_json_text(call, concurrency));
}

void run_delete_concurrency(struct lambda_call *call)
{
    if (!is_unqualified(call))
        return;
    if (!registry_edit_exists(call->edit)) {
        call_no_function(call, call->id.arn);
        return;
    }
    registry_edit_remove(call->edit, ROW_CONCURRENCY, TEXT(""));
    if (call_commit(call))
        call_answer_empty(call, 204);
}
