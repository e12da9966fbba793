/*
 * policy.h - AWS policy documents: parse, evaluate, explain. Pure: no I/O, no clock.
 *
 * A *resource policy* says who may call a function (it has Principal); an *identity policy* says
 * what an execution role may do (it has none). Both are Version 2012-10-17 or 2008-10-17 documents
 * with Statement as an object or a list, and are evaluated by the same rules: an applicable Deny
 * wins, then an applicable Allow, else it is an implicit deny.
 *
 * What the rules leave open is settled so: a policy variable without a value matches nothing (so
 * the negated operators hold, as for an absent key); its value is never a wildcard; a number or
 * date of the request that is malformed fails its condition; the resource is compared as given, so
 * a caller that means "$LATEST" leaves the qualifier away.
 *
 * Calling sequence: policy_parse() once; policy_evaluate() as often as wanted, from any thread (a
 * parsed policy is immutable); policy_free(). A request's texts are borrowed for the call.
 *
 * Source: IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements reference".
 */
#ifndef ONPUT_POLICY_H
#define ONPUT_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "onput/buffer.h"
#include "onput/error.h"
#include "onput/text.h"

enum {
    POLICY_MAX_BYTES = 20480, /* Lambda's limit for a resource policy */
    POLICY_MAX_STATEMENTS = 500,
};

enum policy_kind { POLICY_RESOURCE, POLICY_IDENTITY };

struct policy;

/*
 * `json` is the document. Unknown elements, operators and effects and malformed values are errors
 * with the statement's Sid or index in the message, so that a typo never widens access; a key that
 * stands twice in an object is one, too. The caller frees *out.
 */
MUST_CHECK int policy_parse(struct text json, enum policy_kind kind, struct policy **out,
                            struct error *err);
void policy_free(struct policy *policy); /* NULL-safe */
size_t policy_statement_count(const struct policy *policy);

enum policy_principal_type {
    POLICY_PRINCIPAL_ANONYMOUS,
    POLICY_PRINCIPAL_SERVICE, /* name = "s3.amazonaws.com" */
    POLICY_PRINCIPAL_AWS,     /* name = ARN of a user, role session or root; account = 12 digits */
    POLICY_PRINCIPAL_FEDERATED,
};

/* One context key with its values; keys compare without case. */
struct policy_context {
    struct text key; /* "aws:SourceArn" */
    const struct text *values;
    size_t value_count;
};

struct policy_request {
    enum policy_principal_type principal_type;
    struct text principal_name;
    struct text principal_account; /* empty for services and anonymous */
    struct text action;            /* "lambda:InvokeFunction" */
    struct text resource;          /* full ARN */
    const struct policy_context *context;
    size_t context_count;
};

enum policy_effect { POLICY_IMPLICIT_DENY, POLICY_ALLOW, POLICY_EXPLICIT_DENY };

struct policy_decision {
    enum policy_effect effect;
    int statement;   /* index of the statement that decided, -1 when none did */
    struct text sid; /* of that statement, borrowed from the policy; may be empty */
};

/* A NULL policy says nothing, which is an implicit deny. */
struct policy_decision policy_evaluate(const struct policy *policy,
                                       const struct policy_request *request);

/*
 * Resource and identity policy together: in the same account either may allow, across accounts both
 * must; services and anonymous callers have only the resource policy; a Deny in either wins. The
 * root of the same account is allowed unless denied, by no statement. NULL stands for "no such
 * policy". `same_account` is the caller's knowledge.
 */
struct policy_decision policy_evaluate_both(const struct policy *resource_policy,
                                            const struct policy *identity_policy, bool same_account,
                                            const struct policy_request *request);

/*
 * Why each statement did or did not apply, one line each, for `onput policy simulate`:
 * "AllowPhotos: does not apply: condition ArnLike aws:SourceArn: arn:aws:s3:::other does not match
 * arn:aws:s3:::photos".
 */
void policy_explain(const struct policy *policy, const struct policy_request *request,
                    struct buffer *out);

/* The statement's JSON text as parsed (compact). Borrowed. */
struct text policy_statement_json(const struct policy *policy, size_t index);

/* ---- what AddPermission takes, and the statement that it makes ---- */

struct policy_permission {
    struct text statement_id;
    struct text action;     /* empty: lambda:InvokeFunction */
    struct text principal;  /* service, account id, ARN or "*" */
    struct text source_arn; /* may be empty, like the rest */
    struct text source_account;
    struct text event_source_token;
    struct text principal_org_id;
    struct text function_url_auth_type;
    bool invoked_via_function_url;
    struct text resource; /* ARN of the function, qualified or not */
};

/*
 * Appends one compact statement with the key order and condition operators that Lambda writes:
 * {"Sid","Effect","Principal","Action","Resource","Condition"}. ERROR_INVALID for a principal that
 * is none of the accepted forms, a bad statement id or account.
 */
MUST_CHECK int policy_write_permission(const struct policy_permission *permission,
                                       struct buffer *out, struct error *err);

/* ---- pieces that others need too ---- */

/* '*' any run, '?' one byte. */
bool policy_glob(struct text pattern, struct text value);
bool policy_glob_nocase(struct text pattern, struct text value);
/* Both split into six parts at the first five colons, glob per part (IAM's ArnLike). */
bool policy_arn_like(struct text pattern, struct text arn);

#endif
