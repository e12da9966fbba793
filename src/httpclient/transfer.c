/*
 * One transfer: every option of the curl handle, the callbacks for headers, body and progress, and
 * what a curl result means for the caller.
 */
#include <string.h>

#include "httpclient_private.h"
#include "onput/clock.h"
#include "onput/memory.h"

/* A few system calls per photo; every session owns one such buffer. */
#define RECEIVE_BUFFER_BYTES (256L * 1024)
/* Servers close idle connections after 30 s (MinIO) or more: do not race with them. */
#define IDLE_CONNECTION_S 25L

static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    t->last_activity_ms = clock_mono_ms(clock_system());
    return headers_take_line(t, (struct text){bytes, size * count}) ? 0 : size * count;
}

static size_t collect_error_body(struct transfer *t, const char *bytes, size_t len)
{
    size_t room = HTTP_ERROR_BODY_BYTES - t->reply.body.len;
    buffer_append(&t->reply.body, bytes, len < room ? len : room);
    t->body_is_cut = len > room;
    return t->body_is_cut ? 0 : len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    size_t len = size * count;
    int status = t->reply.status;
    t->last_activity_ms = clock_mono_ms(clock_system());
    if (status < 200 || status > 299)
        return collect_error_body(t, bytes, len);
    if (add_overflows(t->body_bytes, len, &t->body_bytes) ||
        t->body_bytes > t->call->max_body_bytes) {
        error_set(&t->failure, ERROR_LIMIT, "The answer has more than the %zu bytes allowed.",
                  t->call->max_body_bytes);
        return 0;
    }
    if (t->call->sink && (status == 200 || status == 206))
        return t->call->sink(t->call->sink_ctx, bytes, len, &t->failure) ? 0 : len;
    buffer_append(&t->reply.body, bytes, len);
    if (!buffer_failed(&t->reply.body))
        return len;
    error_set(&t->failure, ERROR_LIMIT, "The answer has more than the %zu bytes allowed.",
              t->reply.body.max);
    return 0;
}

static int on_progress(void *ctx, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    struct transfer *t = ctx;
    (void)down_total, (void)up_total;
    if (t->client->canceled && atomic_load_explicit(t->client->canceled, memory_order_relaxed)) {
        error_set_retryable(&t->failure, ERROR_CANCELED, "The request was canceled.");
        return 1;
    }
    int64_t now = clock_mono_ms(clock_system());
    if (down + up != t->last_bytes) {
        t->last_bytes = down + up;
        t->last_activity_ms = now;
    }
    if (now - t->last_activity_ms < t->stall_timeout_ms)
        return 0;
    error_set_retryable(&t->failure, ERROR_TIMEOUT, "The peer sent nothing for %lld ms.",
                        (long long)t->stall_timeout_ms);
    return 1;
}

static void set_policy(CURL *easy, const struct http_client *client)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, client->user_agent);
    if (client->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_S);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER_BYTES);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, RECEIVE_BUFFER_BYTES);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
}

static void set_callbacks(CURL *easy, struct transfer *t)
{
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, t);
}

static void set_limits(CURL *easy, struct transfer *t)
{
    const struct http_call *call = t->call;
    t->stall_timeout_ms = call->stall_timeout_ms ? call->stall_timeout_ms : 15000;
    t->last_activity_ms = clock_mono_ms(clock_system());
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(call->timeout_ms ? call->timeout_ms : 60000));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)t->client->connect_timeout_ms);
}

static void set_method(CURL *easy, const struct http_call *call)
{
    bool has_body = call->body.len || !strcmp(call->method, "PUT") || !strcmp(call->method, "POST");
    if (has_body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body.len ? call->body.ptr : "");
    } else if (!strcmp(call->method, "HEAD")) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
}

static int set_call(struct transfer *t, struct curl_slist *headers, struct curl_slist *connect_to,
                    struct error *err)
{
    CURL *easy = t->client->easy;
    curl_easy_reset(easy); /* keeps the connections */
    set_policy(easy, t->client);
    set_callbacks(easy, t);
    set_limits(easy, t);
    set_method(easy, t->call);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    if (connect_to)
        curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to);
    if (curl_easy_setopt(easy, CURLOPT_URL, t->call->url) != CURLE_OK)
        return error_set(err, ERROR_INVALID, "The URL cannot be used.");
    return 0;
}

