/*
 * op_delete.c - DeleteObject and DeleteObjects. A missing object is success, as in S3.
 */
#include "devstore_private.h"

enum { MAX_ANSWER_BYTES = 8 * 1024 * 1024 };

static int delete_locked(struct exchange *x, struct bucket *bucket, struct text key,
                         struct error *err)
{
    struct object *object = index_find(bucket, key);
    if (!object)
        return 0;
    struct object gone = {.key = arena_strdup_text(x->arena, key), .key_len = key.len};
    if (object_erase(x->store, bucket, object, err) != 0)
        return -1;
    gone.sequencer = ++x->store->last_sequencer;
    notify(x, bucket, &gone, "ObjectRemoved:Delete");
    return 0;
}

void op_delete_object(struct exchange *x)
{
    struct error err = {0};
    int failed = 0;
    pthread_mutex_lock(&x->store->lock);
    struct bucket *bucket = need_bucket(x);
    if (bucket)
        failed = delete_locked(x, bucket, x->key, &err);
    pthread_mutex_unlock(&x->store->lock);
    if (failed)
        answer_internal(x, &err);
    else if (bucket)
        answer_empty(x, 204, NULL, 0);
}

static void delete_listed(struct exchange *x, struct bucket *bucket, const struct xml_element *item,
                          bool quiet, struct buffer *xml)
{
    struct error err = {0};
    const struct xml_element *name = xml_child(item, "Key");
    struct text key = name ? name->text : TEXT("");
    bool failed = delete_locked(x, bucket, key, &err) != 0;
    if (quiet && !failed)
        return;
    buffer_appendf(xml, "<%s>", failed ? "Error" : "Deleted");
    xml_tag(xml, "Key", key);
    if (failed) {
        xml_tag(xml, "Code", TEXT("InternalError"));
        xml_tag(xml, "Message", text_of(err.message));
    }
    buffer_appendf(xml, "</%s>", failed ? "Error" : "Deleted");
}

void op_delete_objects(struct exchange *x)
{
    const struct xml_element *root;
    struct error err = {0};
    size_t count = 0;
    if (xml_read(x->body, x->arena, &root, &err) != 0) {
        answer_error(x, S3_MALFORMED_XML, "%s", err.message);
        return;
    }
    const struct xml_element *first = xml_child(root, "Object");
    for (const struct xml_element *e = first; e; e = xml_next(e))
        count++;
    if (!text_is(root->name, "Delete") || count == 0 || count > MAX_LIST_KEYS) {
        answer_error(x, S3_MALFORMED_XML, "Delete names 1 to %d objects.", MAX_LIST_KEYS);
        return;
    }
    bool quiet = text_is(xml_child_text(root, "Quiet"), "true");
    AUTO_BUFFER struct buffer xml;
    buffer_init(&xml, MAX_ANSWER_BYTES);
    xml_begin(&xml, "DeleteResult");
    pthread_mutex_lock(&x->store->lock);
    struct bucket *bucket = need_bucket(x);
    for (const struct xml_element *e = first; bucket && e; e = xml_next(e))
        delete_listed(x, bucket, e, quiet, &xml);
    pthread_mutex_unlock(&x->store->lock);
    buffer_append_string(&xml, "</DeleteResult>");
    if (bucket)
        answer_xml(x, &xml);
}
