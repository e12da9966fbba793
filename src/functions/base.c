/*
 * What a configuration gives to all its catalogs: stores with their connections, users, roles.
 */
#include "functions_private.h"

#include <stdlib.h>
#include <string.h>

#include "onput/memory.h"

static enum storage_addressing addressing_of(const struct config_store *s)
{
    bool is_virtual = s->addressing != NULL && strcmp(s->addressing, "virtual") == 0;
    bool is_aws = s->addressing == NULL || strcmp(s->addressing, "auto") == 0
                      ? strstr(s->endpoint, ".amazonaws.com") != NULL
                      : false;
    return is_virtual || is_aws ? STORAGE_ADDRESSING_VIRTUAL : STORAGE_ADDRESSING_PATH;
}

static int build_store(struct base *b, struct store *s, const struct config_store *config,
                       struct error *err)
{
    s->config = config;
    s->name = text_of(config->name);
    struct storage_options options = {
        .endpoint = config->endpoint,
        .region = config->region,
        .addressing = addressing_of(config),
        .ca_file = config->ca_file,
        .clock = b->clock,
        .metrics = b->metrics,
    };
    if (storage_new(&options, &s->storage, err) < 0)
        return error_prefix(err, "stores.%s", config->name);
    s->credentials = credentials_new_static(&(struct credentials_static_options){
        .access_key = config->access_key,
        .secret_key = config->secret_key,
        .session_token = config->session_token,
    });
    return 0;
}

static int build(struct base *b, struct error *err)
{
    const struct config *config = b->config;
    if (config->store_count == 0)
        return error_set(err, ERROR_INVALID,
                         "no store is configured: add one below stores:, with its endpoint");
    for (size_t i = 0; i < config->store_count; i++) {
        if (build_store(b, &b->stores[i], &config->stores[i], err) < 0)
            return -1;
    }
    const struct config_store *home = &config->stores[0];
    b->region = text_of(config->lambda_region != NULL ? config->lambda_region : home->region);
    b->account = text_of(config->lambda_account != NULL ? config->lambda_account : home->account);
    return users_new(config, b->account, &b->users, err);
}

static void destroy(struct base *b)
{
    users_free(b->users);
    for (size_t i = 0; i < b->config->store_count; i++) {
        credentials_free(b->stores[i].credentials);
        storage_free(b->stores[i].storage);
    }
    free(b->stores);
    config_free(b->config);
    free(b->packages);
    free(b);
}

int base_new(struct config *config, const struct clock *clock, struct metrics *metrics,
             struct base **out, struct error *err)
{
    struct base *b = xcalloc(1, sizeof(*b));
    atomic_init(&b->references, 1);
    b->config = config;
    b->clock = clock;
    b->metrics = metrics;
    AUTO_FREE char *state = absolute_path(config->state_dir);
    b->packages = xasprintf("%s/packages", state);
    b->stores = xcalloc(config->store_count + 1, sizeof(*b->stores));
    if (build(b, err) < 0) {
        destroy(b);
        return -1;
    }
    *out = b;
    return 0;
}

struct base *base_ref(struct base *b)
{
    atomic_fetch_add_explicit(&b->references, 1, memory_order_relaxed);
    return b;
}

void base_unref(struct base *b)
{
    if (b != NULL && atomic_fetch_sub_explicit(&b->references, 1, memory_order_acq_rel) == 1)
        destroy(b);
}

const struct config_role *base_role(const struct base *b, struct text name)
{
    for (size_t i = 0; i < b->config->role_count; i++) {
        if (text_is(name, b->config->roles[i].name))
            return &b->config->roles[i];
    }
    return NULL;
}

const struct config_function *base_declared(const struct base *b, struct text function)
{
    for (size_t i = 0; i < b->config->function_count; i++) {
        if (text_is(function, b->config->functions[i].name))
            return &b->config->functions[i];
    }
    return NULL;
}
