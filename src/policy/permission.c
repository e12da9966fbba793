/*
 * permission.c - the statement that AddPermission makes of its parameters, byte for byte as Lambda
 * writes it: compact, in this order of keys and operators, "AWS:" in capitals where Lambda has it.
 */
#include "policy_private.h"

#include <ctype.h>

#include "onput/json.h"

enum { STATEMENT_ID_MAX = 100, PRINCIPAL_MAX = 2048, TOKEN_MAX = 256, ORG_MIN = 10, ORG_MAX = 32 };

/* Only letters, digits and the bytes of `extra`; between min and max of them. */
static bool is_word(struct text t, size_t min, size_t max, const char *extra)
{
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.ptr[i];
        if (c >= 0x80 || c == '\0' || (!isalnum(c) && !strchr(extra, c)))
            return false;
    }
    return t.len >= min && t.len <= max;
}

static bool is_action(struct text t)
{
    if (text_is(t, "*") || text_is(t, "lambda:*"))
        return true;
    for (size_t i = sizeof("lambda:") - 1; i < t.len; i++) {
        if (!isalpha((unsigned char)t.ptr[i]))
            return false;
    }
    return text_starts_with(t, TEXT("lambda:")) && t.len > sizeof("lambda:") - 1;
}

static bool is_organisation(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        if (isupper((unsigned char)t.ptr[i]))
            return false;
    }
    return text_starts_with(t, TEXT("o-")) &&
           is_word(text_slice(t, 2, t.len), ORG_MIN, ORG_MAX, "");
}

static bool is_service(struct text t)
{
    struct principal ignored;
    struct error err = {0};
    return principal_parse(TEXT("Service"), t, &ignored, &err) == 0 &&
           (text_ends_with(t, TEXT(".amazonaws.com")) ||
            text_ends_with(t, TEXT(".amazonaws.com.cn")) || text_ends_with(t, TEXT(".amazon.com")));
}

static bool is_source_arn(struct text t)
{
    struct text p[ARN_PARTS];
    return text_is_utf8(t) && arn_split(t, p);
}

static int invalid(struct error *err, const char *what, struct text value)
{
    return error_set(err, ERROR_INVALID, "%s: %.*s", what, TEXT_ARGS(value));
}

static struct text effective_action(const struct policy_permission *p)
{
    return p->action.len > 0 ? p->action : TEXT("lambda:InvokeFunction");
}

static int check_url_auth(const struct policy_permission *p, struct error *err)
{
    struct text auth = p->function_url_auth_type;
    if (auth.len == 0)
        return 0;
    if (!text_is(auth, "NONE") && !text_is(auth, "AWS_IAM"))
        return invalid(err, "the function URL auth type must be NONE or AWS_IAM", auth);
    if (!text_equal_nocase(effective_action(p), TEXT("lambda:InvokeFunctionUrl")))
        return error_set(
            err, ERROR_INVALID,
            "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action");
    return 0;
}

static int check(const struct policy_permission *p, struct error *err)
{
    if (!is_word(p->statement_id, 1, STATEMENT_ID_MAX, "-_"))
        return invalid(err, "a statement id has 1 to 100 letters, digits, '-' and '_'",
                       p->statement_id);
    if (!is_action(effective_action(p)))
        return invalid(err, "an action is lambda:Name, lambda:* or *", p->action);
    if (p->source_arn.len > 0 && !is_source_arn(p->source_arn))
        return invalid(err, "the source ARN is no ARN", p->source_arn);
    if (p->source_account.len > 0 && !is_account_id(p->source_account))
        return invalid(err, "a source account has 12 digits", p->source_account);
    if (p->event_source_token.len > 0 && !is_word(p->event_source_token, 1, TOKEN_MAX, "._-"))
        return invalid(err, "an event source token has up to 256 letters, digits, '.', '_' and '-'",
                       p->event_source_token);
    if (p->principal_org_id.len > 0 && !is_organisation(p->principal_org_id))
        return invalid(err, "an organisation id is o- and 10 to 32 lower-case letters and digits",
                       p->principal_org_id);
    if (p->resource.len == 0 || !text_is_utf8(p->resource))
        return error_set(err, ERROR_INVALID, "a permission needs the function's ARN");
    return check_url_auth(p, err);
}

