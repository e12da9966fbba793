/*
 * json_read.c - see onput/json.h. json_scan.c decides, json-c builds the tree; typed access
 * by path.
 */
#include "onput/json.h"

#include <limits.h>
#include <string.h>

#include "base_private.h"

void json_release(struct json_object **object)
{
    json_object_put(*object);
    *object = NULL;
}

/* The text has been scanned: what json-c refuses now is a difference between it and us. */
static int parse_with(struct json_tokener *tokener, struct text t, struct json_object **out,
                      struct error *err)
{
    struct json_object *parsed = json_tokener_parse_ex(tokener, t.ptr, (int)t.len);

    /* A number at the top could go on: a NUL says that it does not. */
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        parsed = json_tokener_parse_ex(tokener, "", 1);
    if (json_tokener_get_error(tokener) != json_tokener_success)
        return error_set(err, ERROR_INVALID, "malformed JSON: %s",
                         json_tokener_error_desc(json_tokener_get_error(tokener)));
    *out = parsed;
    return 0;
}

int json_parse(struct text t, struct json_object **out, struct error *err)
{
    struct json_tokener *tokener;
    int result;

    if (t.len > INT_MAX)
        return error_set(err, ERROR_LIMIT, "the JSON is longer than %d bytes", INT_MAX);
    if (json_scan(t, err) != 0)
        return -1;
    /* json-c counts the value inside the innermost array or object as one more level. */
    tokener = json_tokener_new_ex(JSON_MAX_DEPTH + 1);
    BUG_ON(tokener == NULL);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    result = parse_with(tokener, t, out, err);
    json_tokener_free(tokener);
    return result;
}

enum { KEY_MAX_BYTES = 128 };

/* One step of a path: "[3]" or a name up to the next '.' or '['. */
static struct json_object *step(struct json_object *at, const char **path)
{
    struct json_object *child = NULL;
    char key[KEY_MAX_BYTES];
    size_t len;

    if (**path == '[') {
        char *end;
        unsigned long index = strtoul(*path + 1, &end, 10);
        BUG_ON(*end != ']' || end == *path + 1);
        *path = end + 1;
        return json_object_is_type(at, json_type_array) ? json_object_array_get_idx(at, index)
                                                        : NULL;
    }
    len = strcspn(*path, ".[");
    BUG_ON(len == 0 || len >= sizeof(key));
    memcpy(key, *path, len);
    key[len] = '\0';
    *path += len;
    if (json_object_is_type(at, json_type_object))
        json_object_object_get_ex(at, key, &child);
    return child;
}

struct json_object *json_at(struct json_object *root, const char *path)
{
    struct json_object *at = root;

    while (at != NULL && *path != '\0') {
        if (*path == '.')
            path++;
        at = step(at, &path);
    }
    return at;
}

static int wrong_type(struct json_object *value, const char *path, const char *wanted,
                      struct error *err)
{
    if (value == NULL)
        return error_set(err, ERROR_INVALID, "%s is missing", path);
    return error_set(err, ERROR_INVALID, "%s is %s, not %s", path, json_type_label(value), wanted);
}

static int as_text(struct json_object *value, const char *path, struct text *out, struct error *err)
{
    if (!json_object_is_type(value, json_type_string))
        return wrong_type(value, path, "a string", err);
    *out = json_text(value);
    return 0;
}

/* json-c clamps what does not fit; a value at the very edge is therefore taken for too big. */
static int as_i64(struct json_object *value, const char *path, int64_t *out, struct error *err)
{
    int64_t number;

    if (!json_object_is_type(value, json_type_int))
        return wrong_type(value, path, "a whole number", err);
    number = json_object_get_int64(value);
    if (number == INT64_MAX || number == INT64_MIN)
        return error_set(err, ERROR_LIMIT, "%s is too big a number", path);
    *out = number;
    return 0;
}

int json_get_text(struct json_object *root, const char *path, struct text *out, struct error *err)
{
    return as_text(json_at(root, path), path, out, err);
}

int json_get_i64(struct json_object *root, const char *path, int64_t *out, struct error *err)
{
    return as_i64(json_at(root, path), path, out, err);
}

int json_get_array(struct json_object *root, const char *path, struct json_object **out,
                   struct error *err)
{
    struct json_object *value = json_at(root, path);

    if (!json_object_is_type(value, json_type_array))
        return wrong_type(value, path, "an array", err);
    *out = value;
    return 0;
}

int json_get_object(struct json_object *root, const char *path, struct json_object **out,
                    struct error *err)
{
    struct json_object *value = json_at(root, path);

    if (!json_object_is_type(value, json_type_object))
        return wrong_type(value, path, "an object", err);
    *out = value;
    return 0;
}

int json_find_text(struct json_object *root, const char *path, struct text fallback,
                   struct text *out, struct error *err)
{
    struct json_object *value = json_at(root, path);

    if (value != NULL)
        return as_text(value, path, out, err);
    *out = fallback;
    return 0;
}

int json_find_i64(struct json_object *root, const char *path, int64_t fallback, int64_t *out,
                  struct error *err)
{
    struct json_object *value = json_at(root, path);

    if (value != NULL)
        return as_i64(value, path, out, err);
    *out = fallback;
    return 0;
}

struct text json_text(struct json_object *string)
{
    if (!json_object_is_type(string, json_type_string))
        return TEXT("");
    return (struct text){json_object_get_string(string),
                         (size_t)json_object_get_string_len(string)};
}

const char *json_type_label(struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        return "null";
    case json_type_boolean:
        return "a boolean";
    case json_type_double:
        return "a number with a fraction";
    case json_type_int:
        return "a whole number";
    case json_type_object:
        return "an object";
    case json_type_array:
        return "an array";
    case json_type_string:
        return "a string";
    }
    return "something else";
}
