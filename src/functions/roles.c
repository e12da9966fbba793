/*
 * The execution role of a function: its identity policy, and the credentials of its S3 calls.
 */
#include "functions_private.h"

#include <string.h>

const struct config_role *role_find(const struct config *config, const char *name)
{
    for (size_t i = 0; name != NULL && i < config->role_count; i++) {
        if (strcmp(config->roles[i].name, name) == 0)
            return &config->roles[i];
    }
    return NULL;
}

int role_build_policy(struct catalog *c, struct function *f, struct error *err)
{
    const struct config_role *role = role_find(c->config, f->config->role);
    if (f->config->role != NULL && role == NULL)
        return error_set(err, ERROR_INVALID, "role: there is no roles.%s", f->config->role);
    AUTO_BUFFER struct buffer document;
    buffer_init(&document, POLICY_MAX_BYTES);
    if (role != NULL)
        buffer_append_string(&document, role->policy_json);
    else
        implied_role_write(c->config, f->config, &document);
    if (buffer_failed(&document))
        return error_set(err, ERROR_LIMIT, "role: the policy is larger than %d bytes",
                         POLICY_MAX_BYTES);
    f->role_policy_json = arena_text(&c->arena, buffer_text(&document));
    if (policy_parse(f->role_policy_json, POLICY_IDENTITY, &f->role_policy, err) < 0)
        return error_prefix(err, role != NULL ? "role %s" : "role", f->config->role);
    return 0;
}

/*
 * Temporary credentials where the store offers AssumeRole, limited by the role's policy; else the
 * role's own keys; else (slot stays NULL) the store's.
 */
int role_build_credentials(struct catalog *c, size_t function, size_t store, struct error *err)
{
    const struct function *f = &c->functions[function];
    const struct store *s = &c->stores[store];
    const struct config_role *role = role_find(c->config, f->config->role);
    struct credentials **slot = &c->role_credentials[function * c->config->store_count + store];
    if (s->config->sts) {
        if (f->role_policy_json.len > 2048)
            return error_set(err, ERROR_LIMIT,
                             "role: a session policy may have 2048 bytes, this one has %zu: "
                             "shorten it or set stores.%s.sts: false",
                             f->role_policy_json.len, s->config->name);
        *slot = credentials_new_sts(&(struct credentials_sts_options){
            .endpoint = s->config->endpoint,
            .region = s->config->region,
            .role_arn = role != NULL ? role->role_arn : NULL,
            .session_name = f->config->name,
            .session_policy = f->role_policy_json.ptr,
            .source = s->credentials,
            .clock = c->clock,
            .ca_file = s->config->ca_file,
        });
    } else if (role != NULL && role->access_key != NULL) {
        *slot = credentials_new_static(&(struct credentials_static_options){
            .access_key = role->access_key, .secret_key = role->secret_key});
    }
    return 0;
}

struct credentials *catalog_role_credentials(const struct catalog *c,
                                             const struct function *function,
                                             const struct store *store)
{
    size_t f = (size_t)(function - c->functions), s = (size_t)(store - c->stores);
    struct credentials *own = c->role_credentials[f * c->config->store_count + s];
    return own != NULL ? own : store->credentials;
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
