/*
 * The registry's table: one row for each resource of a function.
 *
 * To change the format: never edit a migration that has been released. Append one with the next
 * version whose SQL turns the previous version into the new one, inside the transaction that
 * db_open() wraps around it; extend tests/unit/functions/test_registry_rows.c. Kinds are numbers of
 * enum row_kind and are never renumbered. What stands inside a row's JSON is described in
 * catalog.h and changes by adding members.
 */
#include "registry_private.h"

#include <stdlib.h>

#include "onput/fd.h"
#include "onput/log.h"
#include "onput/memory.h"

enum { CHECKPOINT_PAGES = 1000, QUALIFIER_MAX = 128 };

static const struct db_migration migrations[] = {
    {1, "CREATE TABLE row("
        "  function  TEXT NOT NULL,"
        "  kind      INTEGER NOT NULL,"
        "  qualifier TEXT NOT NULL,"
        "  json      TEXT NOT NULL,"
        "  PRIMARY KEY(function, kind, qualifier)"
        ") STRICT, WITHOUT ROWID;"},
};

static const char *const statement_sql[REGISTRY_STATEMENT_COUNT] = {
    [REGISTRY_BEGIN] = "BEGIN IMMEDIATE",
    [REGISTRY_COMMIT] = "COMMIT",
    [REGISTRY_LOAD] = "SELECT function, kind, qualifier, json FROM row ORDER BY function",
    [REGISTRY_PUT] = ("INSERT INTO row(function, kind, qualifier, json) VALUES(?1, ?2, ?3, ?4) "
                      "ON CONFLICT DO UPDATE SET json = excluded.json"),
    [REGISTRY_REMOVE] = "DELETE FROM row WHERE function = ?1 AND kind = ?2 AND qualifier = ?3",
    [REGISTRY_REMOVE_ALL] = "DELETE FROM row WHERE function = ?1",
};

const struct db_migration *registry_migrations(int *out_count)
{
    *out_count = (int)ARRAY_LEN(migrations);
    return migrations;
}

static int note_wal_pages(void *ctx, sqlite3 *handle, const char *name, int pages)
{
    (void)handle;
    (void)name;
    struct registry *r = ctx;
    r->wal_pages = pages;
    return SQLITE_OK;
}

int registry_db_open(struct registry *r, struct error *err)
{
    if (dir_create(r->directory, err) < 0)
        return -1;
    AUTO_FREE char *path = xasprintf("%s/registry.db", r->directory);
    struct db_options options = {.path = path, .vfs = r->options.vfs};
    options.migrations = registry_migrations(&options.migration_count);
    if (db_open(&options, &r->db, err) < 0)
        return -1;
    for (int i = 0; i < REGISTRY_STATEMENT_COUNT; i++) {
        if (db_prepare(&r->db, statement_sql[i], &r->statements[i], err) < 0)
            return -1;
    }
    /* In place of the automatic checkpoint, whose errors nobody would see. */
    sqlite3_wal_hook(r->db.handle, note_wal_pages, r);
    return 0;
}

void registry_db_close(struct registry *r)
{
    for (int i = 0; i < REGISTRY_STATEMENT_COUNT; i++)
        sqlite3_finalize(r->statements[i]);
    db_close(&r->db);
}

/* ---- reading ---- */

/* The rows of one function while they are read. */
struct loading {
    struct registry *r;
    struct text name;
    struct row_list rows;
    bool is_damaged;
    struct arena arena;
};

static int check_row(const struct row *row, int64_t kind, struct error *err)
{
    AUTO_JSON struct json_object *json = NULL;
    if (kind < 0 || kind >= ROW_KIND_COUNT)
        return error_set(err, ERROR_INVALID, "its kind is %lld", (long long)kind);
    if (row->qualifier.len > QUALIFIER_MAX || row->json.len > ROW_MAX_BYTES)
        return error_set(err, ERROR_LIMIT, "it is too large");
    if (json_parse(row->json, &json, err) < 0)
        return -1;
    if (!json_object_is_type(json, json_type_object))
        return error_set(err, ERROR_INVALID, "it is %s, not an object", json_type_label(json));
    return 0;
}

/* A row that cannot be read stays where it is, and its function out of the catalog: it might have
 * been what forbids something. */
static void load_row(struct loading *l, sqlite3_stmt *stmt)
{
    int64_t kind = sqlite3_column_int64(stmt, 1);
    struct row row = {.kind = (enum row_kind)kind,
                      .qualifier = db_column_text(stmt, 2),
                      .json = db_column_text(stmt, 3)};
    struct error err = {0};
    if (check_row(&row, kind, &err) < 0) {
        LOG(LOG_LEVEL_ERROR, "a stored row of a function cannot be read",
            LOG_TEXT("function", l->name), LOG_I64("kind", kind),
            LOG_TEXT("qualifier", row.qualifier), LOG_ERROR_FIELD(&err));
        l->is_damaged = true;
        return;
    }
    row.qualifier = arena_text(&l->arena, row.qualifier);
    row.json = arena_text(&l->arena, row.json);
    row_list_put(&l->rows, row);
}

static void finish_function(struct loading *l)
{
    if (l->rows.count > 0 || l->is_damaged) {
        struct record_parts parts = {.name = l->name, .rows = &l->rows};
        record_list_put(&l->r->records, record_new_unusable(&parts, l->is_damaged));
    }
    row_list_release(&l->rows);
    arena_release(&l->arena);
    l->name = TEXT("");
    l->is_damaged = false;
}

