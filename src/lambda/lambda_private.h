/*
 * lambda_private.h - one call of the Lambda API, from the wire to its answer.
 *
 *   call.c        takes a request through the steps of lambda.h
 *   input.c       request → call->input; shape.h has what it must look like
 *   function_id.c FunctionName, in all its spellings → call->id
 *   identity.c    signature → caller; may the caller do it?
 *   deploy.c      the thread for code: prepares calls before they go to the registry's
 *   operations.c  the table; a file per family of operations has their run functions
 *   answer.c      answers and errors in AWS's form
 */
#ifndef ONPUT_LAMBDA_PRIVATE_H
#define ONPUT_LAMBDA_PRIVATE_H

#include <stdarg.h>

#include "onput/json.h"
#include "onput/lambda.h"
#include "onput/policy.h"

/* ---- the table of operations ---- */

enum member_place { IN_PATH, IN_QUERY, IN_HEADER, IN_BODY };
enum member_type {
    TYPE_STRING,
    TYPE_INTEGER,
    TYPE_NUMBER,
    TYPE_BOOLEAN,
    TYPE_BLOB, /* base64 */
    TYPE_STRUCTURE,
    TYPE_LIST,
    TYPE_MAP,
};

/* A pattern as AWS writes it in messages, and what it means. */
struct pattern {
    const char *text;
    bool (*matches)(struct text value);
};

struct member {
    const char *name; /* "FunctionName"; its path in messages begins with a small letter */
    enum member_place place;
    const char *wire; /* label, query key or header when it is not the name */
    enum member_type type;
    bool required;
    bool may_be_null; /* of elements, keys and values: messages do not say that it must not be */
    bool has_min, has_max;
    int64_t min, max; /* of the value of numbers, of the length of everything else */
    const struct pattern *pattern;
    const char *choices;           /* "A, B": an enumeration, in the order of AWS's message */
    const struct member *children; /* of a structure; of a list: one, its element; of a map: two,
                                      key and value */
    size_t child_count;
};

/* A table of members with its length. */
struct members {
    const struct member *rows;
    size_t count;
};

enum operation_thread {
    ON_HTTP,     /* reads the catalog, never blocks */
    ON_REGISTRY, /* changes one function; call->edit is open */
};

/* What the FunctionName label may look like, and what the call is about. */
enum operation_target {
    TARGET_NONE,       /* the account: resource "*" */
    TARGET_NAMESPACED, /* name, name:qualifier, partial or whole ARN */
    TARGET_PLAIN,      /* the same with the stricter pattern of the other operations */
    TARGET_URL,        /* the same, and the qualifier is an alias */
    TARGET_NEW,        /* FunctionName in the body: the function need not exist */
    TARGET_ARN,        /* tags: a whole ARN in the path */
};

struct lambda_call;

struct operation {
    const char *name;   /* "AddPermission" */
    const char *action; /* IAM's name without "lambda:", NULL: the same */
    enum http_method method;
    const char *path;
    enum operation_target target;
    enum operation_thread thread;
    bool raw_body;                 /* the body is not JSON members: Invoke's payload */
    size_t max_body_bytes;         /* 0: LAMBDA_BODY_BYTES */
    const struct members *members; /* NULL: none */
    /* On the deployment thread, before run(): true, or false with the call answered. NULL: not
     * needed; so does deploys() say of a single call, when there is one. */
    bool (*prepare)(struct lambda_call *call);
    bool (*deploys)(const struct lambda_call *call);
    void (*run)(struct lambda_call *call);
};

enum { LAMBDA_BODY_BYTES = 1024 * 1024 };

size_t lambda_operations(const struct operation **out);
/* "InvokeFunction": IAM's name of what the operation does. */
const char *operation_action(const struct operation *op);
size_t operation_body_bytes(const struct operation *op);

/* ---- who calls ---- */

struct caller {
    enum policy_principal_type type;
    struct text arn;         /* of a user or root; empty for anonymous */
    struct text account;     /* empty for anonymous */
    const struct user *user; /* NULL for anonymous; of the call's caller_catalog */
};

/* ---- one call ---- */

