/*
 * url_front.c - requests to a function's own URL: find the function, check who asks, run it with
 * the request as its event, and send what it returned. The steps are in url_event.c,
 * url_response.c, url_prelude.c and url_cors.c; url_stream.c sends what is not whole yet. The
 * resource behind a URL is url_config.c's.
 */
#include "url_call.h"

#include "onput/encoding.h"
#include "onput/log.h"

static const char forbidden[] = "Forbidden. For troubleshooting Function URL authorization issues, "
                                "see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html";
static const char path_prefix[] = "/function-urls/";

static const struct operation url_operation = {.name = "FunctionUrl",
                                               .action = "InvokeFunctionUrl"};

/* ---- what the request is about ---- */

static struct text url_id_of(struct http_request *http)
{
    struct text id = http_request_capture(http, "id");
    if (id.len > 0)
        return id;
    struct text host = http_request_header(http, "Host");
    return text_slice(host, 0, text_find(host, '.'));
}

/* The path as the function sees it: as sent, without the part that named the function. */
static struct text path_of(struct http_request *http)
{
    struct text path = http_request_path(http);
    struct text prefix = text_of(path_prefix);
    if (http_request_capture(http, "id").len == 0 || !text_starts_with(path, prefix))
        return path;
    struct text rest = text_slice(path, prefix.len, path.len);
    rest = text_slice(rest, text_find(rest, '/'), rest.len);
    return rest.len > 0 ? rest : TEXT("/");
}

static void describe(struct url_call *u)
{
    struct lambda_call *call = u->call;
    struct http_request *http = call->http;
    int64_t now = clock_wall_ms(call->api->clock);
    u->request = (struct url_request){
        .url_id = url_id_of(http),
        .method = http_request_method_text(http),
        .path = path_of(http),
        .query = http_request_query(http),
        .body = http_request_body(http),
        .peer = http_request_peer(http),
        .port = atomic_load(&call->api->port),
        .request_id = text_of(call->request_id),
        .trace_id = invoke_trace_id(http, now),
        .now_ms = now,
    };
    u->request.header_count = http_request_headers(http, &u->request.headers);
}

/* False when there is no such URL. */
static bool find(struct url_call *u)
{
    struct error err = {0};
    u->record = catalog_url(u->call->catalog, u->request.url_id, &u->qualifier);
    const struct row *row = u->record == NULL ? NULL : record_row(u->record, ROW_URL, u->qualifier);
    if (row == NULL || json_parse(row->json, &u->config, &err) < 0)
        return false;
    u->call->input = u->config;
    u->cors = json_at(u->config, "Cors");
    const struct function *latest = record_resolve(u->record, TEXT("$LATEST"), 0);
    if (latest == NULL)
        return false;
    u->resource = latest->arn;
    if (u->qualifier.len > 0)
        u->resource =
            call_printf(u->call, "%.*s:%.*s", TEXT_ARGS(latest->arn), TEXT_ARGS(u->qualifier));
    return true;
}

static bool wants_signature(const struct url_call *u)
{
    return !text_is(json_text(json_at(u->config, "AuthType")), "NONE");
}

/* ---- answers ---- */

struct http_response url_call_head(const struct url_call *u, const struct url_response *response,
                                   struct http_header out[URL_ALL_HEADERS_MAX])
{
    size_t count = 0;
    out[count++] = (struct http_header){TEXT("X-Amzn-Trace-Id"), u->request.trace_id};
    count += url_cors_headers(u->cors, &u->request, u->call->arena, out + count);
    for (size_t i = 0; i < response->header_count; i++) {
        if (u->cors == NULL || !url_cors_owns(response->headers[i].name))
            out[count++] = response->headers[i];
    }
    return (struct http_response){
        .status = response->status, .headers = out, .header_count = count};
}

static void send_whole(struct url_call *u, const struct url_response *response)
{
    struct http_header headers[URL_ALL_HEADERS_MAX];
    struct http_response whole = url_call_head(u, response, headers);
    whole.body = response->body;
    call_respond(u->call, &whole);
}

static void respond(struct url_call *u, int status, const struct http_header *headers,
                    size_t header_count, struct text body)
{
    struct url_response response = {.status = status, .header_count = header_count, .body = body};
    BUG_ON(header_count > URL_HEADERS_MAX);
    memcpy(response.headers, headers, header_count * sizeof(*headers));
    send_whole(u, &response);
}

static void respond_error(struct url_call *u, int status, const char *type, struct text body)
{
    struct http_header headers[] = {{TEXT("Content-Type"), TEXT("application/json")},
                                    {TEXT("x-amzn-ErrorType"), text_of(type)}};
    respond(u, status, headers, type == NULL ? 1 : 2, body);
}

