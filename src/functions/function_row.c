/*
 * A function in the form of the API's FunctionConfiguration.
 */
#include "functions_private.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "onput/encoding.h"
#include "onput/hash.h"
#include "onput/memory.h"

#ifdef __aarch64__
#define ARCHITECTURE "arm64"
#else
#define ARCHITECTURE "x86_64"
#endif

/* Members of which a function has something only when it was given. */
static const char *const optional_members[] = {
    "Environment", "DeadLetterConfig",  "VpcConfig",   "Layers",
    "KMSKeyArn",   "FileSystemConfigs", "ImageConfig",
};

/* Members that a change may replace; their order is that of the row. */
static const char *const plain_members[] = {"Runtime", "Role",       "Handler",    "Description",
                                            "Timeout", "MemorySize", "PackageType"};

static void put_string(struct json_object *row, const char *key, const char *value)
{
    json_object_object_add(row, key, json_object_new_string(value));
}

static void put_text(struct json_object *row, const char *key, struct text value)
{
    json_object_object_add(row, key, json_object_new_string_len(value.ptr, (int)value.len));
}

/* As given, or the default. */
static void put_given(struct json_object *row, struct json_object *given, const char *key,
                      struct json_object *fallback)
{
    struct json_object *value = json_at(given, key);
    if (value == NULL) {
        json_object_object_add(row, key, fallback);
        return;
    }
    json_object_put(fallback);
    json_object_object_add(row, key, json_object_get(value));
}

/* An object of those members that were given and the defaults of the others. */
static void put_filled(struct json_object *row, struct json_object *given, const char *key,
                       struct json_object *defaults)
{
    struct json_object *value = json_at(given, key);
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, name, member)
            json_object_object_add(defaults, name, json_object_get(member));
    }
    json_object_object_add(row, key, defaults);
}

static struct json_object *object_of(const char *key, const char *value)
{
    struct json_object *o = json_object_new_object();
    put_string(o, key, value);
    return o;
}

char *function_row_time(int64_t wall_ms, char out[TIME_TEXT_BYTES])
{
    time_format_rfc3339(wall_ms, out);
    size_t end = strlen(out) - 1; /* the Z */
    snprintf(out + end, TIME_TEXT_BYTES - end, "+0000");
    return out;
}

void function_row_touch(struct json_object *row, int64_t now_ms)
{
    char time[TIME_TEXT_BYTES], uuid[UUID_TEXT_BYTES];
    put_string(row, "LastModified", function_row_time(now_ms, time));
    put_string(row, "RevisionId", uuid_v4(uuid));
}

/* There is no package to hash: what runs stands for it. */
void function_row_put_hash(struct json_object *row)
{
    static const char *const parts[] = {"_Command", "_Directory"};
    struct text runtime = json_text(json_at(row, "Runtime"));
    struct text handler = json_text(json_at(row, "Handler"));
    AUTO_BUFFER struct buffer code = {0};
    AUTO_BUFFER struct buffer hash = {0};
    if (json_object_get_boolean(json_at(row, "_Package")))
        return;
    buffer_init(&code, ROW_MAX_BYTES);
    buffer_init(&hash, 64);
    buffer_append_text(&code, runtime);
    buffer_append_char(&code, '/');
    buffer_append_text(&code, handler);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        struct json_object *part = json_at(row, parts[i]);
        if (part != NULL)
            buffer_append_string(&code, json_object_to_json_string(part));
    }
    uint8_t digest[SHA256_BYTES];
    sha256(code.data, code.len, digest);
    buffer_append_base64(&hash, digest, sizeof(digest));
    put_text(row, "CodeSha256", buffer_text(&hash));
}

/* `where`: the ARN up to the last part. */
static void put_runtime_version(struct json_object *row, struct text where)
{
    char hex[SHA256_HEX_BYTES];
    struct text runtime = json_text(json_at(row, "Runtime"));
    sha256_hex(runtime.ptr, runtime.len, hex);
    AUTO_FREE char *arn = xasprintf("%.*s:%s", TEXT_ARGS(where), hex);
    json_object_object_add(row, "RuntimeVersionConfig", object_of("RuntimeVersionArn", arn));
}

static void new_runtime_version(struct json_object *row, const struct function_place *place)
{
    AUTO_FREE char *where = xasprintf("arn:aws:lambda:%.*s::runtime", TEXT_ARGS(place->region));
    put_runtime_version(row, text_of(where));
}

