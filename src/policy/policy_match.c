/*
 * policy_match.c - wildcards, and the whole statement against a request: principal, action,
 * resource, conditions. Neighbours: policy_principal.c, policy_condition.c; policy_decide.c and
 * policy_explain.c ask statement_mismatch().
 */
#include "policy_private.h"

#include <ctype.h>

/* What stands at a place of a glob: a byte, or one of these. */
enum { GLYPH_END = -1, GLYPH_ANY = 256, GLYPH_ONE = 257 };

struct glob_cursor {
    size_t part;
    size_t at;
};

static int glob_peek(const struct glob *glob, struct glob_cursor *c)
{
    while (c->part < glob->count && c->at >= glob->parts[c->part].text.len) {
        c->part++;
        c->at = 0;
    }
    if (c->part == glob->count)
        return GLYPH_END;
    const struct glob_part *part = &glob->parts[c->part];
    unsigned char byte = (unsigned char)part->text.ptr[c->at];
    if (part->is_literal)
        return byte;
    return byte == '*' ? GLYPH_ANY : byte == '?' ? GLYPH_ONE : byte;
}

static bool glyph_fits(int glyph, char c, bool ignore_case)
{
    int byte = (unsigned char)c;
    if (glyph == byte || glyph == GLYPH_ONE)
        return true;
    return ignore_case && glyph >= 0 && glyph < 128 && byte < 128 &&
           tolower(glyph) == tolower(byte);
}

/*
 * On a mismatch only the last '*' takes one byte more: whatever an earlier one could do, the last
 * one can do too. So the work is at most pattern times value, never exponential.
 */
bool glob_matches(const struct glob *glob, struct text value, bool ignore_case)
{
    struct glob_cursor p = {0}, star = {0};
    size_t v = 0, star_v = 0;
    bool has_star = false;
    while (v < value.len) {
        int glyph = glob_peek(glob, &p);
        if (glyph == GLYPH_ANY) {
            p.at++;
            star = p;
            star_v = v;
            has_star = true;
            if (glob_peek(glob, &p) == GLYPH_END)
                return true;
        } else if (glyph_fits(glyph, value.ptr[v], ignore_case)) {
            p.at++;
            v++;
        } else if (has_star) {
            p = star;
            v = ++star_v;
        } else {
            return false;
        }
    }
    while (glob_peek(glob, &p) == GLYPH_ANY)
        p.at++;
    return glob_peek(glob, &p) == GLYPH_END;
}

bool arn_split(struct text arn, struct text out[ARN_PARTS])
{
    for (size_t i = 0; i + 1 < ARN_PARTS; i++) {
        size_t colon = text_find(arn, ':');
        if (colon == arn.len)
            return false;
        out[i] = text_slice(arn, 0, colon);
        arn = text_slice(arn, colon + 1, arn.len);
    }
    out[ARN_PARTS - 1] = arn;
    return text_is(out[0], "arn");
}

/* Cuts a glob at its first five colons; `store` has room for the parts and for five cuts. */
static bool glob_split(const struct glob *glob, struct glob_part *store, struct glob out[ARN_PARTS])
{
    size_t section = 0, used = 0, first = 0;
    for (size_t i = 0; i < glob->count; i++) {
        struct glob_part rest = glob->parts[i];
        size_t colon;
        while (section + 1 < ARN_PARTS && (colon = text_find(rest.text, ':')) < rest.text.len) {
            store[used].text = text_slice(rest.text, 0, colon);
            store[used++].is_literal = rest.is_literal;
            out[section].parts = store + first;
            out[section++].count = used - first;
            first = used;
            rest.text = text_slice(rest.text, colon + 1, rest.text.len);
        }
        store[used++] = rest;
    }
    out[section].parts = store + first;
    out[section].count = used - first;
    return section + 1 == ARN_PARTS;
}

bool glob_matches_arn(const struct glob *glob, struct text arn)
{
    struct text values[ARN_PARTS];
    struct glob_part store[PATTERN_MAX_PARTS + ARN_PARTS];
    struct glob sections[ARN_PARTS];
    if (!arn_split(arn, values) || !glob_split(glob, store, sections))
        return false;
    for (size_t i = 0; i < ARN_PARTS; i++) {
        if (!glob_matches(&sections[i], values[i], false))
            return false;
    }
    return true;
}

bool policy_glob(struct text pattern, struct text value)
{
    const struct glob_part part = {pattern, false};
    return glob_matches(&(struct glob){&part, 1}, value, false);
}

bool policy_glob_nocase(struct text pattern, struct text value)
{
    const struct glob_part part = {pattern, false};
    return glob_matches(&(struct glob){&part, 1}, value, true);
}

bool policy_arn_like(struct text pattern, struct text arn)
{
    const struct glob_part part = {pattern, false};
    return glob_matches_arn(&(struct glob){&part, 1}, arn);
}

static bool principals_fit(const struct statement *s, const struct policy_request *request)
{
    for (size_t i = 0; i < s->principal_count; i++) {
        if (principal_matches(&s->principals[i], request))
            return !s->not_principal;
    }
    return s->not_principal;
}

static bool patterns_match(const struct pattern *patterns, size_t count, struct text value,
                           const struct policy_request *request, bool ignore_case)
{
    for (size_t i = 0; i < count; i++) {
        if (pattern_matches(&patterns[i], value, request, ignore_case))
            return true;
    }
    return false;
}

enum mismatch statement_mismatch(const struct policy *policy, const struct statement *s,
                                 const struct policy_request *request,
                                 const struct condition **out_condition)
{
    if (policy->kind == POLICY_RESOURCE && !principals_fit(s, request))
        return MISMATCH_PRINCIPAL;
    if (patterns_match(s->actions, s->action_count, request->action, request, true) ==
        s->not_action)
        return MISMATCH_ACTION;
    if (patterns_match(s->resources, s->resource_count, request->resource, request, false) ==
        s->not_resource)
        return MISMATCH_RESOURCE;
    for (size_t i = 0; i < s->condition_count; i++) {
        if (!condition_holds(&s->conditions[i], request)) {
            *out_condition = &s->conditions[i];
            return MISMATCH_CONDITION;
        }
    }
    return MISMATCH_NONE;
}