static void respond_unknown(struct url_call *u)
{
    respond_error(u, 403, "AccessDeniedException", TEXT("{\"Message\":null}"));
}

static void respond_forbidden(struct url_call *u, const char *reason)
{
    metrics_add(u->call->api->metrics, METRIC_REQUESTS_REJECTED, 1, reason, NULL, NULL);
    LOG(LOG_LEVEL_WARN, "request to a function's URL refused", LOG_STRING("reason", reason),
        LOG_TEXT("function", u->resource), LOG_TEXT("user", u->call->caller.arn),
        LOG_TEXT("peer", u->request.peer));
    respond_error(u, 403, "AccessDeniedException",
                  text_of(arena_printf(u->call->arena, "{\"Message\":\"%s\"}", forbidden)));
}

static void respond_throttled(struct url_call *u, const char *reason)
{
    struct http_header headers[] = {
        {TEXT("Content-Type"), TEXT("application/json")},
        {TEXT("x-amzn-ErrorType"), TEXT("TooManyRequestsException")},
        {TEXT("Retry-After"), TEXT("1")},
    };
    respond(u, 429, headers, ARRAY_LEN(headers),
            text_of(arena_printf(
                u->call->arena,
                "{\"Reason\":\"%s\",\"Type\":\"User\",\"message\":\"Rate Exceeded.\"}", reason)));
}

static void respond_preflight(struct url_call *u)
{
    struct http_header headers[URL_CORS_HEADERS_MAX + 1];
    size_t count = url_cors_preflight(u->cors, &u->request, u->call->arena, headers);
    headers[count++] = (struct http_header){TEXT("Content-Type"), TEXT("application/json")};
    struct http_response response = {.status = 200, .headers = headers, .header_count = count};
    call_respond(u->call, &response);
}

/* ---- may they? ---- */

static bool is_allowed(const struct url_call *u, const char *action)
{
    struct lambda_call *call = u->call;
    struct text auth_type = json_text(json_at(u->config, "AuthType"));
    struct text yes = TEXT("true");
    const struct policy_context context[] = {
        {TEXT("lambda:FunctionUrlAuthType"), &auth_type, 1},
        {TEXT("lambda:InvokedViaFunctionUrl"), &yes, 1},
    };
    struct policy_decision decision = caller_decide(
        &call->caller, call->catalog, call->http, u->request.now_ms, action, u->resource,
        record_policy(u->record, u->qualifier), context, ARRAY_LEN(context));
    return decision.effect == POLICY_ALLOW;
}

/* Since October 2025 it takes both. */
static bool may_invoke(const struct url_call *u)
{
    return is_allowed(u, "lambda:InvokeFunctionUrl") && is_allowed(u, "lambda:InvokeFunction");
}

/* ---- running it ---- */

void url_call_fail(struct url_call *u)
{
    respond_error(u, 502, NULL, TEXT("Internal Server Error"));
}

void url_call_refuse(struct url_call *u, enum invoker_verdict verdict)
{
    const char *reason = invoke_throttle_reason(verdict);
    if (reason != NULL)
        respond_throttled(u, reason);
    else
        respond_error(u, 500, "ServiceException",
                      TEXT("{\"Type\":\"Server\",\"Message\":\"The server is shutting down.\"}"));
}

void url_call_blame(const struct invoker_call *work, const struct error *err)
{
    LOG(LOG_LEVEL_WARN, "a function's result is no HTTP response",
        LOG_TEXT("function", work->function->name),
        LOG_STRING("request_id", work->invocation.request_id), LOG_ERROR_FIELD(err));
}

static int read_result(const struct outcome *outcome, struct arena *arena, struct url_response *out,
                       struct error *err)
{
    if (outcome->result.len > INVOKE_RESULT_MAX_BYTES)
        return error_set(err, ERROR_LIMIT, "the result has more than %d bytes",
                         INVOKE_RESULT_MAX_BYTES);
    if (url_prelude_announced(outcome->content_type))
        return url_prelude_response(outcome->result, arena, out, err);
    return url_response_read(outcome->result, arena, out, err);
}

void url_call_answer(struct url_call *u, const struct outcome *outcome)
{
    const char *throttled = invoke_outcome_throttle(outcome);
    struct url_response response;
    struct error err = {0};
    if (throttled != NULL) {
        respond_throttled(u, throttled);
    } else if (outcome->status == OUTCOME_FAILED) {
        url_call_fail(u);
    } else if (read_result(outcome, u->call->arena, &response, &err) < 0) {
        url_call_blame(&u->work, &err);
        url_call_fail(u);
    } else {
        send_whole(u, &response);
    }
}

