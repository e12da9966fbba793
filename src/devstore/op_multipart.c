/*
 * op_multipart.c - uploads in parts: create, part, complete, abort, and the two lists.
 */
#include "devstore_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "onput/encoding.h"
#include "onput/fd.h"
#include "onput/memory.h"

enum { MAX_ANSWER_BYTES = 4 * 1024 * 1024, LEAST_PART_BYTES = 5 * 1024 * 1024 };

/* With the lock held: the upload that the query names, or NULL and answered. */
static struct upload *need_upload(struct exchange *x)
{
    struct upload *upload =
        upload_find(x->store->uploads, x->bucket, x->key, query_text(x, "uploadId"));
    if (need_bucket(x) && !upload)
        answer_error(x, S3_NO_SUCH_UPLOAD, "The upload does not exist.");
    return x->answered ? NULL : upload;
}

static void put_upload(struct buffer *xml, struct exchange *x, const char *id)
{
    xml_tag(xml, "Bucket", x->bucket);
    xml_tag(xml, "Key", x->key);
    xml_tag(xml, "UploadId", text_of(id));
}

void op_create_upload(struct exchange *x)
{
    AUTO_BUFFER struct buffer xml;
    buffer_init(&xml, MAX_ANSWER_BYTES);
    struct object *object = object_from_request(x);
    if (!object)
        return;
    pthread_mutex_lock(&x->store->lock);
    if (need_bucket(x)) {
        struct upload *upload = upload_add(&x->store->uploads, x->bucket, object, now_ms(x));
        xml_begin(&xml, "InitiateMultipartUploadResult");
        put_upload(&xml, x, upload->id);
        buffer_append_string(&xml, "</InitiateMultipartUploadResult>");
    } else {
        object_free(object);
    }
    pthread_mutex_unlock(&x->store->lock);
    if (!x->answered)
        answer_xml(x, &xml);
}

static int stage_part(struct exchange *x, char **out_staged, struct error *err)
{
    AUTO_CLOSE int fd = -1;
    if (staged_create(x->store, x->arena, TEXT(".uploads"), out_staged, &fd, err) != 0)
        return -1;
    if (fd_write_all(fd, x->body.ptr, x->body.len, err) == 0)
        return 0;
    (void)unlink(*out_staged);
    return -1;
}

static int keep_part(struct exchange *x, struct upload *upload, size_t number, const char *staged,
                     const uint8_t digest[MD5_BYTES], struct error *err)
{
    if (rename(staged, part_path(x->store, x->arena, upload, number)) != 0)
        return error_set_errno(err, ERROR_IO, "cannot rename %s", staged);
    struct upload_part *part = upload_part(upload, number);
    part->is_there = true;
    part->size = (int64_t)x->body.len;
    part->modified_ms = now_ms(x);
    memcpy(part->md5, digest, MD5_BYTES);
    return 0;
}

void op_upload_part(struct exchange *x)
{
    uint64_t number;
    uint8_t digest[MD5_BYTES];
    char hex[MD5_HEX_BYTES];
    char *staged;
    struct error err = {0};
    if (text_to_u64(query_text(x, "partNumber"), MAX_PARTS, "partNumber", &number, &err) != 0 ||
        number == 0) {
        answer_error(x, S3_INVALID_ARGUMENT, "partNumber is a number from 1 to %d.", MAX_PARTS);
        return;
    }
    if (http_request_header(x->http, "x-amz-copy-source").len > 0) {
        answer_error(x, S3_NOT_IMPLEMENTED, "UploadPartCopy is not implemented here.");
        return;
    }
    md5(x->body.ptr, x->body.len, digest);
    hex_encode(digest, sizeof(digest), hex);
    if (stage_part(x, &staged, &err) != 0) {
        answer_internal(x, &err);
        return;
    }
    pthread_mutex_lock(&x->store->lock);
    struct upload *upload = need_upload(x);
    int failed = upload ? keep_part(x, upload, number, staged, digest, &err) : 0;
    pthread_mutex_unlock(&x->store->lock);
    if (!upload || failed)
        (void)unlink(staged);
    struct http_header etag = {TEXT("ETag"), quoted_etag(x->arena, hex)};
    if (failed)
        answer_internal(x, &err);
    else if (upload)
        answer_empty(x, 200, &etag, 1);
}

static void erase_parts(struct exchange *x, struct upload *upload)
{
    for (size_t i = 0; i < upload->part_room; i++) {
        if (upload->parts[i].is_there)
            (void)unlink(part_path(x->store, x->arena, upload, i + 1));
    }
}

