/*
 * Rules for the members of CreateFunction and UpdateFunctionConfiguration that are no matter of
 * their shape: what this server runs, who may pass which role, the limits of the environment.
 * Whether handler, role and environment make a function is the registry's knowledge.
 */
#include "function_shape.h"

#include "onput/config.h"
#include "onput/function_row.h"
#include "onput/start_command.h"

enum { ENVIRONMENT_MAX_BYTES = 4096, MAX_TAGS = 50 };

/* As AWS lists them in its answer. */
static const char runtimes[] =
    "nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, "
    "java25, python3.10, python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, "
    "java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x, provided.al2, java8.al2";

static const char runtimes_of_the_past[] =
    "nodejs, nodejs4.3, nodejs4.3-edge, nodejs6.10, nodejs8.10, nodejs10.x, nodejs12.x, "
    "nodejs14.x, python2.7, python3.6, python3.7, ruby2.5, ruby2.7, java8, go1.x, provided, "
    "dotnetcore1.0, dotnetcore2.0, dotnetcore2.1, dotnetcore3.1";

static bool is_one_of(struct text word, const char *list)
{
    struct text rest = text_of(list);
    while (rest.len > 0)
        if (text_equal(text_trim(text_cut(&rest, ',')), word))
            return true;
    return false;
}

/* A role of another account is nobody's here, whatever its name is. */
static bool check_role_account(struct lambda_call *call, struct text role)
{
    struct text rest = role;
    for (int i = 0; i < 4; i++)
        text_cut(&rest, ':');
    if (text_equal(text_cut(&rest, ':'), catalog_account(call->catalog)))
        return true;
    call_fail(call, ERR_INVALID_PARAMETER,
              "The role defined for the function cannot be assumed by Lambda.");
    return false;
}

static bool check_role(struct lambda_call *call)
{
    struct text service = TEXT("lambda.amazonaws.com");
    const struct policy_context passed_to = {TEXT("iam:PassedToService"), &service, 1};
    struct text role;
    if (!call_text(call, "Role", &role))
        return true;
    return call_authorise(call, "iam:PassRole", role, NULL, &passed_to, 1) &&
           check_role_account(call, role);
}

static bool check_package(struct lambda_call *call)
{
    if (!text_is(call_text_or(call, "PackageType", "Zip"), "Image"))
        return true;
    call_fail(call, ERR_INVALID_PARAMETER,
              "Container images are not supported: this server runs functions from ZIP archives.");
    return false;
}

static bool is_configured(const struct lambda_call *call, struct text runtime)
{
    const struct config *config = catalog_config(call->catalog);
    for (size_t i = 0; i < config->runtime_count; i++)
        if (text_is(runtime, config->runtimes[i].name))
            return true;
    return false;
}

static bool check_runtime(struct lambda_call *call)
{
    struct text runtime;
    if (!call_text(call, "Runtime", &runtime) || text_is(runtime, FUNCTION_RUNTIME) ||
        is_configured(call, runtime))
        return true;
    if (is_one_of(runtime, runtimes_of_the_past))
        call_fail(call, ERR_INVALID_PARAMETER,
                  "The runtime parameter of %.*s is no longer supported for creating or updating "
                  "AWS Lambda functions. We recommend you use a supported runtime while creating "
                  "or updating functions.",
                  TEXT_ARGS(runtime));
    else if (start_command_has(catalog_config(call->catalog), runtime))
        return true;
    else if (is_one_of(runtime, runtimes))
        call_fail(call, ERR_INVALID_PARAMETER,
                  "The runtime %.*s is not available here: add runtimes.%.*s.command to the "
                  "configuration.",
                  TEXT_ARGS(runtime), TEXT_ARGS(runtime));
    else
        call_fail(call, ERR_INVALID_PARAMETER,
                  "Value %.*s at 'runtime' failed to satisfy constraint: Member must satisfy enum "
                  "value set: [%s] or be a valid ARN",
                  TEXT_ARGS(runtime), runtimes);
    return false;
}

