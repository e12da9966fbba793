/*
 * object_file.c - objects and bucket descriptions on disk.
 *
 * Change recipe: a description (.json) may gain members, which old files lack and load.c must do
 * without; a member never changes its meaning. Nothing is synced: this is a development store.
 */
#include "devstore_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onput/fd.h"
#include "onput/json.h"

enum { MAX_DESCRIPTION_BYTES = 256 * 1024 };

char *store_path(const struct devstore *store, struct arena *arena, struct text bucket,
                 const char *file)
{
    return arena_printf(arena, "%s/%.*s/%s", store->directory, TEXT_ARGS(bucket), file);
}

char *object_path(const struct devstore *store, struct arena *arena, struct text bucket,
                  struct text key, const char *extension)
{
    char digest[SHA256_HEX_BYTES];
    sha256_hex(key.ptr, key.len, digest);
    return store_path(store, arena, bucket, arena_printf(arena, "%s.%s", digest, extension));
}

char *part_path(const struct devstore *store, struct arena *arena, const struct upload *upload,
                size_t number)
{
    return store_path(store, arena, TEXT(".uploads"),
                      arena_printf(arena, "%s.%zu", upload->id, number));
}

int staged_create(struct devstore *store, struct arena *arena, struct text bucket, char **out_path,
                  int *out_fd, struct error *err)
{
    uint64_t n = atomic_fetch_add(&store->file_counter, 1);
    char *path = store_path(store, arena, bucket, arena_printf(arena, "%" PRIu64 ".tmp", n));
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(err, ERROR_IO, "cannot create %s", path);
    *out_path = path;
    *out_fd = fd;
    return 0;
}

static int write_description(struct devstore *store, struct arena *arena, struct text bucket,
                             const char *path, const struct buffer *json, struct error *err)
{
    char *staged;
    AUTO_CLOSE int fd = -1;
    if (buffer_failed(json))
        return error_set(err, ERROR_LIMIT, "the description of an object is too large");
    if (staged_create(store, arena, bucket, &staged, &fd, err) != 0)
        return -1;
    if (fd_write_all(fd, json->data, json->len, err) != 0) {
        (void)unlink(staged);
        return -1;
    }
    if (rename(staged, path) != 0)
        return error_set_errno(err, ERROR_IO, "cannot rename %s", staged);
    return 0;
}

static void describe(const struct object *object, struct buffer *out)
{
    struct json_writer w;
    char sequencer[17];
    snprintf(sequencer, sizeof(sequencer), "%016" PRIX64, object->sequencer);
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_pair_text(&w, "key", object_key(object));
    json_pair_i64(&w, "size", object->size);
    json_pair_i64(&w, "modified_ms", object->modified_ms);
    json_pair_string(&w, "etag", object->etag);
    json_pair_string(&w, "sequencer", sequencer);
    json_pair_string(&w, "user_agent", object->user_agent);
    json_key(&w, "headers");
    json_object_begin(&w);
    for (size_t i = 0; i < object->header_count; i++)
        json_pair_string(&w, object->headers[i].name, object->headers[i].value);
    json_object_finish(&w);
    json_object_finish(&w);
}

int object_commit(struct devstore *store, struct bucket *bucket, struct object *object,
                  const char *staged, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer json;
    struct text name = text_of(bucket->name);
    buffer_init(&json, MAX_DESCRIPTION_BYTES);
    uint64_t now_ns = (uint64_t)clock_wall_ms(store->clock) * 1000000;
    store->last_sequencer = now_ns > store->last_sequencer ? now_ns : store->last_sequencer + 1;
    object->sequencer = store->last_sequencer;
    object->modified_ms = clock_wall_ms(store->clock);
    describe(object, &json);
    const char *data_path = object_path(store, &arena, name, object_key(object), "data");
    const char *json_path = object_path(store, &arena, name, object_key(object), "json");
    int failed = 0;
    if (rename(staged, data_path) != 0) {
        failed = error_set_errno(err, ERROR_IO, "cannot rename %s", staged);
        (void)unlink(staged);
    }
    if (!failed)
        failed = write_description(store, &arena, name, json_path, &json, err);
    if (failed) {
        object_free(object);
        return -1;
    }
    index_put(bucket, object);
    return 0;
}

int object_erase(struct devstore *store, struct bucket *bucket, struct object *object,
                 struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct text name = text_of(bucket->name);
    const char *json_path = object_path(store, &arena, name, object_key(object), "json");
    if (unlink(json_path) != 0 && errno != ENOENT)
        return error_set_errno(err, ERROR_IO, "cannot remove %s", json_path);
    (void)unlink(object_path(store, &arena, name, object_key(object), "data"));
    index_remove(bucket, object);
    return 0;
}

static void describe_rule(struct json_writer *w, const struct rule *rule)
{
    json_object_begin(w);
    json_pair_i64(w, "kind", rule->kind);
    json_pair_string(w, "id", rule->id);
    json_pair_string(w, "arn", rule->arn);
    json_pair_string(w, "prefix", rule->prefix);
    json_pair_string(w, "suffix", rule->suffix);
    json_key(w, "events");
    json_array_begin(w);
    for (size_t i = 0; i < rule->event_count; i++)
        json_put_string(w, rule->events[i]);
    json_array_finish(w);
    json_object_finish(w);
}

int bucket_save(struct devstore *store, const struct bucket *bucket, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer json;
    struct json_writer w;
    struct text name = text_of(bucket->name);
    buffer_init(&json, MAX_DESCRIPTION_BYTES);
    json_writer_init(&w, &json);
    json_object_begin(&w);
    json_pair_i64(&w, "created_ms", bucket->created_ms);
    json_key(&w, "rules");
    json_array_begin(&w);
    for (size_t i = 0; i < bucket->rule_count; i++)
        describe_rule(&w, &bucket->rules[i]);
    json_array_finish(&w);
    json_object_finish(&w);
    return write_description(store, &arena, name, store_path(store, &arena, name, "bucket.json"),
                             &json, err);
}
