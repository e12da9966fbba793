/*
 * members_function.c - members of the operations on functions, versions, aliases and tags.
 */
#include "shape.h"

/* A name of more than 64 bytes, within an identifier of 140, is another error: function_id.c. */
#define BODY_NEW_FUNCTION                                                                          \
    BODY("FunctionName", STRING, .required = true, BETWEEN(1, 140), MATCHES(function_plain))

static const struct member function_rows[] = {PATH_FUNCTION_PLAIN};
const struct members members_function = MEMBERS(function_rows);

static const struct member namespaced_rows[] = {PATH_FUNCTION_NAMESPACED};
const struct members members_namespaced = MEMBERS(namespaced_rows);

static const struct member unqualified_rows[] = {
    PATH("FunctionName", BETWEEN(1, 140), MATCHES(function_unqualified))};
const struct members members_unqualified = MEMBERS(unqualified_rows);

static const struct member qualified_rows[] = {PATH_FUNCTION_NAMESPACED, QUERY_QUALIFIER};
const struct members members_qualified = MEMBERS(qualified_rows);

static const struct member function_page_rows[] = {PATH_FUNCTION_NAMESPACED, QUERY_PAGE(10000)};
const struct members members_function_page = MEMBERS(function_page_rows);

static const struct member list_functions_rows[] = {
    QUERY("MasterRegion", STRING, BETWEEN(1, 50), MATCHES(region_all)),
    QUERY("FunctionVersion", STRING, .choices = "ALL"),
    QUERY_PAGE(10000),
};
const struct members members_list_functions = MEMBERS(list_functions_rows);

/* ---- code ---- */

static const struct member architecture[] = {
    BODY("Architecture", STRING, .choices = "x86_64, arm64")};

#define CODE_MEMBERS                                                                               \
    BODY("ZipFile", BLOB), BODY("S3Bucket", STRING, BETWEEN(3, 63), MATCHES(bucket)),              \
        BODY("S3Key", STRING, BETWEEN(1, 1024), MATCHES(any)),                                     \
        BODY("S3ObjectVersion", STRING, BETWEEN(1, 1024), MATCHES(any)),                           \
        BODY("S3ObjectStorageMode", STRING, .choices = "COPY, REFERENCE"),                         \
        BODY("ImageUri", STRING),                                                                  \
        BODY("SourceKMSKeyArn", STRING, BETWEEN(0, 10000), MATCHES(resource))
#define ARCHITECTURES BODY("Architectures", LIST, BETWEEN(1, 1), CHILDREN(architecture))
#define PUBLISH_TO    BODY("PublishTo", STRING, .choices = "LATEST_PUBLISHED")

static const struct member code[] = {CODE_MEMBERS};

static const struct member update_code_rows[] = {
    PATH_FUNCTION_PLAIN,     CODE_MEMBERS,  ARCHITECTURES, BODY("Publish", BOOLEAN), PUBLISH_TO,
    BODY("DryRun", BOOLEAN), BODY_REVISION,
};
const struct members members_update_code = MEMBERS(update_code_rows);

/* ---- configuration ---- */

static const struct member subnet[] = {
    BODY("SubnetId", STRING, .may_be_null = true, BETWEEN(0, 1024), MATCHES(subnet))};
static const struct member security_group[] = {BODY("SecurityGroupId", STRING, .may_be_null = true,
                                                    BETWEEN(0, 1024), MATCHES(security_group))};
static const struct member vpc_config[] = {
    BODY("SubnetIds", LIST, BETWEEN(0, 16), CHILDREN(subnet)),
    BODY("SecurityGroupIds", LIST, BETWEEN(0, 5), CHILDREN(security_group)),
    BODY("Ipv6AllowedForDualStack", BOOLEAN),
};
static const struct member dead_letter_config[] = {
    BODY("TargetArn", STRING, BETWEEN(0, 10000), MATCHES(resource))};
