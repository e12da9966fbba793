/*
 * The registry: opens the table, resolves everything against a configuration, and publishes.
 *
 * What a configuration makes of the stored rows: declared functions are put over what is there,
 * functions that are declared no more go, the others are resolved as they are. A function of the
 * API that does not resolve any more, or whose code or interpreter is gone, is left out of the
 * catalog and logged; its rows stay, an edit finds them, and the next configuration may bring it
 * back. A declared one whose command cannot be started is an error of the configuration.
 */
#include "registry_private.h"

#include <stdlib.h>

#include "onput/log.h"
#include "onput/memory.h"

void registry_publish(struct registry *r, struct base *base, struct record_list *records)
{
    struct base *old_base = r->base;
    struct record_list old_records = r->records;
    struct catalog *catalog = catalog_make(base, records);
    r->base = base;
    r->records = *records;
    *records = (struct record_list){0};
    if (r->catalogs == NULL)
        r->catalogs = catalog_holder_new(catalog);
    else
        catalog_holder_set(r->catalogs, catalog);
    record_list_release(&old_records);
    base_unref(old_base);
    if (r->started && r->options.on_change != NULL)
        r->options.on_change(r->options.on_change_ctx);
}

static void log_left_out(struct text name, const struct error *err)
{
    LOG(LOG_LEVEL_ERROR, "a stored function cannot be used", LOG_TEXT("function", name),
        LOG_ERROR_FIELD(err));
}

static struct function_record *resolve_stored(struct base *base,
                                              const struct function_record *stored)
{
    struct record_parts parts = {stored->name, &stored->rows, &stored->rows, stored};
    struct function_record *record = NULL;
    struct error err = {0};
    if (stored->is_damaged)
        error_set(&err, ERROR_INVALID, "not all of its rows can be read");
    else if (record_new(base, &parts, &record, &err) == 0 && record_can_start(record, &err) == 0)
        return record;
    record_unref(record);
    log_left_out(stored->name, &err);
    return record_new_unusable(&parts, stored->is_damaged);
}

/* Is the declaration by itself in order? If so, what was added to it is to blame. */
static int check_alone(struct base *base, const struct config_function *f, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct row_list rows = {0};
    struct record_parts parts = {.name = text_of(f->name), .rows = &rows};
    struct function_record *record = NULL;
    int result = declared_put(base, f, &rows, &arena, err);
    if (result == 0)
        result = record_new(base, &parts, &record, err);
    if (result == 0)
        result = record_check_start(record, err);
    record_unref(record);
    row_list_release(&rows);
    return result;
}

/* On a reload the old configuration stays when a declared function fails; a start must not. */
static int resolve_declared(struct registry *r, struct base *base, const struct config_function *f,
                            struct record_list *records, struct error *err)
{
    const struct function_record *stored = record_list_find(&r->records, text_of(f->name));
    AUTO_ARENA struct arena arena = {0};
    struct row_list rows = {0};
    struct record_parts parts = {.name = text_of(f->name), .rows = &rows, .previous = stored};
    struct function_record *record = NULL;
    if (check_alone(base, f, err) < 0)
        return error_prefix(err, "functions.%s", f->name);
    if (stored != NULL) {
        row_list_copy(&rows, &stored->rows);
        parts.old = &stored->rows;
    }
    int result;
    if (stored != NULL && stored->is_damaged)
        result = error_set(err, ERROR_INVALID, "not all of its rows can be read");
    else
        result = declared_put(base, f, &rows, &arena, err);
    if (result == 0)
        result = record_new(base, &parts, &record, err);
    if (result < 0 && !r->started) {
        log_left_out(text_of(f->name), err);
        error_clear(err);
        record = record_new_unusable(&parts, stored != NULL && stored->is_damaged);
        result = 0;
    }
    row_list_release(&rows);
    if (result == 0)
        record_list_put(records, record);
    return result < 0 ? error_prefix(err, "functions.%s", f->name) : 0;
}

static int resolve_all(struct registry *r, struct base *base, struct record_list *records,
                       struct error *err)
{
    for (size_t i = 0; i < r->records.count; i++) {
        const struct function_record *stored = r->records.records[i];
        if (base_declared(base, stored->name) != NULL)
            continue;
        if (declared_is(&stored->rows))
            LOG(LOG_LEVEL_INFO, "a function is removed: it is not in the configuration any more",
                LOG_TEXT("function", stored->name));
        else
            record_list_put(records, resolve_stored(base, stored));
    }
    for (size_t i = 0; i < base->config->function_count; i++) {
        if (resolve_declared(r, base, &base->config->functions[i], records, err) < 0)
            return -1;
    }
    return 0;
}

