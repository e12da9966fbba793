/*
 * The last phase: renditions become objects.
 */
#include "executors_private.h"

#include "onput/encoding.h"

enum { SOURCE_METADATA_MAX_BYTES = 1200 }; /* of the 2 KiB that S3 allows in all */

static const enum image_format output_formats[] = {IMAGE_FORMAT_JPEG, IMAGE_FORMAT_PNG,
                                                   IMAGE_FORMAT_WEBP, IMAGE_FORMAT_AVIF};

/* Metadata travels in headers: bytes beyond ASCII are percent-encoded, and a huge key is left out.
 */
static struct text source_name(struct job *job)
{
    AUTO_BUFFER struct buffer encoded;
    buffer_init(&encoded, SOURCE_METADATA_MAX_BYTES);
    buffer_append_uri(&encoded, job->event->bucket, true);
    buffer_append_char(&encoded, '/');
    buffer_append_uri(&encoded, job->event->key, true);
    return buffer_failed(&encoded) ? TEXT("") : arena_text(job->call->arena, buffer_text(&encoded));
}

static int put_rendition(struct job *job, size_t index, const struct memfd *output,
                         struct text source, struct error *err)
{
    const struct config_function *config = job->call->function->config;
    const struct rendition *rendition = &job->render.renditions[index];
    const struct render_output *o = &job->result.outputs[index];
    struct storage_session *session;
    struct storage_object object;
    if (lane_session(job->call->lane, job->target, &session, err) < 0 ||
        catalog_output(job->call->function, job->event->bucket, job->event->key, rendition,
                       o->format, job->call->arena, &object, err) < 0 ||
        catalog_role_may(job->call->function, "s3:PutObject", object.bucket, object.key, err) < 0)
        return -1;
    const struct storage_metadata metadata[] = {
        {TEXT(EVENT_MARK_METADATA), job->call->function->name},
        {TEXT("onput-rendition"), text_of(rendition->name)},
        {TEXT("onput-source-etag"), job->source_info.etag},
        {TEXT("onput-source"), source},
    };
    struct storage_put_options options = {
        .content_type = text_of(image_format_mime(o->format)),
        .cache_control = text_of(config->cache_control),
        .tagging = TEXT(""),
        .metadata = metadata,
        .metadata_count = ARRAY_LEN(metadata) - (source.len == 0 ? 1 : 0),
    };
    struct text body = {(const char *)output->map + o->offset, o->bytes};
    job->output_keys[index] = object.key;
    return storage_put(
        session, catalog_role_credentials(job->call->catalog, job->call->function, job->target),
        &object, body, &options, job->call->arena, NULL, err);
}

static int delete_format(struct job *job, const struct rendition *rendition,
                         enum image_format format, struct text keep, struct error *err)
{
    struct storage_session *session;
    struct storage_object object;
    if (catalog_output(job->call->function, job->event->bucket, job->event->key, rendition, format,
                       job->call->arena, &object, err) < 0)
        return -1;
    if (text_equal(object.key, keep)) /* a template without {ext} */
        return 0;
    if (lane_session(job->call->lane, job->target, &session, err) < 0 ||
        catalog_role_may(job->call->function, "s3:DeleteObject", object.bucket, object.key, err) <
            0)
        return -1;
    return storage_delete(
        session, catalog_role_credentials(job->call->catalog, job->call->function, job->target),
        &object, err);
}

int thumbnail_delete_formats(struct job *job, const struct rendition *rendition, struct text keep,
                             struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(output_formats); i++) {
        bool may_exist =
            rendition->format == IMAGE_FORMAT_SOURCE || rendition->format == output_formats[i];
        if (may_exist && delete_format(job, rendition, output_formats[i], keep, err) < 0)
            return -1;
    }
    return 0;
}

/* A source that changed its format under the same key leaves a rendition of the old one behind. */
static int delete_previous_format(struct job *job, size_t index, struct error *err)
{
    const struct rendition *rendition = &job->render.renditions[index];
    if (rendition->format != IMAGE_FORMAT_SOURCE)
        return 0;
    return thumbnail_delete_formats(job, rendition, job->output_keys[index], err);
}

int thumbnail_store(struct job *job, const struct memfd *output, struct error *err)
{
    struct text source = source_name(job);
    job->output_keys = ARENA_ARRAY(job->call->arena, struct text, job->result.output_count);
    for (size_t i = 0; i < job->result.output_count; i++) {
        if (put_rendition(job, i, output, source, err) < 0 ||
            delete_previous_format(job, i, err) < 0)
            return error_prefix(err, "rendition %s", job->render.renditions[i].name);
    }
    return 0;
}
