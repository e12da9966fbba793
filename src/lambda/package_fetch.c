/*
 * package_fetch.c - a deployment package out of a bucket. The caller must be allowed to read the
 * object; it is read with the store's own credentials, as AWS does it.
 */
#include "deploy_private.h"

#include <string.h>

#include "function_shape.h"

/* For the whole object, attempts and all: others wait behind it. */
enum { FETCH_TIMEOUT_MS = 120000 };

struct fetch {
    struct lambda_call *call;
    struct storage_object object;
    struct memfd *into;
};

/* ---- errors in AWS's words ---- */

static void fail_as(struct lambda_call *call, const char *code, const char *sentence)
{
    call_fail(call, ERR_INVALID_PARAMETER,
              "Error occurred while GetObject. S3 Error Code: %s. S3 Error Message: %s", code,
              sentence);
}

static void fail_denied(const struct fetch *f)
{
    call_fail(f->call, ERR_ACCESS_DENIED,
              "Your access has been denied by S3, please make sure your request credentials have "
              "permission to GetObject for %.*s/%.*s. S3 Error Code: AccessDenied. S3 Error "
              "Message: Access Denied",
              TEXT_ARGS(f->object.bucket), TEXT_ARGS(f->object.key));
}

static void fail_missing(const struct fetch *f, const struct error *err)
{
    if (strstr(err->message, ": 404 NoSuchBucket") != NULL)
        fail_as(f->call, "NoSuchBucket", "The specified bucket does not exist");
    else if (strstr(err->message, ": 404 NoSuchVersion") != NULL)
        fail_as(f->call, "NoSuchVersion", "The specified version does not exist.");
    else
        fail_as(f->call, "NoSuchKey", "The specified key does not exist.");
}

static void fail(const struct fetch *f, const struct error *err)
{
    switch (err->code) {
    case ERROR_NOT_FOUND:
        fail_missing(f, err);
        break;
    case ERROR_DENIED:
        fail_denied(f);
        break;
    case ERROR_LIMIT:
        call_fail(f->call, ERR_TOO_LARGE, "Zipped size must be smaller than %d bytes",
                  PACKAGE_MAX_BYTES);
        break;
    case ERROR_INVALID:
        call_fail(f->call, ERR_INVALID_PARAMETER, "Error occurred while GetObject. %s",
                  err->message);
        break;
    default:
        call_fail(f->call, ERR_SERVICE, "The store did not give the object: %s", err->message);
    }
}

/* ---- reading ---- */

static int get(const struct fetch *f, const struct store *store, struct error *err)
{
    struct storage_session *session = NULL;
    struct storage_get_options options = {.max_bytes = PACKAGE_MAX_BYTES};
    struct storage_info info;
    struct lambda_api *api = f->call->api;
    if (storage_session_new(store->storage, deployer_canceled(api->deployer), &session, err) != 0)
        return -1;
    storage_session_set_deadline(session, clock_mono_ms(api->clock) + FETCH_TIMEOUT_MS);
    int result = memfd_create_fixed("package", PACKAGE_MAX_BYTES, f->into, err);
    if (result == 0)
        result = storage_get(session, store->credentials, &f->object, &options, f->into,
                             f->call->arena, &info, err);
    storage_session_free(session);
    return result;
}

static bool may_read(struct fetch *f)
{
    const char *action = f->object.version_id.len > 0 ? "s3:GetObjectVersion" : "s3:GetObject";
    struct text arn = call_printf(f->call, "arn:aws:s3:::%.*s/%.*s", TEXT_ARGS(f->object.bucket),
                                  TEXT_ARGS(f->object.key));
    return call_authorise(f->call, action, arn, NULL, NULL, 0);
}

/* The one that the configuration names for the function, else the first. */
static const struct store *find_store(struct lambda_call *call, struct text name)
{
    const struct store *stores = NULL;
    const struct store *named = name.len > 0 ? catalog_store(call->catalog, name) : NULL;
    if (named != NULL)
        return named;
    return catalog_stores(call->catalog, &stores) > 0 ? stores : NULL;
}

bool package_fetch(struct lambda_call *call, struct json_object *members, struct text store_name,
                   struct memfd *out)
{
    struct fetch f = {.call = call,
                      .object = {.bucket = member_text(members, "S3Bucket"),
                                 .key = member_text(members, "S3Key"),
                                 .version_id = member_text(members, "S3ObjectVersion")},
                      .into = out};
    const struct store *store = find_store(call, store_name);
    struct error err = {0};
    if (f.object.bucket.len == 0 || f.object.key.len == 0) {
        call_fail(call, ERR_INVALID_PARAMETER,
                  "S3Bucket and S3Key belong together: please provide both.");
        return false;
    }
    if (!may_read(&f))
        return false;
    if (store == NULL) {
        call_fail(call, ERR_INVALID_PARAMETER, "The configuration has no store to read from.");
        return false;
    }
    if (get(&f, store, &err) == 0)
        return true;
    fail(&f, &err);
    return false;
}