static const struct member variable[] = {
    BODY("Key", STRING, .may_be_null = true, MATCHES(variable_name)),
    BODY("Value", STRING),
};
static const struct member environment[] = {BODY("Variables", MAP, CHILDREN(variable))};
static const struct member tracing_config[] = {
    BODY("Mode", STRING, .choices = "Active, PassThrough")};
static const struct member layer[] = {
    BODY("LayerVersionArn", STRING, BETWEEN(1, 2048), MATCHES(layer))};
static const struct member file_system_config[] = {
    BODY("Arn", STRING, .required = true, BETWEEN(0, 200), MATCHES(file_system)),
    BODY("LocalMountPath", STRING, .required = true, BETWEEN(0, 160), MATCHES(mount_path)),
};
static const struct member file_system[] = {
    BODY("FileSystemConfig", STRUCTURE, CHILDREN(file_system_config))};
static const struct member string[] = {BODY("String", STRING)};
static const struct member image_config[] = {
    BODY("EntryPoint", LIST, BETWEEN(0, 1500), CHILDREN(string)),
    BODY("Command", LIST, BETWEEN(0, 1500), CHILDREN(string)),
    BODY("WorkingDirectory", STRING, BETWEEN(0, 1000)),
};
static const struct member ephemeral_storage[] = {
    BODY("Size", INTEGER, .required = true, BETWEEN(512, 10240))};
static const struct member snap_start[] = {
    BODY("ApplyOn", STRING, .choices = "PublishedVersions, None")};
static const struct member logging_config[] = {
    BODY("LogFormat", STRING, .choices = "JSON, Text"),
    BODY("ApplicationLogLevel", STRING, .choices = "TRACE, DEBUG, INFO, WARN, ERROR, FATAL"),
    BODY("SystemLogLevel", STRING, .choices = "DEBUG, INFO, WARN"),
    BODY("LogGroup", STRING, BETWEEN(1, 512), MATCHES(log_group)),
};

/* Which runtimes there are is not a matter of shape: the answer is another error. */
#define CONFIGURATION_MEMBERS                                                                      \
    BODY("Runtime", STRING), BODY("Handler", STRING, BETWEEN(0, 128), MATCHES(no_space)),          \
        BODY("Description", STRING, BETWEEN(0, 256)), BODY("Timeout", INTEGER, BETWEEN(1, 900)),   \
        BODY("MemorySize", INTEGER, BETWEEN(128, 10240)),                                          \
        BODY("VpcConfig", STRUCTURE, CHILDREN(vpc_config)),                                        \
        BODY("DeadLetterConfig", STRUCTURE, CHILDREN(dead_letter_config)),                         \
        BODY("Environment", STRUCTURE, CHILDREN(environment)),                                     \
        BODY("KMSKeyArn", STRING, BETWEEN(0, 10000), MATCHES(resource)),                           \
        BODY("TracingConfig", STRUCTURE, CHILDREN(tracing_config)),                                \
        BODY("Layers", LIST, CHILDREN(layer)),                                                     \
        BODY("FileSystemConfigs", LIST, BETWEEN(0, 1), CHILDREN(file_system)),                     \
        BODY("ImageConfig", STRUCTURE, CHILDREN(image_config)),                                    \
        BODY("EphemeralStorage", STRUCTURE, CHILDREN(ephemeral_storage)),                          \
        BODY("SnapStart", STRUCTURE, CHILDREN(snap_start)),                                        \
        BODY("LoggingConfig", STRUCTURE, CHILDREN(logging_config))

/* ---- tags ---- */

static const struct member tag[] = {
    BODY("Key", STRING, .may_be_null = true, BETWEEN(1, 128), MATCHES(tag)),
    BODY("Value", STRING, BETWEEN(0, 256), MATCHES(tag)),
};
static const struct member tag_key[] = {BODY("TagKey", STRING, BETWEEN(1, 128), MATCHES(tag))};
#define PATH_TAGGED PATH("Resource", BETWEEN(1, 10000), MATCHES(taggable))

static const struct member tagged_rows[] = {PATH_TAGGED};
const struct members members_tagged = MEMBERS(tagged_rows);

