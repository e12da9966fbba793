/*
 * policy_condition.c - the condition operators as rows, and how a condition is decided from one
 * comparison of one value of the policy with one value of the request.
 *
 * A new operator is a row; its typed value belongs into policy_values.c.
 */
#include "policy_private.h"

static int load_pattern(struct operand *o, const struct pattern_rules *rules, struct error *err)
{
    return pattern_parse(o->source, rules, &o->pattern, err);
}

static int malformed(const struct operand *o, const char *what, struct error *err)
{
    return error_set(err, ERROR_INVALID, "%.*s is not %s", TEXT_ARGS(o->source), what);
}

static int load_number(struct operand *o, UNUSED const struct pattern_rules *rules,
                       struct error *err)
{
    return decimal_parse(o->source, &o->number) ? 0 : malformed(o, "a decimal number", err);
}

static int load_date(struct operand *o, UNUSED const struct pattern_rules *rules, struct error *err)
{
    return date_parse(o->source, &o->date_ms)
               ? 0
               : malformed(o, "a date such as 2026-11-21T20:00:00Z or seconds since 1970", err);
}

static int load_bool(struct operand *o, UNUSED const struct pattern_rules *rules, struct error *err)
{
    return bool_parse(o->source, &o->flag) ? 0 : malformed(o, "true or false", err);
}

static int load_binary(struct operand *o, const struct pattern_rules *rules, struct error *err)
{
    return binary_parse(o->source, rules->arena, &o->binary) ? 0 : malformed(o, "base64", err);
}

static int load_range(struct operand *o, UNUSED const struct pattern_rules *rules,
                      struct error *err)
{
    return ip_range_parse(o->source, &o->range)
               ? 0
               : malformed(o, "an IP address or range such as 192.0.2.0/24", err);
}

static enum match match_of(bool matches)
{
    return matches ? MATCH_YES : MATCH_NO;
}

static enum match compare_text(const struct operand *o, struct text value,
                               const struct policy_request *request)
{
    return match_of(pattern_matches(&o->pattern, value, request, false));
}

static enum match compare_text_nocase(const struct operand *o, struct text value,
                                      const struct policy_request *request)
{
    return match_of(pattern_matches(&o->pattern, value, request, true));
}

static enum match compare_arn(const struct operand *o, struct text value,
                              const struct policy_request *request)
{
    return match_of(pattern_matches_arn(&o->pattern, value, request));
}

/* `wanted` is a set of the three outcomes of comparing the request's value with the policy's. */
enum order { LESS = 1, EQUAL = 2, GREATER = 4 };

static enum match order_in(int order, unsigned wanted)
{
    unsigned outcome = order < 0 ? LESS : order > 0 ? GREATER : EQUAL;
    return match_of((outcome & wanted) != 0);
}

static enum match compare_number(const struct operand *o, struct text value, unsigned wanted)
{
    struct decimal number;
    if (!decimal_parse(value, &number))
        return MATCH_MALFORMED;
    return order_in(decimal_compare(&number, &o->number), wanted);
}

static enum match compare_date(const struct operand *o, struct text value, unsigned wanted)
{
    int64_t ms;
    if (!date_parse(value, &ms))
        return MATCH_MALFORMED;
    return order_in((ms > o->date_ms) - (ms < o->date_ms), wanted);
}

#define ORDERED(name, compare, wanted)                                                             \
    static enum match name(const struct operand *o, struct text value,                             \
                           UNUSED const struct policy_request *request)                            \
    {                                                                                              \
        return compare(o, value, wanted);                                                          \
    }
ORDERED(number_equals, compare_number, EQUAL)
ORDERED(number_less, compare_number, LESS)
ORDERED(number_less_equals, compare_number, LESS | EQUAL)
ORDERED(number_greater, compare_number, GREATER)
ORDERED(number_greater_equals, compare_number, GREATER | EQUAL)
ORDERED(date_equals, compare_date, EQUAL)
ORDERED(date_less, compare_date, LESS)
ORDERED(date_less_equals, compare_date, LESS | EQUAL)
ORDERED(date_greater, compare_date, GREATER)
ORDERED(date_greater_equals, compare_date, GREATER | EQUAL)

static enum match compare_bool(const struct operand *o, struct text value,
                               UNUSED const struct policy_request *request)
{
    bool flag;
    return match_of(bool_parse(value, &flag) && flag == o->flag);
}

/* The policy's side is canonical base64, so equal texts are equal bytes. */
static enum match compare_binary(const struct operand *o, struct text value,
                                 UNUSED const struct policy_request *request)
{
    return match_of(text_equal(o->binary, value));
}

static enum match compare_range(const struct operand *o, struct text value,
                                UNUSED const struct policy_request *request)
{
    struct ip_range address;
    return match_of(ip_range_parse(value, &address) && ip_range_contains(&o->range, &address));
}

