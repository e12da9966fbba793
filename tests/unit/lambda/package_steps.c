#include "package_steps.h"

#include "onput/encoding.h"

enum { BODY_MAX = 16 * 1024 * 1024 };

/* An archive may end with a comment; the bytes are others then. */
static void read_package(const char *package, struct buffer *out)
{
    bool is_other = strcmp(package, OTHER_PACKAGE) == 0;
    AUTO_FREE char *path =
        xasprintf("packages/%s/archive.zip", is_other ? FUNCTION_PACKAGE : package);
    size_t len;
    AUTO_FREE char *bytes = test_read_fixture(path, &len);
    buffer_init(out, BODY_MAX);
    buffer_append(out, bytes, len);
    if (!is_other)
        return;
    out->data[len - 2] = 5;
    buffer_append_string(out, "other");
}

char *package_base64(const char *package)
{
    AUTO_BUFFER struct buffer bytes = {0};
    struct buffer base64;
    read_package(package, &bytes);
    buffer_init(&base64, BODY_MAX);
    buffer_append_base64(&base64, bytes.data, bytes.len);
    return buffer_take(&base64, NULL);
}

void package_hash(const char *package, uint8_t out[SHA256_BYTES])
{
    AUTO_BUFFER struct buffer bytes = {0};
    read_package(package, &bytes);
    sha256(bytes.data, bytes.len, out);
}

char *package_code_sha256(const char *package)
{
    uint8_t hash[SHA256_BYTES];
    struct buffer base64;
    package_hash(package, hash);
    buffer_init(&base64, 64);
    buffer_append_base64(&base64, hash, sizeof(hash));
    return buffer_take(&base64, NULL);
}

char *package_create_body(const char *name, const char *package, const char *more)
{
    AUTO_FREE char *base64 = package_base64(package);
    return xasprintf("{'FunctionName':'%s','Runtime':'provided.al2023','Handler':'h',"
                     "'Role':'" FIXTURE_ROLE "','Code':{'ZipFile':'%s'}%s}",
                     name, base64, more);
}

void package_create(struct lambda_fixture *f, const char *name, const char *package)
{
    AUTO_FREE char *body = package_create_body(name, package, "");
    api_expect_status(f, "POST", FUNCTIONS, body, 201);
}

struct json_object *package_update(struct lambda_fixture *f, const char *name, const char *package,
                                   const char *more)
{
    AUTO_FREE char *base64 = package_base64(package);
    AUTO_FREE char *body = xasprintf("{'ZipFile':'%s'%s}", base64, more);
    AUTO_FREE char *target = xasprintf(FUNCTIONS "/%s/code", name);
    return api_expect(f, "PUT", target, body, 200);
}

bool package_is_there(struct lambda_fixture *f, const char *package)
{
    uint8_t hash[SHA256_BYTES];
    package_hash(package, hash);
    return package_exists(f->api.packages, hash);
}
