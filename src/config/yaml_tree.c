/*
 * yaml_tree.c - libyaml's events to a tree of nodes. The file is not trusted to be harmless: depth,
 * nodes, keys and aliases are bounded, tags and duplicate keys refused. Errors name line and
 * column.
 */
#include "config_private.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "onput/encoding.h"

enum { MAX_ANCHORS = 64 };

struct anchor {
    struct text name;
    const struct tree_node *node;
};

struct reader {
    yaml_parser_t parser;
    struct text yaml;
    const char *name;
    struct arena *arena;
    struct anchor anchors[MAX_ANCHORS];
    size_t anchor_count;
    size_t alias_count;
    size_t node_count;
};

static int read_node(struct reader *r, const yaml_event_t *event, unsigned depth,
                     struct tree_node **out, struct error *err);

static void release_event(yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT)
        explicit_bzero(event->data.scalar.value, event->data.scalar.length);
    yaml_event_delete(event);
}

#define AUTO_EVENT __attribute__((cleanup(release_event)))

static struct origin origin_at(yaml_mark_t mark)
{
    return (struct origin){ORIGIN_FILE, (unsigned)mark.line + 1, (unsigned)mark.column + 1, NULL};
}

static int fail_at(const struct reader *r, struct origin at, enum error_code code,
                   const char *message, struct error *err)
{
    struct config_origins origins = {.name = r->name, .is_placeless = r->name == NULL};

    error_set(err, code, "%s", message);
    return place_prefix(&origins, NULL, NULL, at, err);
}

static int fail_event(const struct reader *r, const yaml_event_t *event, const char *message,
                      struct error *err)
{
    return fail_at(r, origin_at(event->start_mark), ERROR_INVALID, message, err);
}

static int fail_limit(const struct reader *r, const yaml_event_t *event, const char *what,
                      int limit, struct error *err)
{
    char message[128];

    snprintf(message, sizeof(message), "more than %d %s", limit, what);
    return fail_at(r, origin_at(event->start_mark), ERROR_LIMIT, message, err);
}

/* Where a byte stands that libyaml could not even read as a character. */
static struct origin origin_of_byte(struct text yaml, size_t offset)
{
    struct origin at = {ORIGIN_FILE, 1, 1, NULL};

    for (size_t i = 0; i < offset && i < yaml.len; i++) {
        bool continues = ((unsigned char)yaml.ptr[i] & 0xc0) == 0x80;

        at.column = yaml.ptr[i] == '\n' ? 1 : at.column + (continues ? 0 : 1);
        at.line += yaml.ptr[i] == '\n' ? 1 : 0;
    }
    return at;
}

static int fail_parser(const struct reader *r, struct error *err)
{
    const yaml_parser_t *p = &r->parser;
    char message[256];
    struct origin at;

    if (p->error == YAML_READER_ERROR) {
        at = origin_of_byte(r->yaml, p->problem_offset);
        snprintf(message, sizeof(message), "this is no YAML: %s", p->problem);
        return fail_at(r, at, ERROR_INVALID, message, err);
    }
    BUG_ON(p->problem == NULL);
    at = origin_at(p->problem_mark);
    snprintf(
        message, sizeof(message), "this is no YAML: %s%s%s%s", p->context == NULL ? "" : p->context,
        p->context == NULL ? "" : ", ", p->problem,
        strstr(p->problem, "tab") != NULL || strstr(p->problem, "cannot start any token") != NULL
            ? "; hint: indent with spaces, and put quotes around values with special characters"
            : "");
    return fail_at(r, at, ERROR_INVALID, message, err);
}

static int next_event(struct reader *r, yaml_event_t *event, struct error *err)
{
    if (!yaml_parser_parse(&r->parser, event))
        return fail_parser(r, err);
    return 0;
}

static struct text text_of_yaml(const yaml_char_t *string)
{
    return text_of((const char *)string);
}

/* Anchor and tag of a node-making event; both NULL for others. */
static void decoration(const yaml_event_t *event, const yaml_char_t **anchor,
                       const yaml_char_t **tag)
{
    *anchor = NULL;
    *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        *anchor = event->data.scalar.anchor;
        *tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        *anchor = event->data.sequence_start.anchor;
        *tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        *anchor = event->data.mapping_start.anchor;
        *tag = event->data.mapping_start.tag;
    }
}

