/*
 * test_worker_formats.c - the real onput-worker under its strict filter: every odd picture into
 * every output format, every hostile file refused, and no worker lost on the way. A library that
 * starts to use another system call makes this fail.
 */
#include "support/test.h"

#include <json-c/json.h>

#include "onput/fd.h"
#include "onput/metrics.h"
#include "onput/worker_pool.h"

enum {
    OUTPUT_BYTES = 16 << 20,
    INPUT_MAX_BYTES = 64 << 20,
    DEADLINE_MS = 120000,
    SMALL_EDGE = 40,
    LARGE_EDGE = 1200, /* where encoders split their work over threads */
};

struct workers {
    struct metrics *metrics;
    struct worker_pool *pool;
};

static struct workers workers_start(void)
{
    struct workers w = {.metrics = metrics_new()};
    struct worker_pool_options options = {
        .program = ONPUT_BIN_DIR "/onput-worker", .count = 1, .metrics = w.metrics};
    struct error err = {0};
    assert_ok(worker_pool_new(&options, &w.pool, &err), &err);
    return w;
}

/* None may have ended for a reason of its own. */
static void workers_stop(struct workers *w)
{
    static const char *const reasons[] = {"crash",  "timeout", "protocol",
                                          "memory", "syscall", "recycled"};
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        assert_true(metrics_read(w->metrics, METRIC_WORKER_EXITS, reasons[i], NULL, NULL) == 0);
    worker_pool_free(w->pool);
    metrics_free(w->metrics);
}

static struct rendition rendition_of(enum image_format format, enum rendition_fit fit,
                                     enum rendition_gravity gravity, uint32_t edge)
{
    return (struct rendition){.name = "r",
                              .width = edge,
                              .height = edge,
                              .fit = fit,
                              .gravity = gravity,
                              .format = format,
                              .keep = RENDITION_KEEP_ICC | RENDITION_KEEP_COPYRIGHT,
                              .background = 0xffffff};
}

/* Each output format, each way to fit, each way to look for what matters. */
static struct render_job job_of(uint64_t input_bytes, uint32_t edge)
{
    struct render_job job = {.id = 1, .input_bytes = input_bytes, .limits = image_limits_default()};
    struct rendition *r = job.renditions;
    for (int format = IMAGE_FORMAT_SOURCE; format <= IMAGE_FORMAT_AVIF; format++)
        *r++ = rendition_of(format, RENDITION_FIT_INSIDE, RENDITION_GRAVITY_CENTRE, edge);
    for (int format = IMAGE_FORMAT_JPEG; format <= IMAGE_FORMAT_AVIF; format++)
        *r++ = rendition_of(format, RENDITION_FIT_FILL, RENDITION_GRAVITY_CENTRE, edge);
    for (int gravity = 0; gravity < RENDITION_GRAVITY_COUNT; gravity++)
        *r++ = rendition_of(IMAGE_FORMAT_JPEG + gravity % 4, RENDITION_FIT_COVER, gravity, edge);
    job.rendition_count = (uint32_t)(r - job.renditions);
    return job;
}

struct rendered {
    struct render_job job;
    struct render_result result;
    struct memfd output;
    int rc;
    struct error err;
};

static void render_file(struct workers *w, const char *folder, const char *name, uint32_t edge,
                        struct rendered *out)
{
    AUTO_FREE char *path = xasprintf("%s/images/%s/%s", ONPUT_FIXTURES, folder, name);
    AUTO_MEMFD struct memfd input = MEMFD_NONE;
    AUTO_BUFFER struct buffer bytes;
    struct error err = {0};
    buffer_init(&bytes, INPUT_MAX_BYTES);
    assert_ok(file_read(path, &bytes, &err), &err);
    assert_ok(memfd_create_fixed("input", bytes.len + 1, &input, &err), &err);
    memcpy(input.map, bytes.data, bytes.len);
    assert_ok(memfd_seal(&input, &err), &err);
    *out = (struct rendered){.job = job_of(bytes.len, edge), .output = MEMFD_NONE};
    assert_ok(memfd_create_fixed("output", OUTPUT_BYTES, &out->output, &err), &err);
    out->rc = worker_pool_render(w->pool, &out->job, &input, &out->output, DEADLINE_MS,
                                 &out->result, &out->err);
}

