/*
 * identity.c - who calls, and whether they may: takes the request of a call to signature.c and
 * authorise.c, and answers what they refuse. Strangers are counted and logged like those who send
 * webhooks.
 */
#include "identity.h"

#include "onput/hash.h"
#include "onput/log.h"
#include "signature.h"

static void count_refusal(struct lambda_call *call, const char *reason)
{
    metrics_add(call->api->metrics, METRIC_REQUESTS_REJECTED, 1, reason, NULL, NULL);
    LOG(LOG_LEVEL_WARN, "call refused", LOG_STRING("reason", reason),
        LOG_STRING("operation", call->operation == NULL ? "" : call->operation->name),
        LOG_TEXT("user", call->caller.arn), LOG_TEXT("peer", http_request_peer(call->http)));
}

/* ---- who ---- */

static struct sigv4_request signed_request(const struct http_request *http,
                                           struct text payload_hash)
{
    struct sigv4_request request = {.method = http_request_method_text(http),
                                    .path = http_request_path(http),
                                    .query = http_request_query(http),
                                    .payload_hash = payload_hash};
    request.header_count = http_request_headers(http, &request.headers);
    return request;
}

static bool accept(struct lambda_call *call, const struct signature_verdict *verdict)
{
    if (verdict->user != NULL)
        return true;
    count_refusal(call, verdict->reason);
    call_fail_text(call, verdict->error, verdict->message);
    return false;
}

bool call_authenticate_early(struct lambda_call *call)
{
    struct sigv4_request request = signed_request(call->http, TEXT(""));
    struct signature_verdict verdict = signature_claimed(
        &request, call->caller_catalog, clock_wall_ms(call->api->clock), call->arena);
    return accept(call, &verdict);
}

bool call_authenticate(struct lambda_call *call)
{
    char hash[SHA256_HEX_BYTES];
    struct text body = http_request_body(call->http);
    sha256_hex(body.ptr, body.len, hash);
    struct sigv4_request request = signed_request(call->http, text_of(hash));
    struct signature_verdict verdict = signature_verify(
        &request, call->caller_catalog, clock_wall_ms(call->api->clock), call->arena);
    if (!accept(call, &verdict))
        return false;
    call->caller = (struct caller){.type = POLICY_PRINCIPAL_AWS,
                                   .arn = verdict.user->arn,
                                   .account = verdict.user->account,
                                   .user = verdict.user};
    return true;
}

/* ---- may they ---- */

static struct question ask(const struct caller *caller, const struct catalog *catalog,
                           const struct http_request *http, int64_t now_ms)
{
    return (struct question){.caller = caller,
                             .catalog = catalog,
                             .peer = http_request_peer(http),
                             .user_agent = http_request_header(http, "User-Agent"),
                             .now_ms = now_ms};
}

struct policy_decision caller_decide(const struct caller *caller, const struct catalog *catalog,
                                     const struct http_request *http, int64_t now_ms,
                                     const char *action, struct text resource,
                                     const struct policy *policy,
                                     const struct policy_context *extra, size_t extra_count)
{
    struct question q = ask(caller, catalog, http, now_ms);
    q.action = action;
    q.resource = resource;
    q.policy = policy;
    q.extra = extra;
    q.extra_count = extra_count;
    return question_decide(&q);
}

bool call_authorise(struct lambda_call *call, const char *action, struct text resource,
                    const struct policy *policy, const struct policy_context *extra,
                    size_t extra_count)
{
    struct question q =
        ask(&call->caller, call->catalog, call->http, clock_wall_ms(call->api->clock));
    q.action = action;
    q.resource = resource;
    q.policy = policy;
    q.extra = extra;
    q.extra_count = extra_count;
    struct policy_decision decision = question_decide(&q);
    if (decision.effect == POLICY_ALLOW)
        return true;
    count_refusal(call, "not_authorized");
    call_fail_text(call, ERR_ACCESS_DENIED, question_refusal(&q, decision, call->arena));
    return false;
}
