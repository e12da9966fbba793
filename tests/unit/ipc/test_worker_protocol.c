/*
 * test_worker_protocol.c - the messages against fixtures/worker_protocol, whose bytes an encoder of
 * its own wrote (make.py there).
 */
#include "support/test.h"

#include "onput/ipc_frame.h"
#include "onput/worker_protocol.h"

enum { CAPACITY = 1 << 20 };

static struct render_job sample_job(void)
{
    return (struct render_job){
        .id = 42,
        .input_bytes = 123456,
        .limits = {.max_pixels = 100000000,
                   .max_edge = 65535,
                   .max_frames = 1000,
                   .max_scans = 64,
                   .max_output_bytes = CAPACITY},
        .rendition_count = 2,
        .renditions = {{.name = "small",
                        .width = 320,
                        .height = 200,
                        .format = IMAGE_FORMAT_JPEG,
                        .quality = 80,
                        .keep = RENDITION_KEEP_ICC,
                        .background = 0xffffff},
                       {.name = "square",
                        .width = 64,
                        .height = 64,
                        .fit = RENDITION_FIT_COVER,
                        .gravity = RENDITION_GRAVITY_ATTENTION,
                        .format = IMAGE_FORMAT_SOURCE,
                        .enlarge = true,
                        .keep = RENDITION_KEEP_ICC | RENDITION_KEEP_COPYRIGHT,
                        .background = 0x102030}},
    };
}

static struct render_result sample_result(void)
{
    return (struct render_result){
        .id = 42,
        .source_format = IMAGE_FORMAT_PNG,
        .source_width = 3000,
        .source_height = 2000,
        .source_frames = 1,
        .source_orientation = 6,
        .decode_us = 1500,
        .encode_us = 2500,
        .peak_rss_bytes = 50000000,
        .output_count = 2,
        .outputs = {{64, 1000, 300, 200, IMAGE_FORMAT_JPEG}, {0, 64, 64, 64, IMAGE_FORMAT_PNG}},
    };
}

static struct text read_sample(const char *path)
{
    size_t len;
    AUTO_FREE char *name = xasprintf("worker_protocol/%s", path);
    char *bytes = test_read_fixture(name, &len);
    return (struct text){bytes, len};
}

static void free_sample(struct text sample)
{
    free((char *)(uintptr_t)sample.ptr);
}

static void check_written(struct buffer *actual, const char *path)
{
    struct text expected = read_sample(path);
    assert_false(buffer_failed(actual));
    assert_int_equal(actual->len, expected.len);
    assert_memory_equal(actual->data, expected.ptr, expected.len);
    free_sample(expected);
    buffer_release(actual);
}

typedef int (*decode_fn)(struct text payload, struct error *err);

static int decode_ready(struct text payload, struct error *err)
{
    struct worker_ready out;
    return worker_ready_decode(payload, &out, err);
}

static int decode_job(struct text payload, struct error *err)
{
    struct render_job out;
    return render_job_decode(payload, &out, err);
}

static int decode_result(struct text payload, struct error *err)
{
    struct render_job job = sample_job();
    struct render_result out;
    return render_result_decode(payload, &job, CAPACITY, &out, err);
}

/* Every file of the folder must be taken or refused, as a whole and cut anywhere. */
static void check_folder(const char *folder, bool is_good, decode_fn decode)
{
    AUTO_FREE char *path = xasprintf("%s/worker_protocol/%s", ONPUT_FIXTURES, folder);
    char **names = test_list_dir(path);
    for (size_t i = 0; names[i] != NULL; i++) {
        AUTO_FREE char *name = xasprintf("%s/%s", folder, names[i]);
        struct text sample = read_sample(name);
        struct error err = {0};
        int rc = decode(sample, &err);
        if (rc != (is_good ? 0 : -1))
            fail_msg("%s was %s: %s", name, rc == 0 ? "taken" : "refused", err.message);
        if (!is_good)
            assert_int_equal(err.code, ERROR_PROTOCOL);
        for (size_t len = 0; is_good && len < sample.len; len++)
            assert_fails(decode(text_slice(sample, 0, len), &err), &err, ERROR_PROTOCOL);
        free_sample(sample);
    }
    assert_non_null(names[0]);
    test_names_free(names);
}

static void test_worker_ready__is_written_and_read_as_specified(void **state)
{
    struct worker_ready ready = {.layers = 15, .formats = 0xfe, .vips_version = "8.14.1"};
    struct worker_ready back;
    struct buffer out;
    struct error err = {0};
    (void)state;
    buffer_init(&out, IPC_MAX_PAYLOAD_BYTES);
    worker_ready_encode(&ready, &out);
    assert_ok(worker_ready_decode(buffer_text(&out), &back, &err), &err);
    assert_int_equal(back.layers, 15);
    assert_int_equal(back.formats, 0xfe);
    assert_string_equal(back.vips_version, "8.14.1");
    check_written(&out, "ready/good/full");
}

