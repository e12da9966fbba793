/*
 * What CreateFunction, UpdateFunctionCode and UpdateFunctionConfiguration do before it is the
 * registry's turn: the checks that come first, the package, and whether the function could be
 * started from it.
 */
#include "function_shape.h"

#include "deploy_private.h"
#include "onput/function_row.h"

/* ---- the function as it is ---- */

struct look {
    struct lambda_call *call;
    struct text row; /* $LATEST; empty: there is no such function */
};

/* On the registry's thread: what cannot be used is in no catalog. */
static void look_at_latest(void *ctx)
{
    struct look *look = ctx;
    struct lambda_call *call = look->call;
    struct registry_edit *edit = registry_edit_begin(call->api->registry, call->id.name);
    const struct row *row = registry_edit_row(edit, ROW_FUNCTION, TEXT(LATEST));
    if (row != NULL)
        look->row = arena_text(call->arena, row->json);
    registry_edit_abandon(edit);
}

/* False when the call was answered. *out is NULL when there is no such function; the caller
 * releases it. */
static bool find_latest(struct lambda_call *call, struct json_object **out)
{
    struct look look = {.call = call, .row = TEXT("")};
    struct row row = {.kind = ROW_FUNCTION, .qualifier = TEXT(LATEST)};
    *out = NULL;
    if (!deployer_on_registry(call->api->deployer, look_at_latest, &look)) {
        call_fail(call, ERR_SERVICE, "The service is shutting down.");
        return false;
    }
    row.json = look.row;
    if (look.row.len > 0)
        *out = row_parse_all(&row);
    return true;
}

/* The same for a function that must be there. */
static struct json_object *existing_latest(struct lambda_call *call)
{
    struct json_object *latest = NULL;
    if (find_latest(call, &latest) && latest == NULL)
        call_no_function(call, call->id.arn);
    return latest;
}

/* ---- code and command ---- */

/* A command or a folder of the configuration is the function's code, whatever is sent. */
static bool has_declared_code(struct json_object *latest)
{
    return json_object_object_get(latest, "_Command") != NULL ||
           json_object_object_get(latest, "_Directory") != NULL;
}

static bool is_builtin(struct text runtime)
{
    return text_is(runtime, FUNCTION_RUNTIME);
}

static bool check_code(struct lambda_call *call, struct text runtime, struct text handler,
                       const struct function_code *code)
{
    AUTO_JSON struct json_object *row = json_object_new_object();
    AUTO_FREE char *directory = NULL;
    uint8_t sha256[SHA256_BYTES];
    if (is_builtin(runtime))
        return true;
    code_store(row, code);
    if (row_package(row, sha256))
        directory = package_path(package_store_directory(call->api->packages), sha256);
    return check_command(call, runtime, handler, directory);
}

static void keep_code(struct lambda_call *call, const struct function_code *code)
{
    call->code = ARENA_NEW(call->arena, struct function_code);
    *call->code = *code;
}

/* ---- CreateFunction ---- */

static bool check_new(struct lambda_call *call)
{
    struct json_object *latest = NULL;
    if (!find_latest(call, &latest))
        return false;
    bool exists = latest != NULL;
    json_release(&latest);
    if (exists)
        call_fail(call, ERR_CONFLICT, "Function already exist: %.*s", TEXT_ARGS(call->id.name));
    return !exists;
}

static bool check_source(struct lambda_call *call, struct text runtime,
                         const struct function_code *code)
{
    if (is_builtin(runtime) || code->given)
        return true;
    call_fail(call, ERR_INVALID_PARAMETER, "Please provide a source for function code.");
    return false;
}

bool prepare_create_function(struct lambda_call *call)
{
    struct function_code code;
    if (!check_new(call) || !check_function_members(call) || !check_runtime_and_handler(call) ||
        !check_tag_count(call, call_json(call, "Tags")))
        return false;
    struct text runtime = call_text_or(call, "Runtime", "");
    if (!code_read(call, call_json(call, "Code"), TEXT(""), !is_builtin(runtime), &code) ||
        !check_source(call, runtime, &code) ||
        !check_code(call, runtime, call_text_or(call, "Handler", ""), &code))
        return false;
    keep_code(call, &code);
    return true;
}

/* ---- UpdateFunctionCode ---- */

static bool check_code_given(struct lambda_call *call)
{
    static const char *const sources[] = {"ZipFile", "S3Bucket", "S3Key", "ImageUri"};
    for (size_t i = 0; i < ARRAY_LEN(sources); i++)
        if (call_json(call, sources[i]) != NULL)
            return true;
    call_fail(call, ERR_INVALID_PARAMETER, "Please provide a source for function code.");
    return false;
}

static bool check_takes_code(struct lambda_call *call, struct json_object *latest)
{
    if (!has_declared_code(latest))
        return true;
    call_fail(call, ERR_INVALID_PARAMETER,
              "The code of this function is what the configuration says: change "
              "functions.%.*s there.",
              TEXT_ARGS(call->id.name));
    return false;
}

bool prepare_update_function_code(struct lambda_call *call)
{
    struct function_code code;
    if (!call_names_function(call))
        return false;
    AUTO_JSON struct json_object *latest = existing_latest(call);
    if (latest == NULL || !check_code_given(call) || !check_takes_code(call, latest) ||
        !call_revision_fits(call, member_text(latest, "RevisionId"), ITS_REVISION_OF))
        return false;
    struct text runtime = member_text(latest, "Runtime");
    if (!code_read(call, call->input, member_text(latest, "_Store"), !is_builtin(runtime), &code) ||
        !check_code(call, runtime, member_text(latest, "Handler"), &code))
        return false;
    keep_code(call, &code);
    return true;
}

/* ---- UpdateFunctionConfiguration ---- */

bool deploys_configuration(const struct lambda_call *call)
{
    return call_json(call, "Runtime") != NULL || call_json(call, "Handler") != NULL;
}

static struct text given_or(struct lambda_call *call, struct json_object *latest, const char *name)
{
    struct text given;
    return call_text(call, name, &given) ? given : member_text(latest, name);
}

bool prepare_update_function_configuration(struct lambda_call *call)
{
    if (!call_names_function(call))
        return false;
    AUTO_JSON struct json_object *latest = existing_latest(call);
    if (latest == NULL || !check_function_members(call) ||
        !call_revision_fits(call, member_text(latest, "RevisionId"), ITS_REVISION_OF))
        return false;
    struct function_code code = row_code(call, latest);
    return has_declared_code(latest) || check_code(call, given_or(call, latest, "Runtime"),
                                                   given_or(call, latest, "Handler"), &code);
}
