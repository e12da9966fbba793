/*
 * bind.c - the tree to structs, section by section along the rows of config_table.def. Everything
 * that is bound leaves a record, so that messages and config_print() know where it was written.
 */
#include "config_private.h"

#include <string.h>

#include "onput/encoding.h"
#include "onput/json.h"

static int bind_section(struct loader *loader, enum section_id section, struct tree_node *node,
                        void *base, const struct place *place, struct error *err);

static void record_section(struct loader *loader, enum record_kind kind, enum section_id section,
                           void *base, const struct place *place)
{
    origins_add(loader->origins,
                (struct record){.kind = kind, .section = section, .address = base, .place = place});
}

/* ---- one option ---- */

static int fail_shape(const struct option *option, const struct tree_node *node, struct error *err)
{
    AUTO_BUFFER struct buffer expected = {0};

    buffer_init(&expected, ERROR_MESSAGE_BYTES);
    value_expectation(option, &expected);
    return error_set(err, ERROR_INVALID, "expected %s, found %s%s", expected.data, tree_label(node),
                     tree_is_nothing(node) ? "; hint: give a value, or remove the line" : "");
}

static int scalar_text(struct loader *loader, const struct option *option,
                       const struct tree_node *node, struct text *out, struct error *err)
{
    if (node->kind != TREE_SCALAR || tree_is_nothing(node))
        return fail_shape(option, node, err);
    if (!node->is_literal)
        return substitute(loader, node->scalar, option->type == OPTION_JSON, out, err);
    *out = node->scalar;
    return 0;
}

static void wipe_text(struct text t)
{
    if (t.len > 0)
        explicit_bzero((char *)t.ptr, t.len);
}

static int bind_scalar(struct loader *loader, const struct option *option,
                       const struct tree_node *node, void *member, struct error *err)
{
    struct text value;
    int result;

    if (scalar_text(loader, option, node, &value, err) != 0)
        return -1;
    result = value_parse(option, value, &loader->config->arena, member, err);
    wipe_text(value);
    return result;
}

static int bind_entry(struct loader *loader, const struct option *option,
                      const struct tree_node *node, void *member, const char **slot,
                      struct error *err)
{
    struct text value;
    int result;

    if (option->type == OPTION_FLAGS)
        return bind_scalar(loader, option, node, member, err);
    if (scalar_text(loader, option, node, &value, err) != 0)
        return -1;
    result = value_parse_entry(option, value, &loader->config->arena, slot, err);
    wipe_text(value);
    return result;
}

static int bind_list(struct loader *loader, const struct option *option, struct tree_node *node,
                     const struct place *place, void *member, struct error *err)
{
    struct arena *a = &loader->config->arena;
    const char **list = ARENA_ARRAY(a, const char *, node->count + 1); /* ended by NULL */

    if (node->count == 0)
        return error_set(err, ERROR_INVALID,
                         "the list is empty; hint: remove it, or put something in");
    for (size_t i = 0; i < node->count; i++) {
        if (bind_entry(loader, option, node->items[i], member, &list[i], err) == 0)
            continue;
        place_prefix(loader->origins, place_new(a, place, NULL, i, node->items[i]->origin), NULL,
                     node->items[i]->origin, err);
        return -2;
    }
    if (option->type == OPTION_FLAGS)
        return 0;
    memcpy(member, &list, sizeof(list));
    memcpy((char *)member + sizeof(list), &node->count, sizeof(node->count));
    return 0;
}

/* Every scalar becomes a JSON string: policies compare texts, and nothing is guessed. */
static int write_json_text(struct loader *loader, const struct option *option,
                           const struct tree_node *node, const struct place *place,
                           struct json_writer *writer, struct error *err)
{
    struct text value;

    if (scalar_text(loader, option, node, &value, err) != 0) {
        place_prefix(loader->origins, place, NULL, node->origin, err);
        return -2;
    }
    if (!text_is_utf8(value)) {
        error_set(err, ERROR_INVALID, "a variable in it is no UTF-8");
        place_prefix(loader->origins, place, NULL, node->origin, err);
        return -2;
    }
    json_put_text(writer, value);
    return 0;
}

static int write_json(struct loader *loader, const struct option *option,
                      const struct tree_node *node, const struct place *place,
                      struct json_writer *writer, struct error *err)
{
    if (node->kind == TREE_SCALAR)
        return write_json_text(loader, option, node, place, writer, err);
    (node->kind == TREE_LIST ? json_array_begin : json_object_begin)(writer);
    for (size_t i = 0; i < node->count; i++) {
        const struct tree_node *child =
            node->kind == TREE_LIST ? node->items[i] : node->pairs[i].value;

        if (node->kind == TREE_MAP)
            json_key(writer, node->pairs[i].key.ptr);
        if (write_json(loader, option, child, place, writer, err) != 0)
            return -2;
    }
    (node->kind == TREE_LIST ? json_array_finish : json_object_finish)(writer);
    return 0;
}