bool check_runtime_and_handler(struct lambda_call *call)
{
    if (call_json(call, "Runtime") != NULL && call_json(call, "Handler") != NULL)
        return true;
    call_fail(call, ERR_INVALID_PARAMETER,
              "Runtime and Handler are mandatory parameters for functions created with deployment "
              "packages.");
    return false;
}

bool check_command(struct lambda_call *call, struct text runtime, struct text handler,
                   const char *directory)
{
    const char *const *command = NULL;
    struct error err = {0};
    if (directory == NULL) {
        call_fail(call, ERR_INVALID_PARAMETER,
                  "The runtime %.*s needs a deployment package, and the function has none: create "
                  "it anew with one.",
                  TEXT_ARGS(runtime));
        return false;
    }
    if (start_command_resolve(catalog_config(call->catalog), runtime, handler, directory,
                              call->arena, &command, &err) == 0 &&
        start_command_check(command, directory, runtime, &err) == 0)
        return true;
    call_fail(call, ERR_INVALID_PARAMETER, "The function cannot be started here: %s.", err.message);
    return false;
}

static bool is_empty(struct json_object *value)
{
    if (json_object_is_type(value, json_type_array))
        return json_object_array_length(value) == 0;
    return value == NULL || json_object_object_length(value) == 0;
}

/* Taking what has no effect here would be a promise that is not kept. */
static bool check_refused(struct lambda_call *call)
{
    static const char *const refused[] = {"Layers", "FileSystemConfigs", "ImageConfig"};
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        if (is_empty(call_json(call, refused[i])))
            continue;
        call_fail(call, ERR_INVALID_PARAMETER,
                  "%s is not supported by this server: what a function needs comes with its "
                  "deployment package.",
                  refused[i]);
        return false;
    }
    return true;
}

static bool check_reserved(struct lambda_call *call, struct json_object *variables)
{
    struct text found = TEXT("");
    json_object_object_foreach(variables, name, value)
    {
        (void)value;
        if (config_variable_is_reserved(text_of(name)))
            found =
                call_printf(call, "%.*s%s%s", TEXT_ARGS(found), found.len > 0 ? ", " : "", name);
    }
    if (found.len == 0)
        return true;
    call_fail(call, ERR_INVALID_PARAMETER,
              "Lambda was unable to configure your environment variables because the environment "
              "variables you have provided contains reserved keys that are currently not supported "
              "for modification. Reserved keys used in this request: %.*s",
              TEXT_ARGS(found));
    return false;
}

static bool check_environment(struct lambda_call *call)
{
    struct json_object *environment = call_json(call, "Environment");
    struct json_object *variables =
        environment != NULL ? json_object_object_get(environment, "Variables") : NULL;
    if (variables == NULL)
        return true;
    if (!check_reserved(call, variables))
        return false;
    struct text measured = call_json_text(call, variables);
    if (measured.len <= ENVIRONMENT_MAX_BYTES)
        return true;
    call_fail(call, ERR_INVALID_PARAMETER,
              "Lambda was unable to configure your environment variables because the environment "
              "variables you have provided exceeded the 4KB limit. String measured: %.*s",
              TEXT_ARGS(measured));
    return false;
}

/* Levels are those of JSON lines. */
static bool check_logging(struct lambda_call *call)
{
    struct json_object *logging = call_json(call, "LoggingConfig");
    if (logging == NULL || !text_is(member_text(logging, "LogFormat"), "Text") ||
        (json_object_object_get(logging, "ApplicationLogLevel") == NULL &&
         json_object_object_get(logging, "SystemLogLevel") == NULL))
        return true;
    call_fail(call, ERR_INVALID_PARAMETER,
              "To set ApplicationLogLevel or SystemLogLevel, LogFormat must be JSON.");
    return false;
}

bool check_function_members(struct lambda_call *call)
{
    return check_role(call) && check_package(call) && check_runtime(call) && check_refused(call) &&
           check_environment(call) && check_logging(call);
}

bool check_tag_count(struct lambda_call *call, struct json_object *tags)
{
    if (tags == NULL || json_object_object_length(tags) <= MAX_TAGS)
        return true;
    call_fail(call, ERR_INVALID_PARAMETER, "Number of tags exceeds resource tag limit.");
    return false;
}
