/*
 * What a finished job says about itself, as JSON.
 */
#include "executors_private.h"

static void put_rendition(struct json_writer *w, const struct job *job, size_t i)
{
    const struct render_output *o = &job->result.outputs[i];
    json_object_begin(w);
    json_pair_string(w, "name", job->render.renditions[i].name);
    json_pair_string(w, "bucket", job->function->config->output_bucket);
    json_pair_text(w, "key", job->output_keys[i]);
    json_pair_string(w, "format", image_format_name(o->format));
    json_pair_i64(w, "width", o->width);
    json_pair_i64(w, "height", o->height);
    json_pair_i64(w, "bytes", (int64_t)o->bytes);
    json_object_finish(w);
}

struct text report_write(const struct job *job)
{
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 256 * 1024);
    struct json_writer w;
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_pair_text(&w, "bucket", job->event->bucket);
    json_pair_text(&w, "key", job->event->key);
    json_pair_string(&w, "format", image_format_name(job->result.source_format));
    json_pair_i64(&w, "width", job->result.source_width);
    json_pair_i64(&w, "height", job->result.source_height);
    json_pair_i64(&w, "bytes", job->source_info.size);
    json_pair_i64(&w, "decode_us", (int64_t)job->result.decode_us);
    json_pair_i64(&w, "encode_us", (int64_t)job->result.encode_us);
    json_key(&w, "renditions");
    json_array_begin(&w);
    for (size_t i = 0; i < job->result.output_count; i++)
        put_rendition(&w, job, i);
    json_array_finish(&w);
    json_object_finish(&w);
    return arena_text(job->arena, buffer_text(&out));
}
