/*
 * What the configuration declares, as rows: put over what is there already. Where both speak of the
 * same thing the configuration wins, and a log line says so; what only the API speaks of stays.
 *
 * Private members remember what is the configuration's: "_Declared": true in ROW_FUNCTION and
 * ROW_CONCURRENCY, a list of statement ids in ROW_POLICY.
 */
#include "functions_private.h"

#include <stdio.h>
#include <string.h>

#include "onput/encoding.h"
#include "onput/log.h"
#include "onput/memory.h"

struct declaration {
    const struct base *base;
    const struct config_function *f;
    struct text name;
    struct row_list *rows;
    struct arena *arena;
};

static void put_row(const struct declaration *d, enum row_kind kind, struct text qualifier,
                    struct json_object *json)
{
    int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
    struct row row = {
        .kind = kind,
        .qualifier = qualifier,
        .json = text_of(arena_strdup(d->arena, json_object_to_json_string_ext(json, flags))),
    };
    row_list_put(d->rows, row);
}

/* The row as a tree, or NULL. The caller releases it. */
static struct json_object *parse_row(const struct row *row)
{
    struct json_object *json = NULL;
    struct error ignored = {0};
    if (row == NULL || json_parse(row->json, &json, &ignored) < 0)
        return NULL;
    if (json_object_is_type(json, json_type_object))
        return json;
    json_object_put(json);
    return NULL;
}

static void log_replaced(const struct declaration *d, const char *what, const char *detail)
{
    LOG(LOG_LEVEL_INFO, "the configuration replaces what was stored of a function",
        LOG_TEXT("function", d->name), LOG_STRING("what", what), LOG_STRING("which", detail));
}

/* ---- the function itself ---- */

static void add_variable(struct json_object *variables, const char *name, const char *value)
{
    if (value != NULL)
        json_object_object_add(variables, name, json_object_new_string(value));
}

static struct json_object *environment_of(const struct config_function *f)
{
    AUTO_BUFFER struct buffer renditions;
    buffer_init(&renditions, ROW_MAX_BYTES);
    struct json_object *variables = json_object_new_object();
    struct json_object *environment = json_object_new_object();
    add_variable(variables, "OUTPUT_BUCKET", f->output_bucket);
    add_variable(variables, "OUTPUT_STORE", f->output_store);
    add_variable(variables, "OUTPUT_KEY", f->output_key);
    add_variable(variables, "OUTPUT_CACHE_CONTROL", f->cache_control);
    if (f->rendition_count > 0) {
        config_write_renditions(f, &renditions);
        add_variable(variables, "RENDITIONS", renditions.data);
    }
    json_object_object_add(environment, "Variables", variables);
    return environment;
}

/* The members of CreateFunction that the configuration knows. */
static struct json_object *members_of(const struct declaration *d)
{
    const struct config_function *f = d->f;
    AUTO_FREE char *role = xasprintf("arn:aws:iam::%.*s:role/%s", TEXT_ARGS(d->base->account),
                                     f->role != NULL ? f->role : FUNCTION_IMPLIED_ROLE);
    struct json_object *given = json_object_new_object();
    json_object_object_add(given, "Role", json_object_new_string(role));
    json_object_object_add(given, "Timeout", json_object_new_int64((f->timeout_ms + 999) / 1000));
    if (f->builtin == NULL) {
        custom_row_members(f, given);
        return given;
    }
    json_object_object_add(given, "Runtime", json_object_new_string(FUNCTION_RUNTIME));
    json_object_object_add(given, "Handler", json_object_new_string(f->builtin));
    json_object_object_add(given, "Environment", environment_of(f));
    return given;
}

static bool is_stamp(const char *key)
{
    return strcmp(key, "RevisionId") == 0 || strcmp(key, "LastModified") == 0;
}

/* Names of the members in which `after` is another one than `before`. */
static void list_changes(struct json_object *before, struct json_object *after, struct buffer *out)
{
    json_object_object_foreach(after, key, value)
    {
        struct json_object *old = NULL;
        json_object_object_get_ex(before, key, &old);
        if (!is_stamp(key) && !json_object_equal(old, value))
            buffer_appendf(out, "%s%s", out->len > 0 ? " " : "", key);
    }
    json_object_object_foreach(before, gone, was)
    {
        (void)was;
        if (!json_object_object_get_ex(after, gone, NULL))
            buffer_appendf(out, "%s%s", out->len > 0 ? " " : "", gone);
    }
}