void op_abort_upload(struct exchange *x)
{
    pthread_mutex_lock(&x->store->lock);
    struct upload *upload = need_upload(x);
    if (upload) {
        erase_parts(x, upload);
        upload_remove(&x->store->uploads, upload);
    }
    pthread_mutex_unlock(&x->store->lock);
    if (!x->answered)
        answer_empty(x, 204, NULL, 0);
}

/* ---- complete ---- */

struct completion {
    const struct xml_element *first; /* Part */
    char *staged;
    int fd;
    struct buffer digests; /* MD5 of each part, for the eTag */
    int64_t size;
    size_t count;
};

/* The part that the element names, checked; 0 when it is not what was uploaded (then answered). */
static size_t check_part(struct exchange *x, const struct upload *upload,
                         const struct xml_element *e, size_t previous)
{
    struct error err = {0};
    uint64_t number = 0;
    char hex[MD5_HEX_BYTES];
    struct text etag = xml_child_text(e, "ETag");
    if (etag.len >= 2 && etag.ptr[0] == '"')
        etag = text_slice(etag, 1, etag.len - 1);
    if (text_to_u64(xml_child_text(e, "PartNumber"), MAX_PARTS, "PartNumber", &number, &err) != 0) {
        answer_error(x, S3_MALFORMED_XML, "%s", err.message);
        return 0;
    }
    if (number <= previous) {
        answer_error(x, S3_INVALID_PART_ORDER, "The parts are not in ascending order.");
        return 0;
    }
    const struct upload_part *part =
        number <= upload->part_room ? &upload->parts[number - 1] : NULL;
    if (part && part->is_there) {
        hex_encode(part->md5, MD5_BYTES, hex);
        if (text_is(etag, hex))
            return number;
    }
    answer_error(x, S3_INVALID_PART, "Part %llu was not uploaded, or has another eTag.",
                 (unsigned long long)number);
    return 0;
}

static bool check_parts(struct exchange *x, const struct upload *upload, struct completion *c)
{
    size_t previous = 0;
    for (const struct xml_element *e = c->first; e; e = xml_next(e)) {
        size_t number = check_part(x, upload, e, previous);
        if (number == 0)
            return false;
        const struct upload_part *part = &upload->parts[number - 1];
        if (xml_next(e) && part->size < LEAST_PART_BYTES) {
            answer_error(x, S3_ENTITY_TOO_SMALL, "Every part but the last has at least 5 MiB.");
            return false;
        }
        buffer_append(&c->digests, part->md5, MD5_BYTES);
        c->size += part->size;
        c->count++;
        previous = number;
    }
    return true;
}

static int append_part(struct exchange *x, const struct upload *upload, size_t number, int to,
                       struct error *err)
{
    const char *path = part_path(x->store, x->arena, upload, number);
    AUTO_CLOSE int from = open(path, O_RDONLY | O_CLOEXEC);
    int64_t left = upload->parts[number - 1].size;
    if (from < 0)
        return error_set_errno(err, ERROR_IO, "cannot open %s", path);
    while (left > 0) {
        ssize_t n = copy_file_range(from, NULL, to, NULL, (size_t)left, 0);
        if (n <= 0)
            return error_set_errno(err, ERROR_IO, "cannot copy %s", path);
        left -= n;
    }
    return 0;
}

static int join_parts(struct exchange *x, const struct upload *upload, struct completion *c,
                      struct error *err)
{
    if (staged_create(x->store, x->arena, x->bucket, &c->staged, &c->fd, err) != 0)
        return -1;
    for (const struct xml_element *e = c->first; e; e = xml_next(e)) {
        uint64_t number = 0;
        if (text_to_u64(xml_child_text(e, "PartNumber"), MAX_PARTS, "PartNumber", &number, err) ||
            append_part(x, upload, number, c->fd, err) != 0) {
            (void)unlink(c->staged);
            return -1;
        }
    }
    return 0;
}

static void set_multipart_etag(struct object *object, const struct completion *c)
{
    uint8_t digest[MD5_BYTES];
    char hex[MD5_HEX_BYTES];
    md5(c->digests.data, c->digests.len, digest);
    hex_encode(digest, sizeof(digest), hex);
    snprintf(object->etag, sizeof(object->etag), "%s-%zu", hex, c->count);
    object->size = c->size;
}

static void answer_completed(struct exchange *x, const char *etag)
{
    AUTO_BUFFER struct buffer xml;
    buffer_init(&xml, MAX_ANSWER_BYTES);
    xml_begin(&xml, "CompleteMultipartUploadResult");
    xml_tag(&xml, "Location",
            text_of(arena_printf(x->arena, "http://%.*s%.*s",
                                 TEXT_ARGS(http_request_header(x->http, "host")),
                                 TEXT_ARGS(http_request_path(x->http)))));
    xml_tag(&xml, "Bucket", x->bucket);
    xml_tag(&xml, "Key", x->key);
    xml_tag(&xml, "ETag", quoted_etag(x->arena, etag));
    buffer_append_string(&xml, "</CompleteMultipartUploadResult>");
    answer_xml(x, &xml);
}

