/*
 * The deployment package of a function. What runs from it is unpacked and kept; a built-in function
 * runs nothing of it, but what deploys functions compares its size and hash, so both are those of
 * what was sent.
 */
#include "function_shape.h"

#include <string.h>

#include "deploy_private.h"
#include "onput/encoding.h"

#define NO_UNZIP "Could not unzip uploaded file. Please check your file, then try to upload again."

static bool has(struct json_object *members, const char *name)
{
    return json_object_object_get(members, name) != NULL;
}

static bool refuse_large(struct lambda_call *call)
{
    call_fail(call, ERR_TOO_LARGE, "Zipped size must be smaller than %d bytes", PACKAGE_MAX_BYTES);
    return false;
}

/* A damaged archive in AWS's words; what is wrong with a whole one needs more of them. */
static bool refuse_package(struct lambda_call *call, const struct error *err)
{
    switch (err->code) {
    case ERROR_INVALID:
        call_fail(call, ERR_INVALID_PARAMETER, NO_UNZIP);
        break;
    case ERROR_UNSUPPORTED:
        call_fail(call, ERR_INVALID_PARAMETER, NO_UNZIP " The reason: %s.", err->message);
        break;
    case ERROR_LIMIT:
        call_fail(call, ERR_INVALID_PARAMETER, "%s", err->message);
        break;
    default:
        call_fail(call, ERR_SERVICE, "The package could not be stored: %s.", err->message);
    }
    return false;
}

static bool read_package(struct lambda_call *call, struct text zip, bool is_kept,
                         struct function_code *out)
{
    struct package package;
    struct error err = {0};
    AUTO_BUFFER struct buffer base64 = {0};
    struct package_store *store = call->api->packages;
    int result =
        is_kept ? package_add(store, zip, &package, &err) : package_check(zip, &package, &err);
    if (result != 0)
        return refuse_package(call, &err);
    buffer_init(&base64, 64);
    buffer_append_base64(&base64, package.sha256, sizeof(package.sha256));
    *out = (struct function_code){.given = true,
                                  .is_stored = is_kept,
                                  .size = package.size,
                                  .sha256 = arena_text(call->arena, buffer_text(&base64))};
    return true;
}

static bool read_zip_file(struct lambda_call *call, struct text base64, bool is_kept,
                          struct function_code *out)
{
    AUTO_BUFFER struct buffer bytes = {0};
    struct error err = {0};
    buffer_init(&bytes, PACKAGE_MAX_BYTES + 2); /* padding counts as two bytes before it is read */
    if (base64.len / 4 * 3 > bytes.max)
        return refuse_large(call);
    if (base64_decode(base64, &bytes, &err) != 0)
        return refuse_package(call, &err);
    if (bytes.len > PACKAGE_MAX_BYTES)
        return refuse_large(call);
    return read_package(call, buffer_text(&bytes), is_kept, out);
}

static bool read_object(struct lambda_call *call, struct json_object *members, struct text store,
                        struct function_code *out)
{
    AUTO_MEMFD struct memfd bytes = MEMFD_NONE;
    if (!package_fetch(call, members, store, &bytes))
        return false;
    return read_package(call, (struct text){(const char *)bytes.map, bytes.len}, true, out);
}

bool code_read(struct lambda_call *call, struct json_object *members, struct text store,
               bool is_kept, struct function_code *out)
{
    bool in_bucket = has(members, "S3Bucket") || has(members, "S3Key");
    *out = (struct function_code){0};
    if (has(members, "ImageUri")) {
        call_fail(call, ERR_INVALID_PARAMETER,
                  "Container images are not supported: this server runs functions from ZIP "
                  "archives.");
        return false;
    }
    if (has(members, "ZipFile") && in_bucket) {
        call_fail(call, ERR_INVALID_PARAMETER,
                  "Please do not provide other FunctionCode parameters when providing a ZipFile.");
        return false;
    }
    if (in_bucket && !is_kept) {
        call_fail(call, ERR_INVALID_PARAMETER,
                  "A built-in function takes no code from a bucket: send a ZipFile or no code at "
                  "all.");
        return false;
    }
    if (in_bucket)
        return read_object(call, members, store, out);
    return !has(members, "ZipFile") ||
           read_zip_file(call, member_text(members, "ZipFile"), is_kept, out);
}

/* ---- rows ---- */

bool row_package(struct json_object *row, uint8_t out_sha256[SHA256_BYTES])
{
    AUTO_BUFFER struct buffer bytes = {0};
    struct error err = {0};
    buffer_init(&bytes, SHA256_BYTES + 2);
    if (!json_object_get_boolean(json_object_object_get(row, ROW_PACKAGE)) ||
        base64_decode(member_text(row, "CodeSha256"), &bytes, &err) != 0 ||
        bytes.len != SHA256_BYTES)
        return false;
    memcpy(out_sha256, bytes.data, SHA256_BYTES);
    return true;
}

/* Where there is no package the hash stands for the handler. */
struct function_code row_code(struct lambda_call *call, struct json_object *row)
{
    uint8_t sha256[SHA256_BYTES];
    return (struct function_code){.given = member_i64(row, "CodeSize") > 0,
                                  .is_stored = row_package(row, sha256),
                                  .size = member_i64(row, "CodeSize"),
                                  .sha256 =
                                      arena_text(call->arena, member_text(row, "CodeSha256"))};
}

void code_store(struct json_object *row, const struct function_code *code)
{
    if (!code->given)
        return;
    member_set_i64(row, "CodeSize", code->size);
    member_set_text(row, "CodeSha256", code->sha256);
    if (code->is_stored)
        json_object_object_add(row, ROW_PACKAGE, json_object_new_boolean(1));
    else
        json_object_object_del(row, ROW_PACKAGE);
}
