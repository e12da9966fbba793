/*
 * policy_principal.c - who a statement speaks of, and whether a caller is one of them.
 *
 * No wildcards inside names: "*" alone means everyone. A role stands for all of its sessions, whose
 * ARN has the role's name without its path.
 */
#include "policy_private.h"

#include <ctype.h>

bool is_account_id(struct text t)
{
    if (t.len != 12)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        if (!isdigit((unsigned char)t.ptr[i]))
            return false;
    }
    return true;
}

static int refuse(struct text group, struct text name, const char *why, struct error *err)
{
    return error_set(err, ERROR_INVALID, "the %.*s principal %.*s %s", TEXT_ARGS(group),
                     TEXT_ARGS(name), why);
}

/* The unique id that IAM leaves in a policy whose user or role was deleted: it names nobody else.
 */
static bool is_unique_id(struct text t)
{
    if (t.len < 16 || t.len > 128 || t.ptr[0] != 'A')
        return false;
    for (size_t i = 0; i < t.len; i++) {
        if (!isupper((unsigned char)t.ptr[i]) && !isdigit((unsigned char)t.ptr[i]))
            return false;
    }
    return true;
}

static bool is_principal_arn(const struct text p[ARN_PARTS])
{
    struct text resource = p[5];
    if (!text_starts_with(p[1], TEXT("aws")) || p[3].len > 0 || !is_account_id(p[4]))
        return false;
    if (text_is(p[2], "sts"))
        return text_starts_with(resource, TEXT("assumed-role/")) ||
               text_starts_with(resource, TEXT("federated-user/"));
    return text_is(p[2], "iam") &&
           (text_is(resource, "root") || text_starts_with(resource, TEXT("user/")) ||
            text_starts_with(resource, TEXT("role/")));
}

static struct text after_last_slash(struct text t)
{
    size_t at = t.len;
    while (at > 0 && t.ptr[at - 1] != '/')
        at--;
    return text_slice(t, at, t.len);
}

static int aws_parse(struct text name, struct principal *out, struct error *err)
{
    struct text p[ARN_PARTS];
    if (is_account_id(name)) {
        out->form = PRINCIPAL_ACCOUNT;
        out->account = name;
        return 0;
    }
    out->form = PRINCIPAL_AWS_NAME;
    if (is_unique_id(name))
        return 0;
    if (!arn_split(name, p) || !is_principal_arn(p) || after_last_slash(p[5]).len == 0)
        return refuse(TEXT("AWS"), name,
                      "is not an account id or the ARN of an account root, user, role or session",
                      err);
    out->partition = p[1];
    out->account = p[4];
    if (text_is(p[5], "root")) {
        out->form = PRINCIPAL_ACCOUNT;
    } else if (text_starts_with(p[5], TEXT("role/"))) {
        out->form = PRINCIPAL_ROLE;
        out->role = after_last_slash(p[5]);
    }
    return 0;
}

static bool is_host_name(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        if (!islower((unsigned char)c) && !isdigit((unsigned char)c) && c != '.' && c != '-')
            return false;
    }
    return text_find(t, '.') < t.len;
}

int principal_parse(struct text group, struct text name, struct principal *out, struct error *err)
{
    *out = (struct principal){.name = name};
    bool is_aws = text_is(group, "AWS");
    if (is_aws && text_is(name, "*")) {
        out->form = PRINCIPAL_EVERYONE;
        return 0;
    }
    if (name.len == 0)
        return refuse(group, name, "is empty", err);
    if (text_find(name, '*') < name.len || text_find(name, '?') < name.len)
        return refuse(group, name, "has a wildcard, which only {\"AWS\": \"*\"} may", err);
    if (is_aws)
        return aws_parse(name, out, err);
    if (text_is(group, "Service")) {
        out->form = PRINCIPAL_SERVICE;
        return is_host_name(name) ? 0 : refuse(group, name, "is not a service name", err);
    }
    if (text_is(group, "Federated")) {
        out->form = PRINCIPAL_FEDERATED;
        return 0;
    }
    out->form = PRINCIPAL_AWS_NAME;
    if (text_is(group, "CanonicalUser"))
        return 0;
    return error_set(err, ERROR_INVALID,
                     "the principal type %.*s is not AWS, Service, Federated or CanonicalUser",
                     TEXT_ARGS(group));
}

/* "eu-west-1", "us-gov-east-1": at least two dashes, a digit at the end. */
static bool is_region(struct text t)
{
    size_t dashes = 0;
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.ptr[i];
        if (c != '-' && !islower(c) && !isdigit(c))
            return false;
        dashes += c == '-';
    }
    return dashes >= 2 && isdigit((unsigned char)t.ptr[t.len - 1]);
}

/* Whether `regional` is `global` with a region as its second label. */
static bool is_regional_form(struct text regional, struct text global)
{
    struct text rest = regional, global_rest = global;
    if (!text_equal(text_cut(&rest, '.'), text_cut(&global_rest, '.')))
        return false;
    return is_region(text_cut(&rest, '.')) && rest.len > 0 && text_equal(rest, global_rest);
}

static bool service_matches(struct text a, struct text b)
{
    return text_equal(a, b) || is_regional_form(a, b) || is_regional_form(b, a);
}

static bool account_matches(struct text account, const struct policy_request *request)
{
    struct text p[ARN_PARTS];
    if (request->principal_account.len > 0)
        return text_equal(account, request->principal_account);
    return arn_split(request->principal_name, p) && text_equal(account, p[4]);
}

static bool role_matches(const struct principal *role, struct text name)
{
    struct text p[ARN_PARTS];
    if (text_equal(role->name, name))
        return true;
    if (!arn_split(name, p) || !text_is(p[2], "sts") || !text_equal(role->partition, p[1]) ||
        !text_equal(role->account, p[4]))
        return false;
    struct text rest = p[5];
    return text_is(text_cut(&rest, '/'), "assumed-role") &&
           text_equal(text_cut(&rest, '/'), role->role) && rest.len > 0;
}

bool principal_matches(const struct principal *p, const struct policy_request *request)
{
    bool is_aws = request->principal_type == POLICY_PRINCIPAL_AWS;
    switch (p->form) {
    case PRINCIPAL_EVERYONE:
        return true;
    case PRINCIPAL_ACCOUNT:
        return is_aws && account_matches(p->account, request);
    case PRINCIPAL_ROLE:
        return is_aws && role_matches(p, request->principal_name);
    case PRINCIPAL_AWS_NAME:
        return is_aws && text_equal(p->name, request->principal_name);
    case PRINCIPAL_SERVICE:
        return request->principal_type == POLICY_PRINCIPAL_SERVICE &&
               service_matches(p->name, request->principal_name);
    case PRINCIPAL_FEDERATED:
        return request->principal_type == POLICY_PRINCIPAL_FEDERATED &&
               text_equal(p->name, request->principal_name);
    }
    return false;
}
