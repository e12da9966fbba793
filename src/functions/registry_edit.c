/*
 * An edit: the rows of one function, changed in memory until they are committed as a whole.
 */
#include "registry_private.h"

#include <stdlib.h>

#include "onput/memory.h"

struct registry_edit {
    struct registry *registry;
    struct text name;
    struct function_record *before; /* NULL: a new function */
    struct row_list rows;           /* texts of `before` or of the arena */
    bool is_wiped;
    struct arena arena;
};

struct registry_edit *registry_edit_begin(struct registry *r, struct text name)
{
    struct registry_edit *edit = xcalloc(1, sizeof(*edit));
    struct function_record *before = record_list_find(&r->records, name);
    edit->registry = r;
    edit->name = arena_text(&edit->arena, name);
    if (before != NULL) {
        edit->before = record_ref(before);
        row_list_copy(&edit->rows, &before->rows);
    }
    return edit;
}

void registry_edit_abandon(struct registry_edit *edit)
{
    if (edit == NULL)
        return;
    record_unref(edit->before);
    row_list_release(&edit->rows);
    arena_release(&edit->arena);
    free(edit);
}

bool registry_edit_exists(const struct registry_edit *edit)
{
    return registry_edit_row(edit, ROW_FUNCTION, TEXT("$LATEST")) != NULL;
}

const struct row *registry_edit_row(const struct registry_edit *edit, enum row_kind kind,
                                    struct text qualifier)
{
    return row_list_find(&edit->rows, kind, qualifier);
}

size_t registry_edit_rows(const struct registry_edit *edit, enum row_kind kind,
                          const struct row **out)
{
    return row_list_kind(&edit->rows, kind, out);
}

void registry_edit_put(struct registry_edit *edit, enum row_kind kind, struct text qualifier,
                       struct text json)
{
    struct row row = {.kind = kind,
                      .qualifier = arena_text(&edit->arena, qualifier),
                      .json = arena_text(&edit->arena, json)};
    row_list_put(&edit->rows, row);
}

void registry_edit_remove(struct registry_edit *edit, enum row_kind kind, struct text qualifier)
{
    row_list_remove(&edit->rows, kind, qualifier);
}

void registry_edit_remove_all(struct registry_edit *edit)
{
    row_list_release(&edit->rows);
    edit->is_wiped = true;
}

/* Rows that could not be read are beyond mending: they go with the whole function or stay. */
static int check_damage(struct registry_edit *edit, struct error *err)
{
    if (edit->before == NULL || !edit->before->is_damaged || edit->is_wiped)
        return 0;
    if (row_list_find(&edit->before->rows, ROW_FUNCTION, TEXT("$LATEST")) == NULL) {
        edit->is_wiped = true; /* nothing of it can be seen, so nobody can delete it */
        return 0;
    }
    return error_set(err, ERROR_INVALID,
                     "What is stored of function %.*s cannot be read completely. Delete it first.",
                     TEXT_ARGS(edit->name));
}

static int check_count(const struct registry_edit *edit, struct error *err)
{
    if (edit->before == NULL && edit->registry->records.count >= CATALOG_MAX_RECORDS)
        return error_set(err, ERROR_LIMIT, "There are %d functions already.", CATALOG_MAX_RECORDS);
    return 0;
}

/* *out is NULL when the function is deleted. */
static int make_record(struct registry_edit *edit, struct function_record **out, struct error *err)
{
    struct record_parts parts = {
        .name = edit->name,
        .rows = &edit->rows,
        .old = edit->before != NULL ? &edit->before->rows : NULL,
        .previous = edit->before,
    };
    *out = NULL;
    if (check_damage(edit, err) < 0)
        return -1;
    if (edit->rows.count == 0)
        return 0;
    if (check_count(edit, err) < 0)
        return -1;
    return record_new(edit->registry->base, &parts, out, err);
}

static void publish(struct registry_edit *edit, struct function_record *after)
{
    struct registry *r = edit->registry;
    struct record_list records;
    record_list_copy(&records, &r->records);
    if (after != NULL)
        record_list_put(&records, record_ref(after));
    else
        record_list_remove(&records, edit->name);
    registry_publish(r, base_ref(r->base), &records);
}

int registry_edit_commit(struct registry_edit *edit, struct error *err)
{
    struct function_record *after = NULL;
    /* An edit lives within one job, or it would undo what came between. */
    BUG_ON(record_list_find(&edit->registry->records, edit->name) != edit->before);
    int result = make_record(edit, &after, err);
    if (result == 0) {
        struct registry_change change = {edit->before, after, edit->is_wiped};
        result = registry_db_write(edit->registry, &change, 1, err);
    }
    if (result == 0)
        publish(edit, after);
    record_unref(after);
    registry_edit_abandon(edit);
    return result;
}
