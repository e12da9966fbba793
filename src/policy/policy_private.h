/*
 * policy_private.h - the parsed form of a policy, shared by the files of this folder.
 *
 * Everything hangs on the policy's arena and is immutable once policy_parse() has returned. What a
 * document says in text is turned into its typed form while parsing, so that a bad number, date or
 * address is an error of the document and evaluation only reads.
 */
#ifndef ONPUT_POLICY_PRIVATE_H
#define ONPUT_POLICY_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "onput/arena.h"
#include "onput/policy.h"

/* Resolved patterns live on the stack while they are compared; this bounds them. */
enum { PATTERN_MAX_PARTS = 32, ARN_PARTS = 6 };

/* ---- glob: a pattern of consecutive parts; in a literal part '*' and '?' are ordinary bytes ----
 */

struct glob_part {
    struct text text;
    bool is_literal;
};

struct glob {
    const struct glob_part *parts;
    size_t count;
};

bool glob_matches(const struct glob *glob, struct text value, bool ignore_case);
bool glob_matches_arn(const struct glob *glob, struct text arn);
bool arn_split(struct text arn, struct text out[ARN_PARTS]);

/* ---- patterns: globs that may hold policy variables ---- */

struct pattern_part {
    struct text text; /* the bytes, or the variable's context key */
    struct text fallback;
    bool is_literal;
    bool is_variable;
    bool has_fallback;
};

struct pattern {
    struct text source; /* as written in the document */
    const struct pattern_part *parts;
    size_t count;
    bool is_exact; /* one literal part: plain comparison does */
};

struct pattern_rules {
    struct arena *arena;
    bool has_variables; /* Version 2012-10-17 */
    bool has_wildcards;
};

MUST_CHECK int pattern_parse(struct text source, const struct pattern_rules *rules,
                             struct pattern *out, struct error *err);
/* False when a variable has no value in the request: such a pattern matches nothing. */
bool pattern_resolve(const struct pattern *pattern, const struct policy_request *request,
                     struct glob_part parts[PATTERN_MAX_PARTS], struct glob *out);
bool pattern_matches(const struct pattern *pattern, struct text value,
                     const struct policy_request *request, bool ignore_case);
bool pattern_matches_arn(const struct pattern *pattern, struct text value,
                         const struct policy_request *request);
/* The entry of a key that has at least one value, or NULL. */
const struct policy_context *context_find(const struct policy_request *request, struct text key);

/* ---- typed values ---- */

/* An exact decimal: digits without leading zeros before and trailing zeros behind the point. */
struct decimal {
    bool is_negative;
    struct text whole;
    struct text fraction;
};

struct ip_range {
    unsigned char address[16];
    unsigned prefix_bits;
    bool is_ipv6;
};

bool decimal_parse(struct text t, struct decimal *out);
int decimal_compare(const struct decimal *a, const struct decimal *b);
bool date_parse(struct text t, int64_t *out_ms);
bool bool_parse(struct text t, bool *out);
bool ip_range_parse(struct text t, struct ip_range *out);
bool ip_range_contains(const struct ip_range *range, const struct ip_range *address);
bool binary_parse(struct text t, struct arena *arena, struct text *out_canonical);

/* ---- conditions ---- */

/* A value of the policy in a condition; which member counts is the operator's matter. */
struct operand {
    struct text source;
    union {
        struct pattern pattern;
        struct decimal number;
        struct ip_range range;
        int64_t date_ms;
        struct text binary;
        bool flag;
    };
};

enum match { MATCH_NO, MATCH_YES, MATCH_MALFORMED /* false for the negated operator too */ };

struct condition_operator {
    const char *name;
    int (*load)(struct operand *operand, const struct pattern_rules *rules, struct error *err);
    enum match (*compare)(const struct operand *operand, struct text value,
                          const struct policy_request *request);
    bool is_negated;
    bool has_wildcards;
    bool is_null; /* asks for the key's presence, not for its values */
};

enum quantifier { QUANTIFIER_NONE, QUANTIFIER_ANY, QUANTIFIER_ALL };

struct condition {
    const struct condition_operator *op;
    enum quantifier quantifier;
    bool if_exists;
    struct text name; /* the operator as written */
    struct text key;
    const struct operand *operands;
    size_t operand_count;
};

/* Fills op, quantifier and if_exists from a name such as "ForAnyValue:StringLikeIfExists". */
MUST_CHECK int operator_find(struct text name, struct condition *out, struct error *err);
bool condition_holds(const struct condition *condition, const struct policy_request *request);

/* ---- principals ---- */

enum principal_form {
    PRINCIPAL_EVERYONE,
    PRINCIPAL_ACCOUNT,
    PRINCIPAL_ROLE, /* the role and every session of it */
    PRINCIPAL_AWS_NAME,
    PRINCIPAL_SERVICE,
    PRINCIPAL_FEDERATED,
};

struct principal {
    enum principal_form form;
    struct text name;      /* as written */
    struct text account;   /* of accounts and roles */
    struct text partition; /* of roles */
    struct text role;      /* the role's name without its path */
};

/* `group` is "AWS", "Service", "Federated" or "CanonicalUser". Texts are borrowed from `name`. */
MUST_CHECK int principal_parse(struct text group, struct text name, struct principal *out,
                               struct error *err);
bool principal_matches(const struct principal *principal, const struct policy_request *request);
bool is_account_id(struct text t);

/* ---- statements ---- */

struct statement {
    struct text sid;
    struct text json;
    bool is_deny;
    bool not_principal;
    bool not_action;
    bool not_resource;
    const struct principal *principals;
    size_t principal_count;
    const struct pattern *actions;
    size_t action_count;
    const struct pattern *resources;
    size_t resource_count;
    const struct condition *conditions;
    size_t condition_count;
};

struct policy {
    struct arena arena;
    enum policy_kind kind;
    bool has_variables;
    struct statement *statements;
    size_t statement_count;
};

enum mismatch {
    MISMATCH_NONE, /* the statement applies */
    MISMATCH_PRINCIPAL,
    MISMATCH_ACTION,
    MISMATCH_RESOURCE,
    MISMATCH_CONDITION
};

/* The first element of the statement that does not fit; `out_condition` is set for a condition. */
enum mismatch statement_mismatch(const struct policy *policy, const struct statement *statement,
                                 const struct policy_request *request,
                                 const struct condition **out_condition);

#endif
