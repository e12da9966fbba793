/*
 * function_shape.h - what the operations on functions, versions and aliases share.
 *
 *   function_shape.c   rows and what the API shows of them
 *   function_checks.c  may a function be made of these members?
 *   function_settle.c  given members as a row keeps them
 *   function_code.c    the deployment package: from the call into the store
 *   function_deploy.c  what is done for a package before the registry's turn
 *   versions.c         publishing, also by CreateFunction and UpdateFunctionCode
 */
#ifndef ONPUT_LAMBDA_FUNCTION_SHAPE_H
#define ONPUT_LAMBDA_FUNCTION_SHAPE_H

#include "onput/hash.h"

#include "lambda_private.h"

#define LATEST          "$LATEST"
#define ITS_REVISION_OF "GetFunction/GetAlias" /* call_revision_fits() */

/* ---- function_shape.c ---- */

/* Rows are kept as a function ends up; some answers show how it is on the way there, with a
 * revision of their own. */
enum function_view {
    VIEW_STORED,
    VIEW_LISTED,   /* without states */
    VIEW_CREATING, /* State Pending */
    VIEW_UPDATING, /* LastUpdateStatus InProgress */
};

/* FunctionConfiguration of a parsed row under that ARN. The caller releases it. */
struct json_object *function_show(struct lambda_call *call, struct json_object *row,
                                  struct text arn, enum function_view view);
/* The same as an answer's text. */
struct text function_show_text(struct lambda_call *call, struct json_object *row, struct text arn,
                               enum function_view view);

/* The ARN of any function here; the qualifier may be empty. */
struct text function_arn(struct lambda_call *call, struct text name, struct text qualifier);

/* $LATEST of the edited function with its private members, or NULL and the call was answered. The
 * caller releases it. */
struct json_object *edited_latest(struct lambda_call *call);
void edited_put(struct lambda_call *call, enum row_kind kind, struct text qualifier,
                struct json_object *row);

/* What is changed is the function itself: false and answered when a version or alias was named. */
bool call_names_function(struct lambda_call *call);

/* ---- function_checks.c: false when the call was answered ---- */

bool check_function_members(struct lambda_call *call);
bool check_runtime_and_handler(struct lambda_call *call); /* both were given */
bool check_tag_count(struct lambda_call *call, struct json_object *tags);

/* Can the function be started? `directory`: where its code is; NULL: it has none. */
bool check_command(struct lambda_call *call, struct text runtime, struct text handler,
                   const char *directory);

/* ---- function_settle.c: of a row that function_row.h made or changed, in place ---- */

void settle_members(struct json_object *row);

/* ---- function_code.c ---- */

#define ROW_PACKAGE "_Package" /* true: the package of the row's CodeSha256 is in the store */

struct function_code {
    bool given;
    bool is_stored; /* unpacked in the store; false: only its size and hash are known */
    int64_t size;
    struct text sha256; /* base64 */
};

/* Reads `members` (ZipFile, S3Bucket, ...) and keeps the package when something is to run from it.
 * `store` as in package_fetch(). False when the call was answered. */
bool code_read(struct lambda_call *call, struct json_object *members, struct text store,
               bool is_kept, struct function_code *out);
/* Of a row: false when it has no package in the store. */
bool row_package(struct json_object *row, uint8_t out_sha256[SHA256_BYTES]);
/* Of a row, to be stored again. */
struct function_code row_code(struct lambda_call *call, struct json_object *row);
/* Into the row, when it was given. */
void code_store(struct json_object *row, const struct function_code *code);

/* ---- function_deploy.c: on the deployment thread ---- */

bool prepare_create_function(struct lambda_call *call);
bool prepare_update_function_code(struct lambda_call *call);
bool prepare_update_function_configuration(struct lambda_call *call);
/* Of UpdateFunctionConfiguration: might it need another command? */
bool deploys_configuration(const struct lambda_call *call);

/* ---- versions.c ---- */

struct published {
    struct json_object *row; /* of the version; the caller releases it */
    struct text qualifier;
    bool is_new;
};

/*
 * A version of `latest`: a new row in the edit, or the last version when nothing changed since.
 * With a new one `latest` has members to be stored, too.
 */
void version_publish(struct lambda_call *call, struct json_object *latest, struct text description,
                     struct published *out);

#endif
