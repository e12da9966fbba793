/*
 * What becomes of given members in a row: AWS fills some in, and forgets those that are empty.
 */
#include "function_shape.h"

static bool is_empty(struct json_object *value)
{
    if (json_object_is_type(value, json_type_array))
        return json_object_array_length(value) == 0;
    if (json_object_is_type(value, json_type_object))
        return json_object_object_length(value) == 0;
    return json_text(value).len == 0;
}

static void default_text(struct json_object *object, const char *name, const char *value)
{
    if (json_object_object_get(object, name) == NULL)
        member_set_text(object, name, text_of(value));
}

/* Levels are those of JSON lines. */
static void settle_logging(struct json_object *row)
{
    struct json_object *logging = json_object_object_get(row, "LoggingConfig");
    if (text_is(member_text(logging, "LogFormat"), "JSON")) {
        default_text(logging, "ApplicationLogLevel", "INFO");
        default_text(logging, "SystemLogLevel", "INFO");
        return;
    }
    json_object_object_del(logging, "ApplicationLogLevel");
    json_object_object_del(logging, "SystemLogLevel");
}

static struct json_object *list_or_empty(struct json_object *object, const char *name)
{
    struct json_object *list = json_object_object_get(object, name);
    return list != NULL ? json_object_get(list) : json_object_new_array();
}

/* Stored and shown; there is no network to attach a function to. */
static void settle_vpc(struct json_object *row)
{
    struct json_object *given = json_object_object_get(row, "VpcConfig");
    if (given == NULL)
        return;
    bool dual_stack =
        json_object_get_boolean(json_object_object_get(given, "Ipv6AllowedForDualStack"));
    struct json_object *vpc = json_object_new_object();
    json_object_object_add(vpc, "SubnetIds", list_or_empty(given, "SubnetIds"));
    json_object_object_add(vpc, "SecurityGroupIds", list_or_empty(given, "SecurityGroupIds"));
    member_set_text(vpc, "VpcId", TEXT(""));
    json_object_object_add(vpc, "Ipv6AllowedForDualStack", json_object_new_boolean(dual_stack));
    json_object_object_add(row, "VpcConfig", vpc);
}

static void settle_environment(struct json_object *row)
{
    struct json_object *environment = json_object_object_get(row, "Environment");
    if (environment == NULL || json_object_object_get(environment, "Variables") != NULL)
        return;
    struct json_object *settled = json_object_new_object();
    json_object_object_add(settled, "Variables", json_object_new_object());
    json_object_object_add(row, "Environment", settled);
}

static void drop_empty(struct json_object *row)
{
    static const char *const members[] = {"KMSKeyArn", "Layers", "FileSystemConfigs",
                                          "ImageConfig"};
    struct json_object *dead_letters = json_object_object_get(row, "DeadLetterConfig");
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (is_empty(json_object_object_get(row, members[i])))
            json_object_object_del(row, members[i]);
    if (dead_letters != NULL && is_empty(json_object_object_get(dead_letters, "TargetArn")))
        json_object_object_del(row, "DeadLetterConfig");
}

void settle_members(struct json_object *row)
{
    settle_logging(row);
    settle_vpc(row);
    settle_environment(row);
    drop_empty(row);
}
