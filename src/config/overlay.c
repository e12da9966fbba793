/*
 * overlay.c - what environment and flags say is written over the tree of the file, before bind.c
 * reads it: first variables, then flags, so that the last one counts.
 */
#include "config_private.h"

#include <string.h>

#include "onput/encoding.h"

enum { VARIABLE_MAX_BYTES = 128, PATH_MAX_PARTS = 8 };

/* Names that people export for other tools; of two for the same key the first one counts. */
static const struct {
    const char *variable;
    const char *key;
} store_variables[] = {
    {"AWS_ACCESS_KEY_ID", "access_key"},
    {"AWS_SECRET_ACCESS_KEY", "secret_key"},
    {"AWS_REGION", "region"},
    {"AWS_DEFAULT_REGION", "region"},
    {"AWS_ENDPOINT_URL_S3", "endpoint"},
    {"AWS_ENDPOINT_URL", "endpoint"},
    {"AWS_CA_BUNDLE", "ca_file"},
};

static struct tree_node *literal_new(struct arena *a, struct text value, struct origin origin)
{
    struct tree_node *node = tree_new(a, TREE_SCALAR, origin);

    node->is_literal = true;
    node->scalar = value;
    return node;
}

/* A secret and its file are two ways to say the same: the new one replaces the other. */
static void remove_twin(struct tree_node *map, struct text key)
{
    AUTO_BUFFER struct buffer twin = {0};
    struct text suffix = TEXT("_file");

    if (text_ends_with(key, suffix)) {
        tree_remove(map, text_slice(key, 0, key.len - suffix.len));
        return;
    }
    buffer_init(&twin, key.len + suffix.len);
    buffer_append_text(&twin, key);
    buffer_append_text(&twin, suffix);
    tree_remove(map, buffer_text(&twin));
}

static void put_value(struct arena *a, struct tree_node *map, struct text key, struct text value,
                      struct origin origin)
{
    if (!text_is(key, "ca_file"))
        remove_twin(map, key);
    tree_put(a, map, (struct tree_pair){key, origin, literal_new(a, value, origin)});
}

/* The mapping `key` of `map`, made where there was nothing; NULL when something else stands there.
 */
static struct tree_node *enter(struct arena *a, struct tree_node *map, struct text key,
                               struct origin origin)
{
    struct tree_node *child = tree_get(map, key);

    if (tree_is_nothing(child)) {
        child = tree_new(a, TREE_MAP, origin);
        tree_put(a, map, (struct tree_pair){key, origin, child});
    }
    return child->kind == TREE_MAP ? child : NULL;
}

static int apply_option(struct loader *loader, const struct option *option, struct tree_node *root,
                        struct error *err)
{
    struct arena *keep = &loader->config->arena;
    struct origin origin = {.kind = ORIGIN_ENVIRONMENT};
    char variable[VARIABLE_MAX_BYTES];
    struct text section;
    struct tree_node *map;
    struct text value;

    if (!option_variable(option, variable, sizeof(variable)))
        return 0;
    if (environment_find(loader->environment, variable, &loader->tree, &value, &origin.variable,
                         err) != 0)
        return -1;
    if (value.len == 0)
        return 0;
    origin.variable = arena_strdup(keep, origin.variable);
    section = text_of(config_sections[option->section].title);
    map = enter(&loader->tree, root, section, origin);
    if (map != NULL) /* else bind.c says what is wrong there */
        put_value(&loader->tree, map, text_of(option->key), value, origin);
    return 0;
}

/* A temporary key is of no use without its token, nor a token without its key. */
static int apply_session_token(struct loader *loader, struct tree_node *store, struct origin origin,
                               struct error *err)
{
    struct text value;

    tree_remove(store, TEXT("session_token"));
    tree_remove(store, TEXT("session_token_file"));
    if (environment_find(loader->environment, "AWS_SESSION_TOKEN", &loader->tree, &value,
                         &origin.variable, err) != 0)
        return -1;
    origin.variable = arena_strdup(&loader->config->arena, origin.variable);
    if (value.len > 0)
        put_value(&loader->tree, store, TEXT("session_token"), value, origin);
    return 0;
}

static int apply_store_variable(struct loader *loader, size_t row, struct tree_node *store,
                                struct error *err)
{
    struct text key = text_of(store_variables[row].key);
    struct origin origin = {.kind = ORIGIN_ENVIRONMENT};
    struct text value;

    if (environment_find(loader->environment, store_variables[row].variable, &loader->tree, &value,
                         &origin.variable, err) != 0)
        return -1;
    if (value.len == 0)
        return 0;
    origin.variable = arena_strdup(&loader->config->arena, origin.variable);
    put_value(&loader->tree, store, key, value, origin);
    return text_is(key, "access_key") ? apply_session_token(loader, store, origin, err) : 0;
}

/* From the last row to the first, so that the first one counts. */
static int apply_store(struct loader *loader, struct tree_node *root, struct error *err)
{
    struct tree_node *stores = tree_get(root, TEXT("stores"));

    if (stores == NULL || stores->kind != TREE_MAP || stores->count != 1 ||
        stores->pairs[0].value->kind != TREE_MAP)
        return 0;
    for (size_t row = ARRAY_LEN(store_variables); row-- > 0;)
        if (apply_store_variable(loader, row, stores->pairs[0].value, err) != 0)
            return -1;
    return 0;
}

static int fail_flag(struct text flag, const char *what, struct error *err)
{
    AUTO_BUFFER struct buffer shown = {0};

    buffer_init(&shown, ERROR_MESSAGE_BYTES);
    append_found(&shown, flag);
    return error_set(err, ERROR_INVALID, "--set %s: %s; hint: write --set listen.port=8080",
                     shown.data, what);
}

/* "stores.minio.region=eu-west-1" */
static int apply_flag(struct loader *loader, struct text flag, struct tree_node *root,
                      struct error *err)
{
    struct text path = text_slice(flag, 0, text_find(flag, '='));
    struct text value = text_slice(flag, path.len + 1, flag.len);
    struct origin origin = {.kind = ORIGIN_FLAG};
    struct tree_node *map = root;
    struct text rest = path;
    unsigned parts = 0;

    if (path.len == flag.len)
        return fail_flag(path, "there is no \"=\" in it", err);
    if (!text_is_utf8(path))
        return fail_flag(path, "this is no UTF-8", err);
    rest = arena_text(&loader->config->arena, path);
    origin.variable = rest.ptr;
    while (text_find(rest, '.') < rest.len) {
        struct text key = arena_text(&loader->tree, text_cut(&rest, '.'));

        map = enter(&loader->tree, map, key, origin);
        if (map == NULL || ++parts == PATH_MAX_PARTS)
            return fail_flag(path, "there is no such option", err);
    }
    put_value(&loader->tree, map, arena_text(&loader->tree, rest), arena_text(&loader->tree, value),
              origin);
    return 0;
}

int overlay_apply(struct loader *loader, const char *const *flags, struct tree_node *root,
                  struct error *err)
{
    for (size_t i = 0; i < config_option_count; i++)
        if (apply_option(loader, &config_options[i], root, err) != 0)
            return -1;
    if (apply_store(loader, root, err) != 0)
        return -1;
    for (; flags != NULL && *flags != NULL; flags++)
        if (apply_flag(loader, text_of(*flags), root, err) != 0)
            return -1;
    return 0;
}
