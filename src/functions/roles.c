/*
 * The execution role of a function: its identity policy, and the credentials of its S3 calls.
 */
#include "functions_private.h"

/* arn:aws:iam::<account>:role/<path>/<name> */
static struct text role_name(struct text arn)
{
    size_t start = arn.len;
    while (start > 0 && arn.ptr[start - 1] != '/')
        start--;
    return start > 0 ? text_slice(arn, start, arn.len) : TEXT("");
}

static int build_policy(struct function_record *r, struct function *f,
                        const struct config_role *role, struct error *err)
{
    AUTO_BUFFER struct buffer document;
    buffer_init(&document, POLICY_MAX_BYTES);
    if (role != NULL)
        buffer_append_string(&document, role->policy_json);
    else
        implied_role_write(r, f->config, &document);
    if (buffer_failed(&document))
        return error_set(err, ERROR_LIMIT, "role: the policy is larger than %d bytes",
                         POLICY_MAX_BYTES);
    f->role_policy_json = arena_text(&r->arena, buffer_text(&document));
    if (policy_parse(f->role_policy_json, POLICY_IDENTITY, &f->role_policy, err) < 0)
        return role != NULL ? error_prefix(err, "role %s", role->name) : error_prefix(err, "role");
    return 0;
}

/*
 * Temporary credentials where the store offers AssumeRole, limited by the role's policy; else the
 * role's own keys; else (NULL) the store's.
 */
static int build_credentials(const struct function *f, const struct store *s,
                             const struct config_role *role, const struct clock *clock,
                             struct credentials **out, struct error *err)
{
    if (s->config->sts) {
        if (f->role_policy_json.len > 2048)
            return error_set(err, ERROR_LIMIT,
                             "role: a session policy may have 2048 bytes, this one has %zu: "
                             "shorten it or set stores.%s.sts: false",
                             f->role_policy_json.len, s->config->name);
        *out = credentials_new_sts(&(struct credentials_sts_options){
            .endpoint = s->config->endpoint,
            .region = s->config->region,
            .role_arn = role != NULL ? role->role_arn : NULL,
            .session_name = f->config->name,
            .session_policy = f->role_policy_json.ptr,
            .source = s->credentials,
            .clock = clock,
            .ca_file = s->config->ca_file,
        });
    } else if (role != NULL && role->access_key != NULL) {
        *out = credentials_new_static(&(struct credentials_static_options){
            .access_key = role->access_key, .secret_key = role->secret_key});
    }
    return 0;
}

int role_build(struct function_record *r, struct function *f, struct text role_arn,
               struct error *err)
{
    const struct base *b = r->base;
    struct text name = role_name(role_arn);
    const struct config_role *role = base_role(b, name);
    if (role == NULL && !text_is(name, FUNCTION_IMPLIED_ROLE))
        return error_set(err, ERROR_INVALID,
                         "The role defined for the function cannot be assumed by Lambda.");
    size_t stores = b->config->store_count;
    struct credentials **credentials = ARENA_ARRAY(&r->arena, struct credentials *, stores);
    f->credentials = credentials;
    if (build_policy(r, f, role, err) < 0)
        return -1;
    for (size_t s = 0; s < stores; s++) {
        if (build_credentials(f, &b->stores[s], role, b->clock, &credentials[s], err) < 0)
            return -1;
    }
    return 0;
}

struct credentials *catalog_lent_credentials(const struct catalog *c,
                                             const struct function *function,
                                             const struct store *store)
{
    const struct store *stores;
    catalog_stores(c, &stores);
    return function->credentials[store - stores];
}

struct credentials *catalog_role_credentials(const struct catalog *c,
                                             const struct function *function,
                                             const struct store *store)
{
    struct credentials *own = catalog_lent_credentials(c, function, store);
    return own != NULL ? own : store->credentials;
}

const struct store *catalog_function_store(const struct catalog *c, const struct function *function)
{
    const struct store *stores;
    if (function->config->store != NULL)
        return catalog_store(c, text_of(function->config->store));
    return catalog_stores(c, &stores) > 0 ? &stores[0] : NULL;
}

int catalog_role_may(const struct function *function, const char *action, struct text bucket,
                     struct text key, struct error *err)
{
    AUTO_BUFFER struct buffer arn;
    buffer_init(&arn, EVENT_MAX_BUCKET_BYTES + EVENT_MAX_KEY_BYTES + 64);
    buffer_append_string(&arn, "arn:aws:s3:::");
    buffer_append_text(&arn, bucket);
    buffer_append_char(&arn, '/');
    buffer_append_text(&arn, key);
    struct policy_request request = {
        .principal_type = POLICY_PRINCIPAL_AWS,
        .principal_name = function->arn,
        .principal_account = TEXT(""),
        .action = text_of(action),
        .resource = buffer_text(&arn),
    };
    struct policy_decision d = policy_evaluate(function->role_policy, &request);
    if (d.effect == POLICY_ALLOW && !buffer_failed(&arn))
        return 0;
    return error_set(err, ERROR_DENIED, "the role of function %.*s may not %s on %.*s%s",
                     TEXT_ARGS(function->name), action, TEXT_ARGS(buffer_text(&arn)),
                     d.effect == POLICY_EXPLICIT_DENY ? " (explicit deny)" : "");
}