static const struct member tag_rows[] = {
    PATH_TAGGED,
    BODY("Tags", MAP, .required = true, CHILDREN(tag)),
};
const struct members members_tag = MEMBERS(tag_rows);

static const struct member untag_rows[] = {
    PATH_TAGGED,
    QUERY("TagKeys", LIST, .wire = "tagKeys", .required = true, CHILDREN(tag_key)),
};
const struct members members_untag = MEMBERS(untag_rows);

/* ---- create, update ---- */

static const struct member create_function_rows[] = {
    BODY_NEW_FUNCTION,
    BODY("Role", STRING, .required = true, BETWEEN(0, 10000), MATCHES(role)),
    BODY("Code", STRUCTURE, .required = true, CHILDREN(code)),
    CONFIGURATION_MEMBERS,
    BODY("Publish", BOOLEAN),
    PUBLISH_TO,
    BODY("PackageType", STRING, .choices = "Zip, Image"),
    BODY("Tags", MAP, CHILDREN(tag)),
    BODY("CodeSigningConfigArn", STRING, BETWEEN(0, 200), MATCHES(code_signing)),
    ARCHITECTURES,
};
const struct members members_create_function = MEMBERS(create_function_rows);

static const struct member update_configuration_rows[] = {
    PATH_FUNCTION_PLAIN,
    BODY("Role", STRING, BETWEEN(0, 10000), MATCHES(role)),
    CONFIGURATION_MEMBERS,
    BODY_REVISION,
};
const struct members members_update_configuration = MEMBERS(update_configuration_rows);

/* ---- versions and aliases ---- */

static const struct member publish_version_rows[] = {
    PATH_FUNCTION_PLAIN,
    BODY("CodeSha256", STRING),
    BODY("Description", STRING, BETWEEN(0, 256)),
    PUBLISH_TO,
    BODY_REVISION,
};
const struct members members_publish_version = MEMBERS(publish_version_rows);

static const struct member weight[] = {
    BODY("Key", STRING, .may_be_null = true, BETWEEN(1, 1024), MATCHES(version_number)),
    BODY("Value", NUMBER, BETWEEN(0, 1)),
};
static const struct member routing_config[] = {
    BODY("AdditionalVersionWeights", MAP, CHILDREN(weight))};

#define ALIAS_NAME         .required = true, BETWEEN(1, 128), MATCHES(alias)
#define VERSION_CONSTRAINT BETWEEN(1, 1024), MATCHES(version)
#define ALIAS_MEMBERS                                                                              \
    BODY("Description", STRING, BETWEEN(0, 256)),                                                  \
        BODY("RoutingConfig", STRUCTURE, CHILDREN(routing_config))

static const struct member create_alias_rows[] = {
    PATH_FUNCTION_PLAIN,
    BODY("Name", STRING, ALIAS_NAME),
    BODY("FunctionVersion", STRING, .required = true, VERSION_CONSTRAINT),
    ALIAS_MEMBERS,
};
const struct members members_create_alias = MEMBERS(create_alias_rows);

static const struct member update_alias_rows[] = {
    PATH_FUNCTION_PLAIN,
    PATH("Name", BETWEEN(1, 128), MATCHES(alias)),
    BODY("FunctionVersion", STRING, VERSION_CONSTRAINT),
    ALIAS_MEMBERS,
    BODY_REVISION,
};
const struct members members_update_alias = MEMBERS(update_alias_rows);

static const struct member alias_rows[] = {
    PATH_FUNCTION_PLAIN,
    PATH("Name", BETWEEN(1, 128), MATCHES(alias)),
};
const struct members members_alias = MEMBERS(alias_rows);

static const struct member list_aliases_rows[] = {
    PATH_FUNCTION_PLAIN,
    QUERY("FunctionVersion", STRING, VERSION_CONSTRAINT),
    QUERY_PAGE(10000),
};
const struct members members_list_aliases = MEMBERS(list_aliases_rows);
