/*
 * policy_parse.c - a policy document from JSON text to its immutable form.
 *
 * Strict on purpose: whatever this version does not understand is an error, because a statement
 * that is half understood could allow more than its author wrote. Grammar: IAM User Guide, "Grammar
 * of the IAM JSON policy language".
 */
#include "policy_private.h"

#include "onput/json.h"
#include "onput/memory.h"

/* ---- values ---- */

static int value_add(struct arena *arena, struct json_object *value, bool coerce, const char *what,
                     struct text *out, struct error *err)
{
    switch (json_object_get_type(value)) {
    case json_type_string:
        *out = arena_text(arena, json_text(value));
        return 0;
    case json_type_int:
        /* json-c holds a number beyond its range as the end of the range. */
        if (json_object_get_uint64(value) == UINT64_MAX ||
            json_object_get_int64(value) == INT64_MIN)
            return error_set(err, ERROR_LIMIT, "%s is a number too large to stand without quotes",
                             what);
        __attribute__((fallthrough));
    case json_type_boolean:
    case json_type_double:
        if (coerce) {
            *out = arena_text(arena, text_of(json_object_get_string(value)));
            return 0;
        }
        break;
    default:
        break;
    }
    return error_set(err, ERROR_INVALID, "%s must be a string or a list of strings, not %s", what,
                     json_type_label(value));
}

/* A string or a list of at least one; with `coerce` also numbers and booleans, as text. */
static int values_parse(struct arena *arena, struct json_object *value, bool coerce,
                        const char *what, const struct text **out, size_t *out_count,
                        struct error *err)
{
    bool is_list = json_object_is_type(value, json_type_array);
    size_t count = is_list ? json_object_array_length(value) : 1;
    if (count == 0)
        return error_set(err, ERROR_INVALID, "%s is an empty list", what);
    struct text *values = ARENA_ARRAY(arena, struct text, count);
    for (size_t i = 0; i < count; i++) {
        struct json_object *item = is_list ? json_object_array_get_idx(value, i) : value;
        if (value_add(arena, item, coerce, what, &values[i], err))
            return -1;
    }
    *out = values;
    *out_count = count;
    return 0;
}

/* ---- conditions ---- */

static int operands_parse(struct policy *policy, struct json_object *value, struct condition *c,
                          struct error *err)
{
    struct pattern_rules rules = {&policy->arena, policy->has_variables, c->op->has_wildcards};
    const struct text *values = NULL;
    size_t count = 0;
    if (values_parse(&policy->arena, value, true, "a condition value", &values, &count, err))
        return -1;
    struct operand *operands = ARENA_ARRAY(&policy->arena, struct operand, count);
    for (size_t i = 0; i < count; i++) {
        operands[i].source = values[i];
        if (c->op->load(&operands[i], &rules, err))
            return -1;
    }
    c->operands = operands;
    c->operand_count = count;
    return 0;
}

static int condition_parse(struct policy *policy, const char *name, const char *key,
                           struct json_object *value, struct condition *out, struct error *err)
{
    struct condition c = {.name = arena_text(&policy->arena, text_of(name)),
                          .key = arena_text(&policy->arena, text_of(key))};
    if (operator_find(c.name, &c, err))
        return -1;
    if (text_find(c.key, ':') == c.key.len)
        return error_set(err, ERROR_INVALID,
                         "condition %s: the key %s has no prefix such as \"aws:\"", name, key);
    if (operands_parse(policy, value, &c, err))
        return error_prefix(err, "condition %s %s", name, key);
    *out = c;
    return 0;
}

static int count_conditions(struct json_object *block, size_t *out, struct error *err)
{
    size_t count = 0;
    if (!json_object_is_type(block, json_type_object))
        return error_set(err, ERROR_INVALID, "Condition must be an object, not %s",
                         json_type_label(block));
    json_object_object_foreach(block, name, keys)
    {
        if (!json_object_is_type(keys, json_type_object) || json_object_object_length(keys) == 0)
            return error_set(err, ERROR_INVALID,
                             "condition %s must be an object with keys and their values", name);
        count += (size_t)json_object_object_length(keys);
    }
    *out = count;
    return 0;
}