#define NEGATED .is_negated = true
#define WILD    .has_wildcards = true
static const struct condition_operator OPERATORS[] = {
    {"StringEquals", load_pattern, compare_text},
    {"StringNotEquals", load_pattern, compare_text, NEGATED},
    {"StringEqualsIgnoreCase", load_pattern, compare_text_nocase},
    {"StringNotEqualsIgnoreCase", load_pattern, compare_text_nocase, NEGATED},
    {"StringLike", load_pattern, compare_text, WILD},
    {"StringNotLike", load_pattern, compare_text, WILD, NEGATED},
    {"NumericEquals", load_number, number_equals},
    {"NumericNotEquals", load_number, number_equals, NEGATED},
    {"NumericLessThan", load_number, number_less},
    {"NumericLessThanEquals", load_number, number_less_equals},
    {"NumericGreaterThan", load_number, number_greater},
    {"NumericGreaterThanEquals", load_number, number_greater_equals},
    {"DateEquals", load_date, date_equals},
    {"DateNotEquals", load_date, date_equals, NEGATED},
    {"DateLessThan", load_date, date_less},
    {"DateLessThanEquals", load_date, date_less_equals},
    {"DateGreaterThan", load_date, date_greater},
    {"DateGreaterThanEquals", load_date, date_greater_equals},
    {"Bool", load_bool, compare_bool},
    {"BinaryEquals", load_binary, compare_binary},
    {"IpAddress", load_range, compare_range},
    {"NotIpAddress", load_range, compare_range, NEGATED},
    {"ArnEquals", load_pattern, compare_arn, WILD},
    {"ArnLike", load_pattern, compare_arn, WILD},
    {"ArnNotEquals", load_pattern, compare_arn, WILD, NEGATED},
    {"ArnNotLike", load_pattern, compare_arn, WILD, NEGATED},
    {"Null", load_bool, NULL, .is_null = true},
};

static bool strip_prefix(struct text *name, struct text prefix)
{
    if (!text_equal_nocase(text_slice(*name, 0, prefix.len), prefix))
        return false;
    *name = text_slice(*name, prefix.len, name->len);
    return true;
}

static bool strip_suffix(struct text *name, struct text suffix)
{
    if (name->len < suffix.len ||
        !text_equal_nocase(text_slice(*name, name->len - suffix.len, name->len), suffix))
        return false;
    *name = text_slice(*name, 0, name->len - suffix.len);
    return true;
}

int operator_find(struct text name, struct condition *out, struct error *err)
{
    struct text plain = name;
    enum quantifier quantifier = QUANTIFIER_NONE;
    if (strip_prefix(&plain, TEXT("ForAnyValue:")))
        quantifier = QUANTIFIER_ANY;
    else if (strip_prefix(&plain, TEXT("ForAllValues:")))
        quantifier = QUANTIFIER_ALL;
    bool if_exists = strip_suffix(&plain, TEXT("IfExists"));
    for (size_t i = 0; i < ARRAY_LEN(OPERATORS); i++) {
        const struct condition_operator *op = &OPERATORS[i];
        if (!text_equal_nocase(plain, text_of(op->name)) ||
            (op->is_null && (if_exists || quantifier != QUANTIFIER_NONE)))
            continue;
        out->op = op;
        out->quantifier = quantifier;
        out->if_exists = if_exists;
        return 0;
    }
    return error_set(err, ERROR_INVALID, "%.*s is not a condition operator", TEXT_ARGS(name));
}

/* One value of the request against all values of the policy: one must match, or none may. */
static bool value_satisfies(const struct condition *c, struct text value,
                            const struct policy_request *request)
{
    for (size_t i = 0; i < c->operand_count; i++) {
        switch (c->op->compare(&c->operands[i], value, request)) {
        case MATCH_YES:
            return !c->op->is_negated;
        case MATCH_MALFORMED:
            return false;
        case MATCH_NO:
            break;
        }
    }
    return c->op->is_negated;
}

static bool null_holds(const struct condition *c, bool is_absent)
{
    for (size_t i = 0; i < c->operand_count; i++) {
        if (c->operands[i].flag == is_absent)
            return true;
    }
    return false;
}

/* A quantifier speaks first: behind one, IAM lets IfExists change nothing. */
static bool absent_holds(const struct condition *c)
{
    switch (c->quantifier) {
    case QUANTIFIER_ANY:
        return false;
    case QUANTIFIER_ALL:
        return true;
    case QUANTIFIER_NONE:
        break;
    }
    return c->if_exists || c->op->is_negated;
}

bool condition_holds(const struct condition *c, const struct policy_request *request)
{
    const struct policy_context *context = context_find(request, c->key);
    if (c->op->is_null)
        return null_holds(c, context == NULL);
    if (!context)
        return absent_holds(c);
    /* Without a quantifier a negated operator wants all values of the request to differ. */
    bool wants_all =
        c->quantifier == QUANTIFIER_ALL || (c->quantifier == QUANTIFIER_NONE && c->op->is_negated);
    for (size_t i = 0; i < context->value_count; i++) {
        if (value_satisfies(c, context->values[i], request) != wants_all)
            return !wants_all;
    }
    return wants_all;
}