/* What the function's identifier says. Names and qualifiers are not checked to exist. */
struct function_id {
    struct text name;
    struct text qualifier;     /* of the identifier or the Qualifier parameter; "" when neither */
    struct text arn;           /* unqualified */
    struct text qualified_arn; /* arn, and ":qualifier" when there is one */
};

/* Lives in the request's arena until it is answered. */
struct lambda_call {
    struct registry_job job;  /* first */
    struct lambda_call *next; /* deploy.c */
    struct lambda_api *api;
    const struct operation *operation;
    struct http_request *http;
    struct arena *arena;
    struct catalog *catalog; /* as of the moment the call came in; for ON_REGISTRY the newest */
    struct catalog *caller_catalog; /* as of the moment the call came in: the caller is of it */
    int64_t started_ns;
    struct registry_edit *edit;
    char request_id[37];
    struct caller caller;
    struct json_object *input; /* every member that was given, by name, wherever it stood */
    struct function_id id;
    struct function_code *code; /* of prepare(); NULL: none was needed */
};

/* Of call->input: false or the fallback when the member was not given. */
bool call_text(const struct lambda_call *call, const char *name, struct text *out);
struct text call_text_or(const struct lambda_call *call, const char *name, const char *fallback);
int64_t call_i64_or(const struct lambda_call *call, const char *name, int64_t fallback);
bool call_bool(const struct lambda_call *call, const char *name); /* false when not given */
struct json_object *call_json(const struct lambda_call *call, const char *name); /* or NULL */