/*
 * On a connection that was used before, the bytes may be what an earlier answer had beyond its
 * announced length; curl closes the connection, so the next call begins with a clean one.
 */
static int fail_protocol(CURL *easy, const char *text, struct error *err)
{
    long new_connections = 1;
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &new_connections);
    if (new_connections == 0)
        return error_set_retryable(err, ERROR_UNAVAILABLE,
                                   "The peer's kept connection is out of step: %s.", text);
    return error_set(err, ERROR_PROTOCOL, "The peer's answer is not valid HTTP: %s.", text);
}

/* What to tell about a transfer that curl ended by itself. */
static int fail(CURL *easy, CURLcode result, const char *detail, struct error *err)
{
    const char *text = detail[0] ? detail : curl_easy_strerror(result);
    switch ((int)result) {
    case CURLE_OPERATION_TIMEDOUT:
        return error_set_retryable(err, ERROR_TIMEOUT, "The request timed out: %s.", text);
    case CURLE_URL_MALFORMAT:
        return error_set(err, ERROR_INVALID, "The URL is malformed.");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
        return error_set(err, ERROR_PROTOCOL, "The peer's certificate is not accepted: %s.", text);
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* an answer that is not HTTP */
    case CURLE_BAD_CONTENT_ENCODING:
        return fail_protocol(easy, text, err);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        return error_set_retryable(err, ERROR_UNAVAILABLE, "The connection failed: %s.", text);
    default:
        return error_set(err, ERROR_INTERNAL, "libcurl: %s (%d).", text, (int)result);
    }
}

static int judge(struct transfer *t, CURLcode result, const char *detail, struct error *err)
{
    if ((result == CURLE_OK && t->has_whole_head) || t->body_is_cut)
        return 0;
    long sent = 0;
    curl_easy_getinfo(t->client->easy, CURLINFO_REQUEST_SIZE, &sent);
    if (t->failure.code != ERROR_NONE)
        *err = t->failure;
    else if (result ==
             CURLE_OK) /* curl takes the end of the connection for the end of the headers */
        error_set_retryable(err, ERROR_UNAVAILABLE, "The connection ended within the headers.");
    else
        fail(t->client->easy, result, detail, err);
    err->http_status = t->reply.status;
    err->uncertain = sent > 0;
    return -1;
}

static int check_url(const char *url, struct error *err)
{
    struct text t = text_of(url);
    if (t.len > HTTP_MAX_URL_BYTES)
        return error_set(err, ERROR_LIMIT, "The URL has more than %d bytes.", HTTP_MAX_URL_BYTES);
    if (!text_starts_with(t, TEXT("http://")) && !text_starts_with(t, TEXT("https://")))
        return error_set(err, ERROR_INVALID, "The URL does not begin with http:// or https://.");
    return 0;
}

int transfer_run(struct transfer *t, struct error *err)
{
    const struct http_call *call = t->call;
    if (check_url(call->url, err))
        return -1;
    struct curl_slist *headers = headers_build(call, err);
    if (!headers)
        return -1;
    struct curl_slist *connect_to = NULL;
    if (call->connect_to) {
        AUTO_FREE char *row = xasprintf("::%s", call->connect_to);
        connect_to = curl_slist_append(NULL, row);
    }
    char detail[CURL_ERROR_SIZE] = "";
    size_t body_max = call->sink ? 0 : call->max_body_bytes;
    buffer_init(&t->reply.body,
                body_max > HTTP_ERROR_BODY_BYTES ? body_max : HTTP_ERROR_BODY_BYTES);
    t->reply.content_length = -1;
    int rc = set_call(t, headers, connect_to, err);
    if (!rc) {
        curl_easy_setopt(t->client->easy, CURLOPT_ERRORBUFFER, detail);
        rc = judge(t, curl_easy_perform(t->client->easy), detail, err);
    }
    curl_easy_reset(t->client->easy); /* no pointer to this frame stays behind */
    curl_slist_free_all(connect_to);
    curl_slist_free_all(headers);
    return rc;
}
