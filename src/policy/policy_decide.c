/*
 * policy_decide.c - from the statements that apply to one decision: a Deny wins, else an Allow,
 * else nothing was said, which is a deny too.
 */
#include "policy_private.h"

static const struct policy_decision IMPLICIT_DENY = {POLICY_IMPLICIT_DENY, -1, TEXT_INIT("")};

static struct policy_decision decide(const struct policy *policy, size_t index)
{
    const struct statement *s = &policy->statements[index];
    return (struct policy_decision){s->is_deny ? POLICY_EXPLICIT_DENY : POLICY_ALLOW, (int)index,
                                    s->sid};
}

struct policy_decision policy_evaluate(const struct policy *policy,
                                       const struct policy_request *request)
{
    struct policy_decision decision = IMPLICIT_DENY;
    const struct condition *ignored;
    for (size_t i = 0; policy && i < policy->statement_count; i++) {
        const struct statement *s = &policy->statements[i];
        /* After the first Allow only a Deny can change anything. */
        if (!s->is_deny && decision.effect == POLICY_ALLOW)
            continue;
        if (statement_mismatch(policy, s, request, &ignored) != MISMATCH_NONE)
            continue;
        decision = decide(policy, i);
        if (s->is_deny)
            break;
    }
    return decision;
}

/* The root of an account needs no permission inside it; it can be denied like everybody. */
static bool is_own_root(const struct policy_request *request, bool same_account)
{
    struct text p[ARN_PARTS];
    return same_account && request->principal_type == POLICY_PRINCIPAL_AWS &&
           arn_split(request->principal_name, p) && text_is(p[2], "iam") && text_is(p[5], "root");
}

struct policy_decision policy_evaluate_both(const struct policy *resource_policy,
                                            const struct policy *identity_policy, bool same_account,
                                            const struct policy_request *request)
{
    struct policy_decision resource = policy_evaluate(resource_policy, request);
    if (request->principal_type == POLICY_PRINCIPAL_SERVICE ||
        request->principal_type == POLICY_PRINCIPAL_ANONYMOUS)
        return resource;

    struct policy_decision identity = policy_evaluate(identity_policy, request);
    if (resource.effect == POLICY_EXPLICIT_DENY)
        return resource;
    if (identity.effect == POLICY_EXPLICIT_DENY)
        return identity;
    bool resource_allows = resource.effect == POLICY_ALLOW;
    bool identity_allows = identity.effect == POLICY_ALLOW;
    if (!same_account)
        return resource_allows && identity_allows ? resource : IMPLICIT_DENY;
    if (resource_allows)
        return resource;
    if (!identity_allows && is_own_root(request, same_account))
        return (struct policy_decision){POLICY_ALLOW, -1, TEXT("")};
    return identity;
}
