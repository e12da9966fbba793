/*
 * variables.c - rules for the environment variables that a function is given: those of Lambda.
 */
#include "config_private.h"

#include <string.h>

#include "onput/json.h"

/* What a function's process is told by onput itself, and by Lambda elsewhere. */
static const char *const reserved[] = {
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
};

bool config_variable_is_reserved(struct text name)
{
    for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
        if (text_is(name, reserved[i]))
            return true;
    return false;
}

static bool is_variable(struct text name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!is_letter && (i == 0 || (c != '_' && !(c >= '0' && c <= '9'))))
            return false;
    }
    return name.len > 0;
}

int variable_check(struct text name, struct text value, struct error *err)
{
    if (config_variable_is_reserved(name))
        return error_set(err, ERROR_INVALID, "the name is reserved: onput sets this variable");
    if (!is_variable(name))
        return error_set(err, ERROR_INVALID,
                         "the name of a variable has letters, digits and _, and begins with a "
                         "letter");
    if (!text_is_utf8(value))
        return error_set(err, ERROR_INVALID, "the value is no UTF-8");
    return 0;
}

/* Measured as the API does: as a JSON object. */
int variables_check(const struct option *option, const struct config_variable *variables,
                    size_t count, struct error *err)
{
    AUTO_BUFFER struct buffer measured = {0};
    struct json_writer w;

    buffer_init(&measured, (size_t)option->max);
    json_writer_init(&w, &measured);
    json_object_begin(&w);
    for (size_t i = 0; i < count; i++)
        json_pair_string(&w, variables[i].name, variables[i].value);
    json_object_finish(&w);
    if (buffer_failed(&measured))
        return error_set(err, ERROR_LIMIT, "names and values have more than %d bytes together",
                         (int)option->max);
    return 0;
}