static void test_worker_ready_decode__refuses_what_is_wrong(void **state)
{
    (void)state;
    check_folder("ready/good", true, decode_ready);
    check_folder("ready/bad", false, decode_ready);
}

static void test_render_job__is_written_and_read_as_specified(void **state)
{
    struct render_job job = sample_job(), back;
    struct buffer out;
    struct error err = {0};
    (void)state;
    buffer_init(&out, IPC_MAX_PAYLOAD_BYTES);
    render_job_encode(&job, &out);
    assert_ok(render_job_decode(buffer_text(&out), &back, &err), &err);
    assert_int_equal(back.id, 42);
    assert_int_equal(back.input_bytes, 123456);
    assert_int_equal(back.limits.max_scans, 64);
    assert_int_equal(back.rendition_count, 2);
    assert_memory_equal(back.renditions, job.renditions, 2 * sizeof(job.renditions[0]));
    check_written(&out, "render_job/good/two");
}

static void test_render_job_decode__refuses_what_is_wrong(void **state)
{
    (void)state;
    check_folder("render_job/good", true, decode_job);
    check_folder("render_job/bad", false, decode_job);
}

static void test_render_result__is_written_and_read_as_specified(void **state)
{
    struct render_job job = sample_job();
    struct render_result result = sample_result(), back;
    struct buffer out;
    struct error err = {0};
    (void)state;
    buffer_init(&out, IPC_MAX_PAYLOAD_BYTES);
    render_result_encode(&result, &out);
    assert_ok(render_result_decode(buffer_text(&out), &job, CAPACITY, &back, &err), &err);
    assert_int_equal(back.source_orientation, 6);
    assert_int_equal(back.peak_rss_bytes, 50000000);
    assert_int_equal(back.output_count, 2);
    assert_int_equal(back.outputs[0].offset, 64);
    assert_int_equal(back.outputs[0].bytes, 1000);
    assert_int_equal(back.outputs[1].format, IMAGE_FORMAT_PNG);
    check_written(&out, "render_result/good/success");
}

static void test_render_result__carries_a_failure(void **state)
{
    struct render_result result = {.id = 42,
                                   .code = ERROR_INVALID,
                                   .message = "The picture is broken.",
                                   .peak_rss_bytes = 50000000,
                                   .decode_us = 1500,
                                   .encode_us = 2500};
    struct render_job job = sample_job();
    struct render_result back;
    struct buffer out;
    struct error err = {0};
    (void)state;
    buffer_init(&out, IPC_MAX_PAYLOAD_BYTES);
    render_result_encode(&result, &out);
    assert_ok(render_result_decode(buffer_text(&out), &job, CAPACITY, &back, &err), &err);
    assert_int_equal(back.code, ERROR_INVALID);
    assert_string_equal(back.message, "The picture is broken.");
    check_written(&out, "render_result/good/failure");
}

static void test_render_result_decode__refuses_what_is_wrong(void **state)
{
    (void)state;
    check_folder("render_result/good", true, decode_result);
    check_folder("render_result/bad", false, decode_result);
}

static void test_render_result_decode__keeps_outputs_within_the_file_and_the_limit(void **state)
{
    struct text sample = read_sample("render_result/good/success");
    struct render_job job = sample_job();
    struct render_result out;
    struct error err = {0};
    (void)state;
    assert_ok(render_result_decode(sample, &job, 1064, &out, &err), &err);
    assert_fails(render_result_decode(sample, &job, 1063, &out, &err), &err, ERROR_PROTOCOL);
    assert_fails(render_result_decode(sample, &job, 0, &out, &err), &err, ERROR_PROTOCOL);
    job.limits.max_output_bytes = 1063;
    assert_fails(render_result_decode(sample, &job, CAPACITY, &out, &err), &err, ERROR_PROTOCOL);
    free_sample(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worker_ready__is_written_and_read_as_specified),
        cmocka_unit_test(test_worker_ready_decode__refuses_what_is_wrong),
        cmocka_unit_test(test_render_job__is_written_and_read_as_specified),
        cmocka_unit_test(test_render_job_decode__refuses_what_is_wrong),
        cmocka_unit_test(test_render_result__is_written_and_read_as_specified),
        cmocka_unit_test(test_render_result__carries_a_failure),
        cmocka_unit_test(test_render_result_decode__refuses_what_is_wrong),
        cmocka_unit_test(test_render_result_decode__keeps_outputs_within_the_file_and_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