/* The record of the call's function, or NULL. ON_HTTP operations; the others look at the edit. */
const struct function_record *call_record(const struct lambda_call *call);
/* Printf into the call's arena. */
struct text call_printf(struct lambda_call *call, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct text call_vprintf(struct lambda_call *call, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
/* A new random UUID in the arena, for revision ids and the like. */
struct text call_uuid(struct lambda_call *call);

/*
 * May the caller do `action` ("lambda:InvokeFunction") on `resource` under `policy` (NULL: the
 * resource has none)? `extra` are more context keys. True, or false with the 403 answered.
 * The operation's own action was checked before run().
 */
bool call_authorise(struct lambda_call *call, const char *action, struct text resource,
                    const struct policy *policy, const struct policy_context *extra,
                    size_t extra_count);
/* The decision alone, for the URL front. */
struct policy_decision caller_decide(const struct caller *caller, const struct catalog *catalog,
                                     const struct http_request *http, int64_t now_ms,
                                     const char *action, struct text resource,
                                     const struct policy *policy,
                                     const struct policy_context *extra, size_t extra_count);

/* A call at its beginning: an answer ends it, or call_drop() when it was not the call yet. */
struct lambda_call *call_new(struct lambda_api *api, struct http_request *request);
void call_drop(struct lambda_call *call);

/* ---- the steps of a call: true, or false with the call answered ---- */

/* Before the body is read, for call_admit(): all of call_authenticate() but the signature itself,
 * so that strangers do not make us read large bodies. Sets nothing. */
bool call_authenticate_early(struct lambda_call *call);
/* Sets call->caller; a user is of call->caller_catalog. */
bool call_authenticate(struct lambda_call *call);
bool call_read_input(struct lambda_call *call);
bool call_read_id(struct lambda_call *call);

/* Opens call->edit and runs the operation; on the registry's thread. */
void call_run_edit(struct lambda_call *call);

/* The routes' functions: ctx is the lambda_api, the row an operation (none: unknown). */
void call_admit(void *ctx, struct http_request *request);
void call_handle(void *ctx, struct http_request *request);
/* 413 in AWS's words. */
void call_refuse_large(void *ctx, struct http_request *request);

/* ---- deploy.c: the deployment thread ---- */

/* Never blocks. The call is answered when too many wait, or the server ends. */
void deployer_submit(struct deployer *d, struct lambda_call *call);
/* On the deployment thread: runs `work` on the registry's and waits. False: the registry ends. */
bool deployer_on_registry(struct deployer *d, void (*work)(void *ctx), void *ctx);
/* True when the server ends: for calls that go out. */
const atomic_bool *deployer_canceled(const struct deployer *d);

/* package_url.c */
enum { PACKAGE_KEY_BYTES = 32 };
/* Secret of this process: what package_url() signs with. */
const uint8_t *deployer_key(const struct deployer *d);
/* Where that package can be had for ten minutes, by the address of the call's own request. */
struct text package_url(struct lambda_call *call, const uint8_t sha256[SHA256_BYTES]);
void package_url_handle(void *ctx, struct http_request *request);

/* ---- answers: each ends the call; nothing of it may be touched afterwards ---- */

void call_answer(struct lambda_call *call, int status, struct text json);
void call_answer_empty(struct lambda_call *call, int status);
/* With more headers and any body. x-amzn-RequestId is added. */
void call_respond(struct lambda_call *call, const struct http_response *response);
/* The same, and the body follows in pieces. Not on a server thread. */
struct http_stream *call_respond_stream(struct lambda_call *call, const struct http_response *head);

enum lambda_error {
    ERR_INVALID_PARAMETER,         /* InvalidParameterValueException 400 */
    ERR_INVALID_PARAMETER_UNTYPED, /* the same without "Type" */
    ERR_VALIDATION,                /* ValidationException 400 */
    ERR_SERIALIZATION,             /* SerializationException 400 */
    ERR_INVALID_CONTENT,           /* InvalidRequestContentException 400 */
    ERR_POLICY_LENGTH,             /* PolicyLengthExceededException 400 */
    ERR_ACCESS_DENIED,             /* 403 */
    ERR_NOT_FOUND,                 /* ResourceNotFoundException 404 */
    ERR_CONFLICT,                  /* ResourceConflictException 409 */
    ERR_PRECONDITION,              /* PreconditionFailedException 412 */
    ERR_TOO_LARGE,                 /* RequestEntityTooLargeException 413 */
    ERR_MEDIA_TYPE,                /* UnsupportedMediaTypeException 415 */
    ERR_TOO_MANY_REQUESTS,         /* TooManyRequestsException 429 */
    ERR_SERVICE,                   /* ServiceException 500 */
    ERR_UNKNOWN_OPERATION,         /* UnknownOperationException 404 */
    ERR_MISSING_TOKEN,             /* MissingAuthenticationTokenException 403 */
    ERR_UNRECOGNIZED_CLIENT,       /* UnrecognizedClientException 403 */
    ERR_INVALID_SIGNATURE,         /* InvalidSignatureException 403 */
    ERR_INCOMPLETE_SIGNATURE,      /* IncompleteSignatureException 403 */
    ERR_EXPIRED_TOKEN,             /* ExpiredTokenException 403 */
    LAMBDA_ERROR_COUNT
};
void call_fail(struct lambda_call *call, enum lambda_error error, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* The same with a finished message; NULL: {"Message":null}. */
void call_fail_text(struct lambda_call *call, enum lambda_error error, const char *message_or_null);
/* 429 with its Reason: "ReservedFunctionConcurrentInvocationLimitExceeded", ... */
void call_throttle(struct lambda_call *call, const char *reason);
/* "Function not found: <arn>" */
void call_no_function(struct lambda_call *call, struct text arn);

/* Stores call->edit. True when it is stored; else the call was answered (IPVE or 500). */
bool call_commit(struct lambda_call *call);

/* ---- pieces that families share ---- */

/* Time as Lambda writes it: "2025-11-25T02:26:54.123+0000", and seconds with fraction. */
struct text call_time_iso(struct lambda_call *call);
double call_time_epoch(const struct lambda_call *call);

/*
 * Pages: `count` items in order, Marker and MaxItems of the call, at most 50 a page. Sets the
 * range to show and *out_marker ("" on the last page). False when the marker is none of ours: the
 * call was answered.
 */
bool call_page(struct lambda_call *call, size_t count, size_t *out_from, size_t *out_to,
               struct text *out_marker);

/* 200 {name: [...], "NextMarker"?}: a page of the rows, each as show() makes it, which is taken
 * over. */
void call_answer_rows(struct lambda_call *call, const char *name, const struct row *rows,
                      size_t count,
                      struct json_object *(*show)(struct lambda_call *call, const struct row *row));

/* 412 when RevisionId was given and is another one. `api` as in the message:
 * "GetFunction/GetAlias". True when the call may go on. */
bool call_revision_fits(struct lambda_call *call, struct text current, const char *api);

/* One member of an object; the empty text and 0 when it is missing or of another type. */
struct text member_text(struct json_object *object, const char *name);
int64_t member_i64(struct json_object *object, const char *name);
void member_set_text(struct json_object *object, const char *name, struct text value);
void member_set_i64(struct json_object *object, const char *name, int64_t value);

/* A row's JSON parsed, without the members that begin with "_". The caller releases it. */
struct json_object *row_parse(const struct row *row);
/* The same with the private members. */
struct json_object *row_parse_all(const struct row *row);
/* Only digits: no alias looks like that. */
bool qualifier_is_version(struct text qualifier);
/* Whether the function that is being changed has that version or alias; "": whether it is there. */
bool edit_has_qualifier(const struct registry_edit *edit, struct text qualifier);
/* For operations that take no version and no alias. */
void call_fail_function_only(struct lambda_call *call);
/* False for a user, role or session of our own account that the configuration does not have. Any
 * other text is true: whether it is a principal at all is policy.h's. */
bool principal_is_known(const struct catalog *catalog, struct text principal);
/* False when one of them ("": none) cannot be a destination of the call's function: the call was
 * answered. */
bool destinations_fit(struct lambda_call *call, struct text on_success, struct text on_failure);

/* Compact JSON in the arena. */
struct text call_json_text(struct lambda_call *call, struct json_object *object);

/* ---- run functions, a file per family ---- */

/* function_create.c, function_read.c, function_update.c, function_delete.c */
void run_create_function(struct lambda_call *call);
void run_get_function(struct lambda_call *call);
void run_get_function_configuration(struct lambda_call *call);
void run_list_functions(struct lambda_call *call);
void run_update_function_code(struct lambda_call *call);
void run_update_function_configuration(struct lambda_call *call);
void run_delete_function(struct lambda_call *call);
/* versions.c */
void run_publish_version(struct lambda_call *call);
void run_list_versions(struct lambda_call *call);
/* aliases.c */
void run_create_alias(struct lambda_call *call);
void run_get_alias(struct lambda_call *call);
void run_update_alias(struct lambda_call *call);
void run_delete_alias(struct lambda_call *call);
void run_list_aliases(struct lambda_call *call);
/* permissions.c */
void run_add_permission(struct lambda_call *call);
void run_remove_permission(struct lambda_call *call);
void run_get_policy(struct lambda_call *call);
/* invoke_config.c */
void run_put_invoke_config(struct lambda_call *call);
void run_update_invoke_config(struct lambda_call *call);
void run_get_invoke_config(struct lambda_call *call);
void run_delete_invoke_config(struct lambda_call *call);
void run_list_invoke_configs(struct lambda_call *call);
/* concurrency.c */
enum { ACCOUNT_CONCURRENCY = 1000 }; /* of the account, reserved or not */
int64_t account_reserved(const struct catalog *catalog);
void run_put_concurrency(struct lambda_call *call);
void run_get_concurrency(struct lambda_call *call);
void run_delete_concurrency(struct lambda_call *call);
/* url_config.c */
void run_create_url(struct lambda_call *call);
void run_get_url(struct lambda_call *call);
void run_update_url(struct lambda_call *call);
void run_delete_url(struct lambda_call *call);
void run_list_urls(struct lambda_call *call);
/* tags.c */
void run_tag_resource(struct lambda_call *call);
void run_untag_resource(struct lambda_call *call);
void run_list_tags(struct lambda_call *call);
/* account.c: what tells about the account, and what clients read besides */
void run_get_account_settings(struct lambda_call *call);
void run_get_code_signing_config(struct lambda_call *call);
void run_get_runtime_management_config(struct lambda_call *call);
void run_get_recursion_config(struct lambda_call *call);
/* invoke.c, invoke_stream.c */
void run_invoke(struct lambda_call *call);
void run_invoke_async(struct lambda_call *call);
void run_invoke_stream(struct lambda_call *call);

/* url_front.c: requests to a function's own URL, by host or below /function-urls/{id} */
void url_front_admit(void *ctx, struct http_request *request);
void url_front_handle(void *ctx, struct http_request *request);
/* The id's URL as the configuration's template makes it (arena). */
struct text url_front_address(struct lambda_call *call, struct text url_id);

#endif