/* With the lock held from the checks to the end: completing is rare and copies within the page
 * cache. */
static int complete_locked(struct exchange *x, struct completion *c, char etag[ETAG_BYTES],
                           struct error *err)
{
    struct bucket *bucket = need_bucket(x);
    struct upload *upload = bucket ? need_upload(x) : NULL;
    if (!upload || !check_parts(x, upload, c))
        return 0;
    if (join_parts(x, upload, c, err) != 0)
        return -1;
    struct object *object = upload->object;
    upload->object = NULL;
    set_multipart_etag(object, c);
    memcpy(etag, object->etag, ETAG_BYTES);
    erase_parts(x, upload);
    upload_remove(&x->store->uploads, upload);
    if (object_commit(x->store, bucket, object, c->staged, err) != 0)
        return -1;
    notify(x, bucket, index_find(bucket, x->key), "ObjectCreated:CompleteMultipartUpload");
    return 0;
}

void op_complete_upload(struct exchange *x)
{
    const struct xml_element *root;
    struct error err = {0};
    char etag[ETAG_BYTES] = "";
    if (xml_read(x->body, x->arena, &root, &err) != 0) {
        answer_error(x, S3_MALFORMED_XML, "%s", err.message);
        return;
    }
    struct completion c = {.first = xml_child(root, "Part"), .fd = -1};
    if (!text_is(root->name, "CompleteMultipartUpload") || !c.first) {
        answer_error(x, S3_MALFORMED_XML, "CompleteMultipartUpload names its parts.");
        return;
    }
    buffer_init(&c.digests, (size_t)MAX_PARTS * MD5_BYTES);
    pthread_mutex_lock(&x->store->lock);
    int failed = complete_locked(x, &c, etag, &err);
    pthread_mutex_unlock(&x->store->lock);
    buffer_release(&c.digests);
    fd_close(&c.fd);
    if (failed)
        answer_internal(x, &err);
    else if (!x->answered)
        answer_completed(x, etag);
}

/* ---- lists ---- */

void op_list_parts(struct exchange *x)
{
    AUTO_BUFFER struct buffer xml;
    char hex[MD5_HEX_BYTES];
    char time[TIME_TEXT_BYTES];
    buffer_init(&xml, MAX_ANSWER_BYTES);
    pthread_mutex_lock(&x->store->lock);
    const struct upload *upload = need_upload(x);
    xml_begin(&xml, "ListPartsResult");
    if (upload)
        put_upload(&xml, x, upload->id);
    buffer_append_string(&xml, "<IsTruncated>false</IsTruncated>");
    for (size_t i = 0; upload && i < upload->part_room; i++) {
        const struct upload_part *part = &upload->parts[i];
        if (!part->is_there)
            continue;
        hex_encode(part->md5, MD5_BYTES, hex);
        buffer_appendf(&xml, "<Part><PartNumber>%zu</PartNumber><Size>%lld</Size>", i + 1,
                       (long long)part->size);
        xml_tag(&xml, "LastModified", text_of(time_format_rfc3339(part->modified_ms, time)));
        xml_tag(&xml, "ETag", quoted_etag(x->arena, hex));
        buffer_append_string(&xml, "</Part>");
    }
    pthread_mutex_unlock(&x->store->lock);
    buffer_append_string(&xml, "</ListPartsResult>");
    if (upload)
        answer_xml(x, &xml);
}

void op_list_uploads(struct exchange *x)
{
    AUTO_BUFFER struct buffer xml;
    char time[TIME_TEXT_BYTES];
    buffer_init(&xml, MAX_ANSWER_BYTES);
    xml_begin(&xml, "ListMultipartUploadsResult");
    xml_tag(&xml, "Bucket", x->bucket);
    buffer_append_string(&xml, "<IsTruncated>false</IsTruncated>");
    pthread_mutex_lock(&x->store->lock);
    bool found = need_bucket(x) != NULL;
    for (const struct upload *u = x->store->uploads; u; u = u->next) {
        if (!text_is(x->bucket, u->bucket))
            continue;
        buffer_append_string(&xml, "<Upload>");
        xml_tag(&xml, "Key", object_key(u->object));
        xml_tag(&xml, "UploadId", text_of(u->id));
        xml_tag(&xml, "Initiated", text_of(time_format_rfc3339(u->started_ms, time)));
        buffer_append_string(&xml, "</Upload>");
    }
    pthread_mutex_unlock(&x->store->lock);
    buffer_append_string(&xml, "</ListMultipartUploadsResult>");
    if (found)
        answer_xml(x, &xml);
}
