/*
 * POST /events: authenticate before the body is read, hand it to intake, answer after the commit.
 */
#include "api_private.h"

#include <stdio.h>

#include "onput/log.h"

static void reject(struct api *api, struct http_request *request, int status, const char *reason,
                   const char *message)
{
    metrics_add(api->metrics, METRIC_REQUESTS_REJECTED, 1, reason, NULL, NULL);
    LOG(LOG_LEVEL_WARN, "webhook refused", LOG_STRING("reason", reason), LOG_I64("status", status),
        LOG_TEXT("peer", http_request_peer(request)));
    http_respond_error(request, status, "%s", message);
}

static const struct {
    int status;
    const char *reason;
    const char *message;
} refusals[] = {
    [AUTH_OK] = {200, "", ""},
    [AUTH_NO_CREDENTIAL] = {401, "auth_missing",
                            "This store's notifications need a credential: set the webhook's auth "
                            "token to the store's webhook_token, or put its webhook_secret into "
                            "the URL."},
    [AUTH_WRONG] = {403, "auth_wrong",
                    "The credential is not this store's: check that the webhook's auth token is "
                    "the store's webhook_token."},
    [AUTH_NO_STORE] = {404, "no_store", "There is no such store in the configuration."},
    [AUTH_NO_FUNCTION] = {404, "no_function", "There is no such function in the configuration."},
};

static enum auth_result authenticate(const struct catalog *catalog, struct http_request *request,
                                     struct webhook_target *out)
{
    return auth_webhook(catalog, http_request_capture(request, "rest"),
                        http_request_header(request, "Authorization"), out);
}

/* curl -X POST announces no length at all. */
static bool is_empty(const struct http_request *request)
{
    struct text length = http_request_header(request, "Content-Length");
    bool is_chunked = http_request_header(request, "Transfer-Encoding").len > 0;
    return text_is(length, "0") || (length.len == 0 && !is_chunked);
}

void webhook_admit(void *ctx, struct http_request *request)
{
    struct api *api = ctx;
    if (is_empty(request)) {
        webhook_probe(ctx, request);
        return;
    }
    struct catalog *catalog = catalog_holder_get(api->catalogs);
    struct webhook_target target;
    enum auth_result auth = authenticate(catalog, request, &target);
    catalog_unref(catalog);
    if (auth != AUTH_OK)
        reject(api, request, refusals[auth].status, refusals[auth].reason, refusals[auth].message);
}

static void write_result(struct json_writer *w, const struct intake_result *r)
{
    json_object_begin(w);
    json_pair_string(w, "decision", intake_decision_name(r->decision));
    json_pair_text(w, "bucket", r->bucket);
    json_pair_text(w, "key", r->key);
    json_pair_text(w, "event", r->event_name);
    if (r->function.len > 0)
        json_pair_text(w, "function", r->function);
    if (r->request_id != NULL)
        json_pair_string(w, "request_id", r->request_id);
    if (r->reason.len > 0)
        json_pair_text(w, "reason", r->reason);
    json_object_finish(w);
}

static bool all_denied(const struct intake_reply *reply)
{
    for (size_t i = 0; i < reply->count; i++) {
        if (reply->results[i].decision != INTAKE_DENIED)
            return false;
    }
    return reply->count > 0;
}

static void respond_results(struct http_request *request, const struct intake_reply *reply)
{
    AUTO_BUFFER struct buffer body;
    buffer_init(&body, 16 * 1024 * 1024);
    struct json_writer w;
    json_writer_init(&w, &body);
    json_object_begin(&w);
    if (reply->kind != EVENT_BATCH_RECORDS)
        json_pair_bool(&w, "probe", true);
    json_key(&w, "results");
    json_array_begin(&w);
    for (size_t i = 0; i < reply->count; i++)
        write_result(&w, &reply->results[i]);
    json_array_finish(&w);
    json_object_finish(&w);
    http_respond_json(request, all_denied(reply) ? 403 : 200, buffer_text(&body));
}

/* 503 tells MinIO and RGW to send the event again; they keep it meanwhile. */
static void respond_failure(struct api *api, struct http_request *request, const struct error *err)
{
    int status = 503;
    const char *reason = "unavailable";
    if (err->code == ERROR_INVALID || err->code == ERROR_UNSUPPORTED) {
        status = 400;
        reason = "malformed";
    } else if (err->code == ERROR_LIMIT && !err->retryable) {
        status = 413;
        reason = "limit";
    }
    metrics_add(api->metrics, METRIC_REQUESTS_REJECTED, 1, reason, NULL, NULL);
    LOG(LOG_LEVEL_WARN, "notification not accepted", LOG_I64("status", status),
        LOG_ERROR_FIELD(err));
    AUTO_BUFFER struct buffer body;
    buffer_init(&body, 4096);
    struct json_writer w;
    json_writer_init(&w, &body);
    json_object_begin(&w);
    json_pair_string(&w, "message", err->message);
    json_object_finish(&w);
    const struct http_header retry = {TEXT("Retry-After"), TEXT("5")};
    http_respond(request, &(struct http_response){.status = status,
                                                  .content_type = "application/json",
                                                  .headers = &retry,
                                                  .header_count = status == 503 ? 1 : 0,
                                                  .body = buffer_text(&body)});
}

/* An SNS topic wants to be confirmed by somebody who knows it: onput fetches no URL out of a body.
 */
static void log_subscription(const struct intake_reply *reply)
{
    if (reply->kind == EVENT_BATCH_SUBSCRIPTION_CONFIRM)
        LOG(LOG_LEVEL_WARN,
            "an SNS topic asks for confirmation of its subscription: confirm it "
            "with aws sns confirm-subscription, or open the URL",
            LOG_TEXT("topic", reply->sns_topic_arn), LOG_TEXT("url", reply->subscribe_url));
}

struct pending {
    struct api *api;
    struct http_request *request;
};

static void on_decided(void *ctx, const struct intake_reply *reply, const struct error *err)
{
    struct pending p = *(struct pending *)ctx; /* in the request's arena: gone once answered */
    if (err != NULL) {
        respond_failure(p.api, p.request, err);
        return;
    }
    log_subscription(reply);
    respond_results(p.request, reply);
}

void webhook_post(void *ctx, struct http_request *request)
{
    struct api *api = ctx;
    if (http_request_body(request).len == 0) {
        webhook_probe(ctx, request);
        return;
    }
    struct catalog *catalog = catalog_holder_get(api->catalogs);
    struct webhook_target target;
    enum auth_result auth = authenticate(catalog, request, &target);
    if (auth != AUTH_OK) {
        catalog_unref(catalog);
        reject(api, request, refusals[auth].status, refusals[auth].reason, refusals[auth].message);
        return;
    }
    struct pending *pending = ARENA_NEW(http_request_arena(request), struct pending);
    *pending = (struct pending){api, request};
    struct error err = {0};
    if (intake_submit(api->intake, catalog, target.store, target.function,
                      http_request_body(request), on_decided, pending, &err) < 0)
        respond_failure(api, request, &err);
}

void webhook_probe(void *ctx, struct http_request *request)
{
    (void)ctx;
    http_respond_json(request, 200, TEXT("{\"probe\":true}"));
}
