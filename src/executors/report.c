/*
 * What was done for one object, as JSON.
 */
#include "executors_private.h"

static void put_rendition(struct json_writer *w, const struct job *job, size_t i)
{
    const struct render_output *o = &job->result.outputs[i];
    json_object_begin(w);
    json_pair_string(w, "name", job->render.renditions[i].name);
    json_pair_string(w, "bucket", job->call->function->config->output_bucket);
    json_pair_text(w, "key", job->output_keys[i]);
    json_pair_string(w, "format", image_format_name(o->format));
    json_pair_string(w, "content_type", image_format_mime(o->format));
    json_pair_i64(w, "width", o->width);
    json_pair_i64(w, "height", o->height);
    json_pair_i64(w, "bytes", (int64_t)o->bytes);
    json_object_finish(w);
}

static void put_source(struct json_writer *w, const struct job *job)
{
    json_pair_string(w, "format", image_format_name(job->result.source_format));
    json_pair_i64(w, "width", job->result.source_width);
    json_pair_i64(w, "height", job->result.source_height);
    json_pair_i64(w, "bytes", job->source_info.size);
    json_pair_i64(w, "decode_us", (int64_t)job->result.decode_us);
    json_pair_i64(w, "encode_us", (int64_t)job->result.encode_us);
}

void report_write(struct json_writer *w, const struct job *job, const struct outcome *outcome)
{
    bool failed = outcome->status == OUTCOME_FAILED;
    bool rendered = outcome->status == OUTCOME_DONE && job->result.output_count > 0;
    json_object_begin(w);
    json_pair_text(w, "bucket", job->event->bucket);
    json_pair_text(w, "key", job->event->key);
    json_pair_string(w, "status", outcome_status_name(outcome->status));
    json_pair_string(w, "detail", failed ? outcome->error.message : outcome->detail);
    if (rendered)
        put_source(w, job);
    json_key(w, "renditions");
    json_array_begin(w);
    for (size_t i = 0; rendered && i < job->result.output_count; i++)
        put_rendition(w, job, i);
    json_array_finish(w);
    json_object_finish(w);
}
