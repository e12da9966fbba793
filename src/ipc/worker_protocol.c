/*
 * worker_protocol.c - see onput/worker_protocol.h. The fields of each message in the order of its
 * struct, through wire.c; frame.c carries them.
 */
#include "onput/worker_protocol.h"

#include <string.h>

#include "ipc_private.h"

enum {
    ALL_LAYERS = WORKER_LAYER_RLIMITS | WORKER_LAYER_NO_NEW_PRIVS | WORKER_LAYER_LANDLOCK |
                 WORKER_LAYER_SECCOMP,
    ALL_FORMATS = ((1 << IMAGE_FORMAT_COUNT) - 1) & ~(1 << IMAGE_FORMAT_SOURCE),
    ALL_KEEP = RENDITION_KEEP_ICC | RENDITION_KEEP_COPYRIGHT,
    LAST_OUTPUT_FORMAT = IMAGE_FORMAT_AVIF,
    MAX_QUALITY = 100,
    MAX_COLOUR = 0xffffff,
    MAX_ORIENTATION = 8,
};

void worker_ready_encode(const struct worker_ready *m, struct buffer *out)
{
    wire_put_u32(out, m->layers);
    wire_put_u32(out, m->formats);
    wire_put_string(out, m->vips_version, sizeof(m->vips_version));
}

static void read_mask(struct wire_reader *r, uint32_t all, uint32_t *out, const char *field)
{
    *out = wire_u32(r, 0, all, field);
    if (*out & ~all)
        wire_refuse(r, field);
}

int worker_ready_decode(struct text payload, struct worker_ready *out, struct error *err)
{
    struct worker_ready m = {0};
    struct wire_reader r;
    wire_reader_init(&r, payload);
    read_mask(&r, ALL_LAYERS, &m.layers, "layers");
    read_mask(&r, ALL_FORMATS, &m.formats, "formats");
    wire_string(&r, m.vips_version, sizeof(m.vips_version), "vips_version");
    if (wire_finish(&r, "READY message", err) != 0)
        return -1;
    *out = m;
    return 0;
}

static void put_limits(const struct image_limits *limits, struct buffer *out)
{
    wire_put_u64(out, limits->max_pixels);
    wire_put_u32(out, limits->max_edge);
    wire_put_u32(out, limits->max_frames);
    wire_put_u32(out, limits->max_scans);
    wire_put_u64(out, limits->max_output_bytes);
}

static void read_limits(struct wire_reader *r, struct image_limits *out)
{
    out->max_pixels = wire_u64(r, 0, UINT64_MAX, "max_pixels");
    out->max_edge = wire_u32(r, 0, UINT32_MAX, "max_edge");
    out->max_frames = wire_u32(r, 0, UINT32_MAX, "max_frames");
    out->max_scans = wire_u32(r, 0, UINT32_MAX, "max_scans");
    out->max_output_bytes = wire_u64(r, 0, UINT64_MAX, "max_output_bytes");
}

static void put_rendition(const struct rendition *wanted, struct buffer *out)
{
    wire_put_string(out, wanted->name, sizeof(wanted->name));
    wire_put_u32(out, wanted->width);
    wire_put_u32(out, wanted->height);
    wire_put_u32(out, wanted->fit);
    wire_put_u32(out, wanted->gravity);
    wire_put_u32(out, wanted->format);
    wire_put_u32(out, wanted->quality);
    wire_put_bool(out, wanted->enlarge);
    wire_put_u32(out, wanted->keep);
    wire_put_u32(out, wanted->background);
}

/* Only INSIDE may leave a side free, and only one. */
static bool is_size(const struct rendition *wanted)
{
    if (wanted->fit == RENDITION_FIT_INSIDE)
        return wanted->width > 0 || wanted->height > 0;
    return wanted->width > 0 && wanted->height > 0;
}

static void read_rendition(struct wire_reader *r, struct rendition *out)
{
    wire_string(r, out->name, sizeof(out->name), "name");
    out->width = wire_u32(r, 0, RENDITION_MAX_EDGE, "width");
    out->height = wire_u32(r, 0, RENDITION_MAX_EDGE, "height");
    out->fit = wire_u32(r, 0, RENDITION_FIT_COUNT - 1, "fit");
    out->gravity = wire_u32(r, 0, RENDITION_GRAVITY_COUNT - 1, "gravity");
    out->format = wire_u32(r, IMAGE_FORMAT_SOURCE, LAST_OUTPUT_FORMAT, "format");
    out->quality = wire_u32(r, 0, MAX_QUALITY, "quality");
    out->enlarge = wire_bool(r, "enlarge");
    read_mask(r, ALL_KEEP, &out->keep, "keep");
    out->background = wire_u32(r, 0, MAX_COLOUR, "background");
    if (!is_size(out))
        wire_refuse(r, "width");
}

void render_job_encode(const struct render_job *m, struct buffer *out)
{
    BUG_ON(m->rendition_count > RENDITION_MAX);
    wire_put_u64(out, m->id);
    wire_put_u64(out, m->input_bytes);
    put_limits(&m->limits, out);
    wire_put_u32(out, m->rendition_count);
    for (uint32_t i = 0; i < m->rendition_count; i++)
        put_rendition(&m->renditions[i], out);
}

int render_job_decode(struct text payload, struct render_job *out, struct error *err)
{
    struct render_job m = {0};
    struct wire_reader r;
    wire_reader_init(&r, payload);
    m.id = wire_u64(&r, 0, UINT64_MAX, "id");
    m.input_bytes = wire_u64(&r, 0, INT64_MAX, "input_bytes");
    read_limits(&r, &m.limits);
    m.rendition_count = wire_u32(&r, 1, RENDITION_MAX, "rendition_count");
    for (uint32_t i = 0; i < m.rendition_count; i++)
        read_rendition(&r, &m.renditions[i]);
    if (wire_finish(&r, "RENDER message", err) != 0)
        return -1;
    *out = m;
    return 0;
}

