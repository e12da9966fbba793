/*
 * policy_fixture.c - see policy_fixture.h.
 */
#include "policy_fixture.h"

struct policy *policy_of(const char *json, enum policy_kind kind)
{
    struct policy *policy = NULL;
    struct error err = {0};
    assert_ok(policy_parse(text_of(json), kind, &policy, &err), &err);
    return policy;
}

static enum policy_principal_type principal_type(struct text name)
{
    if (text_is(name, "anonymous"))
        return POLICY_PRINCIPAL_ANONYMOUS;
    if (text_is(name, "service"))
        return POLICY_PRINCIPAL_SERVICE;
    if (text_is(name, "federated"))
        return POLICY_PRINCIPAL_FEDERATED;
    assert_true(text_is(name, "aws"));
    return POLICY_PRINCIPAL_AWS;
}

static struct text find(struct json_object *json, const char *path, const char *fallback)
{
    struct text value;
    struct error err = {0};
    assert_ok(json_find_text(json, path, text_of(fallback), &value, &err), &err);
    return value;
}

static struct policy_context context_from(const char *key, struct json_object *list,
                                          struct arena *arena)
{
    size_t count = json_object_array_length(list);
    struct text *values = ARENA_ARRAY(arena, struct text, count + 1);
    for (size_t i = 0; i < count; i++)
        values[i] = json_text(json_object_array_get_idx(list, i));
    return (struct policy_context){text_of(key), values, count};
}

struct policy_request request_from(struct json_object *json, struct arena *arena)
{
    struct policy_request request = {
        .principal_type = principal_type(find(json, "principal.type", "service")),
        .principal_name = find(json, "principal.name", "s3.amazonaws.com"),
        .principal_account = find(json, "principal.account", ""),
        .action = find(json, "action", "lambda:InvokeFunction"),
        .resource = find(json, "resource", "arn:aws:lambda:eu-west-1:123456789012:function:f"),
    };
    struct json_object *context = json_at(json, "context");
    if (!context)
        return request;
    struct policy_context *entries =
        ARENA_ARRAY(arena, struct policy_context, (size_t)json_object_object_length(context) + 1);
    json_object_object_foreach(context, key, values)
    {
        entries[request.context_count++] = context_from(key, values, arena);
    }
    request.context = entries;
    return request;
}

const char *effect_name(enum policy_effect effect)
{
    switch (effect) {
    case POLICY_IMPLICIT_DENY:
        return "implicit_deny";
    case POLICY_ALLOW:
        return "allow";
    case POLICY_EXPLICIT_DENY:
        return "explicit_deny";
    }
    return "?";
}
