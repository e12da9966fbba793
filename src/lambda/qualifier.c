/*
 * qualifier.c - versions and aliases of the function that a call changes.
 */
#include "lambda_private.h"

#include <ctype.h>

bool qualifier_is_version(struct text qualifier)
{
    for (size_t i = 0; i < qualifier.len; i++) {
        if (!isdigit((unsigned char)qualifier.ptr[i]))
            return false;
    }
    return qualifier.len > 0;
}

bool edit_has_qualifier(const struct registry_edit *edit, struct text qualifier)
{
    if (qualifier.len == 0)
        return registry_edit_exists(edit);
    return registry_edit_row(edit, ROW_FUNCTION, qualifier) != NULL ||
           registry_edit_row(edit, ROW_ALIAS, qualifier) != NULL;
}

void call_fail_function_only(struct lambda_call *call)
{
    call_fail(call, ERR_INVALID_PARAMETER,
              "This operation is permitted on Lambda functions only. Aliases and versions do not "
              "support this operation. Please specify either a function name or an unqualified "
              "function ARN.");
}
