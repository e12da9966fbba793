/*
 * S3's XML answers to our structs: error, list page, notification configuration. The documents come
 * from outside; xml_read() holds the limits.
 */
#include <string.h>

#include "onput/encoding.h"
#include "storage_private.h"

enum { MAX_LISTED = 10000, MAX_NOTIFICATIONS = 1000, MAX_ERROR_BYTES = 64 * 1024 };

/* ---- <Error> ---- */

static void copy_child(const struct xml_element *parent, const char *name, char *out, size_t room)
{
    struct text value = text_slice(xml_child_text(parent, name), 0, room - 1);
    memcpy(out, value.ptr, value.len);
    out[value.len] = '\0';
    if (strlen(out) != value.len) /* a NUL byte cannot be in XML; be sure */
        out[0] = '\0';
}

void s3_xml_error(struct text document, struct s3_failure *out)
{
    AUTO_ARENA struct arena arena = {0};
    struct error ignored = {0};
    const struct xml_element *root;
    if (document.len == 0 || document.len > MAX_ERROR_BYTES ||
        xml_read(document, &arena, &root, &ignored) || !text_is(root->name, "Error"))
        return;
    copy_child(root, "Code", out->code, sizeof(out->code));
    copy_child(root, "Message", out->message, sizeof(out->message));
    copy_child(root, "Region", out->region, sizeof(out->region));
}

/* ---- <ListBucketResult> ---- */

static int decode_key(struct text key, bool is_encoded, struct arena *arena, struct text *out,
                      struct error *err)
{
    AUTO_BUFFER struct buffer plain = {0};
    if (!is_encoded) {
        *out = arena_text(arena, key);
        return 0;
    }
    buffer_init(&plain, 4 * S3_MAX_KEY_BYTES);
    if (uri_decode(key, true, &plain, err) || buffer_failed(&plain)) {
        error_prefix(err, "key in a list");
        err->code = ERROR_PROTOCOL;
        return -1;
    }
    *out = arena_text(arena, buffer_text(&plain));
    return 0;
}

static int read_listed(const struct xml_element *element, bool is_encoded, struct arena *arena,
                       struct storage_listed *out, struct error *err)
{
    struct error ignored = {0};
    const struct xml_element *key = xml_child(element, "Key");
    struct storage_listed row = {0};
    if (!key || !key->text.len)
        return error_set(err, ERROR_PROTOCOL, "A listed object has no key.");
    if (decode_key(key->text, is_encoded, arena, &row.key, err))
        return -1;
    if (text_to_i64(xml_child_text(element, "Size"), 0, INT64_MAX, "Size", &row.size, err)) {
        err->code = ERROR_PROTOCOL;
        return -1;
    }
    row.etag = arena_text(arena, s3_plain_etag(xml_child_text(element, "ETag")));
    if (time_parse_rfc3339(xml_child_text(element, "LastModified"), &row.last_modified_ms,
                           &ignored))
        row.last_modified_ms = 0;
    *out = row;
    return 0;
}

static size_t count_children(const struct xml_element *root, const char *name)
{
    size_t count = 0;
    for (const struct xml_element *e = xml_child(root, name); e; e = xml_next(e))
        count++;
    return count;
}

static int read_page(const struct xml_element *root, struct arena *arena,
                     struct storage_list_page *out, struct error *err)
{
    bool is_encoded = text_is(xml_child_text(root, "EncodingType"), "url");
    struct storage_list_page page = {.next_token = TEXT_INIT("")};
    size_t count = count_children(root, "Contents");
    if (count > MAX_LISTED)
        return error_set(err, ERROR_LIMIT, "A list page has more than %d objects.", MAX_LISTED);
    page.objects = ARENA_ARRAY(arena, struct storage_listed, count);
    for (const struct xml_element *e = xml_child(root, "Contents"); e; e = xml_next(e)) {
        if (read_listed(e, is_encoded, arena, &page.objects[page.count], err))
            return -1;
        page.count++;
    }
    if (text_is(xml_child_text(root, "IsTruncated"), "true")) {
        page.next_token = arena_text(arena, xml_child_text(root, "NextContinuationToken"));
        if (!page.next_token.len)
            return error_set(err, ERROR_PROTOCOL, "A truncated list has no continuation token.");
    }
    *out = page;
    return 0;
}