static int bind_json(struct loader *loader, const struct option *option,
                     const struct tree_node *node, const struct place *place, void *member,
                     struct error *err)
{
    AUTO_BUFFER struct buffer json = {0};
    struct json_writer writer;

    if (node->kind != TREE_MAP)
        return fail_shape(option, node, err);
    buffer_init(&json, 8 * (size_t)CONFIG_MAX_FILE_BYTES);
    json_writer_init(&writer, &json);
    if (write_json(loader, option, node, place, &writer, err) != 0)
        return -2;
    if (buffer_failed(&json))
        return error_set(err, ERROR_LIMIT, "the policy is too large");
    *(const char **)member = arena_strdup_text(&loader->config->arena, buffer_text(&json));
    return 0;
}

static int bind_variable(struct loader *loader, const struct option *option,
                         const struct tree_pair *pair, struct config_variable *out,
                         struct error *err)
{
    struct arena *a = &loader->config->arena;
    struct text value;

    if (pair->value->kind != TREE_SCALAR || tree_is_nothing(pair->value))
        return error_set(err, ERROR_INVALID, "expected a text, found %s%s", tree_label(pair->value),
                         tree_is_nothing(pair->value) ? "; hint: \"\" is the empty one" : "");
    if (scalar_text(loader, option, pair->value, &value, err) != 0 ||
        variable_check(pair->key, value, err) != 0)
        return -1;
    out->name = arena_strdup_text(a, pair->key);
    out->value = arena_strdup_text(a, value);
    return 0;
}

static int bind_variables(struct loader *loader, const struct option *option,
                          const struct tree_node *node, const struct place *place, void *member,
                          struct error *err)
{
    struct arena *a = &loader->config->arena;
    struct config_variable *list = ARENA_ARRAY(a, struct config_variable, node->count);

    if (node->kind != TREE_MAP)
        return fail_shape(option, node, err);
    for (size_t i = 0; i < node->count; i++) {
        const struct tree_pair *pair = &node->pairs[i];
        const char *key = arena_strdup_text(a, pair->key);

        if (bind_variable(loader, option, pair, &list[i], err) == 0)
            continue;
        place_prefix(loader->origins, place_new(a, place, key, 0, pair->origin), NULL, pair->origin,
                     err);
        return -2;
    }
    memcpy(member, &list, sizeof(list));
    memcpy((char *)member + sizeof(list), &node->count, sizeof(node->count));
    return variables_check(option, list, node->count, err);
}

static int bind_file(struct loader *loader, const struct option *option,
                     const struct tree_node *node, void *member, struct error *err)
{
    struct arena *a = &loader->config->arena;
    struct text path;
    struct text content;
    int result;

    if (node->kind != TREE_SCALAR || tree_is_nothing(node))
        return error_set(err, ERROR_INVALID, "expected the path of a file, found %s",
                         tree_label(node));
    if (scalar_text(loader, option, node, &path, err) != 0 ||
        secret_file_read(path.ptr, &loader->tree, &content, err) != 0)
        return -1;
    result = option->type == OPTION_SECRETS ? value_parse_lines(option, content, a, member, err)
                                            : value_parse(option, content, a, member, err);
    wipe_text(content);
    return result;
}

/* -1: the message has no place yet; -2: it has. */
static int bind_value(struct loader *loader, const struct option *option, struct tree_node *node,
                      const struct place *place, void *member, struct error *err)
{
    bool takes_list = option->type == OPTION_TEXTS || option->type == OPTION_SECRETS ||
                      option->type == OPTION_FLAGS;

    if (option->type == OPTION_JSON)
        return bind_json(loader, option, node, place, member, err);
    if (option->type == OPTION_VARIABLES)
        return bind_variables(loader, option, node, place, member, err);
    if (takes_list && node->kind == TREE_LIST)
        return bind_list(loader, option, node, place, member, err);
    return bind_scalar(loader, option, node, member, err);
}

static void bind_default(struct loader *loader, const struct option *option, void *member,
                         const struct place *parent)
{
    struct arena *a = &loader->config->arena;
    struct origin origin = {.kind = ORIGIN_DEFAULT};
    struct error err = {0};

    BUG_ON(value_parse(option, text_of(option->fallback), a, member, &err) != 0);
    origins_add(loader->origins,
                (struct record){.kind = RECORD_OPTION,
                                .option = option,
                                .address = member,
                                .place = place_new(a, parent, option->key, 0, origin)});
}

