/*
 * One S3 call: attempts, each signed anew, until it succeeds, is refused for good, or the retry
 * quota is empty. Repairs (clock, region, credentials) are done once each and cost no attempt.
 */
#include <string.h>

#include "onput/clock.h"
#include "onput/encoding.h"
#include "onput/hash.h"
#include "onput/memory.h"
#include "storage_private.h"

enum { SLEEP_SLICE_MS = 20 };

/* The state of one call between its attempts. */
struct attempts {
    struct storage_session *session;
    struct credentials *credentials;
    const struct s3_call *call;
    char payload_hash[SHA256_HEX_BYTES];
    int made;
    int last_cost; /* tokens that the last retry cost */
    bool repaired_clock;
    bool repaired_region;
    bool repaired_credentials;
    bool was_uncertain; /* an earlier attempt may have had its effect */
};

/* One attempt while it is made. */
struct attempt {
    struct arena arena;
    struct sigv4_key key;
    struct s3_wire wire;
    struct s3_failure failure; /* when there was an answer */
    bool has_answer;
    struct http_reply reply;
};

enum verdict { GIVE_UP, AGAIN_AT_ONCE, AGAIN_LATER };

void s3_call_parameter(struct s3_call *call, const char *name, struct text value)
{
    BUG_ON(call->parameter_count == ARRAY_LEN(call->parameters));
    call->parameters[call->parameter_count++] = (struct s3_parameter){name, value};
}

void s3_call_header(struct s3_call *call, const char *name, struct text value)
{
    BUG_ON(call->header_count == ARRAY_LEN(call->headers));
    call->headers[call->header_count++] = (struct http_header){text_of(name), value};
}

int s3_check_bucket(struct text bucket, struct error *err)
{
    bool ok = bucket.len >= 3 && bucket.len <= 255 && bucket.ptr[0] != '.' && bucket.ptr[0] != '-';
    for (size_t i = 0; ok && i < bucket.len; i++) {
        char c = bucket.ptr[i];
        ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '-' || c == '.' || c == '_';
    }
    if (!ok)
        return error_set(err, ERROR_INVALID, "\"%.*s\" cannot be a bucket's name.",
                         TEXT_ARGS(text_slice(bucket, 0, 80)));
    return 0;
}

int s3_check_object(const struct storage_object *object, struct error *err)
{
    if (s3_check_bucket(object->bucket, err))
        return -1;
    if (object->key.len == 0 || object->key.len > S3_MAX_KEY_BYTES)
        return error_set(err, ERROR_INVALID, "An object key has 1 to %d bytes, this one has %zu.",
                         S3_MAX_KEY_BYTES, object->key.len);
    if (object->version_id.len > S3_MAX_KEY_BYTES)
        return error_set(err, ERROR_INVALID, "A version id has at most %d bytes, this one has %zu.",
                         S3_MAX_KEY_BYTES, object->version_id.len);
    return 0;
}

static bool is_canceled(const struct storage_session *s)
{
    return s->canceled && atomic_load_explicit(s->canceled, memory_order_relaxed);
}

static int64_t time_left_ms(const struct storage_session *s)
{
    if (s->deadline_ms == 0)
        return INT64_MAX;
    return s->deadline_ms - clock_mono_ms(s->storage->clock);
}

static int nap(const struct storage_session *s, int delay_ms, struct error *err)
{
    while (delay_ms > 0) {
        if (is_canceled(s))
            return error_set_retryable(err, ERROR_CANCELED, "The request was canceled.");
        int slice_ms = delay_ms < SLEEP_SLICE_MS ? delay_ms : SLEEP_SLICE_MS;
        nanosleep(&(struct timespec){.tv_nsec = slice_ms * 1000000L}, NULL);
        delay_ms -= slice_ms;
    }
    return 0;
}