int s3_xml_list(struct text document, struct arena *arena, struct storage_list_page *out,
                struct error *err)
{
    AUTO_ARENA struct arena scratch = {0};
    const struct xml_element *root;
    if (xml_read(document, &scratch, &root, err))
        return -1;
    if (!text_is(root->name, "ListBucketResult"))
        return error_set(err, ERROR_PROTOCOL, "The answer is not a list of objects.");
    return read_page(root, arena, out, err);
}

/* ---- <NotificationConfiguration> ---- */

struct target_row {
    const char *element;
    const char *arn;
    int target;
};

static const struct target_row target_rows[] = {
    {"QueueConfiguration", "Queue", STORAGE_TARGET_QUEUE},
    {"TopicConfiguration", "Topic", STORAGE_TARGET_TOPIC},
    {"CloudFunctionConfiguration", "CloudFunction", STORAGE_TARGET_FUNCTION},
};

static const struct target_row *target_of(struct text name)
{
    for (size_t i = 0; i < ARRAY_LEN(target_rows); i++) {
        if (text_is(name, target_rows[i].element))
            return &target_rows[i];
    }
    return NULL;
}

/* Values of a filter are not trimmed: a prefix may end in a space. */
static void read_filter(const struct xml_element *filter, struct arena *arena,
                        struct storage_notification *out)
{
    const struct xml_element *rule = xml_child(xml_child(filter, "S3Key"), "FilterRule");
    for (; rule; rule = xml_next(rule)) {
        const struct xml_element *value = xml_child(rule, "Value");
        struct text copy = arena_text(arena, value ? value->text : TEXT(""));
        struct text name = xml_child_text(rule, "Name");
        if (text_equal_nocase(name, TEXT("prefix")))
            out->prefix = copy;
        else if (text_equal_nocase(name, TEXT("suffix")))
            out->suffix = copy;
    }
}

static void read_notification(const struct xml_element *element, const struct target_row *row,
                              struct arena *arena, struct storage_notification *out)
{
    struct text *events = ARENA_ARRAY(arena, struct text, count_children(element, "Event"));
    *out = (struct storage_notification){.prefix = TEXT(""), .suffix = TEXT("")};
    out->id = arena_text(arena, xml_child_text(element, "Id"));
    out->target_arn = arena_text(arena, xml_child_text(element, row->arn));
    out->target = row->target;
    out->events = events;
    for (const struct xml_element *e = xml_child(element, "Event"); e; e = xml_next(e))
        events[out->event_count++] = arena_text(arena, text_trim(e->text));
    read_filter(xml_child(element, "Filter"), arena, out);
}

int s3_xml_notifications(struct text document, struct arena *arena,
                         struct storage_notification **out_rows, size_t *out_count,
                         struct error *err)
{
    AUTO_ARENA struct arena scratch = {0};
    const struct xml_element *root;
    size_t count = 0;
    if (xml_read(document, &scratch, &root, err))
        return -1;
    if (!text_is(root->name, "NotificationConfiguration"))
        return error_set(err, ERROR_PROTOCOL, "The answer is not a notification configuration.");
    for (const struct xml_element *e = root->first_child; e; e = e->next)
        count += target_of(e->name) != NULL;
    if (count > MAX_NOTIFICATIONS)
        return error_set(err, ERROR_LIMIT, "A bucket has more than %d notifications.",
                         MAX_NOTIFICATIONS);
    struct storage_notification *rows = ARENA_ARRAY(arena, struct storage_notification, count);
    size_t at = 0;
    for (const struct xml_element *e = root->first_child; e; e = e->next) {
        const struct target_row *row = target_of(e->name);
        if (row)
            read_notification(e, row, arena, &rows[at++]);
    }
    *out_rows = rows;
    *out_count = count;
    return 0;
}