static int bind_given(struct loader *loader, const struct option *option, struct tree_node *node,
                      bool is_file, const struct place *parent, void *member, struct error *err)
{
    struct arena *a = &loader->config->arena;
    const char *key = is_file ? arena_printf(a, "%s_file", option->key) : option->key;
    const struct place *place = place_new(a, parent, key, 0, node->origin);
    int result = is_file ? bind_file(loader, option, node, member, err)
                         : bind_value(loader, option, node, place, member, err);

    if (result == -1)
        place_prefix(loader->origins, place, NULL, node->origin, err);
    if (result != 0)
        return -1;
    origins_add(loader->origins,
                (struct record){
                    .kind = RECORD_OPTION, .option = option, .address = member, .place = place});
    return 0;
}

static struct tree_node *find_file_node(const struct option *option, const struct tree_node *node)
{
    for (size_t i = 0; node != NULL && option_is_secret(option) && i < node->count; i++)
        if (option_find_file(option->section, node->pairs[i].key) == option)
            return node->pairs[i].value;
    return NULL;
}

static int bind_option(struct loader *loader, const struct option *option, struct tree_node *node,
                       void *base, const struct place *place, struct error *err)
{
    void *member = (char *)base + option->offset;
    struct tree_node *value = tree_get(node, text_of(option->key));
    struct tree_node *file = find_file_node(option, node);

    if (value != NULL && file != NULL)
        return place_fail(loader->origins,
                          place_new(&loader->config->arena, place, option->key, 0, file->origin),
                          err, "%s and %s_file are both given; hint: remove one of the two",
                          option->key, option->key);
    if (value != NULL || file != NULL)
        return bind_given(loader, option, value != NULL ? value : file, value == NULL, place,
                          member, err);
    if (option->fallback == config_required) {
        error_set(err, ERROR_INVALID, "is missing; it is needed: %s", option->help);
        return place_prefix(loader->origins, place, option->key, place->origin, err);
    }
    if (option->fallback != NULL)
        bind_default(loader, option, member, place);
    return 0;
}

/* ---- keys that no row knows ---- */

static void offer_keys(enum section_id section, struct suggestion *s)
{
    for (size_t i = 0; i < config_option_count; i++)
        if (config_options[i].section == section)
            suggestion_offer(s, text_of(config_options[i].key));
    for (size_t i = 0; i < config_child_count; i++)
        if (config_children[i].parent == section)
            suggestion_offer(s, text_of(config_children[i].key));
}

static void append_keys(enum section_id section, struct buffer *out)
{
    const char *comma = "; hint: possible are ";

    for (size_t i = 0; i < config_option_count; i++)
        if (config_options[i].section == section) {
            buffer_appendf(out, "%s%s", comma, config_options[i].key);
            comma = ", ";
        }
    for (size_t i = 0; i < config_child_count; i++)
        if (config_children[i].parent == section) {
            buffer_appendf(out, "%s%s", comma, config_children[i].key);
            comma = ", ";
        }
}

/* The section that has an option of this name, when it is exactly one. */
static const char *home_of(struct text key)
{
    const char *home = NULL;

    for (size_t i = 0; i < config_option_count; i++) {
        if (!text_is(key, config_options[i].key))
            continue;
        if (home != NULL)
            return NULL;
        home = config_sections[config_options[i].section].title;
    }
    return home;
}

static int fail_unknown(struct loader *loader, enum section_id section,
                        const struct tree_pair *pair, const struct place *place, struct error *err)
{
    struct suggestion suggestion = suggestion_for(pair->key);
    const char *home = home_of(pair->key);
    AUTO_BUFFER struct buffer message = {0};

    buffer_init(&message, 2 * ERROR_MESSAGE_BYTES);
    buffer_append_string(&message, "unknown option ");
    append_found(&message, pair->key);
    offer_keys(section, &suggestion);
    if (text_is(pair->key, "<<"))
        buffer_append_string(&message, "; hint: merging is not supported, write the options out");
    else if (suggestion.best.ptr != NULL)
        buffer_appendf(&message, "; hint: did you mean \"%.*s\"?", TEXT_ARGS(suggestion.best));
    else if (home != NULL)
        buffer_appendf(&message, "; hint: it belongs to %s", home);
    else
        append_keys(section, &message);
    error_set(err, ERROR_INVALID, "%s", message.data);
    return place_prefix(loader->origins, place, NULL, pair->origin, err);
}

static int refuse_unknown(struct loader *loader, enum section_id section,
                          const struct tree_node *node, const struct place *place,
                          struct error *err)
{
    for (size_t i = 0; node != NULL && i < node->count; i++) {
        const struct tree_pair *pair = &node->pairs[i];

        if (option_find(section, pair->key) == NULL && child_find(section, pair->key) == NULL &&
            option_find_file(section, pair->key) == NULL)
            return fail_unknown(loader, section, pair, place, err);
    }
    return 0;
}

/* ---- sections inside sections ---- */

