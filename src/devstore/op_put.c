/*
 * op_put.c - PutObject, and what a write keeps of its request.
 */
#include "devstore_private.h"

#include <unistd.h>

#include "onput/encoding.h"
#include "onput/fd.h"
#include "onput/memory.h"

static bool is_kept(struct text name)
{
    static const char *const kept[] = {"content-type",     "cache-control",
                                       "expires",          "content-disposition",
                                       "content-encoding", "content-language"};
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        if (text_is(name, kept[i]))
            return true;
    }
    return text_starts_with(name, TEXT("x-amz-meta-"));
}

static struct text lower(struct arena *arena, struct text name)
{
    char *copy = arena_strdup_text(arena, name);
    for (size_t i = 0; i < name.len; i++) {
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] | 0x20);
    }
    return (struct text){copy, name.len};
}

/* "aws-chunked" describes the request's own coding, not the object's. */
static struct text without_aws_chunked(struct arena *arena, struct text codings)
{
    const char *kept = "";
    while (codings.len > 0) {
        struct text one = text_trim(text_cut(&codings, ','));
        if (one.len > 0 && !text_is(one, "aws-chunked"))
            kept = arena_printf(arena, "%s%s%.*s", kept, *kept ? "," : "", TEXT_ARGS(one));
    }
    return text_of(kept);
}

struct object *object_from_request(struct exchange *x)
{
    const struct http_header *headers;
    size_t count = http_request_headers(x->http, &headers);
    size_t bytes = 0;
    struct object *object = object_new(x->key);
    for (size_t i = 0; i < count; i++) {
        struct text name = lower(x->arena, headers[i].name);
        struct text value = headers[i].value;
        if (!is_kept(name))
            continue;
        if (text_is(name, "content-encoding"))
            value = without_aws_chunked(x->arena, value);
        bytes += name.len + value.len;
        if (value.len > 0 || text_starts_with(name, TEXT("x-amz-meta-")))
            object_add_header(object, name, value);
    }
    if (bytes > MAX_METADATA_BYTES) {
        object_free(object);
        answer_error(x, S3_METADATA_TOO_LARGE, "The metadata has more than %d bytes.",
                     MAX_METADATA_BYTES);
        return NULL;
    }
    free(object->user_agent);
    object->user_agent = xmemdup_text(http_request_header(x->http, "user-agent"));
    return object;
}

/* If-None-Match: * creates only; If-Match replaces only that version. False when answered. */
static bool preconditions_hold(struct exchange *x, const struct bucket *bucket)
{
    const struct object *old = index_find(bucket, x->key);
    struct text none_match = http_request_header(x->http, "if-none-match");
    struct text match = http_request_header(x->http, "if-match");
    bool holds = !(old && text_is(none_match, "*"));
    if (match.len > 0 && !old) {
        answer_error(x, S3_NO_SUCH_KEY, "The key does not exist.");
        return false;
    }
    if (match.len > 0)
        holds = holds &&
                (text_equal(match, quoted_etag(x->arena, old->etag)) || text_is(match, old->etag));
    if (!holds)
        answer_error(x, S3_PRECONDITION_FAILED, "A precondition of the write does not hold.");
    return holds;
}

static void publish(struct exchange *x, struct object *object, const char *staged)
{
    struct error err = {0};
    struct http_header etag = {TEXT("ETag"), quoted_etag(x->arena, object->etag)};
    pthread_mutex_lock(&x->store->lock);
    struct bucket *bucket = need_bucket(x);
    if (!bucket || !preconditions_hold(x, bucket)) {
        pthread_mutex_unlock(&x->store->lock);
        (void)unlink(staged);
        object_free(object);
        return;
    }
    int failed = object_commit(x->store, bucket, object, staged, &err);
    if (!failed)
        notify(x, bucket, index_find(bucket, x->key), "ObjectCreated:Put");
    pthread_mutex_unlock(&x->store->lock);
    if (failed)
        answer_internal(x, &err);
    else
        answer_empty(x, 200, &etag, 1);
}

static int stage_body(struct exchange *x, char **out_path, struct error *err)
{
    AUTO_CLOSE int fd = -1;
    if (staged_create(x->store, x->arena, x->bucket, out_path, &fd, err) != 0)
        return -1;
    if (fd_write_all(fd, x->body.ptr, x->body.len, err) == 0)
        return 0;
    (void)unlink(*out_path);
    return -1;
}

void op_put_object(struct exchange *x)
{
    struct error err = {0};
    uint8_t digest[MD5_BYTES];
    char *staged;
    pthread_mutex_lock(&x->store->lock);
    bool found = need_bucket(x) != NULL;
    pthread_mutex_unlock(&x->store->lock);
    struct object *object = found ? object_from_request(x) : NULL;
    if (!object)
        return;
    md5(x->body.ptr, x->body.len, digest);
    hex_encode(digest, sizeof(digest), object->etag);
    object->size = (int64_t)x->body.len;
    if (stage_body(x, &staged, &err) != 0) {
        object_free(object);
        answer_internal(x, &err);
        return;
    }
    publish(x, object, staged);
}
