/*
 * load.c - rebuilds the index from the files when the store starts.
 */
#include "devstore_private.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onput/fd.h"
#include "onput/json.h"
#include "onput/log.h"
#include "onput/memory.h"

enum { MAX_DESCRIPTION_BYTES = 256 * 1024 };

static int parse_sequencer(struct text hex, uint64_t *out, struct error *err)
{
    AUTO_FREE char *copy = xmemdup_text(hex);
    char *end = NULL;
    errno = 0;
    *out = strtoull(copy, &end, 16);
    if (hex.len != 16 || *end != '\0' || errno != 0)
        return error_set(err, ERROR_INVALID, "sequencer: expected 16 hexadecimal digits");
    return 0;
}

static int add_headers(struct json_object *tree, struct object *object, struct error *err)
{
    struct json_object *headers;
    if (json_get_object(tree, "headers", &headers, err) != 0)
        return -1;
    json_object_object_foreach(headers, name, value)
    {
        object_add_header(object, text_of(name), json_text(value));
    }
    return 0;
}

int object_parse(struct text json, struct object **out, struct error *err)
{
    AUTO_JSON struct json_object *tree = NULL;
    struct text key;
    struct text etag;
    struct text sequencer;
    struct text user_agent;
    int64_t size;
    int64_t modified;
    if (json_parse(json, &tree, err) != 0 || json_get_text(tree, "key", &key, err) != 0 ||
        json_get_text(tree, "etag", &etag, err) != 0 ||
        json_get_text(tree, "sequencer", &sequencer, err) != 0 ||
        json_get_text(tree, "user_agent", &user_agent, err) != 0 ||
        json_get_i64(tree, "size", &size, err) != 0 ||
        json_get_i64(tree, "modified_ms", &modified, err) != 0)
        return -1;
    if (key.len == 0 || key.len > MAX_KEY_BYTES || etag.len >= ETAG_BYTES || size < 0)
        return error_set(err, ERROR_INVALID, "a member is out of its range");
    struct object *object = object_new(key);
    if (parse_sequencer(sequencer, &object->sequencer, err) != 0 ||
        add_headers(tree, object, err) != 0) {
        object_free(object);
        return -1;
    }
    snprintf(object->etag, sizeof(object->etag), "%.*s", TEXT_ARGS(etag));
    free(object->user_agent);
    object->user_agent = xmemdup_text(user_agent);
    object->size = size;
    object->modified_ms = modified;
    *out = object;
    return 0;
}

static int load_object(struct devstore *store, struct bucket *bucket, const char *path,
                       struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer json;
    struct object *object;
    struct stat st;
    buffer_init(&json, MAX_DESCRIPTION_BYTES);
    if (file_read(path, &json, err) != 0 || object_parse(buffer_text(&json), &object, err) != 0)
        return -1;
    const char *data =
        object_path(store, &arena, text_of(bucket->name), object_key(object), "data");
    if (stat(data, &st) != 0 || st.st_size != object->size) {
        object_free(object);
        return error_set(err, ERROR_INVALID, "the data is missing or of another size");
    }
    if (object->sequencer > store->last_sequencer)
        store->last_sequencer = object->sequencer;
    index_put(bucket, object);
    return 0;
}

static int load_rule(struct json_object *tree, struct rule *out, struct error *err)
{
    struct text id, arn, prefix, suffix;
    struct json_object *events;
    int64_t kind;
    if (json_get_i64(tree, "kind", &kind, err) != 0 || json_get_text(tree, "id", &id, err) != 0 ||
        json_get_text(tree, "arn", &arn, err) != 0 ||
        json_get_text(tree, "prefix", &prefix, err) != 0 ||
        json_get_text(tree, "suffix", &suffix, err) != 0 ||
        json_get_array(tree, "events", &events, err) != 0)
        return -1;
    if (kind < 0 || kind >= RULE_KIND_COUNT)
        return error_set(err, ERROR_INVALID, "kind: not known");
    size_t count = json_object_array_length(events);
    *out = (struct rule){.kind = (enum rule_kind)kind,
                         .id = xmemdup_text(id),
                         .arn = xmemdup_text(arn),
                         .prefix = xmemdup_text(prefix),
                         .suffix = xmemdup_text(suffix),
                         .events = xcalloc(count + 1, sizeof(char *))};
    for (size_t i = 0; i < count; i++)
        out->events[out->event_count++] =
            xmemdup_text(json_text(json_object_array_get_idx(events, i)));
    return 0;
}

static int load_rules(struct json_object *tree, struct bucket *bucket, struct error *err)
{
    struct json_object *rules;
    if (json_get_array(tree, "rules", &rules, err) != 0)
        return -1;
    size_t count = json_object_array_length(rules);
    bucket->rules = xcalloc(count + 1, sizeof(*bucket->rules));
    while (bucket->rule_count < count) {
        if (load_rule(json_object_array_get_idx(rules, bucket->rule_count),
                      &bucket->rules[bucket->rule_count], err) != 0)
            return -1;
        bucket->rule_count++;
    }
    return 0;
}

static int load_bucket(struct devstore *store, struct text name, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer json;
    AUTO_JSON struct json_object *tree = NULL;
    int64_t created_ms;
    buffer_init(&json, MAX_DESCRIPTION_BYTES);
    if (file_read(store_path(store, &arena, name, "bucket.json"), &json, err) != 0 ||
        json_parse(buffer_text(&json), &tree, err) != 0 ||
        json_get_i64(tree, "created_ms", &created_ms, err) != 0)
        return -1;
    struct bucket *bucket = bucket_add(&store->buckets, name, created_ms);
    if (load_rules(tree, bucket, err) != 0)
        return -1;
    DIR *dir = opendir(store_path(store, &arena, name, ""));
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        struct text file = text_of(entry->d_name);
        char *path = store_path(store, &arena, name, entry->d_name);
        struct error why = {0};
        if (text_ends_with(file, TEXT(".tmp")))
            (void)unlink(path);
        else if (!text_ends_with(file, TEXT(".json")) || text_is(file, "bucket.json"))
            continue;
        else if (load_object(store, bucket, path, &why) != 0)
            LOG(LOG_LEVEL_WARN, "development store: object left out", LOG_STRING("file", path),
                LOG_ERROR_FIELD(&why));
    }
    if (dir)
        closedir(dir);
    return 0;
}

int store_load(struct devstore *store, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    const char *uploads = store_path(store, &arena, TEXT(".uploads"), "");
    if (dir_create(store->directory, err) != 0)
        return -1;
    if (access(uploads, F_OK) == 0 && dir_remove(uploads, err) != 0)
        return -1;
    if (dir_create(uploads, err) != 0)
        return -1;
    DIR *dir = opendir(store->directory);
    if (!dir)
        return error_set_errno(err, ERROR_IO, "cannot read %s", store->directory);
    int failed = 0;
    for (struct dirent *entry; !failed && (entry = readdir(dir));) {
        struct text name = text_of(entry->d_name);
        if (bucket_name_is_valid(name) && entry->d_type == DT_DIR &&
            access(store_path(store, &arena, name, "bucket.json"), F_OK) == 0)
            failed =
                load_bucket(store, name, err) ? error_prefix(err, "bucket %s", entry->d_name) : 0;
    }
    closedir(dir);
    return failed;
}
