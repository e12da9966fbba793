/*
 * dispatch.c - which operation a request means: method, place, and the query parameter that S3 uses
 * as a verb.
 */
#include "devstore_private.h"

#include <inttypes.h>
#include <string.h>

#include "dispatch.h"
#include "onput/encoding.h"

enum place { PLACE_SERVICE, PLACE_BUCKET, PLACE_OBJECT };

struct operation {
    enum place place;
    unsigned methods;
    const char *query;  /* must be there; NULL: none needed */
    const char *header; /* must be there; NULL: none needed */
    void (*run)(struct exchange *x);
};

/* First match wins. */
static const struct operation operations[] = {
    {PLACE_SERVICE, HTTP_GET, NULL, NULL, op_list_buckets},
    {PLACE_BUCKET, HTTP_GET, "notification", NULL, op_get_notification},
    {PLACE_BUCKET, HTTP_PUT, "notification", NULL, op_put_notification},
    {PLACE_BUCKET, HTTP_GET, "location", NULL, op_get_location},
    {PLACE_BUCKET, HTTP_GET, "uploads", NULL, op_list_uploads},
    {PLACE_BUCKET, HTTP_GET, "list-type", NULL, op_list_objects_v2},
    {PLACE_BUCKET, HTTP_GET, NULL, NULL, op_list_objects},
    {PLACE_BUCKET, HTTP_POST, "delete", NULL, op_delete_objects},
    {PLACE_BUCKET, HTTP_PUT, NULL, NULL, op_create_bucket},
    {PLACE_BUCKET, HTTP_HEAD, NULL, NULL, op_head_bucket},
    {PLACE_BUCKET, HTTP_DELETE, NULL, NULL, op_delete_bucket},
    {PLACE_OBJECT, HTTP_POST, "uploads", NULL, op_create_upload},
    {PLACE_OBJECT, HTTP_POST, "uploadId", NULL, op_complete_upload},
    {PLACE_OBJECT, HTTP_PUT, "uploadId", NULL, op_upload_part},
    {PLACE_OBJECT, HTTP_GET, "uploadId", NULL, op_list_parts},
    {PLACE_OBJECT, HTTP_DELETE, "uploadId", NULL, op_abort_upload},
    {PLACE_OBJECT, HTTP_PUT, NULL, "x-amz-copy-source", op_copy_object},
    {PLACE_OBJECT, HTTP_PUT, NULL, NULL, op_put_object},
    {PLACE_OBJECT, HTTP_GET | HTTP_HEAD, NULL, NULL, op_get_object},
    {PLACE_OBJECT, HTTP_DELETE, NULL, NULL, op_delete_object},
};

/* Verbs of S3 that are not here: without this list "PUT /bucket?policy" would create a bucket. */
static const char *const refused_queries[] = {
    "accelerate",
    "acl",
    "analytics",
    "attributes",
    "cors",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "logging",
    "metrics",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "tagging",
    "torrent",
    "versioning",
    "versions",
    "website",
};

struct text query_text(const struct exchange *x, const char *name)
{
    struct text value = TEXT("");
    (void)http_request_query_value(x->http, name, &value);
    return value;
}

bool query_has(const struct exchange *x, const char *name)
{
    struct text value;
    return http_request_query_value(x->http, name, &value);
}

int64_t now_ms(const struct exchange *x)
{
    return clock_wall_ms(x->store->clock);
}

struct bucket *need_bucket(struct exchange *x)
{
    struct bucket *bucket = bucket_find(&x->store->buckets, x->bucket);
    if (!bucket && !x->answered)
        answer_error(x, S3_NO_SUCH_BUCKET, "The bucket does not exist.");
    return bucket;
}

static struct exchange *exchange_new(struct devstore *store, struct http_request *http)
{
    struct exchange *x = ARENA_NEW(http_request_arena(http), struct exchange);
    uint64_t n = atomic_fetch_add(&store->request_counter, 1);
    x->store = store;
    x->http = http;
    x->arena = http_request_arena(http);
    x->body = TEXT("");
    x->bucket = http_request_capture(http, "bucket");
    x->key = TEXT("");
    snprintf(x->request_id, sizeof(x->request_id), "%016" PRIX64,
             (uint64_t)clock_wall_ms(store->clock) * 4096 + n % 4096);
    return x;
}

static bool take_key(struct exchange *x)
{
    struct text raw = http_request_capture(x->http, "key");
    AUTO_BUFFER struct buffer plain;
    struct error err = {0};
    buffer_init(&plain, MAX_KEY_BYTES);
    if (raw.len > 3 * MAX_KEY_BYTES ||
        (uri_decode(raw, false, &plain, &err) != 0 && err.code == ERROR_LIMIT) ||
        buffer_failed(&plain)) {
        answer_error(x, S3_KEY_TOO_LONG, "A key has at most %d bytes.", MAX_KEY_BYTES);
        return false;
    }
    struct text key = buffer_text(&plain);
    if (err.code != ERROR_NONE || !text_is_utf8(key) || text_find(key, '\0') < key.len) {
        answer_error(x, S3_INVALID_ARGUMENT, "The key is not percent-encoded UTF-8.");
        return false;
    }
    x->key = arena_text(x->arena, key);
    return true;
}

void dispatch_admit(void *ctx, struct http_request *http)
{
    struct exchange *x = exchange_new(ctx, http);
    http_request_set_user(http, x);
    if (take_key(x))
        (void)auth_check(x);
}

static bool matches(const struct exchange *x, const struct operation *operation, enum place place)
{
    if (operation->place != place || !(operation->methods & http_request_method(x->http)))
        return false;
    if (operation->query && !query_has(x, operation->query))
        return false;
    return !operation->header || http_request_header(x->http, operation->header).len > 0;
}

static bool is_refused(const struct exchange *x)
{
    if (http_request_query(x->http).len == 0)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(refused_queries); i++) {
        if (query_has(x, refused_queries[i]))
            return true;
    }
    return false;
}

void dispatch_handle(void *ctx, struct http_request *http)
{
    struct exchange *x = http_request_user(http);
    enum place place = x->key.len > 0      ? PLACE_OBJECT
                       : x->bucket.len > 0 ? PLACE_BUCKET
                                           : PLACE_SERVICE;
    (void)ctx;
    if (!auth_take_body(x))
        return;
    for (size_t i = 0; !is_refused(x) && i < ARRAY_LEN(operations); i++) {
        if (matches(x, &operations[i], place)) {
            operations[i].run(x);
            BUG_ON(!x->answered);
            return;
        }
    }
    answer_error(x, S3_NOT_IMPLEMENTED, "This development store does not have that operation.");
}
