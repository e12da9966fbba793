/*
 * members_invoke.c - members of the three ways to invoke. The payload is the body as it is.
 */
#include "shape.h"

#define HEADER_LOG_TYPE HEADER("LogType", "X-Amz-Log-Type", .choices = "None, Tail")
#define HEADER_CONTEXT  HEADER("ClientContext", "X-Amz-Client-Context")

static const struct member invoke_rows[] = {
    PATH_FUNCTION_NAMESPACED,
    HEADER("InvocationType", "X-Amz-Invocation-Type", .choices = "Event, RequestResponse, DryRun"),
    HEADER_LOG_TYPE,
    HEADER_CONTEXT,
    QUERY_QUALIFIER,
};
const struct members members_invoke = MEMBERS(invoke_rows);

static const struct member invoke_async_rows[] = {PATH_FUNCTION_NAMESPACED};
const struct members members_invoke_async = MEMBERS(invoke_async_rows);

static const struct member invoke_stream_rows[] = {
    PATH_FUNCTION_NAMESPACED,
    HEADER("InvocationType", "X-Amz-Invocation-Type", .choices = "RequestResponse, DryRun"),
    HEADER_LOG_TYPE,
    HEADER_CONTEXT,
    QUERY_QUALIFIER,
};
const struct members members_invoke_stream = MEMBERS(invoke_stream_rows);