/* Full jitter: all clients of a store that comes back must not come at once. */
static int delay_before(const struct attempts *a, const struct attempt *last)
{
    int base_ms = a->session->storage->retry_base_ms;
    if (last->has_answer && last->failure.class == S3_CLASS_THROTTLE)
        base_ms *= 4;
    int64_t most_ms = (int64_t)base_ms << a->made;
    if (most_ms > S3_MAX_DELAY_MS)
        most_ms = S3_MAX_DELAY_MS;
    int delay_ms = (int)(random_u64() % (uint64_t)(most_ms + 1));
    int asked_ms = last->has_answer ? last->failure.retry_after_ms : 0;
    return asked_ms > delay_ms ? asked_ms : delay_ms;
}

static void count(const struct attempts *a, const struct attempt *attempt, const struct error *err,
                  int64_t started_ns)
{
    struct metrics *metrics = a->session->storage->metrics;
    char status[16];
    snprintf(status, sizeof(status), "%d", attempt->reply.status);
    metrics_add(metrics, METRIC_S3_REQUESTS, 1, a->call->op,
                attempt->has_answer ? status : error_code_name(err->code), NULL);
    metrics_observe(metrics, METRIC_S3_SECONDS, (double)(clock_now_ns() - started_ns) / 1e9,
                    a->call->op, NULL, NULL);
}

static int send_once(struct attempts *a, struct attempt *attempt, struct error *err)
{
    const struct s3_call *call = a->call;
    struct storage *storage = a->session->storage;
    struct http_client *client = a->session->client;
    int64_t left_ms = time_left_ms(a->session);
    int timeout_ms = left_ms < storage->timeout_ms ? (int)left_ms : storage->timeout_ms;
    if (timeout_ms <= 0)
        return error_set_retryable(err, ERROR_TIMEOUT, "%s %.*s: The time for the work is over.",
                                   call->method, TEXT_ARGS(call->bucket));
    if (credentials_get(a->credentials, client, &attempt->arena, &attempt->key, err) ||
        s3_sign(storage, &attempt->key, call, text_of(a->payload_hash), &attempt->arena,
                &attempt->wire, err))
        return -1;
    if (call->restart)
        call->restart(call->sink_ctx);
    struct http_call http = {.method = call->method,
                             .url = attempt->wire.url,
                             .headers = attempt->wire.headers,
                             .header_count = attempt->wire.header_count,
                             .body = call->body,
                             .sink = call->sink,
                             .sink_ctx = call->sink_ctx,
                             .max_body_bytes = call->max_body_bytes,
                             .timeout_ms = timeout_ms};
    int64_t started_ns = clock_now_ns();
    attempt->has_answer = http_client_perform(client, &http, &attempt->reply, err) == 0;
    count(a, attempt, err, started_ns);
    if (!attempt->has_answer)
        return error_prefix(err, "%s %.*s%s%.*s", call->method, TEXT_ARGS(call->bucket),
                            call->key.len ? "/" : "", TEXT_ARGS(text_slice(call->key, 0, 120)));
    if (attempt->reply.status >= 200 && attempt->reply.status <= 299)
        return 0;
    s3_failure_read(&attempt->reply, &attempt->failure);
    s3_failure_to_error(&attempt->failure, call, err);
    return -1;
}

static bool changes_something(const struct s3_call *call)
{
    return strcmp(call->method, "GET") != 0 && strcmp(call->method, "HEAD") != 0;
}

/* The answer to HEAD names no code: a wrong clock and an expired token must be guessed. */
static void refine_head(const struct attempts *a, const struct attempt *attempt,
                        struct s3_failure *failure)
{
    if (failure->code[0] || strcmp(a->call->method, "HEAD") != 0)
        return;
    if (failure->status == 400 && attempt->key.session_token.len)
        failure->class = S3_CLASS_CREDENTIALS;
    if (failure->status == 403)
        failure->class = S3_CLASS_CLOCK;
    if (failure->region[0] && !text_equal(text_of(failure->region), attempt->wire.region))
        failure->class = S3_CLASS_REGION;
}

static bool repair_clock(struct attempts *a, const struct attempt *attempt)
{
    if (a->repaired_clock)
        return false;
    a->repaired_clock = true;
    return storage_learn_clock(a->session->storage, http_reply_header(&attempt->reply, "date"),
                               attempt->wire.time_ms);
}

