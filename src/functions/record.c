/*
 * A record: the rows of one function and what they resolve to.
 *
 * $LATEST and the policies must resolve. A version or an alias that stood like that before may
 * fail: its role or its store left the configuration. It is left out, and its rows stay.
 */
#include "functions_private.h"

#include <ctype.h>
#include <stdlib.h>

#include "onput/log.h"
#include "onput/memory.h"

static struct function_record *create(struct text name, const struct row_list *rows)
{
    struct function_record *r = xcalloc(1, sizeof(*r));
    atomic_init(&r->references, 1);
    r->name = arena_text(&r->arena, name);
    r->reserved = -1;
    row_list_copy(&r->rows, rows);
    for (size_t i = 0; i < r->rows.count; i++) {
        r->rows.rows[i].qualifier = arena_text(&r->arena, rows->rows[i].qualifier);
        r->rows.rows[i].json = arena_text(&r->arena, rows->rows[i].json);
    }
    return r;
}

static bool is_old(const struct row_list *old, const struct row *row)
{
    const struct row *before = old != NULL ? row_list_find(old, row->kind, row->qualifier) : NULL;
    return before != NULL && text_equal(before->json, row->json);
}

bool record_tolerates(const struct function_record *r, const struct row_list *old,
                      const struct row *row, const struct error *err)
{
    if (!is_old(old, row))
        return false;
    LOG(LOG_LEVEL_WARN,
        row->kind == ROW_ALIAS ? "an alias cannot be used" : "a version cannot be used",
        LOG_TEXT("function", r->name), LOG_TEXT("qualifier", row->qualifier), LOG_ERROR_FIELD(err));
    return true;
}

static bool is_name(struct text name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c >= 0x80 || (!isalnum(c) && c != '-' && c != '_'))
            return false;
    }
    return name.len >= 1 && name.len <= FUNCTION_NAME_MAX;
}

static int check_rows(const struct function_record *r, struct error *err)
{
    if (!is_name(r->name))
        return error_set(err, ERROR_INVALID,
                         "A function's name has 1 to %d letters, digits, - and _.",
                         FUNCTION_NAME_MAX);
    if (r->rows.count > RECORD_MAX_ROWS)
        return error_set(err, ERROR_LIMIT,
                         "a function may have %d versions, aliases and policies together",
                         RECORD_MAX_ROWS);
    for (size_t i = 0; i < r->rows.count; i++) {
        if (r->rows.rows[i].json.len > ROW_MAX_BYTES)
            return error_set(err, ERROR_LIMIT, "a resource of the function is larger than %d bytes",
                             ROW_MAX_BYTES);
    }
    if (row_list_find(&r->rows, ROW_FUNCTION, TEXT("$LATEST")) == NULL)
        return error_set(err, ERROR_INVALID, "the function has no $LATEST version");
    return 0;
}

static bool is_version(struct text qualifier)
{
    uint64_t number;
    struct error ignored = {0};
    return text_is(qualifier, "$LATEST") ||
           (qualifier.len > 0 && qualifier.ptr[0] != '0' &&
            text_to_u64(qualifier, INT64_MAX, "version", &number, &ignored) == 0);
}

static int build_function(struct function_record *r, const struct row *row, struct function *f,
                          struct error *err)
{
    AUTO_JSON struct json_object *json = NULL;
    struct config_function *config = ARENA_NEW(&r->arena, struct config_function);
    struct text role;
    if (!is_version(row->qualifier))
        return error_set(err, ERROR_INVALID, "\"%.*s\" is no version", TEXT_ARGS(row->qualifier));
    if (json_parse(row->json, &json, err) < 0 ||
        settings_read(r->base, r->name, json, &r->arena, config, err) < 0 ||
        json_get_text(json, "Role", &role, err) < 0)
        return -1;
    config->concurrency = r->reserved > 0 ? r->reserved : 0;
    f->record = r;
    f->config = config;
    f->name = r->name;
    f->version = row->qualifier;
    f->policy = r->unqualified;
    f->policy_json = r->unqualified_json;
    f->revision = revision_make(config, role, &r->arena);
    f->arn = text_of(arena_printf(&r->arena, "arn:aws:lambda:%.*s:%.*s:function:%.*s",
                                  TEXT_ARGS(r->base->region), TEXT_ARGS(r->base->account),
                                  TEXT_ARGS(r->name)));
    return loop_guard_check(r->base->config, config, err) < 0 ? -1 : role_build(r, f, role, err);
}