static int store_all(struct registry *r, const struct record_list *records, struct error *err)
{
    size_t count = 0;
    struct registry_change *changes =
        xcalloc(r->records.count + records->count + 1, sizeof(*changes));
    for (size_t i = 0; i < records->count; i++)
        changes[count++] = (struct registry_change){
            .before = record_list_find(&r->records, records->records[i]->name),
            .after = records->records[i]};
    for (size_t i = 0; i < r->records.count; i++) {
        if (record_list_find(records, r->records.records[i]->name) == NULL)
            changes[count++] = (struct registry_change){.before = r->records.records[i]};
    }
    int result = registry_db_write(r, changes, count, err);
    free(changes);
    return result;
}

/* Takes *config over. */
static int apply(struct registry *r, struct config *config, struct error *err)
{
    struct base *base = NULL;
    struct record_list records = {0};
    if (base_new(config, r->options.clock, r->options.metrics, &base, err) < 0)
        return -1;
    if (resolve_all(r, base, &records, err) < 0 || store_all(r, &records, err) < 0) {
        record_list_release(&records);
        base_unref(base);
        return -1;
    }
    registry_publish(r, base, &records);
    return 0;
}

int registry_open(struct config *config, const struct registry_options *options,
                  struct registry **out, struct error *err)
{
    struct registry *r = xcalloc(1, sizeof(*r));
    r->options = *options;
    if (r->options.clock == NULL)
        r->options.clock = clock_system();
    r->directory = xstrdup(options->directory);
    registry_thread_init(r);
    int result = registry_db_open(r, err) < 0 ? -1 : registry_db_load(r, err);
    if (result < 0)
        config_free(config);
    else
        result = apply(r, config, err);
    if (result < 0 || registry_thread_start(r, err) < 0) {
        registry_close(r);
        return -1;
    }
    *out = r;
    return 0;
}

void registry_drain(struct registry *r)
{
    if (r != NULL)
        registry_thread_stop(r);
}

void registry_close(struct registry *r)
{
    if (r == NULL)
        return;
    registry_thread_stop(r);
    catalog_holder_free(r->catalogs);
    record_list_release(&r->records);
    base_unref(r->base);
    registry_db_close(r);
    registry_thread_release(r);
    free(r->directory);
    free(r);
}

struct catalog_holder *registry_catalogs(struct registry *r)
{
    return r->catalogs;
}

bool registry_has_failed(struct registry *r)
{
    pthread_mutex_lock(&r->lock);
    bool failed = r->failed;
    pthread_mutex_unlock(&r->lock);
    return failed;
}

bool registry_each_row(struct registry *r, void (*show)(void *ctx, const struct row *row),
                       void *ctx)
{
    bool is_complete = true;
    for (size_t i = 0; i < r->records.count; i++) {
        const struct function_record *record = r->records.records[i];
        for (size_t j = 0; j < record->rows.count; j++)
            show(ctx, &record->rows.rows[j]);
        is_complete = is_complete && !record->is_damaged;
    }
    return is_complete;
}

/* ---- reload ---- */

struct reload {
    struct registry_job job; /* first */
    struct registry *registry;
    struct config *config;
    struct error *err;
    int result;
    bool is_done;
    pthread_mutex_t lock;
    pthread_cond_t done;
};

static void run_reload(struct registry_job *job)
{
    struct reload *reload = (struct reload *)job;
    int result = apply(reload->registry, reload->config, reload->err);
    pthread_mutex_lock(&reload->lock);
    reload->result = result;
    reload->is_done = true;
    pthread_cond_signal(&reload->done);
    pthread_mutex_unlock(&reload->lock);
}

int registry_reload(struct registry *r, struct config *config, struct error *err)
{
    struct reload reload = {
        .job = {.run = run_reload}, .registry = r, .config = config, .err = err};
    pthread_mutex_init(&reload.lock, NULL);
    pthread_cond_init(&reload.done, NULL);
    if (registry_submit(r, &reload.job)) {
        pthread_mutex_lock(&reload.lock);
        while (!reload.is_done)
            pthread_cond_wait(&reload.done, &reload.lock);
        pthread_mutex_unlock(&reload.lock);
    } else {
        config_free(config);
        reload.result = error_set(err, ERROR_CANCELED, "the registry is closing");
    }
    pthread_cond_destroy(&reload.done);
    pthread_mutex_destroy(&reload.lock);
    return reload.result;
}
