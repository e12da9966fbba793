/*
 * op_bucket.c - ListBuckets, CreateBucket, HeadBucket, DeleteBucket, GetBucketLocation.
 */
#include "devstore_private.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onput/encoding.h"
#include "onput/fd.h"

enum { MAX_ANSWER_BYTES = 4 * 1024 * 1024 };

void op_list_buckets(struct exchange *x)
{
    AUTO_BUFFER struct buffer xml;
    char time[TIME_TEXT_BYTES];
    buffer_init(&xml, MAX_ANSWER_BYTES);
    xml_begin(&xml, "ListAllMyBucketsResult");
    buffer_append_string(&xml, "<Owner>");
    xml_tag(&xml, "ID", text_of(x->store->access_key));
    buffer_append_string(&xml, "</Owner><Buckets>");
    pthread_mutex_lock(&x->store->lock);
    for (size_t i = 0; i < x->store->buckets.count; i++) {
        const struct bucket *bucket = x->store->buckets.items[i];
        buffer_append_string(&xml, "<Bucket>");
        xml_tag(&xml, "Name", text_of(bucket->name));
        xml_tag(&xml, "CreationDate", text_of(time_format_rfc3339(bucket->created_ms, time)));
        buffer_append_string(&xml, "</Bucket>");
    }
    pthread_mutex_unlock(&x->store->lock);
    buffer_append_string(&xml, "</Buckets></ListAllMyBucketsResult>");
    answer_xml(x, &xml);
}

static int create_locked(struct exchange *x, bool *out_exists, struct error *err)
{
    struct devstore *store = x->store;
    *out_exists = bucket_find(&store->buckets, x->bucket) != NULL;
    if (*out_exists)
        return 0;
    const char *path = store_path(store, x->arena, x->bucket, "");
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return error_set_errno(err, ERROR_IO, "cannot create %s", path);
    struct bucket *bucket = bucket_add(&store->buckets, x->bucket, now_ms(x));
    if (bucket_save(store, bucket, err) != 0) {
        bucket_remove(&store->buckets, bucket);
        return -1;
    }
    return 0;
}

void op_create_bucket(struct exchange *x)
{
    struct error err = {0};
    bool exists = false;
    if (!bucket_name_is_valid(x->bucket)) {
        answer_error(x, S3_INVALID_BUCKET_NAME, "This is not a valid bucket name.");
        return;
    }
    pthread_mutex_lock(&x->store->lock);
    int failed = create_locked(x, &exists, &err);
    pthread_mutex_unlock(&x->store->lock);
    struct http_header location = {TEXT("Location"),
                                   text_of(arena_printf(x->arena, "/%.*s", TEXT_ARGS(x->bucket)))};
    if (failed)
        answer_internal(x, &err);
    else if (exists)
        answer_error(x, S3_BUCKET_ALREADY_OWNED, "The bucket exists, and it is yours.");
    else
        answer_empty(x, 200, &location, 1);
}

void op_head_bucket(struct exchange *x)
{
    struct http_header region = {TEXT("x-amz-bucket-region"), text_of(x->store->region)};
    pthread_mutex_lock(&x->store->lock);
    bool found = need_bucket(x) != NULL;
    pthread_mutex_unlock(&x->store->lock);
    if (found)
        answer_empty(x, 200, &region, 1);
}

void op_delete_bucket(struct exchange *x)
{
    struct error err = {0};
    int failed = 0;
    pthread_mutex_lock(&x->store->lock);
    struct bucket *bucket = need_bucket(x);
    if (bucket && bucket->object_count > 0) {
        answer_error(x, S3_BUCKET_NOT_EMPTY, "The bucket has objects.");
    } else if (bucket) {
        failed = dir_remove(store_path(x->store, x->arena, x->bucket, ""), &err);
        if (!failed)
            bucket_remove(&x->store->buckets, bucket);
    }
    pthread_mutex_unlock(&x->store->lock);
    if (failed)
        answer_internal(x, &err);
    else if (!x->answered)
        answer_empty(x, 204, NULL, 0);
}

void op_get_location(struct exchange *x)
{
    AUTO_BUFFER struct buffer xml;
    buffer_init(&xml, MAX_ANSWER_BYTES);
    pthread_mutex_lock(&x->store->lock);
    bool found = need_bucket(x) != NULL;
    pthread_mutex_unlock(&x->store->lock);
    if (!found)
        return;
    /* us-east-1 is said by saying nothing. */
    struct text region = text_of(x->store->region);
    xml_begin(&xml, "LocationConstraint");
    buffer_append_xml(&xml, text_is(region, "us-east-1") ? TEXT("") : region);
    buffer_append_string(&xml, "</LocationConstraint>");
    answer_xml(x, &xml);
}
