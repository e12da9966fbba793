/*
 * destination.c - where results of asynchronous invocations may go: queues, topics, event buses and
 * buckets by the form of their ARN alone, functions only when they are there.
 */
#include "lambda_private.h"

static bool is_one_of(struct text service, const char *const *names)
{
    while (*names != NULL && !text_is(service, *names))
        names++;
    return *names != NULL;
}

static bool is_supported(struct text destination, bool for_success)
{
    /* S3 takes failures only. */
    static const char *const on_success[] = {"lambda", "sqs", "sns", "events", NULL};
    static const char *const on_failure[] = {"lambda", "sqs", "sns", "events", "s3", NULL};
    struct text rest = destination;
    if (!text_is(text_cut(&rest, ':'), "arn"))
        return false;
    text_cut(&rest, ':'); /* partition */
    return is_one_of(text_cut(&rest, ':'), for_success ? on_success : on_failure);
}

/* The function that the ARN names in our region and account, or NULL. */
static const struct function_record *find_function(const struct catalog *catalog, struct text arn)
{
    struct text rest = arn;
    for (int i = 0; i < 3; i++)
        text_cut(&rest, ':');
    if (!text_equal(text_cut(&rest, ':'), catalog_region(catalog)) ||
        !text_equal(text_cut(&rest, ':'), catalog_account(catalog)) ||
        !text_is(text_cut(&rest, ':'), "function"))
        return NULL;
    const struct function_record *record = catalog_record(catalog, text_cut(&rest, ':'));
    return record != NULL && record_resolve(record, rest, 0) != NULL ? record : NULL;
}

static bool is_function(struct text destination)
{
    struct text rest = destination;
    text_cut(&rest, ':');
    text_cut(&rest, ':');
    return text_is(text_cut(&rest, ':'), "lambda");
}

/* False when a function is named that cannot be one: the call was answered. */
static bool function_fits(struct lambda_call *call, struct text destination)
{
    if (!is_function(destination))
        return true;
    const struct function_record *record = find_function(call->catalog, destination);
    if (record == NULL) {
        call_fail(call, ERR_INVALID_PARAMETER, "The destination ARN %.*s is invalid.",
                  TEXT_ARGS(destination));
        return false;
    }
    if (text_equal(record_name(record), call->id.name)) {
        call_fail(call, ERR_INVALID_PARAMETER,
                  "You can't specify the function as a destination for itself.");
        return false;
    }
    return true;
}

static struct text describe(struct lambda_call *call, const char *type, struct text destination)
{
    if (destination.len == 0)
        return TEXT("null");
    return call_printf(call, "%s(destination=%.*s)", type, TEXT_ARGS(destination));
}

bool destinations_fit(struct lambda_call *call, struct text on_success, struct text on_failure)
{
    if ((on_failure.len > 0 && !function_fits(call, on_failure)) ||
        (on_success.len > 0 && !function_fits(call, on_success)))
        return false;
    if ((on_failure.len == 0 || is_supported(on_failure, false)) &&
        (on_success.len == 0 || is_supported(on_success, true)))
        return true;
    struct text success = describe(call, "OnSuccess", on_success);
    struct text failure = describe(call, "OnFailure", on_failure);
    call_fail(
        call, ERR_INVALID_PARAMETER,
        "The provided destination config DestinationConfig(onSuccess=%.*s, onFailure=%.*s) is "
        "invalid.",
        TEXT_ARGS(success), TEXT_ARGS(failure));
    return false;
}
