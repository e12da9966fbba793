/*
 * call.c - one call from the door to its operation; answer.c ends it.
 *
 * Reading operations stay on the HTTP thread. A changing one goes on as a job of the registry's
 * thread, with the catalog as it is then, over deploy.c when it is about code; who calls, and that
 * the call is allowed, was settled before.
 */
#include "lambda_private.h"

#include "onput/clock.h"
#include "onput/encoding.h"

struct lambda_call *call_new(struct lambda_api *api, struct http_request *request)
{
    struct arena *arena = http_request_arena(request);
    struct lambda_call *call = ARENA_NEW(arena, struct lambda_call);
    call->api = api;
    call->operation = http_request_row(request);
    call->http = request;
    call->arena = arena;
    call->started_ns = clock_now_ns();
    call->catalog = catalog_holder_get(registry_catalogs(api->registry));
    call->caller_catalog = catalog_ref(call->catalog);
    uuid_v4(call->request_id);
    return call;
}

void call_drop(struct lambda_call *call)
{
    json_release(&call->input);
    catalog_unref(call->catalog);
    catalog_unref(call->caller_catalog);
}

/* Nothing is kept of it: a client may go away before its body is here. */
void call_admit(void *ctx, struct http_request *request)
{
    struct lambda_call *call = call_new(ctx, request);
    if (!call->operation)
        call_fail_text(call, ERR_UNKNOWN_OPERATION, NULL);
    else if (call_authenticate_early(call))
        call_drop(call);
}

/* The function's ARN as it was addressed; nothing and $LATEST are the same. */
static struct text addressed_arn(const struct lambda_call *call)
{
    if (call->operation->target == TARGET_NONE)
        return TEXT("*");
    return text_is(call->id.qualifier, "$LATEST") ? call->id.arn : call->id.qualified_arn;
}

static bool authorise(struct lambda_call *call)
{
    const struct function_record *record = call_record(call);
    const struct policy *policy = record ? record_policy(record, call->id.qualifier) : NULL;
    const char *action = arena_printf(call->arena, "lambda:%s", operation_action(call->operation));
    return call_authorise(call, action, addressed_arn(call), policy, NULL, 0);
}

void call_run_edit(struct lambda_call *call)
{
    catalog_unref(call->catalog);
    call->catalog = catalog_holder_get(registry_catalogs(call->api->registry));
    call->edit = registry_edit_begin(call->api->registry, call->id.name);
    call->operation->run(call);
}

static void run_on_registry(struct registry_job *job)
{
    call_run_edit((struct lambda_call *)job);
}

static bool deploys(const struct lambda_call *call)
{
    const struct operation *op = call->operation;
    return op->prepare != NULL && (op->deploys == NULL || op->deploys(call));
}

static void run(struct lambda_call *call)
{
    if (call->operation->thread == ON_HTTP) {
        call->operation->run(call);
        return;
    }
    if (deploys(call)) {
        deployer_submit(call->api->deployer, call);
        return;
    }
    call->job.run = run_on_registry;
    if (!registry_submit(call->api->registry, &call->job))
        call_fail(call, ERR_SERVICE, "The service is shutting down.");
}

void call_handle(void *ctx, struct http_request *request)
{
    struct lambda_call *call = call_new(ctx, request);
    if (!call->operation) {
        call_fail_text(call, ERR_UNKNOWN_OPERATION, NULL);
        return;
    }
    if (call_authenticate(call) && call_read_input(call) && call_read_id(call) && authorise(call))
        run(call);
}

void call_refuse_large(void *ctx, struct http_request *request)
{
    struct lambda_call *call = call_new(ctx, request);
    call_fail(call, ERR_TOO_LARGE, "Request must be smaller than %zu bytes for the %s operation",
              operation_body_bytes(call->operation), operation_action(call->operation));
}