/* The stored row with what the configuration says; what only the API speaks of stays. */
static struct json_object *merge(const struct declaration *d, struct json_object *stored,
                                 struct json_object *given, struct json_object *fresh)
{
    static const char *const places[] = {"FunctionArn", "CodeSize", "RuntimeVersionConfig",
                                         "_Declared"};
    struct json_object *after = NULL;
    BUG_ON(json_object_deep_copy(stored, &after, NULL) != 0);
    function_row_update(after, given, clock_wall_ms(d->base->clock));
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        json_object_object_add(after, places[i], json_object_get(json_at(fresh, places[i])));
    custom_row_mark(d->f, after);
    function_row_put_hash(after);
    return after;
}

static void put_function(const struct declaration *d)
{
    AUTO_JSON struct json_object *stored =
        parse_row(row_list_find(d->rows, ROW_FUNCTION, TEXT("$LATEST")));
    AUTO_JSON struct json_object *given = members_of(d);
    struct function_place place = {d->name, d->base->region, d->base->account,
                                   clock_wall_ms(d->base->clock)};
    AUTO_JSON struct json_object *fresh = function_row_new(given, &place);
    json_object_object_add(fresh, "_Declared", json_object_new_boolean(true));
    custom_row_mark(d->f, fresh);
    function_row_put_hash(fresh);
    if (stored == NULL) {
        put_row(d, ROW_FUNCTION, TEXT("$LATEST"), fresh);
        return;
    }
    AUTO_JSON struct json_object *after = merge(d, stored, given, fresh);
    AUTO_BUFFER struct buffer changes;
    buffer_init(&changes, 1024);
    list_changes(stored, after, &changes);
    if (changes.len == 0)
        return;
    log_replaced(d, "settings", changes.data);
    put_row(d, ROW_FUNCTION, TEXT("$LATEST"), after);
}

bool declared_is(const struct row_list *rows)
{
    AUTO_JSON struct json_object *json =
        parse_row(row_list_find(rows, ROW_FUNCTION, TEXT("$LATEST")));
    return json != NULL && json_object_get_boolean(json_at(json, "_Declared"));
}

/* ---- its permissions ---- */

static int append_short_form(const struct declaration *d, size_t index, const char *sid,
                             struct json_object *statements, struct error *err)
{
    const struct config_permission *p = &d->f->permissions[index];
    AUTO_FREE char *arn =
        xasprintf("arn:aws:lambda:%.*s:%.*s:function:%s", TEXT_ARGS(d->base->region),
                  TEXT_ARGS(d->base->account), d->f->name);
    AUTO_BUFFER struct buffer text;
    buffer_init(&text, POLICY_MAX_BYTES);
    struct policy_permission permission = {
        .statement_id = text_of(sid),
        .action = text_of(p->action),
        .principal = text_of(p->principal),
        .source_arn = text_of(p->source_arn),
        .source_account = text_of(p->source_account),
        .event_source_token = TEXT(""),
        .principal_org_id = TEXT(""),
        .function_url_auth_type = TEXT(""),
        .resource = text_of(arn),
    };
    struct json_object *statement = NULL;
    if (policy_write_permission(&permission, &text, err) < 0 ||
        json_parse(buffer_text(&text), &statement, err) < 0)
        return -1;
    json_object_array_add(statements, statement);
    return 0;
}

/* A whole statement; one without an id gets one, so that the API can speak of it. */
static int append_whole(const char *json, const char *sid, struct json_object *statements,
                        struct error *err)
{
    struct json_object *statement = NULL;
    if (json_parse(text_of(json), &statement, err) < 0)
        return -1;
    if (!json_object_is_type(statement, json_type_object) || json_at(statement, "Sid") != NULL) {
        json_object_array_add(statements, statement);
        return 0;
    }
    struct json_object *named = json_object_new_object();
    json_object_object_add(named, "Sid", json_object_new_string(sid));
    json_object_object_foreach(statement, key, value)
        json_object_object_add(named, key, json_object_get(value));
    json_object_put(statement);
    json_object_array_add(statements, named);
    return 0;
}

static int append_statement(const struct declaration *d, size_t index,
                            struct json_object *statements, struct error *err)
{
    const struct config_permission *p = &d->f->permissions[index];
    AUTO_FREE char *numbered = xasprintf("permission-%zu", index + 1);
    const char *sid = p->statement_id != NULL ? p->statement_id : numbered;
    int result = p->statement_json != NULL ? append_whole(p->statement_json, sid, statements, err)
                                           : append_short_form(d, index, sid, statements, err);
    return result < 0 ? error_prefix(err, "permissions[%zu]", index) : 0;
}

/* The statement of that id, or NULL. */
static struct json_object *find_statement(struct json_object *statements, struct text sid)
{
    size_t count =
        json_object_is_type(statements, json_type_array) ? json_object_array_length(statements) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *statement = json_object_array_get_idx(statements, i);
        if (json_object_is_type(statement, json_type_object) &&
            text_equal(json_text(json_at(statement, "Sid")), sid))
            return statement;
    }
    return NULL;
}

