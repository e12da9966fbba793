/*
 * members_config.c - members of the operations on what belongs to a function: permissions, event
 * invoke configurations, concurrency, URLs.
 */
#include "shape.h"

/* ---- permissions ---- */

#define AUTH_TYPES "NONE, AWS_IAM"

static const struct member add_permission_rows[] = {
    PATH_FUNCTION_NAMESPACED,
    BODY("StatementId", STRING, .required = true, BETWEEN(1, 100), MATCHES(statement_id)),
    BODY("Action", STRING, .required = true, BETWEEN(0, 10000), MATCHES(action)),
    BODY("Principal", STRING, .required = true, BETWEEN(0, 2048), MATCHES(no_space)),
    BODY("SourceArn", STRING, BETWEEN(0, 10000), MATCHES(arn)),
    BODY("SourceAccount", STRING, BETWEEN(0, 12), MATCHES(account)),
    BODY("EventSourceToken", STRING, BETWEEN(0, 256), MATCHES(event_token)),
    BODY("PrincipalOrgID", STRING, BETWEEN(12, 34), MATCHES(org_id)),
    BODY("FunctionUrlAuthType", STRING, .choices = AUTH_TYPES),
    BODY("InvokedViaFunctionUrl", BOOLEAN),
    QUERY_QUALIFIER,
    BODY_REVISION,
};
const struct members members_add_permission = MEMBERS(add_permission_rows);

static const struct member remove_permission_rows[] = {
    PATH_FUNCTION_NAMESPACED,
    PATH("StatementId", BETWEEN(1, 100), MATCHES(statement_id_dotted)),
    QUERY_QUALIFIER,
    QUERY("RevisionId", STRING),
};
const struct members members_remove_permission = MEMBERS(remove_permission_rows);

/* ---- event invoke configurations ---- */

static const struct member destination[] = {
    BODY("Destination", STRING, BETWEEN(0, 350), MATCHES(destination))};
static const struct member destination_config[] = {
    BODY("OnSuccess", STRUCTURE, CHILDREN(destination)),
    BODY("OnFailure", STRUCTURE, CHILDREN(destination)),
};

static const struct member event_invoke_config_rows[] = {
    PATH_FUNCTION_NAMESPACED,
    QUERY_QUALIFIER,
    BODY("MaximumRetryAttempts", INTEGER, BETWEEN(0, 2)),
    BODY("MaximumEventAgeInSeconds", INTEGER, BETWEEN(60, 21600)),
    BODY("DestinationConfig", STRUCTURE, CHILDREN(destination_config)),
};
const struct members members_event_invoke_config = MEMBERS(event_invoke_config_rows);

static const struct member invoke_configs_page_rows[] = {PATH_FUNCTION_NAMESPACED, QUERY_PAGE(50)};
const struct members members_invoke_configs_page = MEMBERS(invoke_configs_page_rows);

/* ---- concurrency ---- */

static const struct member put_concurrency_rows[] = {
    PATH_FUNCTION_PLAIN,
    BODY("ReservedConcurrentExecutions", INTEGER, .required = true, AT_LEAST(0)),
};
const struct members members_put_concurrency = MEMBERS(put_concurrency_rows);

/* ---- function URLs ---- */

static const struct member header_name[] = {BODY("Header", STRING, BETWEEN(0, 1024), MATCHES(any))};
static const struct member method[] = {BODY("Method", STRING, BETWEEN(0, 6), MATCHES(any))};
static const struct member origin[] = {BODY("Origin", STRING, BETWEEN(1, 253), MATCHES(any))};
static const struct member cors[] = {
    BODY("AllowCredentials", BOOLEAN),
    BODY("AllowHeaders", LIST, BETWEEN(0, 100), CHILDREN(header_name)),
    BODY("AllowMethods", LIST, BETWEEN(0, 6), CHILDREN(method)),
    BODY("AllowOrigins", LIST, BETWEEN(0, 100), CHILDREN(origin)),
    BODY("ExposeHeaders", LIST, BETWEEN(0, 100), CHILDREN(header_name)),
    BODY("MaxAge", INTEGER, BETWEEN(0, 86400)),
};

#define QUERY_URL_QUALIFIER QUERY("Qualifier", STRING, BETWEEN(1, 128), MATCHES(url_qualifier))
#define URL_MEMBERS                                                                                \
    BODY("Cors", STRUCTURE, CHILDREN(cors)),                                                       \
        BODY("InvokeMode", STRING, .choices = "BUFFERED, RESPONSE_STREAM")

static const struct member create_url_rows[] = {
    PATH_FUNCTION_URL,
    QUERY_URL_QUALIFIER,
    BODY("AuthType", STRING, .required = true, .choices = AUTH_TYPES),
    URL_MEMBERS,
};
const struct members members_create_url = MEMBERS(create_url_rows);

static const struct member update_url_rows[] = {
    PATH_FUNCTION_URL,
    QUERY_URL_QUALIFIER,
    BODY("AuthType", STRING, .choices = AUTH_TYPES),
    URL_MEMBERS,
};
const struct members members_update_url = MEMBERS(update_url_rows);

static const struct member url_rows[] = {PATH_FUNCTION_URL, QUERY_URL_QUALIFIER};
const struct members members_url = MEMBERS(url_rows);

static const struct member url_page_rows[] = {PATH_FUNCTION_URL, QUERY_PAGE(50)};
const struct members members_url_page = MEMBERS(url_page_rows);
