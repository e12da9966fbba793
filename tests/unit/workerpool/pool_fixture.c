/*
 * pool_fixture.c - see pool_fixture.h.
 */
#include "pool_fixture.h"

#include <sched.h>
#include <stdio.h>

struct pool_fixture pool_fixture_make(struct worker_pool_options options)
{
    struct pool_fixture f = {.metrics = metrics_new()};
    struct error err = {0};
    options.metrics = f.metrics;
    options.count = options.count > 0 ? options.count : 1;
    options.program = options.program != NULL ? options.program : FAKE_WORKER;
    assert_ok(worker_pool_new(&options, &f.pool, &err), &err);
    return f;
}

void pool_fixture_release(struct pool_fixture *f)
{
    worker_pool_free(f->pool);
    metrics_free(f->metrics);
}

void job_init(struct job *job, uint64_t id, const char *how)
{
    struct error err = {0};
    *job = (struct job){.input = MEMFD_NONE, .output = MEMFD_NONE};
    if (memfd_create_fixed("input", PATTERN_BYTES, &job->input, &err) != 0 ||
        memfd_create_fixed("output", OUTPUT_BYTES, &job->output, &err) != 0)
        abort();
    job->input.map[0] = (uint8_t)(id >> 8);
    job->input.len = 1;
    if (memfd_seal(&job->input, &err) != 0)
        abort();
    job->render = (struct render_job){
        .id = id, .input_bytes = 1, .limits = image_limits_default(), .rendition_count = 2};
    for (int i = 0; i < 2; i++)
        job->render.renditions[i] =
            (struct rendition){.width = 10, .height = 10, .format = IMAGE_FORMAT_JPEG};
    snprintf(job->render.renditions[0].name, RENDITION_NAME_BYTES, "%s", how);
}

void job_release(struct job *job)
{
    memfd_release(&job->input);
    memfd_release(&job->output);
}

int render(struct worker_pool *pool, const char *how, int timeout_ms, struct render_result *out,
           struct error *err)
{
    struct job job;
    job_init(&job, 1, how);
    int rc = worker_pool_render(pool, &job.render, &job.input, &job.output, timeout_ms, out, err);
    job_release(&job);
    return rc;
}

static void check_output(const struct job *job, const struct render_result *result)
{
    assert_int_equal(result->id, job->render.id);
    assert_int_equal(result->output_count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        const uint8_t *bytes = job->output.map + result->outputs[i].offset;
        uint8_t expected = (uint8_t)(job->render.id + i + (job->render.id >> 8));
        assert_int_equal(result->outputs[i].bytes, PATTERN_BYTES);
        assert_int_equal(bytes[0], expected);
        assert_int_equal(bytes[PATTERN_BYTES - 1], expected);
    }
}

struct render_result render_well(struct worker_pool *pool, uint64_t id)
{
    struct render_result result = {0};
    struct error err = {0};
    struct job job;
    job_init(&job, id, "well");
    assert_ok(
        worker_pool_render(pool, &job.render, &job.input, &job.output, LONG_MS, &result, &err),
        &err);
    check_output(&job, &result);
    job_release(&job);
    return result;
}

void render_badly(struct worker_pool *pool, const char *how, enum error_code code,
                  const char *message)
{
    struct render_result result = {.id = 4711};
    struct error err = {0};
    assert_fails(render(pool, how, LONG_MS, &result, &err), &err, code);
    assert_contains(err.message, message);
    assert_true(err.retryable);
    assert_int_equal(result.id, 4711);
}

double exits(struct metrics *metrics, const char *reason)
{
    return metrics_read(metrics, METRIC_WORKER_EXITS, reason, NULL, NULL);
}

double workers(struct metrics *metrics, const char *state)
{
    return metrics_read(metrics, METRIC_WORKERS, state, NULL, NULL);
}

void await_exits(struct metrics *metrics, const char *reason, double count)
{
    while (exits(metrics, reason) < count)
        sched_yield();
}

void await_workers(struct metrics *metrics, const char *state, double count)
{
    while (workers(metrics, state) != count)
        sched_yield();
}

size_t open_fds(void)
{
    char **names = test_list_dir("/proc/self/fd");
    size_t count = 0;
    while (names[count] != NULL)
        count++;
    test_names_free(names);
    return count;
}