static void release_function(const struct function_record *r, struct function *f)
{
    for (size_t s = 0; f->credentials != NULL && s < r->base->config->store_count; s++)
        credentials_free(f->credentials[s]);
    policy_free(f->role_policy);
    *f = (struct function){0};
}

static int build_functions(struct function_record *r, const struct row_list *old, struct error *err)
{
    const struct row *rows;
    size_t count = row_list_kind(&r->rows, ROW_FUNCTION, &rows);
    r->functions = ARENA_ARRAY(&r->arena, struct function, count);
    for (size_t i = 0; i < count; i++) {
        struct function *f = &r->functions[r->function_count];
        if (build_function(r, &rows[i], f, err) == 0) {
            r->function_count++;
            continue;
        }
        release_function(r, f);
        if (i == 0 || !record_tolerates(r, old, &rows[i], err))
            return -1;
        error_clear(err);
    }
    return 0;
}

static int read_concurrency(struct function_record *r, struct error *err)
{
    const struct row *row = row_list_find(&r->rows, ROW_CONCURRENCY, TEXT(""));
    AUTO_JSON struct json_object *json = NULL;
    int64_t reserved;
    if (row == NULL)
        return 0;
    if (json_parse(row->json, &json, err) < 0 ||
        json_get_i64(json, "ReservedConcurrentExecutions", &reserved, err) < 0)
        return -1;
    if (reserved < 0)
        return error_set(err, ERROR_INVALID, "ReservedConcurrentExecutions is negative");
    r->reserved = reserved;
    return 0;
}

static int build(struct function_record *r, const struct row_list *old, struct error *err)
{
    if (check_rows(r, err) < 0 || read_concurrency(r, err) < 0 || permissions_build(r, err) < 0 ||
        build_functions(r, old, err) < 0)
        return -1;
    return aliases_build(r, old, err);
}

int record_new(struct base *base, const struct record_parts *parts, struct function_record **out,
               struct error *err)
{
    const struct function_record *previous = parts->previous;
    struct function_record *r = create(parts->name, parts->rows);
    r->base = base_ref(base);
    r->is_usable = true;
    r->slots =
        previous != NULL && previous->slots != NULL ? slots_ref(previous->slots) : slots_new();
    if (build(r, parts->old, err) < 0) {
        record_unref(r);
        return -1;
    }
    *out = r;
    return 0;
}

struct function_record *record_new_unusable(const struct record_parts *parts, bool is_damaged)
{
    const struct function_record *previous = parts->previous;
    struct function_record *r = create(parts->name, parts->rows);
    r->is_damaged = is_damaged;
    if (previous != NULL && previous->slots != NULL)
        r->slots = slots_ref(previous->slots);
    return r;
}

struct function_record *record_ref(struct function_record *r)
{
    atomic_fetch_add_explicit(&r->references, 1, memory_order_relaxed);
    return r;
}

static void destroy(struct function_record *r)
{
    for (size_t i = 0; i < r->function_count; i++)
        release_function(r, &r->functions[i]);
    for (size_t i = 0; i < r->policy_count; i++)
        policy_free(r->policies[i].policy);
    policy_free(r->no_policy);
    slots_unref(r->slots);
    row_list_release(&r->rows);
    base_unref(r->base);
    arena_release(&r->arena);
    free(r);
}

void record_unref(struct function_record *r)
{
    if (r != NULL && atomic_fetch_sub_explicit(&r->references, 1, memory_order_acq_rel) == 1)
        destroy(r);
}

struct text record_name(const struct function_record *r)
{
    return r->name;
}

const struct row *record_row(const struct function_record *r, enum row_kind kind,
                             struct text qualifier)
{
    return row_list_find(&r->rows, kind, qualifier);
}

size_t record_rows(const struct function_record *r, enum row_kind kind, const struct row **out)
{
    return row_list_kind(&r->rows, kind, out);
}

const struct policy *record_policy(const struct function_record *r, struct text qualifier)
{
    if (text_is(qualifier, "$LATEST"))
        qualifier = TEXT("");
    for (size_t i = 0; i < r->policy_count; i++) {
        if (text_equal(r->policies[i].qualifier, qualifier))
            return r->policies[i].policy;
    }
    return NULL;
}
