/*
 * function.c - one function alone: its settings read from text that is nobody's file, and its
 * renditions written as such text. The same rows and checks as for the functions of a file.
 */
#include "config_private.h"

#include <stdlib.h>
#include <string.h>

#include "onput/json.h"

static const char *const no_variables[] = {NULL};

/* The text comes from a caller of the API, who must not read the daemon's environment. */
static void make_literal(struct tree_node *node)
{
    node->is_literal = true;
    for (size_t i = 0; node->kind == TREE_LIST && i < node->count; i++)
        make_literal(node->items[i]);
    for (size_t i = 0; node->kind == TREE_MAP && i < node->count; i++)
        make_literal(node->pairs[i].value);
}

static int read_tree(struct loader *loader, struct text yaml, struct tree_node **root,
                     struct error *err)
{
    struct origin nowhere = {.kind = ORIGIN_DEFAULT};

    if (yaml_tree_parse(yaml, NULL, &loader->tree, root, err) != 0)
        return -1;
    if (*root == NULL)
        *root = tree_new(&loader->tree, TREE_MAP, nowhere);
    make_literal(*root);
    return 0;
}

static int read_function(struct loader *loader, struct text yaml, struct config_function *function,
                         struct error *err)
{
    struct tree_node *root = NULL;

    if (read_tree(loader, yaml, &root, err) != 0 ||
        bind_function(loader, root, function, err) != 0 ||
        check_function_alone(loader, function, err) != 0)
        return -1;
    return 0;
}

int config_read_function(struct text yaml, const char *name, struct arena *arena,
                         struct config_function *out, struct error *err)
{
    struct config_origins origins = {.is_placeless = true};
    struct config config = {.arena = *arena, .origins = &origins};
    struct loader loader = {.config = &config, .origins = &origins, .environment = no_variables};
    struct config_function *function = ARENA_NEW(&config.arena, struct config_function);
    int result;

    function->name = arena_strdup(&config.arena, name);
    arena_init(&loader.tree);
    result = read_function(&loader, yaml, function, err);
    arena_release(&loader.tree);
    origins_release(&origins);
    *arena = config.arena;
    if (result == 0)
        *out = *function;
    return result;
}

/* ---- writing ---- */

static void put_flags(struct json_writer *w, const struct option *option, uint32_t flags)
{
    json_array_begin(w);
    for (size_t i = 0; i < 32; i++)
        if ((flags & UINT32_C(1) << i) != 0)
            json_put_text(w, choice_at(option->choices, i));
    json_array_finish(w);
}

/* The types that rows of a rendition have. */
static void put_value(struct json_writer *w, const struct option *option, const void *member)
{
    AUTO_BUFFER struct buffer printed = {0};
    unsigned position;

    buffer_init(&printed, 256);
    switch (option->type) {
    case OPTION_CHOICE:
        memcpy(&position, member, sizeof(position));
        json_put_text(w, choice_at(option->choices, position));
        return;
    case OPTION_FLAGS:
        put_flags(w, option, *(const uint32_t *)member);
        return;
    case OPTION_NAME:
    case OPTION_UINT:
    case OPTION_BOOL:
    case OPTION_COLOUR:
        value_print(option, member, &printed);
        json_put_raw(w, buffer_text(&printed));
        return;
    default:
        BUG_ON("a rendition has an option of a type that nobody writes");
    }
}

static size_t member_size(const struct option *option)
{
    switch (option->type) {
    case OPTION_NAME:
        return RENDITION_NAME_BYTES;
    case OPTION_BOOL:
        return sizeof(bool);
    default:
        return sizeof(uint32_t);
    }
}

static struct rendition default_rendition(struct arena *a)
{
    struct rendition rendition = {0};
    struct error err = {0};

    for (size_t i = 0; i < config_option_count; i++) {
        const struct option *option = &config_options[i];
        bool has_default = option->fallback != NULL && option->fallback != config_required;

        if (option->section == SECTION_RENDITION && has_default)
            BUG_ON(value_parse(option, text_of(option->fallback), a,
                               (char *)&rendition + option->offset, &err) != 0);
    }
    return rendition;
}

static void put_rendition(struct json_writer *w, const struct rendition *rendition,
                          const struct rendition *fallback)
{
    json_object_begin(w);
    for (size_t i = 0; i < config_option_count; i++) {
        const struct option *option = &config_options[i];
        const char *member = (const char *)rendition + option->offset;

        if (option->section != SECTION_RENDITION ||
            memcmp(member, (const char *)fallback + option->offset, member_size(option)) == 0)
            continue;
        json_key(w, option->key);
        put_value(w, option, member);
    }
    json_object_finish(w);
}

void config_write_renditions(const struct config_function *f, struct buffer *out)
{
    AUTO_ARENA struct arena arena = {0};
    struct rendition fallback = default_rendition(&arena);
    struct json_writer w;

    json_writer_init(&w, out);
    json_array_begin(&w);
    for (size_t i = 0; i < f->rendition_count; i++)
        put_rendition(&w, &f->renditions[i], &fallback);
    json_array_finish(&w);
}
