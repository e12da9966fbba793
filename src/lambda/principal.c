/*
 * principal.c - which AWS principals a permission may name. Users and roles of the own account must
 * be of the configuration; what other accounts have is not for us to know.
 */
#include "lambda_private.h"

#include "onput/function_row.h"

/* The parts of "arn:aws:iam::<account>:<resource>" that matter. */
struct principal_arn {
    struct text service, account, resource;
};

static bool principal_arn_split(struct text arn, struct principal_arn *out)
{
    struct text rest = arn;
    if (!text_is(text_cut(&rest, ':'), "arn"))
        return false;
    text_cut(&rest, ':'); /* partition */
    out->service = text_cut(&rest, ':');
    text_cut(&rest, ':'); /* region */
    out->account = text_cut(&rest, ':');
    out->resource = rest;
    return true;
}

static bool is_user(const struct catalog *catalog, struct text arn)
{
    const struct config *config = catalog_config(catalog);
    for (size_t i = 0; i < config->user_count; i++) {
        const struct user *user = catalog_user(catalog, text_of(config->users[i].access_key));
        if (user != NULL && text_equal(user->arn, arn))
            return true;
    }
    return false;
}

static struct text last_segment(struct text path)
{
    struct text rest = path, segment = TEXT("");
    while (rest.len > 0)
        segment = text_cut(&rest, '/');
    return segment;
}

static bool is_role(const struct catalog *catalog, struct text name)
{
    const struct config *config = catalog_config(catalog);
    if (text_is(name, FUNCTION_IMPLIED_ROLE))
        return true;
    for (size_t i = 0; i < config->role_count; i++) {
        const struct config_role *role = &config->roles[i];
        if (text_is(name, role->name) || text_equal(name, last_segment(text_of(role->role_arn))))
            return name.len > 0;
    }
    return false;
}

static bool is_session(const struct catalog *catalog, struct text resource)
{
    struct text rest = resource;
    return text_is(text_cut(&rest, '/'), "assumed-role") &&
           is_role(catalog, text_cut(&rest, '/')) && rest.len > 0;
}

bool principal_is_known(const struct catalog *catalog, struct text principal)
{
    struct principal_arn p;
    if (!principal_arn_split(principal, &p) || !text_equal(p.account, catalog_account(catalog)))
        return true;
    if (text_is(p.service, "sts"))
        return is_session(catalog, p.resource);
    if (text_starts_with(p.resource, TEXT("role/")))
        return is_role(catalog, last_segment(p.resource));
    return text_is(p.resource, "root") || is_user(catalog, principal);
}