static int conditions_parse(struct policy *policy, struct json_object *block, struct statement *out,
                            struct error *err)
{
    size_t count = 0, used = 0;
    if (count_conditions(block, &count, err))
        return -1;
    struct condition *conditions = ARENA_ARRAY(&policy->arena, struct condition, count + 1);
    json_object_object_foreach(block, name, keys)
    {
        json_object_object_foreach(keys, key, value)
        {
            if (condition_parse(policy, name, key, value, &conditions[used++], err))
                return -1;
        }
    }
    out->conditions = conditions;
    out->condition_count = count;
    return 0;
}

/* ---- principals ---- */

static int principals_add(struct policy *policy, const char *group, struct json_object *value,
                          struct principal *into, size_t *used, struct error *err)
{
    const struct text *names = NULL;
    size_t count = 0;
    if (values_parse(&policy->arena, value, false, group, &names, &count, err))
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (principal_parse(text_of(group), names[i], &into[(*used)++], err))
            return -1;
    }
    return 0;
}

static size_t count_principals(struct json_object *groups)
{
    size_t count = 0;
    json_object_object_foreach(groups, group, value)
    {
        (void)group;
        count += json_object_is_type(value, json_type_array) ? json_object_array_length(value) : 1;
    }
    return count;
}

static int principals_parse(struct policy *policy, struct json_object *value, struct statement *out,
                            struct error *err)
{
    size_t used = 0;
    bool is_object = json_object_is_type(value, json_type_object);
    size_t count = is_object ? count_principals(value) : 1;
    struct principal *principals = ARENA_ARRAY(&policy->arena, struct principal, count + 1);
    if (!is_object) {
        if (!text_is(json_text(value), "*"))
            return error_set(err, ERROR_INVALID,
                             "a principal must be \"*\" or an object such as "
                             "{\"Service\": \"s3.amazonaws.com\"}");
        if (principal_parse(TEXT("AWS"), TEXT("*"), &principals[used++], err))
            return -1;
    } else {
        json_object_object_foreach(value, group, names)
        {
            if (principals_add(policy, group, names, principals, &used, err))
                return -1;
        }
    }
    if (used == 0)
        return error_set(err, ERROR_INVALID, "the principal names nobody");
    out->principals = principals;
    out->principal_count = used;
    return 0;
}

/* ---- actions and resources ---- */

static bool is_action_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '*' ||
           c == '?' || c == '-' || c == '_';
}

static int action_check(struct text action, struct error *err)
{
    size_t colons = 0;
    bool is_good = action.len > 0;
    for (size_t i = 0; i < action.len; i++) {
        colons += action.ptr[i] == ':';
        is_good = is_good && (action.ptr[i] == ':' || is_action_byte(action.ptr[i]));
    }
    if (text_is(action, "*") || (is_good && colons == 1))
        return 0;
    return error_set(err, ERROR_INVALID, "%.*s is not an action such as lambda:InvokeFunction",
                     TEXT_ARGS(action));
}

static int resource_check(struct text resource, struct error *err)
{
    if (text_is(resource, "*") || text_starts_with(resource, TEXT("arn:")))
        return 0;
    return error_set(err, ERROR_INVALID, "the resource %.*s is neither * nor an ARN",
                     TEXT_ARGS(resource));
}

static int patterns_parse(struct policy *policy, struct json_object *value, bool are_actions,
                          const struct pattern **out, size_t *out_count, struct error *err)
{
    struct pattern_rules rules = {&policy->arena, policy->has_variables && !are_actions, true};
    const struct text *values = NULL;
    size_t count = 0;
    if (values_parse(&policy->arena, value, false, are_actions ? "an action" : "a resource",
                     &values, &count, err))
        return -1;
    struct pattern *patterns = ARENA_ARRAY(&policy->arena, struct pattern, count);
    for (size_t i = 0; i < count; i++) {
        if ((are_actions ? action_check(values[i], err) : resource_check(values[i], err)) ||
            pattern_parse(values[i], &rules, &patterns[i], err))
            return -1;
    }
    *out = patterns;
    *out_count = count;
    return 0;
}

/* ---- statements ---- */