static int read_scalar(struct reader *r, const yaml_event_t *event, struct tree_node **out,
                       struct error *err)
{
    struct text t = {(const char *)event->data.scalar.value, event->data.scalar.length};
    struct tree_node *node;

    if (memchr(t.ptr, '\0', t.len) != NULL)
        return fail_event(r, event, "a value may not hold a NUL character", err);
    node = tree_new(r->arena, TREE_SCALAR, origin_at(event->start_mark));
    node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->scalar = arena_text(r->arena, t);
    *out = node;
    return 0;
}

static int read_list(struct reader *r, const yaml_event_t *start, unsigned depth,
                     struct tree_node **out, struct error *err)
{
    struct tree_node *list = tree_new(r->arena, TREE_LIST, origin_at(start->start_mark));

    *out = list; /* so that it can be wiped after a failure, too */
    for (;;) {
        AUTO_EVENT yaml_event_t event = {0};
        struct tree_node *item = NULL;
        int result;

        if (next_event(r, &event, err) != 0)
            return -1;
        if (event.type == YAML_SEQUENCE_END_EVENT)
            return 0;
        result = read_node(r, &event, depth, &item, err);
        if (item != NULL)
            tree_append(r->arena, list, item);
        if (result != 0)
            return -1;
    }
}

static int check_key(const struct reader *r, const struct tree_node *map, const yaml_event_t *event,
                     struct text *out, struct error *err)
{
    AUTO_BUFFER struct buffer message = {0};

    if (event->type != YAML_SCALAR_EVENT)
        return fail_event(r, event, "a key must be a plain word", err);
    if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL)
        return fail_event(r, event, "a key may have neither anchor nor tag", err);
    *out = (struct text){(const char *)event->data.scalar.value, event->data.scalar.length};
    if (memchr(out->ptr, '\0', out->len) != NULL)
        return fail_event(r, event, "a key may not hold a NUL character", err);
    if (map->count >= TREE_MAX_KEYS)
        return fail_limit(r, event, "keys in one mapping", TREE_MAX_KEYS, err);
    if (tree_get(map, *out) == NULL)
        return 0;
    buffer_init(&message, ERROR_MESSAGE_BYTES);
    buffer_append_string(&message, "the key ");
    append_found(&message, *out);
    buffer_append_string(&message, " stands here twice; hint: remove one of the two");
    return fail_event(r, event, message.data, err);
}

static int read_pair(struct reader *r, struct tree_node *map, const yaml_event_t *key_event,
                     unsigned depth, struct error *err)
{
    AUTO_EVENT yaml_event_t event = {0};
    struct tree_pair pair = {0};
    int result;

    if (check_key(r, map, key_event, &pair.key, err) != 0)
        return -1;
    pair.key = arena_text(r->arena, pair.key);
    pair.origin = origin_at(key_event->start_mark);
    if (next_event(r, &event, err) != 0)
        return -1;
    result = read_node(r, &event, depth, &pair.value, err);
    if (pair.value != NULL)
        tree_put(r->arena, map, pair);
    return result;
}

static int read_map(struct reader *r, const yaml_event_t *start, unsigned depth,
                    struct tree_node **out, struct error *err)
{
    struct tree_node *map = tree_new(r->arena, TREE_MAP, origin_at(start->start_mark));

    *out = map;
    for (;;) {
        AUTO_EVENT yaml_event_t event = {0};

        if (next_event(r, &event, err) != 0)
            return -1;
        if (event.type == YAML_MAPPING_END_EVENT)
            return 0;
        if (read_pair(r, map, &event, depth, err) != 0)
            return -1;
    }
}

/* An alias is a copy, so that an option laid over one place leaves the other alone. */
static int read_alias(struct reader *r, const yaml_event_t *event, struct tree_node **out,
                      struct error *err)
{
    struct text name = text_of_yaml(event->data.alias.anchor);
    const struct tree_node *found = NULL;

    for (size_t i = 0; i < r->anchor_count; i++)
        if (text_equal(r->anchors[i].name, name))
            found = r->anchors[i].node;
    if (found == NULL)
        return fail_event(r, event, "this alias has no anchor before it", err);
    if (++r->alias_count > CONFIG_MAX_ALIASES)
        return fail_limit(r, event, "aliases", CONFIG_MAX_ALIASES, err);
    r->node_count += tree_size(found);
    if (r->node_count > TREE_MAX_NODES)
        return fail_limit(r, event, "values, counting those behind aliases", TREE_MAX_NODES, err);
    *out = tree_copy(r->arena, found);
    return 0;
}