static int check_shape(struct loader *loader, const struct child *child,
                       const struct tree_node *node, const struct place *place, struct error *err)
{
    bool wants_list = child->shape == SHAPE_LIST;

    if (node->kind != (wants_list ? TREE_LIST : TREE_MAP))
        return place_fail(loader->origins, place, err, "expected a %s, found %s%s",
                          wants_list ? "list" : "mapping", tree_label(node),
                          wants_list ? "; hint: begin each entry with \"- \"" : "");
    if (node->count > child->max)
        return place_fail(loader->origins, place, err, "%zu entries, at most %zu are possible",
                          node->count, child->max);
    return 0;
}

static int bind_item(struct loader *loader, const struct child *child, struct tree_node *node,
                     void *item, const struct place *place, struct error *err)
{
    if (tree_is_nothing(node))
        node = NULL;
    if (node != NULL && node->kind != TREE_MAP)
        return place_fail(loader->origins, place, err, "expected a mapping, found %s",
                          tree_label(node));
    record_section(loader, RECORD_OPEN, child->section, item, place);
    if (bind_section(loader, child->section, node, item, place, err) != 0)
        return -1;
    record_section(loader, RECORD_CLOSE, child->section, item, place);
    return 0;
}

/* One member of a LIST or a MAP. */
static int bind_member(struct loader *loader, const struct child *child, struct tree_node *node,
                       size_t i, void *item, const struct place *parent, struct error *err)
{
    struct arena *a = &loader->config->arena;
    bool is_dotted = child->section == SECTION_START;
    const char *name;

    if (child->shape == SHAPE_LIST)
        return bind_item(loader, child, node->items[i], item,
                         place_new(a, parent, NULL, i, node->items[i]->origin), err);
    name = arena_strdup_text(a, node->pairs[i].key);
    if (!(is_dotted ? name_is_dotted : name_is_plain)(node->pairs[i].key))
        return place_fail(loader->origins, place_new(a, parent, name, 0, node->pairs[i].origin),
                          err, "a name has 1 to 63 letters, digits, %s",
                          is_dotted ? "-, _ and ." : "- and _");
    *(const char **)item = name;
    return bind_item(loader, child, node->pairs[i].value, item,
                     place_new(a, parent, name, 0, node->pairs[i].origin), err);
}

static int bind_members(struct loader *loader, const struct child *child, struct tree_node *node,
                        void *base, const struct place *place, struct error *err)
{
    size_t size = config_sections[child->section].size;
    char *items;

    if (tree_is_nothing(node))
        return 0;
    if (check_shape(loader, child, node, place, err) != 0)
        return -1;
    if (node->count == 0)
        return 0;
    items = arena_alloc_array(&loader->config->arena, node->count, size);
    memcpy((char *)base + child->offset, &items, sizeof(items));
    memcpy((char *)base + child->count_offset, &node->count, sizeof(node->count));
    record_section(loader, RECORD_OPEN, SECTION_ROOT, NULL, place);
    for (size_t i = 0; i < node->count; i++)
        if (bind_member(loader, child, node, i, items + i * size, place, err) != 0)
            return -1;
    record_section(loader, RECORD_CLOSE, SECTION_ROOT, NULL, place);
    return 0;
}

static int bind_child(struct loader *loader, const struct child *child, struct tree_node *node,
                      void *base, const struct place *parent, struct error *err)
{
    struct tree_node *value = tree_get(node, text_of(child->key));
    struct origin origin = value == NULL ? parent->origin : value->origin;
    const struct place *place = place_new(&loader->config->arena, parent, child->key, 0, origin);

    if (child->shape == SHAPE_OBJECT)
        return bind_item(loader, child, value, base, place, err);
    return bind_members(loader, child, value, base, place, err);
}

static int bind_section(struct loader *loader, enum section_id section, struct tree_node *node,
                        void *base, const struct place *place, struct error *err)
{
    if (refuse_unknown(loader, section, node, place, err) != 0)
        return -1;
    for (size_t i = 0; i < config_option_count; i++)
        if (config_options[i].section == section &&
            bind_option(loader, &config_options[i], node, base, place, err) != 0)
            return -1;
    for (size_t i = 0; i < config_child_count; i++)
        if (config_children[i].parent == section &&
            bind_child(loader, &config_children[i], node, base, place, err) != 0)
            return -1;
    return 0;
}

int bind_function(struct loader *loader, struct tree_node *root, struct config_function *function,
                  struct error *err)
{
    struct arena *a = &loader->config->arena;

    return bind_item(loader, child_find(SECTION_ROOT, TEXT("functions")), root, function,
                     place_new(a, NULL, NULL, 0, root->origin), err);
}

int bind_root(struct loader *loader, struct tree_node *root, struct error *err)
{
    struct arena *a = &loader->config->arena;

    return bind_section(loader, SECTION_ROOT, root, loader->config,
                        place_new(a, NULL, NULL, 0, root->origin), err);
}