/* The value of an element that may stand under either of two names; exactly one is wanted. */
static int either(struct json_object *statement, const char *plain, const char *negated,
                  struct json_object **out, bool *out_is_negated, struct error *err)
{
    struct json_object *a, *b;
    bool has_a = json_object_object_get_ex(statement, plain, &a);
    bool has_b = json_object_object_get_ex(statement, negated, &b);
    if (has_a == has_b)
        return error_set(err, ERROR_INVALID,
                         has_a ? "%s and %s exclude each other" : "%s or %s is missing", plain,
                         negated);
    *out = has_a ? a : b;
    *out_is_negated = has_b;
    return 0;
}

static int check_elements(struct json_object *object, const char *const *known, const char *where,
                          struct error *err)
{
    json_object_object_foreach(object, name, value)
    {
        (void)value;
        size_t i = 0;
        while (known[i] && strcmp(known[i], name) != 0)
            i++;
        if (!known[i])
            return error_set(err, ERROR_INVALID, "%s is not an element of a %s", name, where);
    }
    return 0;
}

static int effect_parse(struct json_object *json, struct statement *out, struct error *err)
{
    struct text effect;
    if (json_get_text(json, "Effect", &effect, err))
        return -1;
    out->is_deny = text_is(effect, "Deny");
    if (!out->is_deny && !text_is(effect, "Allow"))
        return error_set(err, ERROR_INVALID, "Effect must be Allow or Deny, not %.*s",
                         TEXT_ARGS(effect));
    return 0;
}

static int who_parse(struct policy *policy, struct json_object *json, struct statement *out,
                     struct error *err)
{
    struct json_object *value;
    if (policy->kind == POLICY_RESOURCE)
        return either(json, "Principal", "NotPrincipal", &value, &out->not_principal, err) ||
                       principals_parse(policy, value, out, err)
                   ? -1
                   : 0;
    if (json_object_object_get_ex(json, "Principal", &value) ||
        json_object_object_get_ex(json, "NotPrincipal", &value))
        return error_set(err, ERROR_INVALID,
                         "an identity policy belongs to its role and names no principal");
    return 0;
}

static int what_parse(struct policy *policy, struct json_object *json, struct statement *out,
                      struct error *err)
{
    struct json_object *value;
    if (either(json, "Action", "NotAction", &value, &out->not_action, err) ||
        patterns_parse(policy, value, true, &out->actions, &out->action_count, err) ||
        either(json, "Resource", "NotResource", &value, &out->not_resource, err) ||
        patterns_parse(policy, value, false, &out->resources, &out->resource_count, err))
        return -1;
    if (!json_object_object_get_ex(json, "Condition", &value))
        return 0;
    return conditions_parse(policy, value, out, err);
}

static int statement_parse(struct policy *policy, struct json_object *json, struct statement *out,
                           struct error *err)
{
    static const char *const elements[] = {"Sid",       "Effect",    "Principal", "NotPrincipal",
                                           "Action",    "NotAction", "Resource",  "NotResource",
                                           "Condition", NULL};
    if (!json_object_is_type(json, json_type_object))
        return error_set(err, ERROR_INVALID, "a statement must be an object, not %s",
                         json_type_label(json));
    if (json_find_text(json, "Sid", TEXT(""), &out->sid, err))
        return -1;
    out->sid = arena_text(&policy->arena, out->sid);
    out->json = arena_text(&policy->arena,
                           text_of(json_object_to_json_string_ext(
                               json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)));
    return check_elements(json, elements, "statement", err) || effect_parse(json, out, err) ||
                   who_parse(policy, json, out, err) || what_parse(policy, json, out, err)
               ? -1
               : 0;
}

static int sid_check(const struct policy *policy, size_t index, struct error *err)
{
    struct text sid = policy->statements[index].sid;
    for (size_t i = 0; sid.len > 0 && i < index; i++) {
        if (text_equal(policy->statements[i].sid, sid))
            return error_set(err, ERROR_INVALID, "another statement has the same Sid");
    }
    return 0;
}