int registry_db_load(struct registry *r, struct error *err)
{
    sqlite3_stmt *stmt = r->statements[REGISTRY_LOAD];
    struct loading l = {.r = r, .name = TEXT("")};
    int got;
    while ((got = db_step(&r->db, stmt, err)) == 1) {
        struct text name = db_column_text(stmt, 0);
        if (!text_equal(name, l.name)) {
            finish_function(&l);
            l.name = arena_text(&l.arena, name);
        }
        load_row(&l, stmt);
    }
    finish_function(&l);
    sqlite3_reset(stmt);
    return got;
}

/* ---- writing ---- */

static sqlite3_stmt *statement(struct registry *r, enum registry_statement id)
{
    sqlite3_reset(r->statements[id]);
    sqlite3_clear_bindings(r->statements[id]);
    return r->statements[id];
}

static int put_row(struct registry *r, struct text function, const struct row *row,
                   struct error *err)
{
    sqlite3_stmt *stmt = statement(r, REGISTRY_PUT);
    db_bind_text(stmt, 1, function);
    sqlite3_bind_int(stmt, 2, (int)row->kind);
    db_bind_text(stmt, 3, row->qualifier);
    db_bind_text(stmt, 4, row->json);
    return db_run(&r->db, stmt, err);
}

static int remove_row(struct registry *r, struct text function, const struct row *row,
                      struct error *err)
{
    sqlite3_stmt *stmt = statement(r, REGISTRY_REMOVE);
    db_bind_text(stmt, 1, function);
    sqlite3_bind_int(stmt, 2, (int)row->kind);
    db_bind_text(stmt, 3, row->qualifier);
    return db_run(&r->db, stmt, err);
}

static int remove_all(struct registry *r, struct text function, struct error *err)
{
    sqlite3_stmt *stmt = statement(r, REGISTRY_REMOVE_ALL);
    db_bind_text(stmt, 1, function);
    return db_run(&r->db, stmt, err);
}

static const struct row *counterpart(const struct function_record *r, const struct row *row)
{
    return r != NULL ? row_list_find(&r->rows, row->kind, row->qualifier) : NULL;
}

static bool is_same(const struct row *a, const struct row *b)
{
    return a != NULL && b != NULL && text_equal(a->json, b->json);
}

static int write_change(struct registry *r, const struct registry_change *c, struct error *err)
{
    const struct function_record *before = c->is_wiped ? NULL : c->before;
    struct text name = c->after != NULL ? c->after->name : c->before->name;
    if ((c->is_wiped || c->after == NULL) && remove_all(r, name, err) < 0)
        return -1;
    for (size_t i = 0; c->after != NULL && before != NULL && i < before->rows.count; i++) {
        const struct row *row = &before->rows.rows[i];
        if (counterpart(c->after, row) == NULL && remove_row(r, name, row, err) < 0)
            return -1;
    }
    for (size_t i = 0; c->after != NULL && i < c->after->rows.count; i++) {
        const struct row *row = &c->after->rows.rows[i];
        if (!is_same(counterpart(before, row), row) && put_row(r, name, row, err) < 0)
            return -1;
    }
    return 0;
}

static bool is_change(const struct registry_change *c)
{
    if (c->is_wiped || c->before == NULL || c->after == NULL)
        return c->before != NULL || c->after != NULL;
    if (c->before->rows.count != c->after->rows.count)
        return true;
    for (size_t i = 0; i < c->after->rows.count; i++) {
        if (!is_same(counterpart(c->before, &c->after->rows.rows[i]), &c->after->rows.rows[i]))
            return true;
    }
    return false;
}

static int write_changes(struct registry *r, const struct registry_change *changes, size_t count,
                         struct error *err)
{
    if (db_run(&r->db, statement(r, REGISTRY_BEGIN), err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (is_change(&changes[i]) && write_change(r, &changes[i], err) < 0)
            return -1;
    }
    return db_run(&r->db, statement(r, REGISTRY_COMMIT), err);
}

/*
 * A failed write or sync is never tried again: the kernel may have dropped the pages. For the same
 * reason closing must not copy the log into the database.
 */
static void fail(struct registry *r, const struct error *err)
{
    pthread_mutex_lock(&r->lock);
    r->failed = true;
    r->fatal = *err;
    pthread_mutex_unlock(&r->lock);
    sqlite3_db_config(r->db.handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    LOG(LOG_LEVEL_ERROR, "the registry cannot write any more", LOG_ERROR_FIELD(err));
    if (r->started && r->options.on_fatal != NULL)
        r->options.on_fatal(r->options.on_fatal_ctx, err);
}

int registry_db_write(struct registry *r, const struct registry_change *changes, size_t count,
                      struct error *err)
{
    size_t different = 0;
    for (size_t i = 0; i < count; i++)
        different += is_change(&changes[i]);
    if (r->failed) { /* only this thread sets it */
        *err = r->fatal;
        return -1;
    }
    if (different == 0 || write_changes(r, changes, count, err) == 0)
        return 0;
    fail(r, err);
    err->uncertain = true; /* it may be there after a restart */
    return -1;
}

void registry_db_checkpoint(struct registry *r)
{
    struct error err = {0};
    if (r->failed || r->wal_pages < CHECKPOINT_PAGES)
        return;
    r->wal_pages = 0;
    if (db_checkpoint(&r->db, &err) < 0)
        fail(r, &err);
}
