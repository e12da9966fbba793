/*
 * function_id.c - FunctionName, in all its spellings, and Qualifier: which function is meant?
 *
 * Functions live in one region and one account, the catalog's. A name without an account means the
 * caller's own; one of another account has no functions here.
 */
#include "shape.h"

enum { NAME_MAX_BYTES = 64 };

static bool wrong_region(struct lambda_call *call, struct text region)
{
    struct text ours = catalog_region(call->catalog);
    if (region.len == 0 || text_equal(region, ours))
        return false;
    call_fail(call, ERR_NOT_FOUND,
              "Functions from '%.*s' are not reachable in this region ('%.*s')", TEXT_ARGS(region),
              TEXT_ARGS(ours));
    return true;
}

/* Says which account is meant, too. */
static bool wrong_account(struct lambda_call *call, struct text account)
{
    if (account.len == 0 || text_equal(account, catalog_account(call->catalog)) ||
        text_equal(account, call->caller.account))
        return false;
    call_fail_text(call, ERR_ACCESS_DENIED, NULL);
    return true;
}

static void set_id(struct lambda_call *call, struct text account, struct text name,
                   struct text qualifier)
{
    struct function_id *id = &call->id;
    id->name = arena_text(call->arena, name);
    id->qualifier = arena_text(call->arena, qualifier);
    id->arn =
        call_printf(call, "arn:aws:lambda:%.*s:%.*s:function:%.*s",
                    TEXT_ARGS(catalog_region(call->catalog)), TEXT_ARGS(account), TEXT_ARGS(name));
    id->qualified_arn = qualifier.len == 0 ? id->arn
                                           : call_printf(call, "%.*s:%.*s", TEXT_ARGS(id->arn),
                                                         TEXT_ARGS(qualifier));
}

static bool name_too_long(struct lambda_call *call, struct text name)
{
    if (call->operation->target != TARGET_NEW || name.len <= NAME_MAX_BYTES)
        return false;
    call_fail(call, ERR_INVALID_PARAMETER,
              "1 validation error detected: Value '%.*s' at 'functionName' failed to satisfy "
              "constraint: Member must have length less than or equal to %d",
              TEXT_ARGS(text_slice(name, 0, 2048)), NAME_MAX_BYTES);
    return true;
}

/* Another account's functions are not here, whatever their names. */
static bool is_foreign(struct lambda_call *call, struct text account)
{
    if (text_equal(account, catalog_account(call->catalog)))
        return false;
    if (call->operation->target == TARGET_NONE || call->operation->target == TARGET_NEW)
        call_fail(call, ERR_ACCESS_DENIED, "The account %.*s has no functions here.",
                  TEXT_ARGS(account));
    else
        call_no_function(call, call->id.qualified_arn);
    return true;
}

static bool read_label(struct lambda_call *call)
{
    struct function_label label;
    struct text qualifier = call_text_or(call, "Qualifier", "");
    function_label_split(call_text_or(call, "FunctionName", ""), &label);
    if (name_too_long(call, label.name) || wrong_region(call, label.region) ||
        wrong_account(call, label.account))
        return false;
    if (label.has_qualifier && qualifier.len > 0 && !text_equal(label.qualifier, qualifier)) {
        call_fail(call, ERR_INVALID_PARAMETER,
                  "The derived qualifier from the function name does not match the specified "
                  "qualifier.");
        return false;
    }
    struct text account = label.account.len > 0 ? label.account : call->caller.account;
    set_id(call, account, label.name, label.has_qualifier ? label.qualifier : qualifier);
    return !is_foreign(call, account);
}

/* ---- tags: a whole ARN ---- */

static bool read_tagged(struct lambda_call *call)
{
    struct text arn = call_text_or(call, "Resource", ""), rest = arn;
    for (int i = 0; i < 3; i++)
        (void)text_cut(&rest, ':');
    struct text region = text_cut(&rest, ':'), account = text_cut(&rest, ':');
    struct text kind = text_cut(&rest, ':'), name = text_cut(&rest, ':');
    if (wrong_region(call, region) || wrong_account(call, account))
        return false;
    if (text_is(kind, "function")) {
        set_id(call, account, name, rest);
        return !is_foreign(call, account);
    }
    if (text_is(kind, "event-source-mapping"))
        call_fail(call, ERR_NOT_FOUND, "Event source mapping not found: %.*s", TEXT_ARGS(arn));
    else
        call_fail(call, ERR_NOT_FOUND, "Resource not found: %.*s", TEXT_ARGS(arn));
    return false;
}

bool call_read_id(struct lambda_call *call)
{
    switch (call->operation->target) {
    case TARGET_NONE:
        return !is_foreign(call, call->caller.account);
    case TARGET_NAMESPACED:
    case TARGET_PLAIN:
    case TARGET_URL:
    case TARGET_NEW:
        return read_label(call);
    case TARGET_ARN:
        return read_tagged(call);
    }
    return false;
}