static void put_output(const struct render_output *o, struct buffer *out)
{
    wire_put_u64(out, o->offset);
    wire_put_u64(out, o->bytes);
    wire_put_u32(out, o->width);
    wire_put_u32(out, o->height);
    wire_put_u32(out, o->format);
}

void render_result_encode(const struct render_result *m, struct buffer *out)
{
    BUG_ON(m->output_count > RENDITION_MAX);
    wire_put_u64(out, m->id);
    wire_put_u32(out, m->code);
    wire_put_string(out, m->message, sizeof(m->message));
    wire_put_u32(out, m->source_format);
    wire_put_u32(out, m->source_width);
    wire_put_u32(out, m->source_height);
    wire_put_u32(out, m->source_frames);
    wire_put_u32(out, m->source_orientation);
    wire_put_u64(out, m->decode_us);
    wire_put_u64(out, m->encode_us);
    wire_put_u64(out, m->peak_rss_bytes);
    wire_put_u32(out, m->output_count);
    for (uint32_t i = 0; i < m->output_count; i++)
        put_output(&m->outputs[i], out);
}

/* A picture's own failures, and INTERNAL for what the worker itself could not do. */
static bool may_report(enum error_code code)
{
    return code == ERROR_NONE || code == ERROR_INVALID || code == ERROR_LIMIT ||
           code == ERROR_UNSUPPORTED || code == ERROR_INTERNAL;
}

/* A failure may come before anything was recognised, so then zeros are fine. */
static void read_source(struct wire_reader *r, const struct render_job *job,
                        struct render_result *out)
{
    uint32_t min = out->code == ERROR_NONE ? 1 : 0;
    out->source_format = wire_u32(r, min, IMAGE_FORMAT_COUNT - 1, "source_format");
    out->source_width = wire_u32(r, min, job->limits.max_edge, "source_width");
    out->source_height = wire_u32(r, min, job->limits.max_edge, "source_height");
    out->source_frames = wire_u32(r, min, UINT32_MAX, "source_frames");
    out->source_orientation = wire_u32(r, min, MAX_ORIENTATION, "source_orientation");
}

/* A free side can be as long as the source's, which is at most max_edge, or as asked to grow. */
static uint32_t largest_edge(uint32_t wanted, uint32_t max_edge)
{
    if (wanted > 0)
        return wanted;
    return max_edge > RENDITION_MAX_EDGE ? max_edge : RENDITION_MAX_EDGE;
}

static void read_output(struct wire_reader *r, const struct render_job *job, uint32_t i,
                        uint64_t capacity, struct render_output *out)
{
    const struct rendition *wanted = &job->renditions[i];
    uint32_t max_edge = job->limits.max_edge;
    out->offset = wire_u64(r, 0, capacity, "offset");
    out->bytes = wire_u64(r, 1, UINT64_MAX, "bytes");
    out->width = wire_u32(r, 1, largest_edge(wanted->width, max_edge), "output width");
    out->height = wire_u32(r, 1, largest_edge(wanted->height, max_edge), "output height");
    out->format = wire_u32(r, 1, LAST_OUTPUT_FORMAT, "output format");
    if (out->bytes > capacity - out->offset)
        wire_refuse(r, "bytes");
    if (wanted->format != IMAGE_FORMAT_SOURCE && out->format != wanted->format)
        wire_refuse(r, "output format");
}

static bool overlap(const struct render_output *a, const struct render_output *b)
{
    return a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

static void read_outputs(struct wire_reader *r, const struct render_job *job, uint64_t capacity,
                         struct render_result *out)
{
    uint32_t count = out->code == ERROR_NONE ? job->rendition_count : 0;
    uint64_t left = job->limits.max_output_bytes;
    out->output_count = wire_u32(r, count, count, "output_count");
    for (uint32_t i = 0; i < out->output_count; i++) {
        struct render_output *o = &out->outputs[i];
        read_output(r, job, i, capacity, o);
        for (uint32_t j = 0; j < i; j++) {
            if (overlap(o, &out->outputs[j]))
                wire_refuse(r, "offset");
        }
        if (o->bytes > left)
            wire_refuse(r, "bytes");
        left -= o->bytes > left ? left : o->bytes;
    }
}

int render_result_decode(struct text payload, const struct render_job *job, uint64_t capacity,
                         struct render_result *out, struct error *err)
{
    struct render_result m = {0};
    struct wire_reader r;
    BUG_ON(job->rendition_count > RENDITION_MAX);
    wire_reader_init(&r, payload);
    m.id = wire_u64(&r, job->id, job->id, "id");
    m.code = wire_u32(&r, ERROR_NONE, ERROR_CODE_COUNT - 1, "code");
    wire_string(&r, m.message, sizeof(m.message), "message");
    if (!may_report(m.code))
        wire_refuse(&r, "code");
    if ((m.code == ERROR_NONE) != (m.message[0] == '\0'))
        wire_refuse(&r, "message");
    read_source(&r, job, &m);
    m.decode_us = wire_u64(&r, 0, UINT64_MAX, "decode_us");
    m.encode_us = wire_u64(&r, 0, UINT64_MAX, "encode_us");
    m.peak_rss_bytes = wire_u64(&r, 0, UINT64_MAX, "peak_rss_bytes");
    read_outputs(&r, job, capacity, &m);
    if (wire_finish(&r, "RESULT message", err) != 0)
        return -1;
    *out = m;
    return 0;
}
