/*
 * op_get.c - GetObject and HeadObject with conditions and ranges.
 */
#include "devstore_private.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "onput/fd.h"

/* What a read needs, copied under the lock together with a descriptor of the same version. */
struct reading {
    int fd;
    int64_t size;
    int64_t modified_ms;
    const char *etag;
    const char *content_type;
    struct http_header *headers;
    size_t count;
};

static void copy_headers(struct exchange *x, const struct object *object, struct reading *out)
{
    char time[TIME_TEXT_BYTES];
    out->headers = ARENA_ARRAY(x->arena, struct http_header, object->header_count + 4);
    for (size_t i = 0; i < object->header_count; i++) {
        const struct stored_header *h = &object->headers[i];
        if (strcmp(h->name, "content-type") == 0)
            out->content_type = arena_strdup(x->arena, h->value);
        else
            out->headers[out->count++] =
                (struct http_header){text_of(arena_strdup(x->arena, h->name)),
                                     text_of(arena_strdup(x->arena, h->value))};
    }
    struct text modified = text_of(time_format_http(object->modified_ms, time));
    out->headers[out->count++] =
        (struct http_header){TEXT("Last-Modified"), arena_text(x->arena, modified)};
    out->headers[out->count++] =
        (struct http_header){TEXT("ETag"), quoted_etag(x->arena, object->etag)};
    out->headers[out->count++] = (struct http_header){TEXT("Accept-Ranges"), TEXT("bytes")};
}

static bool open_object(struct exchange *x, struct reading *out)
{
    pthread_mutex_lock(&x->store->lock);
    struct bucket *bucket = need_bucket(x);
    const struct object *object = bucket ? index_find(bucket, x->key) : NULL;
    if (object) {
        out->fd =
            open(object_path(x->store, x->arena, x->bucket, x->key, "data"), O_RDONLY | O_CLOEXEC);
        out->size = object->size;
        out->modified_ms = object->modified_ms;
        out->etag = arena_strdup(x->arena, object->etag);
        copy_headers(x, object, out);
    }
    pthread_mutex_unlock(&x->store->lock);
    if (bucket && !object)
        answer_error(x, S3_NO_SUCH_KEY, "The key does not exist.");
    else if (object && out->fd < 0)
        answer_error(x, S3_INTERNAL_ERROR, "The object's data cannot be opened.");
    return !x->answered;
}

static bool etag_listed(struct text list, const char *etag)
{
    while (list.len > 0) {
        struct text one = text_trim(text_cut(&list, ','));
        if (text_starts_with(one, TEXT("W/")))
            one = text_slice(one, 2, one.len);
        if (one.len >= 2 && one.ptr[0] == '"' && one.ptr[one.len - 1] == '"')
            one = text_slice(one, 1, one.len - 1);
        if (text_is(one, "*") || text_is(one, etag))
            return true;
    }
    return false;
}

/* True when the header holds a date and the object was changed after it. */
static bool changed_after(const struct exchange *x, const char *header, int64_t modified_ms,
                          bool *out_given)
{
    struct error ignored = {0};
    int64_t date = 0;
    *out_given = time_parse_http(http_request_header(x->http, header), &date, &ignored) == 0;
    return modified_ms / 1000 > date / 1000;
}

/* RFC 9110 section 13.2.2; returns 0, 304 or 412. */
static int check_conditions(const struct exchange *x, const struct reading *reading)
{
    struct text match = http_request_header(x->http, "if-match");
    struct text none_match = http_request_header(x->http, "if-none-match");
    bool given = false;
    bool changed;
    if (match.len > 0) {
        if (!etag_listed(match, reading->etag))
            return 412;
    } else {
        changed = changed_after(x, "if-unmodified-since", reading->modified_ms, &given);
        if (given && changed)
            return 412;
    }
    if (none_match.len > 0)
        return etag_listed(none_match, reading->etag) ? 304 : 0;
    changed = changed_after(x, "if-modified-since", reading->modified_ms, &given);
    return given && !changed ? 304 : 0;
}

static void send_bytes(struct exchange *x, struct reading *reading)
{
    int64_t first = 0;
    int64_t len = reading->size;
    enum range_result range =
        range_parse(http_request_header(x->http, "range"), reading->size, &first, &len);
    if (range == RANGE_UNSATISFIABLE) {
        fd_close(&reading->fd);
        answer_error(x, S3_INVALID_RANGE, "The range is not within the object.");
        return;
    }
    if (range == RANGE_PART)
        reading->headers[reading->count++] = (struct http_header){
            TEXT("Content-Range"),
            text_of(arena_printf(x->arena, "bytes %lld-%lld/%lld", (long long)first,
                                 (long long)(first + len - 1), (long long)reading->size))};
    struct http_response response = {.status = range == RANGE_PART ? 206 : 200,
                                     .content_type = reading->content_type ? reading->content_type
                                                                           : "binary/octet-stream",
                                     .headers = reading->headers,
                                     .header_count = reading->count,
                                     .body_from_fd = true,
                                     .body_fd = reading->fd,
                                     .fd_offset = first,
                                     .fd_len = len,
                                     .head_content_length = -1};
    answer_send(x, &response);
}

void op_get_object(struct exchange *x)
{
    struct reading reading = {.fd = -1};
    if (!open_object(x, &reading))
        return;
    int status = check_conditions(x, &reading);
    if (status == 0) {
        send_bytes(x, &reading);
        return;
    }
    fd_close(&reading.fd);
    if (status == 304)
        answer_empty(x, 304, reading.headers, reading.count);
    else
        answer_error(x, S3_PRECONDITION_FAILED, "A precondition of the read does not hold.");
}
