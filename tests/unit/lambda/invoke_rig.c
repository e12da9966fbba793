/*
 * The scripted ends of invoking: an executor and a queue that only remember.
 */
#include "invoke_rig.h"

#include <sched.h>

#include "onput/clock.h"
#include "onput/encoding.h"

enum { PATIENCE_MS = 100000 };

struct executor_lane {
    struct invoke_rig *rig;
};

static int lane_open(void *self, const atomic_bool *canceled UNUSED, struct executor_lane **out,
                     struct error *err UNUSED)
{
    *out = xcalloc(1, sizeof(**out));
    (*out)->rig = self;
    return 0;
}

static void lane_close(struct executor_lane *lane)
{
    free(lane);
}

static void keep(char *out, size_t size, struct text t)
{
    assert_true(t.len < size);
    memcpy(out, t.ptr, t.len);
    out[t.len] = '\0';
}

static struct text long_text(struct arena *arena, size_t bytes)
{
    char *text = arena_alloc(arena, bytes);
    memset(text, 'x', bytes);
    text[0] = text[bytes - 1] = '"';
    return (struct text){text, bytes};
}

static void write_pieces(struct invoke_rig *r, const struct invocation *inv, struct outcome *out)
{
    int64_t until = clock_mono_ms(clock_system()) + PATIENCE_MS;
    for (size_t i = 0; i < r->piece_count; i++) {
        int allowed;
        while ((allowed = atomic_load(&r->allowed)) >= 0 && (size_t)allowed <= i)
            sched_yield();
        if (inv->stream->write(inv->stream, text_of(r->content_type), r->pieces[i], until) < 0)
            r->unheard++;
    }
    out->is_streamed = true;
}

static void join_pieces(struct invoke_rig *r, struct arena *arena, struct outcome *out)
{
    AUTO_BUFFER struct buffer whole;
    buffer_init(&whole, 64 * 1024 * 1024);
    for (size_t i = 0; i < r->piece_count; i++)
        buffer_append_text(&whole, r->pieces[i]);
    out->result = arena_text(arena, buffer_text(&whole));
}

static void run_process(struct invoke_rig *r, const struct invocation *inv, struct arena *arena,
                        struct outcome *out)
{
    out->duration_us = 1500;
    out->content_type = text_of(r->content_type);
    if (inv->stream != NULL)
        write_pieces(r, inv, out);
    else
        join_pieces(r, arena, out);
}

static struct text plain_result(struct invoke_rig *r, const struct invocation *inv,
                                struct arena *arena)
{
    if (r->result_bytes > 0)
        return long_text(arena, r->result_bytes);
    return r->result != NULL ? text_of(r->result) : inv->payload;
}

/* One call at a time: the test waits for its answer before it looks. */
static void invoke(struct executor_lane *lane, const struct catalog *catalog UNUSED,
                   const struct function *function, const struct invocation *inv,
                   int64_t deadline_ms UNUSED, struct arena *arena, struct outcome *out)
{
    struct invoke_rig *r = lane->rig;
    *out = outcome_none();
    r->runs++;
    memcpy(r->request_id, inv->request_id, sizeof(r->request_id));
    keep(r->version, sizeof(r->version), function->version);
    keep(r->arn, sizeof(r->arn), inv->invoked_arn);
    keep(r->client_context, sizeof(r->client_context), inv->client_context);
    keep(r->trace_id, sizeof(r->trace_id), inv->trace_id);
    r->had_stream = inv->stream != NULL;
    if (inv->payload.len < sizeof(r->payload))
        keep(r->payload, sizeof(r->payload), inv->payload);
    out->log = text_of(r->log);
    if (r->pieces != NULL)
        run_process(r, inv, arena, out);
    else
        out->result = plain_result(r, inv, arena);
    if (r->fails != ERROR_NONE) {
        out->status = OUTCOME_FAILED;
        error_set(&out->error, r->fails, "as told");
        out->result = TEXT("{\"errorMessage\":\"as told\",\"errorType\":\"Told\"}");
    }
}

static int on_submit(void *ctx, struct queue_submission *s, struct error *err UNUSED)
{
    struct invoke_rig *r = ctx;
    struct error full = {0};
    assert_int_equal(s->count, 1);
    keep(r->queued_function, sizeof(r->queued_function), s->rows[0].function);
    if (s->rows[0].payload.len < sizeof(r->queued_payload))
        keep(r->queued_payload, sizeof(r->queued_payload), s->rows[0].payload);
    r->queued++;
    uuid_v4(s->rows[0].request_id);
    memcpy(r->queued_id, s->rows[0].request_id, sizeof(r->queued_id));
    if (r->queue_fails != ERROR_NONE)
        error_set(&full, r->queue_fails, "as told");
    s->done(s, r->queue_fails != ERROR_NONE ? &full : NULL);
    return 0;
}

static void open_ends(struct invoke_rig *r)
{
    struct error err = {0};
    struct invoker_options options = {
        .executor = &r->executor, .threads = 1, .clock = &r->f.clock.clock};
    struct intake_options intake = {.catalogs = registry_catalogs(r->f.api.registry),
                                    .sink = {on_submit, r}};
    atomic_store(&r->allowed, -1);
    r->executor = (struct executor){r, lane_open, lane_close, invoke};
    assert_ok(invoker_new(&options, &r->f.api.invoker, &err), &err);
    r->f.api.intake = intake_new(&intake);
}

int invoke_rig_setup_with(void **state, const char *yaml)
{
    struct invoke_rig *r = xcalloc(1, sizeof(*r));
    void *dir;
    if (test_dir_setup(&dir) != 0)
        return -1;
    lambda_fixture_open(&r->f, dir, yaml);
    r->f.dir = dir;
    open_ends(r);
    *state = r;
    return 0;
}

int invoke_rig_setup(void **state)
{
    return invoke_rig_setup_with(state, NULL);
}

int invoke_rig_teardown(void **state)
{
    struct invoke_rig *r = *state;
    void *dir = r->f.dir;
    invoker_free(r->f.api.invoker);
    intake_free(r->f.api.intake);
    lambda_fixture_close(&r->f);
    free(r);
    return test_dir_teardown(&dir);
}
