/*
 * Compares two JSON trees member by member, with holes.
 */
#include "json_expect.h"

#include "support/test.h"

#include <regex.h>

#include "onput/json.h"

struct hole {
    const char *name;
    const char *pattern;
};

static const struct hole holes[] = {
    {"<uuid>", "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"},
    {"<iso>", "^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}\\+0000$"},
    {"<epoch>", "^[0-9]{10}(\\.[0-9]{1,3})?$"},
    {"<url>", "^http://[a-z0-9]{32}\\.[^ ]*/$"},
};

static bool fits(const char *pattern, const char *value)
{
    regex_t compiled;
    assert_int_equal(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
    bool result = regexec(&compiled, value, 0, NULL, 0) == 0;
    regfree(&compiled);
    return result;
}

/* -1: the expected value is no hole. */
static int fits_hole(struct json_object *actual, struct json_object *expected)
{
    if (!json_object_is_type(expected, json_type_string))
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(holes); i++) {
        if (actual != NULL && strcmp(json_object_get_string(expected), holes[i].name) == 0)
            return fits(holes[i].pattern, json_object_get_string(actual));
    }
    return -1;
}

static bool same(struct json_object *actual, struct json_object *expected);

static bool same_members(struct json_object *actual, struct json_object *expected)
{
    json_object_object_foreach(expected, key, value)
    {
        struct json_object *own;
        if (!json_object_object_get_ex(actual, key, &own) || !same(own, value))
            return false;
    }
    return json_object_object_length(actual) == json_object_object_length(expected);
}

static bool same_items(struct json_object *actual, struct json_object *expected)
{
    size_t count = json_object_array_length(expected);
    if (json_object_array_length(actual) != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!same(json_object_array_get_idx(actual, i), json_object_array_get_idx(expected, i)))
            return false;
    }
    return true;
}

static bool same(struct json_object *actual, struct json_object *expected)
{
    int hole = fits_hole(actual, expected);
    if (hole >= 0)
        return hole == 1;
    if (json_object_get_type(actual) != json_object_get_type(expected))
        return false;
    if (json_object_is_type(expected, json_type_object))
        return same_members(actual, expected);
    if (json_object_is_type(expected, json_type_array))
        return same_items(actual, expected);
    return json_object_equal(actual, expected);
}

void expect_json(const char *what, struct text actual, const char *expected)
{
    AUTO_JSON struct json_object *a = NULL, *e = NULL;
    struct error err = {0};
    if (*expected == '\0') {
        assert_text(actual, "");
        return;
    }
    assert_ok(json_parse(text_of(expected), &e, &err), &err);
    if (json_parse(actual, &a, &err) == 0 && same(a, e))
        return;
    fail_msg("%s\n  answered %.*s\n  expected %s", what, TEXT_ARGS(actual), expected);
}
