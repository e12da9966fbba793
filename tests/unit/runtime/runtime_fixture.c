/*
 * See runtime_fixture.h.
 */
#include "runtime_fixture.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "onput/encoding.h"
#include "onput/fd.h"

#define FUNCTION "'" ONPUT_BIN_DIR "/fake-function'"

static const char *const starts[] = {"exits", "exits-first", "hangs", "hangs-first",
                                     "fails", "stubborn",    "prints"};

static void add_function(struct buffer *yaml, const char *name, const char *start,
                         const char *timeout)
{
    buffer_appendf(yaml,
                   "  %s: {command: [" FUNCTION ", '%s'], directory: '" ONPUT_BIN_DIR
                   "', timeout: %s}\n",
                   name, start, timeout);
}

static struct catalog *make_catalog(bool has_fake, const char *fake_timeout)
{
    AUTO_BUFFER struct buffer yaml;
    struct config_source source = {0};
    struct config *config = NULL;
    struct catalog *catalog = NULL;
    struct error err = {0};
    buffer_init(&yaml, 64 * 1024);
    buffer_append_string(&yaml, "stores:\n  minio: {endpoint: 'http://127.0.0.1:9', access_key: k, "
                                "secret_key: s, webhook_auth: none}\nfunctions:\n");
    if (has_fake)
        add_function(&yaml, "fake", "well", fake_timeout);
    add_function(&yaml, "other", "well", "30s");
    add_function(&yaml, "hasty", "well", "1s");
    for (size_t i = 0; i < ARRAY_LEN(starts); i++)
        add_function(&yaml, starts[i], starts[i], "1s");
    assert_ok(config_load_text(buffer_text(&yaml), "test.yaml", &source, &config, &err), &err);
    assert_ok(catalog_new(config, clock_system(), NULL, &catalog, &err), &err);
    return catalog;
}

struct catalog *fixture_changed_catalog(void)
{
    return make_catalog(true, "31s");
}

struct catalog *fixture_catalog_without_fake(void)
{
    return make_catalog(false, NULL);
}

struct runtime_fixture *fixture_new(const struct runtime_options *options)
{
    struct runtime_fixture *f = xcalloc(1, sizeof(*f));
    struct runtime_options o = *options;
    struct error err = {0};
    f->metrics = metrics_new();
    f->catalog = make_catalog(true, "30s");
    assert_ok(dir_make_temporary("onput-runtime-", &f->directory, &err), &err);
    assert_int_equal(chmod(f->directory, 0711), 0); /* for private users */
    AUTO_FREE char *temporary = test_path(f->directory, "tmp");
    o.runner_program = ONPUT_BIN_DIR "/onput-runner";
    o.directory = temporary;
    o.metrics = f->metrics;
    if (o.clock == NULL)
        o.clock = clock_system();
    assert_ok(runtime_new(&o, &f->rt, &err), &err);
    f->executor = runtime_executor(f->rt);
    return f;
}

void fixture_free(struct runtime_fixture *f)
{
    struct error err = {0};
    runtime_free(f->rt);
    catalog_unref(f->catalog);
    metrics_free(f->metrics);
    assert_ok(dir_remove(f->directory, &err), &err);
    free(f->directory);
    free(f);
}

void fixture_invoke_in(struct runtime_fixture *f, const struct catalog *catalog,
                       const char *function, const char *event, int wait_ms, struct reply *out)
{
    struct executor_lane *lane = NULL;
    struct error err = {0};
    struct invocation inv = {.payload = text_of(event)};
    uuid_v4(inv.request_id);
    arena_init(&out->arena);
    BUG_ON(f->executor.lane_open(f->executor.self, &f->canceled, &lane, &err) != 0);
    const struct function *fn = catalog_function(catalog, text_of(function));
    BUG_ON(fn == NULL);
    f->executor.invoke(lane, catalog, fn, &inv, clock_mono_ms(f->rt->clock) + wait_ms, &out->arena,
                       &out->outcome);
    f->executor.lane_close(lane);
}

void fixture_invoke_until(struct runtime_fixture *f, const char *function, const char *event,
                          int wait_ms, struct reply *out)
{
    fixture_invoke_in(f, f->catalog, function, event, wait_ms, out);
}

void fixture_invoke(struct runtime_fixture *f, const char *function, const char *event,
                    struct reply *out)
{
    fixture_invoke_until(f, function, event, LONG_MS, out);
}

void reply_release(struct reply *r)
{
    arena_release(&r->arena);
}

void fixture_expect(struct runtime_fixture *f, const char *function, const char *event,
                    const char *result)
{
    struct reply r;
    fixture_invoke(f, function, event, &r);
    if (r.outcome.status != OUTCOME_DONE)
        fail_msg("%s: %s", event, r.outcome.error.message);
    assert_text(r.outcome.result, result);
    reply_release(&r);
}

pid_t fixture_pid(struct runtime_fixture *f, const char *function)
{
    struct reply r;
    int64_t pid = 0;
    struct error err = {0};
    fixture_invoke(f, function, "pid", &r);
    if (r.outcome.status != OUTCOME_DONE)
        fail_msg("pid: %s", r.outcome.error.message);
    assert_ok(text_to_i64(r.outcome.result, 1, INT32_MAX, "pid", &pid, &err), &err);
    reply_release(&r);
    return (pid_t)pid;
}

static void *call(void *argument)
{
    struct caller *c = argument;
    fixture_invoke_until(c->f, c->function, c->event, c->wait_ms != 0 ? c->wait_ms : LONG_MS,
                         &c->reply);
    return NULL;
}

void caller_start(struct caller *c)
{
    assert_int_equal(pthread_create(&c->thread, NULL, call, c), 0);
}

void caller_join(struct caller *c)
{
    pthread_join(c->thread, NULL);
}

int fixture_count(struct runtime_fixture *f, enum metric_id id, const char *function,
                  const char *label)
{
    return (int)metrics_read(f->metrics, id, function, label, NULL);
}

void fixture_await(struct runtime_fixture *f, enum metric_id id, const char *function,
                   const char *label, double value)
{
    while (metrics_read(f->metrics, id, function, label, NULL) != value)
        sched_yield();
}

void fixture_await_processes(struct runtime_fixture *f, int count)
{
    for (;;) {
        pthread_mutex_lock(&f->rt->lock);
        int now = f->rt->process_count;
        pthread_mutex_unlock(&f->rt->lock);
        if (now == count)
            return;
        sched_yield();
    }
}

void fixture_await_busy(struct runtime_fixture *f)
{
    for (bool is_busy = false; !is_busy; sched_yield()) {
        pthread_mutex_lock(&f->rt->lock);
        for (struct pool *p = f->rt->pools; p != NULL; p = p->next)
            is_busy = is_busy || p->users > 0;
        pthread_mutex_unlock(&f->rt->lock);
    }
}

bool is_alive(pid_t pid)
{
    return kill(pid, 0) == 0;
}