static int statements_parse(struct policy *policy, struct json_object *value, struct error *err)
{
    bool is_list = json_object_is_type(value, json_type_array);
    size_t count = is_list ? json_object_array_length(value) : 1;
    if (count > POLICY_MAX_STATEMENTS)
        return error_set(err, ERROR_LIMIT, "the policy has %zu statements, more than %d", count,
                         POLICY_MAX_STATEMENTS);
    policy->statements = ARENA_ARRAY(&policy->arena, struct statement, count + 1);
    policy->statement_count = count;
    for (size_t i = 0; i < count; i++) {
        struct statement *s = &policy->statements[i];
        struct json_object *json = is_list ? json_object_array_get_idx(value, i) : value;
        if (statement_parse(policy, json, s, err) == 0 && sid_check(policy, i, err) == 0)
            continue;
        if (s->sid.len > 0)
            return error_prefix(err, "statement %.*s", TEXT_ARGS(s->sid));
        return error_prefix(err, "statement %zu", i);
    }
    return 0;
}

/* ---- the document ---- */

static size_t count_members(struct json_object *value)
{
    size_t count = 0;
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            count += count_members(json_object_array_get_idx(value, i));
    } else if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, name, member)
        {
            (void)name;
            count += 1 + count_members(member);
        }
    }
    return count;
}

/* Colons outside strings: one for each member of each object of well-formed JSON. */
static size_t count_written_members(struct text json)
{
    size_t count = 0;
    bool in_string = false;
    for (size_t i = 0; i < json.len; i++) {
        if (in_string && json.ptr[i] == '\\')
            i++;
        else if (json.ptr[i] == '"')
            in_string = !in_string;
        else
            count += !in_string && json.ptr[i] == ':';
    }
    return count;
}

static int version_parse(struct policy *policy, struct json_object *root, struct error *err)
{
    struct text version;
    if (json_find_text(root, "Version", TEXT("2008-10-17"), &version, err))
        return -1;
    policy->has_variables = text_is(version, "2012-10-17");
    if (!policy->has_variables && !text_is(version, "2008-10-17"))
        return error_set(err, ERROR_INVALID, "Version must be 2012-10-17 or 2008-10-17, not %.*s",
                         TEXT_ARGS(version));
    return 0;
}

static int document_parse(struct policy *policy, struct json_object *root, struct error *err)
{
    static const char *const elements[] = {"Version", "Id", "Statement", NULL};
    struct json_object *statements;
    struct text id;
    if (!json_object_is_type(root, json_type_object))
        return error_set(err, ERROR_INVALID, "a policy must be an object, not %s",
                         json_type_label(root));
    if (check_elements(root, elements, "policy", err) || version_parse(policy, root, err) ||
        json_find_text(root, "Id", TEXT(""), &id, err))
        return -1;
    if (!json_object_object_get_ex(root, "Statement", &statements))
        return error_set(err, ERROR_INVALID, "Statement is missing");
    return statements_parse(policy, statements, err);
}

int policy_parse(struct text json, enum policy_kind kind, struct policy **out, struct error *err)
{
    AUTO_JSON struct json_object *root = NULL;
    if (json.len > POLICY_MAX_BYTES)
        return error_set(err, ERROR_LIMIT, "the policy has %zu bytes, more than %d", json.len,
                         POLICY_MAX_BYTES);
    if (json_parse(json, &root, err))
        return -1;
    /* The parser keeps the last of two equal keys; which one the author meant nobody knows. */
    if (count_members(root) != count_written_members(json))
        return error_set(err, ERROR_INVALID, "a key stands twice in one object of the policy");
    struct policy *policy = xcalloc(1, sizeof(*policy));
    arena_init(&policy->arena);
    policy->kind = kind;
    if (document_parse(policy, root, err)) {
        policy_free(policy);
        return -1;
    }
    *out = policy;
    return 0;
}

void policy_free(struct policy *policy)
{
    if (!policy)
        return;
    arena_release(&policy->arena);
    free(policy);
}

size_t policy_statement_count(const struct policy *policy)
{
    return policy->statement_count;
}

struct text policy_statement_json(const struct policy *policy, size_t index)
{
    BUG_ON(index >= policy->statement_count);
    return policy->statements[index].json;
}
