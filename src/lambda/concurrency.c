/*
 * concurrency.c - reserved concurrency: one number for a function, taken from the account's.
 */
#include "lambda_private.h"

#include <inttypes.h>

#include "onput/attributes.h"

/* What must stay for functions without a reservation. */
enum { ACCOUNT_MIN_UNRESERVED = 100 };

static const char reserved_member[] = "ReservedConcurrentExecutions";

/* False when the identifier names a version or alias: the call was answered. */
static bool is_unqualified(struct lambda_call *call)
{
    if (call->id.qualifier.len == 0)
        return true;
    call_fail_function_only(call);
    return false;
}

static int64_t reserved_of(const struct function *function)
{
    int64_t limit = function != NULL ? function_slot_limit(function) : -1;
    return limit > 0 ? limit : 0;
}

int64_t account_reserved(const struct catalog *catalog)
{
    const struct function *functions;
    size_t count = catalog_functions(catalog, &functions);
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += reserved_of(&functions[i]);
    return sum;
}

/* Whether functions without a reservation keep their minimum; giving back is always fine. */
static bool leaves_enough(const struct lambda_call *call, int64_t wanted)
{
    int64_t own = reserved_of(catalog_function(call->catalog, call->id.name));
    int64_t others = account_reserved(call->catalog) - own;
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
