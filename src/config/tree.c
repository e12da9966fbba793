/*
 * tree.c - nodes of a parsed file in an arena. Made by yaml_tree.c, changed by overlay.c, read by
 * bind.c. Its scalars may hold secrets: tree_wipe() before the arena goes.
 */
#include "config_private.h"

#include <string.h>

struct tree_node *tree_new(struct arena *a, enum tree_kind kind, struct origin origin)
{
    struct tree_node *node = ARENA_NEW(a, struct tree_node);

    node->kind = kind;
    node->origin = origin;
    node->scalar = TEXT("");
    return node;
}

static struct tree_pair *find_pair(const struct tree_node *map, struct text key)
{
    if (map == NULL || map->kind != TREE_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (text_equal(map->pairs[i].key, key))
            return &map->pairs[i];
    return NULL;
}

struct tree_node *tree_get(const struct tree_node *map, struct text key)
{
    struct tree_pair *pair = find_pair(map, key);

    return pair == NULL ? NULL : pair->value;
}

/* Room for one more of `size` bytes; what is left behind in the arena is less than what is used. */
static void *grow(struct arena *a, struct tree_node *node, void *old, size_t size)
{
    void *grown;

    if (node->count < node->capacity)
        return old;
    node->capacity = node->capacity == 0 ? 4 : node->capacity * 2;
    grown = arena_alloc_array(a, node->capacity, size);
    if (node->count > 0)
        memcpy(grown, old, node->count * size);
    return grown;
}

void tree_put(struct arena *a, struct tree_node *map, struct tree_pair pair)
{
    struct tree_pair *present = find_pair(map, pair.key);

    if (present != NULL) {
        tree_wipe(present->value);
        *present = pair;
        return;
    }
    map->pairs = grow(a, map, map->pairs, sizeof(*map->pairs));
    map->pairs[map->count++] = pair;
}

void tree_append(struct arena *a, struct tree_node *list, struct tree_node *item)
{
    list->items = grow(a, list, list->items, sizeof(struct tree_node *));
    list->items[list->count++] = item;
}

void tree_remove(struct tree_node *map, struct text key)
{
    struct tree_pair *pair = find_pair(map, key);
    size_t at;

    if (pair == NULL)
        return;
    tree_wipe(pair->value);
    at = (size_t)(pair - map->pairs);
    memmove(pair, pair + 1, (map->count - at - 1) * sizeof(*pair));
    map->count--;
}

struct tree_node *tree_copy(struct arena *a, const struct tree_node *node)
{
    struct tree_node *copy = tree_new(a, node->kind, node->origin);

    copy->is_plain = node->is_plain;
    copy->is_literal = node->is_literal;
    copy->scalar = arena_text(a, node->scalar);
    for (size_t i = 0; node->kind == TREE_LIST && i < node->count; i++)
        tree_append(a, copy, tree_copy(a, node->items[i]));
    for (size_t i = 0; node->kind == TREE_MAP && i < node->count; i++) {
        struct tree_pair pair = node->pairs[i];

        pair.value = tree_copy(a, pair.value);
        tree_put(a, copy, pair);
    }
    return copy;
}

size_t tree_size(const struct tree_node *node)
{
    size_t size = 1;

    for (size_t i = 0; node->kind == TREE_LIST && i < node->count; i++)
        size += tree_size(node->items[i]);
    for (size_t i = 0; node->kind == TREE_MAP && i < node->count; i++)
        size += tree_size(node->pairs[i].value);
    return size;
}

bool tree_is_nothing(const struct tree_node *node)
{
    if (node == NULL)
        return true;
    if (node->kind != TREE_SCALAR || !node->is_plain)
        return false;
    return node->scalar.len == 0 || text_is(node->scalar, "~") || text_is(node->scalar, "null");
}

const char *tree_label(const struct tree_node *node)
{
    if (tree_is_nothing(node))
        return "nothing";
    switch (node->kind) {
    case TREE_SCALAR:
        return "a single value";
    case TREE_LIST:
        return "a list";
    case TREE_MAP:
        return "a mapping";
    }
    return "";
}

void tree_wipe(struct tree_node *node)
{
    if (node == NULL)
        return;
    if (node->scalar.len > 0)
        explicit_bzero((char *)node->scalar.ptr, node->scalar.len);
    for (size_t i = 0; node->kind == TREE_LIST && i < node->count; i++)
        tree_wipe(node->items[i]);
    for (size_t i = 0; node->kind == TREE_MAP && i < node->count; i++)
        tree_wipe(node->pairs[i].value);
}