static void update_runtime_version(struct json_object *row)
{
    struct text arn = json_text(json_at(row, "RuntimeVersionConfig.RuntimeVersionArn"));
    while (arn.len > 0 && arn.ptr[arn.len - 1] != ':')
        arn.len--;
    if (arn.len > 0) {
        AUTO_FREE char *where = xmemdup_text(text_slice(arn, 0, arn.len - 1));
        put_runtime_version(row, text_of(where));
    }
}

static void put_architectures(struct json_object *row, struct json_object *given)
{
    struct json_object *list = json_object_new_array();
    json_object_array_add(list, json_object_new_string(ARCHITECTURE));
    put_given(row, given, "Architectures", list);
}

static void put_snap_start(struct json_object *row, struct json_object *given)
{
    put_filled(row, given, "SnapStart", object_of("ApplyOn", "None"));
    put_string(json_at(row, "SnapStart"), "OptimizationStatus", "Off");
}

static void put_logging(struct json_object *row, struct json_object *given, struct text name)
{
    AUTO_FREE char *group = xasprintf("/aws/lambda/%.*s", TEXT_ARGS(name));
    struct json_object *defaults = object_of("LogFormat", "Text");
    put_string(defaults, "LogGroup", group);
    put_filled(row, given, "LoggingConfig", defaults);
}

static void put_identity(struct json_object *row, const struct function_place *place)
{
    AUTO_FREE char *arn =
        xasprintf("arn:aws:lambda:%.*s:%.*s:function:%.*s", TEXT_ARGS(place->region),
                  TEXT_ARGS(place->account), TEXT_ARGS(place->name));
    put_text(row, "FunctionName", place->name);
    put_string(row, "FunctionArn", arn);
}

struct json_object *function_row_new(struct json_object *given, const struct function_place *place)
{
    struct json_object *row = json_object_new_object();
    struct json_object *storage = json_object_new_object();
    json_object_object_add(storage, "Size", json_object_new_int(512));
    put_identity(row, place);
    put_given(row, given, "Runtime", json_object_new_string(""));
    put_given(row, given, "Role", json_object_new_string(""));
    put_given(row, given, "Handler", json_object_new_string(""));
    json_object_object_add(row, "CodeSize", json_object_new_int(0));
    put_given(row, given, "Description", json_object_new_string(""));
    put_given(row, given, "Timeout", json_object_new_int(3));
    put_given(row, given, "MemorySize", json_object_new_int(128));
    put_string(row, "LastModified", "");
    function_row_put_hash(row);
    put_string(row, "Version", "$LATEST");
    put_filled(row, given, "TracingConfig", object_of("Mode", "PassThrough"));
    put_string(row, "RevisionId", "");
    put_string(row, "State", "Active");
    put_string(row, "LastUpdateStatus", "Successful");
    put_given(row, given, "PackageType", json_object_new_string("Zip"));
    put_architectures(row, given);
    put_filled(row, given, "EphemeralStorage", storage);
    put_snap_start(row, given);
    new_runtime_version(row, place);
    put_logging(row, given, place->name);
    for (size_t i = 0; i < ARRAY_LEN(optional_members); i++) {
        struct json_object *value = json_at(given, optional_members[i]);
        if (value != NULL)
            json_object_object_add(row, optional_members[i], json_object_get(value));
    }
    function_row_touch(row, place->now_ms);
    return row;
}

static void replace(struct json_object *row, struct json_object *given, const char *key)
{
    struct json_object *value = json_at(given, key);
    if (value != NULL)
        json_object_object_add(row, key, json_object_get(value));
}

/* What was not given of the object stays as it was. */
static void replace_filled(struct json_object *row, struct json_object *given, const char *key)
{
    struct json_object *old = json_at(row, key);
    if (json_at(given, key) != NULL)
        put_filled(row, given, key, old != NULL ? json_object_get(old) : json_object_new_object());
}

void function_row_update(struct json_object *row, struct json_object *given, int64_t now_ms)
{
    for (size_t i = 0; i < ARRAY_LEN(plain_members); i++)
        replace(row, given, plain_members[i]);
    for (size_t i = 0; i < ARRAY_LEN(optional_members); i++)
        replace(row, given, optional_members[i]);
    replace(row, given, "Architectures");
    replace_filled(row, given, "TracingConfig");
    replace_filled(row, given, "EphemeralStorage");
    replace_filled(row, given, "SnapStart");
    replace_filled(row, given, "LoggingConfig");
    function_row_put_hash(row);
    update_runtime_version(row);
    function_row_touch(row, now_ms);
}
