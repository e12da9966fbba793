/*
 * config.c - see onput/config.h. The steps from a file to a struct config, and its end.
 */
#include "config_private.h"

#include <stdlib.h>
#include <string.h>

#include "onput/fd.h"

static const char *const no_variables[] = {NULL};

static struct config *config_new(const char *name)
{
    struct config *config = xcalloc(1, sizeof(*config));

    arena_init(&config->arena);
    config->origins = ARENA_NEW(&config->arena, struct config_origins);
    if (name != NULL)
        config->origins->name = config->path = arena_strdup(&config->arena, name);
    return config;
}

static int parse(struct loader *loader, struct text yaml, struct tree_node **root,
                 struct error *err)
{
    struct origin nowhere = {.kind = ORIGIN_DEFAULT};
    struct place place = {.origin = nowhere};

    *root = NULL;
    if (yaml_tree_parse(yaml, loader->origins->name, &loader->tree, root, err) != 0)
        return -1;
    if (tree_is_nothing(*root)) {
        *root = tree_new(&loader->tree, TREE_MAP, nowhere);
        return 0;
    }
    place.origin = (*root)->origin;
    if ((*root)->kind != TREE_MAP)
        return place_fail(loader->origins, &place, err,
                          "expected a mapping of sections, found %s; hint: begin with \"stores:\"",
                          tree_label(*root));
    return 0;
}

int config_load_text(struct text yaml, const char *name, const struct config_source *source,
                     struct config **out, struct error *err)
{
    struct loader loader = {.config = config_new(name)};
    struct tree_node *root;
    int result;

    loader.origins = loader.config->origins;
    loader.environment = source->environment == NULL ? no_variables : source->environment;
    arena_init(&loader.tree);
    result = parse(&loader, yaml, &root, err);
    if (result == 0)
        result = overlay_apply(&loader, source->flags, root, err);
    if (result == 0)
        result = bind_root(&loader, root, err);
    if (result == 0)
        result = check_config(&loader, err);
    tree_wipe(root);
    arena_release(&loader.tree);
    if (result == 0)
        *out = loader.config;
    else
        config_free(loader.config);
    return result == 0 ? 0 : -1;
}

int config_load(const struct config_source *source, struct config **out, struct error *err)
{
    struct buffer yaml;
    int result = 0;

    buffer_init(&yaml, CONFIG_MAX_FILE_BYTES);
    if (source->path != NULL) {
        /* All the room at once: growing would leave pieces of secrets behind. */
        buffer_reserve(&yaml, CONFIG_MAX_FILE_BYTES);
        result = file_read(source->path, &yaml, err);
    }
    if (result == 0)
        result = config_load_text(buffer_text(&yaml), source->path, source, out, err);
    if (yaml.len > 0)
        explicit_bzero(yaml.data, yaml.len);
    buffer_release(&yaml);
    return result;
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    origins_release(config->origins);
    arena_release(&config->arena);
    free(config);
}