/* An account or an ARN. A policy may hold the unique id of a deleted user, too, but nobody may give
 * such a one a permission. */
static bool is_aws_principal(struct text t)
{
    struct principal parsed;
    struct error ignored = {0};
    return t.len <= PRINCIPAL_MAX && (is_account_id(t) || text_starts_with(t, TEXT("arn:"))) &&
           principal_parse(TEXT("AWS"), t, &parsed, &ignored) == 0;
}

static int write_principal(struct json_writer *w, struct text name, struct error *err)
{
    char root[sizeof("arn:aws:iam::123456789012:root")];
    json_key(w, "Principal");
    if (text_is(name, "*")) {
        json_put_text(w, name);
        return 0;
    }
    bool is_aws = is_aws_principal(name);
    if (!is_aws && !is_service(name))
        return error_set(err, ERROR_INVALID,
                         "The provided principal was invalid. Please check the principal and try "
                         "again.");
    if (is_account_id(name)) {
        snprintf(root, sizeof(root), "arn:aws:iam::%.*s:root", TEXT_ARGS(name));
        name = text_of(root);
    }
    json_object_begin(w);
    json_pair_text(w, is_aws ? "AWS" : "Service", name);
    json_object_finish(w);
    return 0;
}

struct condition_row {
    const char *key;
    struct text value;
};

/* One operator with those rows that have a value; nothing when none has. */
static void write_operator(struct json_writer *w, const char *name,
                           const struct condition_row *rows, size_t count)
{
    bool is_open = false;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].value.len == 0)
            continue;
        if (!is_open) {
            json_key(w, name);
            json_object_begin(w);
            is_open = true;
        }
        json_pair_text(w, rows[i].key, rows[i].value);
    }
    if (is_open)
        json_object_finish(w);
}

static void write_conditions(struct json_writer *w, const struct policy_permission *p)
{
    const struct condition_row equals[] = {
        {"AWS:SourceAccount", p->source_account},
        {"lambda:EventSourceToken", p->event_source_token},
        {"lambda:FunctionUrlAuthType", p->function_url_auth_type},
        {"aws:PrincipalOrgID", p->principal_org_id},
    };
    const struct condition_row source = {"AWS:SourceArn", p->source_arn};
    const struct condition_row url = {"lambda:InvokedViaFunctionUrl",
                                      p->invoked_via_function_url ? TEXT("true") : TEXT("")};
    bool has_any = source.value.len > 0 || url.value.len > 0;
    for (size_t i = 0; i < ARRAY_LEN(equals); i++)
        has_any = has_any || equals[i].value.len > 0;
    if (!has_any)
        return;
    json_key(w, "Condition");
    json_object_begin(w);
    write_operator(w, "StringEquals", equals, ARRAY_LEN(equals));
    write_operator(w, "ArnLike", &source, 1);
    write_operator(w, "Bool", &url, 1);
    json_object_finish(w);
}

int policy_write_permission(const struct policy_permission *permission, struct buffer *out,
                            struct error *err)
{
    struct json_writer w;
    size_t start = out->len;
    if (check(permission, err))
        return -1;
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_pair_text(&w, "Sid", permission->statement_id);
    json_pair_string(&w, "Effect", "Allow");
    if (write_principal(&w, permission->principal, err)) {
        buffer_truncate(out, start);
        return -1;
    }
    json_pair_text(&w, "Action", effective_action(permission));
    json_pair_text(&w, "Resource", permission->resource);
    write_conditions(&w, permission);
    json_object_finish(&w);
    if (buffer_failed(out))
        return error_set(err, ERROR_LIMIT, "the statement does not fit into %zu bytes", out->max);
    return 0;
}
