/*
 * op_copy.c - CopyObject within the store.
 */
#include "devstore_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "onput/encoding.h"
#include "onput/fd.h"
#include "onput/memory.h"

struct source {
    struct text bucket;
    struct text key;
    int fd;
    struct object *object; /* a copy of the source's description under the new key */
};

/* "/bucket/key" or "bucket/key", percent-encoded, perhaps with "?versionId=null". */
static bool parse_source(struct exchange *x, struct source *out)
{
    struct text header = http_request_header(x->http, "x-amz-copy-source");
    AUTO_BUFFER struct buffer plain;
    struct error err = {0};
    header = text_slice(header, 0, text_find(header, '?'));
    buffer_init(&plain, MAX_KEY_BYTES + 80);
    if (uri_decode(header, false, &plain, &err) != 0 || buffer_failed(&plain)) {
        answer_error(x, S3_INVALID_ARGUMENT, "x-amz-copy-source is malformed.");
        return false;
    }
    struct text rest = arena_text(x->arena, buffer_text(&plain));
    if (text_starts_with(rest, TEXT("/")))
        rest = text_slice(rest, 1, rest.len);
    out->bucket = text_cut(&rest, '/');
    out->key = rest;
    return true;
}

static struct object *copy_description(struct exchange *x, const struct object *from)
{
    bool replace = text_is(http_request_header(x->http, "x-amz-metadata-directive"), "REPLACE");
    struct object *to = object_from_request(x);
    if (!to)
        return NULL;
    if (!replace) {
        char *agent = to->user_agent;
        to->user_agent = xstrdup("");
        object_free(to);
        to = object_new(x->key);
        free(to->user_agent);
        to->user_agent = agent;
        for (size_t i = 0; i < from->header_count; i++)
            object_add_header(to, text_of(from->headers[i].name), text_of(from->headers[i].value));
    }
    to->size = from->size;
    memcpy(to->etag, from->etag, sizeof(to->etag));
    return to;
}

static void open_source_locked(struct exchange *x, struct source *s)
{
    struct bucket *bucket = bucket_find(&x->store->buckets, s->bucket);
    const struct object *object = bucket ? index_find(bucket, s->key) : NULL;
    struct text match = http_request_header(x->http, "x-amz-copy-source-if-match");
    if (!need_bucket(x))
        return;
    if (!bucket)
        answer_error(x, S3_NO_SUCH_BUCKET, "The source's bucket does not exist.");
    else if (!object)
        answer_error(x, S3_NO_SUCH_KEY, "The source's key does not exist.");
    else if (match.len > 0 && !text_equal(match, quoted_etag(x->arena, object->etag)) &&
             !text_is(match, object->etag))
        answer_error(x, S3_PRECONDITION_FAILED, "The source has another eTag.");
    else if ((s->object = copy_description(x, object)) != NULL)
        s->fd =
            open(object_path(x->store, x->arena, s->bucket, s->key, "data"), O_RDONLY | O_CLOEXEC);
}

static int copy_bytes(int from, int to, int64_t size, struct error *err)
{
    while (size > 0) {
        ssize_t n = copy_file_range(from, NULL, to, NULL, (size_t)size, 0);
        if (n <= 0)
            return error_set_errno(err, ERROR_IO, "cannot copy the object's data");
        size -= n;
    }
    return 0;
}

/* A multipart eTag is not kept by a copy: it becomes the digest of the bytes. */
static int digest_bytes(int fd, struct object *object, struct error *err)
{
    uint8_t digest[MD5_BYTES];
    if (!strchr(object->etag, '-'))
        return 0;
    size_t size = (size_t)object->size;
    void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return error_set_errno(err, ERROR_IO, "cannot map the object's data");
    md5(map, size, digest);
    munmap(map, size);
    hex_encode(digest, sizeof(digest), object->etag);
    return 0;
}

static void answer_copied(struct exchange *x, const char *etag, int64_t modified_ms)
{
    AUTO_BUFFER struct buffer xml;
    char time[TIME_TEXT_BYTES];
    buffer_init(&xml, 4096);
    xml_begin(&xml, "CopyObjectResult");
    xml_tag(&xml, "LastModified", text_of(time_format_rfc3339(modified_ms, time)));
    xml_tag(&xml, "ETag", quoted_etag(x->arena, etag));
    buffer_append_string(&xml, "</CopyObjectResult>");
    answer_xml(x, &xml);
}

static void store_copy(struct exchange *x, struct source *s)
{
    struct error err = {0};
    char *staged;
    AUTO_CLOSE int fd = -1;
    char etag[ETAG_BYTES];
    if (staged_create(x->store, x->arena, x->bucket, &staged, &fd, &err) != 0 ||
        copy_bytes(s->fd, fd, s->object->size, &err) != 0 ||
        digest_bytes(s->fd, s->object, &err) != 0) {
        object_free(s->object);
        answer_internal(x, &err);
        return;
    }
    memcpy(etag, s->object->etag, sizeof(etag));
    pthread_mutex_lock(&x->store->lock);
    struct bucket *bucket = need_bucket(x);
    int failed = 0;
    if (bucket)
        failed = object_commit(x->store, bucket, s->object, staged, &err);
    else
        object_free(s->object);
    if (bucket && !failed)
        notify(x, bucket, index_find(bucket, x->key), "ObjectCreated:Copy");
    pthread_mutex_unlock(&x->store->lock);
    if (failed)
        answer_internal(x, &err);
    else if (bucket)
        answer_copied(x, etag, now_ms(x));
}

void op_copy_object(struct exchange *x)
{
    struct source s = {.fd = -1};
    if (!parse_source(x, &s))
        return;
    bool replaces = text_is(http_request_header(x->http, "x-amz-metadata-directive"), "REPLACE");
    if (!replaces && text_equal(s.bucket, x->bucket) && text_equal(s.key, x->key)) {
        answer_error(x, S3_INVALID_REQUEST, "A copy onto itself must replace the metadata.");
        return;
    }
    pthread_mutex_lock(&x->store->lock);
    open_source_locked(x, &s);
    pthread_mutex_unlock(&x->store->lock);
    if (s.object && s.fd < 0) {
        object_free(s.object);
        answer_error(x, S3_INTERNAL_ERROR, "The source's data cannot be opened.");
    } else if (s.object) {
        store_copy(x, &s);
    }
    fd_close(&s.fd);
}
