/*
 * policy_variables.c - patterns of a policy and the variables in them: ${key}, ${key, 'default'}
 * and the escapes ${*} ${?} ${$}, which Version 2012-10-17 knows.
 *
 * A variable's value is compared byte for byte: a '*' in what a caller brings along is no wildcard.
 */
#include "policy_private.h"

enum { VARIABLE_OPEN_BYTES = 2 };

struct pattern_builder {
    struct pattern_part parts[PATTERN_MAX_PARTS];
    size_t count;
    const struct pattern_rules *rules;
};

static int builder_add(struct pattern_builder *b, struct pattern_part part, struct error *err)
{
    if (b->count == PATTERN_MAX_PARTS)
        return error_set(err, ERROR_LIMIT, "a value has more than %d policy variables and parts",
                         PATTERN_MAX_PARTS);
    b->parts[b->count++] = part;
    return 0;
}

static int builder_add_text(struct pattern_builder *b, struct text t, struct error *err)
{
    if (t.len == 0)
        return 0;
    bool is_literal =
        !b->rules->has_wildcards || (text_find(t, '*') == t.len && text_find(t, '?') == t.len);
    return builder_add(b, (struct pattern_part){.text = t, .is_literal = is_literal}, err);
}

/* `inside` is what stands between the quotes' place in ${key, 'default'}. */
static int fallback_parse(struct text inside, struct pattern_part *part, struct error *err)
{
    struct text t = text_trim(inside);
    if (t.len < 2 || t.ptr[0] != '\'' || t.ptr[t.len - 1] != '\'')
        return error_set(err, ERROR_INVALID,
                         "the default of a policy variable must stand in single quotes, as in "
                         "${aws:username, 'nobody'}, not %.*s",
                         TEXT_ARGS(t));
    part->fallback = text_slice(t, 1, t.len - 1);
    part->has_fallback = true;
    return 0;
}

static int variable_parse(struct text inside, struct pattern_part *part, struct error *err)
{
    if (text_is(inside, "*") || text_is(inside, "?") || text_is(inside, "$")) {
        *part = (struct pattern_part){.text = inside, .is_literal = true};
        return 0;
    }
    size_t comma = text_find(inside, ',');
    *part = (struct pattern_part){.is_literal = true, .is_variable = true};
    part->text = text_trim(text_slice(inside, 0, comma));
    if (text_find(part->text, ':') == part->text.len || text_find(part->text, '$') < part->text.len)
        return error_set(err, ERROR_INVALID, "${%.*s} is not a policy variable", TEXT_ARGS(inside));
    if (comma == inside.len)
        return 0;
    return fallback_parse(text_slice(inside, comma + 1, inside.len), part, err);
}

static size_t find_variable(struct text t)
{
    for (size_t i = 0; i + 1 < t.len; i++) {
        if (t.ptr[i] == '$' && t.ptr[i + 1] == '{')
            return i;
    }
    return t.len;
}

static int builder_add_all(struct pattern_builder *b, struct text rest, struct error *err)
{
    while (b->rules->has_variables) {
        size_t open = find_variable(rest);
        if (open == rest.len)
            break;
        struct text behind = text_slice(rest, open + VARIABLE_OPEN_BYTES, rest.len);
        size_t close = text_find(behind, '}');
        if (close == behind.len)
            return error_set(err, ERROR_INVALID, "a policy variable in %.*s has no closing brace",
                             TEXT_ARGS(rest));
        struct pattern_part part;
        if (builder_add_text(b, text_slice(rest, 0, open), err) ||
            variable_parse(text_slice(behind, 0, close), &part, err) || builder_add(b, part, err))
            return -1;
        rest = text_slice(behind, close + 1, behind.len);
    }
    return builder_add_text(b, rest, err);
}

int pattern_parse(struct text source, const struct pattern_rules *rules, struct pattern *out,
                  struct error *err)
{
    struct pattern_builder b = {.rules = rules};
    struct text copy = arena_text(rules->arena, source);
    if (builder_add_all(&b, copy, err))
        return -1;
    struct pattern_part *parts = ARENA_ARRAY(rules->arena, struct pattern_part, b.count + 1);
    parts[0].text = TEXT(""); /* for the empty pattern */
    for (size_t i = 0; i < b.count; i++)
        parts[i] = b.parts[i];
    *out = (struct pattern){.source = copy, .parts = parts, .count = b.count};
    out->is_exact = b.count == 0 || (b.count == 1 && parts[0].is_literal && !parts[0].is_variable);
    return 0;
}

const struct policy_context *context_find(const struct policy_request *request, struct text key)
{
    for (size_t i = 0; i < request->context_count; i++) {
        const struct policy_context *c = &request->context[i];
        if (c->value_count > 0 && text_equal_nocase(c->key, key))
            return c;
    }
    return NULL;
}

/* A key with several values has no one value to stand in a pattern, so it counts as unresolved. */
static bool variable_resolve(const struct pattern_part *part, const struct policy_request *request,
                             struct text *out)
{
    const struct policy_context *c = context_find(request, part->text);
    if (!c) {
        *out = part->fallback;
        return part->has_fallback;
    }
    *out = c->values[0];
    return c->value_count == 1;
}

bool pattern_resolve(const struct pattern *pattern, const struct policy_request *request,
                     struct glob_part parts[PATTERN_MAX_PARTS], struct glob *out)
{
    for (size_t i = 0; i < pattern->count; i++) {
        const struct pattern_part *part = &pattern->parts[i];
        parts[i] = (struct glob_part){part->text, part->is_literal};
        if (part->is_variable && !variable_resolve(part, request, &parts[i].text))
            return false;
    }
    *out = (struct glob){parts, pattern->count};
    return true;
}

bool pattern_matches(const struct pattern *pattern, struct text value,
                     const struct policy_request *request, bool ignore_case)
{
    if (pattern->is_exact)
        return text_equal(pattern->parts[0].text, value) ||
               (ignore_case && text_equal_nocase(pattern->parts[0].text, value));
    struct glob_part parts[PATTERN_MAX_PARTS];
    struct glob glob;
    return pattern_resolve(pattern, request, parts, &glob) &&
           glob_matches(&glob, value, ignore_case);
}

bool pattern_matches_arn(const struct pattern *pattern, struct text value,
                         const struct policy_request *request)
{
    struct text sections[ARN_PARTS];
    struct glob_part parts[PATTERN_MAX_PARTS];
    struct glob glob;
    if (pattern->is_exact)
        return text_equal(pattern->parts[0].text, value) && arn_split(value, sections);
    return pattern_resolve(pattern, request, parts, &glob) && glob_matches_arn(&glob, value);
}