/* Known from its end on: an alias inside its own anchor finds nothing. */
static int add_anchor(struct reader *r, const yaml_event_t *event, const yaml_char_t *anchor,
                      const struct tree_node *node, struct error *err)
{
    if (r->anchor_count == MAX_ANCHORS)
        return fail_limit(r, event, "anchors", MAX_ANCHORS, err);
    r->anchors[r->anchor_count++] =
        (struct anchor){arena_text(r->arena, text_of_yaml(anchor)), node};
    return 0;
}

static int read_by_type(struct reader *r, const yaml_event_t *event, unsigned depth,
                        struct tree_node **out, struct error *err)
{
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(r, event, out, err);
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return read_list(r, event, depth + 1, out, err);
    if (event->type == YAML_MAPPING_START_EVENT)
        return read_map(r, event, depth + 1, out, err);
    return fail_event(r, event, "a value is missing here", err);
}

/* Unlike elsewhere *out may be set on failure: a part that the caller wipes. */
static int read_node(struct reader *r, const yaml_event_t *event, unsigned depth,
                     struct tree_node **out, struct error *err)
{
    const yaml_char_t *anchor;
    const yaml_char_t *tag;

    if (event->type == YAML_ALIAS_EVENT)
        return read_alias(r, event, out, err);
    decoration(event, &anchor, &tag);
    if (tag != NULL)
        return fail_event(
            r, event,
            "tags such as !name are not used here; hint: remove the tag, or put quotes "
            "around a value that begins with \"!\"",
            err);
    if (depth >= CONFIG_MAX_DEPTH && event->type != YAML_SCALAR_EVENT)
        return fail_limit(r, event, "levels of nesting", CONFIG_MAX_DEPTH, err);
    if (++r->node_count > TREE_MAX_NODES)
        return fail_limit(r, event, "values", TREE_MAX_NODES, err);
    if (read_by_type(r, event, depth, out, err) != 0)
        return -1;
    return anchor == NULL ? 0 : add_anchor(r, event, anchor, *out, err);
}

static int expect(struct reader *r, yaml_event_type_t type, const char *message, struct error *err)
{
    AUTO_EVENT yaml_event_t event = {0};

    if (next_event(r, &event, err) != 0)
        return -1;
    return event.type == type ? 0 : fail_event(r, &event, message, err);
}

static int read_stream(struct reader *r, struct tree_node **out, struct error *err)
{
    AUTO_EVENT yaml_event_t begin = {0};
    AUTO_EVENT yaml_event_t event = {0};

    if (expect(r, YAML_STREAM_START_EVENT, "this is no YAML", err) != 0 ||
        next_event(r, &begin, err) != 0)
        return -1;
    if (begin.type == YAML_STREAM_END_EVENT)
        return 0;
    if (next_event(r, &event, err) != 0 || read_node(r, &event, 0, out, err) != 0 ||
        expect(r, YAML_DOCUMENT_END_EVENT, "this is no YAML", err) != 0)
        return -1;
    return expect(r, YAML_STREAM_END_EVENT, "a second document begins here; only one is read", err);
}

int yaml_tree_parse(struct text yaml, const char *name, struct arena *a, struct tree_node **out,
                    struct error *err)
{
    struct reader r = {.yaml = yaml, .name = name, .arena = a};
    struct tree_node *root = NULL;
    int result;

    if (yaml.len > CONFIG_MAX_FILE_BYTES) {
        struct origin whole = {.kind = ORIGIN_DEFAULT};
        char message[64];

        snprintf(message, sizeof(message), "the file is larger than %d bytes",
                 CONFIG_MAX_FILE_BYTES);
        return fail_at(&r, whole, ERROR_LIMIT, message, err);
    }
    BUG_ON(!yaml_parser_initialize(&r.parser));
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)yaml.ptr, yaml.len);
    result = read_stream(&r, &root, err);
    yaml_parser_delete(&r.parser);
    if (result == 0)
        *out = root;
    else
        tree_wipe(root);
    return result;
}
