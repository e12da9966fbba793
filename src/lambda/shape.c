/*
 * shape.c - checks a request by its operation's table of members: types first, then constraints.
 */
#include "shape.h"

#include <inttypes.h>
#include <math.h>

enum {
    /* Enough for the longest message of a reasonable request; a hostile one is cut. */
    MESSAGE_MAX_BYTES = 64 * 1024,
};

struct check {
    struct arena *arena;
    struct buffer complaints;
    size_t count;
    const char *wrong_type; /* the message of the first wrong type */
};

/* ---- types ---- */

static const char *const type_names[] = {
    [TYPE_STRING] = "String",   [TYPE_INTEGER] = "Integer", [TYPE_NUMBER] = "Double",
    [TYPE_BOOLEAN] = "Boolean", [TYPE_BLOB] = "Blob",       [TYPE_STRUCTURE] = "Structure",
    [TYPE_LIST] = "List",       [TYPE_MAP] = "Map",
};

static const char *token_name(struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_boolean:
        return json_object_get_boolean(value) ? "TRUE_VALUE" : "FALSE_VALUE";
    case json_type_int:
        return "NUMBER_VALUE";
    case json_type_double:
        return "DECIMAL_VALUE";
    case json_type_string:
        return "STRING_VALUE";
    case json_type_null:
    case json_type_object:
    case json_type_array:
        break;
    }
    return NULL;
}

static bool refuse_type(struct check *c, enum member_type type, struct json_object *value)
{
    const char *token = token_name(value);
    if (json_object_is_type(value, json_type_object))
        c->wrong_type = "Start of structure or map found where not expected.";
    else if (json_object_is_type(value, json_type_array))
        c->wrong_type = "Start of list found where not expected";
    else if (type == TYPE_LIST)
        c->wrong_type = "Expected list or null";
    else if (type == TYPE_MAP || type == TYPE_STRUCTURE)
        c->wrong_type = "Expected structure, map or null";
    else
        c->wrong_type = arena_printf(c->arena, "%s can not be converted to %s %s", token,
                                     type == TYPE_INTEGER ? "an" : "a", type_names[type]);
    return false;
}

static bool is_whole(struct json_object *value)
{
    if (json_object_is_type(value, json_type_int))
        return true;
    double d = json_object_get_double(value);
    return json_object_is_type(value, json_type_double) && d == floor(d) && fabs(d) < 9e15;
}

static bool is_base64(struct text t)
{
    size_t padding = 0;
    while (padding < 2 && padding < t.len && t.ptr[t.len - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i + padding < t.len; i++) {
        char c = t.ptr[i];
        if (!is_letter_or_digit((unsigned char)c) && c != '+' && c != '/')
            return false;
    }
    return t.len % 4 == 0;
}

static bool has_type(enum member_type type, struct json_object *value)
{
    switch (type) {
    case TYPE_STRING:
        return json_object_is_type(value, json_type_string);
    case TYPE_INTEGER:
        return is_whole(value);
    case TYPE_NUMBER:
        return json_object_is_type(value, json_type_int) ||
               json_object_is_type(value, json_type_double);
    case TYPE_BOOLEAN:
        return json_object_is_type(value, json_type_boolean);
    case TYPE_BLOB:
        return json_object_is_type(value, json_type_string) && is_base64(json_text(value));
    case TYPE_LIST:
        return json_object_is_type(value, json_type_array);
    case TYPE_STRUCTURE:
    case TYPE_MAP:
        return json_object_is_type(value, json_type_object);
    }
    return false;
}

static bool check_type(struct check *c, const struct member *m, struct json_object *value);

static const struct member *find_member(const struct member *rows, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return NULL;
}

/* "60.0" is 60 from now on. */
static void make_whole(struct json_object *object, const char *name, struct json_object *value)
{
    if (json_object_is_type(value, json_type_double))
        json_object_object_add(object, name, json_object_new_int64(json_object_get_int64(value)));
}

/* A number that may be a fraction is one from now on: messages and answers show 2 as 2.0. */
static void make_fraction(struct json_object *object, const char *name, struct json_object *value)
{
    if (json_object_is_type(value, json_type_int))
        json_object_object_add(object, name, json_object_new_double(json_object_get_double(value)));
}

/* What the table does not know, and nulls, are as good as not sent. */
static bool check_types(struct check *c, const struct member *rows, size_t count,
                        struct json_object *object)
{
    json_object_object_foreach(object, name, value)
    {
        const struct member *m = find_member(rows, count, name);
        if (!m || !value)
            json_object_object_del(object, name);
        else if (!check_type(c, m, value))
            return false;
        else if (m->type == TYPE_INTEGER)
            make_whole(object, name, value);
        else if (m->type == TYPE_NUMBER)
            make_fraction(object, name, value);
    }
    return true;
}

static bool check_map_types(struct check *c, const struct member *m, struct json_object *map)
{
    json_object_object_foreach(map, key, value)
    {
        if (value && !check_type(c, &m->children[1], value))
            return false;
        if (m->children[1].type == TYPE_NUMBER)
            make_fraction(map, key, value);
    }
    return true;
}

static bool check_list_types(struct check *c, const struct member *m, struct json_object *list)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        if (item && !check_type(c, &m->children[0], item))
            return false;
    }
    return true;
}

