/*
 * Who is calling. The proof selects the store; nothing in a body does.
 */
#include "api_private.h"

#include "onput/hash.h"

/*
 * MinIO sends "Bearer <token>" for a one-word token and the configured value verbatim for two
 * words; other senders send the bare token. The store's token is one word.
 */
static bool token_matches(struct text authorization, struct text token)
{
    struct text rest = authorization;
    text_cut(&rest, ' ');
    bool whole = secret_equal(authorization, token);
    bool without_scheme = secret_equal(text_trim(rest), token);
    return whole | without_scheme;
}

static bool store_token_matches(const struct store *store, struct text authorization)
{
    bool matches = false;
    for (size_t i = 0; i < store->config->webhook_token_count; i++)
        matches |= token_matches(authorization, text_of(store->config->webhook_tokens[i]));
    return matches;
}

/* Without a store in the path: the only one, or the one whose token it is. */
static const struct store *store_by_token(const struct catalog *catalog, struct text authorization)
{
    const struct store *stores;
    size_t count = catalog_stores(catalog, &stores);
    if (count == 1)
        return &stores[0];
    for (size_t i = 0; i < count; i++) {
        if (stores[i].config->webhook_auth == CONFIG_AUTH_TOKEN && authorization.len > 0 &&
            store_token_matches(&stores[i], authorization))
            return &stores[i];
    }
    return NULL;
}

static enum auth_result check_store(const struct store *store, struct text authorization,
                                    struct text *rest)
{
    switch (store->config->webhook_auth) {
    case CONFIG_AUTH_NONE:
        return AUTH_OK;
    case CONFIG_AUTH_SECRET: {
        struct text secret = text_cut(rest, '/');
        if (secret.len == 0)
            return AUTH_NO_CREDENTIAL;
        return secret_equal(secret, text_of(store->config->webhook_secret)) ? AUTH_OK : AUTH_WRONG;
    }
    case CONFIG_AUTH_TOKEN:
        if (authorization.len == 0)
            return AUTH_NO_CREDENTIAL;
        return store_token_matches(store, authorization) ? AUTH_OK : AUTH_WRONG;
    }
    return AUTH_WRONG;
}

enum auth_result auth_webhook(const struct catalog *catalog, struct text rest,
                              struct text authorization, struct webhook_target *out)
{
    struct text name = text_cut(&rest, '/');
    const struct store *store =
        name.len == 0 ? store_by_token(catalog, authorization) : catalog_store(catalog, name);
    if (store == NULL && name.len > 0)
        return AUTH_NO_STORE;
    if (store == NULL)
        return authorization.len == 0 ? AUTH_NO_CREDENTIAL : AUTH_WRONG;
    enum auth_result result = check_store(store, authorization, &rest);
    if (result != AUTH_OK)
        return result;
    *out = (struct webhook_target){.store = store};
    if (rest.len > 0) {
        out->function = catalog_function(catalog, rest);
        if (out->function == NULL)
            return AUTH_NO_FUNCTION;
    }
    return AUTH_OK;
}

bool auth_admin(const struct config *config, struct text authorization)
{
    if (config->admin_token == NULL)
        return true;
    return authorization.len > 0 && token_matches(authorization, text_of(config->admin_token));
}