static bool has_signature(enum image_format format, struct text bytes)
{
    switch (format) {
    case IMAGE_FORMAT_JPEG:
        return text_starts_with(bytes, TEXT("\xff\xd8\xff"));
    case IMAGE_FORMAT_PNG:
        return text_starts_with(bytes, TEXT("\x89PNG\r\n"));
    case IMAGE_FORMAT_WEBP:
        return text_starts_with(bytes, TEXT("RIFF")) &&
               text_starts_with(text_slice(bytes, 8, bytes.len), TEXT("WEBP"));
    case IMAGE_FORMAT_AVIF:
        return text_starts_with(text_slice(bytes, 4, bytes.len), TEXT("ftypavif"));
    default:
        return false;
    }
}

static void check_rendered(const char *name, const struct rendered *r)
{
    if (r->rc != 0)
        fail_msg("%s: %s", name, r->err.message);
    assert_int_equal(r->result.output_count, r->job.rendition_count);
    for (uint32_t i = 0; i < r->result.output_count; i++) {
        const struct render_output *o = &r->result.outputs[i];
        struct text bytes = {(const char *)r->output.map + o->offset, o->bytes};
        if (!has_signature(o->format, bytes))
            fail_msg("%s, rendition %u: no %s", name, i, image_format_name(o->format));
    }
}

static bool is_ok(struct json_object *expected)
{
    struct json_object *outcome;
    return json_object_object_get_ex(expected, "outcome", &outcome) &&
           strcmp(json_object_get_string(outcome), "ok") == 0;
}

static void check_hostile(const char *name, struct json_object *expected, const struct rendered *r)
{
    if (is_ok(expected)) {
        check_rendered(name, r);
        return;
    }
    if (r->rc == 0)
        fail_msg("%s was rendered", name);
    if (r->err.retryable || r->err.code == ERROR_INTERNAL)
        fail_msg("%s failed for another reason than itself: %s", name, r->err.message);
}

/* Returns what expected.json says of each file. */
static struct json_object *expectations(const char *path)
{
    AUTO_FREE char *text = test_read_fixture(path, NULL);
    struct json_object *all = json_tokener_parse(text);
    assert_non_null(all);
    assert_in_range(json_object_object_length(all), 20, 1000);
    return all;
}

static void test_onput_worker__is_fully_sandboxed(void **state)
{
    struct workers w = workers_start();
    struct worker_ready ready;
    (void)state;
    worker_pool_describe(w.pool, &ready);
#ifdef ONPUT_SANITIZED
    assert_int_equal(ready.layers & WORKER_LAYER_SECCOMP, 0);
#else
    assert_int_equal(ready.layers & WORKER_LAYER_SECCOMP, WORKER_LAYER_SECCOMP);
#endif
    assert_true(ready.formats & 1u << IMAGE_FORMAT_JPEG);
    assert_true(strlen(ready.vips_version) > 0);
    workers_stop(&w);
}

static void test_onput_worker__renders_every_odd_picture_into_every_format(void **state)
{
    struct workers w = workers_start();
    struct json_object *all = expectations("images/expected.json");
    (void)state;
    json_object_object_foreach(all, name, expected)
    {
        struct rendered r;
        (void)expected;
        render_file(&w, "odd", name, SMALL_EDGE, &r);
        check_rendered(name, &r);
        memfd_release(&r.output);
    }
    json_object_put(all);
    workers_stop(&w);
}

static void test_onput_worker__renders_large_pictures(void **state)
{
    static const char *const names[] = {"dogs at the window.jpg", "aitzgorri.webp", "fig.avif",
                                        "tulips.png"};
    struct workers w = workers_start();
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct rendered r;
        render_file(&w, "photos", names[i], LARGE_EDGE, &r);
        check_rendered(names[i], &r);
        memfd_release(&r.output);
    }
    workers_stop(&w);
}

static void test_onput_worker__refuses_hostile_files_and_lives_on(void **state)
{
    struct workers w = workers_start();
    struct json_object *all = expectations("images/hostile/expected.json");
    (void)state;
    json_object_object_foreach(all, name, expected)
    {
        struct rendered r;
        render_file(&w, "hostile", name, SMALL_EDGE, &r);
        check_hostile(name, expected, &r);
        memfd_release(&r.output);
    }
    json_object_put(all);
    workers_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onput_worker__is_fully_sandboxed),
        cmocka_unit_test(test_onput_worker__renders_every_odd_picture_into_every_format),
        cmocka_unit_test(test_onput_worker__renders_large_pictures),
        cmocka_unit_test(test_onput_worker__refuses_hostile_files_and_lives_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