static bool check_type(struct check *c, const struct member *m, struct json_object *value)
{
    if (!has_type(m->type, value))
        return refuse_type(c, m->type, value);
    if (m->type == TYPE_STRUCTURE)
        return check_types(c, m->children, m->child_count, value);
    if (m->type == TYPE_MAP)
        return check_map_types(c, m, value);
    return m->type != TYPE_LIST || check_list_types(c, m, value);
}

/* ---- constraints ---- */

/* One more complaint about a value; the constraint's words follow. */
static void complain(struct check *c, const char *path, struct json_object *value)
{
    if (c->count++ > 0)
        buffer_append_string(&c->complaints, "; ");
    buffer_append_string(&c->complaints, "Value ");
    shape_write_value(value, &c->complaints);
    buffer_appendf(&c->complaints, " at '%s' failed to satisfy constraint: ", path);
}

/* "A, B, C" has "B". */
static bool is_choice(const char *choices, struct text value)
{
    struct text rest = text_of(choices);
    while (rest.len > 0) {
        if (text_equal(text_trim(text_cut(&rest, ',')), value))
            return true;
    }
    return false;
}

static bool is_number(const struct member *m)
{
    return m->type == TYPE_INTEGER || m->type == TYPE_NUMBER;
}

/* What min and max are about: the value of a number, else a length. */
static double size_of(const struct member *m, struct json_object *value)
{
    if (is_number(m))
        return json_object_get_double(value);
    if (m->type == TYPE_LIST)
        return (double)json_object_array_length(value);
    if (m->type == TYPE_MAP)
        return json_object_object_length(value);
    return (double)shape_text_length(json_text(value));
}

static bool above_max(const struct member *m, struct json_object *value)
{
    return m->has_max && size_of(m, value) > (double)m->max;
}

static bool below_min(const struct member *m, struct json_object *value)
{
    return m->has_min && size_of(m, value) < (double)m->min;
}

static bool breaks_pattern(const struct member *m, struct json_object *value)
{
    return m->pattern && !m->pattern->matches(json_text(value));
}

static bool breaks_choice(const struct member *m, struct json_object *value)
{
    return m->choices && !is_choice(m->choices, json_text(value));
}

static bool fits(const struct member *m, struct json_object *value)
{
    return value && !breaks_choice(m, value) && !breaks_pattern(m, value) && !above_max(m, value) &&
           !below_min(m, value);
}

static void check_value(struct check *c, const struct member *m, const char *path,
                        struct json_object *value)
{
    const char *what = is_number(m) ? "value" : "length";
    if (breaks_choice(m, value)) {
        complain(c, path, value);
        buffer_appendf(&c->complaints, "Member must satisfy enum value set: [%s]", m->choices);
    }
    if (breaks_pattern(m, value)) {
        complain(c, path, value);
        buffer_appendf(&c->complaints, "Member must satisfy regular expression pattern: %s",
                       m->pattern->text);
    }
    if (above_max(m, value)) {
        complain(c, path, value);
        buffer_appendf(&c->complaints, "Member must have %s less than or equal to %" PRId64, what,
                       m->max);
    }
    if (below_min(m, value)) {
        complain(c, path, value);
        buffer_appendf(&c->complaints, "Member must have %s greater than or equal to %" PRId64,
                       what, m->min);
    }
}

static const char *path_below(struct check *c, const char *path, const char *name)
{
    char first = name[0];
    if (first >= 'A' && first <= 'Z')
        first = (char)(first - 'A' + 'a');
    return arena_printf(c->arena, "%s%s%c%s", path, *path ? "." : "", first, name + 1);
}

static void check_members(struct check *c, const struct member *rows, size_t count,
                          const char *path, struct json_object *object);

/* All of a list's, a map's keys' or values' constraints in one complaint. */
static void complain_about_parts(struct check *c, const char *path, struct json_object *value,
                                 const char *subject, const struct member *part)
{
    complain(c, path, value);
    buffer_appendf(&c->complaints, "%s must satisfy constraint: [", subject);
    shape_write_constraints(part, &c->complaints);
    buffer_append_char(&c->complaints, ']');
}

static void check_list(struct check *c, const struct member *m, const char *path,
                       struct json_object *list)
{
    const struct member *item = &m->children[0];
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *value = json_object_array_get_idx(list, i);
        if (item->type == TYPE_STRUCTURE && value) {
            const char *below = arena_printf(c->arena, "%s.%zu.member", path, i + 1);
            check_members(c, item->children, item->child_count, below, value);
        } else if (!fits(item, value)) {
            complain_about_parts(c, path, list, "Member", item);
            return;
        }
    }
}

