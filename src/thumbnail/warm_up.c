/*
 * warm_up.c - takes every loader, saver and conversion through one small picture, so that no file
 * is opened and no symbol looked up for the first time when the sandbox is closed.
 */
#include "onput/attributes.h"
#include "onput/memory.h"
#include "thumbnail_private.h"

enum { WARM_UP_OUTPUT_BYTES = 1 << 20, WARM_UP_EDGE = 24 };

static void add_rendition(struct render_job *job, enum image_format format, enum rendition_fit fit,
                          enum rendition_gravity gravity)
{
    if (!encode_is_possible(format))
        return;
    job->renditions[job->rendition_count++] = (struct rendition){
        .name = "warm-up",
        .width = WARM_UP_EDGE,
        .height = WARM_UP_EDGE,
        .fit = fit,
        .gravity = gravity,
        .format = format,
        .keep = RENDITION_KEEP_ICC | RENDITION_KEEP_COPYRIGHT,
    };
}

static struct render_job warm_up_job(void)
{
    struct render_job job = {.limits = image_limits_default()};
    add_rendition(&job, IMAGE_FORMAT_JPEG, RENDITION_FIT_INSIDE, RENDITION_GRAVITY_CENTRE);
    add_rendition(&job, IMAGE_FORMAT_PNG, RENDITION_FIT_FILL, RENDITION_GRAVITY_CENTRE);
    add_rendition(&job, IMAGE_FORMAT_WEBP, RENDITION_FIT_COVER, RENDITION_GRAVITY_ATTENTION);
    add_rendition(&job, IMAGE_FORMAT_WEBP, RENDITION_FIT_COVER, RENDITION_GRAVITY_ENTROPY);
    add_rendition(&job, IMAGE_FORMAT_AVIF, RENDITION_FIT_COVER, RENDITION_GRAVITY_NORTH);
    return job;
}

static struct text bytes_of(const struct warm_up_image *image)
{
    return (struct text){(const char *)image->bytes, image->len};
}

int thumbnail_warm_up(struct error *err)
{
    struct render_job job = warm_up_job();
    struct render_result result;
    uint32_t formats = thumbnail_formats();
    AUTO_FREE uint8_t *output = xmalloc(WARM_UP_OUTPUT_BYTES);
    for (size_t i = 0; i < warm_up_image_count; i++) {
        const struct warm_up_image *image = &warm_up_images[i];
        if (!(formats & 1u << image->format))
            continue;
        if (thumbnail_render(&job, bytes_of(image), output, WARM_UP_OUTPUT_BYTES, &result, err) !=
            0)
            return error_prefix(err, "Warming up with a %s picture",
                                image_format_name(image->format));
    }
    return 0;
}

static bool can_decode(const struct warm_up_image *image)
{
    AUTO_IMAGE VipsImage *loaded = NULL, *pixels = NULL;
    if (image_load(bytes_of(image), image->format, &loaded) == 0)
        pixels = vips_image_copy_memory(loaded);
    vips_error_clear();
    return pixels != NULL;
}

/* Asks the decoders themselves: a loader for HEIC may be there without a decoder behind it. */
uint32_t thumbnail_formats(void)
{
    uint32_t formats = 0;
    for (size_t i = 0; i < warm_up_image_count; i++) {
        const struct warm_up_image *image = &warm_up_images[i];
        if (!(formats & 1u << image->format) && can_decode(image))
            formats |= 1u << image->format;
    }
    return formats;
}