static bool repair_region(struct attempts *a, const struct attempt *attempt)
{
    if (a->repaired_region)
        return false;
    a->repaired_region = true;
    return storage_learn_region(a->session->storage, text_of(attempt->failure.region),
                                attempt->wire.region);
}

static bool repair_credentials(struct attempts *a)
{
    if (a->repaired_credentials)
        return false;
    a->repaired_credentials = true;
    credentials_invalidate(a->credentials);
    return true;
}

static bool is_repaired(struct attempts *a, const struct attempt *attempt)
{
    struct s3_failure failure = attempt->failure;
    refine_head(a, attempt, &failure);
    switch (failure.class) {
    case S3_CLASS_CLOCK:
        return repair_clock(a, attempt);
    case S3_CLASS_REGION:
        return repair_region(a, attempt);
    case S3_CLASS_CREDENTIALS:
        return repair_credentials(a);
    case S3_CLASS_KEY:
        return attempt->key.session_token.len && repair_credentials(a);
    default:
        return false;
    }
}

static enum verdict judge(struct attempts *a, const struct attempt *attempt,
                          const struct error *err)
{
    if (attempt->has_answer && is_repaired(a, attempt))
        return AGAIN_AT_ONCE;
    bool was_sent = attempt->wire.url != NULL;
    if (!was_sent || !err->retryable || err->code == ERROR_CANCELED || a->made >= S3_MAX_ATTEMPTS)
        return GIVE_UP;
    bool paid =
        retry_quota_take(&a->session->storage->quota, err->code == ERROR_TIMEOUT, &a->last_cost);
    return paid ? AGAIN_LATER : GIVE_UP;
}

static void forget_key(struct attempt *attempt)
{
    if (attempt->key.secret_key.len)
        explicit_bzero((char *)attempt->key.secret_key.ptr, attempt->key.secret_key.len);
    arena_release(&attempt->arena);
}

static int give_up(const struct attempts *a, struct error *err)
{
    err->uncertain = err->uncertain || a->was_uncertain;
    return -1;
}

/* Returns 0 with *out_again false when the call is done. */
static int make_attempt(struct attempts *a, struct http_reply *out, bool *out_again,
                        struct error *err)
{
    struct attempt attempt = {0};
    struct error failure = {0};
    enum verdict verdict = GIVE_UP;
    a->made++;
    int rc = send_once(a, &attempt, &failure);
    if (rc) {
        verdict = judge(a, &attempt, &failure);
        failure.uncertain = failure.uncertain && changes_something(a->call);
        a->was_uncertain = a->was_uncertain || failure.uncertain;
    }
    int delay_ms = verdict == AGAIN_LATER ? delay_before(a, &attempt) : 0;
    if (verdict == AGAIN_LATER && delay_ms >= time_left_ms(a->session))
        verdict = GIVE_UP;
    forget_key(&attempt);
    *out_again = verdict != GIVE_UP;
    if (!rc) {
        retry_quota_return(&a->session->storage->quota, a->last_cost);
        *out = attempt.reply;
        return 0;
    }
    http_reply_release(&attempt.reply);
    if (verdict == AGAIN_AT_ONCE)
        a->made--;
    if (verdict != GIVE_UP)
        return nap(a->session, delay_ms, err);
    *err = failure;
    return give_up(a, err);
}

int s3_perform(struct storage_session *s, struct credentials *credentials,
               const struct s3_call *call, struct http_reply *out, struct error *err)
{
    struct attempts a = {.session = s, .credentials = credentials, .call = call};
    bool again = true;
    sha256_hex(call->body.ptr ? call->body.ptr : "", call->body.len, a.payload_hash);
    while (again) {
        if (is_canceled(s))
            return error_set_retryable(err, ERROR_CANCELED, "The request was canceled.");
        if (make_attempt(&a, out, &again, err))
            return -1;
    }
    return 0;
}
