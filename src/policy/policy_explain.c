/*
 * policy_explain.c - in words why each statement did or did not apply. It asks the same function as
 * the decision does, so it cannot tell another story.
 */
#include "policy_private.h"

/* Names and keys come from outside: a line of the explanation stays one line. */
static void put(struct buffer *out, struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.ptr[i];
        if (c < 0x20 || c == 0x7f)
            buffer_appendf(out, "\\x%02x", c);
        else
            buffer_append_char(out, (char)c);
    }
}

static void put_separator(struct buffer *out, size_t index)
{
    if (index > 0)
        buffer_append_string(out, ", ");
}

static void put_patterns(struct buffer *out, const struct pattern *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_separator(out, i);
        put(out, patterns[i].source);
    }
}

static void put_operands(struct buffer *out, const struct condition *c)
{
    for (size_t i = 0; i < c->operand_count; i++) {
        put_separator(out, i);
        put(out, c->operands[i].source);
    }
}

static void explain_element(struct buffer *out, const char *element, struct text value,
                            bool is_negated, const struct pattern *patterns, size_t count)
{
    buffer_append_string(out, element);
    put(out, value);
    buffer_append_string(out, is_negated ? " is excluded by " : " does not match ");
    put_patterns(out, patterns, count);
}

static void explain_principal(struct buffer *out, const struct statement *s,
                              const struct policy_request *request)
{
    static const char *const names[] = {
        [POLICY_PRINCIPAL_ANONYMOUS] = "anonymous",
        [POLICY_PRINCIPAL_SERVICE] = "service ",
        [POLICY_PRINCIPAL_AWS] = "",
        [POLICY_PRINCIPAL_FEDERATED] = "federated ",
    };
    buffer_appendf(out, "principal %s", names[request->principal_type]);
    if (request->principal_type != POLICY_PRINCIPAL_ANONYMOUS)
        put(out, request->principal_name);
    buffer_append_string(out, s->not_principal ? " is excluded by " : " is not ");
    for (size_t i = 0; i < s->principal_count; i++) {
        put_separator(out, i);
        put(out, s->principals[i].name);
    }
}

static void explain_values(struct buffer *out, const struct condition *c,
                           const struct policy_context *context)
{
    for (size_t i = 0; i < context->value_count; i++) {
        put_separator(out, i);
        put(out, context->values[i]);
    }
    bool excludes = c->op->is_negated;
    if (c->quantifier == QUANTIFIER_ALL && context->value_count > 1)
        buffer_append_string(out, excludes ? ": not every value differs from "
                                           : ": not every value matches ");
    else
        buffer_append_string(out, excludes ? " must not match " : " does not match ");
    put_operands(out, c);
}

static void explain_condition(struct buffer *out, const struct condition *c,
                              const struct policy_request *request)
{
    const struct policy_context *context = context_find(request, c->key);
    buffer_append_string(out, "condition ");
    put(out, c->name);
    buffer_append_char(out, ' ');
    put(out, c->key);
    buffer_append_string(out, ": ");
    if (c->op->is_null) {
        buffer_append_string(out, context ? "the request has this key"
                                          : "the request does not have this key");
    } else if (!context) {
        buffer_append_string(out, "the request does not have this key, it would have to match ");
        put_operands(out, c);
    } else {
        explain_values(out, c, context);
    }
}

static void explain_mismatch(struct buffer *out, const struct statement *s, enum mismatch mismatch,
                             const struct condition *condition,
                             const struct policy_request *request)
{
    switch (mismatch) {
    case MISMATCH_NONE:
        break;
    case MISMATCH_PRINCIPAL:
        explain_principal(out, s, request);
        break;
    case MISMATCH_ACTION:
        explain_element(out, "action ", request->action, s->not_action, s->actions,
                        s->action_count);
        break;
    case MISMATCH_RESOURCE:
        explain_element(out, "resource ", request->resource, s->not_resource, s->resources,
                        s->resource_count);
        break;
    case MISMATCH_CONDITION:
        explain_condition(out, condition, request);
        break;
    }
}

static void explain_statement(const struct policy *policy, size_t index,
                              const struct policy_request *request, struct buffer *out)
{
    const struct statement *s = &policy->statements[index];
    const struct condition *condition = NULL;
    enum mismatch mismatch = statement_mismatch(policy, s, request, &condition);
    if (s->sid.len > 0)
        put(out, s->sid);
    else
        buffer_appendf(out, "statement %zu", index);
    if (mismatch == MISMATCH_NONE) {
        buffer_append_string(out, s->is_deny ? ": applies: Deny\n" : ": applies: Allow\n");
        return;
    }
    buffer_append_string(out, ": does not apply: ");
    explain_mismatch(out, s, mismatch, condition, request);
    buffer_append_char(out, '\n');
}

void policy_explain(const struct policy *policy, const struct policy_request *request,
                    struct buffer *out)
{
    for (size_t i = 0; policy && i < policy->statement_count; i++)
        explain_statement(policy, i, request, out);
}