static void on_outcome(struct invoker_call *work, const struct outcome *outcome)
{
    url_call_answer((struct url_call *)work, outcome);
}

static void fill_work(struct url_call *u, const struct function *function, struct text event)
{
    struct lambda_call *call = u->call;
    u->work = (struct invoker_call){
        .catalog = call->catalog,
        .function = function,
        .invocation = {.state = INVOCATION_RUNNING,
                       .accepted_ms = u->request.now_ms,
                       .due_ms = u->request.now_ms,
                       .function = function->name,
                       .store = TEXT(""),
                       .bucket = TEXT(""),
                       .key = TEXT(""),
                       .reason = TEXT(""),
                       .payload = event,
                       .client_context = TEXT(""),
                       .invoked_arn = u->resource,
                       .trace_id = u->request.trace_id},
        .done = on_outcome,
    };
    memcpy(u->work.invocation.request_id, call->request_id, sizeof(call->request_id));
}

static bool streams(const struct url_call *u)
{
    return text_is(json_text(json_at(u->config, "InvokeMode")), "RESPONSE_STREAM");
}

static void submit(struct url_call *u, const struct function *function, struct text event)
{
    fill_work(u, function, event);
    if (streams(u)) {
        url_stream_submit(u);
        return;
    }
    enum invoker_verdict verdict = invoker_submit(u->call->api->invoker, &u->work);
    if (verdict != INVOKER_ACCEPTED)
        url_call_refuse(u, verdict);
}

static void run(struct url_call *u)
{
    const struct function *function = record_resolve(u->record, u->qualifier, random_u64());
    if (function == NULL) {
        respond_unknown(u);
        return;
    }
    AUTO_BUFFER struct buffer event;
    buffer_init(&event, INVOKE_SYNC_MAX_BYTES);
    url_event_write(&u->request, &event);
    if (buffer_failed(&event))
        respond_error(u, 413, "RequestEntityTooLargeException",
                      TEXT("{\"Type\":\"User\",\"message\":\"Request must be smaller than 6291456 "
                           "bytes for the InvokeFunction operation\"}"));
    else
        submit(u, function, arena_text(u->call->arena, buffer_text(&event)));
}

/* ---- the way of a request ---- */

static struct url_call *begin(void *ctx, struct http_request *http)
{
    struct arena *arena = http_request_arena(http);
    struct url_call *u = ARENA_NEW(arena, struct url_call);
    u->call = call_new(ctx, http);
    u->call->operation = &url_operation; /* for log and metrics */
    u->call->caller =
        (struct caller){.type = POLICY_PRINCIPAL_ANONYMOUS, .arn = TEXT(""), .account = TEXT("")};
    describe(u);
    return u;
}

static bool is_signed(const struct url_call *u)
{
    struct text value;
    return url_header(&u->request, "authorization").len > 0 ||
           http_request_query_value(u->call->http, "X-Amz-Signature", &value);
}

/* False with the request answered. */
static bool identify(struct url_call *u)
{
    if (!wants_signature(u))
        return true;
    if (!is_signed(u)) {
        respond_forbidden(u, "auth_missing");
        return false;
    }
    if (!call_authenticate(u->call))
        return false;
    const struct caller *c = &u->call->caller;
    u->identity = (struct url_identity){
        .access_key = text_of(c->user->config->access_key),
        .account = c->account,
        .arn = c->arn,
        .user_id = c->user->config->root ? c->account : c->user->name,
    };
    u->request.identity = &u->identity;
    return true;
}

void url_front_handle(void *ctx, struct http_request *http)
{
    struct url_call *u = begin(ctx, http);
    if (!find(u))
        respond_unknown(u);
    else if (url_cors_is_preflight(u->cors, &u->request))
        respond_preflight(u);
    else if (!identify(u))
        return;
    else if (!may_invoke(u))
        respond_forbidden(u, "not_authorized");
    else
        run(u);
}

/* Refuses before the body is read what needs none to be refused. */
void url_front_admit(void *ctx, struct http_request *http)
{
    struct url_call *u = begin(ctx, http);
    if (!find(u))
        respond_unknown(u);
    else if (url_cors_is_preflight(u->cors, &u->request))
        call_drop(u->call);
    else if (wants_signature(u) && !is_signed(u))
        respond_forbidden(u, "auth_missing");
    else if (!wants_signature(u) && !may_invoke(u))
        respond_forbidden(u, "not_authorized");
    else if (!wants_signature(u) || call_authenticate_early(u->call))
        call_drop(u->call);
}
