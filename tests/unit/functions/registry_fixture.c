/*
 * A registry on a disk in memory.
 */
#include "registry_fixture.h"

#include <pthread.h>
#include <sqlite3.h>
#include <unistd.h>

static void count_change(void *ctx)
{
    struct registry_fixture *f = ctx;
    f->changes++;
}

static void count_fatal(void *ctx, const struct error *err)
{
    struct registry_fixture *f = ctx;
    assert_int_equal(err->code, ERROR_IO);
    f->fatals++;
}

void registry_fixture_init(struct registry_fixture *f, uint64_t seed)
{
    char template[] = "/tmp/onput-registry-XXXXXX";
    assert_non_null(mkdtemp(template));
    *f = (struct registry_fixture){.dir = xstrdup(template), .vfs = crash_vfs_new(seed)};
    f->options = (struct registry_options){
        .directory = f->dir,
        .vfs = crash_vfs_name(f->vfs),
        .clock = clock_system(),
        .on_change = count_change,
        .on_change_ctx = f,
        .on_fatal = count_fatal,
        .on_fatal_ctx = f,
    };
}

void registry_fixture_release(struct registry_fixture *f)
{
    registry_fixture_close(f);
    crash_vfs_free(f->vfs);
    rmdir(f->dir);
    free(f->dir);
}

static int load(const struct catalog_parts *parts, struct config **out, struct error *err)
{
    AUTO_FREE char *yaml = catalog_yaml(parts);
    return config_load_text(text_of(yaml), "test.yaml", &(struct config_source){0}, out, err);
}

int registry_fixture_try_open(struct registry_fixture *f, const struct catalog_parts *parts,
                              struct error *err)
{
    struct config *config = NULL;
    registry_fixture_close(f);
    if (load(parts, &config, err) < 0)
        return -1;
    return registry_open(config, &f->options, &f->registry, err);
}

void registry_fixture_open(struct registry_fixture *f, const struct catalog_parts *parts)
{
    struct error err = {0};
    assert_ok(registry_fixture_try_open(f, parts, &err), &err);
}

void registry_fixture_close(struct registry_fixture *f)
{
    registry_close(f->registry);
    f->registry = NULL;
}

int registry_fixture_reload(struct registry_fixture *f, const struct catalog_parts *parts,
                            struct error *err)
{
    struct config *config = NULL;
    struct error load_err = {0};
    assert_ok(load(parts, &config, &load_err), &load_err);
    return registry_reload(f->registry, config, err);
}

struct edit_job {
    struct registry_job job; /* first */
    struct registry *registry;
    const char *function;
    const struct step *steps;
    struct error *err;
    int result;
    bool is_done;
    pthread_mutex_t lock;
    pthread_cond_t done;
};

static void apply(struct registry_edit *edit, const struct step *step)
{
    if (step->kind == ROW_KIND_COUNT)
        registry_edit_remove_all(edit);
    else if (step->json == NULL)
        registry_edit_remove(edit, step->kind, text_of(step->qualifier));
    else
        registry_edit_put(edit, step->kind, text_of(step->qualifier), text_of(step->json));
}

static void run_edit(struct registry_job *job)
{
    struct edit_job *e = (struct edit_job *)job;
    struct registry_edit *edit = registry_edit_begin(e->registry, text_of(e->function));
    for (const struct step *step = e->steps; step->qualifier != NULL; step++)
        apply(edit, step);
    int result = registry_edit_commit(edit, e->err);
    pthread_mutex_lock(&e->lock);
    e->result = result;
    e->is_done = true;
    pthread_cond_signal(&e->done);
    pthread_mutex_unlock(&e->lock);
}

int registry_fixture_edit(struct registry_fixture *f, const char *function,
                          const struct step steps[STEPS_MAX], struct error *err)
{
    struct edit_job e = {.job = {.run = run_edit},
                         .registry = f->registry,
                         .function = function,
                         .steps = steps,
                         .err = err};
    pthread_mutex_init(&e.lock, NULL);
    pthread_cond_init(&e.done, NULL);
    assert_true(registry_submit(f->registry, &e.job));
    pthread_mutex_lock(&e.lock);
    while (!e.is_done)
        pthread_cond_wait(&e.done, &e.lock);
    pthread_mutex_unlock(&e.lock);
    pthread_cond_destroy(&e.done);
    pthread_mutex_destroy(&e.lock);
    return e.result;
}

char *registry_fixture_row(struct registry_fixture *f, const char *function, enum row_kind kind,
                           const char *qualifier)
{
    struct catalog *c = catalog_holder_get(registry_catalogs(f->registry));
    const struct function_record *r = catalog_record(c, text_of(function));
    const struct row *row = r != NULL ? record_row(r, kind, text_of(qualifier)) : NULL;
    char *json = row != NULL ? xmemdup_text(row->json) : NULL;
    catalog_unref(c);
    return json;
}

bool registry_fixture_has(struct registry_fixture *f, const char *function)
{
    struct catalog *c = catalog_holder_get(registry_catalogs(f->registry));
    bool has = catalog_record(c, text_of(function)) != NULL;
    catalog_unref(c);
    return has;
}

char *registry_fixture_sql(struct registry_fixture *f, const char *sql)
{
    AUTO_FREE char *path = xasprintf("%s/registry.db", f->dir);
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_null(f->registry);
    assert_int_equal(
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, f->options.vfs),
        SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE", NULL, NULL, NULL),
                     SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    int rc = sqlite3_step(stmt);
    assert_true(rc == SQLITE_ROW || rc == SQLITE_DONE);
    const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    char *copy = xstrdup(text != NULL ? text : "");
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return copy;
}

int registry_fixture_setup(void **state)
{
    struct registry_fixture *f = xcalloc(1, sizeof(*f));
    registry_fixture_init(f, 1);
    registry_fixture_open(f, &(struct catalog_parts){0});
    *state = f;
    return 0;
}

int registry_fixture_teardown(void **state)
{
    registry_fixture_release(*state);
    free(*state);
    return 0;
}
