/*
 * Trust, but look: every thumbnail is read back from the store, decoded once more in a worker, and
 * written to a file for a person to open.
 */
#include "demo_private.h"

#include <stdlib.h>
#include <string.h>

#include "onput/fd.h"
#include "onput/memory.h"
#include "onput/worker_pool.h"

enum { THUMBNAIL_MAX_BYTES = 32 * 1024 * 1024, DECODE_TIMEOUT_MS = 30000 };

/* A rendition of its own size decodes every pixel of the thumbnail. */
static int decode(struct worker_pool *pool, struct memfd *input, struct json_object *rendition,
                  struct error *err)
{
    AUTO_MEMFD struct memfd output = MEMFD_NONE;
    struct render_job job = {
        .id = 1, .input_bytes = input->len, .limits = image_limits_default(), .rendition_count = 1};
    int64_t width = 0, height = 0;
    struct render_result result;
    if (json_get_i64(rendition, "width", &width, err) < 0 ||
        json_get_i64(rendition, "height", &height, err) < 0)
        return -1;
    job.renditions[0] = (struct rendition){.name = "again",
                                           .width = (uint32_t)width,
                                           .height = (uint32_t)height,
                                           .format = IMAGE_FORMAT_JPEG};
    if (memfd_seal(input, err) < 0 ||
        memfd_create_fixed("onput-output", THUMBNAIL_MAX_BYTES, &output, err) < 0 ||
        worker_pool_render(pool, &job, input, &output, DECODE_TIMEOUT_MS, &result, err) < 0)
        return -1;
    if (result.source_width != width || result.source_height != height)
        return error_set(err, ERROR_INVALID, "it has %ux%u pixels, not %lldx%lld",
                         result.source_width, result.source_height, (long long)width,
                         (long long)height);
    return 0;
}

/* "3-beach-square.jpg": numbered, so that two keys never share a file. */
static char *result_path(const struct demo *d, size_t photo, struct json_object *rendition)
{
    char stem[64] = "";
    const char *key = d->photos[photo].key;
    for (size_t i = 0; key[i] != '\0' && key[i] != '.' && i + 1 < sizeof(stem); i++) {
        bool plain = (key[i] >= 'a' && key[i] <= 'z') || (key[i] >= 'A' && key[i] <= 'Z') ||
                     (key[i] >= '0' && key[i] <= '9') || key[i] == '-';
        stem[i] = plain ? key[i] : '_';
        stem[i + 1] = '\0';
    }
    struct text format = json_text(json_at(rendition, "format"));
    enum image_format f = IMAGE_FORMAT_JPEG;
    image_format_parse(format, &f);
    return xasprintf("%s/%zu-%s-%.*s.%s", d->results, photo + 1, stem,
                     TEXT_ARGS(json_text(json_at(rendition, "name"))), image_format_extension(f));
}

static int verify_rendition(struct demo *d, struct worker_pool *pool, size_t photo,
                            struct json_object *rendition, struct error *err)
{
    AUTO_MEMFD struct memfd input = MEMFD_NONE;
    AUTO_ARENA struct arena arena;
    arena_init(&arena);
    struct storage_object object = {json_text(json_at(rendition, "bucket")),
                                    json_text(json_at(rendition, "key")), TEXT("")};
    struct storage_get_options options = {.if_match_etag = TEXT(""),
                                          .max_bytes = THUMBNAIL_MAX_BYTES};
    struct storage_info info;
    if (memfd_create_fixed("onput-thumbnail", THUMBNAIL_MAX_BYTES, &input, err) < 0 ||
        storage_get(d->session, d->credentials, &object, &options, &input, &arena, &info, err) < 0)
        return -1;
    AUTO_FREE char *path = result_path(d, photo, rendition);
    struct text bytes = {(const char *)input.map, input.len};
    if (file_write_atomic(path, bytes, 0644, err) < 0)
        return -1;
    return decode(pool, &input, rendition, err);
}

static int verify_photo(struct demo *d, struct worker_pool *pool, size_t photo, struct error *err)
{
    struct json_object *renditions;
    if (json_get_array(d->photos[photo].report, "renditions", &renditions, err) < 0)
        return -1;
    for (size_t i = 0; i < json_object_array_length(renditions); i++) {
        if (verify_rendition(d, pool, photo, json_object_array_get_idx(renditions, i), err) < 0)
            return -1;
    }
    return 0;
}

int demo_verify(struct demo *d, struct error *err)
{
    struct worker_pool *pool = daemon_worker_pool(d->daemon);
    for (size_t i = 0; i < d->photo_count; i++) {
        struct demo_photo *photo = &d->photos[i];
        if (photo->failed)
            continue;
        if (verify_photo(d, pool, i, err) < 0)
            return error_prefix(err, "thumbnail of %s", photo->key);
        photo->verified = true;
    }
    return 0;
}
