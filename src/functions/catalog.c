/*
 * The catalog: one immutable, reference-counted resolution of a configuration.
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

static int build_store(struct catalog *c, struct store *s, const struct config_store *config,
                       struct metrics *metrics, struct error *err)
{
    s->config = config;
    s->name = text_of(config->name);
    struct storage_options options = {
        .endpoint = config->endpoint,
        .region = config->region,
        .addressing = addressing_of(config),
        .ca_file = config->ca_file,
        .clock = c->clock,
        .metrics = metrics,
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

static int build_function(struct catalog *c, struct function *f,
                          const struct config_function *config, struct error *err)
{
    const struct config_store *home = &c->config->stores[0];
    f->config = config;
    f->name = text_of(config->name);
    f->arn = text_of(arena_printf(&c->arena, "arn:aws:lambda:%s:%s:function:%s", home->region,
                                  home->account, config->name));
    if (permissions_build(c, f, err) < 0 || role_build_policy(c, f, err) < 0)
        return error_prefix(err, "functions.%s", config->name);
    return 0;
}

static int build(struct catalog *c, struct metrics *metrics, struct error *err)
{
    const struct config *config = c->config;
    if (config->store_count == 0)
        return error_set(err, ERROR_INVALID,
                         "no store is configured: add one below stores:, with its endpoint");
    for (size_t i = 0; i < config->store_count; i++) {
        if (build_store(c, &c->stores[i], &config->stores[i], metrics, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < config->function_count; i++) {
        if (build_function(c, &c->functions[i], &config->functions[i], err) < 0)
            return -1;
        for (size_t s = 0; s < config->store_count; s++) {
            if (role_build_credentials(c, i, s, err) < 0)
                return error_prefix(err, "functions.%s", config->functions[i].name);
        }
    }
    return loop_guard_check(config, err);
}

static void destroy(struct catalog *c)
{
    size_t stores = c->config->store_count, functions = c->config->function_count;
    for (size_t i = 0; i < functions * stores; i++)
        credentials_free(c->role_credentials[i]);
    for (size_t i = 0; i < functions; i++) {
        policy_free(c->functions[i].policy);
        policy_free(c->functions[i].role_policy);
    }
    for (size_t i = 0; i < stores; i++) {
        credentials_free(c->stores[i].credentials);
        storage_free(c->stores[i].storage);
    }
    config_free(c->config);
    arena_release(&c->arena);
    free(c);
}

int catalog_new(struct config *config, const struct clock *clock, struct metrics *metrics,
                struct catalog **out, struct error *err)
{
    struct catalog *c = xcalloc(1, sizeof(*c));
    atomic_init(&c->references, 1);
    arena_init(&c->arena);
    c->config = config;
    c->clock = clock;
    c->stores = ARENA_ARRAY(&c->arena, struct store, config->store_count);
    c->functions = ARENA_ARRAY(&c->arena, struct function, config->function_count);
    c->role_credentials =
        ARENA_ARRAY(&c->arena, struct credentials *, config->function_count * config->store_count);
    if (build(c, metrics, err) < 0) {
        destroy(c);
        return -1;
    }
    *out = c;
    return 0;
}

struct catalog *catalog_ref(struct catalog *c)
{
    atomic_fetch_add_explicit(&c->references, 1, memory_order_relaxed);
    return c;
}

void catalog_unref(struct catalog *c)
{
    if (c != NULL && atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) == 1)
        destroy(c);
}

const struct config *catalog_config(const struct catalog *c)
{
    return c->config;
}

size_t catalog_stores(const struct catalog *c, const struct store **out)
{
    *out = c->stores;
    return c->config->store_count;
}

size_t catalog_functions(const struct catalog *c, const struct function **out)
{
    *out = c->functions;
    return c->config->function_count;
}

const struct store *catalog_store(const struct catalog *c, struct text name)
{
    for (size_t i = 0; i < c->config->store_count; i++) {
        if (text_equal(c->stores[i].name, name))
            return &c->stores[i];
    }
    return NULL;
}

const struct function *catalog_function(const struct catalog *c, struct text name)
{
    for (size_t i = 0; i < c->config->function_count; i++) {
        if (text_equal(c->functions[i].name, name))
            return &c->functions[i];
    }
    return NULL;
}
