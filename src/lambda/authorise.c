/*
 * authorise.c - may the caller do it? The function's resource policy and the user's own policy are
 * asked together, with what is known about the request as context.
 */
#include "identity.h"

#include <stdio.h>
#include <string.h>

enum { CONTEXT_MAX = 32 };

/* What the policies are asked. Its texts point into itself and into the question. */
struct context {
    struct policy_request request;
    struct policy_context keys[CONTEXT_MAX];
    struct text values[CONTEXT_MAX];
    size_t count;
    char time[TIME_TEXT_BYTES];
    char epoch[24];
};

static void add(struct context *c, struct text key, struct text value)
{
    BUG_ON(c->count == CONTEXT_MAX);
    c->values[c->count] = value;
    c->keys[c->count] =
        (struct policy_context){.key = key, .values = &c->values[c->count], .value_count = 1};
    c->count++;
}

static bool is_anonymous(const struct caller *caller)
{
    return caller->type == POLICY_PRINCIPAL_ANONYMOUS;
}

static bool is_root(const struct caller *caller)
{
    return caller->user != NULL && caller->user->config->root;
}

static void add_caller(struct context *c, const struct caller *caller)
{
    if (is_anonymous(caller)) {
        add(c, TEXT("aws:PrincipalType"), TEXT("Anonymous"));
        return;
    }
    add(c, TEXT("aws:PrincipalArn"), caller->arn);
    add(c, TEXT("aws:PrincipalAccount"), caller->account);
    add(c, TEXT("aws:PrincipalType"), is_root(caller) ? TEXT("Account") : TEXT("User"));
    /* A user's name is as unique here as the identifier that IAM would give. */
    add(c, TEXT("aws:userid"), is_root(caller) ? caller->account : caller->user->name);
    if (!is_root(caller))
        add(c, TEXT("aws:username"), caller->user->name);
}

static void add_request(struct context *c, const struct question *q)
{
    time_format_rfc3339(q->now_ms, c->time);
    snprintf(c->epoch, sizeof(c->epoch), "%lld", (long long)(q->now_ms / 1000));
    add(c, TEXT("aws:CurrentTime"), text_of(c->time));
    add(c, TEXT("aws:EpochTime"), text_of(c->epoch));
    add(c, TEXT("aws:RequestedRegion"), catalog_region(q->catalog));
    add(c, TEXT("aws:ResourceAccount"), catalog_account(q->catalog));
    add(c, TEXT("aws:PrincipalIsAWSService"), TEXT("false"));
    add(c, TEXT("aws:ViaAWSService"), TEXT("false"));
    /* The server speaks no TLS, and what a proxy says about it anybody could say. */
    add(c, TEXT("aws:SecureTransport"), TEXT("false"));
    add(c, TEXT("aws:SourceIp"), q->peer);
    if (q->user_agent.len > 0)
        add(c, TEXT("aws:UserAgent"), q->user_agent);
}

static struct text without_latest(struct text resource)
{
    struct text latest = TEXT(":$LATEST");
    if (text_ends_with(resource, latest))
        return text_slice(resource, 0, resource.len - latest.len);
    return resource;
}

static void context_fill(struct context *c, const struct question *q)
{
    c->count = 0;
    add_caller(c, q->caller);
    add_request(c, q);
    BUG_ON(q->extra_count > CONTEXT_MAX - c->count);
    if (q->extra_count > 0)
        memcpy(&c->keys[c->count], q->extra, q->extra_count * sizeof(*q->extra));
    c->request = (struct policy_request){.principal_type = q->caller->type,
                                         .principal_name = q->caller->arn,
                                         .principal_account = q->caller->account,
                                         .action = text_of(q->action),
                                         .resource = without_latest(q->resource),
                                         .context = c->keys,
                                         .context_count = c->count + q->extra_count};
}

static bool is_same_account(const struct question *q)
{
    return text_equal(q->caller->account, catalog_account(q->catalog));
}

static const struct policy *identity_policy(const struct question *q)
{
    return q->caller->user == NULL ? NULL : q->caller->user->policy;
}

struct policy_decision question_decide(const struct question *q)
{
    struct context c;
    context_fill(&c, q);
    /* The root of another account holds every permission there: ours alone is missing. */
    if (is_root(q->caller) && !is_same_account(q))
        return policy_evaluate(q->policy, &c.request);
    return policy_evaluate_both(q->policy, identity_policy(q), is_same_account(q), &c.request);
}

/* "no identity-based policy allows the ... action", "with an explicit deny in ..." */
static const char *reason(const struct question *q, struct policy_decision decision,
                          struct arena *arena)
{
    struct context c;
    context_fill(&c, q);
    enum policy_effect resource = policy_evaluate(q->policy, &c.request).effect;
    if (decision.effect == POLICY_EXPLICIT_DENY)
        return resource == POLICY_EXPLICIT_DENY
                   ? "with an explicit deny in a resource-based policy"
                   : "with an explicit deny in an identity-based policy";
    bool needs_resource = is_anonymous(q->caller) || !is_same_account(q);
    return arena_printf(arena, "because no %s policy allows the %s action",
                        needs_resource && resource != POLICY_ALLOW ? "resource-based"
                                                                   : "identity-based",
                        q->action);
}

const char *question_refusal(const struct question *q, struct policy_decision decision,
                             struct arena *arena)
{
    struct text who = is_anonymous(q->caller) ? TEXT("anonymous") : q->caller->arn;
    return arena_printf(arena, "User: %.*s is not authorized to perform: %s on resource: %.*s %s",
                        TEXT_ARGS(who), q->action, TEXT_ARGS(without_latest(q->resource)),
                        reason(q, decision, arena));
}