static bool lists(struct json_object *names, struct text name)
{
    size_t count =
        json_object_is_type(names, json_type_array) ? json_object_array_length(names) : 0;
    for (size_t i = 0; i < count; i++) {
        if (text_equal(json_text(json_object_array_get_idx(names, i)), name))
            return true;
    }
    return false;
}

/* Appends the stored statements that are the API's own. */
static void keep_added(const struct declaration *d, struct json_object *stored,
                       struct json_object *statements)
{
    struct json_object *before = json_at(stored, "Statement"), *own = json_at(stored, "_Declared");
    size_t count =
        json_object_is_type(before, json_type_array) ? json_object_array_length(before) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *statement = json_object_array_get_idx(before, i);
        struct text sid = json_object_is_type(statement, json_type_object)
                              ? json_text(json_at(statement, "Sid"))
                              : TEXT("");
        struct json_object *same = find_statement(statements, sid);
        AUTO_FREE char *shown = xmemdup_text(sid);
        if (same != NULL) {
            if (!json_object_equal(same, statement))
                log_replaced(d, "permission", shown);
        } else if (lists(own, sid)) {
            log_replaced(d, "permission that is declared no more", shown);
        } else {
            json_object_array_add(statements, json_object_get(statement));
        }
    }
}

static void log_restored(const struct declaration *d, struct json_object *stored,
                         struct json_object *declared)
{
    struct json_object *own = json_at(stored, "_Declared");
    for (size_t i = 0; i < json_object_array_length(declared); i++) {
        struct text sid = json_text(json_object_array_get_idx(declared, i));
        AUTO_FREE char *shown = xmemdup_text(sid);
        if (lists(own, sid) && find_statement(json_at(stored, "Statement"), sid) == NULL)
            log_replaced(d, "permission that was removed", shown);
    }
}

static struct json_object *sids_of(struct json_object *statements)
{
    struct json_object *sids = json_object_new_array();
    for (size_t i = 0; i < json_object_array_length(statements); i++) {
        struct json_object *sid = json_at(json_object_array_get_idx(statements, i), "Sid");
        json_object_array_add(sids, json_object_get(sid));
    }
    return sids;
}

static int put_policy(const struct declaration *d, struct error *err)
{
    AUTO_JSON struct json_object *stored = parse_row(row_list_find(d->rows, ROW_POLICY, TEXT("")));
    AUTO_JSON struct json_object *after = json_object_new_object();
    struct json_object *statements = json_object_new_array();
    char uuid[UUID_TEXT_BYTES];
    json_object_object_add(after, "RevisionId", json_object_new_string(uuid_v4(uuid)));
    json_object_object_add(after, "Statement", statements);
    for (size_t i = 0; i < d->f->permission_count; i++) {
        if (append_statement(d, i, statements, err) < 0)
            return -1;
    }
    struct json_object *sids = sids_of(statements);
    json_object_object_add(after, "_Declared", sids);
    if (stored != NULL) {
        log_restored(d, stored, sids);
        keep_added(d, stored, statements);
    }
    if (json_object_array_length(statements) == 0) {
        row_list_remove(d->rows, ROW_POLICY, TEXT(""));
        return 0;
    }
    bool is_same = stored != NULL && json_object_equal(json_at(stored, "Statement"), statements) &&
                   json_object_equal(json_at(stored, "_Declared"), sids);
    if (!is_same)
        put_row(d, ROW_POLICY, TEXT(""), after);
    return 0;
}

/* ---- its concurrency ---- */

static void put_concurrency(const struct declaration *d)
{
    AUTO_JSON struct json_object *stored =
        parse_row(row_list_find(d->rows, ROW_CONCURRENCY, TEXT("")));
    bool was_declared = stored != NULL && json_object_get_boolean(json_at(stored, "_Declared"));
    AUTO_JSON struct json_object *after = json_object_new_object();
    if (d->f->concurrency == 0) {
        if (was_declared)
            row_list_remove(d->rows, ROW_CONCURRENCY, TEXT(""));
        return;
    }
    json_object_object_add(after, "ReservedConcurrentExecutions",
                           json_object_new_int64(d->f->concurrency));
    json_object_object_add(after, "_Declared", json_object_new_boolean(true));
    if (stored != NULL && json_object_equal(stored, after))
        return;
    if (stored != NULL)
        log_replaced(d, "concurrency", json_object_to_json_string(stored));
    put_row(d, ROW_CONCURRENCY, TEXT(""), after);
}

int declared_put(const struct base *base, const struct config_function *f, struct row_list *rows,
                 struct arena *arena, struct error *err)
{
    struct declaration d = {base, f, text_of(f->name), rows, arena};
    put_function(&d);
    put_concurrency(&d);
    return put_policy(&d, err);
}
