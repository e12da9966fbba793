/*
 * The role of a function that names none: it may read what can trigger it and write its output, no
 * more.
 */
#include "functions_private.h"

#include <stdlib.h>
#include <string.h>

#include "onput/json.h"
#include "onput/memory.h"

/* ARNs of buckets, each once; they may be patterns. */
struct sources {
    struct text *arns;
    size_t count;
    struct arena *arena;
};

static void add_source(struct sources *s, struct text arn)
{
    for (size_t i = 0; i < s->count; i++) {
        if (text_equal(s->arns[i], arn))
            return;
    }
    s->arns = xrealloc_array(s->arns, s->count + 1, sizeof(*s->arns));
    s->arns[s->count++] = arena_text(s->arena, arn);
}

static void add_every_bucket(struct sources *s)
{
    add_source(s, TEXT("arn:aws:s3:::*"));
}

static void add_notified(struct sources *s, const struct config *config,
                         const struct config_function *f)
{
    for (size_t i = 0; i < config->store_count; i++) {
        for (size_t n = 0; n < config->stores[i].notification_count; n++) {
            const struct config_notification *row = &config->stores[i].notifications[n];
            if (strcmp(row->function, f->name) == 0)
                add_source(s, text_of(arena_printf(s->arena, "arn:aws:s3:::%s", row->bucket)));
        }
    }
}

static bool restricts_source(struct text operator)
{
    static const char *const operators[] = {"ArnLike", "ArnEquals", "StringLike", "StringEquals"};
    for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
        if (text_equal_nocase(operator, text_of(operators[i])))
            return true;
    }
    return false;
}

static void add_values(struct sources *s, struct json_object *value)
{
    size_t count =
        json_object_is_type(value, json_type_array) ? json_object_array_length(value) : 0;
    if (count == 0)
        add_source(s, json_text(value));
    for (size_t i = 0; i < count; i++)
        add_source(s, json_text(json_object_array_get_idx(value, i)));
}

/* True when the keys of one operator say which buckets. */
static bool add_restriction(struct sources *s, struct json_object *keys)
{
    bool restricted = false;
    json_object_object_foreach(keys, key, value)
    {
        if (!text_equal_nocase(text_of(key), TEXT("aws:SourceArn")))
            continue;
        add_values(s, value);
        restricted = true;
    }
    return restricted;
}

static bool add_condition(struct sources *s, struct json_object *condition)
{
    bool restricted = false;
    if (condition == NULL)
        return false;
    json_object_object_foreach(condition, operator, keys)
    {
        if (restricts_source(text_of(operator)))
            restricted |= add_restriction(s, keys);
    }
    return restricted;
}

static bool names_anybody(struct json_object *principals)
{
    if (!json_object_is_type(principals, json_type_array))
        return text_is(json_text(principals), "*");
    for (size_t i = 0; i < json_object_array_length(principals); i++) {
        if (text_is(json_text(json_object_array_get_idx(principals, i)), "*"))
            return true;
    }
    return false;
}

/* NULL: NotAction, which lets nearly everything. */
static bool lets_invoke(struct json_object *actions)
{
    static const struct text invoke = TEXT_INIT("lambda:InvokeFunction");
    if (!json_object_is_type(actions, json_type_array))
        return actions == NULL || policy_glob_nocase(json_text(actions), invoke);
    for (size_t i = 0; i < json_object_array_length(actions); i++) {
        if (policy_glob_nocase(json_text(json_object_array_get_idx(actions, i)), invoke))
            return true;
    }
    return false;
}

/* Does the statement speak of callers that could be an object store? Others trigger nothing. */
static bool is_for_stores(struct json_object *statement)
{
    struct json_object *principal = json_at(statement, "Principal");
    struct json_object *url = NULL, *condition = json_at(statement, "Condition");
    if (condition != NULL)
        url = json_at(condition, "Bool.lambda:InvokedViaFunctionUrl");
    if (url != NULL || !text_is(json_text(json_at(statement, "Effect")), "Allow"))
        return false;
    return !json_object_is_type(principal, json_type_object) ||
           json_at(principal, "Service") != NULL || names_anybody(json_at(principal, "AWS"));
}

/* What its condition lets through, else every bucket. */
static void add_statement(struct sources *s, struct text json)
{
    AUTO_JSON struct json_object *statement = NULL;
    struct error ignored = {0};
    if (json_parse(json, &statement, &ignored) == 0 && is_for_stores(statement) &&
        lets_invoke(json_at(statement, "Action")) &&
        !add_condition(s, json_at(statement, "Condition")))
        add_every_bucket(s);
}

static void add_permitted(struct sources *s, const struct function_record *r)
{
    for (size_t i = 0; i < r->policy_count; i++) {
        const struct policy *policy = r->policies[i].policy;
        for (size_t n = 0; n < policy_statement_count(policy); n++)
            add_statement(s, policy_statement_json(policy, n));
    }
}

static void begin_statement(struct json_writer *w, const char *sid)
{
    json_object_begin(w);
    json_pair_string(w, "Sid", sid);
    json_pair_string(w, "Effect", "Allow");
    json_key(w, "Action");
}

static void put_sources(struct json_writer *w, const struct sources *s, const char *behind)
{
    json_key(w, "Resource");
    json_array_begin(w);
    for (size_t i = 0; i < s->count; i++) {
        AUTO_BUFFER struct buffer arn;
        buffer_init(&arn, POLICY_MAX_BYTES);
        buffer_append_text(&arn, s->arns[i]);
        buffer_append_string(&arn, behind);
        json_put_text(w, buffer_text(&arn));
    }
    json_array_finish(w);
    json_object_finish(w);
}

/* Without s3:ListBucket a store says 403 of an object that is gone, and nobody can tell. */
static void put_reading(struct json_writer *w, const struct sources *s)
{
    begin_statement(w, "ReadSources");
    json_put_string(w, "s3:GetObject");
    put_sources(w, s, "/*");
    begin_statement(w, "ListSources");
    json_put_string(w, "s3:ListBucket");
    put_sources(w, s, "");
}

static void put_writing(struct json_writer *w, const struct config_function *f)
{
    AUTO_FREE char *objects = xasprintf("arn:aws:s3:::%s/*", f->output_bucket);
    begin_statement(w, "WriteOutput");
    json_array_begin(w);
    json_put_string(w, "s3:PutObject");
    json_put_string(w, "s3:DeleteObject");
    json_array_finish(w);
    json_pair_string(w, "Resource", objects);
    json_object_finish(w);
}

void implied_role_write(const struct function_record *r, const struct config_function *f,
                        struct buffer *out)
{
    AUTO_ARENA struct arena arena;
    arena_init(&arena);
    struct sources s = {.arena = &arena};
    add_notified(&s, r->base->config, f);
    add_permitted(&s, r);
    struct json_writer w;
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_pair_string(&w, "Version", "2012-10-17");
    json_key(&w, "Statement");
    json_array_begin(&w);
    if (s.count > 0) {
        put_reading(&w, &s);
        if (f->output_bucket != NULL)
            put_writing(&w, f);
    }
    json_array_finish(&w);
    json_object_finish(&w);
    free(s.arns);
}