static bool key_fits(const struct member *m, const char *key)
{
    struct text t = text_of(key);
    int64_t length = shape_text_length(t);
    return (!m->has_max || length <= m->max) && (!m->has_min || length >= m->min) &&
           (!m->pattern || m->pattern->matches(t));
}

static void check_map(struct check *c, const struct member *m, const char *path,
                      struct json_object *map)
{
    bool keys_fit = true, values_fit = true;
    json_object_object_foreach(map, key, value)
    {
        keys_fit = keys_fit && key_fits(&m->children[0], key);
        values_fit = values_fit && fits(&m->children[1], value);
    }
    if (!keys_fit)
        complain_about_parts(c, path, map, "Map keys", &m->children[0]);
    if (!values_fit)
        complain_about_parts(c, path, map, "Map value", &m->children[1]);
}

static void check_member(struct check *c, const struct member *m, const char *path,
                         struct json_object *value)
{
    size_t before = c->count;
    if (!value && m->required) {
        complain(c, path, NULL);
        buffer_append_string(&c->complaints, "Member must not be null");
    }
    if (!value)
        return;
    if (m->type == TYPE_STRUCTURE) {
        check_members(c, m->children, m->child_count, path, value);
        return;
    }
    check_value(c, m, path, value);
    if (c->count > before)
        return;
    if (m->type == TYPE_LIST)
        check_list(c, m, path, value);
    else if (m->type == TYPE_MAP)
        check_map(c, m, path, value);
}

static void check_members(struct check *c, const struct member *rows, size_t count,
                          const char *path, struct json_object *object)
{
    for (size_t i = 0; i < count && !buffer_failed(&c->complaints); i++) {
        const char *below = path_below(c, path, rows[i].name);
        check_member(c, &rows[i], below, json_object_object_get(object, rows[i].name));
    }
}

/* ---- in and out ---- */

bool shape_from_text(enum member_type type, struct text t, struct json_object **out)
{
    int64_t number = 0;
    struct error err = {0};
    if (type == TYPE_INTEGER) {
        if (text_to_i64(t, INT64_MIN, INT64_MAX, "the value", &number, &err) != 0)
            return false;
        *out = json_object_new_int64(number);
        return true;
    }
    if (type == TYPE_BOOLEAN) {
        if (!text_is(t, "true") && !text_is(t, "false"))
            return false;
        *out = json_object_new_boolean(text_is(t, "true"));
        return true;
    }
    BUG_ON(t.len > INT32_MAX);
    *out = json_object_new_string_len(t.ptr, (int)t.len);
    return true;
}

static bool body_is_broken(struct arena *arena, const char *why, struct shape_fault *fault)
{
    fault->error = ERR_INVALID_CONTENT;
    fault->message = arena_printf(arena, "Could not parse request body into json: %s", why);
    return false;
}

bool shape_read_body(const struct operation *op, struct text body, struct json_object *input,
                     struct arena *arena, struct shape_fault *fault)
{
    AUTO_JSON struct json_object *root = NULL;
    struct error err = {0};
    if (op->raw_body || !op->members || text_trim(body).len == 0)
        return true;
    if (json_parse(body, &root, &err) != 0)
        return body_is_broken(arena, err.message, fault);
    if (!json_object_is_type(root, json_type_object))
        return body_is_broken(
            arena, arena_printf(arena, "expected an object, not %s", json_type_label(root)), fault);
    for (size_t i = 0; i < op->members->count; i++) {
        const struct member *m = &op->members->rows[i];
        struct json_object *value = NULL;
        if (m->place == IN_BODY && json_object_object_get_ex(root, m->name, &value) && value)
            json_object_object_add(input, m->name, json_object_get(value));
    }
    return true;
}

/* Values may hold NUL, a message may not. */
static const char *message_of(struct check *c)
{
    for (size_t i = 0; i < c->complaints.len; i++) {
        if (c->complaints.data[i] == '\0')
            c->complaints.data[i] = '?';
    }
    return arena_printf(c->arena, "%zu validation error%s detected: %s", c->count,
                        c->count == 1 ? "" : "s", c->complaints.data);
}

bool shape_check(const struct operation *op, struct json_object *input, struct arena *arena,
                 struct shape_fault *fault)
{
    struct check c = {.arena = arena};
    if (!op->members)
        return true;
    if (!check_types(&c, op->members->rows, op->members->count, input)) {
        *fault = (struct shape_fault){ERR_SERIALIZATION, c.wrong_type};
        return false;
    }
    buffer_init(&c.complaints, MESSAGE_MAX_BYTES);
    check_members(&c, op->members->rows, op->members->count, "", input);
    if (c.count > 0)
        *fault = (struct shape_fault){ERR_VALIDATION, message_of(&c)};
    buffer_release(&c.complaints);
    return c.count == 0;
}
